"""Keeps what the firm's directory tells of addresses: aliases of members, groups, domains (M, E11).

Read from Graph once a day by whichever worker comes first; matching reads it from memory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from backend.db import directory, people
from backend.db.crowds import Crowd
from backend.db.models import FirmRow
from backend.db.rows import policy_of
from backend.domain.errors import RemoteAccessError, RemoteError, SyncError
from backend.domain.event import normalised_address
from backend.domain.matching import FirmDirectory
from backend.domain.ports import Calendar, Calendars, Clock, ServerCredentials
from backend.services.callers import Vault, credentials_of
from backend.services.reevaluation import judge_again
from backend.sql import Database

log = structlog.get_logger(__name__)

PERIOD = timedelta(days=1)
AGAIN = timedelta(minutes=15)
"""When a directory that did not answer is asked again."""
MOST_PAGES = 1000


@dataclass(frozen=True, slots=True)
class _Firm:
    id: str
    server: ServerCredentials


class Directory:
    """Asks Graph for what matching has to know."""

    def __init__(
        self,
        database: Database,
        calendars: Calendars,
        vault: Vault,
        clock: Clock,
        *,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._database = database
        self._calendars = calendars
        self._vault = vault
        self._clock = clock
        self._stopping = stopping

    def refresh_due(self) -> int:
        """Read the directories whose day has come, once whatever the number of workers; answers
        how many have changed. One that fails delays nobody.
        """
        changed = 0
        for firm in self._due():
            if self._stopping():
                break
            try:
                changed += self._refresh(firm)
            except SyncError as error:
                log.info("directory.failed", firm_id=firm.id, code=error.code)
                self._ask_again(firm)
        return changed

    def _due(self) -> list[_Firm]:
        now, due = self._clock(), []
        with self._database.write.begin() as session:
            for firm, server in directory.reachable_firms(session):
                if people.take_clock(session, _clock_of(firm.id), now, PERIOD):
                    due.append(_Firm(firm.id, credentials_of(server, self._vault)))
        return due

    def _ask_again(self, firm: _Firm) -> None:
        with self._database.write.begin() as session:
            people.set_clock(session, _clock_of(firm.id), self._clock() + AGAIN)

    def _refresh(self, firm: _Firm) -> bool:
        """Whether anything has changed; then calendars are judged by it (S6)."""
        calendar = self._calendars.as_app(firm.server)
        fresh = FirmDirectory(_aliases(calendar), _groups(calendar))
        domains = list(calendar.verified_domains())
        now = self._clock()
        with self._database.write.begin() as session:
            row = session.get_one(FirmRow, firm.id)
            fresh = fresh.without(policy_of(row).erased)
            same_domains = not domains or sorted(row.verified_domains) == sorted(domains)
            if same_domains and directory.load(session, firm.id) == fresh:
                return False
            if domains:
                row.verified_domains = domains
            directory.replace(session, firm.id, fresh)
            session.flush()
            judge_again(session, Crowd(firm_id=firm.id), now)
        return True


def _clock_of(firm_id: str) -> str:
    return f"directory:{firm_id}"


def _aliases(calendar: Calendar) -> dict[str, str]:
    found: dict[str, str] = {}
    link: str | None = None
    for _ in range(MOST_PAGES):
        page = calendar.list_users(link)
        for user in page.users:
            primary = normalised_address(user.address)
            for alias in map(normalised_address, user.proxy_addresses):
                if primary and alias != primary:
                    found[alias] = primary
        link = page.link
        if link is None:
            break
    return found


def _groups(calendar: Calendar) -> frozenset[str]:
    """Nothing where groups may not be read: they are shown as people nobody knows, then."""
    found: set[str] = set()
    link: str | None = None
    try:
        for _ in range(MOST_PAGES):
            page = calendar.list_groups(link)
            found.update(page.addresses)
            link = page.link
            if link is None:
                break
    except RemoteAccessError:
        return frozenset()
    except RemoteError as error:
        if error.status == 404:
            return frozenset()
        raise
    return frozenset(found)
