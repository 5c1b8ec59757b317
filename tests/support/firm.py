"""A small firm for tests of the Exchange and Graph parts alone: people, a room, a list, a clock."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import requests
import uvicorn
from starlette.applications import Starlette

from backend.sandbox.control.faults import Faults
from backend.sandbox.directory import DelegateRights, Directory, Domain, Group, Person, Tenant
from backend.sandbox.exchange.store import Cause, Exchange
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import GraphError
from backend.sandbox.graph.routes import graph_routes
from backend.sandbox.notifications.notifier import Notifier
from backend.sandbox.personality import Personality

TENANT = "7f1d0000-0000-4000-8000-000000000001"
NOW = datetime(2026, 3, 2, 9, 0, 0, 123450, tzinfo=UTC)
BY_HAND = Cause()
ALL_SCOPES = ("Calendars.ReadWrite", "Calendars.ReadWrite.Shared", "MailboxSettings.ReadWrite")
ALL_SCOPES += ("User.ReadBasic.All", "User.Read")
ALL_APP = ("Calendars.ReadWrite", "MailboxSettings.ReadWrite", "User.Read.All")
ALL_APP += ("Group.Read.All", "Organization.Read.All")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Move forward."""
        self.now += timedelta(**span)


class Firm:
    """Ann, Ben, Cleo (Ann's delegate, blind to private events), Dan (delegate who sees all), Eve.

    `world` is what the Graph routes need; a token is `user:scope,scope` or `app:permission,...`.
    """

    def __init__(self) -> None:
        self.clock = Clock()
        self.personality = Personality()
        self.faults = Faults(random.Random(7))
        self.directory = Directory()
        domains = [
            Domain("firm.example", is_default=True),
            Domain("f.onmicrosoft.com", False, True),
        ]
        self.tenant = self.directory.add_tenant(Tenant(TENANT, "Firm LLP", domains, True, NOW))
        self.ann = self._person(1, "Ann Lawyer", proxy_addresses=["smtp:a.lawyer@firm.example"])
        self.ben = self._person(2, "Ben Client")
        self.cleo = self._person(3, "Cleo Aide")
        self.dan = self._person(4, "Dan Aide")
        self.eve = self._person(5, "Eve Outside")
        self.room = self._person(6, "Room Four", purpose="room", account_enabled=False)
        self.nomad = self._person(7, "Nomad Nobox", has_mailbox=False)
        group_id = "9e000000-0000-4000-8000-000000000001"
        members = [self.ben.id, self.eve.id]
        self.everybody = self.directory.add_group(
            Group(group_id, TENANT, "Everybody", "all@firm.example", "distribution", members)
        )
        self.directory.grant_delegate(self.ann.id, self.cleo.id, DelegateRights(True, True, False))
        self.directory.grant_delegate(self.ann.id, self.dan.id, DelegateRights(True, False, True))
        self.exchange = Exchange(self.directory, self.clock, self.personality)
        self.notifier = Notifier(self.clock, self.faults)
        self.notifier.watch(self.exchange)

    def _person(self, number: int, name: str, **more: Any) -> Person:
        address = f"{name.split(maxsplit=1)[0].lower()}@firm.example"
        person = Person(
            id=f"3f1c0000-0000-4000-8000-{number:012d}",
            tenant_id=TENANT,
            name=name,
            address=address,
            upn=address,
            roles=[],
            created_at=NOW,
            **more,
        )
        return self.directory.add_person(person)

    def graph_caller(self, authorization: str | None) -> Caller:
        """Who the test says he is."""
        if not authorization:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        who, _, granted = authorization.removeprefix("Bearer ").partition(":")
        names = frozenset(name for name in granted.split(",") if name)
        if who == "app":
            return Caller("app", TENANT, None, frozenset(), names or frozenset(ALL_APP))
        person = self.directory.person(TENANT, f"{who}@firm.example")
        return Caller("app", TENANT, person, names or frozenset(ALL_SCOPES), frozenset())

    def mails(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Kind, sender and recipients of all mails so far."""
        return [(mail.kind, mail.from_, mail.to) for mail in self.exchange.mail]


class Graph:
    """A served firm, asked over real HTTP."""

    def __init__(self, firm: Firm, base: str) -> None:
        self.firm = firm
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(
        self, method: str, path: str, who: str = "ann", json: Any = None, **headers: str
    ) -> requests.Response:
        """One request; `headers` have underscores for dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {who}"
        url = path if path.startswith("http") else f"{self.base}/v1.0{path}"
        return self.session.request(method, url, json=json, headers=sent, timeout=10)

    def get(self, path: str, who: str = "ann", **headers: str) -> Any:
        """The JSON of an answer that must be a success."""
        answer = self.ask("GET", path, who, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def create(self, who: str = "ann", path: str = "/me/events", **event: Any) -> Any:
        """A new event of somebody."""
        answer = self.ask("POST", path, who, json=an_event(**event))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def patch(self, path: str, who: str = "ann", **members: Any) -> Any:
        """A change that must succeed."""
        answer = self.ask("PATCH", path, who, json=members)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def code(self, method: str, path: str, who: str = "ann", **more: Any) -> tuple[int, str]:
        """Status and error code of a refusal."""
        answer = self.ask(method, path, who, **more)
        return answer.status_code, answer.json()["error"]["code"] if answer.content else ""


@contextmanager
def served(firm: Firm) -> Iterator[Graph]:
    """The firm behind uvicorn on a free port, in a thread."""
    app = Starlette(routes=graph_routes(firm))
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off", http="httptools")
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    graph = Graph(firm, f"http://127.0.0.1:{port}")
    try:
        yield graph
    finally:
        graph.session.close()
        server.should_exit = True
        thread.join(10)


def at(text: str, zone: str = "UTC") -> dict[str, str]:
    """A dateTimeTimeZone."""
    return {"dateTime": text, "timeZone": zone}


def invited(*addresses: str, kind: str = "required") -> list[dict[str, Any]]:
    """Attendees."""
    return [{"type": kind, "emailAddress": {"address": address}} for address in addresses]


def an_event(**members: Any) -> dict[str, Any]:
    """Event JSON; tomorrow at ten unless said otherwise."""
    event: dict[str, Any] = {
        "subject": "Quarterly review",
        "start": at("2026-03-03T10:00:00"),
        "end": at("2026-03-03T11:00:00"),
    }
    return event | members


def weekly(day: str = "monday", count: int = 8, start: str = "2026-03-02") -> dict[str, Any]:
    """A weekly recurrence."""
    return {
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [day]},
        "range": {"type": "numbered", "startDate": start, "numberOfOccurrences": count},
    }
