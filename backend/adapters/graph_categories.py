"""The mailbox's own list of coloured categories (Graph docs: outlookCategory)."""

from __future__ import annotations

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
    wanted = name.strip().casefold()
    names = (
        item.get("displayName")
        for page in client.pages(_PATH, _ids(mailbox), mailbox=mailbox)
        for item in page
        if isinstance(item, dict)
    )
    return any(isinstance(n, str) and n.strip().casefold() == wanted for n in names)


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


def _ids(mailbox: Mailbox) -> dict[str, str]:
    return {"user": mailbox.owner_oid}
