"""Which events a watched calendar makes links of, as tables (S1, S3, T11, X4)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend.domain.choosing import (
    Choice,
    Chosen,
    Judged,
    WishSoFar,
    because,
    choose,
    chooses_by_rule,
)
from backend.domain.crm import AttendeeMatch
from backend.domain.event import Sensitivity
from backend.domain.link import LinkState
from backend.domain.policy import Origin, SyncMode
from backend.domain.rules import EventFacts, Situation, Verdict, evaluate
from tests.support.builders import (
    NOON,
    a_contact,
    a_match,
    a_policy,
    a_situation,
    a_user,
    an_attendee,
    an_event,
)

EVENT = an_event(an_attendee())


def verdict(origin: Origin, **changes: Any) -> Verdict:
    base = a_situation(origin=origin)
    return evaluate(replace(base, facts=replace(base.facts, **changes)))


def by_rule(**changes: Any) -> Verdict:
    return verdict(Origin.AUTOMATIC, **changes)


def by_hand(**changes: Any) -> Verdict:
    return verdict(Origin.MANUAL, **changes)


YES_RULE, YES_HAND = by_rule(), by_hand()
NOT_OURS = {"is_organizer": False}
DRAFT = {"is_draft": True}
PRIVATE = {"sensitivity": Sensitivity.PRIVATE, "is_organizer": False, "is_cancelled": True}


@pytest.mark.parametrize(
    ("rule", "hand", "elsewhere", "expected"),
    [
        (YES_RULE, None, False, Chosen(Choice.MATCH)),
        (None, YES_HAND, False, Chosen(Choice.LOOK)),
        (YES_RULE, YES_HAND, False, Chosen(Choice.LOOK)),
        (YES_RULE, by_hand(**NOT_OURS), False, Chosen(Choice.MATCH)),
        (by_rule(**DRAFT), None, False, Chosen(Choice.SKIP, ("draft_event",))),
        (by_rule(**DRAFT), YES_HAND, False, Chosen(Choice.LOOK)),
        (None, by_hand(**NOT_OURS), False, Chosen(Choice.REFUSE, ("not_organizer",))),
        (
            by_rule(**NOT_OURS, **DRAFT),
            by_hand(**NOT_OURS),
            False,
            Chosen(Choice.REFUSE, ("not_organizer",)),
        ),
        (
            by_rule(**NOT_OURS, **DRAFT),
            None,
            False,
            Chosen(Choice.SKIP, ("not_organizer", "draft_event")),
        ),
        (YES_RULE, None, True, Chosen(Choice.SKIP, ("already_linked",))),
        (None, YES_HAND, True, Chosen(Choice.REFUSE, ("already_linked",))),
        (by_rule(**NOT_OURS), None, True, Chosen(Choice.SKIP, ("not_organizer",))),
        (by_rule(**PRIVATE), None, False, Chosen(Choice.SKIP, ("private_event",))),
        (
            by_rule(**PRIVATE),
            by_hand(**PRIVATE),
            False,
            Chosen(Choice.REFUSE, ("private_event",)),
        ),
        (None, None, False, Chosen(Choice.NOTHING)),
    ],
)
def test_what_comes_of_an_event_without_a_link(
    rule: Verdict | None, hand: Verdict | None, elsewhere: bool, expected: Chosen
) -> None:
    judged = Judged(EVENT, rule, hand)

    assert choose(judged, None, is_led_elsewhere=elsewhere) == expected


NOTHING = Chosen(Choice.NOTHING)


@pytest.mark.parametrize(
    ("state", "opted_out", "rule", "expected"),
    [
        ("removed", False, YES_RULE, Chosen(Choice.LOOK)),
        ("removing", False, YES_RULE, Chosen(Choice.LOOK)),
        ("removed", True, YES_RULE, Chosen(Choice.SKIP, ("opted_out",))),
        ("removed", True, by_rule(**DRAFT), Chosen(Choice.SKIP, ("opted_out", "draft_event"))),
        ("removed", False, by_rule(**DRAFT), Chosen(Choice.SKIP, ("draft_event",))),
        ("removed", True, by_rule(**PRIVATE), NOTHING),
        ("removed", False, None, NOTHING),
        ("pending", False, YES_RULE, NOTHING),
        ("linked", False, by_rule(**DRAFT), NOTHING),
        ("released", False, YES_RULE, NOTHING),
    ],
)
def test_what_comes_of_an_event_whose_link_is_known(
    state: str, opted_out: bool, rule: Verdict | None, expected: Chosen
) -> None:
    known = WishSoFar(LinkState(state), opted_out)

    for hand in (None, YES_HAND, by_hand(**NOT_OURS)):
        assert choose(Judged(EVENT, rule, hand), known, is_led_elsewhere=False) == expected


@pytest.mark.parametrize(
    ("firm", "user", "decides"),
    [
        ("manual", "combined", False),
        ("automatic", "manual", True),
        ("automatic", "automatic", True),
        ("combined", "manual", False),
        ("combined", "automatic", True),
        ("combined", "combined", True),
    ],
)
def test_contact_types_decide_where_the_mode_in_force_is_automatic_or_combined(
    firm: str, user: str, decides: bool
) -> None:
    policy, state = a_policy(mode=SyncMode(firm)), a_user(mode=SyncMode(user))

    assert chooses_by_rule(policy, state) is decides
    verdict = evaluate(
        Situation(
            facts=EventFacts.of(EVENT, (a_match(contact=a_contact()),)),
            policy=replace(policy, contact_types=("Client",)),
            user=state,
            now=NOON,
            origin=Origin.AUTOMATIC,
        )
    )
    assert verdict.codes == (() if decides else ("mode_not_allowed",))


@pytest.mark.parametrize(
    ("policy", "user"),
    [
        ({"sync_enabled": False}, {}),
        ({}, {"has_server": False}),
        ({}, {"enabled_by_user": False}),
        ({}, {"enabled_by_admin": False}),
    ],
)
def test_contact_types_decide_nothing_where_a_switch_is_off(
    policy: dict[str, Any], user: dict[str, Any]
) -> None:
    assert not chooses_by_rule(a_policy(**policy), a_user(**user))


def people(*contacts: Any) -> list[AttendeeMatch]:
    return [a_match(an_attendee(f"p{n}@x.example"), c) for n, c in enumerate(contacts)]


@pytest.mark.parametrize(
    ("contacts", "sentence"),
    [
        ([a_contact(name="Jane Doe", types=("Top Client",))], "Jane Doe is a Top Client"),
        ([None, a_contact(types=("Investor",))], "Ben Client is an Investor"),
        (
            [
                a_contact(id="3", name="Zoe", types=("Client",)),
                a_contact(id="2", name="anna", types=("Client",)),
            ],
            "anna is a Client (and 1 more)",
        ),
        (
            [a_contact(id=str(n), name=n, types=("client",)) for n in "cab"],
            "a is a client (and 2 more)",
        ),
        (
            [
                a_contact(id="1", name="Anna", types=(), company_types=("Client",)),
                a_contact(id="2", name="Zoe", types=("Other", "Client")),
            ],
            "Zoe is a Client (and 1 more)",
        ),
        ([a_contact(types=(), company_types=("Client",))], "Ben Client works for a Client"),
        ([a_contact(name=" ", types=("Client",))], "p0@x.example is a Client"),
        ([a_contact(name="Ida", types=("Our Personnel",))], "Ida is one of Our Personnel"),
        ([None], "your firm also adds meetings with people who are not in the CRM"),
    ],
)
def test_the_reason_names_the_first_by_name_and_counts_the_others(
    contacts: list[Any], sentence: str
) -> None:
    policy = a_policy(
        contact_types=("Client", "Top Client", "Investor", "Our Personnel"),
        also_company_types=True,
    )
    matches = people(*contacts)

    assert because(matches, policy) == sentence
    assert because(matches[::-1], policy) == sentence


def test_one_contact_invited_twice_is_counted_once() -> None:
    same = a_contact(types=("Client",))

    assert because(people(same, same), a_policy(contact_types=("Client",))) == (
        "Ben Client is a Client"
    )


def test_a_hostile_name_does_not_make_the_reason_endless() -> None:
    contact = a_contact(name="x" * 5000, types=("y" * 5000,))

    assert len(because(people(contact), a_policy(contact_types=("y" * 5000,)))) < 420
