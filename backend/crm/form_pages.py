"""The pages where people make and change contacts and make records by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.crm.activity_desk import ActivityDesk
from backend.crm.additions import ACTIVITY_TYPES
from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.contact_forms import ZONES, activity_from_form, contact_from_form
from backend.crm.group_desk import GroupDesk
from backend.crm.page_choices import about_choices, audiences
from backend.crm.page_tools import CHOICES, page, storable_id
from backend.crm.problems import CrmError
from backend.crm.schemas import LONGEST_QUERY
from backend.crm.text import is_storable
from backend.domain.crm import EVERYONE, Contact, ReferenceKind
from backend.domain.ports import Clock

_FOUND = 20


def add_form_pages(
    blueprint: Blueprint,
    contacts: ContactDesk,
    catalogue: Catalogue,
    activities: ActivityDesk,
    groups: GroupDesk,
    clock: Clock,
) -> None:
    """New contact, edit contact, new activity."""
    pages = _FormPages(contacts, catalogue, activities, groups, clock)
    for rule, view, method in (
        ("/contacts/new", pages.new_contact, "GET"),
        ("/contacts/new", pages.add_contact, "POST"),
        ("/contacts/<contact_id>/edit", pages.edit_contact, "GET"),
        ("/contacts/<contact_id>/edit", pages.save_contact, "POST"),
        ("/activities/new", pages.new_activity, "GET"),
        ("/activities/new", pages.add_activity, "POST"),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])


class _FormPages:
    """One method per page and act."""

    def __init__(
        self,
        contacts: ContactDesk,
        catalogue: Catalogue,
        activities: ActivityDesk,
        groups: GroupDesk,
        clock: Clock,
    ) -> None:
        self._groups = groups
        self._contacts = contacts
        self._catalogue = catalogue
        self._activities = activities
        self._clock = clock

    def new_contact(self) -> str:
        return self._contact_form(None)

    def add_contact(self) -> AnyResponse | tuple[str, int]:
        try:
            made = self._contacts.add(caller(), contact_from_form(request.form))
        except CrmError as refusal:
            return self._contact_form(None, refusal), refusal.status
        return redirect(url_for("crm_pages.contact", contact_id=made.id, saved=1), 303)

    def edit_contact(self, contact_id: str) -> str:
        return self._contact_form(self._contacts.get(caller(), storable_id(contact_id)))

    def save_contact(self, contact_id: str) -> AnyResponse | tuple[str, int]:
        """What the form shows becomes the contact; only a change is told to the sync."""
        contact = self._contacts.get(caller(), storable_id(contact_id))
        try:
            self._contacts.change(caller(), contact_id, contact_from_form(request.form))
        except CrmError as refusal:
            return self._contact_form(contact, refusal), refusal.status
        return redirect(url_for("crm_pages.contact", contact_id=contact_id, saved=1), 303)

    def _contact_form(self, contact: Contact | None, refusal: CrmError | None = None) -> str:
        form = request.form if refusal is not None else None
        emails = "\n".join(contact.emails) if contact else ""
        company_id = contact.company_id if contact else None
        companies = {
            row.id: row.name for row in self._catalogue.companies(caller(), limit=CHOICES).items
        }
        if company_id is not None:
            companies |= self._catalogue.names(caller(), "company", [company_id])
        return page(
            "contact_form",
            contact=contact,
            refusal=refusal,
            companies=companies,
            types=self._catalogue.contact_types(caller(), limit=CHOICES).items,
            values={
                "name": form.get("name", "") if form else contact.name if contact else "",
                "emails": form.get("emails", "") if form else emails,
                "types": form.getlist("types") if form else contact.types if contact else (),
                "company_id": form.get("company_id", "") if form else company_id,
                "private": "private" in form if form else contact is not None and contact.private,
            },
        )

    def new_activity(self) -> str:
        return self._activity_form(request.args)

    def add_activity(self) -> AnyResponse | tuple[str, int]:
        """Saved, or the form again: searched for contacts, or with what does not fit."""
        if request.form.get("act") == "search":
            return self._activity_form(request.form), 200
        try:
            made, _ = self._activities.create(caller(), activity_from_form(request.form))
        except CrmError as refusal:
            return self._activity_form(request.form, refusal), refusal.status
        return redirect(url_for("crm_pages.activity", activity_id=made.id, saved=1), 303)

    def _activity_form(self, given: Any, refusal: CrmError | None = None) -> str:
        """``given`` is the form sent before, or an address with ``contact`` and ``company``."""
        search = given.get("contact_search", "")[:LONGEST_QUERY]
        chosen = self._chosen(given.getlist("contact"))
        found = (
            self._contacts.page(caller(), query=search, limit=_FOUND).items
            if search.strip() and is_storable(search)
            else ()
        )
        companies = {contact.company_id for contact in chosen if contact.company_id}
        companies |= {each for each in given.getlist("company") if is_storable(each)}
        begins = self._clock().replace(minute=0, second=0, microsecond=0)
        texts = {
            name: given.get(name, default)
            for name, default in {
                "subject": "",
                "type": ACTIVITY_TYPES[0],
                "time_zone": "UTC",
                "location": "",
                "description": "",
                "notes": "",
                "visibility": EVERYONE,
                "regarding": "",
                "request_id": str(uuid4()),
                "start": f"{begins:%Y-%m-%dT%H:%M}",
                "end": f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}",
            }.items()
        }
        initiatives = self._catalogue.initiatives(caller(), limit=CHOICES).items
        filed = {
            ReferenceKind.COMPANY: self._catalogue.names(caller(), "company", companies),
            ReferenceKind.CONTACT: {contact.id: contact.name for contact in chosen},
            ReferenceKind.OPPORTUNITY: self._opportunities(companies, given.getlist("opportunity")),
            ReferenceKind.INITIATIVE: {row.id: row.name for row in initiatives},
        }
        return page(
            "activity_new",
            refusal=refusal,
            values=texts | {"all_day": "all_day" in given},
            activity_types=ACTIVITY_TYPES,
            zones=ZONES,
            search=search,
            chosen=chosen,
            found=[contact for contact in found if contact not in chosen],
            companies=filed[ReferenceKind.COMPANY],
            chosen_companies=given.getlist("company"),
            opportunities=filed[ReferenceKind.OPPORTUNITY],
            chosen_opportunities=given.getlist("opportunity"),
            initiatives=filed[ReferenceKind.INITIATIVE],
            chosen_initiatives=given.getlist("initiative"),
            about=about_choices(filed),
            audiences=audiences(self._groups, texts["visibility"]),
        )

    def _chosen(self, contact_ids: list[str]) -> list[Contact]:
        """Those the caller may see; a made-up id is left out."""
        chosen: dict[str, Contact] = {}
        for contact_id in contact_ids[:CHOICES]:
            try:
                chosen[contact_id] = self._contacts.get(caller(), storable_id(contact_id))
            except CrmError:
                continue
        return list(chosen.values())

    def _opportunities(self, company_ids: set[str], chosen: list[str]) -> dict[str, str]:
        known = [each for each in chosen if is_storable(each)][:CHOICES]
        choices = self._catalogue.names(caller(), "opportunity", known)
        for company_id in sorted(company_ids):
            found = self._catalogue.opportunities(caller(), company_id=company_id, limit=CHOICES)
            choices |= {row.id: row.name for row in found.items}
        return choices
