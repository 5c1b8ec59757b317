"""What a meeting looks like that somebody in the storm makes: drawn bodies, as Graph takes them."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.storm.world import CATEGORY

OWN = ("Blue category", "Red category", "Matter 4711", "Follow up", "Ünïcode 📅")
ZONES = ("UTC", "GMT Standard Time", "W. Europe Standard Time", "Eastern Standard Time")


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom the storm plays, and whom they meet; all are addresses."""

    organizers: Sequence[str]
    contacts: Sequence[str]
    """Of any type, none of them private; those of a selected type come more often."""
    private: Sequence[str]
    """Contacts whom nobody may meet (E9)."""


class Meetings:
    def __init__(self, chance: random.Random, cast: Cast, clock: Callable[[], datetime]) -> None:
        self._chance = chance
        self._cast = cast
        self._clock = clock
        self._numbers = 0

    def owner(self) -> str:
        return self._chance.choice(self._cast.organizers)

    def mark(self) -> str:
        """A word that stands in one event only."""
        self._numbers += 1
        return f"Mark{self._numbers:06d}x"

    def subject(self, mark: str) -> str:
        word = self._chance.choice(("Review", "Hearing", "Ünïcödé 📅", "<b>Call</b>", "a'b\"c"))
        return f"{word} {mark} {self._chance.randrange(1000)}"

    def body(self) -> dict[str, Any]:
        categories = [name for name in OWN if self._chance.random() < 0.1]
        if self._chance.random() < 0.1:
            categories.append(CATEGORY)
        return {
            "attendees": self.attendees(),
            "categories": categories,
            "body": {"contentType": "html", "content": f"<p>{self._chance.random()}</p>"},
            **self.times(),
        }

    def times(self) -> dict[str, Any]:
        begin = self._clock() + timedelta(days=self._chance.uniform(-20, 60))
        begin = begin.replace(minute=self._chance.choice((0, 15, 30)), second=0, microsecond=0)
        if self._chance.random() < 0.15:
            zone = self._chance.choice(ZONES)
            first = begin.date()
            last = first + timedelta(days=self._chance.randint(1, 3))
            return {
                "isAllDay": True,
                "start": {"dateTime": f"{first}T00:00:00", "timeZone": zone},
                "end": {"dateTime": f"{last}T00:00:00", "timeZone": zone},
            }
        end = begin + timedelta(minutes=self._chance.choice((15, 30, 60, 600)))
        zone = self._chance.choice(ZONES)
        return {
            "isAllDay": False,
            "start": {"dateTime": f"{begin:%Y-%m-%dT%H:%M:%S}", "timeZone": zone},
            "end": {"dateTime": f"{end:%Y-%m-%dT%H:%M:%S}", "timeZone": zone},
        }

    def attendees(self) -> list[dict[str, Any]]:
        people = self._chance.sample(self._cast.contacts, self._chance.choice((0, 1, 1, 1, 2)))
        people += self._chance.sample(self._cast.organizers, self._chance.choice((0, 1, 2)))
        if self._chance.random() < 0.2:
            people.append(f"stranger{self._chance.randrange(50)}@else.example")
        return [
            attendee(address, self._chance.choice(("required", "optional"))) for address in people
        ]


def attendee(address: str, kind: str = "required") -> dict[str, Any]:
    name = address.partition("@")[0]
    return {"type": kind, "emailAddress": {"name": name, "address": address}}


def daily(day: str) -> dict[str, Any]:
    return {
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": 3},
    }
