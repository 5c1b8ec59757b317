"""``/api/admin/person``: what is stored about somebody, as numbers, as a file, and its end (X6).

Addresses travel in bodies: an address in a path would stand in every log on the way.
"""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from backend.api.admin_json import OperationSchema
from backend.api.authentication import caller
from backend.services.administration.desk import Administration

_ADDRESS = validate.Regexp(r"\s{0,9}[^\s@\x00-\x1f]{1,160}@[^\s@\x00-\x1f]{1,150}\s{0,9}\Z")


class PersonAddressSchema(Schema):
    """Whom it is about."""

    address = fields.String(required=True, validate=_ADDRESS)


class PersonErasureSchema(PersonAddressSchema):
    """``confirm``: the address once more, typed by the administrator."""

    confirm = fields.String(required=True, validate=validate.Length(max=320))


class PersonContactSchema(Schema):
    id = fields.String()
    name = fields.String()
    emails = fields.List(fields.String())
    private = fields.Boolean()


class DossierSchema(Schema):
    """What there is, in numbers; ``numbers`` has no entry for what does not apply."""

    addresses = fields.List(fields.String())
    member_name = fields.String(allow_none=True)
    user_id = fields.String(allow_none=True)
    contacts = fields.List(fields.Nested(PersonContactSchema))
    numbers = fields.Dict(keys=fields.String(), values=fields.Integer())
    crm_knows_people = fields.Boolean()
    is_erased = fields.Boolean()
    is_self = fields.Boolean()


class LiftedSchema(Schema):
    lifted = fields.Boolean()


def add_person(api: Blueprint, administration: Administration) -> None:
    """Put what only admins may ask for into theirs."""

    @api.post("/person/find")
    @api.arguments(PersonAddressSchema)
    @api.response(200, DossierSchema)
    def find_person(body: dict[str, Any]) -> Any:
        """How much is stored about whoever has this address; the look is in the audit."""
        return administration.persons.find(caller(), body["address"])

    @api.post("/person/export")
    @api.arguments(PersonAddressSchema)
    @api.response(200, {"type": "object"}, content_type="application/json")
    def export_person(body: dict[str, Any]) -> Response:
        """All of it as a file; the export is in the audit."""
        text = administration.persons.export(caller(), body["address"])
        named = {
            "Content-Disposition": 'attachment; filename="person.json"',
            "Cache-Control": "no-store",
        }
        return Response(text, content_type="application/json; charset=utf-8", headers=named)

    @api.post("/person/erase")
    @api.arguments(PersonErasureSchema)
    @api.response(202, OperationSchema)
    def erase_person(body: dict[str, Any]) -> Any:
        """Erase the person for good, in the background."""
        return administration.person_erasure.begin(
            caller(), body["address"], confirm=body["confirm"]
        )

    @api.post("/person/lift")
    @api.arguments(PersonAddressSchema)
    @api.response(200, LiftedSchema)
    def lift_erasure(body: dict[str, Any]) -> Any:
        """Let records name an erased person again; what was erased does not come back."""
        return {"lifted": administration.person_erasure.lift(caller(), body["address"])}
