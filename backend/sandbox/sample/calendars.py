"""Fills the calendars of the sample firms: two months each way round the day it starts.

Everyday meetings here, the remarkable ones in `showcase`. The same seed and day give the same
calendars on every machine; a meeting between colleagues stands in each one's calendar.
"""

import random
from datetime import date, datetime, timedelta

from backend.sandbox.directory import Directory, Person, Tenant
from backend.sandbox.exchange.store import Exchange
from backend.sandbox.sample import ids, showcase
from backend.sandbox.sample.crm import contacts_of, crm_seed
from backend.sandbox.sample.planning import (
    BERLIN,
    LONDON,
    Json,
    Planned,
    agenda,
    attendee,
    carry_out,
    colleague,
    contact,
    room,
    timed,
)
from backend.sandbox.sample.words import CLIENT_SUBJECTS, INTERNAL_SUBJECTS, MATTERS

DAYS_EACH_WAY = 61
STARTS = (8.5, 9, 9.5, 10, 10.5, 11, 11.5, 13, 13.5, 14, 14.5, 15, 15.5, 16, 16.5, 17)
LENGTHS = (30, 30, 45, 60, 60, 60, 90, 120)
CATEGORIES = ("Blue category", "Red category", "Green category", "Matter 4711", "Follow up")
DEPARTMENTS_WITHOUT_CLIENTS = frozenset({"IT", "Finance", "Human Resources", "Knowledge"})
POOL_MEETINGS = 24


def fill_calendars(exchange: Exchange, directory: Directory, now: datetime, seed: int) -> None:
    """Put the sample's events into all mailboxes of the firms; made-up ones fill when opened."""
    # Whatever the hour, one day has one set of calendars.
    now = now.replace(hour=0, minute=0, second=0, microsecond=0)
    plans: list[Planned] = []
    for tenant in directory.tenants.values():
        plans += _plans_of(tenant, now, seed)
    law_firm = directory.tenants[ids.LAW_FIRM_TENANT_ID]
    plans += showcase.plans(law_firm, contacts_of(seed, law_firm.id), now)
    carry_out(exchange, plans, now)
    exchange.populate = lambda person: _fill_one(exchange, person, now, seed)


def _plans_of(tenant: Tenant, now: datetime, seed: int) -> list[Planned]:
    chance = random.Random(f"{seed}/calendars/{tenant.id}")  # noqa: S311 - repeatable on purpose
    colleagues = [
        person
        for person in tenant.people.values()
        if person.purpose == "user" and person.has_mailbox and person.department != "Pool"
    ]
    rooms = [person for person in tenant.people.values() if person.purpose == "room"]
    outsiders = _outsiders(tenant, seed)
    plans = []
    for person in colleagues:
        for day in _days(now):
            for _ in range(_how_many(chance, day, now)):
                scene = _Scene(chance, person, colleagues, rooms, outsiders)
                plans.append(scene.meeting(day, now))
    return plans


def _days(now: datetime) -> list[date]:
    today = now.date()
    around = [today + timedelta(days=n) for n in range(-DAYS_EACH_WAY, DAYS_EACH_WAY + 1)]
    # A demo on a Sunday wants something to see as well.
    return [day for day in around if day.weekday() < 5 or abs((day - today).days) <= 1]


def _how_many(chance: random.Random, day: date, now: datetime) -> int:
    if abs((day - now.date()).days) <= 1:
        return 1 + (chance.random() < 0.5)
    return int(chance.random() < 0.45) + int(chance.random() < 0.15)


def _outsiders(tenant: Tenant, seed: int) -> list[Json]:
    """Contacts to meet, with their company; private ones are met in the showcase only."""
    for firm in crm_seed(seed)["tenants"]:
        if firm["tenant_id"] == tenant.id:
            names = {company["id"]: company["name"] for company in firm["companies"]}
            return [
                {**entry, "company": names[entry["company_id"]]}
                for entry in firm["contacts"]
                if not entry["private"] and "Our Personnel" not in entry["types"]
            ]
    return [
        {"name": "Ask Lund", "emails": ["ask.lund@lund-partners.example"], "company": "Lund"},
        {"name": "Bea Ortega", "emails": ["bea.ortega@ortega.example"], "company": "Ortega"},
    ]


