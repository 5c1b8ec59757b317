"""The CRM's plain pages under ``/crm``: contacts, companies, activities; forms without scripts."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, g, redirect, render_template, request, url_for
from marshmallow import ValidationError
from werkzeug.wrappers import Response as AnyResponse

from backend.crm import presentation
from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk, ActivityFilter
from backend.crm.activity_forms import additions_from_form, content_from_form
from backend.crm.answers import caller
from backend.crm.catalogue import Catalogue
from backend.crm.contact_desk import ContactDesk
from backend.crm.problems import CrmError, forbidden, invalid
from backend.crm.schemas import CrmActivityQuerySchema, CrmContactQuerySchema, CrmPageQuerySchema
from backend.crm.text import is_storable
from backend.domain.crm import Activity, ActivityKind, SyncStatus
from backend.domain.ports import Clock
from backend.sql import Database

AuthenticatePage = Callable[[], CrmCaller | Response]
CsrfToken = Callable[[], str]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_LARGEST_FORM = 2 * 1024 * 1024
_PAGE = 50
_CHOICES = 200
_KEPT_BY_PAGING = ("q", "type", "from", "to")

_contact_query = CrmContactQuerySchema()
_activity_query = CrmActivityQuerySchema()
_page_query = CrmPageQuerySchema()


def crm_pages(
    database: Database, clock: Clock, authenticate_page: AuthenticatePage, csrf_token: CsrfToken
) -> Blueprint:
    """The blueprint; register it with ``url_prefix="/crm"``.

    ``authenticate_page`` answers who is signed in, or the response that leads to the sign-in.
    ``csrf_token`` answers the session's token: forms carry it, and without it nothing is changed.
    """
    blueprint = Blueprint(
        "crm_pages",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    pages = CrmPages(ActivityDesk(database, clock), ContactDesk(database, clock), database, clock)

    @blueprint.before_request
    def identify() -> AnyResponse | None:
        if request.endpoint == f"{blueprint.name}.static":
            return None
        request.max_content_length = request.max_form_memory_size = _LARGEST_FORM
        signed_in = authenticate_page()
        if isinstance(signed_in, AnyResponse):
            return signed_in
        g.crm_caller, g.crm_csrf = signed_in, csrf_token()
        if request.method == "POST":
            _demand_csrf(g.crm_csrf)
        return None

    @blueprint.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != f"{blueprint.name}.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    blueprint.register_error_handler(CrmError, _refused)
    for rule, view, methods in (
        ("/", pages.start, ["GET"]),
        ("/contacts", pages.contacts, ["GET"]),
        ("/contacts/<contact_id>", pages.contact, ["GET"]),
        ("/companies", pages.companies, ["GET"]),
        ("/companies/<company_id>", pages.company, ["GET"]),
        ("/activities", pages.activities, ["GET"]),
        ("/activities/<activity_id>", pages.activity, ["GET"]),
        ("/activities/<activity_id>", pages.save_additions, ["POST"]),
        ("/activities/<activity_id>/edit", pages.edit, ["GET"]),
        ("/activities/<activity_id>/edit", pages.save_edit, ["POST"]),
    ):
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)
    return blueprint


class CrmPages:
    """One method per page."""

    def __init__(
        self, activities: ActivityDesk, contacts: ContactDesk, database: Database, clock: Clock
    ) -> None:
        self._activities = activities
        self._contacts = contacts
        self._catalogue = Catalogue(database, clock)
        self._clock = clock

    def start(self) -> AnyResponse:
        return redirect(url_for("crm_pages.contacts"))

    def contacts(self) -> str:
        query = _loaded(_contact_query)
        found = self._contacts.page(
            caller(),
            query=query["q"],
            type_name=query["type"] or None,
            limit=_PAGE,
            after=query["cursor"],
        )
        types = self._catalogue.contact_types(caller(), limit=_CHOICES)
        companies = (contact.company_id for contact in found.items if contact.company_id)
        return _page(
            "contacts",
            contacts=found.items,
            companies=self._catalogue.names(caller(), "company", companies),
            types=types.items,
            query=query,
            next_page=_next_page(found.next),
        )

    def contact(self, contact_id: str) -> str:
        contact = self._contacts.get(caller(), _storable(contact_id))
        company = (
            self._catalogue.company(caller(), contact.company_id) if contact.company_id else None
        )
        return _page(
            "contact", contact=contact, company=company, **self._grid(("contact", contact_id))
        )

    def companies(self) -> str:
        query = _loaded(_page_query)
        found = self._catalogue.companies(
            caller(), query=query["q"], limit=_PAGE, after=query["cursor"]
        )
        return _page(
            "companies", companies=found.items, query=query, next_page=_next_page(found.next)
        )

    def company(self, company_id: str) -> str:
        company = self._catalogue.company(caller(), _storable(company_id))
        contacts = self._contacts.page(caller(), company_id=company_id, limit=_CHOICES)
        opportunities = self._catalogue.opportunities(
            caller(), company_id=company_id, limit=_CHOICES
        )
        return _page(
            "company",
            company=company,
            contacts=contacts.items,
            opportunities=opportunities.items,
            **self._grid(("company", company_id)),
        )

    def activities(self) -> str:
        return _page("activities", query=_loaded(_activity_query), **self._grid(None))

    def activity(self, activity_id: str) -> str:
        return self._activity_page(self._activities.get(caller(), _storable(activity_id)))

    def save_additions(self, activity_id: str) -> AnyResponse | tuple[str, int]:
        """Notes, opportunities, initiatives, visibility: never unlink a synced record (L4)."""
        activity = self._activities.get(caller(), _storable(activity_id))
        try:
            changes = additions_from_form(request.form)
            self._activities.edit(caller(), activity_id, _revision_in_form(), changes)
        except CrmError as refusal:
            return self._activity_page(activity, refusal), refusal.status
        return redirect(url_for("crm_pages.activity", activity_id=activity_id, saved=1), 303)

    def edit(self, activity_id: str) -> str:
        return self._edit_page(self._activities.get(caller(), _storable(activity_id)))

    def save_edit(self, activity_id: str) -> AnyResponse | tuple[str, int]:
        """The Outlook-filled fields: for a synced record only with the warning confirmed (L4)."""
        activity = self._activities.get(caller(), _storable(activity_id))
        try:
            if _needs_warning(activity) and "understood" not in request.form:
                raise invalid("understood", "Please confirm that you have read the warning.")
            if request.form.get("act") == "remove":
                self._activities.remove(caller(), activity_id, _revision_in_form())
                return redirect(url_for("crm_pages.activities"), 303)
            changes = content_from_form(request.form, activity.draft)
            self._activities.edit(caller(), activity_id, _revision_in_form(), changes)
        except CrmError as refusal:
            return self._edit_page(activity, refusal), refusal.status
        return redirect(url_for("crm_pages.activity", activity_id=activity_id, saved=1), 303)

    def _grid(self, mention: tuple[str, str] | None) -> dict[str, Any]:
        """A page of activities with what the grid's template needs."""
        query = _loaded(_activity_query)
        wanted = ActivityFilter(
            mention=mention,
            starts_from=query["from_"],
            starts_before=query["to"],
            query=query["q"],
        )
        found = self._activities.page(caller(), wanted, limit=_PAGE, after=query["cursor"])
        return {
            "activities": found.items,
            "next_page": _next_page(found.next),
            "is_first_page": query["cursor"] is None,
            "now": self._clock(),
        }

    def _activity_page(self, activity: Activity, refusal: CrmError | None = None) -> str:
        names = {
            kind: self._catalogue.names(caller(), kind, ids)
            for kind, ids in (
                ("company", activity.company_ids),
                ("opportunity", activity.opportunity_ids),
                ("initiative", activity.initiative_ids),
            )
        }
        form = request.form if refusal is not None else None
        return _page(
            "activity",
            activity=activity,
            names=names,
            opportunities=self._opportunity_choices(activity, names["opportunity"]),
            initiatives={
                row.id: row.name
                for row in self._catalogue.initiatives(caller(), limit=_CHOICES).items
            }
            | names["initiative"],
            notes=form.get("notes", "") if form else activity.notes,
            chosen_opportunities=form.getlist("opportunity") if form else activity.opportunity_ids,
            chosen_initiatives=form.getlist("initiative") if form else activity.initiative_ids,
            visibility=form.get("visibility", "everyone") if form else activity.visibility,
            may_set_visibility=activity.draft.owner_id in (None, caller().user_id),
            refusal=refusal,
            saved="saved" in request.args,
            now=self._clock(),
        )

    def _opportunity_choices(self, activity: Activity, chosen: dict[str, str]) -> dict[str, str]:
        """The opportunities of the record's companies, and those already chosen."""
        choices = dict(chosen)
        for company_id in activity.company_ids:
            page = self._catalogue.opportunities(caller(), company_id=company_id, limit=_CHOICES)
            choices |= {row.id: row.name for row in page.items}
        return choices

    def _edit_page(self, activity: Activity, refusal: CrmError | None = None) -> str:
        zone, zone_name = presentation.zone_of(activity.draft)
        draft = activity.draft
        last_day = draft.end_date - timedelta(days=1) if draft.end_date else None
        values = {
            "subject": draft.subject,
            "type": draft.type,
            "location": draft.location,
            "description": draft.description,
            "start": presentation.form_moment(draft.start, zone),
            "end": presentation.form_moment(draft.end, zone),
            "start_date": draft.start_date.isoformat() if draft.start_date else "",
            "last_date": last_day.isoformat() if last_day else "",
        }
        if refusal is not None:
            values |= {name: request.form.get(name, "") for name in values}
        return _page(
            "activity_edit",
            activity=activity,
            values=values,
            zone_name=zone_name,
            needs_warning=_needs_warning(activity),
            refusal=refusal,
        )


