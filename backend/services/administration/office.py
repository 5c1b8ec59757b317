"""Who administers which firm, and the line that each act leaves (A11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from backend.db import audit, history, names
from backend.domain.ports import Clock, Principal
from backend.services.administration.answers import AuditLine, AuditPage
from backend.services.answers import Place
from backend.services.callers import Callers
from backend.services.transactions import Note
from backend.sql import Database

VIEWED = "viewed"
VIEWS_FOLDED = timedelta(hours=1)
LONGEST_ID = 64


@dataclass(frozen=True, slots=True)
class Admin:
    """A person who administers, or looks for support; the guard of the API has seen his roles."""

    tenant_id: str
    firm_id: str
    user_id: str
    mailbox_id: str


class Office:
    """Turns principals into admins of their own firm, and keeps the audit."""

    def __init__(self, database: Database, callers: Callers, clock: Clock) -> None:
        self._database = database
        self._callers = callers
        self._clock = clock

    def admit(self, principal: Principal) -> Admin:
        """The caller and his firm: the only firm that any use case of his may touch.

        Raises: UnknownFirmError.
        """
        caller = self._callers.resolve(principal)
        owner = caller.owner
        return Admin(owner.tenant_id, owner.firm_id, caller.user_id, owner.mailbox_id)

    def note(
        self,
        session: Session,
        admin: Admin,
        act: str,
        target_kind: str,
        target_id: str | None = None,
        fields: Sequence[str] = (),
    ) -> None:
        """Write the audit's line of an act, in the transaction of the act."""
        audit.write(
            session,
            firm_id=admin.firm_id,
            by_user_id=admin.user_id,
            at=self._clock(),
            act=act,
            target_kind=target_kind,
            target_id=target_id,
            fields=fields,
        )

    def note_view(self, admin: Admin, target_kind: str, target_id: str | None, what: str) -> None:
        """Write down that somebody looked at what is not shown to everybody (A11).

        In a transaction of its own. Once an hour for each person and thing, so that paging and
        looking again do not flood the audit.
        """
        key = target_id[-LONGEST_ID:] if target_id else None
        now = self._clock()
        with self._database.write.begin() as session:
            if not audit.was_viewed(
                session,
                admin.firm_id,
                admin.user_id,
                since=now - VIEWS_FOLDED,
                target=(target_kind, key),
                what=what,
            ):
                self.note(session, admin, VIEWED, target_kind, key, (what,))

    def noting(
        self, admin: Admin, act: str, target_kind: str, target_id: str | None = None
    ) -> Note:
        """As :meth:`note`, for those who open the transaction themselves."""
        return lambda session: self.note(session, admin, act, target_kind, target_id)

    def audit(self, principal: Principal, *, limit: int, after: Place | None) -> AuditPage:
        """The firm's audit, newest first."""
        admin = self.admit(principal)
        before = history.Place(after.at, after.id) if after is not None else None
        with self._database.read() as session:
            found = audit.page(session, admin.firm_id, limit=limit + 1, before=before)
            targets = {(e.row.target_kind, e.row.target_id or "") for e in found}
            called = names.of_targets(session, admin.firm_id, targets)
            lines = tuple(
                AuditLine(
                    id=entry.row.id,
                    at=entry.row.at,
                    by=entry.by.name or entry.by.address or "",
                    by_address=entry.by.address,
                    act=entry.row.act,
                    target_kind=entry.row.target_kind,
                    target_id=entry.row.target_id,
                    fields=tuple(entry.row.fields),
                    target_name=called.get((entry.row.target_kind, entry.row.target_id or "")),
                )
                for entry in found[:limit]
            )
        is_last = len(found) <= limit
        return AuditPage(lines, None if is_last else Place(lines[-1].at, lines[-1].id))
