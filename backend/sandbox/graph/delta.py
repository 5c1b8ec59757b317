"""`calendarView/delta`: what is in a window, and from then on what changes in it, page by page.

Graph docs: event delta, get incremental changes to events. The window, the calendar and the place
in the round are behind the token of a link; headers are not, so Prefer counts anew in each call.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from zlib import crc32

from backend.sandbox.control.faults import Fault
from backend.sandbox.exchange.ids import long_etag
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import EventKind, Json
from backend.sandbox.exchange.sync_state import (
    Gone,
    Line,
    Page,
    SyncState,
    SyncStateLostError,
    Wishes,
)
from backend.sandbox.exchange.sync_states import ID_LENGTH
from backend.sandbox.graph import event_views, events, render
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import GraphError, bad_query
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import Access

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000
TRACKED = "odata.track-changes"
_REFUSED = ("$orderby", "$filter", "$select", "$expand", "$search")
_TYPE = {"@odata.type": "#microsoft.graph.event"}
_TOKEN_HEAD = b"\x46\x14"
_CALLED = re.compile(r"/(?:microsoft\.graph\.)?delta(?:\(\))?/*$", re.IGNORECASE)
KEPT_LATER = 8
"""How far other readers seem to have gone on when a token is lost on order."""
ONE_IN = 3
"""Every third first round begins with an empty page, as real ones sometimes do."""


def add_routes(table: PathTable) -> None:
    """Put delta under every way that leads to a calendar."""
    for prefix in events.CALENDAR_PATHS:
        table.add("GET", f"{prefix}/calendarview/delta", calendar_view_delta)
        table.add("GET", f"{prefix}/events/delta", refuse_events_delta)


def refuse_events_delta(_call: Call) -> Answer:
    """v1.0 follows calendar views only."""
    raise GraphError(
        400,
        "ErrorInvalidRequest",
        "Unsupported request: Change tracking is not supported against 'microsoft.graph.event'.",
    )


def calendar_view_delta(call: Call) -> Answer:
    """The first page of a first round, or the page behind a link."""
    access = events.enter(call)
    raw = call.options.raw
    if any(name in raw for name in _REFUSED):
        raise bad_query(
            "The following parameters are not supported with change tracking over the "
            f"'CalendarView' resource: '{', '.join(_REFUSED)}'."
        )
    mailbox = call.world.exchange.mailbox(access.owner.id)
    calendar_id = events.calendar_of_path(call, access.owner) or mailbox.default_calendar.id
    # Whatever else stands beside a token is ignored: the window is behind it.
    token = raw.get("$deltatoken") or raw.get("$skiptoken")
    if token:
        return _follow(call, access, mailbox, calendar_id, token)
    begin, end = events.window(call)
    exchange = call.world.exchange
    state = exchange.sync_states.new(mailbox, calendar_id, begin, end, exchange.now())
    wishes = _wishes(call, access, empty_page=crc32(state.id) % ONE_IN == 0)
    page = state.first_page(exchange.sequence, exchange.now(), _size(call), wishes)
    return _answer(call, access, state, page)


def _follow(call: Call, access: Access, mailbox: Mailbox, calendar_id: str, token: str) -> Answer:
    state_id, number = _read_token(token)
    exchange = call.world.exchange
    state = exchange.sync_states.find(mailbox, state_id)
    if state is None or state.calendar_id != calendar_id:
        raise _lost(SyncStateLostError(number, ()))
    order = _ordered(call, access, "expire")
    if order is not None:
        exchange.sync_states.forget(state)
        raise _expired(call, state, number, str(order.value))
    is_replay = state.is_repeatable(number) and _ordered(call, access, "replay") is not None
    wishes = _wishes(call, access, replay=is_replay)
    try:
        page = state.page_after(number, exchange.sequence, exchange.now(), _size(call), wishes)
    except SyncStateLostError as lost:
        raise _lost(lost) from None
    return _answer(call, access, state, page)


def _answer(call: Call, access: Access, state: SyncState, page: Page) -> Answer:
    option, name = ("$deltatoken", "deltaLink") if page.is_last else ("$skiptoken", "nextLink")
    lines = page.lines
    # Asked only for a page that has lines: an order is not used up where it cannot be seen.
    if lines and _ordered(call, access, "duplicate_item") is not None:
        lines = [*lines, lines[0]]
    link = f"{call.base_url}{_path(call)}?{option}={_token(state, page.generation)}"
    body: Json = {
        "@odata.context": call.context("Collection(event)"),
        f"@odata.{name}": link,
        "value": [_line(call, access, line) for line in lines],
    }
    return Answer(200, body, {"Preference-Applied": TRACKED})


def _line(call: Call, access: Access, line: Line) -> Json:
    preferences = call.preferences
    if isinstance(line, Gone):
        item_id = line.immutable_id if preferences.immutable_ids else line.id
        return {**_TYPE, "id": item_id, "@removed": {"reason": "deleted"}}
    head = {**_TYPE, "@odata.etag": long_etag(line.change_key)}
    if line.kind is EventKind.OCCURRENCE:
        return head | render.stub_json(
            line, immutable_ids=preferences.immutable_ids, time_zone=preferences.time_zone
        )
    return {**event_views.plain(call, access, line), **head}


# --- orders and switches ------------------------------------------------------------------------


def _ordered(call: Call, access: Access, effect: str) -> Fault | None:
    faults = call.world.faults
    if faults.is_quiet:
        return None
    return faults.strike_planned("delta", effect, access.owner, f"{_path(call)}?{call.query}")


def _wishes(
    call: Call, access: Access, *, empty_page: bool = False, replay: bool = False
) -> Wishes:
    personality = call.world.exchange.personality
    return Wishes(
        empty_page=empty_page or _ordered(call, access, "empty_page") is not None,
        replay=replay,
        silent_deletions=personality.removed_line == "silent",
        missing_masters=personality.master_line == "missing",
    )


def _size(call: Call) -> int:
    return min(call.preferences.page_size or DEFAULT_PAGE, LARGEST_PAGE)


# --- tokens and their end -----------------------------------------------------------------------


def _path(call: Call) -> str:
    """The path of the request as links spell it."""
    return _CALLED.sub("/delta", re.sub(r"/{2,}", "/", call.path))


def _token(state: SyncState, generation: int) -> str:
    body = _TOKEN_HEAD + state.id + generation.to_bytes(6, "big")
    return base64.urlsafe_b64encode(body + _seal(body)).decode().rstrip("=")


def _read_token(token: str) -> tuple[bytes, int]:
    """Which state and which generation; raises GraphError 400 for what Graph never made."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    body = raw[: len(_TOKEN_HEAD) + ID_LENGTH + 6]
    if not body.startswith(_TOKEN_HEAD) or raw[len(body) :] != _seal(body):
        raise GraphError(400, "SyncStateInvalid", "The sync state is invalid.")
    start = len(_TOKEN_HEAD)
    return body[start : start + ID_LENGTH], int.from_bytes(body[start + ID_LENGTH :], "big")


