"""Pages of ``calendarView/delta`` (Graph docs: event delta): what may have changed in a window.

Bodies are not read: a change is only a hint, and turning HTML into text would cost more than all
the rest of a page together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.adapters.answers import Answer
from backend.adapters.graph_client import GraphClient, json_list, json_object
from backend.adapters.graph_errors import delta_error
from backend.adapters.graph_events import parse_event
from backend.domain.errors import RemoteRejectedError
from backend.domain.event import EventType
from backend.domain.ports import (
    Change,
    DeltaPage,
    Mailbox,
    Touched,
    TouchedOccurrence,
    Vanished,
    Window,
)

_PATH = "/users/{user}/calendarView/delta"
_PAGE_SIZES = (50, 5, 1)
"""The wish for a page. Fewer when a page of large bodies is more than we take in one answer."""

# Not read: the body for its cost, and the etag because in a delta it has a form of its own.
_LEFT_OUT = frozenset({"body", "@odata.etag"})


def read_changes(client: GraphClient, mailbox: Mailbox, where: Window | str) -> DeltaPage:
    """The first page of a window, or the one a link leads to.

    Raises: DeltaExpiredError for a link that is not known any more; RemoteRejectedError for an
    answer that is no page, or a link that leads elsewhere.
    """
    for size in _PAGE_SIZES[:-1]:
        try:
            return _page(client, _answer(client, mailbox, where, size))
        except RemoteRejectedError as error:
            if error.remote_code != "answer_too_large":
                raise
    return _page(client, _answer(client, mailbox, where, _PAGE_SIZES[-1]))


def _answer(client: GraphClient, mailbox: Mailbox, where: Window | str, size: int) -> Answer:
    # Preferences are not part of a link, so they are sent with every call; the window is.
    if isinstance(where, str):
        return client.follow(where, _PATH, mailbox=mailbox, page_size=size, error=delta_error)
    return client.call(
        "GET",
        _PATH,
        {"user": mailbox.owner_oid},
        mailbox=mailbox,
        params={"startDateTime": _moment(where.start), "endDateTime": _moment(where.end)},
        page_size=size,
        error=delta_error,
    )


def _page(client: GraphClient, answer: Answer) -> DeltaPage:
    body = json_object(answer)
    link, is_last = _link(body)
    changes: list[Change] = []
    unreadable = 0
    for item in json_list(body):
        try:
            changes.append(_change(item))
        except RemoteRejectedError:
            unreadable += 1
    return DeltaPage(
        changes=tuple(changes),
        link=client.own_link(link),
        is_last=is_last,
        request_id=answer.request_id,
        unreadable=unreadable,
    )


def _link(body: Mapping[str, Any]) -> tuple[object, bool]:
    """Where to go on, and whether the round is complete."""
    following, closing = body.get("@odata.nextLink"), body.get("@odata.deltaLink")
    if (following is None) == (closing is None):
        raise _unreadable("a page of changes needs one link to go on")
    return (following, False) if closing is None else (closing, True)


def _change(item: object) -> Change:
    """One item. Raises: RemoteRejectedError when it cannot be read."""
    if not isinstance(item, dict):
        raise _unreadable("a change that is no object")
    if item.get("@removed") is not None:
        return Vanished(_id(item))
    if item.get("type") == EventType.OCCURRENCE:
        series_id = item.get("seriesMasterId")
        return TouchedOccurrence(_id(item), series_id if isinstance(series_id, str) else None)
    return Touched(parse_event({k: v for k, v in item.items() if k not in _LEFT_OUT}))


def _id(item: Mapping[str, Any]) -> str:
    event_id = item.get("id")
    if not isinstance(event_id, str) or not event_id or "\x00" in event_id:
        raise _unreadable("a change without an id")
    return event_id


def _unreadable(what: str) -> RemoteRejectedError:
    return RemoteRejectedError(f"graph: {what}", system="graph", remote_code="unreadable_changes")


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
