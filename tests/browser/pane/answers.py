"""What the API answers in every state the pane can show: the fixtures of the pane's tests."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

Json = dict[str, Any]

EVENT_ID = "AAMkAGI1-x_9="
EWS_ID = "AAMkAGI1/x+9="
OWNER = "jane@calder.test"

STATEMENTS = {
    "firm_sync_off": "Calendar sync is on for your firm.",
    "mode_not_allowed": "Your settings allow syncing this way.",
    "no_online_server": "An Exchange Online server is assigned to this calendar.",
    "user_not_enabled": "You are enabled for calendar sync.",
    "not_organizer": "You are the organizer.",
    "private_event": "The event is not private.",
    "recurring_event": "The event is not recurring.",
    "outside_window": "The event lies inside the sync period.",
    "private_contact": "No private contact is invited.",
    "cancelled": "The event is not cancelled.",
    "external_organizer": "Your firm organizes the event.",
    "created_before_activation": "The event was made after sync was enabled.",
    "no_selected_contact_type": "A contact of a selected type is invited.",
    "opted_out": "You did not take the event out.",
    "internal_only": "Someone outside your firm is invited.",
    "blocked_address": "No blocked address is invited.",
    "draft_event": "The invitations are sent.",
}
AUTOMATIC_ONLY = (
    "external_organizer",
    "created_before_activation",
    "no_selected_contact_type",
    "opted_out",
    "draft_event",
)
REFUSALS = {
    "firm_sync_off": (
        "Calendar sync is switched off for your firm.",
        "Ask your administrator to enable calendar sync.",
        "ask_admin",
    ),
    "mode_not_allowed": (
        "Manual Calendar Sync is switched off in the settings of this calendar.",
        "Turn on Manual Calendar Sync or Combined in Settings.",
        "open_settings",
    ),
    "no_online_server": (
        "No Exchange Online server is assigned to this calendar.",
        "Ask your administrator to assign an Exchange Online server.",
        "ask_admin",
    ),
    "user_not_enabled": (
        "You are not enabled for calendar sync.",
        "Turn calendar sync on in Settings.",
        "open_settings",
    ),
    "not_organizer": (
        "Only the organizer can add a meeting to the sync.",
        "Use Add Activity to record this meeting, or ask the organizer.",
        "add_activity",
    ),
    "private_event": (
        "This event is marked private. Such events are never synced.",
        "Set its sensitivity to Normal if it may be in the CRM.",
        "none",
    ),
    "recurring_event": (
        "Recurring events cannot be synced.",
        "Use Add Activity for a single meeting of the series.",
        "add_activity",
    ),
    "outside_window": (
        "This event ended more than 30 days ago.",
        "Use Add Activity to record a past meeting.",
        "add_activity",
    ),
    "private_contact": (
        "A private contact is invited.",
        "Take the person off the invitation.",
        "none",
    ),
    "cancelled": ("This meeting is cancelled.", "Nothing can be done.", "none"),
    "internal_only": (
        "Nobody outside your firm is invited.",
        "Invite a contact of the firm.",
        "none",
    ),
    "blocked_address": (
        "Someone invited is on a block list.",
        "Take the address off your block list.",
        "open_settings",
    ),
}


def checks(*, failed: tuple[str, ...] = (), unknown: tuple[str, ...] = ()) -> list[Json]:
    """All rules in the product's order, as for a tick."""
    rows: list[Json] = []
    for code, statement in STATEMENTS.items():
        row: Json = {
            "code": code,
            "applies": code not in AUTOMATIC_ONLY,
            "passed": True,
            "message": statement,
            "fix": None,
        }
        if code in failed:
            message, text, action = REFUSALS[code]
            row |= {"passed": False, "message": message, "fix": {"text": text, "action": action}}
        if code in unknown:
            row |= {"passed": None, "message": "Checked when the event is saved."}
        rows.append(row)
    return rows


def a_verdict(*failed: str, unknown: tuple[str, ...] = (), source: str = "graph") -> Json:
    rows = checks(failed=failed, unknown=unknown)
    return {"eligible": not failed, "source": source, "checks": rows}


def an_attendee(name: str, match: str = "matched", **values: Any) -> Json:
    address = f"{name.split(maxsplit=1)[0].lower()}@client.test"
    contact = "c-1" if match == "matched" else None
    return {
        "name": name,
        "address": address,
        "type": "required",
        "response": "accepted",
        "match": match,
        "contact_id": contact,
        **values,
    }


