"""Meeting traffic: who gets which copy, which mails go out, what each copy shows."""

from typing import Any

import pytest

from backend.sandbox.directory import Person
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.store import Cause, Exchange, StoredEvent
from tests.support.firm import BY_HAND, Firm, an_event, at, invited, weekly

APP = Cause(app="daemon", user_id=None, request_id="r-1")


@pytest.fixture
def firm() -> Firm:
    return Firm()


def meet(firm: Firm, *addresses: str, **members: Any) -> StoredEvent:
    body = an_event(attendees=invited(*addresses), **members)
    return firm.exchange.create_event(firm.ann, body, BY_HAND)


def copy_of(firm: Firm, person: Person, event: StoredEvent) -> StoredEvent | None:
    found = firm.exchange.mailbox(person.id).with_uid(event.ical_uid)
    return found[0] if found else None


def the_copy(firm: Firm, person: Person, event: StoredEvent) -> StoredEvent:
    found = copy_of(firm, person, event)
    assert found is not None
    return found


def responses(event: StoredEvent) -> list[str]:
    return [entry["status"]["response"] for entry in event.attendees]


def test_an_invitation_puts_an_unanswered_copy_into_each_mailbox(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example", "x@client.example", categories=["Mine"])

    ben = the_copy(firm, firm.ben, event)

    assert firm.mails() == [
        ("invitation", "ann@firm.example", ("ben@firm.example", "x@client.example"))
    ]
    assert not ben.is_organizer
    assert ben.fields["categories"] == []
    assert ben.fields["responseStatus"]["response"] == "notResponded"
    assert ben.fields["showAs"] == "tentative"
    assert ben.attendees[0]["emailAddress"]["name"] == "Ben Client"


def test_a_group_brings_the_meeting_to_members_who_are_not_listed(firm: Firm) -> None:
    event = meet(firm, "all@firm.example")

    eve = the_copy(firm, firm.eve, event)

    assert [entry["emailAddress"]["address"] for entry in eve.attendees] == ["all@firm.example"]


def test_hidden_attendees_see_only_themselves(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example", "eve@firm.example", hideAttendees=True)

    assert len(event.attendees) == 2
    assert len(the_copy(firm, firm.ben, event).attendees) == 1


def test_answers_are_written_on_the_organizers_copy_only(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example", "eve@firm.example")
    ben = the_copy(firm, firm.ben, event)

    firm.exchange.respond(firm.ben, ben.id, "accepted", BY_HAND)

    assert responses(event) == ["accepted", "none"]
    assert responses(the_copy(firm, firm.eve, event))[0] == "none"
    assert the_copy(firm, firm.ben, event).fields["responseStatus"]["response"] == "accepted"
    assert firm.mails()[-1] == ("response", "ben@firm.example", ("ann@firm.example",))


def test_an_unsent_answer_is_not_mailed(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example")
    ben = the_copy(firm, firm.ben, event)

    firm.exchange.respond(firm.ben, ben.id, "tentativelyAccepted", BY_HAND, send_response=False)

    assert responses(event) == ["none"]
    assert [kind for kind, *_ in firm.mails()] == ["invitation"]


def test_a_declined_meeting_leaves_the_calendar(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example")

    firm.exchange.respond(firm.ben, the_copy(firm, firm.ben, event).id, "declined", BY_HAND)

    assert copy_of(firm, firm.ben, event) is None
    assert responses(event) == ["declined"]


def test_an_organizer_cannot_answer_and_an_attendee_cannot_cancel(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example")
    ben = the_copy(firm, firm.ben, event)

    for act in (
        lambda: firm.exchange.respond(firm.ann, event.id, "accepted", BY_HAND),
        lambda: firm.exchange.cancel_event(firm.ben, ben.id, "", BY_HAND),
    ):
        with pytest.raises(ExchangeError) as refusal:
            act()
        assert refusal.value.status == 400


def test_rooms_accept_by_themselves_and_hide_the_subject(firm: Firm) -> None:
    event = meet(firm, "room@firm.example")

    room = the_copy(firm, firm.room, event)

    assert responses(event) == ["accepted"]
    assert (room.fields["subject"], room.fields["bodyPreview"]) == ("Ann Lawyer", "")


def test_a_new_time_is_mailed_and_asks_for_new_answers(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example")
    firm.exchange.respond(firm.ben, the_copy(firm, firm.ben, event).id, "accepted", BY_HAND)
    patch = {"start": at("2026-03-04T10:00:00"), "end": at("2026-03-04T11:00:00")}

    firm.exchange.update_event(firm.ann, event.id, patch, APP)

    ben = the_copy(firm, firm.ben, event)
    assert ben.start == event.start
    assert ben.fields["responseStatus"]["response"] == "notResponded"
    assert firm.exchange.mail[-1].kind == "update"
    assert firm.exchange.mail[-1].cause == APP


@pytest.mark.parametrize(
    "patch",
    [
        {"categories": ["x"]},
        {"reminderMinutesBeforeStart": 5},
        {"showAs": "free"},
        {"isReminderOn": False},
        {"subject": "Quarterly review"},
    ],
)
def test_personal_changes_and_non_changes_are_not_mailed(firm: Firm, patch: dict[str, Any]) -> None:
    event = meet(firm, "ben@firm.example")

    firm.exchange.update_event(firm.ann, event.id, patch, APP)

    assert len(firm.exchange.mail) == 1


def test_a_change_of_attendees_is_mailed_to_those_changed(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example", "x@client.example")
    patch = {"attendees": invited("x@client.example", "eve@firm.example")}

    firm.exchange.update_event(firm.ann, event.id, patch, BY_HAND)

    assert firm.mails()[1:] == [
        ("cancellation", "ann@firm.example", ("ben@firm.example",)),
        ("invitation", "ann@firm.example", ("eve@firm.example",)),
    ]
    assert the_copy(firm, firm.ben, event).fields["isCancelled"]
    assert not the_copy(firm, firm.eve, event).fields["isCancelled"]


def test_cancelling_marks_the_copies_and_takes_the_organizers_away(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example")

    firm.exchange.cancel_event(firm.ann, event.id, "sorry", APP)

    ben = the_copy(firm, firm.ben, event)
    assert ben.fields["isCancelled"]
    assert copy_of(firm, firm.ann, event) is None
    kept = firm.exchange.find(firm.ann, event.immutable_id, deleted_too=True)
    assert kept.fields["isCancelled"]
    assert firm.mails()[-1] == ("cancellation", "ann@firm.example", ("ben@firm.example",))


def test_deleting_tells_the_other_side(firm: Firm) -> None:
    first, second = meet(firm, "ben@firm.example"), meet(firm, "ben@firm.example")

    firm.exchange.delete_event(firm.ann, first.id, BY_HAND)
    firm.exchange.delete_event(firm.ben, the_copy(firm, firm.ben, second).id, BY_HAND)

    assert [kind for kind, *_ in firm.mails()[2:]] == ["cancellation", "response"]
    assert responses(second) == ["declined"]


def test_a_draft_stays_with_its_organizer(firm: Firm) -> None:
    body = an_event(attendees=invited("ben@firm.example"))

    event = firm.exchange.create_event(firm.ann, body, BY_HAND, draft=True)

    assert event.fields["isDraft"]
    assert copy_of(firm, firm.ben, event) is None
    assert firm.exchange.mail == []
    firm.exchange.send_event(firm.ann, event.id, BY_HAND)
    assert not event.fields["isDraft"]
    assert copy_of(firm, firm.ben, event) is not None


def test_an_outsider_invites_without_an_organizers_copy(firm: Firm) -> None:
    body = an_event(attendees=invited("ann@firm.example", "ben@firm.example"))

    copies = firm.exchange.receive_invitation(
        {"name": "Otto", "address": "otto@client.example"}, body, BY_HAND
    )

    assert [copy.owner_id for copy in copies] == [firm.ann.id, firm.ben.id]
    assert not any(copy.is_organizer for copy in copies)
    firm.exchange.respond(firm.ann, copies[0].id, "accepted", BY_HAND)
    assert firm.mails() == [("response", "ann@firm.example", ("otto@client.example",))]


def test_a_copied_event_keeps_its_categories_and_mails_nobody(firm: Firm) -> None:
    event = meet(firm, "ben@firm.example", categories=["Ours"])

    copy = firm.exchange.copy_event(firm.ann, event.id, BY_HAND)

    assert copy.fields["categories"] == ["Ours"]
    assert copy.ical_uid != event.ical_uid
    assert len(firm.exchange.mail) == 1


def test_a_mailbox_is_filled_when_it_is_first_opened(firm: Firm) -> None:
    def fill(person: Person) -> None:
        with firm.exchange.quietly():
            firm.exchange.create_event(person, an_event(), BY_HAND)

    firm.exchange.populate = fill
    meet(firm, "ben@firm.example")

    assert len(list(firm.exchange.mailbox(firm.ben.id).items())) == 2
    assert len(list(firm.exchange.mailbox(firm.ann.id).items())) == 2
    assert len(firm.exchange.mail) == 1


def test_every_change_gets_a_larger_number_and_is_heard_of(firm: Firm) -> None:
    heard: list[tuple[str, str]] = []
    firm.exchange.listeners.append(
        lambda mailbox, change: heard.append((mailbox.person.name, change.kind.value))
    )
    event = meet(firm, "ben@firm.example")
    firm.exchange.update_event(firm.ann, event.id, {"categories": ["x"]}, APP)
    firm.exchange.delete_event(firm.ann, event.id, APP)

    numbers = [
        change.sequence
        for mailbox in firm.exchange.mailboxes.values()
        for change in mailbox.changes
    ]
    assert heard == [
        ("Ann Lawyer", "created"),
        ("Ben Client", "created"),
        ("Ann Lawyer", "updated"),
        ("Ben Client", "updated"),
        ("Ann Lawyer", "deleted"),
    ]
    assert len(set(numbers)) == len(numbers)


def test_a_snapshot_brings_everything_back(firm: Firm) -> None:
    import orjson

    event = meet(firm, "ben@firm.example", recurrence=weekly(), categories=["Ours"])
    second = firm.exchange.mailbox(firm.ann.id).view(
        event.start, event.end.replace(month=4), event.calendar_id
    )[1]
    firm.exchange.update_event(firm.ann, second.id, {"subject": "Apart"}, BY_HAND)
    gone = meet(firm)
    firm.exchange.delete_event(firm.ann, gone.id, BY_HAND)

    saved = orjson.loads(orjson.dumps(firm.exchange.snapshot()))
    again = Exchange(firm.directory, firm.clock, firm.personality)
    again.restore(saved)

    assert again.snapshot() == saved
    assert again.find(firm.ann, second.id).fields["subject"] == "Apart"
    assert again.find(firm.ann, gone.immutable_id, deleted_too=True).is_deleted
    assert [copy.owner_id for copy in again.copies_of(event.ical_uid)] == [
        firm.ann.id,
        firm.ben.id,
    ]
    fresh = again.create_event(firm.ann, an_event(), BY_HAND)
    assert fresh.id not in (event.id, gone.id)
