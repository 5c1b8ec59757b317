"""The whole product over a running sandbox: real HTTP to Microsoft's side, real database below."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from flask.testing import FlaskClient
from sqlalchemy import URL

from backend.app import create_app
from backend.bootstrap import OffsetClock, Services, build
from backend.domain.crm import Activity
from backend.services.setup import FirmSetup, NewServer, NewUser
from backend.settings import OFFICE_CLIENT_IDS, Settings
from tests.support.crm import contact_maker
from tests.support.migrated import migrate_quickly
from tests.support.sandbox import RunningSandbox

CATEGORY = "Add this Event to InterAction"

A_FEW = 6
EVERYBODY = 1000
"""How many members of a firm are enabled. Most of what a story costs are rounds over mailboxes."""


@dataclass
class Product:
    """One deployment: services, application, worker by hand."""

    sandbox: RunningSandbox
    settings: Settings
    services: Services
    rings: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.app = create_app(self.services, self.settings)
        self._make_contact = contact_maker(self.services.database, self.sandbox.tenant_id)
        self._tokens: dict[tuple[str, str | None], str] = {}

    @property
    def clock(self) -> Any:
        return self.services.clock

    def advance(self, **span: float) -> None:
        """Move the sandbox's clock and ours."""
        self.sandbox.advance(timedelta(**span).total_seconds())
        self._tokens.clear()

    def drain(self) -> int:
        """What a worker does when the bell rings."""
        return self.services.work.drain_links()

    def settle(self, rounds: int = 12) -> None:
        """Let time pass and work be done until nothing is due soon."""
        for _ in range(rounds):
            self.advance(seconds=20)
            if self.drain() == 0:
                return

    def work(self) -> None:
        """The worker does what is due now, mailboxes and links."""
        self.services.work.sweep()
        for _ in range(12):
            if self.services.work.drain_mailboxes() + self.drain() == 0:
                return

    def sync(self, minutes: float = 16) -> None:
        """Time passes until every calendar is looked at again."""
        self.advance(minutes=minutes)
        self.work()

    def an_hour_later(self) -> None:
        """Every followed link is looked at once an hour, whoever rings."""
        self.advance(minutes=61)
        self.drain()
        self.settle()

    def staff(self, role: str = "admin", tenant_id: str | None = None) -> Callable[..., Any]:
        """Calls below ``/api/admin`` of whoever has the role; a path may carry its query."""
        token = {"tenant": tenant_id} if tenant_id else {}
        pane = self.pane(self.sandbox.person(role, tenant_id)["address"], **token)

        def call(method: str, path: str, json: Any = None, **params: Any) -> Any:
            address, _, query = path.partition("?")
            asked = dict(parse_qsl(query)) | params
            return pane.call(method, f"/api/admin{address}", json, **asked)

        return call

    def save_settings(self, **settings: Any) -> Any:
        """The firm's admin saves them over the newest version; the answer as it is."""
        admin = self.pane(self.sandbox.person("admin")["address"])
        path = "/api/admin/configuration"
        tag = admin.call("GET", path).headers["ETag"]
        return admin.call("PUT", path, settings, headers={"If-Match": tag})

    def pane(self, user: str, **token: Any) -> Pane:
        """The task pane of a person."""
        return Pane(self, user, token)

    def token(self, user: str, **more: Any) -> str:
        key = (user, str(sorted(more.items())) if more else None)
        if key not in self._tokens:
            self._tokens[key] = self.sandbox.token(user, **more)
        return self._tokens[key]

    def meeting(self, organizer: str, *attendees: str, days: float = 2, **event: Any) -> Meeting:
        """The organizer makes a meeting in Outlook."""
        start = self.clock().replace(microsecond=0) + timedelta(days=days)
        body = {
            "subject": "Quarterly review",
            "start": _moment(start),
            "end": _moment(start + timedelta(hours=1)),
            "attendees": [invited(a.split("@")[0], a) for a in attendees],
        } | event
        made = self.sandbox.create_event(organizer, **body)
        return Meeting(self, organizer, made["id"], made["iCalUId"])

    def add_contact(self, name: str, *addresses: str, **more: Any) -> str:
        """A contact in the embedded CRM; ``types``, ``private``, ``owner_id``, ``tenant_id``."""
        return self._make_contact(name, *addresses, **more)

    def records(self, ical_uid: str) -> list[Activity]:
        """The live CRM records of a meeting."""
        return list(self.services.crm.find_by_ical_uid(self.sandbox.tenant_id, ical_uid))

    def record(self, ical_uid: str) -> Activity | None:
        """The record with our key, tombstones included."""
        key = f"{self.sandbox.tenant_id}/{ical_uid}"
        return self.services.crm.find_activity(self.sandbox.tenant_id, key)


