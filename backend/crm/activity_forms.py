"""What the forms of an activity's pages send, as the changes the API's schema checks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from backend.crm.presentation import form_moment, zone_of
from backend.crm.problems import CrmError, invalid
from backend.crm.schemas import CrmActivityPatchSchema
from backend.domain.crm import ActivityDraft

_patch = CrmActivityPatchSchema()

Form = MultiDict[str, str]


def additions_from_form(form: Form) -> dict[str, Any]:
    """Notes, opportunities, initiatives and, where the form has it, visibility."""
    given: dict[str, Any] = {
        "notes": unix_lines(form.get("notes", "")),
        "opportunity_ids": form.getlist("opportunity"),
        "initiative_ids": form.getlist("initiative"),
    }
    if "visibility" in form:
        given["visibility"] = form["visibility"]
    if "regarding" in form:
        given["regarding"] = regarding_from_form(form)
    return _checked(given)


def regarding_from_form(form: Form) -> dict[str, str] | None:
    """``company:ID`` and the like; empty for nothing."""
    kind, _, reference_id = form.get("regarding", "").partition(":")
    return {"kind": kind, "id": reference_id} if kind else None


def content_from_form(form: Form, before: ActivityDraft) -> dict[str, Any]:
    """The Outlook-filled fields of the form; times that were not touched keep their seconds."""
    given: dict[str, Any] = {
        name: form[name] for name in ("subject", "type", "location") if name in form
    }
    if "description" in form:
        given["description"] = unix_lines(form["description"])
    if before.all_day:
        given |= _dates(form, before)
    else:
        zone, _ = zone_of(before)
        for name, moment in (("start", before.start), ("end", before.end)):
            if form.get(name, "") != form_moment(moment, zone):
                given[name] = moment_of(name, form.get(name, ""), zone)
    return _checked(given)


def _dates(form: Form, before: ActivityDraft) -> dict[str, str]:
    """New days move start and end by the same number of days."""
    assert before.start_date is not None
    assert before.end_date is not None
    first = _day("start_date", form.get("start_date", ""))
    last = _day("last_date", form.get("last_date", ""))
    try:
        end_date = last + timedelta(days=1)
        start = before.start + (first - before.start_date)
        end = before.end + (end_date - before.end_date)
    except OverflowError:
        raise invalid("start_date", "This day is out of range.") from None
    return {
        "start_date": first.isoformat(),
        "end_date": end_date.isoformat(),
        "start": start.isoformat(),
        "end": end.isoformat(),
    }


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(name, "Not a day.") from None


def moment_of(name: str, text: str, zone: tzinfo) -> str:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise invalid(name, "Not a date and time.") from None


def _checked(given: dict[str, Any]) -> dict[str, Any]:
    try:
        loaded: dict[str, Any] = _patch.load(given)
    except ValidationError as error:
        raise CrmError(
            422,
            "validation",
            "Some of this cannot be saved.",
            extra={"errors": error.messages_dict},
        ) from error
    return loaded


def unix_lines(text: str) -> str:
    """Browsers send text areas with CRLF; untouched text must come back as it was stored."""
    return text.replace("\r\n", "\n")
