"""``/api/admin/reconciliation``: compare Outlook, links and CRM, and mend what differs (A10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from backend.api.admin_json import MOST_IDS, BulkAnswerSchema, OperationSchema
from backend.api.authentication import caller
from backend.api.fields import Cursor, Moment
from backend.api.paging import FilteredPageSchema, PageQuerySchema
from backend.domain.reconciliation import Drift, Fix
from backend.services.administration.desk import Administration
from backend.services.administration.reconciliation import FindingFilter
from backend.services.administration.repairs import Chosen

_ID = validate.Regexp(r"[0-9A-Za-z-]{1,64}\Z")


class DriftFixOfferSchema(Schema):
    """What may be done about a kind of drift; ``consequence`` is said before it is."""

    fix = fields.Enum(Fix, by_value=True)
    name = fields.String()
    consequence = fields.String()
    destructive = fields.Boolean()


class DriftKindSchema(Schema):
    kind = fields.Enum(Drift, by_value=True)
    text = fields.String()
    count = fields.Integer()
    fixes = fields.List(fields.Nested(DriftFixOfferSchema))


class UnreadSchema(Schema):
    """A mailbox that the last comparison could not read to its end, and why."""

    mailbox_id = fields.String()
    user = fields.String(allow_none=True)
    code = fields.String()


class ReconciledSchema(Schema):
    """Where the comparison of the firm stands."""

    total = fields.Integer()
    kinds = fields.List(fields.Nested(DriftKindSchema))
    running = fields.Nested(OperationSchema, allow_none=True)
    last = fields.Nested(OperationSchema, allow_none=True)
    unread = fields.List(fields.Nested(UnreadSchema))
    next_at = Moment(allow_none=True)


class DriftsQuerySchema(FilteredPageSchema, PageQuerySchema):
    """Which findings."""

    kind = fields.Enum(Drift, by_value=True, load_default=None)
    user = fields.String(load_default=None, validate=validate.Length(max=320))
    fixed = fields.Boolean(load_default=None)

    def filter_of(self, data: Mapping[str, Any]) -> FindingFilter:
        kind = data["kind"].value if data["kind"] is not None else None
        return FindingFilter(kind, (data["user"] or "").strip() or None, data["fixed"])


class DriftFindingSchema(Schema):
    """Codes and ids only; subjects are never here."""

    id = fields.String()
    kind = fields.String()
    text = fields.String()
    user = fields.String(allow_none=True)
    mailbox_id = fields.String(allow_none=True)
    event_id = fields.String(allow_none=True)
    ical_uid = fields.String(allow_none=True)
    activity_id = fields.String(allow_none=True)
    found_at = Moment()
    fixed_at = Moment(allow_none=True)


class DriftsPageSchema(Schema):
    items = fields.List(fields.Nested(DriftFindingSchema))
    next = Cursor(allow_none=True)


class DriftFixSchema(Schema):
    """Findings by ids, or all of a kind; ``expected``: as many as the admin was told at most."""

    fix = fields.Enum(Fix, by_value=True, required=True)
    ids = fields.List(fields.String(validate=_ID), validate=validate.Length(1, MOST_IDS))
    kind = fields.Enum(Drift, by_value=True)
    expected = fields.Integer(strict=True, validate=validate.Range(0), load_default=None)

    @validates_schema
    def check_one(self, data: Mapping[str, Any], **_kwargs: Any) -> None:
        if ("ids" in data) == ("kind" in data):
            raise ValidationError({"ids": ["Send either ids or a kind."]})

    @post_load
    def to_chosen(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        chosen = Chosen(tuple(data.get("ids", ())), data.get("kind"), data["expected"])
        return {"chosen": chosen, "fix": data["fix"]}


def add_reconciliation(api: Blueprint, administration: Administration) -> None:
    """Put what support sees, too, into the views' blueprint."""

    @api.get("/reconciliation")
    @api.response(200, ReconciledSchema)
    def show_reconciliation() -> Any:
        """How many findings there are of each kind, the last comparison and the next one."""
        return administration.reconciliation.summary(caller())

    @api.get("/reconciliation/findings")
    @api.arguments(DriftsQuerySchema, location="query")
    @api.response(200, DriftsPageSchema)
    def list_findings(query: dict[str, Any]) -> Any:
        """What does not agree, newest first."""
        return administration.reconciliation.page(
            caller(), query["chosen"], limit=query["limit"], after=query["after"]
        )


def add_reconciliation_acts(api: Blueprint, administration: Administration) -> None:
    """Put what only admins may do into theirs."""

    @api.post("/reconciliation")
    @api.response(202, OperationSchema)
    def reconcile() -> Any:
        """Compare all mailboxes and records now; a comparison that is going on is answered."""
        return administration.reconciliation.begin(caller())

    @api.post("/reconciliation/fix")
    @api.arguments(DriftFixSchema)
    @api.response(200, BulkAnswerSchema)
    @api.alt_response(202, schema=BulkAnswerSchema, description="Goes on in the background.")
    def fix(body: dict[str, Any]) -> Any:
        """Have findings mended by the road, of a kind at most 20,000; 412: more than expected."""
        answer = administration.repairs.fix(caller(), body["chosen"], body["fix"])
        return answer, 202 if answer.operation is not None else 200