def _needs_warning(activity: Activity) -> bool:
    """Whether a change would end a link to Outlook: one that has ended already needs no warning."""
    is_followed = activity.draft.sync_status is SyncStatus.SYNCED and activity.edited_by is None
    return activity.kind is ActivityKind.SYNCED and is_followed


def _page(template: str, **context: Any) -> str:
    return render_template(
        f"crm/{template}.html",
        caller=caller(),
        csrf_token=g.crm_csrf,
        say=presentation,
        section=template,
        **context,
    )


def _loaded(schema: CrmPageQuerySchema) -> dict[str, Any]:
    """The query string; what does not fit is told as the page's problem."""
    known = {field.data_key or name for name, field in schema.fields.items()}
    given = {name: value for name, value in request.args.items() if value and name in known}
    try:
        given |= {name: _midnight(name, given[name]) for name in ("from", "to") if name in given}
        query: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise CrmError(
            422, "validation", "This address is not complete.", extra={"errors": error.messages}
        ) from error
    return query


def _midnight(name: str, text: str) -> str:
    """A day of a form's date field as a moment: ``from`` begins with it, ``to`` includes it."""
    try:
        first = date.fromisoformat(text)
        until = first + timedelta(days=1) if name == "to" else first
    except (ValueError, OverflowError):
        raise ValidationError({name: ["Not a day."]}) from None
    return f"{until.isoformat()}T00:00:00Z"


def _storable(row_id: str) -> str:
    """Raises: CrmError 404 for an id no database takes."""
    if not is_storable(row_id):
        raise CrmError(404, "not_found", "There is no such page.")
    return row_id


def _next_page(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    kept = {name: request.args[name] for name in _KEPT_BY_PAGING if name in request.args}
    arguments = {**kept, **(request.view_args or {}), "cursor": cursor}
    return url_for(request.endpoint or "", **arguments)


def _revision_in_form() -> str:
    return request.form.get("revision", "")


def _demand_csrf(expected: str) -> None:
    given = request.form.get("csrf_token", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise forbidden("This form is too old or not ours. Go back, reload the page, try again.")


def _refused(refusal: CrmError) -> tuple[str, int]:
    signed_in = "crm_caller" in g
    page = render_template(
        "crm/problem.html", refusal=refusal, caller=caller() if signed_in else None, section=""
    )
    return page, refusal.status
