"""Calendars, their groups and who shares them (Graph docs: calendar, calendarGroup)."""

from __future__ import annotations

import re

from backend.sandbox.exchange.errors import ExchangeError, bad_request, not_found, unreadable
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Calendar, Json
from backend.sandbox.graph import event_views, odata, render
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.events import enter
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import Access

MAX_NAME = 255
MOST_CALENDARS = 250
_COLORS = re.compile(
    r"auto|light(Blue|Green|Orange|Gray|Yellow|Teal|Pink|Brown|Red)|maxColor", re.IGNORECASE
)
_GROUP_NAME = "My Calendars"


def add_routes(table: PathTable) -> None:
    """Put the endpoints under `users/*`."""
    table.add("GET", "users/*/calendar", get_calendar)
    table.add("PATCH", "users/*/calendar", update_calendar)
    for prefix in ("users/*", "users/*/calendargroup", "users/*/calendargroups/*"):
        table.add("GET", f"{prefix}/calendars", list_calendars)
        table.add("POST", f"{prefix}/calendars", create_calendar)
        table.add("GET", f"{prefix}/calendars/*", get_calendar)
        table.add("PATCH", f"{prefix}/calendars/*", update_calendar)
        table.add("DELETE", f"{prefix}/calendars/*", delete_calendar)
    table.add("GET", "users/*/calendargroups", list_groups)
    table.add("GET", "users/*/calendargroups/*", get_group)
    for prefix in ("users/*/calendar", "users/*/calendars/*"):
        table.add("GET", f"{prefix}/calendarpermissions", list_permissions)


def get_calendar(call: Call) -> Answer:
    """The default calendar, or one by id."""
    access = enter(call)
    mailbox = _mailbox(call, access)
    return _one(call, access, _calendar(call, mailbox))


def list_calendars(call: Call) -> Answer:
    """All calendars of the mailbox, the default one first, those of others that were added too."""
    access = enter(call)
    mailbox = _mailbox(call, access)
    options = call.options
    rows = [event_views.calendar(call, access, each) for each in mailbox.calendars.values()]
    rows = odata.ordered(odata.filtered(rows, options.filter), options.orderby)
    rows = rows[options.skip :][: options.top]
    if options.select:
        rows = [render.selected(row, options.select) for row in rows]
    what = f"users('{access.owner.id}')/calendars"
    return Answer(200, {"@odata.context": call.context(what), "value": rows})


def create_calendar(call: Call) -> Answer:
    """A further calendar; its name must be new to the mailbox (409)."""
    access = enter(call, write=True)
    mailbox = _mailbox(call, access)
    body = call.json_body()
    name = _name(mailbox, body, None)
    color = _color(body, "auto")
    if len(mailbox.calendars) >= MOST_CALENDARS:
        raise bad_request("The mailbox has too many calendars.")
    calendar = mailbox.add_calendar(name)
    calendar.color = color
    answer = _one(call, access, calendar)
    answer.status = 201
    return answer


def update_calendar(call: Call) -> Answer:
    """Another name or colour; the default calendar keeps its name, an added one is renamed here."""
    access = enter(call, write=True)
    mailbox = _mailbox(call, access)
    calendar = _calendar(call, mailbox)
    body = call.json_body()
    color = _color(body, calendar.color)
    if "name" in body and body["name"] != calendar.name:
        if calendar.is_default:
            raise ExchangeError(400, "ErrorInvalidRequest", "The default calendar keeps its name.")
        calendar.name = _name(mailbox, body, calendar)
    calendar.color = color
    return _one(call, access, calendar)


def delete_calendar(call: Call) -> Answer:
    """A calendar with all that is in it, never the default one; an added one leaves the list."""
    access = enter(call, write=True)
    mailbox = _mailbox(call, access)
    calendar = _calendar(call, mailbox)
    if calendar.is_default:
        raise ExchangeError(
            400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted."
        )
    if calendar.is_shared:
        call.world.exchange.shared.leave(mailbox, calendar, call.cause)
        return Answer(204)
    for event in list(mailbox.items(calendar.id)):
        mailbox.remove(event, call.cause)
    del mailbox.calendars[calendar.id]
    return Answer(204)


