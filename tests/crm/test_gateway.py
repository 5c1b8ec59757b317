from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, text

from backend.crm.gateway import EmbeddedCrm
from backend.crm.models import ActivityRow, MentionRow
from backend.domain.errors import TransientRemoteError
from backend.sql import Database
from tests.crm.gateway_contract import (
    KEY,
    TENANT,
    AdditionsContract,
    ContactsContract,
    GatewayContract,
    MakeContact,
    a_draft,
    a_full_draft,
)
from tests.crm.gateway_editing_contract import EditingContract
from tests.support.crm import HandClock, contact_maker, create_tables
from tests.support.crm_hands import ApiHands
from tests.support.crm_server import crm_app


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def gateway(database: Database, clock: HandClock) -> EmbeddedCrm:
    create_tables(database)
    return EmbeddedCrm(database, clock)


@pytest.fixture
def people(database: Database, gateway: EmbeddedCrm) -> MakeContact:
    return contact_maker(database, TENANT)


@pytest.fixture
def hands(database: Database, clock: HandClock, gateway: EmbeddedCrm) -> ApiHands:
    return ApiHands(crm_app(database, clock), gateway)


class TestEmbeddedCrm(GatewayContract, ContactsContract, AdditionsContract, EditingContract):
    """The embedded CRM keeps the contract on both databases.

    It is in our process and has neither a permission to miss nor a limit to meet.
    """


def test_a_call_inside_a_transaction_of_ours_is_refused_at_once(
    gateway: EmbeddedCrm, database: Database
) -> None:
    with database.write.begin() as session:
        session.execute(text("SELECT 1"))

        with pytest.raises(RuntimeError, match="inside a transaction"):
            gateway.find_activity(TENANT, KEY)
        with pytest.raises(RuntimeError, match="inside a transaction"):
            gateway.write_activity(TENANT, KEY, a_draft(), revision=None)


def test_what_people_added_survives_update_removal_and_return(
    gateway: EmbeddedCrm, database: Database
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None, visibility="only_me")
    with database.write.begin() as session:
        row = session.scalars(select(ActivityRow)).one()
        row.notes = "Bring the file"
        row.opportunity_ids = ["o1"]
        row.initiative_ids = ["i1"]

    updated = gateway.write_activity(TENANT, KEY, a_draft(subject="2"), revision=made.revision)
    gateway.remove_activity(TENANT, KEY, revision=updated.revision)
    tombstone = gateway.find_activity(TENANT, KEY)
    assert tombstone is not None
    revived = gateway.write_activity(
        TENANT, KEY, a_draft(subject="3"), revision=tombstone.revision, visibility="everyone"
    )

    assert revived.notes == "Bring the file"
    assert revived.opportunity_ids == ("o1",)
    assert revived.initiative_ids == ("i1",)
    assert revived.visibility == "only_me"


def test_a_sync_write_forgets_who_edited_the_record_before(
    gateway: EmbeddedCrm, database: Database
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    with database.write.begin() as session:
        session.scalars(select(ActivityRow)).one().edited_by = {"name": "Eve", "address": "e@x"}

    adopted = gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)

    assert adopted.edited_by is None


def test_companies_follow_the_contacts_and_those_set_by_hand_stay(
    gateway: EmbeddedCrm, database: Database, people: MakeContact
) -> None:
    jane = people("Jane", "jane@client.example", company_types=("Client",))
    joe = people("Joe", "joe@client.example", company_types=("Client",))
    with_jane = a_full_draft(jane)
    made = gateway.write_activity(TENANT, KEY, with_jane, revision=None)
    (company_of_jane,) = made.company_ids
    with database.write.begin() as session:
        session.scalars(select(ActivityRow)).one().company_ids = [company_of_jane, "by-hand"]

    with_joe = a_full_draft(joe)
    written = gateway.write_activity(TENANT, KEY, with_joe, revision=made.revision)

    assert written.company_ids[0] == "by-hand"
    assert len(written.company_ids) == 2
    assert company_of_jane not in written.company_ids


def test_the_company_of_a_private_contact_is_not_given_away(
    gateway: EmbeddedCrm, people: MakeContact
) -> None:
    secret = people("S", "s@x.example", company_types=("Client",), private=True, owner_id="o")

    made = gateway.write_activity(TENANT, KEY, a_full_draft(secret), revision=None)

    assert made.company_ids == ()


def test_only_live_records_are_mentioned(
    gateway: EmbeddedCrm, database: Database, people: MakeContact
) -> None:
    jane = people("Jane", "jane@client.example")
    made = gateway.write_activity(TENANT, KEY, a_full_draft(jane), revision=None)

    def mentions() -> list[tuple[str, str]]:
        with database.read() as session:
            rows = session.execute(select(MentionRow.kind, MentionRow.mentioned_id))
            return [(row.kind, row.mentioned_id) for row in rows]

    live = mentions()
    gateway.remove_activity(TENANT, KEY, revision=made.revision)
    removed = mentions()
    tombstone = gateway.find_activity(TENANT, KEY)
    assert tombstone is not None
    gateway.write_activity(TENANT, KEY, a_full_draft(jane), revision=tombstone.revision)

    assert live == [("contact", jane)]
    assert removed == []
    assert mentions() == live


def test_tombstones_are_purged_after_thirty_days_and_live_records_never(
    gateway: EmbeddedCrm, clock: HandClock
) -> None:
    removed = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    live = gateway.write_activity(TENANT, KEY + "-live", a_draft(), revision=None)
    gateway.remove_activity(TENANT, KEY, revision=removed.revision)

    clock.advance(timedelta(days=30))
    early = gateway.purge_tombstones()
    clock.advance(timedelta(seconds=1))
    late = gateway.purge_tombstones()

    assert (early, late) == (0, 1)
    assert gateway.find_activity(TENANT, KEY) is None
    assert gateway.find_activity(TENANT, KEY + "-live") == live


def test_a_database_that_cannot_be_reached_is_a_passing_failure(clock: HandClock) -> None:
    unreachable = Database("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")

    with pytest.raises(TransientRemoteError) as caught:
        EmbeddedCrm(unreachable, clock).find_activity(TENANT, KEY)

    assert caught.value.system == "crm"