@dataclass
class Pane:
    """One person's calls, as the task pane makes them."""

    product: Product
    user: str
    token: dict[str, Any]

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        **params: Any,
    ) -> Any:
        client: FlaskClient = self.product.app.test_client()
        bearer = {"Authorization": f"Bearer {self.product.token(self.user, **self.token)}"}
        sent = {**bearer, **(headers or {})}
        return client.open(path, method=method, json=json, headers=sent, query_string=params)

    def view(self, event_id: str, **params: Any) -> Any:
        return self.call("GET", f"/api/events/{event_id}", **params)

    def tick(self, event_id: str, json: Any = None, **params: Any) -> Any:
        return self.call("PUT", f"/api/events/{event_id}/link", json, **params)

    def untick(self, event_id: str, **params: Any) -> Any:
        return self.call("DELETE", f"/api/events/{event_id}/link", **params)

    def undo(self, event_id: str, **params: Any) -> Any:
        return self.call("POST", f"/api/events/{event_id}/link/undo", **params)


@dataclass
class Meeting:
    """An event in its organizer's mailbox."""

    product: Product
    owner: str
    id: str
    ical_uid: str

    def now(self) -> dict[str, Any]:
        return self.product.sandbox.get_event(self.owner, self.id)

    @property
    def link(self) -> dict[str, Any]:
        """As the pane of its owner shows it, who looks at the event by that."""
        found: dict[str, Any] = self.product.pane(self.owner).view(self.id).json["link"]
        return found

    @property
    def categories(self) -> list[str]:
        found: list[str] = self.now()["categories"]
        return found

    def change(self, **patch: Any) -> None:
        self.product.sandbox.change_event(self.owner, self.id, **patch)


def invited(name: str, address: str, kind: str = "required") -> dict[str, Any]:
    """An attendee as Graph has him."""
    return {"type": kind, "emailAddress": {"name": name, "address": address}}


def _moment(at: datetime) -> dict[str, str]:
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


@contextmanager
def running_product(
    sandbox: RunningSandbox,
    url: str | URL,
    offset_file: Path,
    *,
    members: int = A_FEW,
    **settings: Any,
) -> Iterator[Product]:
    """A migrated deployment with the sample firms set up, ``members`` of each enabled."""
    chosen = Settings(
        **{
            "base_url": "http://localhost:8000",
            "client_id": sandbox.api_client_id,
            "client_secret": sandbox.api_client_secret,
            "allowed_clients": (sandbox.addin_client_id, *OFFICE_CLIENT_IDS),
            "tenants": (sandbox.tenant_id, sandbox.second_tenant_id),
            "secret_keys": ("a key that is long enough for every test of ours",),
            "database_url": str(url) if isinstance(url, str) else url.render_as_string(False),
            "graph_url": sandbox.url,
            "login_url": sandbox.url,
            "rate_limit": "100000 per minute",
        }
        | settings
    )
    rings: list[tuple[str, float]] = []
    clock = OffsetClock(offset_file)
    services = build(chosen, lambda kind, delay: rings.append((kind, delay)), clock=clock)
    migrate_quickly(services.database)
    for tenant in sandbox.state()["tenants"]:
        if tenant["tenant_id"] in chosen.tenants:
            services.setup.configure(firm_setup(sandbox, tenant, members))
    try:
        yield Product(sandbox, chosen, services, rings)
    finally:
        services.database.dispose()


def firm_setup(sandbox: RunningSandbox, tenant: dict[str, Any], members: int) -> FirmSetup:
    """Everything on for the first members who have a mailbox, and for whoever has a role."""
    with_mailbox = [person for person in tenant["people"] if person["mailbox"]]
    enabled = [
        person
        for number, person in enumerate(with_mailbox)
        if number < members or person["roles"] != ["user"]
    ]
    return FirmSetup(
        tenant_id=tenant["tenant_id"],
        name="Sample firm",
        server=NewServer(
            name="Exchange Online",
            tenant_id=tenant["tenant_id"],
            client_id=sandbox.daemon_client_id,
            secret=sandbox.daemon_client_secret,
        ),
        users=[
            NewUser(oid=person["id"], name=person["name"], address=person["address"])
            for person in enabled
        ],
        domains=tenant["domains"],
    )
