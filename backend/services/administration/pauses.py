"""Pause and resume at three levels, and the brake's decision, by admins (A3, L7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from backend.db.models import MailboxRow, ServerRow
from backend.domain.errors import NotNowError, UnknownItemError
from backend.domain.ports import Principal
from backend.services.administration.office import Admin, Office
from backend.services.brake import Brake
from backend.services.pausing import Pausing
from backend.sql import Database


class Pauses:
    """Acts that are safe to repeat: a second pause changes nothing and leaves no line."""

    def __init__(self, database: Database, office: Office, pausing: Pausing, brake: Brake) -> None:
        self._database = database
        self._office = office
        self._pausing = pausing
        self._brake = brake

    def pause(self, principal: Principal, level: str, key: str | None) -> bool:
        """Pause; False when it was paused already. ``level``: ``firm``, ``server``, ``mailbox``.

        Raises: UnknownItemError.
        """
        return self._switch(principal, "pause", level, key)

    def resume(self, principal: Principal, level: str, key: str | None) -> bool:
        """As :meth:`pause`."""
        return self._switch(principal, "resume", level, key)

    def decide(self, principal: Principal, mailbox_id: str, *, let_go: bool) -> None:
        """Let the many changes of a stopped mailbox happen, or take them back.

        Raises: UnknownItemError; NotNowError ``brake_not_set``.
        """
        admin = self._office.admit(principal)
        self._check(admin, "mailbox", mailbox_id)
        act: Callable[..., bool] = self._brake.release if let_go else self._brake.hold
        name = "brake_released" if let_go else "brake_held"
        note = self._office.noting(admin, name, "mailbox", mailbox_id)
        if not act(admin.firm_id, mailbox_id, by_user_id=admin.user_id, note=note):
            raise NotNowError("This mailbox has not stopped.", code="brake_not_set")

    def _switch(self, principal: Principal, verb: str, level: str, key: str | None) -> bool:
        admin = self._office.admit(principal)
        target = admin.firm_id if level == "firm" else key or ""
        self._check(admin, level, target)
        note = self._office.noting(admin, f"{verb}d", level, target)
        act: Callable[..., bool] = getattr(self._pausing, f"{verb}_{level}")
        keys = () if level == "firm" else (target,)
        return act(admin.firm_id, *keys, note=note)

    def _check(self, admin: Admin, level: str, key: str) -> None:
        if level == "firm":
            return
        with self._database.read() as session:
            table = ServerRow if level == "server" else MailboxRow
            row = cast(ServerRow | MailboxRow | None, session.get(table, key))
            if row is None or row.firm_id != admin.firm_id:
                raise UnknownItemError
