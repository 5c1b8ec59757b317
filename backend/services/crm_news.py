"""What the embedded CRM tells of records that a person changed: their links are looked at (L4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db import crowds, links, people, watches
from backend.db.crowds import Crowd
from backend.domain.policy import SyncMode
from backend.domain.ports import Clock
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.transactions import run_again_if_taken
from backend.sql import Database

SOON = timedelta(minutes=5)
"""Between the first change of a contact and the reading of the calendars."""
CONTACTS_PERIOD = timedelta(hours=1)


class CrmNews:
    """A door like every other: it rings, and the road looks for itself what has changed."""

    def __init__(self, database: Database, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._clock = clock
        self._ring = ring

    def heard(self, external_key: str) -> None:
        """A record with this key was edited or deleted; one that no link made concerns nobody."""
        tenant_id, _, ical_uid = external_key.partition("/")
        with self._database.write.begin() as session:
            row = links.find_by_key(session, tenant_id, ical_uid)
            if row is None:
                return
            links.ring(session, row.id, self._clock())
        self._ring(DRAIN_LINKS, 0)

    def contacts_changed(self, tenant_id: str, external_keys: Sequence[str]) -> None:
        """Contacts were made, changed or removed; these records name one of their addresses.

        Their links are looked at now (L3, E9). Events without a link, which the contacts may make
        one of (S1), are found by reading the firm's calendars anew: soon, so that an import is
        over by then, and at most once an hour.
        """
        run_again_if_taken(
            self._database, lambda session: self._store_contacts(session, tenant_id, external_keys)
        )
        if external_keys:
            self._ring(DRAIN_LINKS, 0)

    def _store_contacts(
        self, session: Session, tenant_id: str, external_keys: Sequence[str]
    ) -> None:
        now, firm = self._clock(), people.find_firm(session, tenant_id)
        if firm is None:
            return
        crowds.ring_meetings(
            session, firm.id, [key.partition("/")[2] for key in external_keys], now
        )
        if not firm.sync_enabled or firm.mode is SyncMode.MANUAL:
            return
        name = f"contacts:{firm.id}"
        at = people.plan_once(session, name, now, SOON, at_most_every=CONTACTS_PERIOD)
        if at is not None:
            watches.reseed(session, Crowd(firm_id=firm.id), now, at=at)
