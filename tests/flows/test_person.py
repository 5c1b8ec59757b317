"""What is stored about a person is found, exported and erased, and does not come back (X6)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from backend.db.admin_models import AuditRow, OperationRow
from backend.db.models import MailboxRow, UserRow
from tests.support.firm_office import Office
from tests.support.product import Meeting, Product
from tests.support.traces import tables_with

NAME, GUEST, ALIAS = "Ottoline Vane", "ottoline@vantablack.example", "vane@private.example"


def erase(office: Office, address: str) -> Any:
    """Until the operation has ended."""
    begun = office.call("POST", "/person/erase", {"address": address, "confirm": address})
    for _ in range(20):
        office.product.services.administration.operations.work()
        office.product.drain()
        ended = office.call("GET", f"/operations/{begun['id']}")
        if ended["finished_at"]:
            return ended
        office.product.advance(seconds=30)
    raise AssertionError(ended)


def meeting_with_guest(product: Product, organizer: str, **event: Any) -> Meeting:
    return product.meeting(
        organizer,
        **{
            "subject": f"About {GUEST}",
            "body": {"contentType": "text", "content": f"Ask {GUEST.upper()}, please"},
            "attendees": [
                {"type": "required", "emailAddress": {"name": NAME, "address": GUEST}},
                {"type": "required", "emailAddress": {"name": "Ben", "address": "ben@x.example"}},
            ],
        }
        | event,
    )


def test_a_guest_is_taken_out_of_records_and_contacts_and_stays_out(
    office: Office, organizer: str
) -> None:
    product = office.product
    product.add_contact(NAME, GUEST, ALIAS, types=["Client"])
    as_contact = meeting_with_guest(product, organizer)
    by_alias = meeting_with_guest(
        product,
        organizer,
        subject="Plain",
        body={"contentType": "text", "content": ""},
        attendees=[{"type": "required", "emailAddress": {"name": NAME, "address": ALIAS}}],
    )
    gone = meeting_with_guest(product, organizer)
    pane = product.pane(organizer)
    for meeting in (as_contact, by_alias, gone):
        pane.tick(meeting.id)
    pane.untick(gone.id)
    office.work(minutes=1)

    found = office.call("POST", "/person/find", {"address": GUEST})
    assert found["addresses"] == sorted([GUEST, ALIAS])
    assert found["numbers"]["records"] == 3
    assert [contact["name"] for contact in found["contacts"]] == [NAME]
    ended = erase(office, GUEST)

    assert (ended["state"], ended["failed"]) == ("done", 0)
    assert tables_with(product.services.database, NAME, GUEST, ALIAS) == set()
    # What happens later does not bring him back.
    as_contact.change(subject=f"Still about {GUEST}")
    office.work(minutes=20)
    [record] = product.records(as_contact.ical_uid)
    assert record.draft.subject == "Still about [erased]"
    assert [person.address for person in record.draft.unmatched] == ["ben@x.example"]
    assert pane.undo(gone.id).status_code == 200
    office.work(minutes=1)
    assert tables_with(product.services.database, NAME, GUEST, ALIAS) == set()
    assert office.compare() == {}
    again = office.call("POST", "/person/find", {"address": GUEST})
    assert (again["is_erased"], again["numbers"]["records"], again["contacts"]) == (True, 0, [])


def test_a_member_stops_leaves_his_records_behind_and_is_no_more_than_an_id(
    office: Office, organizer: str
) -> None:
    product = office.product
    meeting = product.meeting(organizer, "ben@x.example")
    mine = product.meeting(organizer, "ben@x.example", subject="Mine alone")
    leaving = product.meeting(organizer, "ben@x.example", subject="Taken out")
    pane = product.pane(organizer)
    for each in (meeting, mine, leaving):
        pane.tick(each.id)
    pane.untick(leaving.id)
    office.work(minutes=1)
    with product.services.database.write.begin() as session:
        session.execute(
            text("UPDATE crm_activities SET visibility = 'only_me' WHERE subject = 'Mine alone'")
        )
        user = session.scalars(select(UserRow).where(UserRow.address == organizer)).one()
        user_id, oid, name = user.id, user.oid, user.name
    found = office.call("POST", "/person/find", {"address": organizer})
    assert found["user_id"] == user_id
    assert found["numbers"] | {"links": 3, "records": 3, "only_his": 2} == found["numbers"]

    ended = erase(office, organizer)

    assert (ended["state"], ended["done"]) == ("done", 7)
    assert tables_with(product.services.database, organizer, oid, name) <= {"crm_contacts"}
    [record] = product.records(meeting.ical_uid)
    assert (record.draft.sync_status, record.draft.assigned_to) == ("released", None)
    assert product.record(mine.ical_uid) is None
    assert product.record(leaving.ical_uid) is None
    with product.services.database.read() as session:
        assert session.scalars(select(MailboxRow).where(MailboxRow.user_id == user_id)).all() == []
        assert session.get_one(UserRow, user_id).name == "Erased person"
    office.call("POST", "/users/import", {})
    office.work(minutes=20)
    assert office.call("GET", "/users", q=organizer)["items"] == []
    assert tables_with(product.services.database, organizer, oid) == set()
    assert office.compare() == {}


def test_it_is_exported_as_one_document_with_what_others_wrote_left_out(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    product = office.product
    product.add_contact(NAME, GUEST)
    meeting = meeting_with_guest(product, organizer)
    hidden = meeting_with_guest(product, organizer, subject="Hush")
    for each in (meeting, hidden):
        product.pane(organizer).tick(each.id)
    with product.services.database.write.begin() as session:
        session.execute(
            text("UPDATE crm_activities SET visibility = 'only_me' WHERE subject = 'Hush'")
        )

    guest = office.admin.call("POST", "/api/admin/person/export", {"address": GUEST})
    member = office.admin.call("POST", "/api/admin/person/export", {"address": organizer})

    assert "attachment" in guest.headers["Content-Disposition"]
    told = json.loads(guest.text)
    assert [contact["name"] for contact in told["contacts"]] == [NAME]
    assert {record["subject"] for record in told["records"]} == {f"About {GUEST}", None}
    assert all(record["as"][0]["address"] == GUEST for record in told["records"])
    assert "ben@x.example" not in guest.text
    assert "please" not in guest.text
    his = json.loads(member.text)
    assert his["member"]["address"] == organizer
    assert len(his["links"]) == 2
    assert {line["line"] for line in his["history"]} >= {"ticked", "created"}
    assert {record["subject"] for record in his["records"]} == {f"About {GUEST}", "Hush"}


def test_looking_exporting_and_erasing_are_in_the_audit_once_an_hour_without_the_address(
    sqlite_office: Office,
) -> None:
    office = sqlite_office
    for _ in range(3):
        office.call("POST", "/person/find", {"address": GUEST})
    office.admin.call("POST", "/api/admin/person/export", {"address": GUEST})
    erase(office, GUEST)
    office.product.advance(minutes=61)
    office.call("POST", "/person/find", {"address": GUEST})
    assert office.call("POST", "/person/lift", {"address": GUEST}) == {"lifted": True}
    assert office.call("POST", "/person/lift", {"address": GUEST}) == {"lifted": False}

    with office.product.services.database.read() as session:
        lines = session.scalars(select(AuditRow).order_by(AuditRow.at, AuditRow.id)).all()
    told = [(line.act, *line.fields) for line in lines if line.target_kind == "person"]
    assert told == [
        ("viewed", "found"),
        ("viewed", "exported"),
        ("person_erased",),
        ("viewed", "found"),
        ("erasure_lifted",),
    ]
    assert len({line.target_id for line in lines if line.target_kind == "person"}) == 1
    assert tables_with(office.product.services.database, GUEST) == set()


def test_killed_at_any_step_it_is_finished_by_the_next_worker_and_keeps_nothing_of_whom(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    product = office.product
    product.pane(organizer).tick(product.meeting(organizer, "ben@x.example").id)
    office.work(minutes=1)
    body = {"address": organizer, "confirm": organizer}
    begun = office.call("POST", "/person/erase", body)
    operations = product.services.administration.operations
    refused = office.admin.call("POST", "/api/admin/person/erase", body)
    assert (refused.status_code, refused.json["code"]) == (409, "erasing_already")

    for _ in range(40):
        # One slice, then killed: the lease is never given back.
        asked = iter([False, False])
        operations.work(lambda asked=asked: next(asked, True))
        with product.services.database.write.begin() as session:
            row = session.get_one(OperationRow, begun["id"])
            if row.state != "running":
                break
            assert organizer not in json.dumps(row.argument)
            row.lease_token, row.not_before = "dead", product.clock() + timedelta(minutes=2)
        product.advance(minutes=3)

    assert (row.state, row.argument) == ("done", {})
    assert tables_with(product.services.database, organizer) == set()
    assert erase(office, organizer)["state"] == "done"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"address": GUEST, "confirm": "somebody@else.example"}, 422, "invalid_request"),
        ({"address": GUEST}, 422, "invalid_request"),
        ({"address": "nobody", "confirm": "nobody"}, 422, "invalid_request"),
    ],
)
def test_what_was_not_confirmed_is_not_erased(
    sqlite_office: Office, body: Any, status: int, code: str
) -> None:
    answer = sqlite_office.admin.call("POST", "/api/admin/person/erase", body)

    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_nobody_erases_himself(sqlite_office: Office) -> None:
    own = sqlite_office.product.sandbox.person("admin")["address"]
    answer = sqlite_office.admin.call(
        "POST", "/api/admin/person/erase", {"address": own, "confirm": own.upper()}
    )

    assert (answer.status_code, answer.json["code"]) == (409, "not_yourself")
