"""What every connector to a CRM must do: a class of tests to inherit, given a gateway fixture.

A connector's test module subclasses :class:`GatewayContract` and provides ``gateway`` and
``people`` (a callable that makes a contact in the CRM behind the gateway and answers its id).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    ActivityStatus,
    Additions,
    CrmGateway,
    Listing,
    MatchedContact,
    Reference,
    ReferenceKind,
    SyncStatus,
    UnmatchedAttendee,
)
from backend.domain.crm_abilities import ListsRecords
from backend.domain.errors import RemoteConflictError, RemoteNotFoundError, RemoteRejectedError
from backend.domain.event import OnlineMeeting, Person

TENANT = "11111111-1111-1111-1111-111111111111"
OTHER_TENANT = "22222222-2222-2222-2222-222222222222"
KEY = f"{TENANT}/040000008200E00074C5B7101A82E008"
ICAL_UID = "040000008200E00074C5B7101A82E008"

MakeContact = Callable[..., str]
"""``make(name, *emails, types=(), private=False, owner_id=None, company_types=(), tenant_id=…)``"""


def a_draft(**changes: object) -> ActivityDraft:
    draft = ActivityDraft(
        subject="Kick-off",
        start=datetime(2026, 3, 2, 9, 0, tzinfo=UTC),
        end=datetime(2026, 3, 2, 10, 0, tzinfo=UTC),
        type="CalendarSyncMeeting_System",
        ical_uid=ICAL_UID,
    )
    return replace(draft, **changes)  # type: ignore[arg-type]


def a_full_draft(contact_id: str) -> ActivityDraft:
    return ActivityDraft(
        subject="מפגש 👩‍⚖️ <b>x</b> " + "ä" * 10_000,
        start=datetime(2026, 3, 2, 0, 0, 0, 123456, tzinfo=UTC),
        end=datetime(2026, 3, 4, 0, 0, tzinfo=UTC),
        type="CalendarSyncMeeting_System",
        description="Line one\nLine two",
        all_day=True,
        start_date=date(2026, 3, 2),
        end_date=date(2026, 3, 4),
        time_zone="W. Europe Standard Time",
        location="Room 1; Room 2",
        resources=("Room 1", "Room 2"),
        status=ActivityStatus.CANCELLED,
        contacts=(
            MatchedContact(contact_id, "Jane Doe", "jane@client.example", "accepted", "required"),
        ),
        unmatched=(UnmatchedAttendee("Joe", "joe@nowhere.example", "none", "optional"),),
        assigned_to=Person("Ann Owner", "ann@firm.example"),
        owner_id="33333333-3333-3333-3333-333333333333",
        event_id="AAkALgAAAAAAHYQDEapmEc2byACqAC_EWg0A=",
        ical_uid=ICAL_UID,
        recurring=True,
        web_link="https://outlook.example/?id=1%2F2",
        online_meeting=OnlineMeeting("teamsForBusiness", "https://teams.example/l"),
        show_as="oof",
        importance="high",
        private=True,
        reminder_minutes=15,
        sync_status=SyncStatus.FINAL,
    )


class GatewayContract:
    """One record per key, whatever is repeated, raced, removed and brought back."""

    def test_a_new_key_makes_a_synced_record(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        assert made.kind is ActivityKind.SYNCED
        assert made.external_key == KEY
        assert made.draft == a_draft()
        assert made.revision
        assert not made.removed
        assert made.edited_by is None
        assert made.visibility == "everyone"
        assert gateway.find_activity(TENANT, KEY) == made
        assert gateway.get_activity(TENANT, made.id) == made

    def test_every_field_comes_back_as_it_was_written(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        draft = a_full_draft(people("Jane Doe", "jane@client.example"))

        made = gateway.write_activity(TENANT, KEY, draft, revision=None, visibility="only_me")

        assert made.draft == draft
        assert made.visibility == "only_me"

    def test_creating_again_changes_nothing_and_answers_what_is_there(
        self, gateway: CrmGateway
    ) -> None:
        first = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        second = gateway.write_activity(TENANT, KEY, a_draft(subject="Other"), revision=None)

        assert second == first

    def test_twenty_creators_at_once_make_one_record(self, gateway: CrmGateway) -> None:
        answers: list[Activity] = []
        failures: list[BaseException] = []
        start = threading.Barrier(20)

        def create(number: int) -> None:
            start.wait()
            try:
                draft = a_draft(subject=f"Creator {number}")
                answers.append(gateway.write_activity(TENANT, KEY, draft, revision=None))
            except BaseException as error:
                failures.append(error)

        threads = [threading.Thread(target=create, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert failures == []
        assert {(answer.id, answer.draft.subject) for answer in answers} == {
            (answers[0].id, answers[0].draft.subject)
        }
        assert len(gateway.find_by_ical_uid(TENANT, ICAL_UID)) == 1

    def test_all_synced_records_are_listed_once_in_pages(self, gateway: CrmGateway) -> None:
        if not isinstance(gateway, ListsRecords):
            pytest.skip("this CRM cannot list our records")
        for number in range(5):
            key = f"{TENANT}/{number}"
            gateway.write_activity(TENANT, key, a_draft(ical_uid=str(number)), revision=None)
        gateway.write_activity(OTHER_TENANT, f"{OTHER_TENANT}/x", a_draft(), revision=None)
        gone = gateway.find_activity(TENANT, f"{TENANT}/4")
        assert gone is not None
        gateway.remove_activity(TENANT, f"{TENANT}/4", revision=gone.revision)
        gateway.add_activity(TENANT, f"{TENANT}/added", a_draft(), Additions())

        keys: list[str | None] = []
        after: str | None = None
        for _ in range(10):
            page = gateway.synced_records(TENANT, after=after, limit=2)
            keys += [record.external_key for record in page.records]
            after = page.next
            if after is None:
                break

        assert sorted(map(str, keys)) == [f"{TENANT}/{number}" for number in range(4)]

    def test_an_update_names_the_revision_it_has_seen(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        written = gateway.write_activity(
            TENANT, KEY, a_draft(subject="Moved"), revision=made.revision
        )

        assert written.id == made.id
        assert written.draft.subject == "Moved"
        assert written.revision != made.revision
        assert gateway.find_activity(TENANT, KEY) == written

    def test_an_update_with_an_old_revision_is_refused_and_changes_nothing(
        self, gateway: CrmGateway
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        newer = gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)

        with pytest.raises(RemoteConflictError) as caught:
            gateway.write_activity(TENANT, KEY, a_draft(subject="Late"), revision=made.revision)

        assert caught.value.system == "crm"
        assert gateway.find_activity(TENANT, KEY) == newer

    def test_a_repair_write_of_the_same_content_changes_the_revision(
        self, gateway: CrmGateway
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        repaired = gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)

        assert repaired.revision != made.revision

    def test_updating_what_is_not_there_is_not_found(self, gateway: CrmGateway) -> None:
        with pytest.raises(RemoteNotFoundError) as caught:
            gateway.write_activity(TENANT, KEY, a_draft(), revision="anything")

        assert caught.value.system == "crm"

    def test_of_two_updates_with_one_revision_exactly_one_wins(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        outcomes: list[str] = []
        start = threading.Barrier(8)

        def update(number: int) -> None:
            start.wait()
            try:
                gateway.write_activity(
                    TENANT, KEY, a_draft(subject=f"Writer {number}"), revision=made.revision
                )
                outcomes.append("written")
            except RemoteConflictError:
                outcomes.append("conflict")
            except BaseException as error:
                outcomes.append(repr(error))

        threads = [threading.Thread(target=update, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes) == ["conflict"] * 7 + ["written"]

    def test_a_removed_record_is_a_tombstone_under_its_key(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        gateway.remove_activity(TENANT, KEY, revision=made.revision)

        tombstone = gateway.find_activity(TENANT, KEY)
        assert tombstone is not None
        assert tombstone.removed
        assert tombstone.id == made.id
        assert tombstone.draft == made.draft
        assert gateway.get_activity(TENANT, made.id) is None
        assert gateway.find_by_ical_uid(TENANT, ICAL_UID) == []

    def test_removing_again_or_what_never_was_is_success(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)

        gateway.remove_activity(TENANT, KEY, revision=made.revision)
        gateway.remove_activity(TENANT, KEY + "-other", revision="anything")

    def test_removing_with_an_old_revision_is_refused(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)

        with pytest.raises(RemoteConflictError):
            gateway.remove_activity(TENANT, KEY, revision=made.revision)

        assert gateway.get_activity(TENANT, made.id) is not None

    def test_creating_over_a_tombstone_answers_the_tombstone(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)

        answer = gateway.write_activity(TENANT, KEY, a_draft(subject="New"), revision=None)

        assert answer.removed
        assert answer.draft.subject == made.draft.subject

    def test_writing_with_the_tombstones_revision_brings_the_record_back(
        self, gateway: CrmGateway
    ) -> None:
        """The same record where the CRM can restore it, else a new one with what was kept (T4)."""
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)
        tombstone = gateway.find_activity(TENANT, KEY)
        assert tombstone is not None

        revived = gateway.write_activity(
            TENANT, KEY, a_draft(subject="Back"), revision=tombstone.revision
        )

        assert (revived.id == made.id) is gateway.capabilities.can_restore
        assert not revived.removed
        assert revived.draft.subject == "Back"
        assert gateway.get_activity(TENANT, revived.id) == revived

    def test_a_late_removal_cannot_match_a_record_that_came_back(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)
        tombstone = gateway.find_activity(TENANT, KEY)
        assert tombstone is not None
        revived = gateway.write_activity(TENANT, KEY, a_draft(), revision=tombstone.revision)

        with pytest.raises(RemoteConflictError):
            gateway.remove_activity(TENANT, KEY, revision=made.revision)

        assert gateway.get_activity(TENANT, revived.id) == revived

    def test_a_late_update_cannot_bring_a_removed_record_back(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)

        with pytest.raises(RemoteConflictError):
            gateway.write_activity(TENANT, KEY, a_draft(subject="Late"), revision=made.revision)

        assert gateway.get_activity(TENANT, made.id) is None

    def test_a_destroyed_record_leaves_nothing(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        gateway.destroy_activity(TENANT, KEY)
        gateway.destroy_activity(TENANT, KEY)

        assert gateway.find_activity(TENANT, KEY) is None
        assert gateway.get_activity(TENANT, made.id) is None
        again = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        assert again.id != made.id

    def test_a_destroyed_tombstone_leaves_nothing(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.remove_activity(TENANT, KEY, revision=made.revision)

        gateway.destroy_activity(TENANT, KEY)

        assert gateway.find_activity(TENANT, KEY) is None

    def test_the_sync_status_changes_without_a_new_revision(self, gateway: CrmGateway) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

        gateway.set_sync_status(TENANT, KEY, SyncStatus.RELEASED)

        marked = gateway.find_activity(TENANT, KEY)
        assert marked is not None
        assert marked.draft.sync_status is SyncStatus.RELEASED
        assert marked.revision == made.revision

    def test_marking_what_is_not_there_is_success(self, gateway: CrmGateway) -> None:
        gateway.set_sync_status(TENANT, KEY, SyncStatus.FINAL)

        assert gateway.find_activity(TENANT, KEY) is None

    def test_records_of_a_meeting_are_found_by_its_ical_uid(self, gateway: CrmGateway) -> None:
        one = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        two = gateway.write_activity(TENANT, KEY + "-2", a_draft(), revision=None)
        gateway.write_activity(TENANT, KEY + "-3", a_draft(ical_uid="other"), revision=None)

        found = gateway.find_by_ical_uid(TENANT, ICAL_UID)

        assert {activity.id for activity in found} == {one.id, two.id}
        assert gateway.find_by_ical_uid(TENANT, ICAL_UID.lower()) == []

    def test_no_firm_sees_or_changes_what_belongs_to_another(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        people("Jane", "jane@client.example")

        theirs = gateway.write_activity(OTHER_TENANT, KEY, a_draft(subject="B"), revision=None)
        gateway.destroy_activity(OTHER_TENANT, KEY)

        assert theirs.id != made.id
        assert gateway.get_activity(OTHER_TENANT, made.id) is None
        assert gateway.find_activity(OTHER_TENANT, KEY) is None
        assert gateway.find_by_ical_uid(OTHER_TENANT, ICAL_UID) == []
        assert gateway.contacts_by_address(OTHER_TENANT, ["jane@client.example"]) == {}
        assert gateway.find_contacts(OTHER_TENANT, "Jane", 10) == []
        assert gateway.find_activity(TENANT, KEY) == made

    @pytest.mark.parametrize(
        "key", ["a/b c?d#e&f%2F", "ключ-👍", "x\x00y", "\ud800", "", "k" * 700]
    )
    def test_strange_keys_are_stored_or_refused_never_mangled(
        self, gateway: CrmGateway, key: str
    ) -> None:
        try:
            made = gateway.write_activity(TENANT, key, a_draft(), revision=None)
        except RemoteRejectedError:
            assert gateway.find_activity(TENANT, key) is None
            return

        assert made.external_key == key
        assert gateway.find_activity(TENANT, key) == made

    def test_text_no_database_can_store_is_mended(self, gateway: CrmGateway) -> None:
        draft = a_draft(subject="a\x00b\ud800c", description="\x00")

        made = gateway.write_activity(TENANT, KEY, draft, revision=None)

        assert made.draft.subject == "a\ufffdb\ufffdc"


class ContactsContract:
    """Who carries an address, and who turns up in a picker."""

    def test_many_addresses_are_matched_in_one_call(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        jane = people("Jane Doe", "Jane.Doe@Client.example", "jane@home.example", types=("Client",))
        joe = people("Joe", "joe@client.example")
        strangers = [f"stranger{n}@elsewhere.example" for n in range(1_200)]

        found = gateway.contacts_by_address(
            TENANT,
            [
                "smtp:JANE.DOE@client.example ",
                "jane@home.example",
                "joe@client.example",
                *strangers,
            ],
        )

        assert set(found) == {"jane.doe@client.example", "jane@home.example", "joe@client.example"}
        assert [c.id for c in found["jane.doe@client.example"]] == [jane]
        assert [c.id for c in found["jane@home.example"]] == [jane]
        assert [c.id for c in found["joe@client.example"]] == [joe]
        contact = found["jane@home.example"][0]
        assert contact.name == "Jane Doe"
        assert contact.emails == ("Jane.Doe@Client.example", "jane@home.example")
        assert contact.types == ("Client",)

    def test_the_types_of_a_contacts_company_come_along(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        people("Jane", "jane@client.example", company_types=("Prospect", "Client"))

        found = gateway.contacts_by_address(TENANT, ["jane@client.example"])

        contact = found["jane@client.example"][0]
        assert contact.company_id
        assert contact.company_types == ("Client", "Prospect")

    def test_of_contacts_with_one_address_the_oldest_comes_first_each_time(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        made = [
            people("Zoe First", "shared@client.example", private=True, owner_id="owner"),
            people("Amy Second", "SHARED@client.example"),
            people("Moe Third", "shared@client.example", types=("Client",)),
        ]

        for _ in range(3):
            found = gateway.contacts_by_address(TENANT, ["shared@client.example"])

            assert [contact.id for contact in found["shared@client.example"]] == made

    def test_private_contacts_are_matched_and_say_whose_they_are(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        people("Secret", "secret@client.example", private=True, owner_id="owner-oid")

        found = gateway.contacts_by_address(TENANT, ["secret@client.example"])

        assert found["secret@client.example"][0].private
        assert found["secret@client.example"][0].owner_id == "owner-oid"

    @pytest.mark.parametrize(
        "address", ["", " ", "not an address", "a\x00b@x", "\ud800@x", "%", "_"]
    )
    def test_malformed_addresses_match_nobody(
        self, gateway: CrmGateway, people: MakeContact, address: str
    ) -> None:
        people("Jane", "jane@client.example")

        assert gateway.contacts_by_address(TENANT, [address]) == {}

    def test_no_addresses_match_nobody(self, gateway: CrmGateway) -> None:
        assert gateway.contacts_by_address(TENANT, []) == {}

    def test_pickers_find_by_part_of_name_or_address_in_any_case(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        jane = people("Jane Müller", "jm@client.example")
        people("Joe", "joe@other.example")

        by_name = gateway.find_contacts(TENANT, "MÜLL", 10)
        by_address = gateway.find_contacts(TENANT, "jm@client", 10)

        assert [contact.id for contact in by_name] == [jane]
        assert [contact.id for contact in by_address] == [jane]

    @pytest.mark.parametrize("query", ["%", "_", "\\", "\x00", "'; DROP TABLE x --", "q" * 5_000])
    def test_hostile_searches_find_nobody(
        self, gateway: CrmGateway, people: MakeContact, query: str
    ) -> None:
        people("Jane", "jane@client.example")

        assert list(gateway.find_contacts(TENANT, query, 10)) == []

    def test_pickers_leave_private_contacts_out_and_keep_to_their_limit(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        people("A Secret", "a@client.example", private=True, owner_id="owner")
        second = people("B", "b@client.example")
        people("C", "c@client.example")

        found = gateway.find_contacts(TENANT, "client.example", 1)

        assert [contact.id for contact in found] == [second]


class AdditionsContract:
    """Records that people add by hand, and what their pickers list (T6)."""

    def test_a_record_is_added_once_however_often_it_is_sent(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        contact = MatchedContact(
            people("Jane Doe", "jane@client.example"), "Jane Doe", "jane@client.example", "", ""
        )
        draft = a_draft(contacts=(contact,), sync_status=SyncStatus.NOT_SYNCED, owner_id="me")

        made, is_new = gateway.add_activity(
            TENANT, "added/me/1", draft, Additions(notes="Bring the file", visibility="only_me")
        )
        again, is_new_again = gateway.add_activity(
            TENANT, "added/me/1", a_draft(subject="Other"), Additions()
        )

        assert (is_new, is_new_again) == (True, False)
        assert again == made
        assert made.kind is ActivityKind.ADDED
        assert made.draft == draft
        assert (made.notes, made.visibility) == ("Bring the file", "only_me")

    def test_what_an_added_record_names_must_exist(self, gateway: CrmGateway) -> None:
        for additions in (
            Additions(company_ids=("nobody",)),
            Additions(opportunity_ids=("nothing",)),
            Additions(initiative_ids=("nothing",)),
            Additions(company_ids=("\ud800",)),
            Additions(opportunity_ids=("\x00",)),
            Additions(regarding=Reference(ReferenceKind.COMPANY, "\ud800")),
        ):
            with pytest.raises(RemoteRejectedError) as caught:
                gateway.add_activity(TENANT, "added/me/2", a_draft(), additions)

            assert caught.value.remote_code == "unknown_reference"
        nobody = MatchedContact("nobody", "Jane", "jane@client.example", "none", "required")
        with pytest.raises(RemoteRejectedError) as caught:
            gateway.add_activity(TENANT, "added/me/2", a_draft(contacts=(nobody,)), Additions())
        assert caught.value.remote_code == "unknown_reference"
        assert gateway.find_activity(TENANT, "added/me/2") is None

    def test_a_record_that_was_added_and_removed_does_not_come_back(
        self, gateway: CrmGateway
    ) -> None:
        made, _ = gateway.add_activity(TENANT, "added/me/3", a_draft(), Additions())
        gateway.remove_activity(TENANT, "added/me/3", revision=made.revision)

        with pytest.raises(RemoteConflictError):
            gateway.add_activity(TENANT, "added/me/3", a_draft(), Additions())

    def test_added_records_of_a_meeting_are_found_beside_the_synced_one(
        self, gateway: CrmGateway
    ) -> None:
        synced = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        added, _ = gateway.add_activity(TENANT, "added/me/4", a_draft(), Additions())

        found = gateway.find_by_ical_uid(TENANT, ICAL_UID)

        assert {activity.id for activity in found} == {synced.id, added.id}

    def test_pickers_list_what_the_firm_has_and_nothing_else(
        self, gateway: CrmGateway, people: MakeContact
    ) -> None:
        people("Jane", "jane@client.example", types=("Client",), company_types=("Prospect",))

        companies = gateway.find_entries(TENANT, Listing.COMPANIES, "", 10)

        assert len(companies) == 1
        assert companies[0].id
        assert gateway.find_entries(TENANT, Listing.COMPANIES, companies[0].name[:3], 10)
        assert gateway.entries_by_id(TENANT, Listing.COMPANIES, [companies[0].id, "x"]) == companies
        assert gateway.entries_by_id(OTHER_TENANT, Listing.COMPANIES, [companies[0].id]) == []
        assert gateway.find_entries(TENANT, Listing.COMPANIES, "no such name", 10) == []
        assert gateway.find_entries(OTHER_TENANT, Listing.COMPANIES, "", 10) == []
        assert gateway.find_entries(TENANT, Listing.OPPORTUNITIES, "", 10) == []
        assert gateway.find_entries(TENANT, Listing.INITIATIVES, "%", 10) == []
        assert {"Client", "Prospect"} <= set(gateway.contact_types(TENANT))
        assert gateway.activity_types(TENANT)

    def test_what_a_crm_does_not_keep_is_offered_to_nobody(self, gateway: CrmGateway) -> None:
        for listing in set(Listing) - gateway.capabilities.listings:
            assert gateway.find_entries(TENANT, listing, "", 10) == []
            assert gateway.entries_by_id(TENANT, listing, ["x"]) == []
        assert list(gateway.groups_of(TENANT, "nobody")) == []

    def test_a_contact_is_made_once_per_address(self, gateway: CrmGateway) -> None:
        made = gateway.create_contact(TENANT, "Zoe New", "Zoe@New.example")
        again = gateway.create_contact(TENANT, "Zoe Newer", "zoe@new.example")

        assert again == made
        assert (made.name, made.emails) == ("Zoe New", ("Zoe@New.example",))
        found = gateway.contacts_by_address(TENANT, ["zoe@new.example"])
        assert [contact.id for contact in found["zoe@new.example"]] == [made.id]
