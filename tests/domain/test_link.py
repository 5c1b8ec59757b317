"""The table of states is complete, and what it forbids raises."""

import itertools

import pytest

from backend.domain.errors import IllegalTransitionError
from backend.domain.link import (
    TRANSITIONS,
    CategoryMemory,
    EndReason,
    LinkState,
    Trigger,
    next_state,
)
from tests.support.builders import a_link

ILLEGAL = {
    (LinkState.REMOVED, Trigger.RELEASE),
    (LinkState.RELEASED, Trigger.RELEASE),
    (LinkState.REMOVING, Trigger.WRITTEN),
    (LinkState.REMOVED, Trigger.WRITTEN),
    (LinkState.RELEASED, Trigger.WRITTEN),
    (LinkState.PENDING, Trigger.CLEARED),
    (LinkState.LINKED, Trigger.CLEARED),
    (LinkState.REMOVED, Trigger.CLEARED),
    (LinkState.RELEASED, Trigger.CLEARED),
}


@pytest.mark.parametrize(("state", "trigger"), [*itertools.product(LinkState, Trigger)])
def test_every_pair_is_either_in_the_table_or_refused(state: LinkState, trigger: Trigger) -> None:
    if (state, trigger) in ILLEGAL:
        with pytest.raises(IllegalTransitionError):
            next_state(state, trigger)
    else:
        assert next_state(state, trigger) is TRANSITIONS[trigger][state]


@pytest.mark.parametrize("state", list(LinkState))
def test_a_tick_always_wants_and_an_untick_never_does(state: LinkState) -> None:
    assert next_state(state, Trigger.TICK) in (LinkState.PENDING, LinkState.LINKED)
    assert next_state(state, Trigger.UNTICK) not in (LinkState.PENDING, LinkState.LINKED)


def test_an_outcome_that_cannot_be_trusted_keeps_the_wish() -> None:
    wanted = {LinkState.PENDING, LinkState.LINKED}

    for state in LinkState:
        after = next_state(state, Trigger.OUTDATED)
        assert (after in wanted) is (state in wanted)


@pytest.mark.parametrize(
    ("state", "changes", "wanted"),
    [
        ("pending", {}, True),
        ("linked", {}, True),
        ("removing", {}, False),
        ("removed", {}, False),
        ("released", {"reason": EndReason.EDITED_IN_CRM}, None),
        ("released", {"reason": EndReason.FINAL}, None),
        ("released", {"reason": EndReason.EDITED_IN_CRM, "opted_out": True}, False),
        ("released", {"reason": EndReason.DELETED_IN_CRM}, False),
        ("removed", {"category": CategoryMemory(seen=True, refused=True)}, None),
    ],
)
def test_where_the_category_should_be(
    state: str, changes: dict[str, object], wanted: bool | None
) -> None:
    assert a_link(state, **changes).wants_category() is wanted


def test_the_key_of_the_record_can_be_computed_from_the_event_alone() -> None:
    link = a_link()

    assert link.external_key == f"{link.tenant_id}/{link.ical_uid}"
    assert a_link(ical_uid=None).external_key is None
