"""``calendar-sync doctor``: looks at all a deployment needs and says in words what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import requests
from sqlalchemy.exc import SQLAlchemyError

from backend.adapters.routing import GLOBAL
from backend.api.pages import PANE_FILES, installed_msal
from backend.bell import open_queue
from backend.bootstrap import Services, build, outgoing_session, salesforce_org
from backend.crm import searching
from backend.db import leases
from backend.domain.errors import RemoteAccessError, SyncError
from backend.domain.ports import ServerCredentials
from backend.services.work import MOST_SKEW
from backend.settings import Settings, SettingsError

_TIMEOUT = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``advice``: what to do, or what it means."""

    what: str
    is_fine: bool = True
    advice: str = ""


def examine(environ: Mapping[str, str], dotenv: Path | None = None) -> list[Finding]:
    """Look at everything once; nothing is changed and nothing raises."""
    try:
        settings = Settings.from_env(environ, dotenv)
    except SettingsError as error:
        return [Finding(f"{name} {what}", False) for name, what in error.problems.items()]
    return [Finding("The settings are complete."), *_examine_parts(settings)]


def _examine_parts(settings: Settings) -> Iterator[Finding]:
    services = build(settings, lambda _kind, _delay: None)
    try:
        yield _address(settings)
        yield _database(services)
        yield from _search(services)
        yield _queue(settings)
        yield from _salesforce(services, settings)
        yield _sign_in(services, settings)
        yield from (_secret(services, settings, tenant) for tenant in settings.tenants)
        yield _machine_clock(services)
        yield _clock(settings, services.clock)
        yield _workers(services)
        yield _notifications(settings)
        yield _msal()
    finally:
        services.database.dispose()


def _address(settings: Settings) -> Finding:
    if settings.is_https:
        return Finding(f"Browsers reach us at {settings.base_url}.")
    return Finding(
        f"Browsers reach us at {settings.base_url}, without https.",
        advice="Enough for a demo; Outlook itself loads add-ins over https only.",
    )


def _database(services: Services) -> Finding:
    state = services.health.ready().get("database", "ok")
    if state == "ok":
        return Finding(f"The database answers ({services.database.dialect}).")
    return Finding(
        f"The database {state}.",
        False,
        "Check CALENDAR_SYNC_DATABASE_URL, then run calendar-sync migrate.",
    )


def _search(services: Services) -> Iterator[Finding]:
    """Nothing to say where all is well, or no table is there yet."""
    try:
        if searching.is_indexed(services.database):
            return
    except SQLAlchemyError:
        return
    yield Finding(
        "Searches in the CRM read every record.",
        advice="PostgreSQL's extension pg_trgm is not there; docs/operations.md, Databases, says"
        " what to run. Below some 100,000 records nobody notices.",
    )


def _queue(settings: Settings) -> Finding:
    try:
        queue = open_queue(settings.queue_url, settings.keys_for("queue")[0], waits=False)
        waiting = queue.storage.queue_size()
        queue.storage.close()
    except Exception as error:
        advice = "Check CALENDAR_SYNC_QUEUE_URL; without it late work waits for the sweep."
        return Finding(f"The queue does not answer: {type(error).__name__}.", False, advice)
    return Finding(f"The queue answers; {waiting} rings are waiting.")


def _salesforce(services: Services, settings: Settings) -> Iterator[Finding]:
    """Nothing where the CRM is another one."""
    if settings.salesforce is None:
        return
    from backend.adapters.salesforce_check import inspect  # noqa: PLC0415 - an optional package

    for lack in inspect(*salesforce_org(settings, services.clock)):
        yield Finding(lack.what, lack.is_fine, lack.advice)


def _sign_in(services: Services, settings: Settings) -> Finding:
    try:
        services.sign_in.begin_sign_in(f"{settings.base_url}/auth/callback")
    except SyncError as error:
        advice = f"This machine must reach {settings.login_url}; a proxy belongs in HTTPS_PROXY."
        return Finding(f"Microsoft's sign-in does not answer: {error.message}", False, advice)
    return Finding("Microsoft's sign-in answers.")


def _secret(services: Services, settings: Settings, tenant_id: str) -> Finding:
    """Sign in as our own application, which proves its secret or certificate there."""
    credentials = ServerCredentials(
        server_id="doctor",
        tenant_id=tenant_id,
        client_id=settings.client_id,
        secret=settings.client_secret,
        certificate_pem=settings.client_certificate,
    )
    try:
        services.sign_in.server_token(credentials)
    except RemoteAccessError as error:
        advice = (
            "Check CALENDAR_SYNC_CLIENT_ID and the secret or certificate, and that an administrator"
            f" of tenant {tenant_id} has consented."
        )
        return Finding(f"Our sign-in at tenant {tenant_id} was refused: {error}", False, advice)
    except SyncError as error:
        return Finding(f"Our sign-in at tenant {tenant_id} failed: {error}", False)
    return Finding(f"Our secret or certificate is accepted by tenant {tenant_id}.")


def _machine_clock(services: Services) -> Finding:
    """All processes go by the database's time; a machine that is far off deserves a look."""
    skew = abs(services.time.skew)
    if skew <= MOST_SKEW:
        return Finding("This machine's clock agrees with the database's.")
    return Finding(
        f"This machine's clock differs from the database's by {skew.total_seconds():.0f} seconds.",
        advice="Calendar Sync goes by the database's; logs and other programs do not. Use NTP.",
    )


def _workers(services: Services) -> Finding:
    try:
        with services.database.read() as session:
            living = leases.living_workers(session, services.clock())
    except SQLAlchemyError as error:
        return Finding(f"The workers could not be counted: {type(error).__name__}.", False)
    if not living:
        advice = "Late work waits: start calendar-sync worker."
        return Finding("No worker has given a sign of life lately.", advice=advice)
    names = ", ".join(f"{row.name} ({row.threads} threads)" for row in living)
    return Finding(f"Workers at work: {names}.")


def _clock(settings: Settings, clock: Callable[[], datetime]) -> Finding:
    address = f"{GLOBAL.login_root}/common/v2.0/.well-known/openid-configuration"
    try:
        with outgoing_session(settings) as session:
            answer = session.get(address, timeout=_TIMEOUT)
            theirs = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, SyncError, KeyError, ValueError) as error:
        return Finding(f"Our clock could not be compared: {type(error).__name__}.", False)
    # A Date header has whole seconds: up to one of them is no difference.
    skew = abs((clock() - theirs).total_seconds() - 0.5)
    if skew <= MOST_SKEW.total_seconds():
        return Finding("Our clock agrees with Microsoft's.")
    advice = "Keep the time of all machines with NTP: tokens and leases depend on it."
    return Finding(f"Our clock differs from Microsoft's by {skew:.0f} seconds.", False, advice)


def _notifications(settings: Settings) -> Finding:
    if settings.notification_url is None:
        return Finding(
            "No notification address is set.",
            advice="Changes made in Outlook are found by asking, not told at once.",
        )
    return Finding(f"Graph is told to notify {settings.notification_url}.")


def _msal() -> Finding:
    if (PANE_FILES / "vendor" / "msal-browser.min.js").is_file() or installed_msal():
        return Finding("MSAL for nested app authentication is installed.")
    return Finding(
        "MSAL for nested app authentication is not installed.",
        advice="The pane then signs in through Office only; npm ci brings the library.",
    )
