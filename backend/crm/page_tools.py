"""What every page of the CRM needs: rendering, the query string, refusals, the form's token."""

from __future__ import annotations

import hmac
from datetime import date, timedelta
from typing import Any

from flask import g, render_template, request, url_for
from marshmallow import Schema, ValidationError

from backend.crm import presentation
from backend.crm.answers import caller
from backend.crm.problems import CrmError, forbidden
from backend.crm.text import is_storable

PAGE = 50
CHOICES = 200
_KEPT_BY_PAGING = ("q", "type", "from", "to", "period", "kind", "by")


def page(template: str, **context: Any) -> str:
    """The page ``crm/<template>.html`` for whoever is signed in."""
    return render_template(
        f"crm/{template}.html",
        caller=caller(),
        csrf_token=g.crm_csrf,
        say=presentation,
        section=template,
        unread=g.crm_unread(),
        **context,
    )


def loaded(schema: Schema) -> dict[str, Any]:
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


def storable_id(row_id: str) -> str:
    """Raises: CrmError 404 for an id no database takes."""
    if not is_storable(row_id):
        raise CrmError(404, "not_found", "There is no such page.")
    return row_id


def paging(following: str | None, cursor: str | None) -> dict[str, str | None]:
    """Where to go from the page of a list that begins at ``cursor``, for its template.

    ``following``: where the next page begins. Both addresses keep this list's filters.
    """
    here = request.endpoint or ""
    return {
        "next_page": None if following is None else url_for(here, **_kept(), cursor=following),
        "first_page": None if cursor is None else url_for(here, **_kept()),
    }


def revision_in_form() -> str:
    return request.form.get("revision", "")


def demand_csrf(expected: str) -> None:
    """Raises: CrmError 403 when the form does not carry the session's token."""
    given = request.form.get("csrf_token", "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise forbidden("This form is too old or not ours. Go back, reload the page, try again.")


def refused(refusal: CrmError) -> tuple[str, int]:
    """The page that tells a refusal no form shows."""
    signed_in = "crm_caller" in g
    text = render_template(
        "crm/problem.html",
        refusal=refusal,
        caller=caller() if signed_in else None,
        section="",
        unread=0,
    )
    return text, refusal.status


def checked(schema: Schema, given: dict[str, Any]) -> dict[str, Any]:
    """What a form says, as the API's schema takes it.

    Raises: CrmError 422 with the fields that do not fit.
    """
    try:
        content: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise CrmError(
            422, "validation", "Some of this cannot be saved.", extra={"errors": error.messages}
        ) from error
    return content


def _kept() -> dict[str, Any]:
    kept = {name: request.args[name] for name in _KEPT_BY_PAGING if request.args.get(name)}
    return {**kept, **(request.view_args or {})}


def _midnight(name: str, text: str) -> str:
    """A day of a form's date field as a moment: ``from`` begins with it, ``to`` includes it."""
    try:
        first = date.fromisoformat(text)
        until = first + timedelta(days=1) if name == "to" else first
    except (ValueError, OverflowError):
        raise ValidationError({name: ["Not a day."]}) from None
    return f"{until.isoformat()}T00:00:00Z"
