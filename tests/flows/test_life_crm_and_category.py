"""L4 and T11 over the sandbox: edited or deleted in the CRM; the category as an input."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.db.crowds import Crowd
from backend.services.reevaluation import judge_again
from tests.support.product import CATEGORY, Meeting
from tests.support.watched import Watched, weekly


def rename_master(watched: Watched, name: str) -> None:
    path = f"/mailboxes/{watched.organizer}/categories/{CATEGORY}"
    watched.product.sandbox.control("PATCH", path, {"displayName": name})


def delete_master(watched: Watched) -> None:
    path = f"/mailboxes/{watched.organizer}/categories/{CATEGORY}"
    watched.product.sandbox.control("DELETE", path)


def master_names(watched: Watched) -> list[str]:
    found = watched.product.sandbox.control("GET", f"/mailboxes/{watched.organizer}/categories")
    return [item["displayName"] for item in found["items"]]


# --- L4 --------------------------------------------------------------------------------------


def test_an_edit_in_the_crm_releases_the_link_and_says_who(watched: Watched) -> None:
    meeting = watched.linked()
    watched.colleague().edit(watched.record_id(meeting), subject="Dinner with Ben")

    meeting.change(subject="Changed in Outlook afterwards")
    watched.pull()

    view = watched.pane.view(meeting.id).json
    assert watched.word(meeting) == ("released", "edited_in_crm", None)
    assert view["activity"]["subject"] == "Dinner with Ben"
    assert view["activity"]["edited_by"]["name"]
    assert view["can"]["tick"] is True
    assert meeting.categories == [CATEGORY]


@pytest.mark.parametrize("act", ["edit", "remove"])
def test_what_a_person_does_in_the_crm_is_noticed_at_once_though_outlook_is_quiet(
    sqlite_watched: Watched, act: str
) -> None:
    meeting = sqlite_watched.linked(categories=["Mine"])
    crm, record_id = sqlite_watched.colleague(), sqlite_watched.record_id(meeting)

    if act == "edit":
        crm.edit(record_id, subject="Dinner with Ben")
    else:
        crm.remove(record_id)
    sqlite_watched.product.drain()

    state, reason, _ = sqlite_watched.word(meeting)
    assert (state, reason) == ("released", f"{'edited' if act == 'edit' else 'deleted'}_in_crm")
    assert (CATEGORY in meeting.categories) is (act == "edit")


def test_notes_and_the_like_ring_nobody(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()

    sqlite_watched.colleague().edit(sqlite_watched.record_id(meeting), notes="Bring the file")

    assert sqlite_watched.product.drain() == 0


def test_opportunities_initiatives_notes_and_visibility_unlink_nothing_and_survive(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    crm = sqlite_watched.colleague()
    crm.edit(sqlite_watched.record_id(meeting), notes="Bring the file", visibility="everyone")

    meeting.change(subject="Changed in Outlook afterwards")
    sqlite_watched.pull()

    record = sqlite_watched.crm_record(meeting)
    assert sqlite_watched.word(meeting) == ("linked", None, None)
    assert record["subject"] == "Changed in Outlook afterwards"
    assert record["notes"] == "Bring the file"


def test_a_tick_links_an_edited_record_again(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    record_id = sqlite_watched.record_id(meeting)
    sqlite_watched.colleague().edit(record_id, subject="Dinner with Ben")
    meeting.change(location={"displayName": "Boardroom"})
    sqlite_watched.pull()

    answer = sqlite_watched.pane.tick(meeting.id)
    meeting.change(subject="Flows again")
    sqlite_watched.pull()

    assert answer.json["link"]["state"] == "linked"
    assert sqlite_watched.record_id(meeting) == record_id
    assert sqlite_watched.crm_record(meeting)["subject"] == "Flows again"


def test_a_record_deleted_in_the_crm_takes_the_category_off_and_no_rule_makes_it_again(
    watched: Watched,
) -> None:
    product = watched.product
    product.add_contact("Ben Client", "ben@client.example", types=("Client",))
    watched.configure(mode="combined", contact_types=["Client"])
    meeting = watched.linked(categories=["Mine"])
    record_id = watched.record_id(meeting)
    watched.colleague().remove(record_id)

    meeting.change(subject="Changed in Outlook afterwards")
    watched.pull()
    watched.later(hours=2)

    assert watched.word(meeting) == ("released", "deleted_in_crm", None)
    assert meeting.categories == ["Mine"]
    meeting.change(subject="Changed once more")
    watched.pull()
    assert product.records(meeting.ical_uid) == []
    answer = watched.pane.tick(meeting.id)
    assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
    assert watched.record_id(meeting) == record_id


def test_a_category_renamed_by_the_firm_moves_on_every_event_and_unticks_nobody(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meetings = [sqlite_watched.linked(days=days, categories=["Mine"]) for days in range(1, 8)]
    sqlite_watched.configure(category_name="Into the CRM")
    now = product.clock()
    with product.services.database.write.begin() as session:
        whose = Crowd(mailbox_id=sqlite_watched.mailbox_id)
        judge_again(session, whose, now, is_category_renamed=True)

    sqlite_watched.later(minutes=1)

    for meeting in meetings:
        assert sqlite_watched.word(meeting) == ("linked", None, None)
        assert meeting.categories == ["Mine", "Into the CRM"]
    assert sqlite_watched.problem is None


# --- T11 -------------------------------------------------------------------------------------


def test_the_category_taken_off_in_any_outlook_is_an_untick(watched: Watched) -> None:
    meeting = watched.linked(categories=["Mine"])
    watched.quiet()

    meeting.change(categories=["Mine"])
    watched.pull()

    assert watched.word(meeting) == ("removed", "unticked", None)
    assert watched.product.records(meeting.ical_uid) == []


def test_the_category_put_on_again_is_a_tick(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    sqlite_watched.quiet()
    meeting.change(categories=[])
    sqlite_watched.pull()
    sqlite_watched.quiet()

    meeting.change(categories=[CATEGORY.upper()])
    sqlite_watched.pull()

    assert sqlite_watched.word(meeting)[0] == "linked"
    assert len(sqlite_watched.product.records(meeting.ical_uid)) == 1


def several(watched: Watched) -> list[Meeting]:
    found = [watched.linked(days=days, categories=["Mine"]) for days in (1, 2, 3)]
    assert CATEGORY in master_names(watched)
    watched.quiet()
    return found


def test_a_master_category_renamed_in_outlook_is_healed_and_unticks_nobody(
    watched: Watched,
) -> None:
    meetings = several(watched)

    rename_master(watched, "Something else")
    watched.pull()
    watched.later(minutes=1)

    for meeting in meetings:
        assert watched.word(meeting) == ("linked", None, None)
        assert meeting.categories == ["Mine", "Something else", CATEGORY]
        assert len(watched.product.records(meeting.ical_uid)) == 1
        assert "master_category_lost" in watched.history(meeting)
    assert CATEGORY in master_names(watched)


def test_a_healed_category_that_is_taken_off_again_is_an_untick(sqlite_watched: Watched) -> None:
    meetings = several(sqlite_watched)
    rename_master(sqlite_watched, "Something else")
    sqlite_watched.pull()
    sqlite_watched.later(minutes=20)

    meetings[0].change(categories=["Mine", "Something else"])
    sqlite_watched.pull()

    assert sqlite_watched.word(meetings[0]) == ("removed", "unticked", None)
    assert sqlite_watched.word(meetings[1]) == ("linked", None, None)


def test_a_master_category_deleted_from_the_list_changes_nothing(sqlite_watched: Watched) -> None:
    """Outlook leaves the names on the items; what goes later with the list still gone is healed."""
    meetings = several(sqlite_watched)

    delete_master(sqlite_watched)
    sqlite_watched.later(hours=1)
    meetings[0].change(categories=["Mine"])
    sqlite_watched.pull()
    sqlite_watched.later(minutes=1)

    for meeting in meetings:
        assert sqlite_watched.word(meeting) == ("linked", None, None)
        assert meeting.categories == ["Mine", CATEGORY]


def test_where_the_list_may_not_be_read_the_brake_holds_the_damage(
    sqlite_watched: Watched,
) -> None:
    product = sqlite_watched.product
    meetings = [sqlite_watched.linked(days=days) for days in range(1, 9)]
    sqlite_watched.quiet()
    app = ["Calendars.ReadWrite", "User.Read.All", "Organization.Read.All"]
    product.sandbox.faults([{"kind": "permissions", "app": app}])

    delete_master(sqlite_watched)
    for meeting in meetings:
        meeting.change(categories=[])
    sqlite_watched.pull()

    assert sqlite_watched.problem == "mass_change"
    marks = [sqlite_watched.word(meeting)[2] for meeting in meetings]
    assert marks.count("mass_change") == 3


OUTLOOK_IS_DOWN = [{"match": {"path": "/events"}, "kind": "status", "status": 503}]


def test_an_edited_record_survives_an_untick_while_outlook_is_down(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    record_id = sqlite_watched.record_id(meeting)
    sqlite_watched.product.sandbox.faults(OUTLOOK_IS_DOWN)
    sqlite_watched.colleague().edit(record_id, subject="Dinner with Ben")

    sqlite_watched.pane.untick(meeting.id)
    sqlite_watched.product.settle()

    assert [r.draft.subject for r in sqlite_watched.product.records(meeting.ical_uid)] == [
        "Dinner with Ben"
    ]


def test_a_repeated_tick_takes_over_no_edit_that_is_made_afterwards(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    record_id = sqlite_watched.record_id(meeting)
    sqlite_watched.product.sandbox.faults(OUTLOOK_IS_DOWN)

    sqlite_watched.pane.tick(meeting.id)
    sqlite_watched.product.advance(seconds=100)
    sqlite_watched.colleague().edit(record_id, subject="Dinner with Ben")
    sqlite_watched.product.sandbox.clear_faults()
    sqlite_watched.product.settle()

    assert sqlite_watched.word(meeting)[:2] == ("released", "edited_in_crm")
    assert [r.draft.subject for r in sqlite_watched.product.records(meeting.ical_uid)] == [
        "Dinner with Ben"
    ]


def test_a_tick_made_blindly_on_a_record_that_was_deleted_is_judged_first(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    sqlite_watched.colleague().remove(sqlite_watched.record_id(meeting))
    sqlite_watched.product.drain()
    meeting.change(sensitivity="private")
    sqlite_watched.product.sandbox.faults(OUTLOOK_IS_DOWN)

    answer = sqlite_watched.pane.tick(meeting.id)
    sqlite_watched.product.sandbox.clear_faults()
    sqlite_watched.product.settle()

    assert answer.status_code == 202
    assert sqlite_watched.word(meeting)[:2] == ("removed", "private_event")
    assert sqlite_watched.product.records(meeting.ical_uid) == []


def test_a_tick_made_blindly_on_an_edited_record_that_is_refused_leaves_it_released(
    sqlite_watched: Watched,
) -> None:
    meeting = sqlite_watched.linked()
    record_id = sqlite_watched.record_id(meeting)
    sqlite_watched.colleague().edit(record_id, subject="Dinner with Ben")
    sqlite_watched.product.drain()
    meeting.change(recurrence=weekly(sqlite_watched.product.clock() + timedelta(days=2)))
    sqlite_watched.product.sandbox.faults(OUTLOOK_IS_DOWN)

    answer = sqlite_watched.pane.tick(meeting.id)
    sqlite_watched.product.sandbox.clear_faults()
    sqlite_watched.product.settle()

    assert answer.status_code == 202
    assert sqlite_watched.word(meeting) == ("released", "edited_in_crm", None)
    assert [r.draft.subject for r in sqlite_watched.product.records(meeting.ical_uid)] == [
        "Dinner with Ben"
    ]


def test_a_tick_made_blindly_after_an_untick_is_judged_again(sqlite_watched: Watched) -> None:
    meeting = sqlite_watched.linked()
    sqlite_watched.pane.untick(meeting.id)
    sqlite_watched.product.settle()
    meeting.change(recurrence=weekly(sqlite_watched.product.clock() + timedelta(days=2)))
    sqlite_watched.product.sandbox.faults(OUTLOOK_IS_DOWN)

    answer = sqlite_watched.pane.tick(meeting.id)
    sqlite_watched.product.sandbox.clear_faults()
    sqlite_watched.product.settle()

    assert answer.status_code == 202
    assert sqlite_watched.word(meeting) == ("removed", "recurring_event", None)
    assert sqlite_watched.product.records(meeting.ical_uid) == []
