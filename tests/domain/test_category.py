"""The category compared three ways (T11), and what is written to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backend.domain.category import (
    CategoryWord,
    category_says,
    category_write,
    content_of,
    remember_look,
    remember_write,
)
from backend.domain.event import Event
from backend.domain.link import CategoryMemory, EndReason, Link
from tests.support.builders import CATEGORY, NOON, a_link, an_event

WRITTEN_AT = NOON - timedelta(hours=1)
LATER = NOON


def with_ours(**changes: Any) -> Event:
    return an_event(categories=("Mine", CATEGORY), **changes)


def without_ours(**changes: Any) -> Event:
    return an_event(categories=("Mine",), **changes)


def linked(**memory: Any) -> Link:
    """A link whose category we wrote an hour ago, remembering the event as it was then."""
    link = a_link()
    content = content_of(with_ours(), CATEGORY)
    return replace(link, category=replace(link.category, content=content, **memory))


def says(link: Link, event: Event) -> CategoryWord:
    return category_says(link, event, CATEGORY)


def test_gone_alone_and_later_than_ten_minutes_is_an_untick() -> None:
    assert says(linked(), without_ours(modified_at=LATER)) is CategoryWord.UNTICK


def test_gone_within_ten_minutes_of_our_write_is_put_back() -> None:
    soon = WRITTEN_AT + timedelta(minutes=10)

    assert says(linked(), without_ours(modified_at=soon)) is CategoryWord.PUT_BACK


def test_gone_together_with_another_change_is_put_back() -> None:
    event = without_ours(modified_at=LATER, subject="Moved")

    assert says(linked(), event) is CategoryWord.PUT_BACK


def test_gone_again_after_it_was_put_back_is_an_untick() -> None:
    event = without_ours(modified_at=LATER, subject="Moved again")

    assert says(linked(put_back=True), event) is CategoryWord.UNTICK


def test_gone_without_our_ever_having_written_it_is_an_untick_at_once() -> None:
    link = linked(written_at=None)

    assert says(link, without_ours(modified_at=LATER, subject="x")) is CategoryWord.UNTICK


def test_there_as_remembered_says_nothing() -> None:
    assert says(linked(), with_ours(modified_at=LATER, subject="Moved")) is CategoryWord.NOTHING


def test_another_case_is_the_same_category() -> None:
    event = an_event(categories=(CATEGORY.upper(),), modified_at=LATER)

    assert says(linked(), event) is CategoryWord.NOTHING


def test_a_category_that_was_renamed_by_the_admin_is_no_untick() -> None:
    link = linked(name="Old name")
    event = an_event(categories=("Old name",), modified_at=LATER)

    assert says(link, event) is CategoryWord.NOTHING


@pytest.mark.parametrize("seen", [None, False])
def test_what_we_never_saw_cannot_be_missed(seen: bool | None) -> None:
    assert says(linked(seen=seen), without_ours(modified_at=LATER)) is CategoryWord.NOTHING


def test_a_look_older_than_the_memory_says_nothing() -> None:
    older = without_ours(modified_at=WRITTEN_AT - timedelta(seconds=1))

    assert says(linked(), older) is CategoryWord.NOTHING


def test_put_on_by_hand_after_an_untick_is_a_tick() -> None:
    assert says(a_link("removed"), with_ours(modified_at=LATER)) is CategoryWord.TICK


def test_put_on_after_the_record_was_deleted_in_the_crm_is_a_tick() -> None:
    link = a_link("released", reason=EndReason.DELETED_IN_CRM)

    assert says(link, with_ours(modified_at=LATER)) is CategoryWord.TICK


def test_put_on_beside_a_released_record_changes_nothing() -> None:
    link = a_link("released", reason=EndReason.EDITED_IN_CRM)

    assert says(link, with_ours(modified_at=LATER)) is CategoryWord.NOTHING


def test_taken_off_beside_a_released_record_is_an_untick() -> None:
    link = a_link("released", reason=EndReason.EDITED_IN_CRM)
    link = replace(link, category=replace(link.category, seen=True, name=CATEGORY))

    assert says(link, without_ours(modified_at=LATER)) is CategoryWord.UNTICK


def test_while_memory_and_wish_differ_the_category_is_only_mended() -> None:
    unticked = a_link("removing", category=CategoryMemory(seen=True, name=CATEGORY))

    assert says(unticked, without_ours(modified_at=LATER)) is CategoryWord.NOTHING
    assert says(a_link("pending"), with_ours(modified_at=LATER)) is CategoryWord.NOTHING


def test_after_an_untick_without_a_look_nothing_is_input_until_mended() -> None:
    link = a_link("removing", category=CategoryMemory(seen=None))

    assert says(link, with_ours(modified_at=LATER)) is CategoryWord.NOTHING


def test_a_refused_category_is_left_until_it_goes() -> None:
    link = a_link("removed", category=CategoryMemory(seen=True, refused=True))

    assert says(link, with_ours(modified_at=LATER)) is CategoryWord.NOTHING
    assert says(link, without_ours(modified_at=LATER)) is CategoryWord.UNTICK
    assert category_write(link, with_ours(), CATEGORY) is None


@pytest.mark.parametrize(
    ("state", "before", "after"),
    [
        ("pending", ("Mine",), ("Mine", CATEGORY)),
        ("pending", (), (CATEGORY,)),
        ("linked", ("Mine", CATEGORY), None),
        ("linked", (CATEGORY.lower(), "Mine"), None),
        ("removing", ("Mine", CATEGORY, "Yours"), ("Mine", "Yours")),
        ("removing", (CATEGORY.upper(), CATEGORY), ()),
        ("removed", ("Mine",), None),
    ],
)
def test_the_whole_array_is_written_with_everything_else_in_place(
    state: str, before: tuple[str, ...], after: tuple[str, ...] | None
) -> None:
    write = category_write(a_link(state), an_event(categories=before), CATEGORY)

    assert (None if write is None else write.categories) == after


def test_a_renamed_category_is_moved_to_its_new_name() -> None:
    link = a_link(category=CategoryMemory(seen=True, name="Old name"))

    write = category_write(link, an_event(categories=("old NAME", "Mine")), CATEGORY)

    assert write is not None
    assert write.categories == ("Mine", CATEGORY)


def test_a_released_record_leaves_the_category_alone() -> None:
    link = a_link("released", reason=EndReason.FINAL)

    assert category_write(link, with_ours(), CATEGORY) is None
    assert category_write(link, without_ours(), CATEGORY) is None


def test_a_look_is_remembered_with_name_and_time() -> None:
    memory = remember_look(CategoryMemory(), with_ours(modified_at=LATER), CATEGORY)

    assert (memory.seen, memory.name, memory.seen_at) == (True, CATEGORY, LATER)


def test_an_older_look_does_not_overwrite_a_newer_memory() -> None:
    memory = CategoryMemory(seen=True, name=CATEGORY, seen_at=LATER)

    assert remember_look(memory, without_ours(), CATEGORY) == memory
    assert remember_write(memory, without_ours(), CATEGORY) == memory


def test_our_own_write_is_remembered_as_ours() -> None:
    memory = remember_write(CategoryMemory(), with_ours(modified_at=LATER), CATEGORY)
    removed = remember_write(memory, without_ours(modified_at=LATER), CATEGORY)

    assert memory.written_at == LATER
    assert (removed.seen, removed.written_at, removed.name) == (False, None, None)