class _Scene:
    """What one person's meeting is drawn from."""

    def __init__(
        self,
        chance: random.Random,
        person: Person,
        colleagues: list[Person],
        rooms: list[Person],
        outsiders: list[Json],
    ) -> None:
        self._chance = chance
        self._person = person
        self._others = [other for other in colleagues if other is not person]
        self._rooms = rooms
        self._outsiders = outsiders

    def meeting(self, day: date, now: datetime) -> Planned:
        """An everyday meeting on that day."""
        chance = self._chance
        meets_clients = (
            self._person.department not in DEPARTMENTS_WITHOUT_CLIENTS and chance.random() < 0.6
        )
        team = chance.sample(self._others, min(len(self._others), chance.randint(0, 3)))
        if not meets_clients and not team:
            team = [chance.choice(self._others)] if self._others else []
        guests = self._guests() if meets_clients else []
        matter = chance.choice(MATTERS)
        body: Json = {
            "subject": self._subject(guests, matter),
            **timed(day, chance.choice(STARTS), chance.choice(LENGTHS), self._zone()),
            **agenda(chance.randrange(20), matter),
            "attendees": [contact(guest) for guest in guests]
            + [colleague(other, chance.choice(("required", "optional"))) for other in team],
            "reminderMinutesBeforeStart": chance.choice((0, 5, 15, 15, 15, 60)),
        }
        self._decorate(body)
        answers = [
            (other, chance.choice(("accepted", "accepted", "tentativelyAccepted", "declined")))
            for other in team
            if chance.random() < 0.7
        ]
        return Planned(self._made_at(day, now), self._person, body, answers)

    def _guests(self) -> list[Json]:
        first = self._chance.choice(self._outsiders)
        same = [entry for entry in self._outsiders if entry["company"] == first["company"]]
        others = [entry for entry in same if entry["emails"][0] != first["emails"][0]]
        return [first, *self._chance.sample(others, min(len(others), self._chance.randint(0, 2)))]

    def _subject(self, guests: list[Json], matter: str) -> str:
        company = (
            guests[0]["company"] if guests else self._chance.choice(self._outsiders)["company"]
        )
        choices = CLIENT_SUBJECTS if guests else INTERNAL_SUBJECTS
        first = guests[0]["name"].split()[0] if guests else ""
        text = self._chance.choice(choices).format(company=company, matter=matter, first=first)
        return text[0].upper() + text[1:]

    def _decorate(self, body: Json) -> None:
        luck = self._chance.random()
        if luck < 0.25:
            body["isOnlineMeeting"] = True
            body["location"] = {"displayName": "Microsoft Teams Meeting"}
        elif luck < 0.5 and self._rooms:
            place = self._chance.choice(self._rooms)
            body |= room(place)
            body["attendees"].append(attendee(place.name, place.address, "resource"))
        elif luck < 0.6:
            body["location"] = {"displayName": "At the client's office"}
        if self._chance.random() < 0.15:
            body["categories"] = [self._chance.choice(CATEGORIES)]
        if self._chance.random() < 0.05:
            body["sensitivity"] = self._chance.choice(("private", "confidential", "personal"))
        if self._chance.random() < 0.1:
            body["importance"] = "high"

    def _zone(self) -> str:
        return BERLIN if self._person.name in ("Hannah Vogel", "Jonas Keller") else LONDON

    def _made_at(self, day: date, now: datetime) -> datetime:
        begin = datetime(day.year, day.month, day.day, 9, tzinfo=now.tzinfo)
        made = begin - timedelta(
            days=self._chance.randint(2, 30), minutes=self._chance.randint(0, 500)
        )
        newest = now - timedelta(hours=self._chance.randint(2, 200))
        return min(made, newest)


def _fill_one(exchange: Exchange, person: Person, now: datetime, seed: int) -> None:
    """A made-up mailbox gets meetings with outsiders only: nobody else's calendar is touched."""
    if person.department != "Pool":
        return
    tenant = exchange.directory.tenants[person.tenant_id]
    chance = random.Random(f"{seed}/pool/{person.id}")  # noqa: S311 - repeatable on purpose
    scene = _Scene(chance, person, [], [], _outsiders(tenant, seed))
    days = _days(now)
    plans = []
    for _ in range(POOL_MEETINGS):
        plans.append(scene.meeting(chance.choice(days), now))
    carry_out(exchange, plans, now)
