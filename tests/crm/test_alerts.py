"""Alerts for those who follow a contact: when they come, whom they reach, when they vanish (C1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from backend.crm.access import CrmCaller
from backend.crm.alerts import ALERT_DAYS
from backend.crm.gateway import EmbeddedCrm
from backend.crm.models import AlertRow
from backend.domain.crm import Activity, ActivityStatus, Additions, MatchedContact
from backend.sql import Database
from tests.crm.gateway_contract import KEY, OTHER_TENANT, TENANT, MakeContact, a_draft
from tests.support.crm import HandClock
from tests.support.crm_server import crm_pages_app

JANE = {"Authorization": f"Bearer {TENANT}:jane"}
JOE = {"Authorization": f"Bearer {TENANT}:joe"}
ADMIN = {"Authorization": f"Bearer {TENANT}:admin"}
STRANGER = {"Authorization": f"Bearer {OTHER_TENANT}:joe"}
SERVICE = {"Authorization": "Bearer service-token", "X-CRM-Tenant": TENANT}
Headers = Mapping[str, str]


@pytest.fixture
def ann(people: MakeContact) -> str:
    return people("Ann Lee", "ann@x.example")


def guest(contact_id: str) -> MatchedContact:
    return MatchedContact(contact_id, "Ann Lee", "ann@x.example", "accepted", "required")


class Sync:
    """The sync, which keeps one record of Jane's meeting."""

    def __init__(self, crm: EmbeddedCrm, clock: HandClock) -> None:
        self._crm = crm
        self._clock = clock

    def writes(self, *guests: str, visibility: str = "everyone", **changes: Any) -> Activity:
        self._clock.advance(timedelta(minutes=1))
        there = self._crm.find_activity(TENANT, KEY)
        draft = a_draft(owner_id="jane", contacts=tuple(guest(g) for g in guests), **changes)
        revision = there.revision if there is not None else None
        return self._crm.write_activity(
            TENANT, KEY, draft, revision=revision, visibility=visibility
        )

    def removes(self) -> None:
        self._clock.advance(timedelta(minutes=1))
        there = self._crm.find_activity(TENANT, KEY)
        assert there is not None
        self._crm.remove_activity(TENANT, KEY, revision=there.revision)


@pytest.fixture
def sync(crm: EmbeddedCrm, clock: HandClock) -> Sync:
    return Sync(crm, clock)


def follow(client: FlaskClient, contact_id: str, who: Headers = JOE) -> int:
    return client.put(f"/crm/api/contacts/{contact_id}/follow", headers=who).status_code


