"""``/api/admin/brake``: what stopped a mailbox, and the admin's decision about it (L7)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from backend.api.authentication import caller
from backend.api.fields import Moment
from backend.domain.fate import Consequence, Happened
from backend.services.administration.desk import Administration

_ONE = "/brake/<string:mailbox_id>"


class BrakeSchema(Schema):
    decision = fields.String(required=True, validate=validate.OneOf(("let_go", "hold")))


class HeldEventSchema(Schema):
    event_id = fields.String()
    ends_at = Moment(allow_none=True)
    happened = fields.String(validate=validate.OneOf([each.value for each in Happened]))
    follows = fields.String(validate=validate.OneOf([each.value for each in Consequence]))


def _counts(text: str) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": text}
    )


class BrakeReportSchema(Schema):
    """Why a mailbox has stopped (L7), and what comes of either decision, in numbers."""

    user = fields.String()
    since = Moment(allow_none=True)
    followed = fields.Integer(metadata={"description": "How many events rest."})
    is_read = fields.Boolean(metadata={"description": "Whether the calendar could be read now."})
    went = _counts("What had gone before the brake stopped the rest, by line of the log.")
    waiting = _counts("What Outlook shows of the resting events now.")
    let_go = _counts("What becomes of their records if it is let happen.")
    hold = _counts("If it is taken back: `restored`, `unfollowed`, `followed` records.")
    sample = fields.List(fields.Nested(HeldEventSchema))


def add_brake_view(api: Blueprint, administration: Administration) -> None:
    """Put what support sees, too, into the views' blueprint."""

    @api.get(_ONE)
    @api.response(200, BrakeReportSchema)
    def show_brake(mailbox_id: str) -> Any:
        """What stopped a mailbox, and what either decision would do; 409 if it has not stopped."""
        return administration.brake.show(caller(), mailbox_id)


def add_brake_acts(api: Blueprint, administration: Administration) -> None:
    """Put what only admins may do into theirs."""

    @api.post(_ONE)
    @api.arguments(BrakeSchema)
    @api.response(204)
    def decide(body: dict[str, Any], mailbox_id: str) -> None:
        """Let the many changes of a stopped mailbox happen, or take them back."""
        let_go = body["decision"] == "let_go"
        administration.pauses.decide(caller(), mailbox_id, let_go=let_go)
