"""The JSON of Add Activity, in and out (T6); business rules are not judged here."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_dump, validate

from backend.api.answers import (
    EventSchema,
    OnlineMeetingSchema,
    OtherSchema,
    PersonSchema,
    SeenEvent,
)
from backend.api.fields import Moment
from backend.api.paging import PickerQuerySchema
from backend.api.requests import LONGEST_ADDRESS, LONGEST_NAME, MOST_ATTENDEES
from backend.domain.adding import ActivityForm, ChosenPerson
from backend.domain.crm import Additions, Reference, ReferenceKind
from backend.domain.zones import iana_name
from backend.services.adding import ActivityProposal

LONGEST_SUBJECT = 20_000
LONGEST_NOTES = 500_000
LONGEST_ID = 64
MOST_REFERENCES = 200
MOST_NEW_CONTACTS = 50


def _text(longest: int, **more: Any) -> fields.String:
    return fields.String(validate=validate.Length(max=longest), **more)


def _ids() -> fields.List[str]:
    identifier = fields.String(validate=validate.Length(min=1, max=LONGEST_ID))
    return fields.List(identifier, load_default=list, validate=validate.Length(max=MOST_REFERENCES))


class PersonOnFormSchema(Schema):
    """A contact by id, or only a name and an address."""

    contact_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Length(min=1, max=LONGEST_ID)
    )
    name = _text(LONGEST_NAME, load_default="")
    address = _text(LONGEST_ADDRESS, load_default="")

    @post_load
    def to_person(self, data: dict[str, Any], **_kwargs: Any) -> ChosenPerson:
        if not (data["contact_id"] or data["name"].strip() or data["address"].strip()):
            raise ValidationError("Neither a contact nor a name nor an address.")
        return ChosenPerson(**data)


class NewContactSchema(Schema):
    """Somebody on the form who shall become a contact."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    address = fields.String(
        required=True,
        validate=validate.Regexp(rf"(?=.{{3,{LONGEST_ADDRESS}}}\Z)[^\s@]+@[^\s@]+\Z"),
    )

    @post_load
    def to_person(self, data: dict[str, Any], **_kwargs: Any) -> ChosenPerson:
        return ChosenPerson(**data)


class ReferenceSchema(Schema):
    """The one thing a record is about."""

    kind = fields.Enum(ReferenceKind, by_value=True, required=True)
    id = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_ID))

    @post_load
    def to_reference(self, data: dict[str, Any], **_kwargs: Any) -> Reference:
        return Reference(**data)


