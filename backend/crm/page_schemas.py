"""The list answer of every collection: ``{"items": […], "next": cursor or null}``."""

from __future__ import annotations

from marshmallow import Schema, fields

from backend.crm.group_schemas import CrmGroupSchema
from backend.crm.schemas import (
    CrmActivitySchema,
    CrmAddressMatchSchema,
    CrmCompanySchema,
    CrmContactSchema,
    CrmContactTypeSchema,
    CrmInitiativeSchema,
    CrmOpportunitySchema,
)


class CrmActivityPageSchema(Schema):
    items = fields.List(fields.Nested(CrmActivitySchema))
    next = fields.String(allow_none=True)


class CrmContactPageSchema(Schema):
    items = fields.List(fields.Nested(CrmContactSchema))
    next = fields.String(allow_none=True)


class CrmContactTypePageSchema(Schema):
    items = fields.List(fields.Nested(CrmContactTypeSchema))
    next = fields.String(allow_none=True)


class CrmCompanyPageSchema(Schema):
    items = fields.List(fields.Nested(CrmCompanySchema))
    next = fields.String(allow_none=True)


class CrmOpportunityPageSchema(Schema):
    items = fields.List(fields.Nested(CrmOpportunitySchema))
    next = fields.String(allow_none=True)


class CrmInitiativePageSchema(Schema):
    items = fields.List(fields.Nested(CrmInitiativeSchema))
    next = fields.String(allow_none=True)


class CrmGroupPageSchema(Schema):
    items = fields.List(fields.Nested(CrmGroupSchema))
    next = fields.String(allow_none=True)


class CrmAddressMatchesSchema(Schema):
    items = fields.List(fields.Nested(CrmAddressMatchSchema))
