"""Marks of other syncs: which are well formed, and how often they were found (A2)."""

from __future__ import annotations

import pytest

from backend.domain.competing import (
    KNOWN,
    Marked,
    findings,
    is_property,
    looks_like_property,
    marks_of,
)

GUID = "66f5a359-4659-4830-9070-00047ec6ac6e"


@pytest.mark.parametrize(
    "text",
    [
        f"String {{{GUID}}} Name other-sync",
        f"Integer {{{GUID.upper()}}} Id 0x8233",
        *(mark.text for mark in KNOWN if mark.is_property),
    ],
)
def test_a_property_is_told_by_graphs_form(text: str) -> None:
    assert is_property(text)


@pytest.mark.parametrize(
    "text",
    [
        "Riva",
        "String {x} Name y",
        f"String {{{GUID}}} Name ",
        f"String {{{GUID}}} Name a' or 1 eq 1",
    ],
)
def test_nothing_else_is_one(text: str) -> None:
    assert not is_property(text)
    assert looks_like_property(text) is ("{" in text)


def test_each_event_counts_once_for_a_mark_whatever_the_case() -> None:
    marks = marks_of(["Riva", "tracked to dynamics 365", "Never seen"])
    mine = [Marked(("RIVA", "riva", "Other"), ()), Marked(("Riva",), ()), Marked(("Other",), ())]

    found = findings(marks, [mine, [Marked(("riva",), ())], []])

    assert [(f.mark.text, f.mailboxes, f.events) for f in found] == [("Riva", 2, 3)]
    assert [mark.text for mark in marks].count("tracked to dynamics 365") == 0
