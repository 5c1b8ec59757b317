"""Graph JSON of events, calendars, categories, people, groups, firms.

Every member of the v1.0 type that Graph sends by default is there, null or empty if unset.
Finished events are kept with the copy until it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from backend.sandbox.directory import Group, Person, Tenant
from backend.sandbox.exchange import bodies, zones
from backend.sandbox.exchange.model import (
    Calendar,
    EventKind,
    Json,
    MasterCategory,
    StoredEvent,
)

_DEFAULT_VIEW = (False, "UTC", False)


def event_json(
    event: StoredEvent,
    *,
    immutable_ids: bool,
    time_zone: str = "UTC",
    text_body: bool = False,
) -> Json:
    """The complete event with its etag; treat it as read-only, because it is kept and shared.

    Raises ExchangeError 400 for an unknown time zone.
    """
    view = (immutable_ids, time_zone, text_body)
    found: Json | None = event.rendered.get(view)
    if found is None:
        found = _event(event, immutable_ids, time_zone, text_body)
        event.rendered[view] = found
    return found


def _event(event: StoredEvent, immutable_ids: bool, time_zone: str, text_body: bool) -> Json:
    fields = event.fields
    item_id = event.immutable_id if immutable_ids else event.id
    change_key = event.change_key
    rendered: Json = {
        "@odata.etag": f'W/"{change_key}"',
        "id": item_id,
        "createdDateTime": zones.trimmed(event.created, len(event.ical_uid)),
        "lastModifiedDateTime": zones.trimmed(event.modified, event.version),
        "changeKey": change_key,
        "categories": fields["categories"],
        "transactionId": fields["transactionId"],
        "originalStartTimeZone": fields["originalStartTimeZone"],
        "originalEndTimeZone": fields["originalEndTimeZone"],
        "iCalUId": event.ical_uid,
        "reminderMinutesBeforeStart": fields["reminderMinutesBeforeStart"],
        "isReminderOn": fields["isReminderOn"],
        "hasAttachments": fields["hasAttachments"],
        "subject": fields["subject"],
        "bodyPreview": fields["bodyPreview"],
        "importance": fields["importance"],
        "sensitivity": fields["sensitivity"],
    }
    if event.original_start is not None:
        rendered["originalStart"] = zones.trimmed(event.original_start)
    rendered |= {
        "isAllDay": fields["isAllDay"],
        "isCancelled": fields["isCancelled"],
        "isOrganizer": fields["isOrganizer"],
        "responseRequested": fields["responseRequested"],
        "seriesMasterId": _master_id(event, immutable_ids),
        "showAs": fields["showAs"],
        "type": event.kind.value,
        "webLink": (
            f"https://outlook.office365.com/owa/?itemid={quote(event.id, safe='')}"
            "&exvsurl=1&path=/calendar/item"
        ),
        "onlineMeetingUrl": fields["onlineMeetingUrl"],
        "isOnlineMeeting": fields["isOnlineMeeting"],
        "onlineMeetingProvider": fields["onlineMeetingProvider"],
        "allowNewTimeProposals": fields["allowNewTimeProposals"],
        "isDraft": fields["isDraft"],
        "hideAttendees": fields["hideAttendees"],
        "recurrence": fields["recurrence"],
        "onlineMeeting": fields["onlineMeeting"],
        "responseStatus": fields["responseStatus"],
        "body": _text_body(fields["body"]) if text_body else fields["body"],
        "start": _moment(event, "start", time_zone),
        "end": _moment(event, "end", time_zone),
        "location": fields["location"],
        "locations": fields["locations"],
        "attendees": fields["attendees"],
        "organizer": fields["organizer"],
    }
    return rendered


def stub_json(event: StoredEvent, *, immutable_ids: bool, time_zone: str = "UTC") -> Json:
    """An occurrence as delta shows it (Graph docs: get incremental changes): when, and of what."""
    return {
        "id": event.immutable_id if immutable_ids else event.id,
        "seriesMasterId": _master_id(event, immutable_ids),
        "type": event.kind.value,
        "start": _moment(event, "start", time_zone),
        "end": _moment(event, "end", time_zone),
    }


def _master_id(event: StoredEvent, immutable_ids: bool) -> str | None:
    if event.master is None:
        return None
    return event.master.immutable_id if immutable_ids else event.master.id


def _text_body(body: Json) -> Json:
    return {"contentType": "text", "content": bodies.text_of(body["content"])}


def _moment(event: StoredEvent, which: str, time_zone: str) -> Json:
    instant = event.start if which == "start" else event.end
    if time_zone == "UTC" or event.is_all_day:
        # An all-day event is a pair of dates: its midnights are not converted.
        wall = instant.replace(tzinfo=None)
    else:
        wall = zones.to_wall(instant, time_zone)
    return {"dateTime": zones.seven_digits(wall), "timeZone": time_zone}


def cancelled_occurrences(master: StoredEvent) -> list[str]:
    """The occurrenceIds of the instances that were taken out of a series."""
    if master.kind is not EventKind.MASTER:
        return []
    return [f"OID.{master.id}.{day.isoformat()}" for day in sorted(master.cancelled)]


def masked_event(rendered: Json) -> Json:
    """A private event as a delegate sees it who may not look into private items."""
    return {
        **rendered,
        "subject": "Private Appointment",
        "bodyPreview": "",
        "body": dict(bodies.EMPTY_BODY),
        "categories": [],
        "attendees": [],
        "location": {
            "displayName": "",
            "locationType": "default",
            "uniqueIdType": "unknown",
            "address": {},
            "coordinates": {},
        },
        "locations": [],
        "onlineMeeting": None,
        "transactionId": None,
    }


def basic_event(rendered: Json) -> Json:
    """An event as a ReadBasic permission shows it: without its body."""
    return {name: value for name, value in rendered.items() if name not in ("body", "bodyPreview")}


def calendar_json(
    calendar: Calendar,
    owner: Person,
    change_key: str,
    *,
    can_edit: bool,
    can_see_private: bool,
    is_primary: bool,
) -> Json:
    """A calendar; the rights are those of the caller, and a shared one's owner is its sharer.

    Answers to invitations are counted in primary calendars only (Graph docs: calendar).
    """
    return {
        "id": calendar.id,
        "name": calendar.name,
        "color": calendar.color,
        "hexColor": calendar.hex_color,
        "isDefaultCalendar": calendar.is_default,
        "changeKey": change_key,
        "canShare": can_edit and not calendar.is_shared,
        "canViewPrivateItems": can_see_private,
        "canEdit": can_edit,
        "allowedOnlineMeetingProviders": ["teamsForBusiness"],
        "defaultOnlineMeetingProvider": "teamsForBusiness",
        "isTallyingResponses": is_primary,
        "isRemovable": not calendar.is_default,
        "owner": {"name": owner.name, "address": owner.address},
    }


def category_json(category: MasterCategory) -> Json:
    """A master category."""
    return {"id": category.id, "displayName": category.name, "color": category.color}


def person_json(person: Person) -> Json:
    """Every member of `user` the sandbox knows; the caller selects among them."""
    given, _, surname = person.name.rpartition(" ")
    return {
        "id": person.id,
        "businessPhones": [],
        "displayName": person.name,
        "givenName": given or None,
        "jobTitle": person.job_title,
        "mail": person.address or None,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": person.upn,
        "accountEnabled": person.account_enabled,
        "assignedPlans": _plans(person),
        "assignedLicenses": [],
        "createdDateTime": zones.trimmed(person.created_at),
        "companyName": None,
        "deletedDateTime": None,
        "department": person.department,
        "mailNickname": (person.address or person.upn).split("@")[0],
        "otherMails": [],
        "proxyAddresses": proxy_addresses(person),
        "usageLocation": None,
        "userType": person.user_type,
    }


def _plans(person: Person) -> list[Json]:
    if not person.has_mailbox:
        return []
    return [
        {
            "assignedDateTime": zones.trimmed(person.created_at),
            "capabilityStatus": "Enabled",
            "service": "exchange",
            "servicePlanId": "efb87545-963c-4e0d-99df-69c6916d9eb0",
        }
    ]


def proxy_addresses(entry: Person | Group) -> list[str]:
    """The addresses with their prefixes, `SMTP:` for the primary one."""
    if not entry.address:
        return []
    others = [
        address if ":" in address else f"smtp:{address}"
        for address in entry.proxy_addresses
        if address.split(":", 1)[-1].casefold() != entry.address.casefold()
    ]
    return [f"SMTP:{entry.address}", *others]


def group_json(group: Group) -> Json:
    """Every member of `group` the sandbox knows."""
    return {
        "id": group.id,
        "deletedDateTime": None,
        "classification": None,
        "createdDateTime": None,
        "description": None,
        "displayName": group.name,
        "groupTypes": ["Unified"] if group.kind == "unified" else [],
        "mail": group.address or None,
        "mailEnabled": group.kind in ("unified", "distribution") or bool(group.address),
        "mailNickname": group.address.split("@")[0] or group.id,
        "proxyAddresses": proxy_addresses(group),
        "securityEnabled": group.kind == "security",
        "visibility": None,
    }


def organization_json(tenant: Tenant) -> Json:
    """The firm with its verified domains."""
    return {
        "id": tenant.id,
        "deletedDateTime": None,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": None,
        "createdDateTime": zones.trimmed(tenant.created_at),
        "displayName": tenant.name,
        "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "postalCode": None,
        "preferredLanguage": None,
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": None,
        "street": None,
        "technicalNotificationMails": [],
        "tenantType": "AAD",
        "assignedPlans": [],
        "provisionedPlans": [],
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": domain.is_default,
                "isInitial": domain.is_initial,
                "name": domain.name,
                "type": "Managed",
            }
            for domain in tenant.domains
        ],
    }


def selected(rendered: Mapping[str, Any], names: tuple[str, ...]) -> Json:
    """Only the selected members; id and etag always stay."""
    found = {name: rendered[name] for name in ("@odata.etag", "id") if name in rendered}
    for name in names:
        if name in rendered:
            found[name] = rendered[name]
    return found
