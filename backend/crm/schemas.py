"""The JSON of the CRM's HTTP API, in and out; no queries and no rules."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate

from backend.crm.fields import Moment, Text, visibility_field
from backend.crm.models import (
    ADDRESS_LENGTH,
    EVENT_ID_LENGTH,
    ICAL_UID_LENGTH,
    ID_LENGTH,
    KEY_LENGTH,
    MOST_REMINDER_MINUTES,
)
from backend.domain.crm import ActivityKind, ActivityStatus, Phase, ReferenceKind, SyncStatus
from backend.domain.event import normalised_address

LONGEST_NAME = 200
LONGEST_LINE = 20_000
"""Subjects and places: Outlook takes 255 characters, Graph takes more."""
LONGEST_TEXT = 500_000
LONGEST_QUERY = 400
MOST_ATTENDEES = 2_000
MOST_ADDRESSES = 1_000
MOST_REFERENCES = 200
MOST_EMAILS = 20

_http_link = validate.Regexp(r"https?://[^\s]+\Z", error="Not an http or https address.")


def _ids(**kwargs: Any) -> fields.List[str]:
    return fields.List(
        Text(ID_LENGTH, shortest=1), validate=validate.Length(max=MOST_REFERENCES), **kwargs
    )


class CrmPersonSchema(Schema):
    name = Text(LONGEST_LINE, load_default="")
    address = Text(LONGEST_LINE, load_default="")


class CrmUnmatchedSchema(CrmPersonSchema):
    """An attendee the CRM does not know."""

    response = Text(100, load_default="none")
    attendance = Text(100, load_default="required")


class CrmMatchedContactSchema(CrmUnmatchedSchema):
    """An attendee who is a contact; name and address default to the contact's."""

    contact_id = Text(ID_LENGTH, shortest=1, required=True)


class CrmOnlineMeetingSchema(Schema):
    provider = Text(100, load_default="")
    join_url = Text(LONGEST_LINE, load_default=None, allow_none=True)


class CrmOutlookFieldsSchema(Schema):
    """The fields that ``revision`` counts."""

    subject = Text(LONGEST_LINE)
    description = Text(LONGEST_TEXT)
    type = Text(LONGEST_NAME, shortest=1)
    start = Moment()
    end = Moment()
    all_day = fields.Boolean(truthy={True}, falsy={False})
    start_date = fields.Date(allow_none=True)
    end_date = fields.Date(allow_none=True)
    time_zone = Text(LONGEST_NAME, allow_none=True)
    location = Text(LONGEST_LINE)
    resources = fields.List(Text(LONGEST_LINE), validate=validate.Length(max=MOST_ATTENDEES))
    status = fields.Enum(ActivityStatus, by_value=True)
    contacts = fields.List(
        fields.Nested(CrmMatchedContactSchema), validate=validate.Length(max=MOST_ATTENDEES)
    )
    unmatched = fields.List(
        fields.Nested(CrmUnmatchedSchema), validate=validate.Length(max=MOST_ATTENDEES)
    )
    assigned_to = fields.Nested(CrmPersonSchema, allow_none=True)
    web_link = Text(LONGEST_LINE, allow_none=True)
    online_meeting = fields.Nested(CrmOnlineMeetingSchema, allow_none=True)
    show_as = Text(50)
    importance = Text(50)
    private = fields.Boolean(truthy={True}, falsy={False})
    reminder_minutes = fields.Integer(
        strict=True,
        allow_none=True,
        validate=validate.Range(-MOST_REMINDER_MINUTES, MOST_REMINDER_MINUTES),
    )


class CrmReferenceSchema(Schema):
    """One thing of the CRM that a record is about."""

    kind = fields.Enum(ReferenceKind, by_value=True, required=True)
    id = Text(ID_LENGTH, shortest=1, required=True)


class CrmActivityPatchSchema(CrmOutlookFieldsSchema):
    """What a person changes; members that are left out stay as they are."""

    notes = Text(LONGEST_TEXT)
    company_ids = _ids()
    opportunity_ids = _ids()
    initiative_ids = _ids()
    regarding = fields.Nested(CrmReferenceSchema, allow_none=True)
    visibility = visibility_field()
    web_link = Text(LONGEST_LINE, allow_none=True, also=_http_link)


class CrmActivityPostSchema(CrmActivityPatchSchema):
    """A record made by hand. The same ``request_id`` sent again answers the first record."""

    subject = Text(LONGEST_LINE, required=True)
    type = Text(LONGEST_NAME, shortest=1, required=True)
    start = Moment(required=True)
    end = Moment(required=True)
    ical_uid = Text(ICAL_UID_LENGTH, allow_none=True)
    request_id = fields.UUID()


class CrmDraftSchema(CrmOutlookFieldsSchema):
    """A whole draft of the sync; ``visibility`` counts at creation only."""

    subject = Text(LONGEST_LINE, required=True)
    type = Text(LONGEST_NAME, shortest=1, required=True)
    start = Moment(required=True)
    end = Moment(required=True)
    event_id = Text(EVENT_ID_LENGTH, allow_none=True)
    ical_uid = Text(ICAL_UID_LENGTH, allow_none=True)
    recurring = fields.Boolean(truthy={True}, falsy={False})
    owner_id = Text(ID_LENGTH, allow_none=True)
    sync_status = fields.Enum(SyncStatus, by_value=True)
    visibility = visibility_field(load_default="everyone")


