"""Acts of admins in the embedded CRM go into the firm's audit, too (A11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from backend.db import audit, people
from backend.domain.ports import Clock


class CrmPerson(Protocol):
    """Who acts in the CRM; ``user_id`` is his Entra object id, ``None`` for the service."""

    @property
    def tenant_id(self) -> str: ...
    @property
    def user_id(self) -> str | None: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...


class CrmAudit:
    """Writes the line in the CRM's own transaction."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def note(
        self,
        session: Session,
        caller: CrmPerson,
        act: str,
        target_kind: str,
        target_id: str,
        fields: Sequence[str] = (),
    ) -> None:
        """A line of what a person did; ``fields`` are names, never values.

        Somebody who has never been here before becomes a user, as with his first sign-in.
        """
        firm = people.find_firm(session, caller.tenant_id)
        if firm is None or caller.user_id is None:
            return
        oid, now = caller.user_id, self._clock()
        user = people.find_users(session, firm.id, [oid]).get(oid)
        if user is None:
            owner = people.add_user(
                session, firm, oid=oid, name=caller.name, address=caller.address, now=now
            )
            user = owner.user
        audit.write(
            session,
            firm_id=firm.id,
            by_user_id=user.id,
            at=now,
            act=act,
            target_kind=target_kind,
            target_id=target_id,
            fields=fields,
        )
