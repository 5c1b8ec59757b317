"""Endpoints of a mailbox that are not about calendars: master categories, settings, ids."""

from __future__ import annotations

import re

from backend.sandbox.directory import Person
from backend.sandbox.exchange import translation
from backend.sandbox.exchange.errors import bad_request, not_found, unreadable
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Json
from backend.sandbox.graph import render
from backend.sandbox.graph.call import Answer, Call
from backend.sandbox.graph.paths import PathTable
from backend.sandbox.graph.permissions import (
    person_for_mailbox,
    require_settings,
    require_translation,
)

_COLORS = frozenset(["none", *(f"preset{number}" for number in range(25))])
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_IDS = 1000
MAX_CATEGORY_NAME = 255


def add_routes(table: PathTable) -> None:
    """Put the endpoints under `users/*`."""
    table.add("GET", "users/*/mailboxsettings", get_settings)
    categories = "users/*/outlook/mastercategories"
    table.add("GET", categories, list_categories)
    table.add("POST", categories, create_category)
    table.add("GET", f"{categories}/*", get_category)
    table.add("PATCH", f"{categories}/*", update_category)
    table.add("DELETE", f"{categories}/*", delete_category)
    table.add("POST", "users/*/translateexchangeids", translate_ids)


def get_settings(call: Call) -> Answer:
    """What of the mailbox settings the sandbox knows; userPurpose tells rooms from people."""
    owner = _owner(call)
    require_settings(call, owner)
    call.world.exchange.mailbox(owner.id)
    return Answer(
        200,
        {
            "@odata.context": call.context(f"users('{owner.id}')/mailboxSettings"),
            "archiveFolder": None,
            "timeZone": "UTC",
            "dateFormat": "yyyy-MM-dd",
            "timeFormat": "HH:mm",
            "userPurpose": owner.purpose,
            "language": {"locale": "en-GB", "displayName": "English (United Kingdom)"},
        },
    )


def list_categories(call: Call) -> Answer:
    """The master list."""
    owner = _owner(call)
    require_settings(call, owner)
    mailbox = call.world.exchange.mailbox(owner.id)
    what = f"users('{owner.id}')/outlook/masterCategories"
    rows = [render.category_json(category) for category in mailbox.categories.values()]
    return Answer(200, {"@odata.context": call.context(what), "value": rows})


def get_category(call: Call) -> Answer:
    """One master category."""
    owner = _owner(call)
    require_settings(call, owner)
    mailbox = call.world.exchange.mailbox(owner.id)
    return _category(call, mailbox, call.keys[1])


def create_category(call: Call) -> Answer:
    """A new master category."""
    owner = _owner(call)
    require_settings(call, owner, write=True)
    mailbox = call.world.exchange.mailbox(owner.id)
    body = call.json_body()
    name = body.get("displayName")
    if not isinstance(name, str):
        raise unreadable("Cannot convert the value of 'displayName' to 'Edm.String'.")
    if not name.strip() or len(name) > MAX_CATEGORY_NAME:
        raise bad_request("The displayName of a category is empty or too long.")
    category = mailbox.add_category(name, _color(body, "none"))
    answer = _category(call, mailbox, category.id)
    answer.status = 201
    return answer


def update_category(call: Call) -> Answer:
    """Another colour; the name of a category cannot be changed."""
    owner = _owner(call)
    require_settings(call, owner, write=True)
    mailbox = call.world.exchange.mailbox(owner.id)
    category = mailbox.categories.get(call.keys[1].lower())
    if category is None:
        raise not_found()
    category.color = _color(call.json_body(), category.color)
    return _category(call, mailbox, category.id)


def delete_category(call: Call) -> Answer:
    """Out of the master list; events keep the name."""
    owner = _owner(call)
    require_settings(call, owner, write=True)
    mailbox = call.world.exchange.mailbox(owner.id)
    if mailbox.categories.pop(call.keys[1].lower(), None) is None:
        raise not_found()
    return Answer(204)


def translate_ids(call: Call) -> Answer:
    """Ids of items into another form (Graph docs: user translateExchangeIds)."""
    owner = _owner(call)
    require_translation(call, owner)
    mailbox = call.world.exchange.mailbox(owner.id)
    body = call.json_body()
    given = {name.lower(): value for name, value in body.items()}
    sources = given.get("inputids")
    if not isinstance(sources, list) or any(not isinstance(each, str) for each in sources):
        raise unreadable("Cannot convert the value of 'inputIds' to 'Collection(Edm.String)'.")
    if len(sources) > MAX_IDS:
        raise bad_request(f"At most {MAX_IDS} ids can be translated at once.")
    source, target = (_format(given, name) for name in ("sourceIdType", "targetIdType"))
    rows = [translation.translate(mailbox, each, source, target) for each in sources]
    what = call.context("Collection(microsoft.graph.convertIdResult)")
    return Answer(200, {"@odata.context": what, "value": rows})


# --- inside -------------------------------------------------------------------------------------


def _owner(call: Call) -> Person:
    owner = person_for_mailbox(call.world, call.caller, call.keys[0])
    call.note_mailbox(owner)
    return owner


def _category(call: Call, mailbox: Mailbox, category_id: str) -> Answer:
    if not _GUID.fullmatch(category_id):
        raise bad_request("The id of a category is a GUID.")
    category = mailbox.categories.get(category_id.lower())
    if category is None:
        raise not_found()
    what = f"users('{mailbox.person.id}')/outlook/masterCategories/$entity"
    return Answer(200, {"@odata.context": call.context(what), **render.category_json(category)})


def _color(body: Json, default: str) -> str:
    color = body.get("color")
    if color is None:
        return default
    if not isinstance(color, str) or color.lower() not in _COLORS:
        raise unreadable("Cannot convert the value of 'color' to 'microsoft.graph.categoryColor'.")
    return color.lower()


def _format(given: Json, name: str) -> translation.IdFormat:
    value = given.get(name.lower())
    for choice in translation.IdFormat:
        if isinstance(value, str) and choice.value.lower() == value.lower():
            return choice
    raise unreadable(f"Cannot convert the value of '{name}' to 'exchangeIdFormat'.")