class CrmActivitySchema(CrmActivityPatchSchema):
    id = fields.String()
    external_key = fields.String(allow_none=True)
    kind = fields.Enum(ActivityKind, by_value=True)
    phase = fields.Enum(Phase, by_value=True)
    event_id = fields.String(allow_none=True)
    ical_uid = fields.String(allow_none=True)
    recurring = fields.Boolean(metadata={"description": "One meeting of a series."})
    duration_minutes = fields.Integer()
    reminder_at = Moment(allow_none=True)
    owner_id = fields.String(allow_none=True)
    sync_status = fields.Enum(SyncStatus, by_value=True)
    revision = fields.String()
    edited_by = fields.Nested(CrmPersonSchema, allow_none=True)
    removed = fields.Boolean()
    created_at = Moment()
    updated_at = Moment()


class CrmContactSchema(Schema):
    id = fields.String()
    name = fields.String()
    emails = fields.List(fields.String())
    types = fields.List(fields.String())
    company_id = fields.String(allow_none=True)
    company_types = fields.List(fields.String())
    private = fields.Boolean()
    owner_id = fields.String(allow_none=True)


class EmailAddress(Text):
    """An address as it is written; only its shape is checked."""

    def __init__(self) -> None:
        super().__init__(ADDRESS_LENGTH, shortest=3)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        address = super()._deserialize(value, *args, **kwargs).strip()
        name, _, domain = address.rpartition("@")
        has_gap = any(character.isspace() for character in address)
        if not name or not domain or has_gap or len(normalised_address(address)) > ADDRESS_LENGTH:
            raise ValidationError("Not an e-mail address.")
        return address


class CrmContactPatchSchema(Schema):
    name = Text(LONGEST_NAME, shortest=1)
    emails = fields.List(EmailAddress(), validate=validate.Length(max=MOST_EMAILS))
    types = fields.List(Text(100, shortest=1), validate=validate.Length(max=50))
    company_id = Text(ID_LENGTH, shortest=1, allow_none=True)
    private = fields.Boolean(truthy={True}, falsy={False})


class CrmContactPostSchema(CrmContactPatchSchema):
    name = Text(LONGEST_NAME, shortest=1, required=True)


class CrmContactTypeSchema(Schema):
    id = fields.String(dump_only=True)
    name = Text(100, shortest=1, required=True)


class CrmCompanyPatchSchema(Schema):
    id = fields.String(dump_only=True)
    name = Text(LONGEST_NAME, shortest=1)
    types = fields.List(Text(100, shortest=1), validate=validate.Length(max=50))


class CrmCompanySchema(CrmCompanyPatchSchema):
    name = Text(LONGEST_NAME, shortest=1, required=True)


class CrmOpportunityPatchSchema(Schema):
    id = fields.String(dump_only=True)
    name = Text(LONGEST_NAME, shortest=1)
    company_id = Text(ID_LENGTH, shortest=1, allow_none=True)
    stage = Text(100)


class CrmOpportunitySchema(CrmOpportunityPatchSchema):
    name = Text(LONGEST_NAME, shortest=1, required=True)


class CrmInitiativePatchSchema(Schema):
    id = fields.String(dump_only=True)
    name = Text(LONGEST_NAME, shortest=1)


class CrmInitiativeSchema(CrmInitiativePatchSchema):
    name = Text(LONGEST_NAME, shortest=1, required=True)


class CrmPageQuerySchema(Schema):
    """``limit`` and ``cursor`` of every list."""

    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    cursor = Text(2_000, load_default=None)
    q = Text(LONGEST_QUERY, load_default="")


class CrmContactQuerySchema(CrmPageQuerySchema):
    type = Text(100, load_default=None)
    company = Text(ID_LENGTH, load_default=None)
    private = fields.Boolean(load_default=None)


class CrmOpportunityQuerySchema(CrmPageQuerySchema):
    company = Text(ID_LENGTH, load_default=None)


class CrmActivityQuerySchema(CrmPageQuerySchema):
    """``from`` and ``to`` bound the start: from ≤ start < to."""

    external_key = Text(KEY_LENGTH, load_default=None)
    contact = Text(ID_LENGTH, load_default=None)
    company = Text(ID_LENGTH, load_default=None)
    opportunity = Text(ID_LENGTH, load_default=None)
    initiative = Text(ID_LENGTH, load_default=None)
    ical_uid = Text(ICAL_UID_LENGTH, load_default=None)
    from_ = Moment(load_default=None, data_key="from")
    to = Moment(load_default=None)


class CrmKeyQuerySchema(Schema):
    external_key = Text(KEY_LENGTH, shortest=1, required=True)


class CrmRemovalQuerySchema(CrmKeyQuerySchema):
    """``destroy`` erases record and tombstone for good, whatever its revision."""

    destroy = fields.Boolean(load_default=False)


class CrmSyncStatusSchema(Schema):
    sync_status = fields.Enum(SyncStatus, by_value=True, required=True)


class CrmAddressesSchema(Schema):
    addresses = fields.List(
        Text(LONGEST_LINE), required=True, validate=validate.Length(max=MOST_ADDRESSES)
    )

    @post_load
    def only_addresses(self, data: dict[str, Any], **_kwargs: Any) -> list[str]:
        return list(data["addresses"])


class CrmAddressMatchSchema(Schema):
    address = fields.String()
    contacts = fields.List(fields.Nested(CrmContactSchema))
