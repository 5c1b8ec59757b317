"""Log, explanation, replay, retries, numbers and preview over the whole product (A6-A9)."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from backend.db.models import UserRow
from tests.support.product import Product

CLIENT = "jane@client.example"
SECRET = "The merger nobody may know of"


@pytest.fixture
def admin(product: Product) -> Callable[..., Any]:
    return product.staff()


def test_the_log_tells_what_happened_and_never_a_subject(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, subject=SECRET)
    private = product.meeting(organizer, CLIENT, subject=SECRET, sensitivity="private")
    product.pane(organizer).tick(meeting.id)
    product.pane(organizer).tick(private.id)

    whole = admin("GET", "/log")
    items = whole.json["items"]

    assert {item["line"] for item in items} >= {"ticked", "created", "tick_refused"}
    assert SECRET not in whole.text
    assert all(item["subject"] is None and item["user"] == organizer for item in items)
    refused = admin("GET", "/log?code=private_event").json["items"]
    assert [(item["outcome"], item["codes"][0]) for item in refused] == [
        ("refused", "private_event")
    ]
    assert admin("GET", f"/log?event_id={meeting.ical_uid}&kind=write").json["items"]
    assert admin("GET", "/log?user=nobody-at-all").json["items"] == []
    assert admin("GET", "/log?q=100%25_").json["items"] == []
    assert admin("GET", "/log?errors=true").json["items"] == []
    assert admin("GET", "/log?to=2000-01-01T00:00:00Z").json["items"] == []


def test_the_log_pages_skip_and_repeat_nothing(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    for _ in range(3):
        product.pane(organizer).tick(product.meeting(organizer, CLIENT).id)
    every = [item["id"] for item in admin("GET", "/log?limit=200").json["items"]]

    found: list[str] = []
    cursor = ""
    for _ in range(50):
        page = admin("GET", f"/log?limit=2{cursor}").json
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert found == every
    assert len(set(found)) == len(found) > 4


def test_the_export_is_a_table_without_formulas(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    product.pane(organizer).tick(product.meeting(organizer, CLIENT, subject=SECRET).id)

    answer = admin("GET", "/log.csv?kind=write")
    rows = list(csv.DictReader(answer.text.splitlines()))

    assert answer.content_type.startswith("text/csv")
    assert "created" in {row["line"] for row in rows}
    assert {row["user"] for row in rows} == {organizer}
    assert SECRET not in answer.text


def test_a_failure_is_found_and_tried_again(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.sandbox.faults(
        [{"kind": "status", "status": 503, "match": {"method": "GET", "path": "/events/"}}]
    )
    product.pane(organizer).tick(meeting.id)
    product.settle(3)
    [line, *_] = admin("GET", "/log?errors=true").json["items"]
    assert (line["outcome"], line["errors"]) == ("error", 1)
    assert line["error"].startswith("Microsoft 365")
    product.sandbox.clear_faults()

    counted = admin("GET", "/log/errors?days=30").json
    one = admin("POST", f"/log/{line['id']}/retry")
    every = admin("POST", "/log/retry-errors?days=30")

    assert (one.status_code, one.json) == (200, {"links": 1, "mailboxes": 0})
    assert every.json == counted == {"links": 1, "mailboxes": 0}
    product.settle()
    assert len(product.records(meeting.ical_uid)) == 1
    acts = [item["act"] for item in admin("GET", "/audit").json["items"]]
    assert acts[:2] == ["errors_retried", "retried"]


def test_explain_and_replay_answer_why_and_what_would_be_today(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, subject=SECRET)
    product.pane(organizer).tick(meeting.id)
    product.pane(organizer).untick(meeting.id)
    before = admin("GET", "/log").json["items"]

    told = admin("GET", f"/explain?ical_uid={meeting.ical_uid}")
    assert told.status_code == 200, told.text
    lines = [line["line"] for line in told.json["lines"]]
    assert lines.index("ticked") < lines.index("created") < lines.index("unticked")
    assert (told.json["link"]["state"], told.json["user"]) == ("removed", organizer)
    assert SECRET not in told.text
    again = admin("POST", "/explain/replay", {"ical_uid": meeting.ical_uid})
    assert again.status_code == 200, again.text
    by_way = {each["origin"]: each for each in again.json["judgements"]}
    failed = {rule["code"] for rule in by_way["automatic"]["rules"] if rule["passed"] is False}
    assert by_way["manual"]["eligible"] is True
    assert {"no_selected_contact_type", "opted_out"} <= failed
    assert SECRET not in again.text
    assert admin("GET", "/log").json["items"] == before


def test_an_event_that_never_synced_is_explained_by_its_id(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT, sensitivity="private", subject=SECRET)
    product.pane(organizer).tick(meeting.id)
    [line] = admin("GET", "/log?code=private_event").json["items"]

    told = admin("GET", f"/explain?event_id={line['event_id']}&mailbox={organizer}").json
    replay = admin("POST", "/explain/replay", {"event_id": line["event_id"], "mailbox": organizer})

    assert [rule["code"] for rule in told["rules"] if rule["passed"] is False] == ["private_event"]
    assert [each["eligible"] for each in replay.json["judgements"]] == [False, False]
    assert SECRET not in replay.text


def test_what_nobody_knows_is_not_found(admin: Callable[..., Any]) -> None:
    assert admin("GET", "/explain?ical_uid=nothing").status_code == 404
    assert admin("GET", "/explain?event_id=AAAA&mailbox=nobody@x.example").status_code == 404
    assert admin("GET", "/explain").status_code == 422
    assert admin("POST", "/log/nothing/retry").status_code == 404


def test_the_owner_alone_is_shown_the_subject(product: Product, admin: Callable[..., Any]) -> None:
    himself = product.sandbox.person("admin")["address"]
    meeting = product.meeting(himself, CLIENT, subject=SECRET)
    product.pane(himself).tick(meeting.id)

    own = admin("GET", f"/explain?ical_uid={meeting.ical_uid}").json
    support = product.staff("support")("GET", f"/explain?ical_uid={meeting.ical_uid}")

    assert own["subject"] == SECRET
    assert support.status_code == 200
    assert support.json["subject"] is None


def test_the_dashboard_counts(product: Product, admin: Callable[..., Any], organizer: str) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    product.advance(seconds=30)
    meeting.change(subject="Changed")
    product.advance(minutes=16)
    product.work()

    numbers = admin("GET", "/dashboard").json

    assert sum(day["manual"] for day in numbers["synced_per_day"]) == 1
    assert len(numbers["synced_per_day"]) == 30
    assert numbers["by_origin"] == {"manual": 1, "automatic": 0}
    assert numbers["links"] == {"linked": 1}
    assert sum(numbers["mailboxes_by_state"].values()) == len(
        admin("GET", "/users?limit=200").json["items"]
    )
    assert numbers["lag_samples"] == 1
    assert 0 < numbers["lag_p50"] <= 17 * 60


def test_the_preview_counts_without_writing_anything(
    sqlite_product: Product, organizer: str
) -> None:
    product, admin = sqlite_product, sqlite_product.staff()
    product.add_contact("Jane Doe", CLIENT, types=["Client"])
    product.add_contact("Vera Vendor", "vera@vendor.example", types=["Vendor"])
    product.meeting(organizer, CLIENT, days=-3)
    added = product.meeting(organizer, "vera@vendor.example", days=-4, subject=SECRET)
    product.meeting(organizer, "vera@vendor.example", days=-4, sensitivity="private")

    answer = admin("POST", "/configuration/preview", {"contact_types": ["Client", "Vendor"]})

    assert answer.status_code == 200, answer.text
    found = answer.json
    assert (found["records"], found["users"], found["added"], found["removed"]) == (2, 1, 1, 0)
    assert found["mailboxes_read"] == found["mailboxes"]
    [sample] = found["sample"]
    assert (sample["change"], sample["subject"], sample["user"]) == ("added", None, organizer)
    assert admin("GET", "/log").json["items"] == []
    assert product.records(added.ical_uid) == []
    none = admin("POST", "/configuration/preview", {"contact_types": []}).json
    assert (none["records"], none["removed"]) == (0, 1)


def test_another_firms_admin_sees_nothing_of_it(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    meeting = product.meeting(organizer, CLIENT)
    product.pane(organizer).tick(meeting.id)
    [line, *_] = admin("GET", "/log").json["items"]
    second = product.sandbox.second_tenant_id
    other = product.staff("admin", second)

    assert other("GET", "/log").json["items"] == []
    assert other("GET", f"/explain?ical_uid={meeting.ical_uid}").status_code == 404
    path = f"/explain?event_id={line['event_id']}&mailbox={organizer}"
    assert other("GET", path).status_code == 404
    assert other("POST", f"/log/{line['id']}/retry").status_code == 404
    assert other("GET", "/dashboard").json["links"] == {}
    assert len(list(csv.reader(other("GET", "/log.csv").text.splitlines()))) == 1


def test_runs_stand_in_the_log_with_their_numbers_and_are_tried_again(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    product.sandbox.faults(
        [
            {
                "kind": "status",
                "status": 403,
                "match": {"method": "GET", "path": "/calendarView", "user": organizer},
            }
        ]
    )
    product.work()
    product.sandbox.clear_faults()

    runs = admin("GET", f"/log?kind=run&user={organizer}").json["items"]
    assert {run["event_id"] for run in runs} == {None}
    assert (runs[0]["line"], runs[0]["outcome"]) == ("run_first_pull", "error")
    assert runs[0]["codes"] == ["access_denied"]
    assert "Grant it Calendars.Read" in runs[0]["error"]
    failed = admin("GET", "/log?errors=true").json["items"]
    assert runs[0]["id"] in {line["id"] for line in failed}
    assert admin("POST", f"/log/{runs[0]['id']}/retry").json == {"links": 0, "mailboxes": 1}
    product.work()

    product.meeting(organizer, CLIENT)
    product.advance(minutes=16)
    product.work()
    last = admin("GET", f"/log?kind=run&user={organizer}&errors=false").json["items"][0]
    assert (last["line"], last["errors"], last["outcome"]) == ("run_changes", 0, "ok")
    assert last["processed"] >= 1
    assert last["duration_ms"] >= 0
    table = list(csv.DictReader(admin("GET", "/log.csv?kind=run").text.splitlines()))
    assert {"processed", "synced", "errors", "quiet_looks"} <= set(table[0])


def test_a_hostile_name_is_no_formula_in_the_export(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    product.pane(organizer).tick(product.meeting(organizer, CLIENT).id)
    with product.services.database.write.begin() as session:
        for user in session.scalars(select(UserRow).where(UserRow.address == organizer)):
            user.name, user.address = '=HYPERLINK("http://evil.example")', None

    rows = list(csv.DictReader(admin("GET", "/log.csv?kind=write").text.splitlines()))

    assert {row["user"] for row in rows} == {'\'=HYPERLINK("http://evil.example")'}


def test_a_skipped_event_is_judged_again_by_a_retry(
    product: Product, admin: Callable[..., Any], organizer: str
) -> None:
    """Nothing changed in Outlook, so only reading the calendar anew can find it."""
    assert product.save_settings(mode="combined", contact_types=["Client"]).status_code == 200
    product.work()
    meeting = product.meeting(organizer, "nadia@newcomer.example")
    product.advance(minutes=16)
    product.work()
    [skip, *_] = admin("GET", "/log?kind=skip&code=no_selected_contact_type").json["items"]
    product.add_contact("Nadia Okafor", "nadia@newcomer.example", types=["Client"])

    answer = admin("POST", f"/log/{skip['id']}/retry")
    product.work()

    assert answer.json == {"links": 0, "mailboxes": 1}
    assert len(product.records(meeting.ical_uid)) == 1
