"""The JSON that goes out, dumped from plain values; reads no request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, fields, pre_dump

from backend.api.fields import Cursor, Moment
from backend.domain.crm import Activity, AttendeeMatch, Phase
from backend.domain.event import Event
from backend.domain.matching import is_personnel
from backend.services.answers import EventAnswer, Me


class PersonSchema(Schema):
    name = fields.String()
    address = fields.String()


def _why_excluded(match: AttendeeMatch) -> str | None:
    if match.match != "excluded":
        return None
    own = match.contact is not None and is_personnel(match.contact)
    return "personnel" if own else "blocked_address"


class AttendeeSchema(Schema):
    """An :class:`~backend.domain.crm.AttendeeMatch`."""

    name = fields.String(attribute="attendee.name")
    address = fields.String(attribute="attendee.address")
    type = fields.String(attribute="attendee.type")
    response = fields.String(attribute="attendee.response")
    match = fields.String()
    contact_id = fields.String(attribute="contact.id", dump_default=None, allow_none=True)
    company_id = fields.String(attribute="contact.company_id", dump_default=None, allow_none=True)
    why = fields.Function(
        _why_excluded,
        allow_none=True,
        metadata={"type": "string", "description": "Why somebody is left out."},
    )


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event and what matching said of its attendees."""

    event: Event
    attendees: tuple[AttendeeMatch, ...]


class EventSchema(Schema):
    """A :class:`SeenEvent`."""

    id = fields.String(attribute="event.id")
    ical_uid = fields.String(attribute="event.ical_uid", allow_none=True)
    subject = fields.String(attribute="event.subject")
    start = Moment(attribute="event.start")
    end = Moment(attribute="event.end")
    all_day = fields.Boolean(attribute="event.all_day")
    time_zone = fields.String(attribute="event.time_zone", allow_none=True)
    type = fields.String(attribute="event.type")
    sensitivity = fields.String(attribute="event.sensitivity")
    is_organizer = fields.Boolean(attribute="event.is_organizer")
    is_cancelled = fields.Boolean(attribute="event.is_cancelled")
    is_draft = fields.Boolean(attribute="event.is_draft")
    organizer = fields.Nested(PersonSchema, attribute="event.organizer", allow_none=True)
    attendees = fields.List(fields.Nested(AttendeeSchema))


class FixSchema(Schema):
    text = fields.String()
    action = fields.String()


class CheckSchema(Schema):
    code = fields.String()
    applies = fields.Boolean()
    passed = fields.Boolean(allow_none=True)
    message = fields.String()
    fix = fields.Nested(FixSchema, allow_none=True)


class VerdictSchema(Schema):
    eligible = fields.Boolean()
    source = fields.String()
    checks = fields.List(fields.Nested(CheckSchema))


class LinkSchema(Schema):
    state = fields.String()
    reason = fields.String(allow_none=True)
    origin = fields.String()
    because = fields.String(allow_none=True)
    blocked_by = fields.String(allow_none=True)
    outstanding = fields.List(fields.String())
    category = fields.String()
    activity_id = fields.String(allow_none=True)
    undo_until = Moment(allow_none=True)
    last_change_seen_at = Moment(allow_none=True)
    written_at = Moment(allow_none=True)
    next_attempt_at = Moment(allow_none=True)


class UnmatchedSchema(Schema):
    name = fields.String()
    address = fields.String()
    response = fields.String()
    attendance = fields.String()


class MatchedSchema(UnmatchedSchema):
    contact_id = fields.String()


class OnlineMeetingSchema(Schema):
    provider = fields.String()
    join_url = fields.String(allow_none=True)


@dataclass(frozen=True, slots=True)
class SeenActivity:
    """A record, and whether it is an appointment or an activity now (L2)."""

    record: Activity
    phase: Phase


class RegardingSchema(Schema):
    """The one thing a record is about."""

    kind = fields.String()
    id = fields.String()


