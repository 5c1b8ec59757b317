"""Every rule of E, as a table: what makes it say no, what it says then, and when it cannot tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.domain.crm import AttendeeMatch
from backend.domain.event import Sensitivity
from backend.domain.matching import match_attendees
from backend.domain.policy import (
    BlockedAddresses,
    Origin,
    PrivateEvents,
    SyncMode,
)
from backend.domain.rules import (
    EventFacts,
    FixAction,
    Reason,
    Situation,
    Source,
    evaluate,
)
from tests.support.builders import (
    NOON,
    OWNER_OID,
    a_contact,
    a_match,
    a_policy,
    a_situation,
    a_user,
    an_attendee,
    an_event,
)

AUTOMATIC_ONLY = [
    Reason.EXTERNAL_ORGANIZER,
    Reason.CREATED_BEFORE_ACTIVATION,
    Reason.NO_SELECTED_CONTACT_TYPE,
    Reason.OPTED_OUT,
    Reason.DRAFT_EVENT,
]


DAY_BEFORE = NOON.replace(hour=0) - timedelta(days=1)


def facts(**changes: Any) -> EventFacts:
    return replace(a_situation().facts, **changes)


def with_private_contact(owner: str | None) -> EventFacts:
    return facts(attendee_matches=(a_match(contact=a_contact(private=True, owner_id=owner)),))


NO: dict[str, tuple[Reason, Situation]] = {
    "firm off": (Reason.FIRM_SYNC_OFF, a_situation(policy=a_policy(sync_enabled=False))),
    "firm automatic only": (
        Reason.MODE_NOT_ALLOWED,
        a_situation(policy=a_policy(mode=SyncMode.AUTOMATIC)),
    ),
    "user automatic only": (
        Reason.MODE_NOT_ALLOWED,
        a_situation(user=a_user(mode=SyncMode.AUTOMATIC)),
    ),
    "no server": (Reason.NO_ONLINE_SERVER, a_situation(user=a_user(has_server=False))),
    "left out by the admin": (
        Reason.USER_NOT_ENABLED,
        a_situation(user=a_user(enabled_by_admin=False, enabled_by_user=True)),
    ),
    "switched off by himself": (
        Reason.USER_NOT_ENABLED,
        a_situation(user=a_user(enabled_by_user=False)),
    ),
    "not decided": (Reason.USER_NOT_ENABLED, a_situation(user=a_user(enabled_by_admin=None))),
    "not decided, own switch on, firm forbids": (
        Reason.USER_NOT_ENABLED,
        a_situation(
            user=a_user(enabled_by_admin=None, enabled_by_user=True),
            policy=a_policy(users_may_enable=False),
        ),
    ),
    "a colleague's meeting": (Reason.NOT_ORGANIZER, a_situation(facts=facts(is_organizer=False))),
    "private": (
        Reason.PRIVATE_EVENT,
        a_situation(facts=facts(sensitivity=Sensitivity.PRIVATE)),
    ),
    "confidential": (
        Reason.PRIVATE_EVENT,
        a_situation(facts=facts(sensitivity=Sensitivity.CONFIDENTIAL)),
    ),
    "recurring": (Reason.RECURRING_EVENT, a_situation(facts=facts(recurring=True))),
    "ended too long ago": (
        Reason.OUTSIDE_WINDOW,
        a_situation(facts=facts(end=NOON - timedelta(days=30, seconds=1))),
    ),
    "too far ahead": (
        Reason.OUTSIDE_WINDOW,
        a_situation(facts=facts(end=NOON + timedelta(days=730, seconds=1))),
    ),
    "private contact": (
        Reason.PRIVATE_CONTACT,
        a_situation(facts=with_private_contact("somebody else")),
    ),
    "cancelled": (Reason.CANCELLED, a_situation(facts=facts(is_cancelled=True))),
    "internal": (
        Reason.INTERNAL_ONLY,
        a_situation(
            facts=facts(attendee_addresses=("cora@firm.example",)),
            policy=a_policy(sync_internal_manual=False),
        ),
    ),
    "blocked by the firm": (
        Reason.BLOCKED_ADDRESS,
        a_situation(policy=a_policy(block_list=("client.example",))),
    ),
    "blocked by the user": (
        Reason.BLOCKED_ADDRESS,
        a_situation(user=a_user(block_list=("BEN@client.example",))),
    ),
    "without an address of the chosen kind": (
        Reason.USER_NOT_ENABLED,
        a_situation(user=a_user(has_address=False)),
    ),
    "ended before the commencement date": (
        Reason.BEFORE_COMMENCEMENT,
        a_situation(
            facts=facts(end=DAY_BEFORE - timedelta(seconds=1)),
            policy=a_policy(commencement_date=DAY_BEFORE.date()),
        ),
    ),
    "nobody is a contact": (
        Reason.NO_CONTACT,
        a_situation(
            facts=facts(attendee_matches=(a_match(),)), policy=a_policy(unmatched_manual=False)
        ),
    ),
}


@pytest.mark.parametrize("case", NO, ids=list(NO))
def test_a_rule_says_no_with_its_own_code_a_sentence_and_a_way_out(case: str) -> None:
    code, situation = NO[case]

    verdict = evaluate(situation)

    assert not verdict.eligible
    assert verdict.codes == (code.value,)
    failed = verdict.first_failed
    assert failed is not None
    assert failed.message.endswith(".")
    assert failed.fix is not None
    assert failed.fix.text


def test_an_ordinary_meeting_passes_every_rule() -> None:
    verdict = evaluate(a_situation())

    assert verdict.eligible
    assert all(check.passed for check in verdict.checks)
    assert all(check.fix is None for check in verdict.checks)


def test_all_rules_are_listed_in_the_order_of_the_codes_whatever_happens() -> None:
    situation = a_situation(policy=a_policy(sync_enabled=False), facts=EventFacts())

    assert [c.code for c in evaluate(situation).checks] == list(Reason)


def test_every_failed_rule_is_named_not_only_the_first() -> None:
    situation = a_situation(facts=facts(is_organizer=False, recurring=True, is_cancelled=True))

    assert evaluate(situation).codes == ("not_organizer", "recurring_event", "cancelled")


def test_rules_for_automatic_sync_do_not_apply_to_a_tick() -> None:
    situation = a_situation(
        facts=facts(organizer_address="x@else.example", is_draft=True, created_at=None),
        opted_out=True,
        user=a_user(activated_at=None),
        policy=a_policy(contact_types=()),
    )

    checks = {c.code: c for c in evaluate(situation).checks}

    assert [c for c in Reason if not checks[c].applies] == AUTOMATIC_ONLY
    assert all(checks[code].passed for code in AUTOMATIC_ONLY)


AUTOMATIC_NO: dict[str, tuple[Reason, dict[str, Any]]] = {
    "external organizer": (
        Reason.EXTERNAL_ORGANIZER,
        {"facts": facts(organizer_address="x@else.example")},
    ),
    "older than the activation": (
        Reason.CREATED_BEFORE_ACTIVATION,
        {"facts": facts(created_at=NOON - timedelta(days=101))},
    ),
    "never activated": (Reason.CREATED_BEFORE_ACTIVATION, {"user": a_user(activated_at=None)}),
    "no selected type": (
        Reason.NO_SELECTED_CONTACT_TYPE,
        {"policy": a_policy(contact_types=("Prospect",))},
    ),
    "opted out": (Reason.OPTED_OUT, {"opted_out": True}),
    "internal": (
        Reason.INTERNAL_ONLY,
        {"facts": facts(attendee_addresses=("cora@firm.example",))},
    ),
    "draft": (Reason.DRAFT_EVENT, {"facts": facts(is_draft=True)}),
}


@pytest.mark.parametrize("case", AUTOMATIC_NO, ids=list(AUTOMATIC_NO))
def test_rules_of_automatic_sync_say_no_to_a_rule_match(case: str) -> None:
    code, changes = AUTOMATIC_NO[case]

    verdict = evaluate(a_situation(origin=Origin.AUTOMATIC, **changes))

    assert verdict.codes == (code.value,)


def test_a_contact_type_counts_whatever_its_case_and_by_company_only_where_chosen() -> None:
    contact = a_contact(types=(), company_types=("client",))
    by_company = facts(attendee_matches=(a_match(contact=contact),))
    policy = a_policy(contact_types=("Client",))
    also = replace(policy, also_company_types=True)

    def judged(policy: Any) -> tuple[str, ...]:
        return evaluate(a_situation(origin=Origin.AUTOMATIC, facts=by_company, policy=policy)).codes

    assert judged(policy) == ("no_selected_contact_type",)
    assert judged(also) == ()


def test_what_outlook_cannot_tell_is_neither_yes_nor_no() -> None:
    verdict = evaluate(a_situation(facts=EventFacts()), Source.FORM)

    unknown = [c.code for c in verdict.checks if c.passed is None]
    assert unknown == [
        Reason.NOT_ORGANIZER,
        Reason.PRIVATE_EVENT,
        Reason.RECURRING_EVENT,
        Reason.OUTSIDE_WINDOW,
        Reason.PRIVATE_CONTACT,
        Reason.CANCELLED,
    ]
    assert verdict.eligible
    assert verdict.source is Source.FORM
    assert {c.message for c in verdict.checks if c.passed is None} == {
        "Checked when the event is saved."
    }


def test_automatic_rules_can_be_unknown_too() -> None:
    verdict = evaluate(
        a_situation(
            facts=EventFacts(),
            origin=Origin.AUTOMATIC,
            policy=a_policy(block_list=("x.example",)),
        )
    )

    unknown = {c.code for c in verdict.checks if c.passed is None}
    assert {
        Reason.EXTERNAL_ORGANIZER,
        Reason.CREATED_BEFORE_ACTIVATION,
        Reason.NO_SELECTED_CONTACT_TYPE,
        Reason.INTERNAL_ONLY,
        Reason.BLOCKED_ADDRESS,
        Reason.DRAFT_EVENT,
    } <= unknown


@pytest.mark.parametrize("seconds", [0, 1])
def test_the_period_includes_both_of_its_ends(seconds: int) -> None:
    begin, until = a_policy().period(NOON)

    for end in (begin + timedelta(seconds=seconds), until - timedelta(seconds=seconds)):
        assert evaluate(a_situation(facts=facts(end=end))).eligible


def test_the_commencement_date_counts_from_its_first_instant_and_for_both_ways() -> None:
    policy = a_policy(commencement_date=DAY_BEFORE.date(), contact_types=("Client",))

    def codes(end: datetime, origin: Origin) -> tuple[str, ...]:
        situation = a_situation(facts=facts(end=end), policy=policy, origin=origin)
        return evaluate(situation).codes

    for origin in Origin:
        assert codes(DAY_BEFORE, origin) == ()
        assert codes(DAY_BEFORE - timedelta(seconds=1), origin) == ("before_commencement",)


def test_a_tick_without_contacts_is_refused_only_where_the_firm_says_so() -> None:
    """A2, unmatched events; what a block list or the personnel switch leaves out is a contact."""
    policy = a_policy(contact_types=("Client",), unmatched_manual=False)
    excluded = AttendeeMatch(an_attendee(), "excluded", a_contact())

    def codes(origin: Origin, *people: AttendeeMatch) -> tuple[str, ...]:
        known = facts(attendee_matches=people)
        return evaluate(a_situation(origin=origin, facts=known, policy=policy)).codes

    assert codes(Origin.MANUAL, a_match()) == ("no_contact",)
    assert codes(Origin.MANUAL) == ("no_contact",)
    assert codes(Origin.MANUAL, a_match(), a_match(contact=a_contact())) == ()
    assert codes(Origin.MANUAL, excluded) == ()
    assert codes(Origin.AUTOMATIC, a_match()) == ("no_selected_contact_type",)


def test_a_private_event_may_be_synced_without_people_where_the_firm_says_so() -> None:
    policy = a_policy(private_events=PrivateEvents.WITHOUT_ATTENDEES)

    assert evaluate(
        a_situation(facts=facts(sensitivity=Sensitivity.PRIVATE), policy=policy)
    ).eligible


def test_a_private_contact_is_named_to_its_owner_only() -> None:
    own = evaluate(a_situation(facts=with_private_contact(OWNER_OID))).first_failed
    strange = evaluate(a_situation(facts=with_private_contact("somebody"))).first_failed
    by_delegate = evaluate(
        a_situation(facts=with_private_contact(OWNER_OID), acts_for_other=True)
    ).first_failed

    assert own is not None
    assert "Ben Client" in own.message
    for check in (strange, by_delegate):
        assert check is not None
        assert "Ben" not in check.message


def test_a_blocked_address_may_cost_only_the_match() -> None:
    policy = a_policy(block_list=("client.example",), blocked_addresses=BlockedAddresses.SKIP_MATCH)

    assert evaluate(a_situation(policy=policy)).eligible


@pytest.mark.parametrize(
    ("entry", "blocked"),
    [
        ("ben@client.example", True),
        (" BEN@Client.Example ", True),
        ("@client.example", True),
        ("example", True),
        ("lient.example", False),
        ("", False),
        ("ben", False),
    ],
)
def test_block_lists_hold_addresses_and_domains(entry: str, blocked: bool) -> None:
    verdict = evaluate(a_situation(policy=a_policy(block_list=(entry,))))

    assert verdict.eligible is not blocked


def test_a_user_who_may_flip_his_switch_is_led_to_settings_and_others_to_the_admin() -> None:
    def fix(acts_for_other: bool = False, **user: Any) -> FixAction:
        verdict = evaluate(
            a_situation(user=a_user(enabled_by_admin=None, **user), acts_for_other=acts_for_other)
        )
        assert verdict.first_failed is not None
        assert verdict.first_failed.fix is not None
        return verdict.first_failed.fix.action

    assert fix() is FixAction.OPEN_SETTINGS
    assert fix(acts_for_other=True) is FixAction.NONE
    by_admin = evaluate(a_situation(user=a_user(enabled_by_admin=False))).first_failed
    assert by_admin is not None
    assert by_admin.fix is not None
    assert by_admin.fix.action is FixAction.ASK_ADMIN


def test_a_group_and_a_meeting_without_contacts_may_be_ticked() -> None:
    nobody = EventFacts.of(an_event(), ())
    stranger = EventFacts.of(an_event(an_attendee("x@else.example")), (a_match(),))

    assert evaluate(a_situation(facts=nobody)).eligible
    assert evaluate(a_situation(facts=stranger)).eligible


def test_a_crm_that_does_not_answer_leaves_the_private_contact_rule_open() -> None:
    situation = a_situation(facts=EventFacts.of(an_event(an_attendee()), None))

    checks = {c.code: c for c in evaluate(situation).checks}

    assert checks[Reason.PRIVATE_CONTACT].passed is None
    assert checks[Reason.NOT_ORGANIZER].passed is True


def test_events_without_contacts_are_selected_only_where_the_firm_says_so() -> None:
    """A2, unmatched events; a contact of another type is none of them."""
    policy = a_policy(contact_types=("Client",), unmatched_automatic=True)

    def codes(*contacts: Any) -> tuple[str, ...]:
        people = facts(attendee_matches=tuple(a_match(contact=contact) for contact in contacts))
        situation = a_situation(origin=Origin.AUTOMATIC, facts=people, policy=policy)
        return evaluate(situation).codes

    assert codes(None) == ()
    assert codes(a_contact(types=("Vendor",)), None) == ("no_selected_contact_type",)


def matched(*contacts: Any, **policy: Any) -> Any:
    [match] = match_attendees(
        [an_attendee()],
        {"ben@client.example": contacts},
        a_policy(contact_types=("Client",), **policy),
        block_list=policy.get("block_list", ()),
    )
    return match


def test_a_private_contact_is_noticed_though_its_address_is_on_a_block_list() -> None:
    blocked = {"block_list": ("client.example",), "blocked_addresses": BlockedAddresses.SKIP_MATCH}
    hidden = matched(a_contact(private=True), **blocked)

    assert (hidden.match, hidden.contact.private) == ("excluded", True)
    verdict = evaluate(a_situation(facts=facts(attendee_matches=(hidden,))))
    assert verdict.codes == ("private_contact",)
    assert matched(a_contact(), **blocked).contact is None


def test_of_two_contacts_with_one_address_a_selected_type_goes_first() -> None:
    older = a_contact(id="1", types=("Vendor",))
    newer = a_contact(id="2", types=("client",))

    assert matched(older, newer).contact.id == "2"
    assert matched(older, a_contact(id="3", types=("Friend",))).contact.id == "1"
    by_company = a_contact(id="4", types=(), company_types=("Client",))
    assert matched(older, by_company).contact.id == "1"
    assert matched(older, by_company, also_company_types=True).contact.id == "4"
    assert matched(newer, a_contact(id="5", private=True)).contact.id == "5"
