"""Outlook, links and CRM are brought out of step, found, mended and forgotten (A10)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from backend.db.admin_models import DriftRow
from backend.db.models import LinkRow, WatchRow
from tests.flows.test_permissions import read_only
from tests.support.firm_office import Office
from tests.support.product import CATEGORY, Meeting, Product

CLIENT = "jane@client.example"


def ticked(office: Office, organizer: str, **event: Any) -> Meeting:
    """A meeting in step on all three sides, and long enough ago."""
    meeting = office.product.meeting(organizer, CLIENT, **event)
    assert office.product.pane(organizer).tick(meeting.id).status_code == 200
    office.work(minutes=1)
    office.work(minutes=40)
    return meeting


def change_link(product: Product, meeting: Meeting, **values: Any) -> None:
    """What no program of ours does: a table restored from a copy, a hand in the database."""
    with product.services.database.write.begin() as session:
        session.execute(
            update(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid).values(**values)
        )


def lose_link(product: Product, meeting: Meeting) -> None:
    link_id = link_of(product, meeting).id
    for table in ("history", "event_ids"):
        sql(product, f"DELETE FROM {table} WHERE link_id = :id", id=link_id)
    sql(product, "DELETE FROM links WHERE id = :id", id=link_id)


def stop_looking(product: Product, minutes: float) -> None:
    """Nothing is pulled for that long, as if notifications and looks had failed."""
    with product.services.database.write.begin() as session:
        session.execute(update(WatchRow).values(due_at=None))
        session.execute(update(LinkRow).values(due_at=product.clock() + timedelta(days=400)))
    product.advance(minutes=minutes)


def sql(product: Product, statement: str, **values: Any) -> None:
    with product.services.database.write.begin() as session:
        session.execute(text(statement), values)


def link_of(product: Product, meeting: Meeting) -> LinkRow:
    with product.services.database.read() as session:
        row = session.scalars(select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)).one()
        session.expunge(row)
        return row


def test_where_all_sides_agree_nothing_is_found(office: Office, organizer: str) -> None:
    ticked(office, organizer)

    assert office.compare() == {}
    summary = office.call("GET", "/reconciliation")
    assert (summary["total"], summary["running"], summary["unread"]) == (0, None, [])
    assert summary["last"]["state"] == "done"
    assert summary["last"]["done"] == summary["last"]["total"] > 1


def test_a_record_that_vanished_is_made_again(office: Office, organizer: str) -> None:
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)

    assert office.compare() == {"record_missing": 1}
    [finding] = office.call("GET", "/reconciliation/findings")["items"]
    assert (finding["user"], finding["ical_uid"]) == (organizer, meeting.ical_uid)
    assert office.fix("record_missing", "write")["items"] == [
        {"id": finding["id"], "ok": True, "code": None, "name": None}
    ]
    office.work(minutes=1)

    assert office.found() == {}
    [record] = office.product.records(meeting.ical_uid)
    assert link_of(office.product, meeting).activity_id == record.id
    assert office.compare() == {}


def test_or_it_is_accepted_that_it_is_gone(sqlite_office: Office, organizer: str) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    office.compare()

    office.fix("record_missing", "look")
    office.work(minutes=1)

    assert office.found() == {}
    assert office.product.records(meeting.ical_uid) == []
    assert meeting.categories == []
    assert link_of(office.product, meeting).reason == "deleted_in_crm"


def test_a_link_that_was_lost_is_taken_up_again_and_keeps_its_record(
    office: Office, organizer: str
) -> None:
    meeting = ticked(office, organizer)
    [before] = office.product.records(meeting.ical_uid)
    lose_link(office.product, meeting)

    assert office.compare() == {"category_without_link": 1, "record_without_link": 1}
    office.fix("category_without_link", "choose")
    office.work(minutes=1)

    [after] = office.product.records(meeting.ical_uid)
    assert (after.id, link_of(office.product, meeting).activity_id) == (before.id, before.id)
    assert office.compare() == {}


@pytest.mark.parametrize(("fix", "stays"), [("remove", False), ("write", True)])
def test_a_record_nobody_knows_of_is_removed_or_kept_in_step(
    sqlite_office: Office, organizer: str, fix: str, stays: bool
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    lose_link(office.product, meeting)
    meeting.change(categories=[])
    office.work(minutes=40)
    assert office.compare() == {"record_without_link": 1}

    office.fix("record_without_link", fix)
    office.work(minutes=1)

    assert office.found() == {}
    assert len(office.product.records(meeting.ical_uid)) == stays
    assert (CATEGORY in meeting.categories) is stays
    if not stays:
        record = office.product.record(meeting.ical_uid)
        assert record is not None
        assert record.removed


def test_a_record_whose_event_is_gone_as_well_is_left_to_the_crm(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    lose_link(office.product, meeting)
    office.product.sandbox.delete_event(organizer, meeting.id)
    office.compare()

    [row] = office.fix("record_without_link", "remove")["items"]

    assert (row["ok"], row["code"]) == (False, "event_gone")
    assert office.found() == {"record_without_link": 1}


def test_a_record_written_past_us_is_written_again(office: Office, organizer: str) -> None:
    meeting = ticked(office, organizer)
    sql(
        office.product,
        "UPDATE crm_activities SET subject = 'From a copy' WHERE ical_uid = :uid",
        uid=meeting.ical_uid,
    )

    assert office.compare() == {"record_changed": 1}
    office.fix("record_changed", "write")
    office.work(minutes=1)

    assert office.found() == {}
    assert office.product.records(meeting.ical_uid)[0].draft.subject == "Quarterly review"


def test_a_category_nobody_put_on_is_mended_and_is_no_untick(
    office: Office, organizer: str
) -> None:
    meeting = ticked(office, organizer)
    meeting.change(categories=[])
    seen = datetime.fromisoformat(meeting.now()["lastModifiedDateTime"])
    # As if the look at this change had been stored, and what came of it had not.
    change_link(office.product, meeting, looked_at_version=seen, category_seen=False)
    stop_looking(office.product, minutes=40)

    assert office.compare() == {"category_missing": 1}
    office.fix("category_missing", "mend")
    office.work(minutes=1)

    assert office.found() == {}
    assert meeting.categories == [CATEGORY]
    assert len(office.product.records(meeting.ical_uid)) == 1


def test_a_change_that_was_missed_is_found_and_looked_at(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    meeting.change(subject="Moved on")
    stop_looking(office.product, minutes=40)

    assert office.compare() == {"change_not_seen": 1}
    office.fix("change_not_seen", "look")
    office.work()
    office.work(minutes=1)

    assert office.found() == {}
    assert office.product.records(meeting.ical_uid)[0].draft.subject == "Moved on"


def test_an_event_that_vanished_unnoticed_is_proven_gone_before_its_record_goes(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    office.product.sandbox.delete_event(organizer, meeting.id)
    stop_looking(office.product, minutes=40)

    assert office.compare() == {"event_not_shown": 1}
    office.fix("event_not_shown", "look")
    office.work()
    assert office.product.records(meeting.ical_uid)[0].draft.status == "confirmed"
    office.work(minutes=6)
    office.work(minutes=6)

    assert office.product.records(meeting.ical_uid)[0].draft.status == "cancelled"
    assert office.found() == {}


def test_a_record_that_came_back_after_an_untick_is_removed(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    office.product.pane(organizer).untick(meeting.id)
    office.work(minutes=40)
    sql(
        office.product,
        "UPDATE crm_activities SET removed_at = NULL WHERE ical_uid = :uid",
        uid=meeting.ical_uid,
    )

    assert office.compare() == {"record_not_removed": 1}
    office.fix("record_not_removed", "remove")
    office.work(minutes=1)

    assert office.found() == {}
    assert office.product.records(meeting.ical_uid) == []


def test_an_edit_nobody_told_of_is_respected(sqlite_office: Office, organizer: str) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(
        office.product,
        "UPDATE crm_activities SET subject = 'By hand', revision = 'other',"
        ' edited_by = \'{"name": "Vera", "address": ""}\' WHERE ical_uid = :uid',
        uid=meeting.ical_uid,
    )

    assert office.compare() == {"edit_not_seen": 1}
    office.fix("edit_not_seen", "look")
    office.work(minutes=1)

    assert office.found() == {}
    assert link_of(office.product, meeting).reason == "edited_in_crm"
    assert office.product.records(meeting.ical_uid)[0].draft.subject == "By hand"


def test_with_the_right_to_read_alone_a_category_that_cannot_be_written_is_no_drift(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    read_only(office.product)
    meeting = ticked(office, organizer)
    assert link_of(office.product, meeting).category_permission == "not_permitted"
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)

    assert office.compare() == {"record_missing": 1}
    assert meeting.categories == []


def test_of_a_private_event_nothing_is_found_and_its_record_goes_at_once(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    never = office.product.meeting(
        organizer, CLIENT, sensitivity="private", categories=[CATEGORY], subject="Never"
    )
    meeting.change(sensitivity="private")
    stop_looking(office.product, minutes=40)

    assert office.compare() == {}
    office.product.drain()

    assert office.product.record(meeting.ical_uid) is None
    assert office.call("GET", "/reconciliation/findings")["items"] == []
    assert never.categories == [CATEGORY]


def test_a_mailbox_nobody_reads_and_work_nobody_does_are_found(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    stop_looking(office.product, minutes=90)
    change_link(office.product, meeting, due_at=office.product.clock() - timedelta(hours=2))

    found = office.compare()

    assert found["left_undone"] == 1
    assert found["mailbox_not_read"] == 3
    office.fix("mailbox_not_read", "read")
    office.fix("left_undone", "look")
    office.work()
    office.work(minutes=1)
    assert office.found() == {}


def test_a_mailbox_that_cannot_be_read_is_named_and_keeps_its_findings(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    office.compare()
    office.product.sandbox.faults(
        [
            {"match": {"path": "/calendarView/delta", "user": organizer}, "kind": "status"}
            | {"status": 403, "error": "ErrorAccessDenied"}
        ]
    )

    operation = office.call("POST", "/reconciliation")
    office.product.services.administration.operations.work()

    assert office.call("GET", f"/operations/{operation['id']}")["failed"] == 1
    summary = office.call("GET", "/reconciliation")
    assert [(row["user"], row["code"]) for row in summary["unread"]] == [
        (organizer, "access_denied")
    ]
    assert office.found() == {"record_missing": 1}


def test_graph_is_left_alone_as_long_as_it_asks_for(sqlite_office: Office, organizer: str) -> None:
    office = sqlite_office
    ticked(office, organizer)
    office.product.sandbox.faults(
        [
            {"match": {"path": "/calendarView/delta", "user": organizer}, "kind": "status"}
            | {"status": 429, "retry_after": 30, "times": 1}
        ]
    )
    operation = office.call("POST", "/reconciliation")
    operations = office.product.services.administration.operations

    operations.work()
    waiting = office.call("GET", f"/operations/{operation['id']}")
    office.product.advance(seconds=10)
    operations.work()
    assert office.call("GET", f"/operations/{operation['id']}") == waiting
    office.product.advance(seconds=40)
    operations.work()

    ended = office.call("GET", f"/operations/{operation['id']}")
    assert (waiting["state"], ended["state"], ended["failed"]) == ("running", "done", 0)


def test_a_paused_firm_and_a_stopped_mailbox_are_not_compared(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    office.call("POST", "/pause", {"level": "firm"})

    operation = office.call("POST", "/reconciliation")
    office.product.services.administration.operations.work()

    assert office.call("GET", f"/operations/{operation['id']}")["done"] == 1
    assert office.found() == {}


def test_each_night_is_compared_once_and_two_at_a_time_are_one(sqlite_office: Office) -> None:
    office = sqlite_office
    reconciliation = office.product.services.administration.reconciliation
    assert reconciliation.begin_due() == 0
    next_at = office.call("GET", "/reconciliation")["next_at"]
    assert next_at is not None

    office.product.advance(hours=24)
    firms = reconciliation.begin_due()
    assert (firms, reconciliation.begin_due()) == (2, 0)
    running = office.call("GET", "/reconciliation")["running"]
    assert office.call("POST", "/reconciliation")["id"] == running["id"]
    office.call("DELETE", f"/operations/{running['id']}")
    office.product.services.administration.operations.work()

    assert office.call("GET", "/reconciliation")["last"]["state"] == "cancelled"
    assert office.call("GET", "/reconciliation")["next_at"] > next_at


def test_a_killed_workers_successor_goes_on_where_it_was(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    operation = office.call("POST", "/reconciliation")
    operations = office.product.services.administration.operations
    asked = iter([False] * 6)
    operations.work(lambda: next(asked, True))
    half = office.call("GET", f"/operations/{operation['id']}")
    with office.product.services.database.write.begin() as session:
        # Killed: the lease was never given back.
        session.execute(
            text("UPDATE operations SET lease_token = 'dead', not_before = :at"),
            {"at": (office.product.clock() + timedelta(minutes=2)).replace(tzinfo=None)},
        )

    operations.work()
    assert office.call("GET", f"/operations/{operation['id']}")["done"] == half["done"]
    office.product.advance(minutes=3)
    operations.work()

    ended = office.call("GET", f"/operations/{operation['id']}")
    assert 0 < half["done"] < ended["done"] == ended["total"]
    assert office.found() == {"record_missing": 1}


def test_many_are_mended_in_the_background_and_the_number_that_was_told_counts(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    link = link_of(office.product, meeting)
    now = office.product.clock()
    with office.product.services.database.write.begin() as session:
        session.add_all(
            DriftRow(
                firm_id=link.firm_id,
                kind="left_undone",
                subject_id=f"{number}",
                mailbox_id=link.mailbox_id,
                link_id=link.id,
                run_id="run",
                found_at=now,
            )
            for number in range(501)
        )
    body = {"kind": "left_undone", "fix": "look", "expected": 500}
    refused = office.admin.call("POST", "/api/admin/reconciliation/fix", body)
    assert (refused.status_code, refused.json["code"]) == (412, "changed_meanwhile")

    answer = office.call("POST", "/reconciliation/fix", body | {"expected": 501})
    assert answer["operation"]["total"] == 501
    office.work()
    office.work(minutes=1)

    assert office.call("GET", f"/operations/{answer['operation']['id']}")["state"] == "done"
    assert office.found() == {}


def test_findings_are_filtered_and_paged(sqlite_office: Office, organizer: str) -> None:
    office = sqlite_office
    ticked(office, organizer)
    stop_looking(office.product, minutes=90)
    office.compare()

    def page(**params: Any) -> Any:
        return office.call("GET", "/reconciliation/findings", **params)

    first = page(limit=2)
    second = page(limit=2, cursor=first["next"])
    assert len({row["id"] for row in first["items"] + second["items"]}) == 3
    assert page(user=organizer)["items"][0]["user"] == organizer
    assert page(kind="record_missing")["items"] == []
    assert page(fixed="true")["items"] == []


def test_a_fix_that_does_not_fit_and_another_firms_finding_are_refused(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    office.compare()
    [finding] = office.call("GET", "/reconciliation/findings")["items"]
    second = office.product.sandbox.state()["tenants"][1]
    stranger = next(p["address"] for p in second["people"] if "admin" in p["roles"])
    other = office.product.pane(stranger, tenant=second["tenant_id"])
    path = "/api/admin/reconciliation"

    wrong = office.admin.call("POST", f"{path}/fix", {"ids": [finding["id"]], "fix": "read"})
    theirs = other.call("POST", f"{path}/fix", {"ids": [finding["id"]], "fix": "write"})

    assert (wrong.status_code, wrong.json["code"]) == (422, "invalid_request")
    assert [row["code"] for row in theirs.json["items"]] == ["not_found"]
    assert other.call("GET", f"{path}/findings").json["items"] == []
    assert office.found() == {"record_missing": 1}
