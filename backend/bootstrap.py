"""Settings → services: the only module that names concrete classes; it owns the real clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import requests

from backend.adapters import certificates
from backend.adapters.crm_http import HttpCrm
from backend.adapters.entra_keys import EntraKeys
from backend.adapters.entra_msal import AppIdentity, MsalApps
from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.graph import GraphCalendars
from backend.adapters.http import Http
from backend.adapters.remote_time import RemoteTime
from backend.adapters.routing import GLOBAL, reroute
from backend.adapters.transport import new_session
from backend.adapters.vault import FernetVault
from backend.crm.gateway import EmbeddedCrm
from backend.crm.surroundings import Surroundings
from backend.domain.crm import CrmGateway
from backend.domain.ports import Clock
from backend.services.adding import Adding
from backend.services.administration.desk import Administration, administration
from backend.services.brake import Brake
from backend.services.breaker import Breakers
from backend.services.callers import Callers
from backend.services.choosing import Choosing
from backend.services.colleagues import Colleagues
from backend.services.crm_audit import CrmAudit
from backend.services.crm_news import CrmNews
from backend.services.directory import Directory
from backend.services.driving import Driver, Ring
from backend.services.history import History
from backend.services.linking import Linking
from backend.services.notifications import Notifications
from backend.services.people import People
from backend.services.pulling import Pulling
from backend.services.retention import Retention
from backend.services.road import Road
from backend.services.setup import Setup
from backend.services.subscriptions import Addresses, ClientStates, Subscriptions
from backend.services.type_settings import TypeSettings
from backend.services.wishes import Wishes
from backend.services.work import Health, Work
from backend.settings import Settings
from backend.sql import Database, DatabaseClock
from backend.timekeeping import attempt

if TYPE_CHECKING:
    from backend.adapters.salesforce_org import SalesforceOrg
    from backend.adapters.salesforce_people import TypeFields

POOL_SIZE = 32
CRM_TIMEOUT = 3.0
"""Seconds one call to a CRM over HTTP may take: a request makes several of them."""

SALESFORCE_TIMEOUT = 10.0
"""The same for Salesforce, where an organisation's own automation runs inside each write."""


