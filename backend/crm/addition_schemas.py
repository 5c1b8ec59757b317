"""The JSON of records added by hand, pickers and new contacts, for another instance (C2, T6)."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from backend.crm.fields import Text
from backend.crm.models import ADDRESS_LENGTH, ID_LENGTH
from backend.crm.schemas import (
    LONGEST_NAME,
    LONGEST_QUERY,
    LONGEST_TEXT,
    MOST_REFERENCES,
    CrmDraftSchema,
    CrmReferenceSchema,
)
from backend.domain.crm import Listing


def _ids() -> fields.List[str]:
    return fields.List(
        Text(ID_LENGTH, shortest=1),
        load_default=list,
        validate=validate.Length(max=MOST_REFERENCES),
    )


class CrmAdditionSchema(CrmDraftSchema):
    """A record that a member of the firm adds by hand, with what he files it under."""

    notes = Text(LONGEST_TEXT, load_default="")
    company_ids = _ids()
    opportunity_ids = _ids()
    initiative_ids = _ids()
    regarding = fields.Nested(CrmReferenceSchema, load_default=None, allow_none=True)
    with_companies = fields.Boolean(load_default=True, truthy={True}, falsy={False})
    by_id = Text(ID_LENGTH, load_default=None, allow_none=True)


class CrmEntrySchema(Schema):
    """One row of a picker."""

    id = fields.String()
    name = fields.String()
    detail = fields.String()


class CrmEntriesSchema(Schema):
    items = fields.List(fields.Nested(CrmEntrySchema))


class CrmEntryQuerySchema(Schema):
    listing = fields.Enum(Listing, by_value=True, required=True)
    q = Text(LONGEST_QUERY, load_default="")
    id = fields.List(
        Text(ID_LENGTH, shortest=1),
        load_default=list,
        validate=validate.Length(max=MOST_REFERENCES),
        metadata={"description": "Only the entries with these ids; ``q`` does not count then."},
    )
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class CrmTypeNamesSchema(Schema):
    contact_types = fields.List(fields.String())
    activity_types = fields.List(fields.String())


class CrmNewContactSchema(Schema):
    name = Text(LONGEST_NAME, shortest=1, required=True)
    address = Text(ADDRESS_LENGTH, load_default="")