class ActivityRequestSchema(Schema):
    """The whole form. ``request_id`` is made by the pane when the form opens."""

    event_id = fields.String(required=True, validate=validate.Length(min=1, max=2000))
    request_id = fields.UUID(required=True)
    subject = fields.String(required=True, validate=validate.Length(min=1, max=LONGEST_SUBJECT))
    type = fields.String(required=True, validate=validate.Length(min=1, max=200))
    start = Moment(required=True)
    end = Moment(required=True)
    all_day = fields.Boolean(load_default=False, truthy={True}, falsy={False})
    start_date = fields.Date(load_default=None, allow_none=True)
    end_date = fields.Date(load_default=None, allow_none=True)
    location = _text(LONGEST_SUBJECT, load_default="")
    people = fields.List(
        fields.Nested(PersonOnFormSchema),
        load_default=list,
        validate=validate.Length(max=MOST_ATTENDEES),
    )
    new_contacts = fields.List(
        fields.Nested(NewContactSchema),
        load_default=list,
        validate=validate.Length(max=MOST_NEW_CONTACTS),
    )
    company_ids = _ids()
    opportunity_ids = _ids()
    initiative_ids = _ids()
    regarding = fields.Nested(ReferenceSchema, load_default=None, allow_none=True)
    visibility = fields.String(
        load_default="everyone",
        validate=validate.Regexp(r"(?:everyone|only_me|group:[\w.-]{1,100})\Z"),
    )
    notes = _text(LONGEST_NOTES, load_default="")
    include_description = fields.Boolean(load_default=True, truthy={True}, falsy={False})

    @post_load
    def to_form(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        additions = Additions(
            notes=data.pop("notes"),
            company_ids=tuple(data.pop("company_ids")),
            opportunity_ids=tuple(data.pop("opportunity_ids")),
            initiative_ids=tuple(data.pop("initiative_ids")),
            regarding=data.pop("regarding"),
            visibility=data.pop("visibility"),
        )
        event_id, request_id = data.pop("event_id"), data.pop("request_id")
        if not data["subject"].strip():
            raise ValidationError("Say what it is about.", "subject")
        data["people"], data["new_contacts"] = tuple(data["people"]), tuple(data["new_contacts"])
        form = ActivityForm(**data, additions=additions)
        return {"event_id": event_id, "request_id": request_id, "form": form}


class EntrySchema(Schema):
    id = fields.String()
    name = fields.String()
    detail = fields.String()


class EntryListSchema(Schema):
    items = fields.List(fields.Nested(EntrySchema))
    next = fields.String(allow_none=True)


class AboutSchema(EntrySchema):
    """An :class:`~backend.services.adding.About`."""

    kind = fields.Enum(ReferenceKind, by_value=True)


class AboutListSchema(Schema):
    items = fields.List(fields.Nested(AboutSchema))
    next = fields.String(allow_none=True)


class GroupSchema(Schema):
    """A group; ``visibility`` is what a record says that it may see."""

    id = fields.String()
    name = fields.String()
    visibility = fields.String(attribute="audience")


class GroupListSchema(Schema):
    items = fields.List(fields.Nested(GroupSchema))
    next = fields.String(allow_none=True)


class NameListSchema(Schema):
    items = fields.List(fields.String())
    next = fields.String(allow_none=True)


class EntryQuerySchema(PickerQuerySchema):
    """Search words for a picker; or ``id``, as often as wanted, for entries that are known."""

    id = _ids()


class DraftSchema(Schema):
    """What the form starts with, under the names that ``POST /api/activities`` takes."""

    subject = fields.String()
    type = fields.String()
    start = Moment()
    end = Moment()
    all_day = fields.Boolean()
    start_date = fields.Date(allow_none=True)
    end_date = fields.Date(allow_none=True)
    time_zone = fields.Function(
        lambda draft: iana_name(draft.time_zone) or draft.time_zone,
        allow_none=True,
        metadata={"type": "string", "description": "IANA name where there is one."},
    )
    location = fields.String()
    resources = fields.List(fields.String())
    description = fields.String()
    assigned_to = fields.Nested(PersonSchema, allow_none=True)
    online_meeting = fields.Nested(OnlineMeetingSchema, allow_none=True)


class ActivityDraftSchema(Schema):
    """A :class:`~backend.services.adding.ActivityProposal`."""

    event = fields.Nested(EventSchema)
    draft = fields.Nested(DraftSchema)
    companies = fields.List(fields.Nested(EntrySchema))
    companies_come_along = fields.Boolean()
    others = fields.List(fields.Nested(OtherSchema))
    activity_types = fields.List(fields.String())
    visibility = fields.String()
    groups = fields.List(fields.Nested(GroupSchema))
    listings = fields.List(
        fields.String(), metadata={"description": "What a record can be filed under in this CRM."}
    )

    @pre_dump
    def lay_out(self, proposal: ActivityProposal, **_kwargs: Any) -> dict[str, Any]:
        """Put the attendees, with what matching said of each, into the event."""
        return {
            "event": SeenEvent(proposal.event, proposal.matches),
            "draft": proposal.draft,
            "companies": proposal.companies,
            "companies_come_along": proposal.companies_come_along,
            "others": proposal.others,
            "activity_types": proposal.activity_types,
            "visibility": proposal.visibility,
            "groups": proposal.groups,
            "listings": [listing.value for listing in proposal.listings],
        }
