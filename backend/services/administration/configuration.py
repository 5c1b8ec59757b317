"""The firm's settings: read, changed by one admin at a time, and applied to what there is (A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.db import crowds, people
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, UserRow
from backend.db.statements import run
from backend.domain.errors import ChangedMeanwhileError, InvalidFieldsError, NotNowError
from backend.domain.policy import Direction, SyncMode
from backend.domain.ports import Clock, Principal
from backend.services.administration.answers import Configuration
from backend.services.administration.office import Admin, Office
from backend.services.driving import Ring
from backend.services.reevaluation import judge_again, wake
from backend.sql import Database

_NO_RULE_LOOKS_AT = frozenset(
    {
        "log_days",
        "cancelled_records",
        "delete_synced_events",
        "added_activity_type",
        "add_companies",
        "competing_marks",
    }
)
"""They count when something is purged, cancelled, deleted, added next; nothing is judged again."""
REVIEW_LASTS = timedelta(days=7)
"""How long an admin's choice waits for a link that rests: what thaws later is not removed."""
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
        self,
        principal: Principal,
        version: int,
        changes: Mapping[str, Any],
        *,
        removes_unqualified: bool = False,
    ) -> Configuration:
        """Store what is given, if the settings still are those of ``version``.

        Existing events are judged again by the new settings, which begins at once (S6).
        ``removes_unqualified``: records that do not qualify then are taken away by the road, each
        into its tombstone; else they stay (L9).

        Raises: ChangedMeanwhileError; NotNowError ``sync_cannot_be_disabled`` or
        ``direction_not_available``; InvalidFieldsError for what is changed by other acts.
        """
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            # Not the key, so that lines of the history may name the firm meanwhile.
            firm = session.get(FirmRow, admin.firm_id, with_for_update={"key_share": True})
            assert firm is not None
            if firm.version != version:
                raise ChangedMeanwhileError
            given = normalised(changes)
            _refuse_direction(given.pop("direction", Direction.FROM_MICROSOFT))
            changed = frozenset(n for n, value in given.items() if getattr(firm, n) != value)
            _check(firm, changed)
            if changed:
                self._store(session, admin, firm, {name: given[name] for name in changed})
            is_judged = bool(changed - _NO_RULE_LOOKS_AT)
            if is_judged or removes_unqualified:
                self._apply(
                    session,
                    admin,
                    is_judged=is_judged,
                    is_renamed="category_name" in changed,
                    removes_unqualified=removes_unqualified,
                )
            answer = configuration_of(firm)
        if is_judged or removes_unqualified:
            wake(self._ring)
        return answer

    def _apply(
        self,
        session: Session,
        admin: Admin,
        *,
        is_judged: bool,
        is_renamed: bool,
        removes_unqualified: bool,
    ) -> None:
        """Have the road look at every record, and take away what does not qualify if so chosen."""
        now, whose = self._clock(), Crowd(firm_id=admin.firm_id)
        until = None
        if removes_unqualified:
            until = now + REVIEW_LASTS
            self._office.note(session, admin, "removal_of_unqualified_begun", "firm", admin.firm_id)
        session.flush()
        if is_judged:
            judge_again(session, whose, now, is_category_renamed=is_renamed, review_until=until)
        else:
            crowds.ring_wanted(session, whose, now, review_until=until)

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
        if "user_address" in changes:
            session.flush()
            people.identify_by(session, firm.id, firm.user_address)
        self._office.note(session, admin, "configuration_changed", "firm", firm.id, tuple(changes))


def configuration_of(firm: FirmRow) -> Configuration:
    """The values of a row; call it while the session is open."""
    values: dict[str, Any] = {}
    for field in fields(Configuration):
        if field.name == "direction":
            continue  # there is only one yet
        value = getattr(firm, field.name)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return Configuration(**values)


def normalised(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Texts without space around them, lists without doubles and empty entries."""
    given = {name: _normalised(value) for name, value in changes.items()}
    if "added_activity_type" in given:
        given["added_activity_type"] = given["added_activity_type"] or None
    return given


def _normalised(value: Any) -> Any:
    if isinstance(value, str) and type(value) is str:
        return value.strip()
    if isinstance(value, dict):
        # A word that goes as it is needs no entry.
        return {key: text.strip() for key, text in value.items() if text.strip() not in ("", key)}
    if isinstance(value, list | tuple):
        return list(dict.fromkeys(entry.strip() for entry in value if entry.strip()))
    return value


def _refuse_direction(direction: Direction) -> None:
    if direction is not Direction.FROM_MICROSOFT:
        raise NotNowError(
            "Only changes from Microsoft 365 to the CRM are synced yet; the other directions are a"
            " later step.",
            code="direction_not_available",
        )


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
