"""The pages of contacts, companies, opportunities and initiatives: lists, and one with its grid."""

from __future__ import annotations

from flask import Blueprint, request

from backend.crm.activity_desk import ActivityDesk
from backend.crm.alert_desk import AlertDesk
from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.grids import grid
from backend.crm.page_tools import CHOICES, PAGE, loaded, page, paging, storable_id
from backend.crm.schemas import CrmContactQuerySchema, CrmPageQuerySchema
from backend.domain.ports import Clock

_contact_query = CrmContactQuerySchema()
_page_query = CrmPageQuerySchema()


def add_directory_pages(
    blueprint: Blueprint,
    contacts: ContactDesk,
    catalogue: Catalogue,
    activities: ActivityDesk,
    alerts: AlertDesk,
    clock: Clock,
) -> None:
    """Everything that is only looked at."""
    pages = _DirectoryPages(contacts, catalogue, activities, alerts, clock)
    for rule, view in (
        ("/contacts", pages.contacts),
        ("/contacts/<contact_id>", pages.contact),
        ("/companies", pages.companies),
        ("/companies/<company_id>", pages.company),
        ("/opportunities", pages.opportunities),
        ("/opportunities/<opportunity_id>", pages.opportunity),
        ("/initiatives", pages.initiatives),
        ("/initiatives/<initiative_id>", pages.initiative),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=["GET"])


class _DirectoryPages:
    """One method per page."""

    def __init__(
        self,
        contacts: ContactDesk,
        catalogue: Catalogue,
        activities: ActivityDesk,
        alerts: AlertDesk,
        clock: Clock,
    ) -> None:
        self._alerts = alerts
        self._contacts = contacts
        self._catalogue = catalogue
        self._activities = activities
        self._clock = clock

    def contacts(self) -> str:
        query = loaded(_contact_query)
        found = self._contacts.page(
            caller(),
            query=query["q"],
            type_name=query["type"] or None,
            limit=PAGE,
            after=query["cursor"],
        )
        companies = (contact.company_id for contact in found.items if contact.company_id)
        return page(
            "contacts",
            contacts=found.items,
            companies=self._catalogue.names(caller(), "company", companies),
            types=self._catalogue.contact_types(caller(), limit=CHOICES).items,
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def contact(self, contact_id: str) -> str:
        contact = self._contacts.get(caller(), storable_id(contact_id))
        company = (
            self._catalogue.company(caller(), contact.company_id) if contact.company_id else None
        )
        return page(
            "contact",
            contact=contact,
            company=company,
            follows=self._alerts.follows(caller(), contact_id),
            saved="saved" in request.args,
            **grid(self._activities, self._clock, ("contact", contact_id)),
        )

    def companies(self) -> str:
        query = loaded(_page_query)
        found = self._catalogue.companies(
            caller(), query=query["q"], limit=PAGE, after=query["cursor"]
        )
        return page(
            "companies",
            companies=found.items,
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def company(self, company_id: str) -> str:
        company = self._catalogue.company(caller(), storable_id(company_id))
        contacts = self._contacts.page(caller(), company_id=company_id, limit=CHOICES)
        opportunities = self._catalogue.opportunities(
            caller(), company_id=company_id, limit=CHOICES
        )
        return page(
            "company",
            company=company,
            contacts=contacts.items,
            more_contacts=contacts.next is not None,
            opportunities=opportunities.items,
            **grid(self._activities, self._clock, ("company", company_id)),
        )

    def opportunities(self) -> str:
        query = loaded(_page_query)
        found = self._catalogue.opportunities(
            caller(), query=query["q"], limit=PAGE, after=query["cursor"]
        )
        company_ids = (row.company_id for row in found.items if row.company_id)
        return page(
            "opportunities",
            opportunities=found.items,
            companies=self._catalogue.names(caller(), "company", company_ids),
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def opportunity(self, opportunity_id: str) -> str:
        row = self._catalogue.opportunity(caller(), storable_id(opportunity_id))
        ids = [row.company_id] if row.company_id else []
        return page(
            "opportunity",
            opportunity=row,
            companies=self._catalogue.names(caller(), "company", ids),
            **grid(self._activities, self._clock, ("opportunity", opportunity_id)),
        )

    def initiatives(self) -> str:
        query = loaded(_page_query)
        found = self._catalogue.initiatives(
            caller(), query=query["q"], limit=PAGE, after=query["cursor"]
        )
        return page(
            "initiatives",
            initiatives=found.items,
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def initiative(self, initiative_id: str) -> str:
        row = self._catalogue.initiative(caller(), storable_id(initiative_id))
        return page(
            "initiative",
            initiative=row,
            **grid(self._activities, self._clock, ("initiative", initiative_id)),
        )