def _seal(body: bytes) -> bytes:
    # Real tokens are long; a checksum of that length also finds cut and mended ones.
    return hashlib.sha512(b"calendarView" + body).digest()


def _lost(lost: SyncStateLostError) -> GraphError:
    highest = lost.kept[-1] if lost.kept else 0
    numbers = [*lost.kept[-1:], *lost.kept[:-1]]
    kept = "".join(f"[{number}]" for number in numbers)
    return GraphError(
        410,
        "SyncStateNotFound",
        "The sync state generation is not found; "
        f"generation={lost.generation};[highest={highest}]{kept}.",
    )


def _expired(call: Call, state: SyncState, number: int, variant: str) -> GraphError:
    """The end of a token in one of its documented or observed forms (Graph docs: delta query)."""
    if variant == "location":
        begin, end = (at.strftime("%Y-%m-%dT%H:%M:%SZ") for at in (state.begin, state.end))
        window = f"startDateTime={begin}&endDateTime={end}"
        again = f"{call.base_url}{_path(call)}?{window}&$deltatoken="
        message = "Resync required. Replace any local items with the server's version."
        return GraphError(410, "resyncRequired", message, {"Location": again})
    if variant == "resync_required":
        return GraphError(400, "resyncRequired", "Resync is required.")
    if variant == "invalid":
        return GraphError(400, "SyncStateInvalid", "The sync state is invalid.")
    return _lost(SyncStateLostError(number, [each + KEPT_LATER for each in state.kept]))
