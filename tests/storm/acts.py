"""What people do in Outlook: each act draws its event, does it, and tells the journal."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.storm.clients import Outlook
from tests.storm.journal import Journal, Trail
from tests.storm.meetings import OWN, Meetings, attendee, daily
from tests.storm.world import CATEGORY

ELSEWHERE = "Elsewhere"
ANSWERS = ("accept", "tentative", "decline")


class Nothing(Exception):  # noqa: N818 - not an error
    """There is no event this act could be done to."""


class OutlookActs:
    """Acts by name; ``weighted`` says how often each is drawn."""

    def __init__(
        self,
        chance: random.Random,
        outlook: Outlook,
        journal: Journal,
        meetings: Meetings,
        private: Sequence[str],
        *,
        our_app: Callable[[int, str], bool],
        ignores_if_match: bool,
    ) -> None:
        """``private``: contacts nobody may meet; ``our_app``: whether since the request with this
        number we have written into that mailbox.
        """
        self._chance = chance
        self._outlook = outlook
        self._journal = journal
        self._meetings = meetings
        self._private = private
        self._our_app = our_app
        self._ignores_if_match = ignores_if_match

    def weighted(self) -> list[tuple[int, str, Callable[[], None]]]:
        return [
            (22, "create", self.create),
            (3, "create series", self.create_series),
            (2, "create private", self.create_private),
            (1, "create draft", self.create_draft),
            (2, "invite from outside", self.invite_from_outside),
            (9, "change subject", self.change_subject),
            (9, "move in time", self.move_in_time),
            (7, "change attendees", self.change_attendees),
            (1, "add private contact", self.add_private_contact),
            (3, "turn private", self.turn_private),
            (3, "turn normal", self.turn_normal),
            (2, "turn recurring", self.turn_recurring),
            (2, "turn single", self.turn_single),
            (4, "cancel", self.cancel),
            (3, "delete", self.delete),
            (8, "put our category on", self.categorise),
            (5, "take our category off", self.uncategorise),
            (8, "change own categories", self.change_own_categories),
            (2, "save an open form", self.save_open_form),
            (2, "categorise an attendee's copy", self.categorise_attendees_copy),
            (8, "respond", self.respond),
            (4, "copy", self.copy),
            (3, "move to another calendar", self.move_away),
            (3, "move back", self.move_back),
        ]

    # --- making -----------------------------------------------------------------------------------

    def create(self) -> None:
        self._create("created")

    def create_series(self) -> None:
        body = self._meetings.body()
        day = body["start"]["dateTime"][:10]
        self._create("created a series", **body, recurrence=daily(day))

    def create_private(self) -> None:
        sensitivity = self._chance.choice(("private", "confidential"))
        self._create(f"created {sensitivity}", sensitivity=sensitivity)

    def create_draft(self) -> None:
        owner, mark = self._meetings.owner(), self._meetings.mark()
        body = self._meetings.body() | {"subject": self._meetings.subject(mark)}
        event = self._outlook.call("POST", f"/mailboxes/{owner}/events", body, draft="1")
        self._journal.begin(event, owner, mark, "created a draft")

    def _create(self, act: str, **more: Any) -> None:
        owner, mark = self._meetings.owner(), self._meetings.mark()
        event = self._outlook.create(
            owner, **(self._meetings.body() | {"subject": self._meetings.subject(mark)} | more)
        )
        trail = self._journal.begin(event, owner, mark, act)
        if CATEGORY in event["categories"]:
            self._journal.categorised(trail)

    def invite_from_outside(self) -> None:
        """Nobody in the firm organizes it, so there is nothing to remember: never a record."""
        guest = "host@outside.example"
        organizer = {"name": guest, "address": guest}
        body = self._meetings.body() | {"subject": self._meetings.subject(self._meetings.mark())}
        body["attendees"] = [attendee(self._meetings.owner()), attendee(self._meetings.owner())]
        self._outlook.call("POST", "/invitations", {"organizer": organizer, "event": body})

    # --- changing ---------------------------------------------------------------------------------

    def change_subject(self) -> None:
        trail = self._trail(lambda t: not t.away)
        patch: dict[str, Any] = {"subject": self._meetings.subject(trail.mark)}
        if self._chance.random() < 0.3:
            patch["location"] = {"displayName": f"Room {self._chance.randrange(90)}"}
        self._change(trail, "changed the subject", **patch)

    def move_in_time(self) -> None:
        trail = self._trail(lambda t: t.copy.type == "singleInstance" and not t.away)
        self._change(trail, "moved", **self._meetings.times())

    def change_attendees(self) -> None:
        trail = self._trail(lambda t: not t.away and t.copy.type == "singleInstance")
        self._change(trail, "changed the attendees", attendees=self._meetings.attendees())

    def add_private_contact(self) -> None:
        trail = self._removable(lambda t: not t.away and t.copy.type == "singleInstance")
        people = [*self._meetings.attendees(), attendee(self._chance.choice(self._private))]
        trail.hidden_in = self._journal.epoch
        trail.story.was_linked = False
        trail.story.kept.clear()
        trail.story.edited.clear()
        self._change(trail, "invited a private contact", attendees=people)
        trail.story.unsure = "a private contact was invited"

    def turn_private(self) -> None:
        trail = self._removable(lambda t: not t.copy.is_private)
        trail.story.was_linked = False
        trail.story.kept.clear()
        trail.story.edited.clear()
        trail.hidden_in = self._journal.epoch
        sensitivity = self._chance.choice(("private", "confidential"))
        self._change(trail, f"turned {sensitivity}", sensitivity=sensitivity)

    def turn_normal(self) -> None:
        trail = self._trail(lambda t: t.copy.is_private)
        trail.story.unsure = "was private"
        self._change(trail, "turned normal", sensitivity="normal")

    def turn_recurring(self) -> None:
        trail = self._removable(lambda t: t.copy.type == "singleInstance" and not t.away)
        day = trail.copy.start.date().isoformat()
        self._change(trail, "turned recurring", recurrence=daily(day))

    def turn_single(self) -> None:
        trail = self._trail(lambda t: t.copy.type == "seriesMaster" and not t.away)
        self._change(trail, "turned single", recurrence=None)

    def _change(self, trail: Trail, act: str, **patch: Any) -> None:
        event = self._outlook.change(trail.owner, trail.id, **patch)
        self._journal.note(trail, act)
        self._journal.saw(trail, event)

    # --- going ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        trail = self._removable(lambda t: bool(t.copy.others()))
        self._outlook.act(trail.owner, trail.id, "cancel", comment="")
        self._gone(trail, "cancelled")

    def delete(self) -> None:
        trail = self._removable(_any)
        self._outlook.delete(trail.owner, trail.id)
        self._gone(trail, "deleted")

    def _gone(self, trail: Trail, act: str) -> None:
        self._journal.note(trail, act)
        trail.story.gone = trail.copy
        trail.story.hid_briefly = trail.hidden_in == self._journal.epoch
        if trail.away:
            trail.story.unsure = "went from another calendar"

    def move_away(self) -> None:
        trail = self._trail(lambda t: not t.away)
        event = self._outlook.act(trail.owner, trail.id, "move", calendar=ELSEWHERE)
        trail.away = True
        self._journal.note(trail, "moved to another calendar")
        self._journal.saw(trail, event)

    def move_back(self) -> None:
        trail = self._trail(lambda t: t.away)
        event = self._outlook.act(trail.owner, trail.id, "move", calendar="Calendar")
        trail.away = False
        self._journal.note(trail, "moved back")
        self._journal.saw(trail, event)

    def copy(self) -> None:
        source = self._trail(lambda t: not t.away and t.copy.type == "singleInstance")
        event = self._outlook.act(source.owner, source.id, "copy")
        mark = self._meetings.mark()
        carries = any(self._journal.is_ours(name) for name in event["categories"])
        trail = self._journal.begin(event, source.owner, mark, f"copied from {source.uid}")
        if carries:
            self._journal.categorised(trail)
        self._change(trail, "named the copy", subject=self._meetings.subject(mark))

    # --- categories -------------------------------------------------------------------------------

    def categorise(self) -> None:
        trail = self._trail(lambda t: not any(map(self._journal.is_ours, t.seen_categories)))
        now = self._categories(trail)
        if any(map(self._journal.is_ours, now)):
            raise Nothing
        if self._write_categories(trail, [*now, CATEGORY], "put our category on"):
            self._journal.categorised(trail)
        else:
            self._journal.blurred(trail)

    def uncategorise(self) -> None:
        trail = self._removable(lambda t: not t.away and not t.story.edited)
        now = self._categories(trail)
        rest = [name for name in now if not self._journal.is_ours(name)]
        if rest == now:
            raise Nothing
        alone = trail.touched_in < self._journal.epoch
        if self._write_categories(trail, rest, "took our category off"):
            self._journal.uncategorised(trail, alone=alone)
        else:
            self._journal.blurred(trail)

    def change_own_categories(self) -> None:
        trail = self._trail(_any)
        now = self._categories(trail)
        name = self._chance.choice(OWN)
        wanted = [each for each in now if each != name] if name in now else [*now, name]
        trail.own ^= {name}
        if not self._write_categories(trail, wanted, f"turned {name!r}"):
            # Our category came or went between this person's look and his write.
            self._journal.blurred(trail)

    def save_open_form(self) -> None:
        """A form that was opened before writes its older categories back (T11's guard)."""
        trail = self._trail(lambda t: not t.away)
        older = list(trail.seen_categories)
        subject = self._meetings.subject(trail.mark)
        event = self._outlook.change(trail.owner, trail.id, subject=subject, categories=older)
        trail.own = {name for name in older if not self._journal.is_ours(name)}
        self._journal.note(trail, "saved an open form")
        self._journal.saw(trail, event)
        self._journal.blurred(trail)

    def categorise_attendees_copy(self) -> None:
        """On a copy that may not be synced the category is left where it is (T11)."""
        trail = self._trail(lambda t: not t.away)
        copy = self._chance.choice(self._colleagues_copies(trail))
        names = self._chance.sample((*OWN, CATEGORY), 2)
        self._outlook.change(copy["owner"], copy["immutable_id"], categories=names)
        own = frozenset(name for name in names if not self._journal.is_ours(name))
        trail.story.own_categories[copy["immutable_id"]] = own
        self._journal.note(trail, f"{copy['owner']} categorised his copy")

    def _categories(self, trail: Trail) -> list[str]:
        """As the person sees them at this moment."""
        self._seen_at = self._outlook.last_request()
        found: list[str] = self._outlook.event(trail.owner, trail.id)["categories"]
        return found

    def _write_categories(self, trail: Trail, names: list[str], act: str) -> bool:
        """Write the whole list; whether nobody else wrote since the person looked."""
        event = self._outlook.change(trail.owner, trail.id, categories=names)
        trail.own = {name for name in names if not self._journal.is_ours(name)}
        if self._ignores_if_match and max(trail.wished_in, trail.touched_in) >= self._journal.epoch:
            # Outlook takes a stale list from us then; nothing can repair that (road.md A4).
            trail.story.categories_unsure = True
        self._journal.note(trail, act)
        self._journal.saw(trail, event)
        return not self._our_app(self._seen_at, trail.owner)

    # --- answers ----------------------------------------------------------------------------------

    def respond(self) -> None:
        trail = self._trail(lambda t: not t.away)
        copy = self._chance.choice(self._colleagues_copies(trail))
        answer = self._chance.choice(ANSWERS)
        self._outlook.act(copy["owner"], copy["immutable_id"], "respond", response=answer)
        self._journal.note(trail, f"{copy['owner']} answered {answer}")
        self._journal.saw(trail, self._outlook.event(trail.owner, trail.id))

    def _colleagues_copies(self, trail: Trail) -> list[dict[str, Any]]:
        path = f"/mailboxes/{trail.owner}/events/{trail.id}/copies"
        rows: list[dict[str, Any]] = self._outlook.call("GET", path)["items"]
        found = [row for row in rows if not row["is_organizer"]]
        if not found:
            raise Nothing
        return found

    # --- drawing ----------------------------------------------------------------------------------

    def _trail(self, fits: Callable[[Trail], bool]) -> Trail:
        """Somebody's event; the youngest are drawn most, as in life."""
        found = [trail for trail in self._journal.live() if fits(trail)]
        if not found:
            raise Nothing
        recent = found[-30:] if self._chance.random() < 0.6 else found
        return self._chance.choice(recent)

    def _removable(self, fits: Callable[[Trail], bool]) -> Trail:
        """One whose record may go without the brake minding."""
        trail = self._trail(lambda t: self._journal.may_remove(t) and fits(t))
        self._journal.removes(trail)
        return trail


def _any(_trail: Trail) -> bool:
    return True
