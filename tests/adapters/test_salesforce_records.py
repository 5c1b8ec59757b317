"""What becomes of a record in Salesforce: times, people, owners, automation, the recycle bin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.adapters.http import Http
from backend.adapters.salesforce import SalesforceCrm
from backend.adapters.salesforce_text import MARK
from backend.domain.crm import (
    ActivityDraft,
    ActivityStatus,
    Additions,
    MatchedContact,
    Reference,
    ReferenceKind,
    UnmatchedAttendee,
)
from backend.domain.crm_abilities import ListsRecords
from backend.domain.errors import RemoteAccessError, RemoteConflictError, RemoteRejectedError
from backend.domain.event import OnlineMeeting, Person
from tests.adapters.salesforce_side import clock, gateway, hands, http, people, served, stand_in
from tests.crm.gateway_contract import ICAL_UID, KEY, TENANT, MakeContact, a_draft
from tests.support.crm import HandClock
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.people import Clerk, connector, contact_maker
from tests.support.salesforce.rest import Call, Reply
from tests.support.salesforce.schema import OBJECTS
from tests.support.salesforce.server import Served, StandIn

__all__ = ["clock", "gateway", "hands", "http", "people", "served", "stand_in"]

SECRET = "Sale of the castle"


def the_event(served: Served) -> dict[str, Any]:
    [event] = [r for r in served.org.tables["Event"].values() if not r["IsDeleted"]]
    return event


def relations(served: Served) -> dict[str, dict[str, Any]]:
    """The live relations of the one event, by person."""
    event_id = the_event(served)["Id"]
    rows = served.org.tables["EventRelation"].values()
    return {r["RelationId"]: r for r in rows if r["EventId"] == event_id and not r["IsDeleted"]}


def with_people(draft: ActivityDraft, *people: tuple[str, str]) -> ActivityDraft:
    """``people``: id and response."""
    contacts = (
        MatchedContact(who, "Somebody", f"{who}@x.example", response, "required")
        for who, response in people
    )
    return replace(draft, contacts=tuple(contacts))


def written(gateway: SalesforceCrm, draft: ActivityDraft, revision: str | None = None) -> str:
    """Write, and answer the new revision."""
    return gateway.write_activity(TENANT, KEY, draft, revision=revision).revision


@pytest.mark.parametrize("zone", ["Pacific Standard Time", "Asia/Tokyo", None])
def test_an_all_day_event_keeps_its_days_in_every_zone(
    gateway: SalesforceCrm, served: Served, zone: str | None
) -> None:
    draft = a_draft(
        all_day=True,
        start=datetime(2026, 3, 1, 15, tzinfo=UTC),
        end=datetime(2026, 3, 3, 15, tzinfo=UTC),
        start_date=date(2026, 3, 2),
        end_date=date(2026, 3, 4),
        time_zone=zone,
    )

    written(gateway, draft)

    event = the_event(served)
    assert event["IsAllDayEvent"]
    assert event["StartDateTime"] == "2026-03-02T00:00:00.000+0000"
    assert event["DurationInMinutes"] == 2 * 24 * 60
    assert event["EndDateTime"] == "2026-03-03T00:00:00.000+0000"


@pytest.mark.parametrize(
    ("span", "minutes"),
    [
        (timedelta(minutes=45), 45),
        (timedelta(), 1),
        (timedelta(days=20), 14 * 24 * 60),
    ],
)
def test_a_length_that_salesforce_cannot_say_is_cut_there_and_whole_here(
    gateway: SalesforceCrm, served: Served, span: timedelta, minutes: int
) -> None:
    draft = a_draft(end=a_draft().start + span)

    made = gateway.write_activity(TENANT, KEY, draft, revision=None)

    assert the_event(served)["DurationInMinutes"] == minutes
    assert made.draft == draft
    assert made.edited_by is None


def test_a_cancelled_meeting_says_so_in_its_subject_and_a_past_reminder_does_not_ring(
    gateway: SalesforceCrm, served: Served, clock: HandClock
) -> None:
    revision = written(gateway, a_draft(reminder_minutes=15, show_as="oof"))
    before = the_event(served)
    clock.advance(timedelta(days=30))
    written(gateway, a_draft(reminder_minutes=15, status=ActivityStatus.CANCELLED), revision)

    assert (before["IsReminderSet"], before["ReminderDateTime"][:16]) == (True, "2026-03-02T08:45")
    assert before["ShowAs"] == "OutOfOffice"
    after = the_event(served)
    assert after["Subject"] == "Canceled: Kick-off"
    assert not after["IsReminderSet"]


def test_the_organizer_owns_the_event_if_he_is_an_active_user(
    gateway: SalesforceCrm, served: Served
) -> None:
    ann = served.org.insert("User", {"Name": "Ann", "Email": "Ann@Firm.example"})
    gone = {"Name": "Gone", "Email": "gone@firm.example", "IsActive": False}
    served.org.insert("User", gone)
    by_ann = a_draft(assigned_to=Person("Ann", "ann@firm.example"))
    by_gone = a_draft(assigned_to=Person("Gone", "gone@firm.example"))

    first = gateway.write_activity(TENANT, KEY, by_ann, revision=None)
    second = gateway.write_activity(TENANT, KEY + "-2", by_gone, revision=None)

    events = served.org.tables["Event"]
    assert events[first.id]["OwnerId"] == ann
    assert events[second.id]["OwnerId"] == served.org.user_id


def test_people_are_invited_with_their_answers_and_at_most_fifty_of_them_related(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    ids = [people(f"Person {n}", f"p{n}@x.example") for n in range(60)]
    answers = ["accepted", "declined", "tentativelyAccepted", "none"]
    draft = with_people(a_draft(), *((who, answers[n % 4]) for n, who in enumerate(ids)))

    written(gateway, draft)

    there = relations(served)
    assert set(there) == set(ids)
    assert the_event(served)["WhoId"] == ids[0]
    assert all(row["IsInvitee"] for row in there.values())
    assert sum(row["IsParent"] for row in there.values()) == 50
    said = [there[who]["Status"] for who in ids[:4]]
    assert said == ["Accepted", "Declined", "New", "New"]


@pytest.mark.parametrize("shared", [True, False])
def test_people_come_go_and_change_their_minds_and_those_of_others_stay(
    http: Http, clock: HandClock, stand_in: StandIn, shared: bool
) -> None:
    served = stand_in.add(Organisation(clock, shared_activities=shared))
    gateway = connector(http, clock, {TENANT: served})
    make = contact_maker(served)
    jane, joe, amy, guest = (make(name, f"{name}@x.example") for name in ("J", "Jo", "A", "G"))
    revision = written(gateway, with_people(a_draft(), (jane, "none"), (joe, "none")))
    added = {"EventId": the_event(served)["Id"], "RelationId": guest, "Status": "New"}
    served.org.insert("EventRelation", added, by=Clerk(served.org).id)

    revision = written(
        gateway, with_people(a_draft(subject="2"), (joe, "accepted"), (amy, "none")), revision
    )

    there = relations(served)
    assert set(there) == {joe, amy, guest}
    assert there[joe]["Status"] == "Accepted"
    assert the_event(served)["WhoId"] == joe
    written(gateway, a_draft(subject="3"), revision)
    assert set(relations(served)) == {guest}
    assert the_event(served)["WhoId"] in (None, guest)


def test_a_contact_that_went_meanwhile_makes_us_look_again(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    jane, joe = people("Jane", "jane@x.example"), people("Joe", "joe@x.example")
    served.org.delete("Contact", joe)

    revision = written(gateway, with_people(a_draft(), (jane, "none")))

    with pytest.raises(RemoteConflictError):
        written(gateway, with_people(a_draft(subject="2"), (jane, ""), (joe, "")), revision)

    assert the_event(served)["Subject"] == a_draft().subject
    assert relations(served).keys() == {jane}


def test_a_contact_that_sharing_keeps_from_us_is_not_matched_and_cannot_be_invited(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    jane = people("Jane", "jane@x.example")
    served.org.hidden.add(jane)

    assert gateway.contacts_by_address(TENANT, ["jane@x.example"]) == {}
    with pytest.raises(RemoteAccessError) as caught:
        written(gateway, with_people(a_draft(), (jane, "accepted")))

    assert caught.value.remote_code == "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"
    assert gateway.find_activity(TENANT, KEY) is None


def test_a_form_that_names_a_contact_who_is_gone_is_refused(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    joe = people("Joe", "joe@x.example")
    served.org.delete("Contact", joe)

    with pytest.raises(RemoteRejectedError) as caught:
        gateway.add_activity(TENANT, "added/1", with_people(a_draft(), (joe, "")), Additions())

    assert caught.value.remote_code == "unknown_reference"


def test_a_meeting_that_a_hundred_and_fifty_people_added_is_found_whole(
    gateway: SalesforceCrm,
) -> None:
    for number in range(150):
        gateway.add_activity(TENANT, f"added/{number}", a_draft(), Additions())

    assert len(gateway.find_by_ical_uid(TENANT, ICAL_UID)) == 150


def test_live_synced_records_are_listed_page_by_page(gateway: SalesforceCrm, hands: Clerk) -> None:
    keys = [f"{KEY}-{n}" for n in range(5)]
    made = [gateway.write_activity(TENANT, key, a_draft(), revision=None) for key in keys]
    gateway.add_activity(TENANT, "added/1", a_draft(), Additions())
    gateway.remove_activity(TENANT, keys[0], revision=made[0].revision)
    hands.delete(made[1].id)

    listed, after = [], None
    while True:
        page = gateway.synced_records(TENANT, after=after, limit=2)
        listed += page.records
        after = page.next
        if after is None:
            break

    assert isinstance(gateway, ListsRecords)
    assert listed == made[2:]


def test_whom_salesforce_does_not_know_and_how_to_join_stands_in_the_description(
    gateway: SalesforceCrm, served: Served, hands: Clerk
) -> None:
    strangers = tuple(
        UnmatchedAttendee(f"Somebody {n}", f"s{n}@x.example", "none", "required") for n in range(90)
    )
    draft = a_draft(
        description="Agenda",
        unmatched=strangers,
        online_meeting=OnlineMeeting("teamsForBusiness", "https://teams.example/l"),
    )

    made = gateway.write_activity(TENANT, KEY, draft, revision=None)
    said = the_event(served)["Description"]
    hands.edit(made.id, Description=said.replace("Agenda", "My agenda"))

    assert said.splitlines()[:2] == [MARK, "Join: https://teams.example/l"]
    assert "Also invited: Somebody 0 <s0@x.example>, Somebody 1 <s1@x.example>" in said
    assert said.endswith(" more\r\n\r\nAgenda")
    assert made.draft == draft
    edited = gateway.find_activity(TENANT, KEY)
    assert edited is not None
    assert edited.draft == replace(draft, description="My agenda")


def test_nobody_is_put_on_a_private_event(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    jane = people("Jane", "jane@x.example")

    written(gateway, with_people(a_draft(private=True), (jane, "accepted")))

    assert relations(served) == {}
    assert the_event(served)["IsPrivate"]


def test_a_lead_is_the_events_who_only_where_it_is_related_to_nothing_else(
    gateway: SalesforceCrm, served: Served
) -> None:
    lead = gateway.create_contact(TENANT, "Zoe New", "zoe@new.example").id
    account = served.org.insert("Account", {"Name": "Acme"})
    draft = with_people(a_draft(), (lead, "none"))

    alone, _ = gateway.add_activity(TENANT, "added/1", draft, Additions())
    filed, _ = gateway.add_activity(TENANT, "added/2", draft, Additions(company_ids=(account,)))

    events = served.org.tables["Event"]
    assert (events[alone.id]["WhoId"], events[alone.id]["WhatId"]) == (lead, None)
    assert (events[filed.id]["WhoId"], events[filed.id]["WhatId"]) == (None, account)
    rows = served.org.tables["EventRelation"].values()
    assert [r["RelationId"] for r in rows if r["EventId"] == filed.id] == [lead]


def test_an_added_record_regards_what_the_form_says(gateway: SalesforceCrm, served: Served) -> None:
    account = served.org.insert("Account", {"Name": "Acme"})
    deal = {"Name": "Big deal", "StageName": "Open", "AccountId": account}
    opportunity = served.org.insert("Opportunity", deal)
    additions = Additions(
        company_ids=(account,),
        opportunity_ids=(opportunity,),
        regarding=Reference(ReferenceKind.COMPANY, account),
    )

    made, _ = gateway.add_activity(TENANT, "added/1", a_draft(), additions)

    assert the_event(served)["WhatId"] == account
    assert (made.company_ids, made.opportunity_ids) == ((account,), (opportunity,))
    assert made.regarding == additions.regarding


def test_what_people_relate_a_record_to_is_kept_and_comes_back_with_it(
    gateway: SalesforceCrm, served: Served, hands: Clerk
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    opportunity = served.org.insert("Opportunity", {"Name": "Big deal", "StageName": "Open"})
    hands.edit(made.id, WhatId=opportunity)
    again = gateway.write_activity(TENANT, KEY, a_draft(subject="2"), revision=made.revision)
    gateway.remove_activity(TENANT, KEY, revision=again.revision)
    tombstone = gateway.find_activity(TENANT, KEY)
    assert tombstone is not None

    revived = gateway.write_activity(TENANT, KEY, a_draft(), revision=tombstone.revision)

    assert again.opportunity_ids == revived.opportunity_ids == (opportunity,)
    assert the_event(served)["WhatId"] == opportunity


def test_what_automation_makes_of_our_write_is_no_persons_edit(
    gateway: SalesforceCrm, served: Served, hands: Clerk
) -> None:
    def shout(event: dict[str, Any]) -> None:
        event["Subject"] = event["Subject"].upper()

    served.org.automation = shout

    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    hands.write_notes(made.id, "Bring the file")

    noted = gateway.find_activity(TENANT, KEY)
    assert noted is not None
    assert the_event(served)["Subject"] == "KICK-OFF"
    assert (noted.edited_by, noted.revision) == (None, made.revision)


def test_what_runs_later_in_our_own_name_is_no_persons_edit(
    gateway: SalesforceCrm, served: Served
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

    served.org.update("Event", made.id, {"Subject": "By a flow"}, by=served.org.user_id)

    found = gateway.find_activity(TENANT, KEY)
    assert found is not None
    assert (found.edited_by, found.revision) == (None, made.revision)


def test_an_edit_says_who_when_and_what(
    gateway: SalesforceCrm, hands: Clerk, clock: HandClock
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(location="Room 1"), revision=None)
    clock.advance(timedelta(minutes=5))

    moved = "2026-03-02T14:00:00Z"
    hands.edit(made.id, StartDateTime=moved, DurationInMinutes=30, ShowAs="Free", Location=None)

    edited = gateway.get_activity(TENANT, made.id)
    assert edited is not None
    assert edited.edited_by == Person("Carla Clerk", "carla@firm.example")
    assert edited.updated_at == clock()
    assert edited.draft == a_draft(
        start=datetime(2026, 3, 2, 14, tzinfo=UTC),
        end=datetime(2026, 3, 2, 14, 30, tzinfo=UTC),
        show_as="free",
        location="",
    )


def test_an_edit_between_our_look_and_our_write_is_not_overwritten(
    gateway: SalesforceCrm, served: Served, hands: Clerk, clock: HandClock
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    answer = served.rest.answer

    def edit_first(call: Call) -> Reply:
        steps = (call.body or {}).get("compositeRequest", [])
        if any(step["method"] == "PATCH" for step in steps):
            served.rest.answer = answer  # type: ignore[method-assign]
            clock.advance(timedelta(seconds=2))
            hands.change_subject(made.id, "Mine now")
        return answer(call)

    served.rest.answer = edit_first  # type: ignore[method-assign]

    with pytest.raises(RemoteConflictError):
        gateway.write_activity(TENANT, KEY, a_draft(subject="Late"), revision=made.revision)

    assert the_event(served)["Subject"] == "Mine now"


def test_nothing_of_a_destroyed_record_can_be_read_in_the_recycle_bin(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    jane = people("Jane", "jane@x.example")
    draft = with_people(a_draft(subject=SECRET, description=SECRET, location=SECRET), (jane, ""))
    revision = written(gateway, draft)
    written(gateway, replace(draft, location=SECRET + "!"), revision)

    gateway.destroy_activity(TENANT, KEY)

    left = [
        row
        for name in ("Event", "EventRelation", "Calendar_Sync_Record__c")
        for row in served.org.tables[name].values()
    ]
    assert left
    assert all(row["IsDeleted"] for row in left)
    assert SECRET not in str(left)


def test_what_was_taken_away_is_erased_after_thirty_days_whoever_took_it(
    gateway: SalesforceCrm, served: Served, hands: Clerk, clock: HandClock
) -> None:
    ours = gateway.write_activity(TENANT, KEY, a_draft(subject=SECRET), revision=None)
    theirs = gateway.write_activity(TENANT, KEY + "-2", a_draft(subject=SECRET), revision=None)
    live = gateway.write_activity(TENANT, KEY + "-3", a_draft(), revision=None)
    gateway.remove_activity(TENANT, KEY, revision=ours.revision)
    hands.delete(theirs.id)

    early = gateway.purge_tombstones()
    clock.advance(timedelta(days=30, seconds=1))
    late = gateway.purge_tombstones()

    assert (early, late) == (0, 2)
    assert SECRET not in str(served.org.tables["Calendar_Sync_Record__c"])
    assert gateway.find_activity(TENANT, KEY) is None
    assert gateway.find_activity(TENANT, KEY + "-2") is None
    assert gateway.find_activity(TENANT, KEY + "-3") == live


def test_a_record_that_came_back_is_no_tombstone(
    gateway: SalesforceCrm, hands: Clerk, clock: HandClock
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    hands.delete(made.id)
    gone = gateway.find_activity(TENANT, KEY)
    assert gone is not None
    back = gateway.write_activity(TENANT, KEY, a_draft(), revision=gone.revision)
    clock.advance(timedelta(days=31))

    assert gateway.purge_tombstones() == 0
    assert gateway.find_activity(TENANT, KEY) == back


def test_a_memory_that_somebody_has_spoilt_is_made_anew(
    gateway: SalesforceCrm, served: Served
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    spoilt = {"Memory__c": "please delete", "Status__c": "?"}
    served.org.update("Calendar_Sync_Record__c", made.revision, spoilt)

    found = gateway.find_activity(TENANT, KEY)
    assert found is not None
    mended = gateway.write_activity(TENANT, KEY, a_draft(), revision=found.revision)

    assert (mended.id, mended.draft) == (made.id, a_draft())
    gateway.destroy_activity(TENANT, KEY)
    assert gateway.find_activity(TENANT, KEY) is None


def test_an_event_whose_memory_is_lost_is_taken_up_again(
    gateway: SalesforceCrm, served: Served
) -> None:
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    served.org.delete("Calendar_Sync_Record__c", made.revision)

    again = gateway.write_activity(TENANT, KEY, a_draft(subject="2"), revision=None)

    assert again.id == made.id
    assert the_event(served)["Subject"] == "2"


def test_two_events_with_one_key_are_a_definition_to_mend(
    gateway: SalesforceCrm, served: Served
) -> None:
    event = OBJECTS["Event"]
    loose = tuple(replace(f, unique=False) for f in event.fields)
    served.org.objects["Event"] = replace(event, fields=loose)
    made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
    key = the_event(served)["Calendar_Sync_Key__c"]
    moment = {"StartDateTime": "2026-03-02T09:00:00Z", "DurationInMinutes": 5}
    served.org.insert("Event", {"Calendar_Sync_Key__c": key, **moment})
    served.org.delete("Calendar_Sync_Record__c", made.revision)

    with pytest.raises(RemoteRejectedError) as caught:
        gateway.write_activity(TENANT, KEY, a_draft(), revision=None)

    assert caught.value.remote_code == "DUPLICATE_EXTERNAL_ID"


def test_a_long_description_is_cut_and_five_hundred_people_are_remembered(
    gateway: SalesforceCrm, served: Served, people: MakeContact
) -> None:
    ids = [people(f"P{n}", f"p{n}@x.example") for n in range(500)]
    draft = with_people(a_draft(description="ä" * 200_000), *((who, "none") for who in ids))

    made = gateway.write_activity(TENANT, KEY, draft, revision=None)

    assert len(the_event(served)["Description"]) <= 32_000
    assert made.draft.contacts == draft.contacts
    assert made.draft.description.startswith("äää")
    assert len(relations(served)) == 500
