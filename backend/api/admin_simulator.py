"""``/api/admin/simulator``: what settings would make of the last 30 days, part by part (A8)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from backend.api.authentication import caller
from backend.api.configuration_json import (
    ConfigurationChangeSchema,
    SampleEventSchema,
    flag,
)
from backend.api.fields import NameCursor
from backend.services.administration.desk import Administration


class SimulationSchema(Schema):
    """Settings as the configuration names them; what is left out is as it is."""

    settings = fields.Nested(ConfigurationChangeSchema, load_default=dict)
    everybody = flag(
        load_default=False,
        metadata={"description": "Count users with a server who are not enabled, too."},
    )
    cursor = NameCursor(load_default=None, allow_none=True)


class SimulatedUserSchema(Schema):
    id = fields.String()
    name = fields.String()
    address = fields.String(allow_none=True)
    records = fields.Integer()
    added = fields.Integer()
    removed = fields.Integer()


class SimulatedPartSchema(Schema):
    """The numbers of some calendars. Ask again with ``next`` and add up until it is null."""

    calendars = fields.Integer()
    unreadable = fields.Integer()
    total = fields.Integer(metadata={"description": "How many calendars there are in all parts."})
    events = fields.Integer()
    records = fields.Integer()
    added = fields.Integer()
    removed = fields.Integer()
    by_code = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Why events are not chosen; one may have several reasons."},
    )
    by_user = fields.List(fields.Nested(SimulatedUserSchema))
    sample = fields.List(fields.Nested(SampleEventSchema))
    next = NameCursor(allow_none=True)


def add_simulator(api: Blueprint, administration: Administration) -> None:
    """Put the call into the admins' blueprint: it reads every calendar."""

    @api.post("/simulator")
    @api.arguments(SimulationSchema)
    @api.response(200, SimulatedPartSchema)
    def simulate(body: dict[str, Any]) -> Any:
        """The records of the last 30 days by these settings, of as many calendars as there is
        time for; writes nothing.
        """
        body["settings"].pop("unqualified_records", None)
        return administration.simulation.next_part(
            caller(), body["settings"], everybody=body["everybody"], after=body["cursor"]
        )