def alerts(client: FlaskClient, who: Headers = JOE, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(f"/crm/api/alerts{query}", headers=who)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


def news(client: FlaskClient, who: Headers = JOE) -> list[str]:
    return [alert["news"] for alert in alerts(client, who)]


def read_all(client: FlaskClient, who: Headers = JOE) -> None:
    assert client.post("/crm/api/alerts/read", json={}, headers=who).status_code == 204


def test_a_follower_hears_of_a_new_appointment_and_nobody_else_does(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    assert follow(client, ann) == 204
    assert follow(client, ann) == 204

    record = sync.writes(ann)

    [alert] = alerts(client)
    assert alert["activity_id"] == record.id
    assert (alert["contact_name"], alert["news"]) == ("Ann Lee", "appeared")
    assert (alert["subject"], alert["read"]) == (record.draft.subject, False)
    assert client.get("/crm/api/alerts", headers=JOE).get_json()["unread"] == 1
    assert alerts(client, ADMIN) == []
    assert alerts(client, STRANGER) == []


def test_nobody_hears_of_his_own_acts(
    client: FlaskClient, sync: Sync, ann: str, crm: EmbeddedCrm, clock: HandClock
) -> None:
    follow(client, ann, JANE)
    follow(client, ann, JOE)

    record = sync.writes(ann)
    for_jane = a_draft(owner_id="jane", contacts=(guest(ann),))
    crm.add_activity(TENANT, "added/joe/1", for_jane, Additions(by_id="joe"))

    assert news(client, JANE) == []
    assert [alert["activity_id"] for alert in alerts(client, JOE)] == [record.id]
    read_all(client)
    tag = {"If-Match": f'"{record.revision}"'}
    clock.advance(timedelta(minutes=1))
    path = f"/crm/api/activities/{record.id}"
    client.patch(path, json={"end": "2026-03-02T19:00:00Z"}, headers={**JOE, **tag})
    assert news(client, JANE) == ["moved"]
    assert alerts(client, JOE, "?unread=true") == []


def test_a_move_a_cancellation_and_a_removal_are_told_once_the_older_news_are_read(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    follow(client, ann)
    record = sync.writes(ann)
    read_all(client)
    start = record.draft.start

    sync.writes(ann, start=start + timedelta(hours=2), end=record.draft.end + timedelta(hours=2))
    [moved] = alerts(client)
    sync.writes(ann, start=start + timedelta(hours=3), end=record.draft.end + timedelta(hours=3))
    [moved_again] = alerts(client)
    sync.writes(ann, status=ActivityStatus.CANCELLED)
    cancelled = news(client)
    sync.removes()
    [removed] = alerts(client)

    assert (moved["news"], moved["read"]) == ("moved", False)
    assert moved["was_at"] == moved_again["was_at"] == "2026-03-02T09:00:00Z"
    assert moved_again["start"] == "2026-03-02T12:00:00Z"
    assert cancelled == ["cancelled"]
    assert (removed["news"], removed["subject"]) == ("removed", "")


def test_what_nobody_has_heard_of_need_not_be_told_to_be_gone(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    follow(client, ann)
    record = sync.writes(ann)

    sync.writes(ann, end=record.draft.end + timedelta(hours=1))
    as_new = news(client)
    sync.removes()
    gone = news(client)
    sync.writes(ann)

    assert as_new == ["appeared"]
    assert gone == []
    assert news(client) == ["appeared"]


def test_a_change_that_is_neither_time_nor_people_is_no_news(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    follow(client, ann)
    sync.writes(ann)
    read_all(client)

    sync.writes(ann, subject="Another subject", description="and text")

    assert [alert["read"] for alert in alerts(client)] == [True]


def test_a_contact_who_comes_later_is_news_and_one_who_leaves_takes_his_alert_along(
    client: FlaskClient, sync: Sync, ann: str, people: MakeContact
) -> None:
    bob = people("Bob", "bob@x.example")
    follow(client, bob)
    follow(client, ann, ADMIN)
    sync.writes(ann)
    read_all(client, ADMIN)

    sync.writes(ann, bob)
    came = news(client)
    sync.writes(ann)

    assert came == ["appeared"]
    assert news(client) == []
    assert [alert["read"] for alert in alerts(client, ADMIN)] == [True]


def test_nobody_is_alerted_of_what_he_may_not_see(
    client: FlaskClient, sync: Sync, ann: str, clock: HandClock, tables: Database
) -> None:
    follow(client, ann)

    record = sync.writes(ann, visibility="only_me")
    hidden = news(client)
    with tables.read() as session:
        assert session.scalars(select(AlertRow)).all() == [], "not even kept for later"
    path, tag = f"/crm/api/activities/{record.id}", {"If-Match": f'"{record.revision}"'}
    clock.advance(timedelta(minutes=1))
    client.patch(path, json={"visibility": "everyone"}, headers={**JANE, **tag})
    shown = news(client)
    client.patch(path, json={"visibility": "only_me"}, headers={**JANE, **tag})

    assert hidden == []
    assert shown == ["appeared"]
    assert news(client) == []
    assert client.get("/crm/api/alerts", headers=JOE).get_json()["unread"] == 0


def test_members_of_a_group_are_alerted_of_its_records(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    group = {"name": "Partners", "member_ids": ["jane", "joe"]}
    made = client.post("/crm/api/groups", json=group, headers=ADMIN).get_json()
    follow(client, ann, JOE)
    follow(client, ann, ADMIN)

    sync.writes(ann, visibility=f"group:{made['id']}")
    in_group = news(client, JOE)
    client.delete(f"/crm/api/groups/{made['id']}", headers=ADMIN)

    assert in_group == ["appeared"]
    assert news(client, ADMIN) == []
    assert news(client, JOE) == []


def test_a_private_contact_alerts_its_owner_only(
    client: FlaskClient, sync: Sync, people: MakeContact
) -> None:
    secret = people("Secret Sue", "sue@x.example", private=True, owner_id="joe")
    assert follow(client, secret, ADMIN) == 404
    assert follow(client, secret, JOE) == 204

    sync.writes(secret)

    assert news(client, JOE) == ["appeared"]


def test_a_contact_that_turns_private_or_is_removed_takes_its_alerts_along(
    client: FlaskClient, sync: Sync, ann: str, people: MakeContact
) -> None:
    bob = people("Bob", "bob@x.example")
    follow(client, ann)
    follow(client, bob)
    sync.writes(ann)
    before = news(client)

    client.patch(f"/crm/api/contacts/{ann}", json={"private": True}, headers=JANE)
    private = news(client)
    client.patch(f"/crm/api/contacts/{ann}", json={"private": False}, headers=JANE)
    public = news(client)
    assert client.delete(f"/crm/api/contacts/{ann}", headers=JANE).status_code == 204

    assert (before, private, public) == (["appeared"], [], ["appeared"])
    assert news(client) == []


def test_a_destroyed_record_leaves_no_alert(
    client: FlaskClient, sync: Sync, ann: str, crm: EmbeddedCrm
) -> None:
    follow(client, ann)
    sync.writes(ann)

    crm.destroy_activity(TENANT, KEY)

    assert news(client) == []


def test_whoever_unfollows_is_rid_of_the_alerts_as_well(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    follow(client, ann)
    sync.writes(ann)
    path = f"/crm/api/contacts/{ann}/follow"
    following = client.get(path, headers=JOE).get_json()

    assert client.delete(path, headers=JOE).status_code == 204
    sync.writes(ann, status=ActivityStatus.CANCELLED)

    assert following == {"following": True}
    assert client.get(path, headers=JOE).get_json() == {"following": False}
    assert news(client) == []


def test_one_is_marked_as_read_and_newer_news_than_he_has_seen_stay_unread(
    client: FlaskClient, sync: Sync, ann: str
) -> None:
    follow(client, ann)
    record = sync.writes(ann)
    [seen] = alerts(client)
    sync.writes(ann, status=ActivityStatus.CANCELLED)
    path = f"/crm/api/alerts/{record.id}/read"

    client.post(path, json={"until": seen["at"]}, headers=JOE)
    still = client.get("/crm/api/alerts", headers=JOE).get_json()["unread"]
    client.post(path, json={}, headers=JOE)

    assert still == 1
    assert alerts(client, JOE, "?unread=true") == []
    assert news(client) == ["cancelled"]


def test_many_alerts_are_paged_without_gaps(
    client: FlaskClient, crm: EmbeddedCrm, ann: str
) -> None:
    follow(client, ann)
    draft = a_draft(owner_id="jane", contacts=(guest(ann),))
    made = {
        crm.write_activity(TENANT, f"{KEY}-{number}", draft, revision=None).id
        for number in range(5)
    }

    first = client.get("/crm/api/alerts?limit=3", headers=JOE).get_json()
    then = client.get(f"/crm/api/alerts?limit=3&cursor={first['next']}", headers=JOE).get_json()

    ids = [alert["activity_id"] for alert in (*first["items"], *then["items"])]
    assert (len(ids), set(ids)) == (5, made)
    assert then["next"] is None
    assert first["unread"] == 5


def test_old_alerts_are_erased(
    client: FlaskClient, sync: Sync, ann: str, crm: EmbeddedCrm, clock: HandClock
) -> None:
    follow(client, ann)
    sync.writes(ann)

    clock.advance(timedelta(days=ALERT_DAYS - 1))
    kept = crm.purge_alerts()
    clock.advance(timedelta(days=2))

    assert (kept, crm.purge_alerts()) == (0, 1)
    assert alerts(client) == []


def test_the_service_follows_nobody_and_hostile_input_is_refused(
    client: FlaskClient, ann: str
) -> None:
    assert follow(client, ann, SERVICE) == 403
    assert follow(client, "no-such", JOE) == 404
    bad = client.post("/crm/api/alerts/read", json={"until": "yesterday"}, headers=JOE)
    assert bad.status_code == 422
    assert client.get("/crm/api/alerts?cursor=x", headers=JOE).status_code == 422
    assert client.post("/crm/api/alerts/x/read", json={}, headers=JOE).status_code == 204


def test_the_pages_follow_count_list_and_mark(
    tables: Database, clock: HandClock, sync: Sync, ann: str
) -> None:
    joe = CrmCaller(TENANT, "joe", "Joe", "joe@firm.example")
    client = crm_pages_app(tables, clock, joe).test_client()
    token = {"csrf_token": "token"}

    client.post(f"/crm/contacts/{ann}/follow", data={**token, "act": "follow"})
    followed = client.get(f"/crm/contacts/{ann}").text
    record = sync.writes(ann, subject="<b>Lunch</b>")
    page = client.get("/crm/alerts").text
    until = record.updated_at.isoformat()
    marked = client.post("/crm/alerts", data={**token, "until": until, "activity": record.id})
    after = client.get("/crm/alerts?show=unread").text
    sync.removes()
    removed = client.get("/crm/alerts").text
    without = client.post("/crm/alerts", data={"until": until})

    assert "Following" in followed
    assert "&lt;b&gt;Lunch&lt;/b&gt;" in page
    assert '<span class="count">1' in page
    assert marked.status_code == 303
    assert "You have read everything." in after
    assert "count" not in after
    assert "taken out of the CRM" in removed
    assert "Lunch" not in removed
    assert without.status_code == 403
