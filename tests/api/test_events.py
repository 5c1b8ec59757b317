"""`/api/events` over HTTP: ids in, calls down, the contract's shapes out."""

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from backend.domain.errors import (
    EventNotFoundError,
    NotEligibleError,
    NothingToUndoError,
    TransientRemoteError,
)
from backend.domain.event import Sensitivity
from tests.api.stubs import (
    ACTIVITY,
    EVENT_ID,
    LINK,
    NOW,
    PRINCIPAL,
    StubServices,
    answer,
    verdict,
)

EVENT = f"/api/events/{EVENT_ID}"


def test_a_view_answers_everything_in_the_contracts_shape(client: FlaskClient):
    body = client.get(EVENT).json

    assert list(body) == ["event", "verdict", "link", "activity", "others", "can"]
    assert set(body["event"]) == {
        *("id", "ical_uid", "subject", "start", "end", "all_day", "time_zone", "type"),
        *("sensitivity", "is_organizer", "is_cancelled", "is_draft", "organizer", "attendees"),
    }
    assert set(body["link"]) == {
        *("state", "reason", "origin", "because", "blocked_by", "outstanding", "category"),
        *("activity_id", "undo_until", "last_change_seen_at", "written_at", "next_attempt_at"),
    }
    assert set(body["activity"]) == {
        *("id", "external_key", "kind", "phase", "type", "subject", "description", "start", "end"),
        *("all_day", "start_date", "end_date", "time_zone", "location", "resources", "status"),
        *("contacts", "unmatched", "assigned_to", "company_ids", "opportunity_ids"),
        *(
            "initiative_ids",
            "regarding",
            "visibility",
            "notes",
            "ical_uid",
            "web_link",
            "online_meeting",
        ),
        *("show_as", "importance", "reminder_minutes", "sync_status", "revision", "edited_by"),
        *("created_at", "updated_at", "event_id", "recurring", "duration_minutes", "reminder_at"),
    }
    assert body["others"] == [{"activity_id": None, "by": None, "kind": "synced", "visible": False}]
    assert body["can"] == {"tick": False, "untick": True, "undo": False, "add_activity": False}


def test_times_are_utc_with_z_and_dates_are_dates(client: FlaskClient):
    body = client.get(EVENT).json

    assert body["event"]["start"] == "2026-03-02T10:00:00Z"
    assert body["activity"]["updated_at"] == "2026-03-02T09:00:00.120000Z"
    assert body["activity"]["start_date"] == "2026-03-02"


def test_attendees_carry_what_matching_said(client: FlaskClient):
    attendees = client.get(EVENT).json["event"]["attendees"]

    assert attendees == [
        {
            "name": "Clara Client",
            "address": "clara@client.example",
            "type": "required",
            "response": "accepted",
            "match": "matched",
            "contact_id": "c-1",
            "company_id": None,
            "why": None,
        },
        {
            "name": "",
            "address": "nobody@elsewhere.example",
            "type": "required",
            "response": "none",
            "match": "unmatched",
            "contact_id": None,
            "company_id": None,
            "why": None,
        },
    ]


def test_an_appointment_becomes_an_activity_with_its_end(
    client: FlaskClient, services: StubServices
):
    before = client.get(EVENT).json["activity"]["phase"]
    services.linking.answer = replace(answer(), now=ACTIVITY.draft.end)
    after = client.get(EVENT).json["activity"]["phase"]

    assert (before, after) == ("appointment", "activity")


def test_an_event_never_wanted_and_not_yet_known_has_nulls(
    client: FlaskClient, services: StubServices
):
    services.linking.answer = replace(
        answer(), event=None, matches=(), verdict=None, link=None, activity=None, others=()
    )

    body = client.get(EVENT).json

    assert [body[name] for name in ("event", "verdict", "link", "activity")] == [None] * 4
    assert body["others"] == []


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("AAMkAGI1AAAt9AHjAAA=", "AAMkAGI1AAAt9AHjAAA="),
        ("AAMk/GI1+AAt9/HjAAA=", "AAMk-GI1_AAt9-HjAAA="),
        ("AAMk%2FGI1%2BAAt9%2fHjAAA%3D", "AAMk-GI1_AAt9-HjAAA="),
        ("AAMk//GI1//AAA=", "AAMk--GI1--AAA="),
        ("AAMk-GI1_AAt9", "AAMk-GI1_AAt9"),
        ("AAMk/link/GI1A", "AAMk-link-GI1A"),
    ],
)
def test_either_spelling_of_an_id_is_the_same_event(
    client: FlaskClient, services: StubServices, written: str, meant: str
):
    seen = client.get(f"/api/events/{written}")
    ticked = client.put(f"/api/events/{written}/link")
    undone = client.post(f"/api/events/{written}/link/undo")

    assert (seen.status_code, ticked.status_code, undone.status_code) == (200, 200, 200)
    assert [call[2] for call in services.linking.calls] == [meant] * 3
    assert [call[0] for call in services.linking.calls] == ["view", "tick", "undo"]


@pytest.mark.parametrize(
    "event_id",
    [
        "short",
        "A" * 1025,
        "AAMkAGI1 AAAt9AHjAAA",
        "AAMkAGI1%00AAAt9AHjAAA",
        "AAMkAGI1%0aAAAt9AHjAAA",
        "AAMkAGI1%FF%FEt9AHjAAA",
        "AAMkAGI1🎉AAAt9AHjAAA",
        "AAMkAGI1'or'1'='1",
        "..%2f..%2f..%2fetc%2fpasswd",
        "AAMkAGI1$filter",
    ],
)
@pytest.mark.parametrize("act", ["get", "put", "delete"])
def test_what_is_no_outlook_id_is_refused_before_anybody_is_asked(
    client: FlaskClient, services: StubServices, event_id: str, act: str
):
    suffix = "" if act == "get" else "/link"

    response = getattr(client, act)(f"/api/events/{event_id}{suffix}")

    assert (response.status_code, response.json["code"]) == (400, "invalid_event_id")
    assert services.linking.calls == []


