"""Settings → services: the only module that names concrete classes; it owns the real clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from backend.adapters.crm_http import HttpCrm
from backend.adapters.entra_keys import EntraKeys
from backend.adapters.entra_msal import AppIdentity, MsalApps
from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.graph import GraphCalendars
from backend.adapters.http import Http
from backend.adapters.routing import GLOBAL, reroute
from backend.adapters.transport import new_session
from backend.adapters.vault import FernetVault
from backend.crm.gateway import EmbeddedCrm
from backend.domain.crm import CrmGateway
from backend.domain.ports import Clock
from backend.services.callers import Callers
from backend.services.driving import Driver, Ring
from backend.services.linking import Linking
from backend.services.people import People
from backend.services.road import Road
from backend.services.setup import Setup
from backend.services.wishes import Wishes
from backend.services.work import Health, Work
from backend.settings import Settings
from backend.sql import Database

POOL_SIZE = 32
CRM_TIMEOUT = 3.0
"""Seconds one call to a CRM over HTTP may take: a request makes several of them."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything an application, a worker or a command needs."""

    people: People
    linking: Linking
    work: Work
    health: Health
    setup: Setup
    crm: CrmGateway
    verifier: EntraTokenVerifier
    sign_in: EntraSignIn
    database: Database
    clock: Clock


def build(
    settings: Settings,
    ring: Ring,
    *,
    clock: Clock | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> Services:
    """Wire one process. ``ring`` wakes the workers; ``clock`` is the real one unless given."""
    clock = clock or real_clock(settings.clock_offset_file)
    http = Http(outgoing_session(settings), clock=clock)
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
    database = Database(settings.database_url)
    calendars = GraphCalendars(http, sign_in, clock=clock)
    crm = _crm(settings, database, clock)
    vault = FernetVault(settings.fernet_keys("vault"))
    callers = Callers(database, calendars, vault, clock)
    road = Road(database, calendars, crm, callers, clock)
    wishes = Wishes(database, clock)
    driver = Driver(
        road,
        wishes,
        clock,
        ring,
        budget=settings.inline_budget,
        tries=max(1, settings.web_threads // 2),
    )
    return Services(
        people=People(database, callers, clock),
        linking=Linking(
            database,
            calendars,
            crm,
            callers,
            wishes,
            driver,
            clock,
            budget=settings.inline_budget,
        ),
        work=Work(database, road, clock, ring, threads=settings.worker_threads, stopping=stopping),
        health=Health(database),
        setup=Setup(database, vault, clock),
        crm=crm,
        verifier=verifier,
        sign_in=sign_in,
        database=database,
        clock=clock,
    )


def _crm(settings: Settings, database: Database, clock: Clock) -> CrmGateway:
    """The embedded CRM, or another instance's over HTTP when the settings name one (C2)."""
    if settings.crm_url is None:
        return EmbeddedCrm(database, clock)
    session = new_session(
        pool_size=POOL_SIZE, proxies=settings.proxies, ca_bundle=settings.ca_bundle
    )
    http = Http(session, clock=clock, timeout=CRM_TIMEOUT, connect_timeout=CRM_TIMEOUT)
    return HttpCrm(http, settings.crm_url, settings.crm_token or "")


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


def real_clock(offset_file: Path | None) -> Clock:
    """Aware UTC now; plus the seconds named in ``offset_file``, which only demos have."""
    if offset_file is None:
        return lambda: datetime.now(UTC)
    return OffsetClock(offset_file)


class OffsetClock:
    """A clock that a file moves: the sandbox's control plane writes it (clock acts)."""

    def __init__(self, file: Path) -> None:
        self._file = file
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
        return datetime.now(UTC) + self._offset