@runtime_checkable
class KeepsTombstones(Protocol):
    """A CRM whose removed records are ours to erase in time."""

    def purge_tombstones(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an application, a worker or a command needs."""

    people: People
    administration: Administration
    linking: Linking
    adding: Adding
    history: History
    pulling: Pulling
    work: Work
    notifications: Notifications
    subscriptions: Subscriptions
    health: Health
    setup: Setup
    crm_news: CrmNews
    around_crm: Surroundings
    brake: Brake
    crm: CrmGateway
    verifier: EntraTokenVerifier
    sign_in: EntraSignIn
    database: Database
    clock: Clock
    time: DatabaseClock
    """Below ``clock``: to be measured regularly by whoever runs for long."""


def build(
    settings: Settings,
    ring: Ring,
    *,
    clock: Clock | None = None,
    worker_name: str | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Services:
    """Wire one process. ``ring`` wakes the workers; ``clock`` is the database's unless given.

    ``worker_name``: a worker's leases carry it.
    """
    database = Database(settings.database_url)
    time_of_all = DatabaseClock(database, machine=_machine_clock, monotonic=time.monotonic)
    if clock is None:
        # A database that is down may come up later: the next measurement will find it.
        attempt(time_of_all.measure)
        clock = _moved(time_of_all, settings.clock_offset_file)
    graph_time = RemoteTime("graph")
    http = Http(outgoing_session(settings), clock=clock, on_answer=graph_time.hear)
    verifier = EntraTokenVerifier(
        EntraKeys(http, GLOBAL.login_root),
        client_id=settings.client_id,
        clock=clock,
        allowed_clients=(settings.client_id, *settings.allowed_clients),
    )
    sign_in = EntraSignIn(
        MsalApps(http),
        AppIdentity(
            settings.client_id,
            secret=settings.client_secret,
            certificate_pem=settings.client_certificate,
        ),
        verifier,
        clock=clock,
        login_url=settings.login_url,
    )
    calendars = GraphCalendars(http, sign_in, clock=clock)
    crm_news = CrmNews(database, clock, ring)
    crm = _crm(settings, database, clock, crm_news)
    vault = FernetVault(settings.fernet_keys("vault"))
    callers = Callers(database, calendars, vault, clock)
    breakers = Breakers(database, clock, ring)
    road = Road(database, calendars, crm, callers, clock, breakers=breakers)
    wishes = Wishes(database, clock)
    states = ClientStates(settings.keys_for("notifications"))
    subscriptions = Subscriptions(database, states, _addresses(settings), clock)
    pulling = Pulling(
        database,
        calendars,
        callers,
        clock,
        breakers=breakers,
        choosing=Choosing(crm, clock),
        subscriptions=subscriptions,
    )
    driver = Driver(
        road,
        wishes,
        clock,
        ring,
        budget=settings.inline_budget,
        tries=max(1, settings.web_threads // 2),
    )
    desk = administration(
        database,
        calendars,
        crm,
        callers,
        vault,
        clock,
        ring,
        states=states,
        addresses=_addresses(settings),
        certificates=certificates,
    )
    return Services(
        administration=desk,
        people=People(database, callers, clock, ring, crm.groups_of),
        adding=Adding(database, calendars, crm, callers, clock, budget=settings.inline_budget),
        linking=Linking(
            database,
            calendars,
            crm,
            callers,
            wishes,
            driver,
            clock,
            breakers=breakers,
            budget=settings.inline_budget,
        ),
        history=History(database, calendars, callers, clock, budget=settings.inline_budget),
        pulling=pulling,
        work=Work(
            database,
            road,
            pulling,
            clock,
            ring,
            threads=settings.worker_threads,
            name=worker_name,
            measure_clock=time_of_all.measure,
            stopping=stopping,
            background=desk.operations,
            refresh_directories=Directory(
                database, calendars, vault, clock, stopping=stopping
            ).refresh_due,
            periodic={"reconcile": desk.reconciliation.begin_due},
            daily={
                **_housekeeping(crm),
                "purge_history": Retention(database, clock).purge,
            },
        ),
        notifications=Notifications(database, states, clock, ring),
        subscriptions=subscriptions,
        health=Health(
            database,
            {
                "the database": lambda: time_of_all.skew,
                "Microsoft Graph": lambda: graph_time.skew,
            },
        ),
        setup=Setup(database, vault, clock),
        crm_news=crm_news,
        around_crm=Surroundings(
            tell=crm_news.heard,
            tell_contacts=crm_news.contacts_changed,
            colleagues=Colleagues(database),
            audit=(audit := CrmAudit(clock)),
            settings=TypeSettings(audit),
        ),
        brake=Brake(database, clock, ring),
        crm=crm,
        verifier=verifier,
        sign_in=sign_in,
        database=database,
        clock=clock,
        time=time_of_all,
    )


def _housekeeping(crm: CrmGateway) -> dict[str, Callable[[], object]]:
    """What has to go when its time is over; another instance keeps its own house."""
    if isinstance(crm, EmbeddedCrm):
        return {"purge_tombstones": crm.purge_tombstones, "purge_alerts": crm.purge_alerts}
    return {"purge_tombstones": crm.purge_tombstones} if isinstance(crm, KeepsTombstones) else {}


def _addresses(settings: Settings) -> Addresses | None:
    """Where Graph sends notifications; ``None``: it is only polled."""
    base = settings.notification_base
    if base is None:
        return None
    return Addresses(f"{base}/graph/notifications", f"{base}/graph/lifecycle")


def _crm(settings: Settings, database: Database, clock: Clock, news: CrmNews) -> CrmGateway:
    """The embedded CRM, or one elsewhere when the settings name it (C2, C3)."""
    if settings.salesforce is not None:
        return _salesforce(settings, clock)
    if settings.crm_url is None:
        return EmbeddedCrm(database, clock, news.contacts_changed)
    session = new_session(
        pool_size=POOL_SIZE, proxies=settings.proxies, ca_bundle=settings.ca_bundle
    )
    http = Http(session, clock=clock, timeout=CRM_TIMEOUT, connect_timeout=CRM_TIMEOUT)
    return HttpCrm(http, settings.crm_url, settings.crm_token or "")


def _salesforce(settings: Settings, clock: Clock) -> CrmGateway:
    from backend.adapters.salesforce import SalesforceCrm  # noqa: PLC0415 - an optional package

    org, types = salesforce_org(settings, clock)
    return SalesforceCrm({settings.tenants[0]: org}, types)


def salesforce_org(settings: Settings, clock: Clock) -> tuple[SalesforceOrg, TypeFields]:
    """The organisation that the settings name, and which of its fields hold contact types."""
    from backend.adapters.salesforce_org import SalesforceAccess, SalesforceOrg  # noqa: PLC0415
    from backend.adapters.salesforce_people import TypeFields  # noqa: PLC0415

    chosen = settings.salesforce
    assert chosen is not None
    session = new_session(
        pool_size=POOL_SIZE,
        proxies={} if chosen.url.startswith("http://") else settings.proxies,
        ca_bundle=settings.ca_bundle,
    )
    access = SalesforceAccess(
        url=chosen.url,
        client_id=chosen.client_id,
        client_secret=chosen.client_secret,
        private_key=chosen.private_key,
        username=chosen.username,
        audience=chosen.audience,
        api_version=chosen.api_version,
    )
    http = Http(session, clock=clock, timeout=SALESFORCE_TIMEOUT, connect_timeout=CRM_TIMEOUT)
    types = TypeFields(contact=chosen.contact_type_field, account=chosen.account_type_field)
    return SalesforceOrg(http, access, clock), types


def outgoing_session(settings: Settings) -> requests.Session:
    """The one session of this process; Microsoft's hosts are rerouted where the settings say so."""
    session = new_session(
        pool_size=POOL_SIZE, proxies=settings.proxies, ca_bundle=settings.ca_bundle
    )
    reroute(
        session,
        graph_url=settings.graph_url,
        login_url=settings.login_url,
        pool_size=POOL_SIZE,
    )
    return session


def _machine_clock() -> datetime:
    """Aware UTC now, as this machine has it."""
    return datetime.now(UTC)


def _moved(clock: Clock, offset_file: Path | None) -> Clock:
    """The clock, plus the seconds named in ``offset_file``, which only demos have."""
    return clock if offset_file is None else OffsetClock(offset_file, clock)


class OffsetClock:
    """A clock that a file moves: the sandbox's control plane writes it (clock acts)."""

    def __init__(self, file: Path, clock: Clock = _machine_clock) -> None:
        self._file = file
        self._clock = clock
        self._read_at = 0
        self._offset = timedelta()

    def __call__(self) -> datetime:
        try:
            changed = self._file.stat().st_mtime_ns
            if changed != self._read_at:
                self._offset = timedelta(seconds=float(self._file.read_text() or 0))
                self._read_at = changed
        except (OSError, ValueError):
            # No file yet, or half written: the last known offset counts.
            pass
        return self._clock() + self._offset