def list_groups(call: Call) -> Answer:
    """The one group that every mailbox has."""
    access = enter(call)
    rows = [_group(_mailbox(call, access))]
    what = f"users('{access.owner.id}')/calendarGroups"
    return Answer(200, {"@odata.context": call.context(what), "value": rows})


def get_group(call: Call) -> Answer:
    """That group by its id."""
    access = enter(call)
    group = _group(_mailbox(call, access))
    if call.keys[1] != group["id"]:
        raise not_found()
    what = f"users('{access.owner.id}')/calendarGroups/$entity"
    return Answer(200, {"@odata.context": call.context(what), **group})


def list_permissions(call: Call) -> Answer:
    """Who may look into the calendar: the firm's free/busy, and the delegates."""
    access = enter(call)
    mailbox = _mailbox(call, access)
    _calendar(call, mailbox)
    directory = call.world.directory
    rows = [_permission("My Organization", None, "freeBusyRead", ["none", "freeBusyRead"])]
    for (owner_id, other_id), rights in directory.delegations.items():
        other = directory.person_by_id(other_id)
        if owner_id != access.owner.id or other is None:
            continue
        role = "read" if not rights.write else "write"
        if rights.write and rights.see_private:
            role = "delegateWithPrivateEventAccess"
        elif rights.write:
            role = "delegateWithoutPrivateEventAccess"
        rows.append(_permission(other.name, other.address, role, ["none", "read", "write", role]))
    what = f"users('{access.owner.id}')/calendar/calendarPermissions"
    return Answer(200, {"@odata.context": call.context(what), "value": rows})


# --- inside -------------------------------------------------------------------------------------


def _mailbox(call: Call, access: Access) -> Mailbox:
    mailbox = call.world.exchange.mailbox(access.owner.id)
    names = [segment.lower() for segment in call.segments]
    names_group = "calendargroups" in names[2:3] and len(call.keys) > 1
    if names_group and call.keys[1] != _group(mailbox)["id"]:
        raise not_found()
    return mailbox


def _calendar(call: Call, mailbox: Mailbox) -> Calendar:
    names = [segment.lower() for segment in call.segments]
    if "calendars" not in names[2:5]:
        return mailbox.default_calendar
    return mailbox.calendar(call.segments[names.index("calendars", 2) + 1])


def _one(call: Call, access: Access, calendar: Calendar) -> Answer:
    row = event_views.calendar(call, access, calendar)
    if call.options.select:
        row = render.selected(row, call.options.select)
    what = f"users('{access.owner.id}')/calendars/$entity"
    return Answer(200, {"@odata.context": call.context(what), **row})


def _group(mailbox: Mailbox) -> Json:
    # Folders and groups are numbered in one row; calendars begin at 0.
    return {
        "id": mailbox.mint.folder_id(MOST_CALENDARS + 1),
        "name": _GROUP_NAME,
        "classId": "0006f0b7-0000-0000-c000-000000000046",
        "changeKey": mailbox.mint.change_key(mailbox.default_calendar.version),
    }


def _permission(name: str, address: str | None, role: str, allowed: list[str]) -> Json:
    email: Json = {"name": name} if address is None else {"name": name, "address": address}
    return {
        "id": f"RGVmYXVsdA=={name.encode().hex()}" if address else "RGVmYXVsdA==",
        "isRemovable": address is not None,
        "isInsideOrganization": True,
        "role": role,
        "allowedRoles": allowed,
        "emailAddress": email,
    }


def _name(mailbox: Mailbox, body: Json, itself: Calendar | None) -> str:
    name = body.get("name")
    if not isinstance(name, str):
        raise unreadable("Cannot convert the value of 'name' to 'Edm.String'.")
    if not name.strip() or len(name) > MAX_NAME:
        raise bad_request("The name of a calendar is empty or too long.")
    others = [each for each in mailbox.calendars.values() if each is not itself]
    if any(other.name.casefold() == name.casefold() for other in others):
        raise ExchangeError(
            409, "ErrorFolderExists", "A folder with the specified name already exists."
        )
    return name


def _color(body: Json, default: str) -> str:
    color = body.get("color")
    if color is None:
        return default
    if not isinstance(color, str) or not _COLORS.fullmatch(color):
        raise unreadable("Cannot convert the value of 'color' to 'microsoft.graph.calendarColor'.")
    return color[0].lower() + color[1:]