def an_event(**values: Any) -> Json:
    event: Json = {
        "id": EVENT_ID,
        "ical_uid": "040000008200E00074C5B7101A82E008",
        "subject": "Quarterly review with Halden Shipping",
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T10:00:00Z",
        "all_day": False,
        "start_date": None,
        "end_date": None,
        "time_zone": "Europe/London",
        "type": "singleInstance",
        "sensitivity": "normal",
        "is_organizer": True,
        "is_cancelled": False,
        "is_draft": False,
        "organizer": {"name": "Jane Doe", "address": OWNER},
        "attendees": [
            an_attendee("Ola Halden"),
            an_attendee("Max Newman", "unmatched"),
            an_attendee("Ruth Internal", "excluded"),
            an_attendee("Litigation Team", "group"),
        ],
        "web_link": None,
    }
    return event | values


def a_link(**values: Any) -> Json:
    link: Json = {
        "state": "linked",
        "reason": None,
        "origin": "manual",
        "because": None,
        "blocked_by": None,
        "outstanding": [],
        "category": "set",
        "activity_id": "A-1042",
        "undo_until": None,
        "last_change_seen_at": "2026-11-21T08:00:00Z",
        "written_at": "2026-11-21T08:00:01Z",
        "next_attempt_at": None,
    }
    return link | values


def an_activity(**values: Any) -> Json:
    activity: Json = {
        "id": "A-1042",
        "external_key": "t/040000008200E00074C5B7101A82E008",
        "kind": "synced",
        "phase": "appointment",
        "type": "CalendarSyncMeeting_System",
        "status": "confirmed",
        "subject": "Quarterly review with Halden Shipping",
        "description": "",
        "start": "2026-12-01T09:00:00Z",
        "end": "2026-12-01T10:00:00Z",
        "all_day": False,
        "start_date": None,
        "end_date": None,
        "location": "The Strand, room 4",
        "contacts": [{"contact_id": "c-1", "name": "Ola Halden", "address": "ola@client.test"}],
        "unmatched": [{"name": "Max Newman", "address": "max@client.test"}],
        "opportunity_ids": [],
        "initiative_ids": [],
        "visibility": "everyone",
        "notes": "",
        "sync_status": "synced",
        "revision": "1",
        "edited_by": None,
    }
    return activity | values


def an_answer(**values: Any) -> Json:
    """An eligible event nobody has ticked."""
    answer: Json = {
        "event": an_event(),
        "verdict": a_verdict(),
        "link": None,
        "activity": None,
        "others": [],
        "can": {"tick": True, "untick": False, "undo": False, "add_activity": True},
    }
    return answer | values


def a_line(number: int = 1, **values: Any) -> Json:
    """A line of the history; higher numbers are newer."""
    line: Json = {
        "id": f"00000000-0000-7000-8000-{number:012}",
        "at": f"2026-11-21T08:{number:02}:00Z",
        "kind": "write",
        "line": "updated",
        "message": "The record was updated.",
        "source": "sync",
        "trigger": "written",
        "state_before": "linked",
        "state_after": "linked",
        "by": None,
        "on_behalf_of": None,
        "codes": [],
        "why": [],
        "fields": [],
        "request_id": "8781e70a-2103-40c1-b4a3-496fdafa4507",
    }
    return line | values


def a_page(*lines: Json, next_page: str | None = None) -> Json:
    return {"items": list(lines), "next": next_page}


def can(*acts: str) -> Json:
    return {act: act in acts for act in ("tick", "untick", "undo", "add_activity")}


def a_me(**values: Any) -> Json:
    me: Json = {
        "id": "u-1",
        "name": "Jane Doe",
        "address": OWNER,
        "roles": ["user"],
        "firm": {"name": "Calder & Voss LLP", "sync_enabled": True, "mode": "combined"},
        "enabled": True,
        "enabled_by_admin": None,
        "enabled_by_user": True,
        "mode": "manual",
        "may_enable": True,
        "choosable_modes": ["manual", "automatic", "combined"],
        "server": "Exchange Online",
        "checked_at": "2026-11-21T08:00:00Z",
        "changed_at": "2026-11-20T16:30:00Z",
        "written_at": None,
        "state": "watching",
        "problem": None,
        "problem_since": None,
        "problem_advice": None,
        "progress": None,
        "block_list": [],
        "default_activity_type": None,
        "default_visibility": "everyone",
    }
    return me | values


