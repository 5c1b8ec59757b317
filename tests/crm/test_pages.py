from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from backend.crm.access import CrmCaller
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import Activity, MatchedContact, SyncStatus
from backend.domain.event import OnlineMeeting
from backend.sql import Database
from tests.crm.gateway_contract import KEY, OTHER_TENANT, TENANT, MakeContact, a_draft, a_full_draft
from tests.support.crm import HandClock
from tests.support.crm_server import crm_pages_app

JANE = CrmCaller(TENANT, "jane", "Jane Owner", "jane@firm.example")
JOE = CrmCaller(TENANT, "joe", "Joe", "joe@firm.example")
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> مرحبا 👩‍⚖️"


@pytest.fixture
def client(tables: Database) -> Iterator[FlaskClient]:
    with crm_pages_app(tables, HandClock(), JANE).test_client() as client:
        yield client


def synced(crm: EmbeddedCrm, **changes: object) -> Activity:
    draft = a_draft(**{"owner_id": "jane", **changes})
    return crm.write_activity(TENANT, KEY, draft, revision=None)


def now_of(crm: EmbeddedCrm) -> Activity:
    found = crm.find_activity(TENANT, KEY)
    assert found is not None
    return found


def form_of(activity: Activity, **changes: str) -> dict[str, str]:
    """What a browser sends from the untouched edit form, with ``changes``."""
    draft = activity.draft
    return {
        "csrf_token": "token",
        "revision": activity.revision,
        "subject": draft.subject,
        "type": draft.type,
        "location": draft.location,
        "description": draft.description.replace("\n", "\r\n"),
        "start": draft.start.strftime("%Y-%m-%dT%H:%M"),
        "end": draft.end.strftime("%Y-%m-%dT%H:%M"),
        **changes,
    }


def test_nobody_sees_a_page_without_signing_in(tables: Database) -> None:
    client = crm_pages_app(tables, HandClock(), None).test_client()

    for path in ("/crm/", "/crm/contacts", "/crm/activities/x", "/crm/activities/x/edit"):
        assert client.get(path).headers["Location"] == "/sign-in"
    with client.get("/crm/static/crm.css") as style:
        assert style.status_code == 200


def test_every_page_answers_and_has_neither_inline_script_nor_style(
    client: FlaskClient, crm: EmbeddedCrm, people: MakeContact
) -> None:
    contact_id = people(
        HOSTILE, "jane@client.example", types=("Client",), company_types=("Client",)
    )
    activity = crm.write_activity(TENANT, KEY, a_full_draft(contact_id), revision=None)
    (company_id,) = activity.company_ids

    for path in (
        "contacts",
        f"contacts/{contact_id}",
        "companies",
        f"companies/{company_id}",
        "activities",
        f"activities/{activity.id}",
        f"activities/{activity.id}/edit",
    ):
        response = client.get(f"/crm/{path}")

        assert response.status_code == 200
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "X-Frame-Options" not in response.headers
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=\"", response.text)


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("W. Europe Standard Time", ("10:00–11:00", "W. Europe Standard Time", "08:30")),
        ("America/New_York", ("04:00–05:00", "America/New_York", "02:30")),
        ("Some zone of tomorrow", ("09:00–10:00", "UTC", "Some zone of tomorrow", "07:30")),
        (None, ("09:00–10:00", "UTC", "07:30")),
    ],
)
def test_an_activity_page_shows_what_outlook_carried(
    client: FlaskClient, crm: EmbeddedCrm, zone: str | None, shown: tuple[str, ...]
) -> None:
    activity = synced(
        crm,
        time_zone=zone,
        show_as="workingElsewhere",
        importance="high",
        reminder_minutes=90,
        online_meeting=OnlineMeeting("zoom", "https://us02web.zoom.us/j/1"),
        event_id="AAkALgAAAAAAHYQDEapmEc2byACqAC",
        ical_uid="040000008200E00074C5B7101A82E008",
    )

    page = client.get(f"/crm/activities/{activity.id}").text

    for words in (
        *shown,
        *("1 h", "Working elsewhere", "High", "90 min before", "Join with Zoom"),
        *("AAkALgAAAAAAHYQDEapmEc2byACqAC", "040000008200E00074C5B7101A82E008"),
    ):
        assert words in page, words


