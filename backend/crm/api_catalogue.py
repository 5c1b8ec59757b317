"""``/contact-types``, ``/companies``, ``/opportunities``, ``/initiatives``: HTTP to catalogue."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue, Company
from backend.crm.models import ContactTypeRow, InitiativeRow, OpportunityRow
from backend.crm.page_schemas import (
    CrmCompanyPageSchema,
    CrmContactTypePageSchema,
    CrmInitiativePageSchema,
    CrmOpportunityPageSchema,
)
from backend.crm.paging import Page
from backend.crm.schemas import (
    CrmCompanyPatchSchema,
    CrmCompanySchema,
    CrmContactTypeSchema,
    CrmInitiativePatchSchema,
    CrmInitiativeSchema,
    CrmOpportunityPatchSchema,
    CrmOpportunityQuerySchema,
    CrmOpportunitySchema,
    CrmPageQuerySchema,
)

_query = CrmPageQuerySchema()
_opportunity_query = CrmOpportunityQuerySchema()
_type = CrmContactTypeSchema()
_type_page = CrmContactTypePageSchema()
_company = CrmCompanySchema()
_company_patch = CrmCompanyPatchSchema()
_company_page = CrmCompanyPageSchema()
_opportunity = CrmOpportunitySchema()
_opportunity_patch = CrmOpportunityPatchSchema()
_opportunity_page = CrmOpportunityPageSchema()
_initiative = CrmInitiativeSchema()
_initiative_patch = CrmInitiativePatchSchema()
_initiative_page = CrmInitiativePageSchema()

Fields = dict[str, Any]


def add_catalogue_routes(blueprint: Blueprint, catalogue: Catalogue) -> None:
    """List, read, make, change and remove everything that is the same for all of a firm."""
    _add_contact_types(blueprint, catalogue)
    _add_companies(blueprint, catalogue)
    _add_opportunities(blueprint, catalogue)
    _add_initiatives(blueprint, catalogue)


def _add_contact_types(blueprint: Blueprint, catalogue: Catalogue) -> None:
    @blueprint.route("/contact-types")
    @blueprint.arguments(_query, location="query")
    @blueprint.response(200, _type_page)
    def list_contact_types(query: Fields) -> Fields:
        """Contact types by name."""
        return _as_list(
            catalogue.contact_types(
                caller(), query=query["q"], limit=query["limit"], after=query["cursor"]
            )
        )

    @blueprint.route("/contact-types", methods=["POST"])
    @blueprint.arguments(_type)
    @blueprint.response(201, _type)
    def create_contact_type(given: Fields) -> ContactTypeRow:
        """Make a contact type (admins); 409 ``exists`` where the name is taken."""
        return catalogue.add_contact_type(caller(), given["name"])

    @blueprint.route("/contact-types/<type_id>")
    @blueprint.response(200, _type)
    def get_contact_type(type_id: str) -> ContactTypeRow:
        """One contact type."""
        return catalogue.contact_type(caller(), type_id)

    @blueprint.route("/contact-types/<type_id>", methods=["PATCH"])
    @blueprint.arguments(_type)
    @blueprint.response(200, _type)
    def rename_contact_type(given: Fields, type_id: str) -> ContactTypeRow:
        """Rename a contact type (admins); whoever carries it carries the new name."""
        return catalogue.rename_contact_type(caller(), type_id, given["name"])

    @blueprint.route("/contact-types/<type_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_contact_type(type_id: str) -> None:
        """Remove a contact type (admins); 409 ``in_use`` while anybody carries it."""
        catalogue.remove_contact_type(caller(), type_id)


def _add_companies(blueprint: Blueprint, catalogue: Catalogue) -> None:
    @blueprint.route("/companies")
    @blueprint.arguments(_query, location="query")
    @blueprint.response(200, _company_page)
    def list_companies(query: Fields) -> Fields:
        """Companies by name."""
        return _as_list(
            catalogue.companies(
                caller(), query=query["q"], limit=query["limit"], after=query["cursor"]
            )
        )

    @blueprint.route("/companies", methods=["POST"])
    @blueprint.arguments(_company)
    @blueprint.response(201, _company)
    def create_company(given: Fields) -> Company:
        """Make a company."""
        return catalogue.save_company(caller(), None, given)

    @blueprint.route("/companies/<company_id>")
    @blueprint.response(200, _company)
    def get_company(company_id: str) -> Company:
        """One company."""
        return catalogue.company(caller(), company_id)

    @blueprint.route("/companies/<company_id>", methods=["PATCH"])
    @blueprint.arguments(_company_patch)
    @blueprint.response(200, _company)
    def change_company(given: Fields, company_id: str) -> Company:
        """Change what is given."""
        return catalogue.save_company(caller(), company_id, given)

    @blueprint.route("/companies/<company_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_company(company_id: str) -> None:
        """Remove a company; 409 ``in_use`` while anything refers to it."""
        catalogue.remove_company(caller(), company_id)


def _add_opportunities(blueprint: Blueprint, catalogue: Catalogue) -> None:
    @blueprint.route("/opportunities")
    @blueprint.arguments(_opportunity_query, location="query")
    @blueprint.response(200, _opportunity_page)
    def list_opportunities(query: Fields) -> Fields:
        """Opportunities by name."""
        return _as_list(
            catalogue.opportunities(
                caller(),
                query=query["q"],
                company_id=query["company"],
                limit=query["limit"],
                after=query["cursor"],
            )
        )

    @blueprint.route("/opportunities", methods=["POST"])
    @blueprint.arguments(_opportunity)
    @blueprint.response(201, _opportunity)
    def create_opportunity(given: Fields) -> OpportunityRow:
        """Make an opportunity."""
        return catalogue.save_opportunity(caller(), None, given)

    @blueprint.route("/opportunities/<opportunity_id>")
    @blueprint.response(200, _opportunity)
    def get_opportunity(opportunity_id: str) -> OpportunityRow:
        """One opportunity."""
        return catalogue.opportunity(caller(), opportunity_id)

    @blueprint.route("/opportunities/<opportunity_id>", methods=["PATCH"])
    @blueprint.arguments(_opportunity_patch)
    @blueprint.response(200, _opportunity)
    def change_opportunity(given: Fields, opportunity_id: str) -> OpportunityRow:
        """Change what is given."""
        return catalogue.save_opportunity(caller(), opportunity_id, given)

    @blueprint.route("/opportunities/<opportunity_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_opportunity(opportunity_id: str) -> None:
        """Remove an opportunity; 409 ``in_use`` while an activity names it."""
        catalogue.remove_opportunity(caller(), opportunity_id)


def _add_initiatives(blueprint: Blueprint, catalogue: Catalogue) -> None:
    @blueprint.route("/initiatives")
    @blueprint.arguments(_query, location="query")
    @blueprint.response(200, _initiative_page)
    def list_initiatives(query: Fields) -> Fields:
        """Initiatives by name."""
        return _as_list(
            catalogue.initiatives(
                caller(), query=query["q"], limit=query["limit"], after=query["cursor"]
            )
        )

    @blueprint.route("/initiatives", methods=["POST"])
    @blueprint.arguments(_initiative)
    @blueprint.response(201, _initiative)
    def create_initiative(given: Fields) -> InitiativeRow:
        """Make an initiative."""
        return catalogue.save_initiative(caller(), None, given)

    @blueprint.route("/initiatives/<initiative_id>")
    @blueprint.response(200, _initiative)
    def get_initiative(initiative_id: str) -> InitiativeRow:
        """One initiative."""
        return catalogue.initiative(caller(), initiative_id)

    @blueprint.route("/initiatives/<initiative_id>", methods=["PATCH"])
    @blueprint.arguments(_initiative_patch)
    @blueprint.response(200, _initiative)
    def change_initiative(given: Fields, initiative_id: str) -> InitiativeRow:
        """Change what is given."""
        return catalogue.save_initiative(caller(), initiative_id, given)

    @blueprint.route("/initiatives/<initiative_id>", methods=["DELETE"])
    @blueprint.response(204)
    def remove_initiative(initiative_id: str) -> None:
        """Remove an initiative; 409 ``in_use`` while an activity names it."""
        catalogue.remove_initiative(caller(), initiative_id)


def _as_list(page: Page[Any]) -> Fields:
    return {"items": page.items, "next": page.next}
