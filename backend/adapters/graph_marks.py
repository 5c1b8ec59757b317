"""What other syncs have left on events: categories and properties, one page of a window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from backend.adapters.graph_client import GraphClient, json_list, json_object
from backend.adapters.graph_errors import mailbox_error
from backend.adapters.odata import literal
from backend.domain.competing import Marked
from backend.domain.ports import Mailbox, Window

_PATH = "/users/{user}/calendarView"
_PAGE = "100"


def read_marks(
    client: GraphClient, mailbox: Mailbox, window: Window, properties: Sequence[str]
) -> list[Marked]:
    """The first hundred events of a window (Graph docs: list calendarView, get
    singleValueLegacyExtendedProperty).

    Raises: RemoteError.
    """
    params = {
        "startDateTime": _moment(window.start),
        "endDateTime": _moment(window.end),
        "$select": "id,categories",
        "$top": _PAGE,
    }
    if properties:
        named = " or ".join(f"id eq {literal(each)}" for each in properties)
        params["$expand"] = f"singleValueExtendedProperties($filter={named})"
    answer = client.call(
        "GET",
        _PATH,
        {"user": mailbox.owner_oid},
        mailbox=mailbox,
        params=params,
        error=mailbox_error,
    )
    return [_marked(item) for item in json_list(json_object(answer)) if isinstance(item, dict)]


def _marked(item: dict[str, object]) -> Marked:
    names, found = item.get("categories"), item.get("singleValueExtendedProperties")
    return Marked(
        tuple(n for n in names if isinstance(n, str)) if isinstance(names, list) else (),
        tuple(
            each["id"]
            for each in (found if isinstance(found, list) else ())
            if isinstance(each, dict) and isinstance(each.get("id"), str) and each.get("value")
        ),
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
