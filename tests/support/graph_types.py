"""Holds answers of Graph against the v1.0 metadata: types, enums, no unknown or missing members.

The facts are in graph_types.json: per type its base, members with types (`!` = never null), and
for entities the navigation members that appear only when expanded.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

TYPES: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,6}[1-9])?Z")
_WALL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}")
_PRIMITIVES: dict[str, Callable[[Any], bool]] = {
    "Edm.Boolean": lambda value: isinstance(value, bool),
    "Edm.String": lambda value: isinstance(value, str),
    "Edm.Int32": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "Edm.Double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "Edm.DateTimeOffset": lambda value: isinstance(value, str) and bool(_MOMENT.fullmatch(value)),
    "Edm.Date": lambda value: (
        isinstance(value, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value))
    ),
    "Edm.Guid": lambda value: (
        isinstance(value, str)
        and bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value))
    ),
}
# Complex values of which Graph sends every member, used or not.
_ALWAYS_WHOLE = frozenset(
    (
        "recurrencePattern",
        "recurrenceRange",
        "patternedRecurrence",
        "dateTimeTimeZone",
        "itemBody",
        "responseStatus",
        "emailAddress",
        "recipient",
    )
)
# Members that Graph sends only in some cases although they are not navigation.
_SOMETIMES = {"event": frozenset(("originalStart", "cancelledOccurrences"))}


def members_of(type_name: str) -> dict[str, str]:
    """All members of a type with those of its bases."""
    found: dict[str, str] = {}
    name: str | None = type_name
    while name:
        found = TYPES[name]["properties"] | found
        name = TYPES[name].get("base")
    return found


def problems(type_name: str, value: Any, *, whole: bool = True, path: str = "$") -> list[str]:
    """What is wrong with a value of this type; `whole` also wants every member to be there."""
    return list(_problems(type_name, value, whole, path))


def problems_of_list(type_name: str, answer: Any, *, whole: bool = True) -> list[str]:
    """What is wrong with a collection answer and everything in it."""
    found = [] if "@odata.context" in answer else ["$: no @odata.context"]
    if not set(answer) <= {"@odata.context", "@odata.nextLink", "@odata.count", "value"}:
        found.append(f"$: unknown members {sorted(answer)}")
    if "@odata.nextLink" in answer and not answer["@odata.nextLink"].startswith("http"):
        found.append("$: the nextLink is not absolute")
    for number, item in enumerate(answer["value"]):
        found += problems(type_name, item, whole=whole, path=f"$[{number}]")
    return found


def problems_of_event(event: Any) -> list[str]:
    """What is wrong with a whole event, its etag and its series members included."""
    found = problems("event", event)
    if event.get("@odata.etag") != f'W/"{event.get("changeKey")}"':
        found.append("$: the etag is not the change key")
    is_instance = event.get("type") in ("occurrence", "exception")
    if is_instance != ("originalStart" in event) or is_instance != bool(event["seriesMasterId"]):
        found.append(f"$: series members do not suit type {event.get('type')}")
    if (event["recurrence"] is not None) != (event["type"] == "seriesMaster"):
        found.append("$: recurrence does not suit the type")
    return found


def _problems(type_name: str, value: Any, whole: bool, path: str) -> Iterator[str]:
    never_null = type_name.endswith("!")
    type_name = type_name.rstrip("!")
    if value is None:
        if never_null:
            yield f"{path}: must not be null"
        return
    if type_name.startswith("Collection("):
        yield from _problems_of_collection(type_name[11:-1], value, whole, path)
    elif type_name in _PRIMITIVES:
        if not _PRIMITIVES[type_name](value):
            yield f"{path}: {value!r} is no {type_name}"
    elif type_name not in TYPES:
        return
    elif "enum" in TYPES[type_name]:
        if value not in TYPES[type_name]["enum"]:
            yield f"{path}: {value!r} is no {type_name}"
    else:
        yield from _problems_of_object(type_name, value, whole, path)


def _problems_of_collection(inner: str, value: Any, whole: bool, path: str) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{path}: {value!r} is no collection"
        return
    for number, item in enumerate(value):
        yield from _problems(f"{inner}!", item, whole, f"{path}[{number}]")


def _problems_of_object(type_name: str, value: Any, whole: bool, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path}: {value!r} is no {type_name}"
        return
    members = members_of(type_name)
    navigation = TYPES[type_name].get("navigation", {})
    for name, inner in value.items():
        if name in members:
            yield from _problems(members[name], inner, whole, f"{path}.{name}")
        elif name in navigation:
            yield from _problems(navigation[name], inner, False, f"{path}.{name}")
        elif not name.startswith("@odata."):
            yield f"{path}: unknown member {name!r} of {type_name}"
    is_entity = path.endswith(("$", "]")) and "id" in members
    if whole and (is_entity or type_name in _ALWAYS_WHOLE):
        missing = set(members) - set(value) - _SOMETIMES.get(type_name, frozenset())
        if missing:
            yield f"{path}: missing {sorted(missing)}"
    if type_name == "dateTimeTimeZone" and not _WALL_TIME.fullmatch(str(value.get("dateTime"))):
        yield f"{path}: {value.get('dateTime')!r} has not exactly seven digits"
