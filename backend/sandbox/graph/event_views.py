"""Events as answers: masked for the caller, filtered, ordered, paged, expanded, selected."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.sandbox.exchange import series
from backend.sandbox.exchange.model import Calendar, EventKind, Json, StoredEvent
from backend.sandbox.graph import odata, render
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.errors import bad_query
from backend.sandbox.graph.permissions import Access

DEFAULT_PAGE = 10
LARGEST_PAGE = 1000
_UID_FILTER = re.compile(r"\s*iCalUId\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_EXTENDED_ID = re.compile(r"id\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_INNER_SELECT = re.compile(r"\$select=([^;)]*)", re.IGNORECASE)
_EXTENDED = "singleValueExtendedProperties"
_EMPTY_EXPANSIONS = ("attachments", "extensions", "multivalueextendedproperties")
_EXPANSIONS = (
    *_EMPTY_EXPANSIONS,
    "calendar",
    "instances",
    "exceptionoccurrences",
    _EXTENDED.lower(),
)


def one(call: Call, access: Access, event: StoredEvent, status: int = 200) -> Answer:
    """The answer with a single event."""
    row = _finished(call, access, event, is_single=True)
    what = f"users('{access.owner.id}')/events"
    if call.options.select:
        what += f"({','.join(call.options.select)})"
    body: Json = {"@odata.context": call.context(f"{what}/$entity"), **row}
    return Answer(status, body)


def page(call: Call, access: Access, events: Sequence[StoredEvent], what: str) -> Answer:
    """The answer with one page of events; the options say which."""
    options = call.options
    if options.raw.get("$search") is not None:
        raise bad_query("The query parameter '$search' is not supported for events.")
    if options.filter or options.orderby:
        events = _arranged(access, events, options)
    size = min(options.top if options.top is not None else _page_size(call), LARGEST_PAGE)
    shown = events[options.skip : options.skip + size]
    context = f"users('{access.owner.id}')/{what}"
    if options.select:
        context += f"({','.join(options.select)})"
    body: Json = {"@odata.context": call.context(context)}
    if options.count:
        body["@odata.count"] = len(events)
    body["value"] = [_finished(call, access, event) for event in shown]
    if size and options.skip + size < len(events):
        body["@odata.nextLink"] = call.next_link(options.skip + size)
    return Answer(200, body)


def uid_of_filter(expression: str | None) -> str | None:
    """The iCalUId if the filter asks for nothing else; such questions are answered by index."""
    match = _UID_FILTER.fullmatch(expression) if expression else None
    return match[1].replace("''", "'") if match else None


def _page_size(call: Call) -> int:
    return call.preferences.page_size or DEFAULT_PAGE


def _arranged(
    access: Access, events: Sequence[StoredEvent], options: odata.Options
) -> list[StoredEvent]:
    """Filtered and ordered by what the caller may see, with times in UTC whatever he prefers."""
    rows: list[Json] = []
    by_row: dict[int, StoredEvent] = {}
    with_extended = _EXTENDED.lower() in (options.filter or "").lower()
    for event in events:
        row = _masked(access, event, render.event_json(event, immutable_ids=False))
        if with_extended:
            pairs = [{"id": key, "value": value} for key, value in event.extended.items()]
            row = {**row, _EXTENDED: pairs}
        rows.append(row)
        by_row[id(row)] = event
    kept = odata.ordered(odata.filtered(rows, options.filter), options.orderby)
    return [by_row[id(row)] for row in kept]


def _masked(access: Access, event: StoredEvent, row: Json) -> Json:
    if access.hides(event):
        row = render.masked_event(row)
    return render.basic_event(row) if access.is_basic else row


def _finished(call: Call, access: Access, event: StoredEvent, *, is_single: bool = False) -> Json:
    preferences = call.preferences
    row = render.event_json(
        event,
        immutable_ids=preferences.immutable_ids,
        time_zone=preferences.time_zone,
        text_body=preferences.text_body,
    )
    row = _masked(access, event, row)
    options = call.options
    if not options.select and not options.expand:
        return row
    extra: Json = {}
    if is_single and "cancelledOccurrences" in options.select:
        extra["cancelledOccurrences"] = render.cancelled_occurrences(event)
    kept = render.selected(row, options.select) if options.select else dict(row)
    kept |= extra
    if options.expand:
        kept |= _expanded(call, access, event, options.expand, is_single=is_single)
    return kept


def _expanded(
    call: Call, access: Access, event: StoredEvent, expand: str, *, is_single: bool
) -> Json:
    found: Json = {}
    for name, inside in _expansions(expand):
        lowered = name.lower()
        if lowered not in _EXPANSIONS:
            raise bad_query(f"Could not find a property named '{name[:100]}' on type 'event'.")
        if lowered == _EXTENDED.lower():
            found |= _extended(event, inside)
        elif lowered in _EMPTY_EXPANSIONS:
            found[name] = []
        elif lowered == "calendar":
            found[name] = calendar(call, access, event.mailbox.calendar(event.calendar_id))
        elif is_single and lowered == "exceptionoccurrences":
            found |= _exceptions(call, access, event, inside)
    return found


def _exceptions(call: Call, access: Access, event: StoredEvent, inside: str) -> Json:
    """The exceptions of a series, if the member is selected as well (Graph docs: get event)."""
    is_selected = any(name.lower() == "exceptionoccurrences" for name in call.options.select)
    if event.kind is not EventKind.MASTER or not is_selected:
        return {}
    wanted = _INNER_SELECT.search(inside)
    names = tuple(name.strip() for name in wanted[1].split(",")) if wanted else ()
    rows = [plain(call, access, exception) for exception in series.exceptions(event)]
    chosen = [render.selected(row, names) for row in rows] if names else rows
    return {"exceptionOccurrences": chosen}


def plain(call: Call, access: Access, event: StoredEvent) -> Json:
    """The whole event in the form the caller prefers, masked for him."""
    preferences = call.preferences
    row = render.event_json(
        event,
        immutable_ids=preferences.immutable_ids,
        time_zone=preferences.time_zone,
        text_body=preferences.text_body,
    )
    return _masked(access, event, row)


def calendar(call: Call, access: Access, one: Calendar) -> Json:
    """A calendar of the mailbox with what the caller may do in it."""
    sharer = call.world.directory.person_by_id(one.owner_id) if one.owner_id else None
    mailbox = call.world.exchange.mailbox(access.owner.id)
    return render.calendar_json(
        one,
        sharer or access.owner,
        mailbox.mint.change_key(one.version),
        can_edit=access.writes_to(one.id),
        can_see_private=access.sees_private_of(one.id),
        is_primary=one.is_default or (one.is_shared and _is_default_of_sharer(call, one)),
    )


def _is_default_of_sharer(call: Call, one: Calendar) -> bool:
    mailbox = call.world.exchange.mailbox(one.owner_id or "")
    return mailbox.default_calendar.id == one.original_id


def _extended(event: StoredEvent, inside: str) -> Json:
    wanted = {key.replace("''", "'") for key in _EXTENDED_ID.findall(inside)}
    pairs = [{"id": key, "value": value} for key, value in event.extended.items() if key in wanted]
    return {_EXTENDED: pairs} if pairs else {}


def _expansions(expand: str) -> list[tuple[str, str]]:
    """Names with what stands in their parentheses; raises GraphError 400 if unbalanced."""
    found: list[tuple[str, str]] = []
    depth, start = 0, 0
    for at, character in enumerate(f"{expand},"):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            break
        if character == "," and depth == 0:
            name, _, inside = expand[start:at].strip().partition("(")
            if name:
                found.append((name.strip(), inside.removesuffix(")")))
            start = at + 1
    if depth != 0 or not found:
        raise bad_query(f"The $expand expression '{expand[:200]}' is not valid.")
    return found
