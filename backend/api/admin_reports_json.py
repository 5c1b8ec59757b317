"""The JSON of log, explanation and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from backend.api.fields import Cursor, Moment
from backend.api.paging import FilteredPageSchema
from backend.services.reports import LogFilter

_TEXT = validate.Length(max=320)
_LONG = validate.Length(max=1024)
_KINDS = ("decision", "write", "refusal", "skip", "failure", "look", "run")


class LogFilterSchema(Schema):
    """Which lines of the log."""

    errors = fields.Boolean(load_default=False)
    user = fields.String(load_default=None, validate=_TEXT)
    event_id = fields.String(load_default=None, validate=_LONG)
    code = fields.String(load_default=None, validate=validate.Regexp(r"\w{0,64}\Z"))
    kind = fields.String(load_default=None, validate=validate.OneOf(_KINDS))
    from_ = Moment(load_default=None, data_key="from")
    to = Moment(load_default=None)
    q = fields.String(load_default=None, validate=_TEXT)

    def filter_of(self, data: Mapping[str, Any]) -> LogFilter:
        return LogFilter(
            errors=data["errors"],
            user=(data["user"] or "").strip() or None,
            event_id=data["event_id"] or None,
            code=data["code"] or None,
            kind=data["kind"],
            since=data["from_"],
            until=data["to"],
            q=(data["q"] or "").strip() or None,
        )


class LogExportQuerySchema(LogFilterSchema):
    @post_load
    def to_filter(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {"chosen": self.filter_of(data)}


class LogQuerySchema(LogFilterSchema, FilteredPageSchema):
    """Which page of them."""

    cursor = Cursor(load_default=None)


class LogWhySchema(Schema):
    code = fields.String()
    text = fields.String()


class LogLineSchema(Schema):
    id = fields.String()
    at = Moment()
    kind = fields.String()
    line = fields.String()
    message = fields.String()
    user = fields.String()
    mailbox_id = fields.String()
    event_id = fields.String(
        allow_none=True, metadata={"description": "Null: the line is about a whole mailbox."}
    )
    ical_uid = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    codes = fields.List(fields.String())
    why = fields.List(fields.Nested(LogWhySchema))
    outcome = fields.String()
    error = fields.String(allow_none=True)
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    request_id = fields.String(allow_none=True)
    processed = fields.Integer(
        metadata={"description": "Of a look at a mailbox: events that Outlook showed; else 1."}
    )
    synced = fields.Integer(
        metadata={"description": "Of a look: events passed on to be written; else 1 for a write."}
    )
    errors = fields.Integer()
    duration_ms = fields.Integer(allow_none=True)
    looks = fields.Integer(
        metadata={"description": "How many looks that failed the same way this line stands for."}
    )
    quiet_looks = fields.Integer(
        metadata={"description": "How many looks before it had found nothing."}
    )
    is_notified = fields.Boolean(
        allow_none=True, metadata={"description": "Whether Microsoft had told of a change."}
    )


class LogPageSchema(Schema):
    items = fields.List(fields.Nested(LogLineSchema))
    next = Cursor(allow_none=True)


class RetryQuerySchema(Schema):
    days = fields.Integer(load_default=30, validate=validate.Range(1, 365))


class RungSchema(Schema):
    """What is tried again."""

    links = fields.Integer()
    mailboxes = fields.Integer()


class EventKeySchema(Schema):
    """An event by its iCalUId, or by an id and the owner's address or object id."""

    ical_uid = fields.String(load_default=None, allow_none=True, validate=_LONG)
    event_id = fields.String(
        load_default=None, allow_none=True, validate=validate.Regexp(r"[A-Za-z0-9+/_=-]{1,512}\Z")
    )
    mailbox = fields.String(load_default=None, allow_none=True, validate=_TEXT)

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if not data["ical_uid"] and not (data["event_id"] and data["mailbox"]):
            raise ValidationError({"ical_uid": ["Send ical_uid, or event_id and mailbox."]})

    @post_load
    def empty_is_none(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value or None for name, value in data.items()}


class RuleSchema(Schema):
    code = fields.String()
    passed = fields.Boolean(allow_none=True)
    text = fields.String(allow_none=True)


class ExplainedLinkSchema(Schema):
    id = fields.String()
    state = fields.String()
    reason = fields.String(allow_none=True)
    reason_text = fields.String(allow_none=True)
    origin = fields.String()
    blocked_by = fields.String(allow_none=True)
    blocked_text = fields.String(allow_none=True)
    opted_out = fields.Boolean()
    activity_id = fields.String(allow_none=True)
    last_change_seen_at = Moment(allow_none=True)
    written_at = Moment(allow_none=True)
    next_attempt_at = Moment(allow_none=True)


class ExplanationSchema(Schema):
    user = fields.String()
    mailbox_id = fields.String()
    event_id = fields.String()
    ical_uid = fields.String(allow_none=True)
    subject = fields.String(allow_none=True)
    link = fields.Nested(ExplainedLinkSchema, allow_none=True)
    judged_at = Moment(allow_none=True)
    rules = fields.List(fields.Nested(RuleSchema))
    lines = fields.List(fields.Nested(LogLineSchema))


class JudgementSchema(Schema):
    origin = fields.String()
    eligible = fields.Boolean()
    rules = fields.List(fields.Nested(RuleSchema))


class ReplaySchema(Schema):
    found = fields.Boolean()
    at = Moment()
    request_id = fields.String(allow_none=True)
    judgements = fields.List(fields.Nested(JudgementSchema))


class DaySchema(Schema):
    day = fields.String()
    manual = fields.Integer()
    automatic = fields.Integer()


class EndingSchema(Schema):
    id = fields.String()
    name = fields.String()
    expires_at = Moment()


def _counts() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer())


class DashboardSchema(Schema):
    at = Moment()
    synced_per_day = fields.List(fields.Nested(DaySchema))
    links = _counts()
    by_origin = _counts()
    errors_by_code = _counts()
    mailboxes_by_state = _counts()
    problems = _counts()
    lag_p50 = fields.Float(allow_none=True)
    lag_p95 = fields.Float(allow_none=True)
    lag_samples = fields.Integer()
    secrets_ending = fields.List(fields.Nested(EndingSchema))
    subscriptions = _counts()