class ActivitySchema(Schema):
    """A :class:`SeenActivity`; the same members as at ``/crm/api/activities``."""

    id = fields.String(attribute="record.id")
    external_key = fields.String(attribute="record.external_key", allow_none=True)
    kind = fields.String(attribute="record.kind")
    phase = fields.String()
    type = fields.String(attribute="record.draft.type")
    subject = fields.String(attribute="record.draft.subject")
    description = fields.String(attribute="record.draft.description")
    start = Moment(attribute="record.draft.start")
    end = Moment(attribute="record.draft.end")
    all_day = fields.Boolean(attribute="record.draft.all_day")
    start_date = fields.Date(attribute="record.draft.start_date", allow_none=True)
    end_date = fields.Date(attribute="record.draft.end_date", allow_none=True)
    time_zone = fields.String(attribute="record.draft.time_zone", allow_none=True)
    location = fields.String(attribute="record.draft.location")
    resources = fields.List(fields.String(), attribute="record.draft.resources")
    status = fields.String(attribute="record.draft.status")
    contacts = fields.List(fields.Nested(MatchedSchema), attribute="record.draft.contacts")
    unmatched = fields.List(fields.Nested(UnmatchedSchema), attribute="record.draft.unmatched")
    assigned_to = fields.Nested(PersonSchema, attribute="record.draft.assigned_to", allow_none=True)
    company_ids = fields.List(fields.String(), attribute="record.company_ids")
    opportunity_ids = fields.List(fields.String(), attribute="record.opportunity_ids")
    initiative_ids = fields.List(fields.String(), attribute="record.initiative_ids")
    regarding = fields.Nested(RegardingSchema, attribute="record.regarding", allow_none=True)
    visibility = fields.String(attribute="record.visibility")
    notes = fields.String(attribute="record.notes")
    event_id = fields.String(attribute="record.draft.event_id", allow_none=True)
    ical_uid = fields.String(attribute="record.draft.ical_uid", allow_none=True)
    recurring = fields.Boolean(attribute="record.draft.recurring")
    duration_minutes = fields.Integer(attribute="record.draft.duration_minutes")
    web_link = fields.String(attribute="record.draft.web_link", allow_none=True)
    online_meeting = fields.Nested(
        OnlineMeetingSchema, attribute="record.draft.online_meeting", allow_none=True
    )
    show_as = fields.String(attribute="record.draft.show_as")
    importance = fields.String(attribute="record.draft.importance")
    reminder_minutes = fields.Integer(attribute="record.draft.reminder_minutes", allow_none=True)
    reminder_at = Moment(attribute="record.draft.reminder_at", allow_none=True)
    sync_status = fields.String(attribute="record.draft.sync_status")
    revision = fields.String(attribute="record.revision")
    edited_by = fields.Nested(PersonSchema, attribute="record.edited_by", allow_none=True)
    created_at = Moment(attribute="record.created_at")
    updated_at = Moment(attribute="record.updated_at")


class OtherSchema(Schema):
    activity_id = fields.String(allow_none=True)
    by = fields.String(allow_none=True)
    kind = fields.String()
    visible = fields.Boolean()


class CanSchema(Schema):
    tick = fields.Boolean()
    untick = fields.Boolean()
    undo = fields.Boolean()
    add_activity = fields.Boolean()


class EventAnswerSchema(Schema):
    """Everything the pane says of a saved event, in one answer (T1)."""

    event = fields.Nested(EventSchema, allow_none=True)
    verdict = fields.Nested(VerdictSchema, allow_none=True)
    link = fields.Nested(LinkSchema, allow_none=True)
    activity = fields.Nested(ActivitySchema, allow_none=True)
    others = fields.List(fields.Nested(OtherSchema))
    can = fields.Nested(CanSchema)

    @pre_dump
    def lay_out(self, answer: EventAnswer, **_kwargs: Any) -> dict[str, Any]:
        """Put the attendees into the event, and the phase into the record."""
        return {
            "event": SeenEvent(answer.event, answer.matches) if answer.event else None,
            "verdict": answer.verdict,
            "link": answer.link,
            "activity": SeenActivity(answer.activity, answer.activity.phase(answer.now))
            if answer.activity
            else None,
            "others": answer.others,
            "can": answer.can,
        }