def test_a_tick_is_200_when_done_and_202_when_something_is_outstanding(
    client: FlaskClient, services: StubServices
):
    done = client.put(f"{EVENT}/link")
    services.linking.answer = answer(replace(LINK, state="pending", outstanding=("crm",)))
    pending = client.put(f"{EVENT}/link")

    assert done.status_code == 200
    assert pending.status_code == 202
    assert pending.json["link"]["outstanding"] == ["crm"]


def test_untick_and_undo_answer_202_as_well(client: FlaskClient, services: StubServices):
    services.linking.answer = answer(replace(LINK, state="removing", outstanding=("category",)))

    assert client.delete(f"{EVENT}/link").status_code == 202
    assert client.post(f"{EVENT}/link/undo").status_code == 202


@pytest.mark.parametrize(
    ("body", "just_saved"), [(None, False), ({}, False), ({"just_saved": True}, True)]
)
def test_a_tick_says_whether_outlook_has_only_just_saved(
    client: FlaskClient, services: StubServices, body: object, just_saved: bool
):
    client.put(f"{EVENT}/link", **({} if body is None else {"json": body}))

    assert services.linking.calls == [("tick", PRINCIPAL, EVENT_ID, None, just_saved)]


def test_delegates_name_the_mailbox(client: FlaskClient, services: StubServices):
    client.get(f"{EVENT}?mailbox=boss%40firm.example")
    client.delete(f"{EVENT}/link?mailbox=")

    assert [call[3] for call in services.linking.calls] == ["boss@firm.example", None]


@pytest.mark.parametrize("mailbox", ["a" * 321, "two%20words", "with%0Aline", "x%00y"])
def test_a_mailbox_nobody_can_have_is_refused(
    client: FlaskClient, services: StubServices, mailbox: str
):
    response = client.get(f"{EVENT}?mailbox={mailbox}")

    assert response.status_code in (400, 422)
    assert services.linking.calls == []


def test_an_ineligible_event_is_422_with_the_first_failed_rule_and_all_checks(
    client: FlaskClient, services: StubServices
):
    services.linking.error = NotEligibleError(verdict(sync_enabled=False))

    response = client.put(f"{EVENT}/link")

    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert response.json["code"] == "firm_sync_off"
    assert len(response.json["checks"]) == 19
    assert response.json["checks"][0] == {
        "code": "firm_sync_off",
        "applies": True,
        "passed": False,
        "message": "Calendar sync is switched off for your firm.",
        "fix": {"text": "Ask your administrator to enable calendar sync.", "action": "ask_admin"},
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (EventNotFoundError(), 404, "event_not_found"),
        (NothingToUndoError(), 409, "nothing_to_undo"),
        (TransientRemoteError("slow", system="graph"), 503, "graph_unavailable"),
        (TransientRemoteError("slow", system="entra"), 503, "graph_unavailable"),
        (TransientRemoteError("slow", system="crm"), 503, "crm_unavailable"),
    ],
)
def test_refusals_have_stable_codes(
    client: FlaskClient, services: StubServices, error: Exception, status: int, code: str
):
    services.linking.error = error

    response = client.post(f"{EVENT}/link/undo")

    assert (response.status_code, response.json["code"]) == (status, code)


def test_a_check_judges_the_form_and_leaves_unknown_open(
    client: FlaskClient, services: StubServices
):
    form = {
        "organizer": {"name": "Ada", "address": "ada@firm.example"},
        "start": "2026-03-02T10:00:00+01:00",
        "end": "2026-03-02T11:00:00+01:00",
        "sensitivity": "Normal",
        "recurring": None,
        "attendees": [{"name": "Clara", "address": "clara@client.example", "type": "required"}],
    }

    body = client.post("/api/events/check", json=form).json
    facts = services.linking.calls[0][2]

    assert body["source"] == "form"
    assert {check["code"]: check["passed"] for check in body["checks"]}["recurring_event"] is None
    assert facts.end == NOW.replace(hour=10)
    assert facts.sensitivity is Sensitivity.NORMAL
    assert facts.organizer_address == "ada@firm.example"
    assert facts.attendee_addresses == ("clara@client.example",)


def test_a_form_of_which_outlook_can_tell_nothing_may_be_checked(
    client: FlaskClient, services: StubServices
):
    nothing = dict.fromkeys(("organizer", "start", "end", "sensitivity", "recurring", "attendees"))

    response = client.post("/api/events/check", json=nothing)

    assert response.status_code == 200
    assert services.linking.calls[0][2].attendee_addresses is None


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("start", "tomorrow"),
        ("end", "2026-03-02T10:00:00"),
        ("end", "0001-01-01T00:00:00+14:00"),
        ("sensitivity", "secret"),
        ("sensitivity", ["private"]),
        ("recurring", "maybe"),
        ("attendees", [{"address": 7}]),
        ("attendees", "everybody"),
        ("attendees", [{"address": "a@b.example"}] * 2001),
        ("organizer", {"address": "a" * 321}),
        ("unknown", "member"),
    ],
)
def test_a_malformed_form_is_refused_naming_the_member(
    client: FlaskClient, services: StubServices, member: str, value: object
):
    response = client.post("/api/events/check", json={member: value})

    assert (response.status_code, response.json["code"]) == (422, "invalid_request")
    assert member in response.json["errors"]
    assert services.linking.calls == []
