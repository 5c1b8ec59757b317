"""The JSON of a firm's settings and of their preview; business rules are not judged here."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from backend.api.fields import Moment
from backend.domain.competing import is_property, looks_like_property
from backend.domain.policy import (
    SHOW_AS,
    BlockedAddresses,
    Direction,
    PrivateEvents,
    SyncMode,
    UserAddress,
)

_ADDRESSES = validate.Length(max=1000)
_DOMAIN = re.compile(r"(?!-)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+", re.IGNORECASE)


def flag(**more: Any) -> fields.Boolean:
    """True or false of JSON, and no text that could mean it."""
    return fields.Boolean(truthy={True}, falsy={False}, **more)


def not_blank(text: str) -> None:
    if not text.strip():
        raise ValidationError("This must not be empty.")


def _domain(text: str) -> None:
    if _DOMAIN.fullmatch(text.strip()) is None:
        raise ValidationError("This is not a domain such as firm.example.")


def _mark(text: str) -> None:
    if looks_like_property(text) and not is_property(text.strip()):
        raise ValidationError(
            "Write a property as Graph does: String {GUID} Name its-name. A category has no braces."
        )


class ConfigurationSchema(Schema):
    """A firm's settings."""

    sync_enabled = flag()
    sync_enabled_at = Moment(dump_only=True, allow_none=True)
    paused = flag(dump_only=True)
    mode = fields.Enum(SyncMode, by_value=True)
    users_may_enable = flag()
    past_days = fields.Integer(strict=True, validate=validate.Range(1, 90))
    future_days = fields.Integer(strict=True, validate=validate.Range(1, 1827))
    commencement_date = fields.Date(
        allow_none=True,
        metadata={"description": "Events that ended before this day (UTC) are not synced."},
    )
    direction = fields.Enum(
        Direction,
        by_value=True,
        metadata={"description": "Only `from_microsoft` is there yet; 409 for the others."},
    )
    private_events = fields.Enum(PrivateEvents, by_value=True)
    sync_internal_manual = flag()
    sync_internal_automatic = flag()
    unmatched_manual = flag()
    unmatched_automatic = flag()
    blocked_addresses = fields.Enum(BlockedAddresses, by_value=True)
    block_list = fields.List(
        fields.String(validate=[validate.Length(max=320), not_blank]), validate=_ADDRESSES
    )
    verified_domains = fields.List(fields.String(), dump_only=True)
    further_domains = fields.List(
        fields.String(validate=[validate.Length(max=253), _domain]), validate=_ADDRESSES
    )
    contact_types = fields.List(
        fields.String(validate=[validate.Length(max=200), not_blank]), validate=_ADDRESSES
    )
    also_company_types = flag()
    exclude_personnel = flag()
    include_description = flag()
    include_location = flag()
    include_reminder = flag()
    show_as_values = fields.Dict(
        keys=fields.String(validate=validate.OneOf(SHOW_AS)),
        values=fields.String(validate=validate.Length(max=50)),
        metadata={"description": "What the CRM gets for Graph's words; others go as they are."},
    )
    added_activity_type = fields.String(allow_none=True, validate=validate.Length(max=200))
    add_companies = flag(
        metadata={
            "description": "Whether an added activity carries its contacts' companies by itself."
        }
    )
    user_address = fields.Enum(UserAddress, by_value=True)
    competing_marks = fields.List(
        fields.String(validate=[validate.Length(max=300), not_blank, _mark]),
        validate=validate.Length(max=50),
        metadata={"description": "Category names and ids of extended properties (Graph's form)."},
    )
    activity_type = fields.String(validate=[validate.Length(max=200), not_blank])
    category_name = fields.String(
        # Outlook separates categories by commas where it shows them in one line.
        validate=[validate.Length(max=255), not_blank, validate.ContainsNoneOf(",;")]
    )
    category_color = fields.String(
        validate=validate.Regexp(r"(none|preset([0-9]|1[0-9]|2[0-4]))\Z")
    )
    cancelled_records = fields.String(validate=validate.OneOf(("mark", "delete")))
    delete_synced_events = flag()
    log_days = fields.Integer(strict=True, validate=validate.Range(7, 3650))
    version = fields.Integer(dump_only=True)


class ConfigurationChangeSchema(ConfigurationSchema):
    """Some of the settings; what is left out stays as it is."""

    unqualified_records = fields.String(
        load_only=True,
        validate=validate.OneOf(("keep", "remove")),
        metadata={
            "description": "What becomes of existing records that do not qualify any more:"
            " `keep` (default), or `remove`, done step by step after saving."
        },
    )

    @pre_load
    def drop_read_only(self, data: Any, **_kwargs: Any) -> Any:
        """A page may send back the whole object that it was given."""
        if not isinstance(data, dict):
            return data
        fixed = {name for name, field in self.fields.items() if field.dump_only}
        return {name: value for name, value in data.items() if name not in fixed}


class SampleEventSchema(Schema):
    user = fields.String()
    event_id = fields.String()
    start = Moment()
    subject = fields.String(allow_none=True)
    because = fields.String(allow_none=True)
    change = fields.String()


class CompetingSyncSchema(Schema):
    """A mark of another sync that was found; ``product`` is empty for the firm's own marks."""

    mark = fields.String(attribute="mark.text")
    product = fields.String(attribute="mark.product")
    mailboxes = fields.Integer()
    events = fields.Integer()


class PreviewSchema(Schema):
    """What settings would do to the last 30 days; ``unqualified`` counts existing records."""

    records = fields.Integer()
    users = fields.Integer()
    added = fields.Integer()
    removed = fields.Integer()
    sample = fields.List(fields.Nested(SampleEventSchema))
    mailboxes = fields.Integer()
    mailboxes_read = fields.Integer()
    unqualified = fields.Integer(
        metadata={
            "description": "Existing records that would no longer qualify; they stay unless"
            " `unqualified_records` is `remove`."
        }
    )
    users_without_address = fields.Integer(
        metadata={"description": "Enabled users who have no address of the kind that is chosen."}
    )
    competing = fields.List(fields.Nested(CompetingSyncSchema))