class WhySchema(Schema):
    code = fields.String()
    text = fields.String()


class NamedSchema(Schema):
    name = fields.String()


class HistoryLineSchema(Schema):
    """A :class:`~backend.services.answers.HistoryLine`."""

    id = fields.String()
    at = Moment()
    kind = fields.String()
    line = fields.String()
    message = fields.String()
    source = fields.String()
    trigger = fields.String(allow_none=True)
    state_before = fields.String(allow_none=True)
    state_after = fields.String(allow_none=True)
    by = fields.Nested(NamedSchema, allow_none=True)
    on_behalf_of = fields.Nested(NamedSchema, allow_none=True)
    codes = fields.List(fields.String())
    why = fields.List(fields.Nested(WhySchema))
    fields_ = fields.List(fields.String(), attribute="fields", data_key="fields")
    request_id = fields.String(allow_none=True)


class HistoryPageSchema(Schema):
    items = fields.List(fields.Nested(HistoryLineSchema))
    next = Cursor(allow_none=True)


class ContactSchema(Schema):
    id = fields.String()
    name = fields.String()
    emails = fields.List(fields.String())
    types = fields.List(fields.String())
    company_id = fields.String(allow_none=True)
    private = fields.Boolean()
    owner_id = fields.String(allow_none=True)


class ContactListSchema(Schema):
    items = fields.List(fields.Nested(ContactSchema))
    next = fields.String(allow_none=True)


class FirmSchema(Schema):
    """A firm's settings as far as the pane shows them, of a :class:`~backend…answers.Me`."""

    name = fields.String(attribute="firm")
    sync_enabled = fields.Boolean(attribute="policy.sync_enabled")
    paused = fields.Boolean(attribute="policy.paused")
    mode = fields.String(attribute="policy.mode")
    users_may_enable = fields.Boolean(attribute="policy.users_may_enable")
    past_days = fields.Integer(attribute="policy.past_days")
    future_days = fields.Integer(attribute="policy.future_days")
    category_name = fields.String(attribute="policy.category_name")
    category_color = fields.String(attribute="policy.category_color")
    activity_type = fields.String(attribute="policy.activity_type")


class PullProgressSchema(Schema):
    """A :class:`~backend.services.answers.PullProgress`."""

    since = Moment()
    pages = fields.Integer()
    events = fields.Integer()


class MeSchema(Schema):
    """A :class:`~backend.services.answers.Me`; members that PATCH takes have the same names."""

    id = fields.String()
    oid = fields.String()
    tenant_id = fields.String()
    name = fields.String()
    address = fields.String(allow_none=True)
    roles = fields.List(fields.String())
    firm = fields.Nested(FirmSchema)
    enabled = fields.Boolean()
    enabled_by_admin = fields.Boolean(allow_none=True)
    enabled_by_user = fields.Boolean(allow_none=True)
    mode = fields.String()
    may_enable = fields.Boolean()
    choosable_modes = fields.List(fields.String())
    block_list = fields.List(fields.String())
    default_activity_type = fields.String(allow_none=True)
    default_visibility = fields.String()
    server = fields.String(allow_none=True)
    checked_at = Moment(allow_none=True)
    changed_at = Moment(allow_none=True)
    written_at = Moment(allow_none=True)
    state = fields.String()
    progress = fields.Nested(PullProgressSchema, allow_none=True)
    problem = fields.String(allow_none=True)
    problem_since = Moment(allow_none=True)
    problem_advice = fields.String(allow_none=True)

    @pre_dump
    def lay_out(self, me: Me, **_kwargs: Any) -> dict[str, Any]:
        """The firm's name and settings become one member."""
        return {name: getattr(me, name) for name in self.fields} | {"firm": me}
