"""The JSON and parameters that come in, checked; business rules are not judged here."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, pre_load, validate

from backend.api.fields import Moment
from backend.api.paging import PageQuerySchema
from backend.domain.event import Sensitivity
from backend.domain.policy import SyncMode
from backend.domain.rules import EventFacts
from backend.services.answers import Preferences

LONGEST_ADDRESS = 320
LONGEST_NAME = 1000
MOST_ATTENDEES = 2000
MOST_BLOCKED = 500

_ADDRESS = validate.Length(max=LONGEST_ADDRESS)
_NAME = validate.Length(max=LONGEST_NAME)


class MailboxSchema(Schema):
    """Whose calendar: the owner's address or id, for delegates (T9)."""

    mailbox = fields.String(
        load_default=None,
        validate=validate.Regexp(rf"[^\s\x00-\x1f]{{0,{LONGEST_ADDRESS}}}\Z"),
        metadata={"description": "The owner's address or id, if the calendar is not your own."},
    )

    @post_load
    def empty_is_none(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return data | {"mailbox": data["mailbox"] or None}


class HistoryQuerySchema(MailboxSchema, PageQuerySchema):
    """Which page of an event's history."""


class TickSchema(Schema):
    """``just_saved``: Outlook has only now made the event, Graph may not know it yet (T8)."""

    just_saved = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class FormPersonSchema(Schema):
    name = fields.String(load_default=None, allow_none=True, validate=_NAME)
    address = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)
    type = fields.String(load_default=None, allow_none=True, validate=_ADDRESS)


class FormSchema(Schema):
    """An open form as far as Outlook can tell; ``null`` means that it cannot (T2)."""

    organizer = fields.Nested(FormPersonSchema, load_default=None, allow_none=True)
    start = Moment(load_default=None, allow_none=True)
    end = Moment(load_default=None, allow_none=True)
    sensitivity = fields.Enum(Sensitivity, by_value=True, load_default=None, allow_none=True)
    recurring = fields.Boolean(load_default=None, allow_none=True, truthy={True}, falsy={False})
    attendees = fields.List(
        fields.Nested(FormPersonSchema),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MOST_ATTENDEES),
    )

    @pre_load
    def lower_sensitivity(self, data: Any, **_kwargs: Any) -> Any:
        """Outlook's hosts do not agree on the case of the words."""
        if isinstance(data, dict) and isinstance(data.get("sensitivity"), str):
            return data | {"sensitivity": data["sensitivity"].lower()}
        return data

    @post_load
    def to_facts(self, data: dict[str, Any], **_kwargs: Any) -> EventFacts:
        people = data["attendees"]
        return EventFacts(
            organizer_address=(data["organizer"] or {}).get("address"),
            sensitivity=data["sensitivity"],
            recurring=data["recurring"],
            end=data["end"],
            attendee_addresses=None
            if people is None
            else tuple(person["address"] for person in people if person["address"]),
        )


class PreferencesRequestSchema(Schema):
    """What a user changes about himself; members that are left out stay as they are."""

    enabled = fields.Boolean(truthy={True}, falsy={False})
    mode = fields.Enum(SyncMode, by_value=True)
    block_list = fields.List(
        fields.String(validate=validate.Length(min=1, max=LONGEST_ADDRESS)),
        validate=validate.Length(max=MOST_BLOCKED),
    )
    default_activity_type = fields.String(validate=validate.Length(max=200))
    default_visibility = fields.String(
        validate=validate.Regexp(r"(?:everyone|only_me|group:[\w.-]{1,100})\Z")
    )

    @post_load
    def to_preferences(self, data: dict[str, Any], **_kwargs: Any) -> Preferences:
        if "block_list" in data:
            data["block_list"] = tuple(data["block_list"])
        return Preferences(**data)
