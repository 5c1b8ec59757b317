"""Which events of a watched calendar are wanted though nobody ticked them (S1, T11).

Pure: the verdicts are given, what comes of them is decided here. A delta item is only a hint; the
road looks at the event itself and judges again before anything is written (road rule R6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.crm import AttendeeMatch, Contact
from backend.domain.event import Event
from backend.domain.link import EndReason, LinkState
from backend.domain.matching import selecting_company_type, selecting_type
from backend.domain.policy import Origin, Policy, UserState, mode_allows, mode_in_force
from backend.domain.rules import Reason, Verdict

LONGEST_NAME = 200
"""Characters of a contact's name or type that a sentence about it carries."""


class Choice(StrEnum):
    """What comes of an event that a delta showed."""

    NOTHING = "nothing"
    MATCH = "match"
    """The rules select it: a link is made."""
    LOOK = "look"
    """The road has to look: the category may be a tick, or a rule may select it again."""
    REFUSE = "refuse"
    """The category was put on where the rules say no: it is left where it is (T11)."""
    SKIP = "skip"
    """The rules of automatic sync say no."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An event and what the rules say of it, as far as that matters for this calendar."""

    event: Event
    by_rule: Verdict | None
    """``None``: there is no automatic sync here."""
    by_hand: Verdict | None
    """``None``: the event does not carry the category."""
    because: str | None = None

    @property
    def is_selected(self) -> bool:
        """Whether any of the two ways would make a link of it."""
        return any(v is not None and v.eligible for v in (self.by_hand, self.by_rule))


@dataclass(frozen=True, slots=True)
class WishSoFar:
    """The link there is already, as far as it matters here."""

    state: LinkState
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice, and the codes that explain a no."""

    choice: Choice
    codes: tuple[str, ...] = ()


def chooses_by_rule(policy: Policy, user: UserState) -> bool:
    """Whether contact types decide in this calendar at all: the mode in force, the switches."""
    mode = mode_in_force(user.mode, policy.mode)
    return (
        policy.sync_enabled
        and user.has_server
        and user.is_enabled(policy)
        and policy.allows(Origin.AUTOMATIC)
        and mode_allows(mode, Origin.AUTOMATIC)
    )


def choose(judged: Judged, known: WishSoFar | None, *, is_led_elsewhere: bool) -> Chosen:
    """What comes of one event; ``is_led_elsewhere``: another calendar keeps the meeting (S3)."""
    if known is not None:
        return _choose_again(judged, known)
    by_hand, by_rule = judged.by_hand, judged.by_rule
    selected = next((v for v in (by_hand, by_rule) if v is not None and v.eligible), None)
    if selected is not None and is_led_elsewhere:
        choice = Choice.SKIP if by_hand is None else Choice.REFUSE
        return Chosen(choice, (EndReason.ALREADY_LINKED.value,))
    if selected is not None:
        return Chosen(Choice.LOOK if selected is by_hand else Choice.MATCH)
    if by_hand is not None:
        return Chosen(Choice.REFUSE, codes_to_keep(by_hand.codes))
    if by_rule is not None:
        return Chosen(Choice.SKIP, codes_to_keep(by_rule.codes))
    return Chosen(Choice.NOTHING)


def _choose_again(judged: Judged, known: WishSoFar) -> Chosen:
    """A link that is not wanted: the road alone reads its category and matches it again."""
    if judged.by_rule is None or known.state not in (LinkState.REMOVING, LinkState.REMOVED):
        return Chosen(Choice.NOTHING)
    codes = judged.by_rule.codes
    if known.opted_out:
        codes = _in_order((*codes, Reason.OPTED_OUT.value))
    if not codes:
        return Chosen(Choice.LOOK)
    if Reason.PRIVATE_EVENT.value in codes:
        return Chosen(Choice.NOTHING)  # the link's own row says so, and nothing else may (X4)
    return Chosen(Choice.SKIP, codes)


def codes_to_keep(codes: Sequence[str]) -> tuple[str, ...]:
    """X4: of a private event nothing is kept but that it is private."""
    private = Reason.PRIVATE_EVENT.value
    return (private,) if private in codes else tuple(codes)


def _in_order(codes: Sequence[str]) -> tuple[str, ...]:
    order = [reason.value for reason in Reason]
    return tuple(sorted(set(codes), key=order.index))


def because(matches: Sequence[AttendeeMatch], policy: Policy) -> str:
    """Why the rules selected an event, as the end of the sentence "Added because …" (T10).

    Of several contacts the first by name, then by id, is named and the others are counted. A
    contact selected by a type of his own goes before one whose company has it.
    """
    sentences = {}
    for match in matches:
        if match.contact is not None and (sentence := _sentence(match.contact, policy)):
            sentences[match.contact.id] = (*sentence, match)
    if not sentences:
        return "your firm also adds meetings with people who are not in the CRM"
    ranked = sorted(sentences.values(), key=lambda s: (s[0], _name(s[2]).casefold(), _id(s[2])))
    _, text, first = ranked[0]
    others = f" (and {len(ranked) - 1} more)" if len(ranked) > 1 else ""
    return f"{_name(first)} {text}{others}"


def _sentence(contact: Contact, policy: Policy) -> tuple[int, str] | None:
    """How a contact is selected: his own types (0) before his company's (1)."""
    if (own := selecting_type(contact, policy)) is not None:
        return 0, f"is {_with_article(own)}"
    if (company := selecting_company_type(contact, policy)) is not None:
        return 1, f"works for {_with_article(company)}"
    return None


def _with_article(type_name: str) -> str:
    name = type_name.strip()[:LONGEST_NAME]
    if name.casefold().startswith("our "):
        return f"one of {name}"
    return f"{'an' if name[:1].casefold() in tuple('aeiou') else 'a'} {name}"


def _name(match: AttendeeMatch) -> str:
    contact = match.contact
    assert contact is not None
    return (contact.name.strip() or match.attendee.address)[:LONGEST_NAME]


def _id(match: AttendeeMatch) -> str:
    assert match.contact is not None
    return match.contact.id
