"""The signed-in user: what he is, what he may switch, and what he chose (U, T7)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from backend.db import crowds, people
from backend.db.crowds import Crowd
from backend.db.models import MailboxRow, UserRow, WatchRow
from backend.db.people import Owner
from backend.db.rows import policy_of, user_state_of
from backend.domain.crm import EVERYONE, Group, group_of
from backend.domain.errors import NotAllowedError, RuleError
from backend.domain.policy import Policy, UserState, choosable_modes, mode_in_force
from backend.domain.ports import Clock, Principal
from backend.domain.problems import advice_for
from backend.services.answers import Me, Preferences, PullProgress
from backend.services.callers import Callers
from backend.services.driving import Ring
from backend.services.reevaluation import judge_again, wake
from backend.sql import Database

GroupsOf = Callable[[str, str], Sequence[Group]]
"""Takes the tenant and a person's object id."""

_RESTING = frozenset({"firm_off", "paused", "no_server", "disabled"})
"""States in which a mailbox is not watched."""


class People:
    """Use cases of a user on himself."""

    def __init__(
        self,
        database: Database,
        callers: Callers,
        clock: Clock,
        ring: Ring = lambda _kind, _delay: None,
        groups_of: GroupsOf = lambda _tenant_id, _person_id: (),
    ) -> None:
        """``groups_of``: the CRM's groups that a person is in."""
        self._groups_of = groups_of
        self._database = database
        self._callers = callers
        self._clock = clock
        self._ring = ring

    def me(self, principal: Principal) -> Me:
        """The signed-in user; the first sign-in of a known firm's member makes him.

        Raises: UnknownFirmError.
        """
        self._callers.resolve(principal)
        with self._database.read() as session:
            return self._me(session, principal)

    def update_me(self, principal: Principal, preferences: Preferences) -> Me:
        """Store what was chosen; every change is checked before any is stored.

        A change that a rule looks at is applied to all events of the calendar (S6): they are judged
        again by a full pull, which begins at once.

        Raises: NotAllowedError when only an admin may switch this on; RuleError with code
        ``mode_not_allowed`` when the firm's mode excludes the chosen one, or ``unknown_reference``
        for a group he is not in.
        """
        now = self._callers.resolve(principal).owner.default_visibility
        if preferences.default_visibility not in (None, now):
            self._demand_own_group(principal, preferences.default_visibility or EVERYONE)
        with self._database.write.begin() as session:
            owner = self._owner(session, principal)
            self._check(owner, policy_of(owner.firm), preferences)
            before = _what_rules_look_at(owner.user)
            self._store(owner.user, preferences)
            session.flush()
            is_news = _what_rules_look_at(owner.user) != before
            if is_news:
                judge_again(session, Crowd(mailbox_id=owner.mailbox.id), self._clock())
            me = self._me(session, principal)
        if is_news:
            wake(self._ring)
        return me

    def sync_now(self, principal: Principal) -> Me:
        """Have the own calendar read at once, and what is outstanding tried again (U).

        Raises: RuleError with code ``sync_off`` while nothing would happen.
        """
        self._callers.resolve(principal)
        with self._database.write.begin() as session:
            mailbox_id = self._owner(session, principal).mailbox.id
            me = self._me(session, principal)
            if me.state in _RESTING:
                raise RuleError(
                    "Calendar sync is off or paused, so there is nothing to look at.",
                    code="sync_off",
                )
            whose = Crowd(mailbox_id=mailbox_id)
            # Links before watches, in the order in which a pull stores its pages.
            crowds.ring_outstanding(session, whose, self._clock())
            crowds.ring_watches(session, whose, self._clock())
        wake(self._ring)
        return me

    def _demand_own_group(self, principal: Principal, visibility: str) -> None:
        """The CRM is asked before the transaction begins."""
        if group_of(visibility) is None:
            return
        groups = self._groups_of(principal.tenant_id, principal.oid)
        if visibility not in {group.audience for group in groups}:
            raise RuleError("You are not in this group.", code="unknown_reference")

    def _check(self, owner: Owner, policy: Policy, preferences: Preferences) -> None:
        if preferences.enabled:
            if owner.user.address is None:
                raise NotAllowedError("You have no e-mail address of the type your firm uses.")
            state = user_state_of(owner.user, owner.mailbox, owner.server)
            if not state.may_enable_himself(policy):
                raise NotAllowedError("Only your administrator can enable calendar sync for you.")
        if preferences.mode is not None and preferences.mode not in choosable_modes(policy.mode):
            raise RuleError(
                f"Your firm does not use {preferences.mode.value} sync.", code="mode_not_allowed"
            )

    def _store(self, user: UserRow, preferences: Preferences) -> None:
        if preferences.enabled is not None:
            user.enabled_by_user = preferences.enabled
        if preferences.mode is not None:
            user.mode, user.mode_chosen = preferences.mode, True
        if preferences.block_list is not None:
            user.block_list = list(preferences.block_list)
        if preferences.default_activity_type is not None:
            user.default_activity_type = preferences.default_activity_type or None
        if preferences.default_visibility is not None:
            user.default_visibility = preferences.default_visibility

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
            mode=mode_in_force(owner.user.mode, policy.mode),
            may_enable=state.may_enable_himself(policy),
            choosable_modes=choosable_modes(policy.mode),
            block_list=tuple(owner.user.block_list),
            default_activity_type=owner.user.default_activity_type,
            default_visibility=owner.user.default_visibility,
            server=owner.server.name if owner.server is not None else None,
            checked_at=owner.watch.checked_at,
            changed_at=owner.mailbox.changed_at,
            written_at=owner.mailbox.written_at,
            state=_sync_state(policy, state, owner.mailbox, owner.watch, enabled=enabled),
            progress=_progress(owner.watch),
            problem=owner.mailbox.problem,
            problem_since=owner.watch.problem_since,
            problem_advice=advice_for(owner.mailbox.problem),
        )


def _what_rules_look_at(user: UserRow) -> tuple[object, ...]:
    return user.enabled_by_user, user.mode, tuple(user.block_list)


def _progress(watch: WatchRow) -> PullProgress | None:
    """How far the reading of a whole window has come; of a change of windows nobody need know."""
    if watch.cursor is not None or watch.seed_since is None:
        return None
    return PullProgress(since=watch.seed_since, pages=watch.seed_pages, events=watch.seed_events)


def _sync_state(
    policy: Policy, state: UserState, mailbox: MailboxRow, watch: WatchRow, *, enabled: bool
) -> str:
    """One word for the user's sync: what an admin's list and the pane show."""
    if not policy.sync_enabled:
        return "firm_off"
    if policy.paused or mailbox.paused or state.server_paused:
        return "paused"
    if not state.has_server:
        return "no_server"
    if not enabled:
        return "disabled"
    if mailbox.problem is not None:
        return "problem"
    if watch.cursor is not None:
        return "watching"
    return "first_pull" if watch.checked_at is None else "resync"