def test_hostile_text_is_shown_as_text(client: FlaskClient, crm: EmbeddedCrm) -> None:
    activity = synced(
        crm,
        subject=HOSTILE,
        location=HOSTILE,
        description=HOSTILE,
        time_zone="../../etc/passwd",
        web_link="javascript:alert(1)",
    )

    for path in ("activities", f"activities/{activity.id}", f"activities/{activity.id}/edit"):
        text = client.get(f"/crm/{path}").text

        assert "<script>" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text
        assert "javascript:" not in text


def test_contacts_are_searched_by_name_and_narrowed_by_type(
    client: FlaskClient, people: MakeContact
) -> None:
    people("Ann Client", "ann@x.example", types=("Client",))
    people("Ann Prospect", "annp@x.example", types=("Prospect",))
    people("Ann Secret", "anns@x.example", private=True, owner_id="somebody else")

    found = client.get("/crm/contacts?q=ANN&type=client").text

    assert "Ann Client" in found
    assert "Ann Prospect" not in found
    assert "Ann Secret" not in client.get("/crm/contacts?q=ann").text


def test_activities_are_narrowed_by_days(client: FlaskClient, crm: EmbeddedCrm) -> None:
    synced(crm)

    assert "Kick-off" in client.get("/crm/activities?from=2026-03-02&to=2026-03-02&q=").text
    assert "Kick-off" not in client.get("/crm/activities?from=2026-03-03").text
    assert "Kick-off" not in client.get("/crm/activities?to=2026-03-01").text


def test_additions_are_saved_without_unlinking(client: FlaskClient, crm: EmbeddedCrm) -> None:
    before = synced(crm)

    response = client.post(
        f"/crm/activities/{before.id}",
        data={
            "csrf_token": "token",
            "revision": before.revision,
            "notes": "one\r\ntwo",
            "visibility": "only_me",
        },
    )

    assert response.status_code == 303
    after = now_of(crm)
    assert after.notes == "one\ntwo"
    assert after.visibility == "only_me"
    assert after.revision == before.revision


