"""Contact types: everybody sees the list, admins make, rename and remove them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue
from backend.crm.models import ContactTypeRow
from backend.crm.page_tools import PAGE, checked, loaded, page, paging, storable_id
from backend.crm.problems import CrmError, forbidden, invalid
from backend.crm.schemas import CrmContactTypeSchema, CrmPageQuerySchema

_page_query = CrmPageQuerySchema()
_type = CrmContactTypeSchema()


def add_contact_type_pages(blueprint: Blueprint, catalogue: Catalogue) -> None:
    """List, make, rename, remove."""
    pages = _ContactTypePages(catalogue)
    for rule, view, method in (
        ("/contact-types", pages.contact_types, "GET"),
        ("/contact-types/new", pages.new_contact_type, "GET"),
        ("/contact-types/new", pages.add_contact_type, "POST"),
        ("/contact-types/<type_id>/edit", pages.edit_contact_type, "GET"),
        ("/contact-types/<type_id>/edit", pages.save_contact_type, "POST"),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=[method])


class _ContactTypePages:
    """One method per page and act; the catalogue says what may not be done, and why."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def contact_types(self) -> str:
        query = loaded(_page_query)
        found = self._catalogue.contact_types(
            caller(), query=query["q"], limit=PAGE, after=query["cursor"]
        )
        return page(
            "contact_types",
            types=found.items,
            saved="saved" in request.args,
            query=query,
            **paging(found.next, query["cursor"]),
        )

    def new_contact_type(self) -> str:
        _demand_admin()
        return _form(None)

    def add_contact_type(self) -> AnyResponse | tuple[str, int]:
        _demand_admin()
        try:
            self._catalogue.add_contact_type(caller(), _name())
        except CrmError as refusal:
            return _form(None, refusal), refusal.status
        return _back()

    def edit_contact_type(self, type_id: str) -> str:
        _demand_admin()
        return _form(self._catalogue.contact_type(caller(), storable_id(type_id)))

    def save_contact_type(self, type_id: str) -> AnyResponse | tuple[str, int]:
        _demand_admin()
        row = self._catalogue.contact_type(caller(), storable_id(type_id))
        try:
            if request.form.get("act") == "remove":
                if "sure" not in request.form:
                    raise invalid("sure", "Please say that you are sure.")
                self._catalogue.remove_contact_type(caller(), row.id)
            else:
                self._catalogue.rename_contact_type(caller(), row.id, _name())
        except CrmError as refusal:
            return _form(row, refusal), refusal.status
        return _back()


def _name() -> str:
    given: dict[str, Any] = checked(_type, {"name": request.form.get("name", "").strip()})
    name: str = given["name"]
    return name


def _form(row: ContactTypeRow | None, refusal: CrmError | None = None) -> str:
    name = row.name if row else ""
    return page(
        "contact_type_form",
        type=row,
        refusal=refusal,
        name=name if refusal is None else request.form.get("name", ""),
    )


def _back() -> AnyResponse:
    return redirect(url_for("crm_pages.contact_types", saved=1), 303)


def _demand_admin() -> None:
    if not caller().is_admin:
        raise forbidden("Only an administrator changes contact types.")
