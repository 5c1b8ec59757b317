"""Marks that other calendar syncs leave on events, so that an admin is warned of two at work (A2).

A mark is the name of a category, or the id of an extended property as Graph writes it (Graph docs:
extended properties overview): ``String {GUID} Name some-name``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_PROPERTY = re.compile(
    r"(String|Integer|Long|Double|Boolean|SystemTime|CLSID|Binary) "
    r"\{[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\} "
    r"(Name [^\s']([^']{0,200}[^\s'])?|Id 0x[0-9a-f]{1,8})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Mark:
    """How one other sync is known: a category or a property, and whose it is."""

    text: str
    product: str

    @property
    def is_property(self) -> bool:
        return is_property(self.text)


KNOWN = (
    # Microsoft docs: use Outlook category to track appointments and emails.
    Mark("Tracked to Dynamics 365", "Dynamics 365 server-side synchronization"),
    # The user-defined field that links an item to its row in Dynamics.
    Mark("String {00020329-0000-0000-C000-000000000046} Name crmid", "Dynamics 365 for Outlook"),
)


@dataclass(frozen=True, slots=True)
class Marked:
    """What one event shows of marks; nothing else of it is read."""

    categories: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()
    """Ids of the asked properties that have a value."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A mark that was found, and on how much."""

    mark: Mark
    mailboxes: int
    events: int


def is_property(text: str) -> bool:
    """Whether a mark is the id of an extended property."""
    return _PROPERTY.fullmatch(text) is not None


def looks_like_property(text: str) -> bool:
    """Whether somebody meant a property, well formed or not: no category has braces."""
    return "{" in text or "}" in text


def marks_of(firm_marks: Sequence[str]) -> tuple[Mark, ...]:
    """Ours and the firm's own, each once."""
    known = {mark.text.casefold() for mark in KNOWN}
    own = (Mark(text, "") for text in firm_marks if text.casefold() not in known)
    return (*KNOWN, *own)


def findings(marks: Sequence[Mark], mailboxes: Iterable[Sequence[Marked]]) -> tuple[Finding, ...]:
    """Which marks were found in these mailboxes; case does not matter."""
    events: Counter[str] = Counter()
    boxes: Counter[str] = Counter()
    for shown in mailboxes:
        here: Counter[str] = Counter()
        for event in shown:
            here.update(
                {text.strip().casefold() for text in (*event.categories, *event.properties)}
            )
        events.update(here)
        boxes.update(here.keys())
    found = ((mark, mark.text.casefold()) for mark in marks)
    return tuple(Finding(mark, boxes[key], events[key]) for mark, key in found if boxes[key])