def test_a_synced_record_is_changed_only_after_the_warning(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    before = synced(crm)
    path = f"/crm/activities/{before.id}/edit"

    warned = client.get(path).text
    refused = client.post(path, data=form_of(before, subject="By hand"))
    unchanged = now_of(crm)
    saved = client.post(path, data=form_of(before, subject="By hand", understood="1"))

    assert "ends the link to Outlook" in warned
    assert refused.status_code == 422
    assert "By hand" in refused.text
    assert unchanged == before
    assert saved.status_code == 303
    after = now_of(crm)
    assert after.draft.subject == "By hand"
    assert after.draft.start == before.draft.start
    assert after.edited_by is not None
    assert after.edited_by.name == "Jane Owner"


def test_a_record_that_is_no_longer_followed_is_changed_without_a_warning(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    before = synced(crm, sync_status=SyncStatus.FINAL)
    path = f"/crm/activities/{before.id}/edit"

    response = client.post(path, data=form_of(before, subject="By hand"))

    assert "ends the link" not in client.get(path).text
    assert response.status_code == 303
    assert now_of(crm).draft.subject == "By hand"


def test_saving_an_untouched_form_does_not_unlink(client: FlaskClient, crm: EmbeddedCrm) -> None:
    before = synced(crm, description="one\ntwo", time_zone="Europe/Berlin")
    path = f"/crm/activities/{before.id}/edit"
    untouched = form_of(before, understood="1", start="2026-03-02T10:00", end="2026-03-02T11:00")

    response = client.post(path, data=untouched)

    assert response.status_code == 303
    assert now_of(crm).revision == before.revision


def test_times_are_edited_in_the_zone_that_is_shown(client: FlaskClient, crm: EmbeddedCrm) -> None:
    before = synced(crm, time_zone="Europe/Berlin")
    path = f"/crm/activities/{before.id}/edit"

    client.post(
        path,
        data=form_of(before, understood="1", start="2026-03-02T10:00", end="2026-03-02T12:30"),
    )

    assert now_of(crm).draft.end.isoformat() == "2026-03-02T11:30:00+00:00"


def test_a_record_that_changed_meanwhile_is_not_overwritten(
    client: FlaskClient, crm: EmbeddedCrm
) -> None:
    before = synced(crm)
    crm.write_activity(TENANT, KEY, a_draft(subject="Moved"), revision=before.revision)

    response = client.post(
        f"/crm/activities/{before.id}/edit", data=form_of(before, subject="x", understood="1")
    )

    assert response.status_code == 412
    assert now_of(crm).draft.subject == "Moved"


def test_a_record_is_removed_by_hand(client: FlaskClient, crm: EmbeddedCrm) -> None:
    before = synced(crm)

    response = client.post(
        f"/crm/activities/{before.id}/edit", data=form_of(before, understood="1", act="remove")
    )

    assert response.status_code == 303
    assert now_of(crm).removed


@pytest.mark.parametrize("token", ["", "wrong", "tökén"])
def test_a_form_without_the_sessions_token_changes_nothing(
    client: FlaskClient, crm: EmbeddedCrm, token: str
) -> None:
    before = synced(crm)

    for path in (f"/crm/activities/{before.id}", f"/crm/activities/{before.id}/edit"):
        form = form_of(before, subject="x", notes="x", understood="1", csrf_token=token)
        assert client.post(path, data=form).status_code == 403

    assert now_of(crm) == before


def test_what_a_person_may_not_see_is_no_page(tables: Database, crm: EmbeddedCrm) -> None:
    own = crm.write_activity(
        TENANT, KEY, a_draft(owner_id="jane"), revision=None, visibility="only_me"
    )
    stranger = CrmCaller(OTHER_TENANT, "jane", "Eve", "eve@x.example")

    for caller in (JOE, stranger):
        client = crm_pages_app(tables, HandClock(), caller).test_client()

        assert client.get(f"/crm/activities/{own.id}").status_code == 404
        assert client.get(f"/crm/activities/{own.id}/edit").status_code == 404
        assert "Kick-off" not in client.get("/crm/activities").text


def test_a_hidden_contact_is_not_on_the_page(
    tables: Database, crm: EmbeddedCrm, people: MakeContact
) -> None:
    sue = people("Secret Sue", "sue@x.example", private=True, owner_id="jane")
    contact = MatchedContact(sue, "Secret Sue", "sue@x.example", "none", "required")
    activity = synced(crm, contacts=(contact,))

    as_joe = crm_pages_app(tables, HandClock(), JOE).test_client()

    assert "Sue" not in as_joe.get(f"/crm/activities/{activity.id}").text
    assert as_joe.get(f"/crm/contacts/{sue}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "contacts?cursor=x",
        "contacts?q=%00",
        "contacts/%00",
        "contacts/%ED%A0%80",
        "companies/%00",
        "activities/%00",
        "activities/%00/edit",
        "activities?from=yesterday",
        "activities?to=9999-12-31",
        "activities?from=0001-01-01",
        "activities?cursor=WyJhIiwiYiJd&endpoint=x&_external=1",
        "contacts?q=" + "q" * 401,
        "contacts?limit=x",
    ],
)
def test_malformed_addresses_are_told_and_never_fail(client: FlaskClient, path: str) -> None:
    response = client.get(f"/crm/{path}")

    assert response.status_code in (200, 404, 422)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "soon"},
        {"start": "0001-01-01T00:00", "time_zone": "x"},
        {"end": "2020-01-01T00:00"},
        {"type": ""},
        {"subject": "\x00"},
        {"subject": "x" * 20_001},
    ],
)
def test_forms_that_cannot_be_saved_say_why_and_keep_what_was_typed(
    client: FlaskClient, crm: EmbeddedCrm, changes: dict[str, str]
) -> None:
    before = synced(crm, time_zone="Asia/Kathmandu")
    path = f"/crm/activities/{before.id}/edit"

    response = client.post(path, data=form_of(before, understood="1", location="typed", **changes))

    assert response.status_code in (303, 422)
    if response.status_code == 422:
        assert "Nothing was saved" in response.text
        assert "typed" in response.text
        assert now_of(crm) == before
