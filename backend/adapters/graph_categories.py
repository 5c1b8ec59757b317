"""The mailbox's own list of coloured categories (Graph docs: outlookCategory)."""

from __future__ import annotations

from typing import Any

from backend.adapters.graph_client import GraphClient
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    RemoteRejectedError,
)
from backend.domain.ports import Mailbox

_PATH = "/users/{user}/outlook/masterCategories"


def has_master_category(client: GraphClient, mailbox: Mailbox, name: str) -> bool:
    """Whether the list holds the name, in whatever case it is written there."""
    return _find(client, mailbox, name) is not None


def ensure_master_category(client: GraphClient, mailbox: Mailbox, name: str, color: str) -> bool:
    """Make the category unless it is there. False when not permitted.

    What a second POST of a name answers is not documented, so a refusal is looked into with a
    second reading of the list.
    """
    try:
        if has_master_category(client, mailbox, name):
            return True
        try:
            client.call(
                "POST",
                _PATH,
                _ids(mailbox),
                mailbox=mailbox,
                json={"displayName": name, "color": color},
            )
        except (RemoteRejectedError, RemoteConflictError, RemoteNotFoundError):
            if not has_master_category(client, mailbox, name):
                raise
    except RemoteAccessError as error:
        if error.status == 403:
            return False
        raise
    return True


def recolor_master_category(client: GraphClient, mailbox: Mailbox, name: str, color: str) -> bool:
    """Another colour for the category, if it is there (Graph docs: update outlookCategory).

    False when not permitted.
    """
    try:
        found = _find(client, mailbox, name)
        category_id = None if found is None else found.get("id")
        if found is None or found.get("color") == color or not isinstance(category_id, str):
            return True
        client.call(
            "PATCH",
            f"{_PATH}/{{category}}",
            _ids(mailbox) | {"category": category_id},
            mailbox=mailbox,
            json={"color": color},
        )
    except RemoteNotFoundError:
        return True
    except RemoteAccessError as error:
        if error.status == 403:
            return False
        raise
    return True


def _find(client: GraphClient, mailbox: Mailbox, name: str) -> dict[str, Any] | None:
    wanted = name.strip().casefold()
    for page in client.pages(_PATH, _ids(mailbox), mailbox=mailbox):
        for item in page:
            shown = item.get("displayName") if isinstance(item, dict) else None
            if isinstance(shown, str) and shown.strip().casefold() == wanted:
                return dict(item)
    return None


def _ids(mailbox: Mailbox) -> dict[str, str]:
    return {"user": mailbox.owner_oid}
