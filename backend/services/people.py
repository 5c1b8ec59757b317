"""The signed-in user: what he is, what he may switch, and what he chose (U, T7)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.db import people
from backend.db.models import MailboxRow, UserRow
from backend.db.people import Owner
from backend.db.rows import policy_of, user_state_of
from backend.domain.errors import NotAllowedError, RuleError
from backend.domain.policy import Policy, SyncMode, UserState, choosable_modes
from backend.domain.ports import Clock, Principal
from backend.services.answers import Me, Preferences
from backend.services.callers import Callers
from backend.sql import Database


class People:
    """Use cases of a user on himself."""

    def __init__(self, database: Database, callers: Callers, clock: Clock) -> None:
        self._database = database
        self._callers = callers
        self._clock = clock

    def me(self, principal: Principal) -> Me:
        """The signed-in user; the first sign-in of a known firm's member makes him.

        Raises: UnknownFirmError.
        """
        self._callers.resolve(principal)
        with self._database.read() as session:
            return self._me(session, principal)

    def update_me(self, principal: Principal, preferences: Preferences) -> Me:
        """Store what was chosen; every change is checked before any is stored.

        Raises: NotAllowedError when only an admin may switch this on; RuleError with code
        ``mode_not_allowed`` when the firm's mode excludes the chosen one.
        """
        self._callers.resolve(principal)
        with self._database.write.begin() as session:
            owner = self._owner(session, principal)
            policy = policy_of(owner.firm)
            self._check(owner, policy, preferences)
            self._store(owner.user, preferences)
            self._note_activation(owner, policy)
            session.flush()
            return self._me(session, principal)

    def _check(self, owner: Owner, policy: Policy, preferences: Preferences) -> None:
        if preferences.enabled:
            state = user_state_of(owner.user, owner.mailbox, owner.server)
            if not state.may_enable_himself(policy):
                raise NotAllowedError("Only your administrator can enable calendar sync for you.")
            if owner.user.address is None:
                raise NotAllowedError("You have no e-mail address of the type your firm uses.")
        if preferences.mode is not None and preferences.mode not in choosable_modes(policy.mode):
            raise RuleError(
                f"Your firm does not use {preferences.mode.value} sync.", code="mode_not_allowed"
            )

    def _store(self, user: UserRow, preferences: Preferences) -> None:
        if preferences.enabled is not None:
            user.enabled_by_user = preferences.enabled
        if preferences.mode is not None:
            user.mode = preferences.mode
        if preferences.block_list is not None:
            user.block_list = list(preferences.block_list)
        if preferences.default_activity_type is not None:
            user.default_activity_type = preferences.default_activity_type or None
        if preferences.default_visibility is not None:
            user.default_visibility = preferences.default_visibility

    def _note_activation(self, owner: Owner, policy: Policy) -> None:
        """Since when sync is on for the user: older events are not linked by a rule (E12)."""
        state = user_state_of(owner.user, owner.mailbox, owner.server)
        if policy.sync_enabled and state.is_enabled(policy) and owner.user.activated_at is None:
            owner.user.activated_at = self._clock()

    def _owner(self, session: Session, principal: Principal) -> Owner:
        owner = people.find_owner(session, principal.tenant_id, principal.oid)
        assert owner is not None, "resolve() has made the user"
        return owner

    def _me(self, session: Session, principal: Principal) -> Me:
        owner = self._owner(session, principal)
        policy = policy_of(owner.firm)
        state = user_state_of(owner.user, owner.mailbox, owner.server)
        enabled = state.is_enabled(policy)
        return Me(
            id=owner.user.id,
            oid=owner.user.oid,
            tenant_id=owner.firm.tenant_id,
            firm=owner.firm.name,
            name=owner.user.name or principal.name,
            address=owner.user.address,
            roles=tuple(sorted(principal.roles)),
            policy=policy,
            enabled=enabled,
            enabled_by_admin=owner.user.enabled_by_admin,
            enabled_by_user=owner.user.enabled_by_user,
            mode=_mode_in_force(owner.user.mode, policy),
            may_enable=state.may_enable_himself(policy) and owner.user.address is not None,
            choosable_modes=choosable_modes(policy.mode),
            block_list=tuple(owner.user.block_list),
            default_activity_type=owner.user.default_activity_type,
            default_visibility=owner.user.default_visibility,
            server=owner.server.name if owner.server is not None else None,
            checked_at=owner.mailbox.checked_at,
            changed_at=owner.mailbox.changed_at,
            written_at=owner.mailbox.written_at,
            state=_sync_state(policy, state, owner.mailbox, enabled=enabled),
            problem=owner.mailbox.problem,
        )


def _mode_in_force(mode: SyncMode, policy: Policy) -> SyncMode:
    """A user's choice from before the firm changed its mode does not count any more (E2)."""
    return mode if mode in choosable_modes(policy.mode) else policy.mode


def _sync_state(policy: Policy, state: UserState, mailbox: MailboxRow, *, enabled: bool) -> str:
    """One word for the user's sync: what an admin's list and the pane show."""
    if not policy.sync_enabled:
        return "firm_off"
    if policy.paused or mailbox.paused or state.server_paused:
        return "paused"
    if not state.has_server:
        return "no_server"
    if not enabled:
        return "disabled"
    return "problem" if mailbox.problem is not None else "active"
