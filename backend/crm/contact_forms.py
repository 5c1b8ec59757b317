"""The forms that make and change a contact, and those that make a record by hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backend.crm.activity_forms import Form, moment_of, regarding_from_form, unix_lines
from backend.crm.page_tools import checked
from backend.crm.problems import invalid
from backend.crm.schemas import CrmActivityPostSchema, CrmContactPostSchema
from backend.domain.crm import EVERYONE

_contact = CrmContactPostSchema()
_activity = CrmActivityPostSchema()

ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Zurich",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Sao_Paulo",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Hong_Kong",
    "Asia/Singapore",
    "Asia/Tokyo",
    "Australia/Sydney",
)


def contact_from_form(form: Form) -> dict[str, Any]:
    """Name, addresses (one a line), types, company, private.

    Raises: CrmError 422.
    """
    lines = unix_lines(form.get("emails", "")).split("\n")
    given = {
        "name": form.get("name", "").strip(),
        "emails": list(dict.fromkeys(line.strip() for line in lines if line.strip())),
        "types": form.getlist("types"),
        "company_id": form.get("company_id") or None,
        "private": "private" in form,
    }
    return checked(_contact, given)


def activity_from_form(form: Form) -> dict[str, Any]:
    """A whole record made by hand; ``request_id`` makes that a second click makes no second one.

    Raises: CrmError 422.
    """
    given: dict[str, Any] = {
        "request_id": form.get("request_id", ""),
        "subject": form.get("subject", "").strip(),
        "type": form.get("type", "").strip(),
        "location": form.get("location", ""),
        "description": unix_lines(form.get("description", "")),
        "notes": unix_lines(form.get("notes", "")),
        "visibility": form.get("visibility", EVERYONE),
        "regarding": regarding_from_form(form),
        "company_ids": form.getlist("company"),
        "opportunity_ids": form.getlist("opportunity"),
        "initiative_ids": form.getlist("initiative"),
        "contacts": [{"contact_id": each} for each in form.getlist("contact")],
    }
    if not given["subject"]:
        raise invalid("subject", "Please say what it was about.")
    return checked(_activity, given | _times(form))


def _times(form: Mapping[str, str]) -> dict[str, Any]:
    zone_name = form.get("time_zone", "UTC")
    if zone_name not in ZONES:
        raise invalid("time_zone", "Unknown time zone.")
    zone = ZoneInfo(zone_name)
    if "all_day" not in form:
        return {
            "time_zone": zone_name,
            "start": moment_of("start", form.get("start", ""), zone),
            "end": moment_of("end", form.get("end", ""), zone),
        }
    first = _day_of("start", form.get("start", ""))
    last = _day_of("end", form.get("end", ""))
    try:
        end = last + timedelta(days=1)
    except OverflowError:
        raise invalid("end", "This day is out of range.") from None
    return {
        "time_zone": zone_name,
        "all_day": True,
        "start_date": first.isoformat(),
        "end_date": end.isoformat(),
        "start": f"{first.isoformat()}T00:00:00Z",
        "end": f"{end.isoformat()}T00:00:00Z",
    }


def _day_of(name: str, text: str) -> date:
    """The day of a date-and-time field."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise invalid(name, "Not a date and time.") from None
