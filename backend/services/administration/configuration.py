"""The firm's settings: read, changed by one admin at a time, and applied to what there is (A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.db.crowds import Crowd
from backend.db.models import FirmRow, UserRow
from backend.db.statements import run
from backend.domain.errors import ChangedMeanwhileError, InvalidFieldsError, NotNowError
from backend.domain.policy import SyncMode
from backend.domain.ports import Clock, Principal
from backend.services.administration.answers import Configuration
from backend.services.administration.office import Admin, Office
from backend.services.driving import Ring
from backend.services.reevaluation import judge_again, wake
from backend.sql import Database

_NO_RULE_LOOKS_AT = frozenset({"log_days", "cancelled_records", "delete_synced_events"})
"""They count when something is purged, cancelled or deleted next; nothing is judged again."""
_BY_OTHER_ACTS = ("sync_enabled_at", "paused", "verified_domains", "version")


class Configurations:
    """Use cases on a firm's settings."""

    def __init__(self, database: Database, office: Office, clock: Clock, ring: Ring) -> None:
        self._database = database
        self._office = office
        self._clock = clock
        self._ring = ring

    def show(self, principal: Principal) -> Configuration:
        """The settings of the caller's firm."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            firm = session.get(FirmRow, admin.firm_id)
            assert firm is not None
            return configuration_of(firm)

    def change(
        self, principal: Principal, version: int, changes: Mapping[str, Any]
    ) -> Configuration:
        """Store what is given, if the settings still are those of ``version``.

        Existing events are judged again by the new settings, which begins at once (S6).

        Raises: ChangedMeanwhileError; NotNowError ``sync_cannot_be_disabled``; InvalidFieldsError
        for what is changed by other acts.
        """
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            # Not the key, so that lines of the history may name the firm meanwhile.
            firm = session.get(FirmRow, admin.firm_id, with_for_update={"key_share": True})
            assert firm is not None
            if firm.version != version:
                raise ChangedMeanwhileError
            given = normalised(changes)
            changed = frozenset(n for n, value in given.items() if getattr(firm, n) != value)
            _check(firm, changed)
            if not changed:
                return configuration_of(firm)
            self._store(session, admin, firm, {name: given[name] for name in changed})
            answer = configuration_of(firm)
        if changed - _NO_RULE_LOOKS_AT:
            wake(self._ring)
        return answer

    def _store(
        self, session: Session, admin: Admin, firm: FirmRow, changes: Mapping[str, Any]
    ) -> None:
        now = self._clock()
        old_mode = firm.mode
        for name, value in changes.items():
            setattr(firm, name, value)
        if "sync_enabled" in changes:
            firm.sync_enabled_at = now
        firm.version += 1
        if firm.mode is not old_mode:
            _take_users_along(session, firm.id, firm.mode)
        self._office.note(session, admin, "configuration_changed", "firm", firm.id, tuple(changes))
        session.flush()
        if changes.keys() - _NO_RULE_LOOKS_AT:
            is_renamed = "category_name" in changes
            judge_again(session, Crowd(firm_id=firm.id), now, is_category_renamed=is_renamed)


def configuration_of(firm: FirmRow) -> Configuration:
    """The values of a row; call it while the session is open."""
    values: dict[str, Any] = {}
    for field in fields(Configuration):
        value = getattr(firm, field.name)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return Configuration(**values)


def normalised(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Texts without space around them, lists without doubles and empty entries."""
    return {name: _normalised(value) for name, value in changes.items()}


def _normalised(value: Any) -> Any:
    if isinstance(value, str) and type(value) is str:
        return value.strip()
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(entry.strip() for entry in value if entry.strip()))
    return value


def _check(firm: FirmRow, changed: frozenset[str]) -> None:
    if "sync_enabled" in changed and firm.sync_enabled:
        raise NotNowError(
            "Calendar sync cannot be switched off again. Pause it to have nothing written.",
            code="sync_cannot_be_disabled",
        )
    wrong = {name: ["This cannot be changed here."] for name in _BY_OTHER_ACTS if name in changed}
    if wrong:
        raise InvalidFieldsError(wrong)


def _take_users_along(session: Session, firm_id: str, mode: SyncMode) -> None:
    """Whoever has not chosen a mode himself has the firm's."""
    run(
        session,
        update(UserRow)
        .where(UserRow.firm_id == firm_id, UserRow.mode_chosen.is_(False))
        .values(mode=mode),
    )