def a_problem(status: int, code: str, detail: str = "", **values: Any) -> Json:
    return {"title": code, "status": status, "detail": detail or code, "code": code, **values}


LINKED = an_answer(link=a_link(), activity=an_activity(), can=can("untick", "add_activity"))
RICH = an_answer(
    link=a_link(),
    activity=an_activity(
        notes="Ask about the charter party.",
        opportunity_ids=["o-1", "o-2"],
        initiative_ids=["i-1"],
    ),
    can=can("untick"),
)
PENDING = an_answer(
    link=a_link(
        state="pending",
        outstanding=["crm", "category"],
        category="absent",
        activity_id=None,
        written_at=None,
        next_attempt_at="2026-11-21T08:00:30Z",
    ),
    can=can("untick"),
)
JUST_SAVED = an_answer(
    event=None,
    verdict=None,
    link=a_link(
        state="pending",
        outstanding=["event", "crm", "category"],
        category="absent",
        activity_id=None,
        written_at=None,
        last_change_seen_at=None,
    ),
    can=can("untick"),
)
REMOVED = an_answer(
    link=a_link(
        state="removed",
        reason="unticked",
        category="absent",
        undo_until="2026-12-21T08:00:00Z",
    ),
    can=can("tick", "undo"),
)
GUEST = an_answer(
    event=an_event(
        is_organizer=False, organizer={"name": "Sam Organizer", "address": "sam@calder.test"}
    ),
    verdict=a_verdict("not_organizer"),
    others=[{"activity_id": "A-7", "by": "Sam Organizer", "kind": "synced", "visible": True}],
    can=can("add_activity"),
)


def _linked(link: Json | None = None, **values: Any) -> Json:
    return deepcopy(LINKED) | {"link": a_link(**(link or {}))} | values


STATES: dict[str, Json] = {
    "eligible": an_answer(),
    "linked": LINKED,
    "linked_with_notes": RICH,
    "linked_graph_down": _linked(event=None, verdict=None, activity=None),
    "linked_draft": _linked(event=an_event(is_draft=True)),
    "linked_automatic": _linked({"origin": "automatic", "because": "Ola Halden is a Top Client"}),
    "linked_category_not_permitted": _linked({"category": "not_permitted"}),
    "linked_category_waiting": _linked({"category": "waiting_for_user"}),
    "linked_cancelled": _linked(
        activity=an_activity(status="cancelled"), event=an_event(is_cancelled=True)
    ),
    "frozen_recurring": _linked(
        {"blocked_by": "recurring_event"}, verdict=a_verdict("recurring_event")
    ),
    "frozen_paused": _linked({"blocked_by": "paused"}),
    "frozen_mass_change": _linked({"blocked_by": "mass_change"}),
    "frozen_left_calendar": _linked({"blocked_by": "left_calendar"}),
    "frozen_unreachable": _linked(
        {"blocked_by": "mailbox_unreachable"}, event=None, verdict=None, activity=None
    ),
    "pending": PENDING,
    "pending_just_saved": JUST_SAVED,
    "pending_crm_down": an_answer(
        link=PENDING["link"] | {"blocked_by": "crm_unavailable", "outstanding": ["crm"]},
        can=can("untick"),
    ),
    "removing": an_answer(
        link=a_link(state="removing", reason="unticked", outstanding=["crm"]), can=can("tick")
    ),
    "removed_undo": REMOVED,
    "removed_private": an_answer(
        event=an_event(sensitivity="private"),
        verdict=a_verdict("private_event"),
        link=a_link(state="removed", reason="private_event", category="absent", activity_id=None),
        can=can("add_activity"),
    ),
    "removed_not_found": an_answer(
        link=a_link(state="removed", reason="event_not_found", category="absent", activity_id=None),
    ),
    "refused_category": an_answer(
        event=an_event(type="seriesMaster"),
        verdict=a_verdict("recurring_event"),
        link=a_link(state="removed", reason="recurring_event", activity_id=None),
        can=can("add_activity"),
    ),
    "released_edited": _linked(
        {"state": "released", "reason": "edited_in_crm"},
        activity=an_activity(
            edited_by={"name": "Paul Editor", "address": "paul@calder.test"},
            sync_status="released",
        ),
        can=can("tick", "untick"),
    ),
    "released_deleted": _linked(
        {"state": "released", "reason": "deleted_in_crm", "category": "absent"},
        activity=None,
        can=can("tick"),
    ),
    "released_cancelled": _linked(
        {"state": "released", "reason": "cancelled", "category": "absent"},
        event=None,
        verdict=None,
        activity=an_activity(status="cancelled", sync_status="released"),
        can=can(),
    ),
    "released_deleted_event": _linked(
        {"state": "released", "reason": "deleted", "category": "absent"},
        event=None,
        verdict=None,
        activity=an_activity(phase="activity", sync_status="released"),
        can=can(),
    ),
    "final": _linked(
        {"state": "released", "reason": "final"},
        activity=an_activity(phase="activity", sync_status="final"),
        can=can("add_activity"),
    ),
    "not_enabled": an_answer(verdict=a_verdict("user_not_enabled"), can=can("add_activity")),
    "not_enabled_admin": an_answer(
        verdict=a_verdict("firm_sync_off", "no_online_server"), can=can("add_activity")
    ),
    "many_refusals": an_answer(
        event=an_event(type="occurrence", sensitivity="private"),
        verdict=a_verdict(
            "private_event",
            "recurring_event",
            "outside_window",
            "private_contact",
            "internal_only",
            "blocked_address",
        ),
        can=can(),
    ),
    "guest": GUEST,
    "guest_hidden_record": GUEST
    | {"others": [{"activity_id": None, "by": None, "kind": "added", "visible": False}]},
    "hostile": _linked(
        event=an_event(
            subject="<img src=x onerror=alert(1)> " + "שלום עולם 🎉👩‍⚖️ " * 20 + "x" * 10_000,
            attendees=[
                an_attendee("<b>Bold</b>"),
                an_attendee("محمد 🎩 " * 30, "unmatched"),
                *[an_attendee(f"Guest{n} Person", "unmatched") for n in range(40)],
            ],
        ),
    ),
    "all_day": an_answer(
        event=an_event(
            all_day=True,
            start="2026-12-01T00:00:00Z",
            end="2026-12-03T00:00:00Z",
            start_date="2026-12-01",
            end_date="2026-12-03",
        )
    ),
}
"""Every state of a saved event, by name."""


