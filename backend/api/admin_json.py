"""The JSON of the administration, in and out; business rules are not judged here."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from typing import Any

from marshmallow import (
    Schema,
    ValidationError,
    fields,
    post_load,
    validate,
    validates_schema,
)

from backend.api.configuration_json import not_blank
from backend.api.fields import Cursor, Moment, NameCursor
from backend.api.paging import FilteredPageSchema
from backend.domain.policy import SyncMode
from backend.services.administration.people_filter import PeopleFilter

_ID = validate.Regexp(r"[0-9A-Za-z-]{1,64}\Z")
_STATES = (
    "firm_off",
    "paused",
    "no_server",
    "disabled",
    "problem",
    "watching",
    "first_pull",
    "resync",
)
_CLOUDS = ("global", "us_gov_l4", "us_gov_l5", "china")
MOST_IDS = 20_000
MOST_BYTES = 75_000
"""Of a certificate file."""


class AuditLineSchema(Schema):
    id = fields.String()
    at = Moment()
    by = fields.String()
    by_address = fields.String(allow_none=True)
    act = fields.String()
    target_kind = fields.String()
    target_id = fields.String(allow_none=True)
    target_name = fields.String(
        allow_none=True, metadata={"description": "Null: it has no name, or is gone."}
    )
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")


class AuditPageSchema(Schema):
    items = fields.List(fields.Nested(AuditLineSchema))
    next = Cursor(allow_none=True)


class PauseSchema(Schema):
    """What to pause or resume; ``id`` of the server or mailbox."""

    level = fields.String(
        load_default="firm", validate=validate.OneOf(("firm", "server", "mailbox"))
    )
    id = fields.String(load_default=None, allow_none=True, validate=_ID)

    @validates_schema
    def check_id(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if data["level"] != "firm" and not data["id"]:
            raise ValidationError({"id": ["Say which one."]})


class PausedSchema(Schema):
    paused = fields.Boolean()
    changed = fields.Boolean(metadata={"description": "False: it was so already."})


class PeopleFilterSchema(Schema):
    """Whom a list shows."""

    q = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    state = fields.String(load_default=None, allow_none=True, validate=validate.OneOf(_STATES))
    server = fields.String(
        load_default=None,
        allow_none=True,
        validate=_ID,
        metadata={"description": "A server's id, or `none`."},
    )
    enabled = fields.Boolean(load_default=None, allow_none=True)
    problem = fields.Boolean(load_default=None, allow_none=True)

    def filter_of(self, data: Mapping[str, Any]) -> PeopleFilter:
        server = data["server"]
        return PeopleFilter(
            q=(data["q"] or "").strip() or None,
            state=data["state"],
            server_id=None if server == "none" else server,
            has_server=False if server == "none" else None,
            enabled=data["enabled"],
            has_problem=data["problem"],
        )


class ChosenFilterSchema(PeopleFilterSchema):
    @post_load
    def to_filter(self, data: dict[str, Any], **_kwargs: Any) -> PeopleFilter:
        return self.filter_of(data)


class PeopleQuerySchema(PeopleFilterSchema, FilteredPageSchema):
    """Which page of the people."""

    cursor = NameCursor(load_default=None)


class PersonRowSchema(Schema):
    id = fields.String()
    mailbox_id = fields.String()
    name = fields.String()
    address = fields.String(allow_none=True)
    server_id = fields.String(allow_none=True)
    server_name = fields.String(allow_none=True)
    enabled_by_admin = fields.Boolean(allow_none=True)
    enabled_by_user = fields.Boolean(allow_none=True)
    enabled = fields.Boolean()
    mode = fields.Enum(SyncMode, by_value=True)
    paused = fields.Boolean()
    checked_at = Moment(allow_none=True)
    changed_at = Moment(allow_none=True)
    written_at = Moment(allow_none=True)
    state = fields.String()
    problem = fields.String(allow_none=True)
    problem_text = fields.String(allow_none=True)


class PeoplePageSchema(Schema):
    items = fields.List(fields.Nested(PersonRowSchema))
    next = NameCursor(allow_none=True)
    total = fields.Integer()


class ChosenSchema(Schema):
    """Ids of users, or a filter: everybody whom the list would show."""

    ids = fields.List(fields.String(validate=_ID), validate=validate.Length(max=MOST_IDS))
    filter = fields.Nested(ChosenFilterSchema)

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if ("ids" in data) == ("filter" in data):
            raise ValidationError({"ids": ["Send either ids or a filter."]})

    @post_load
    def to_chosen(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        chosen = data["filter"] if "filter" in data else data["ids"]
        return {"chosen": chosen, "server_id": data.get("server_id")}


class AssignmentSchema(ChosenSchema):
    server_id = fields.String(required=True, validate=_ID)


class ImportSchema(Schema):
    """Which server's directory; without one the firm's first."""

    server_id = fields.String(load_default=None, allow_none=True, validate=_ID)
    ids = fields.List(fields.String(validate=_ID), validate=validate.Length(max=MOST_IDS))
    filter = fields.Dict()


class RowResultSchema(Schema):
    id = fields.String()
    ok = fields.Boolean()
    code = fields.String(allow_none=True)
    name = fields.String(allow_none=True)


class OperationSchema(Schema):
    id = fields.String()
    kind = fields.String()
    state = fields.String()
    total = fields.Integer(allow_none=True)
    done = fields.Integer()
    failed = fields.Integer()
    items = fields.List(fields.Nested(RowResultSchema))
    problem = fields.String(allow_none=True)
    created_at = Moment()
    finished_at = Moment(allow_none=True)


class BulkAnswerSchema(Schema):
    items = fields.List(fields.Nested(RowResultSchema))
    operation = fields.Nested(OperationSchema, allow_none=True)


class ServerSchema(Schema):
    """An online server; its secrets are never shown."""

    id = fields.String()
    name = fields.String()
    cloud = fields.String()
    tenant_id = fields.String()
    client_id = fields.String()
    has_secret = fields.Boolean()
    has_certificate = fields.Boolean()
    expires_at = Moment(allow_none=True)
    paused = fields.Boolean()
    can_write = fields.Boolean(allow_none=True)
    users = fields.Integer()
    problem = fields.String(allow_none=True)


class ServerListSchema(Schema):
    items = fields.List(fields.Nested(ServerSchema))
    next = fields.String(allow_none=True, dump_default=None)


class Base64(fields.Field[bytes]):
    """Bytes of a file in the alphabet of RFC 4648."""

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> bytes:
        try:
            found: bytes = base64.b64decode(value, validate=True)
        except (TypeError, ValueError):
            raise ValidationError("This is not base64.") from None
        if not 0 < len(found) <= MOST_BYTES:
            raise ValidationError("This is no certificate file.")
        return found


def _cloud(text: str) -> None:
    if text in ("on_premises", "onprem", "exchange_server"):
        raise ValidationError(
            "Exchange on premises is not supported: only mailboxes in Exchange Online can be"
            " synced."
        )
    validate.OneOf(_CLOUDS)(text)


class ServerChangeSchema(Schema):
    """What to change of a server; ``null`` takes a secret or certificate away."""

    name = fields.String(validate=[validate.Length(max=200), not_blank])
    cloud = fields.String(validate=_cloud)
    tenant_id = fields.UUID()
    client_id = fields.UUID()
    secret = fields.String(allow_none=True, validate=validate.Length(1, 1000), load_only=True)
    certificate_pem = fields.String(
        allow_none=True, validate=validate.Length(1, 100_000), load_only=True
    )
    certificate_pfx = Base64(
        load_only=True, metadata={"description": "A PFX (PKCS #12) file, in base64."}
    )
    certificate_password = fields.String(
        allow_none=True, validate=validate.Length(max=1000), load_only=True
    )
    expires_at = Moment(allow_none=True)

    @post_load
    def to_texts(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {
            name: str(value) if isinstance(value, uuid.UUID) else value
            for name, value in data.items()
        }


class NewServerSchema(ServerChangeSchema):
    name = fields.String(required=True, validate=[validate.Length(max=200), not_blank])
    cloud = fields.String(load_default="global", validate=_cloud)
    tenant_id = fields.UUID(required=True)
    client_id = fields.UUID(required=True)


class ServerTestRequestSchema(Schema):
    """The address of a mailbox that must be readable; without one some users' are tried."""

    mailbox = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=320))


class ServerCheckSchema(Schema):
    code = fields.String()
    ok = fields.Boolean()
    text = fields.String()
    fix = fields.String(allow_none=True)


class ServerTestSchema(Schema):
    ok = fields.Boolean()
    checks = fields.List(fields.Nested(ServerCheckSchema))
