"""Findings are mended while others are at work: firms, ticks, throttled and lost servers (A10)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, update

from backend.db.models import LinkRow, MailboxRow
from backend.services.administration import operations as long_operations
from backend.services.administration import repairs
from tests.flows.test_reconciliation import lose_link, sql, ticked
from tests.support.firm_office import Office
from tests.support.product import Meeting, Product, running_product
from tests.support.sandbox import RunningSandbox

PATH = "/api/admin/reconciliation"


@pytest.fixture
def sqlite_office(sqlite_product: Product) -> Office:
    return Office(sqlite_product)


@pytest.fixture
def postgres_office(
    sandbox: RunningSandbox, postgres_schema_url: URL, offset_file: Path
) -> Iterator[Office]:
    with running_product(sandbox, postgres_schema_url, offset_file) as product:
        yield Office(product)


def orphan(office: Office, organizer: str) -> Meeting:
    """A meeting whose record no link knows, and which shows no category."""
    meeting = ticked(office, organizer)
    lose_link(office.product, meeting)
    meeting.change(categories=[])
    office.work(minutes=40)
    assert office.compare() == {"record_without_link": 1}
    return meeting


def test_another_firms_finding_stays_though_its_id_is_among_many(
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

    ids = [finding["id"], *(str(uuid4()) for _ in range(500))]
    begun = other.call("POST", f"{PATH}/fix", {"ids": ids, "fix": "write"})
    assert begun.status_code == 202, begun.text
    for _ in range(3):
        office.product.services.administration.operations.work()
        office.product.advance(seconds=30)

    assert office.found() == {"record_missing": 1}


def test_a_fix_and_a_tick_at_the_same_moment_make_one_link(
    postgres_office: Office, organizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = postgres_office
    meeting = orphan(office, organizer)
    made = repairs._new_link

    def tick_meanwhile(*given: object) -> LinkRow:
        monkeypatch.setattr(repairs, "_new_link", made)
        with office.product.services.database.write.begin() as session:
            session.add(made(*given))  # type: ignore[arg-type]
        return made(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(repairs, "_new_link", tick_meanwhile)
    [row] = office.fix("record_without_link", "write")["items"]

    assert (row["ok"], row["code"]) == (False, "changed_meanwhile")
    assert len(office.product.records(meeting.ical_uid)) == 1


def test_graph_is_asked_no_more_once_it_asks_to_wait(sqlite_office: Office, organizer: str) -> None:
    office = sqlite_office
    first, second = ticked(office, organizer), ticked(office, organizer, days=3)
    for meeting in (first, second):
        lose_link(office.product, meeting)
    assert office.compare() == {"category_without_link": 2, "record_without_link": 2}
    sandbox = office.product.sandbox
    sandbox.faults(
        [
            {"match": {"path": "/events", "user": organizer}, "kind": "status"}
            | {"status": 429, "retry_after": 300}
        ]
    )
    since = sandbox.last_request()
    rows = office.fix("category_without_link", "choose")["items"]

    asked = [line for line in sandbox.requests(since) if "/events" in line["path"]]
    sandbox.clear_faults()
    assert [row["ok"] for row in rows] == [False, False]
    assert len(asked) == 1


def test_a_look_ends_though_the_server_was_taken_away_after_the_fix(
    sqlite_office: Office, organizer: str
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    lose_link(office.product, meeting)
    office.compare()
    office.fix("category_without_link", "choose")
    sql(office.product, "DELETE FROM event_ids")
    sql(office.product, "DELETE FROM history")
    sql(office.product, "DELETE FROM links")
    with office.product.services.database.write.begin() as session:
        session.execute(update(MailboxRow).values(server_id=None))

    for _ in range(8):
        office.product.services.administration.operations.work()
        office.product.advance(minutes=8)

    assert not office.product.services.administration.operations.is_due()
    assert office.found()["category_without_link"] == 1


def test_findings_of_mailboxes_that_could_not_be_read_stay_however_many_there_are(
    sqlite_office: Office, organizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = sqlite_office
    meeting = ticked(office, organizer)
    sql(office.product, "DELETE FROM crm_activities WHERE ical_uid = :uid", uid=meeting.ical_uid)
    office.compare()
    office.product.sandbox.faults(
        [
            {"match": {"path": "/calendarView/delta"}, "kind": "status"}
            | {"status": 403, "error": "ErrorAccessDenied"}
        ]
    )
    monkeypatch.setattr(long_operations, "MOST_FAILURES", 0)

    office.call("POST", "/reconciliation")
    office.product.services.administration.operations.work()

    assert office.call("GET", "/reconciliation")["running"] is None
    assert office.found() == {"record_missing": 1}