def a_proposal(**values: Any) -> Json:
    """What ``…/activity-draft`` answers for the sample event."""
    event = an_event(
        is_organizer=False,
        attendees=[
            an_attendee("Ola Halden", company_id="co-1"),
            an_attendee("Max Newman", "unmatched"),
            an_attendee("Ruth Internal", "excluded", why="personnel"),
            an_attendee("Litigation Team", "group"),
        ],
    )
    proposal: Json = {
        "event": event,
        "draft": {
            "subject": event["subject"],
            "type": "CalendarSyncMeeting_System",
            "start": event["start"],
            "end": event["end"],
            "all_day": False,
            "start_date": None,
            "end_date": None,
            "time_zone": "Europe/London",
            "location": "The Strand, room 4",
            "resources": [],
            "description": "Agenda\n• Charter party\n• <b>Fees</b>",
            "assigned_to": {"name": "Jane Doe", "address": OWNER},
            "online_meeting": None,
        },
        "companies": [{"id": "co-1", "name": "Halden Shipping", "detail": ""}],
        "companies_come_along": True,
        "others": [],
        "activity_types": ["CalendarSyncMeeting_System", "Lunch or dinner", "Call"],
        "visibility": "everyone",
        "groups": [],
        "listings": ["companies", "initiatives", "opportunities"],
    }
    return proposal | values


def a_group(name: str) -> Json:
    """One of the user's groups."""
    return {"id": f"id-{name}", "name": name, "visibility": f"group:id-{name}"}


def entries(*names: str, detail: str = "") -> Json:
    """A page of a picker."""
    rows = [{"id": f"id-{name}", "name": name, "detail": detail} for name in names]
    return {"items": rows, "next": None}


def contacts(*names: str) -> Json:
    rows = [
        {"id": f"c-{name}", "name": name, "emails": [f"{name.split()[0].lower()}@new.test"]}
        | {"company_id": "co-2", "types": [], "private": False, "owner_id": None}
        for name in names
    ]
    return {"items": rows, "next": None}
