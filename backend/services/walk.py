"""One run over one link: what was gathered so far, and the steps from a look to an outcome."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from sqlalchemy.orm import Session

from backend.db import links, people
from backend.db.links import Lease
from backend.db.models import LinkRow, ServerRow
from backend.db.rows import apply, snapshot, store_memory
from backend.domain.category import category_write, remember_look, remember_write
from backend.domain.crm import Activity, ActivityStatus, CrmGateway
from backend.domain.errors import (
    IdentityError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    SyncError,
    TransientRemoteError,
)
from backend.domain.event import Event
from backend.domain.link import CategoryPermission, Link, LinkState, Trigger
from backend.domain.mapping import fingerprint
from backend.domain.matching import invited
from backend.domain.plan import (
    DESTROYING,
    FREEZING,
    GONE_PROOF_PAUSE,
    ConfirmAbsence,
    ConfirmPresence,
    Decision,
    DestroyRecord,
    MarkRecord,
    Missing,
    Nothing,
    RemoveRecord,
    Sight,
    WriteRecord,
    decide,
    plan,
)
from backend.domain.ports import Clock, Look
from backend.services.callers import CalendarOwner
from backend.services.hands import Hand
from backend.services.judging import judge_event, match_event
from backend.sql import Database

UNDO_PERIOD = timedelta(days=30)
CALL_DEADLINE = timedelta(seconds=20)
"""No single remote call of the road takes longer; a write starts only if the lease outlives it."""

STALE_FOR = timedelta(minutes=10)
"""For how long a look older than one already seen is taken for a lagging read (R5)."""

DECISIONS = 6
"""More changes of mind than any one look can cause."""

MAILBOX_CODES = frozenset(
    {
        "mailboxnotenabledforrestapi",
        "resourcenotfound",
        "errorinvaliduser",
        "request_resourcenotfound",
    }
)
"""404 codes that speak of the mailbox, never of the event (L6)."""


class FencedError(Exception):
    """Somebody changed the wish or took the lease: whatever this run knows is void."""


class StaleLookError(Exception):
    """Graph answered an older version than one already seen: look again in a moment (R5)."""


class Walk:
    """The state of one run. ``once`` may be called again after a conflict."""

    def __init__(
        self,
        database: Database,
        crm: CrmGateway,
        clock: Clock,
        *,
        lease: Lease,
        link: Link,
        owner: CalendarOwner,
        hand: Hand | None,
    ) -> None:
        self._database = database
        self._crm = crm
        self._clock = clock
        self._lease = lease
        self._hand = hand
        self._look: Look | None = hand.look if hand is not None else None
        self._sight = Sight(policy=owner.policy, now=clock(), owner_oid=owner.oid)
        self.link = link
        self.owner = owner
        self.missing: Missing | None = None
        self.trouble: RemoteError | None = None

    def once(self) -> None:
        """Gather, decide, act and commit, once.

        Raises: RemoteConflictError when a side changed meanwhile; FencedError; StaleLookError.
        """
        self.trouble = None
        self._gather_event()
        self._gather_crm()
        self._decide()
        if self.owner.policy.paused:
            return
        if self.link.is_wanted:
            self._mirror_category()
            self._act()
        else:
            self._act()
            self._mirror_category()
        self._make_master_category()

    @property
    def look(self) -> Look | None:
        """The newest look at the event, if any call answered."""
        return self._look

    def forget_look(self) -> None:
        """After a conflict only a new look counts."""
        self._look = None

    def trouble_may_pass(self) -> bool:
        return isinstance(self.trouble, TransientRemoteError)

    def trouble_log(self) -> dict[str, object]:
        """What may be logged of the last failure."""
        assert self.trouble is not None
        return {
            "system": self.trouble.system,
            "status": self.trouble.status,
            "remote_code": self.trouble.remote_code,
            "request_id": self.trouble.request_id,
        }

    # -- gather ------------------------------------------------------------------------------

    def _gather_event(self) -> None:
        self.missing = None
        event: Event | None = None
        if self._look is None and self._hand is not None:
            try:
                self._look = self._hand.calendar.get_event(
                    self.owner.mailbox, self.link.event_id, with_body=True
                )
            except RemoteNotFoundError as error:
                self._look = self._search(error)
            except RemoteAccessError as error:
                self._blame_mailbox(error)
            except (RemoteError, IdentityError) as error:
                self._note_trouble(error)
        if self._look is not None:
            event = self._look.event
            self._refuse_stale(event)
        self._sight = replace(
            self._sight, now=self._clock(), event=event, missing=self.missing, verdict=None
        )

    def _refuse_stale(self, event: Event) -> None:
        newest = self.link.looked_at_version
        if newest is None or event.modified_at >= newest:
            return
        if self._clock() - newest < STALE_FOR:
            self._look = None
            raise StaleLookError

    def _blame_mailbox(self, error: RemoteAccessError) -> None:
        """A user's missing right is not the mailbox's problem: the worker tries with its own."""
        if self._hand is not None and self._hand.is_user:
            self._note_trouble(error)
        else:
            self.missing = Missing.UNREACHABLE

    def _search(self, error: RemoteNotFoundError) -> Look | None:
        """A 404 proves nothing: ask the lists (L6)."""
        if (error.remote_code or "").casefold() in MAILBOX_CODES:
            self.missing = Missing.UNREACHABLE
            return None
        if self.link.ical_uid is None:
            self.missing = self._not_seen_yet()
            return None
        assert self._hand is not None
        calendar, mailbox, uid = self._hand.calendar, self.owner.mailbox, self.link.ical_uid
        try:
            here = calendar.find_events(mailbox, uid, default_calendar=True)
            if here:
                return calendar.get_event(mailbox, here[0].id, with_body=True)
            elsewhere = calendar.find_events(mailbox, uid, default_calendar=False)
        except (RemoteAccessError, RemoteNotFoundError):
            self.missing = Missing.UNREACHABLE
            return None
        except (RemoteError, IdentityError) as trouble:
            self._note_trouble(trouble)
            return None
        self.missing = Missing.LEFT_CALENDAR if elsewhere else self._gone()
        return None

    def _not_seen_yet(self) -> Missing:
        until = self.link.awaited_until
        waits = until is not None and self._clock() < until
        return Missing.NOT_YET if waits else Missing.NEVER_CAME

    def _gone(self) -> Missing:
        since = self.link.gone_since
        if since is not None and self._clock() - since >= GONE_PROOF_PAUSE:
            return Missing.GONE
        return Missing.PERHAPS_GONE

    def _gather_crm(self) -> None:
        event = self._sight.event
        key = self.link.external_key
        if key is None and event is not None and event.ical_uid is not None:
            key = f"{self.link.tenant_id}/{event.ical_uid}"
        matches = None
        record, record_known = None, False
        try:
            if event is not None:
                matches = match_event(self._crm, self.owner, event)
            if key is not None:
                record = self._crm.find_activity(self.link.tenant_id, key)
            record_known = True
        except RemoteError as error:
            self._note_trouble(error)
        verdict = None
        if event is not None:
            verdict = judge_event(
                self.owner,
                event,
                matches,
                self._sight.now,
                self.link.origin,
                opted_out=self.link.opted_out,
            )
        self._sight = replace(
            self._sight,
            matches=matches or (),
            verdict=verdict,
            record=record,
            record_known=record_known,
            activity_type=self.owner.default_activity_type,
        )

    def _note_trouble(self, error: SyncError) -> None:
        if isinstance(error, RemoteError):
            self.trouble = error
        else:
            # A user's sign-in that Entra wants renewed: not the link's fault, the worker goes on.
            self.trouble = TransientRemoteError(str(error), system="entra")

    # -- decide ------------------------------------------------------------------------------

    def _decide(self) -> None:
        """Store what the look showed and apply every decision that follows from it."""
        if not self._has_news() and decide(self.link, self._sight) is None:
            return
        with self._database.write.begin() as session:
            row = self._locked(session, fenced=True)
            self._store_facts(session, row)
            for _ in range(DECISIONS):
                link = snapshot(row, self.link.tenant_id)
                decision = decide(link, self._sight)
                if decision is None:
                    break
                self._apply(session, row, decision)
            self._settle_memory(row)
            self.link = snapshot(row, self.link.tenant_id)

    def _has_news(self) -> bool:
        event, link = self._sight.event, self.link
        if event is None:
            return self.missing is not None
        return (
            not link.looked_at
            or link.looked_at_version != event.modified_at
            or link.ical_uid != event.ical_uid
            or link.event_id != event.id
            or link.gone_since is not None
            or link.category != remember_look(link.category, event, self.owner.policy.category_name)
        )

    def _locked(self, session: Session, *, fenced: bool) -> LinkRow:
        row = links.lock(session, self._lease.link_id)
        if row is None or row.lease_token != self._lease.token:
            raise FencedError
        if fenced and row.version != self.link.version:
            raise FencedError
        return row

    def _store_facts(self, session: Session, row: LinkRow) -> None:
        event = self._sight.event
        if event is None:
            if self.missing is Missing.PERHAPS_GONE and row.gone_since is None:
                row.gone_since = self._sight.now
            if self.missing in (Missing.GONE, Missing.NEVER_CAME) or (
                self.missing is Missing.PERHAPS_GONE and row.state not in ("pending", "linked")
            ):
                row.category_seen = False
            return
        links.learn_event(session, row, event, self._sight.now)
        complete = self._sight.verdict is not None and self._sight.record_known
        if complete and self._sight.verdict is not None:
            row.codes = list(self._sight.verdict.codes)

    def _apply(self, session: Session, row: LinkRow, decision: Decision) -> None:
        if decision.memory is not None:
            store_memory(row, decision.memory)
        if decision.opts_out is not None:
            row.opted_out = decision.opts_out
        if not decision.keeps_block:
            row.blocked_by = decision.blocked_by
        elif decision.trigger is not None:
            row.blocked_by = None
        if decision.trigger is Trigger.TICK:
            row.adopt = True
        if decision.trigger is Trigger.LET_GO and decision.reason in DESTROYING:
            row.undo_until = None
            row.because = None
        apply(
            session,
            row,
            decision.trigger,
            now=self._sight.now,
            line=decision.line,
            reason=decision.reason,
            codes=self._sight.verdict.codes if self._sight.verdict is not None else (),
            request_id=self._look.request_id if self._look is not None else None,
        )

    def _settle_memory(self, row: LinkRow) -> None:
        """What nothing was concluded from is simply remembered; the first verdict is, too."""
        event = self._sight.event
        if event is None:
            return
        memory = snapshot(row, self.link.tenant_id).category
        store_memory(row, remember_look(memory, event, self.owner.policy.category_name))
        if self._sight.record_known:
            row.looked_at = True
            row.awaited_until = None

    # -- mirror the category -----------------------------------------------------------------

    def _mirror_category(self) -> None:
        event = self._sight.event
        if event is None or not self._may_touch_outlook():
            return
        write = category_write(self.link, event, self.owner.policy.category_name)
        if write is None:
            return
        if not self._permitted():
            return
        assert self._hand is not None
        self._check_lease()
        try:
            answer = self._hand.calendar.set_categories(
                self.owner.mailbox, event.id, write.categories, etag=event.etag
            )
        except RemoteAccessError:
            self._store_permission(self._refused())
            return
        except RemoteConflictError:
            raise
        except RemoteNotFoundError as error:
            raise RemoteConflictError(str(error), system="graph", status=404) from error
        except (RemoteError, IdentityError) as error:
            self._note_trouble(error)
            return
        self._store_write(answer)

    def _may_touch_outlook(self) -> bool:
        return self.link.blocked_by not in FREEZING and (
            self.link.looked_at or not self.link.is_wanted
        )

    def _permitted(self) -> bool:
        """X1: a category that cannot be written now does not keep the link pending."""
        hand = self._hand
        assert hand is not None
        allowed = hand.calendar.may_write_events if hand.is_user else self.owner.server_can_write
        if allowed is False:
            self._store_permission(self._refused())
            return False
        return True

    def _refused(self) -> CategoryPermission:
        assert self._hand is not None
        if self._hand.is_user:
            return CategoryPermission.NOT_PERMITTED
        if self.link.category.permission is CategoryPermission.NOT_PERMITTED:
            return CategoryPermission.NOT_PERMITTED
        return CategoryPermission.WAITING_FOR_USER

    def _store_permission(self, permission: CategoryPermission) -> None:
        assert self._hand is not None
        with self._database.write.begin() as session:
            row = self._locked(session, fenced=False)
            row.category_permission = permission
            if not self._hand.is_user:
                self._store_server_may_write(session, allowed=False)
            self.link = replace(
                self.link, category=replace(self.link.category, permission=permission)
            )

    def _store_server_may_write(self, session: Session, *, allowed: bool) -> None:
        if self.owner.server is None or self.owner.server_can_write is allowed:
            return
        server = session.get(ServerRow, self.owner.server.server_id)
        if server is not None:
            server.can_write = allowed
            server.can_write_at = self._clock()

    def _store_write(self, answer: Look) -> None:
        """Outlook's answer to our PATCH is a fact, stored at once, fence or not (R3)."""
        assert self._hand is not None
        name = self.owner.policy.category_name
        before = self._sight.event
        with self._database.write.begin() as session:
            row = self._locked(session, fenced=False)
            memory = snapshot(row, self.link.tenant_id).category
            memory = remember_write(memory, answer.event, name)
            store_memory(row, replace(memory, permission=CategoryPermission.PERMITTED))
            links.learn_event(session, row, answer.event, self._clock())
            links.write_history(
                session,
                row,
                kind="write",
                line="category_set" if memory.seen else "category_cleared",
                at=self._clock(),
                request_id=answer.request_id,
            )
            if not self._hand.is_user:
                self._store_server_may_write(session, allowed=True)
            if row.version != self.link.version:
                fenced = True
            else:
                fenced = False
                self.link = snapshot(row, self.link.tenant_id)
        if fenced:
            raise FencedError
        self._look = answer
        self._sight = replace(self._sight, event=answer.event)
        if before is not None and invited(before) != invited(answer.event):
            self._gather_crm()
        elif self._sight.verdict is not None:
            self._sight = replace(
                self._sight,
                verdict=judge_event(
                    self.owner,
                    answer.event,
                    self._sight.matches if self._sight.record_known else None,
                    self._sight.now,
                    self.link.origin,
                    opted_out=self.link.opted_out,
                ),
            )
        self._decide()

    def _make_master_category(self) -> None:
        """The coloured master category, once per mailbox, where that is permitted (X1)."""
        name = self.owner.policy.category_name
        hand = self._hand
        if (
            hand is None
            or not hand.is_user
            or hand.calendar.may_write_master_categories is not True
        ):
            return
        if self.owner.master_category == name or self.trouble is not None:
            return
        if not (self.link.is_wanted and self.link.category.seen):
            return
        try:
            made = hand.calendar.ensure_master_category(
                self.owner.mailbox, name, self.owner.policy.category_color
            )
        except (RemoteError, IdentityError):
            return
        if not made:
            return
        with self._database.write.begin() as session:
            owner = people.get_owner_of_mailbox(
                session, self.owner.tenant_id, self.owner.mailbox_id
            )
            owner.mailbox.master_category = name

    # -- act ---------------------------------------------------------------------------------

    def _act(self) -> None:
        step = plan(self.link, self._sight)
        if isinstance(step, Nothing):
            return
        tenant_id, key = self.link.tenant_id, self.link.external_key
        if isinstance(step, ConfirmAbsence):
            self._store_cleared()
            return
        if isinstance(step, ConfirmPresence):
            self._store_written(step.record)
            return
        assert key is not None
        self._check_lease()
        try:
            match step:
                case WriteRecord():
                    written = self._crm.write_activity(
                        tenant_id,
                        key,
                        step.draft,
                        revision=step.revision,
                        visibility=self.owner.default_visibility,
                    )
                    if fingerprint(written.draft) != fingerprint(step.draft) or written.removed:
                        raise RemoteConflictError("the key was taken meanwhile", system="crm")
                    self._store_written(written)
                case RemoveRecord():
                    self._crm.remove_activity(tenant_id, key, revision=step.revision)
                    self._store_cleared(removed=True)
                case DestroyRecord():
                    self._crm.destroy_activity(tenant_id, key)
                    self._store_cleared()
                case MarkRecord():
                    self._mark(tenant_id, key, step)
                case _:
                    assert_never(step)
        except RemoteConflictError:
            raise
        except RemoteNotFoundError as error:
            raise RemoteConflictError(str(error), system="crm", status=404) from error
        except RemoteError as error:
            self._note_trouble(error)

    def _mark(self, tenant_id: str, key: str, step: MarkRecord) -> None:
        record = self._sight.record
        if step.cancelled and record is not None:
            draft = replace(record.draft, status=ActivityStatus.CANCELLED, sync_status=step.status)
            self._crm.write_activity(tenant_id, key, draft, revision=record.revision)
        else:
            self._crm.set_sync_status(tenant_id, key, step.status)

    def _check_lease(self) -> None:
        """R4: directly before each remote write."""
        until = self._clock() + CALL_DEADLINE
        with self._database.read() as session:
            if not links.holds(session, self._lease, self.link.version, until):
                raise FencedError

    def _store_written(self, record: Activity) -> None:
        with self._database.write.begin() as session:
            row = self._outcome(session)
            row.activity_id = record.id
            row.activity_revision = record.revision
            row.fingerprint = fingerprint(record.draft)
            row.adopt = False
            row.written_at = self._clock()
            apply(
                session,
                row,
                Trigger.WRITTEN,
                now=self._clock(),
                kind="write",
                line="written",
                reason=None,
            )
            owner = people.get_owner_of_mailbox(session, self.link.tenant_id, row.mailbox_id)
            owner.mailbox.written_at = row.written_at
            self.link = snapshot(row, self.link.tenant_id)

    def _store_cleared(self, *, removed: bool = False) -> None:
        with self._database.write.begin() as session:
            row = self._outcome(session)
            if removed and row.reason not in DESTROYING:
                row.undo_until = self._clock() + UNDO_PERIOD
            row.activity_id = None
            row.activity_revision = None
            row.fingerprint = None
            if row.state is LinkState.REMOVING:
                apply(
                    session,
                    row,
                    Trigger.CLEARED,
                    now=self._clock(),
                    kind="write",
                    line="removed" if removed else "absent",
                    reason=row.reason,
                )
            self.link = snapshot(row, self.link.tenant_id)

    def _outcome(self, session: Session) -> LinkRow:
        """The row, if the wish is still the one that was acted on; else the link is outdated."""
        row = self._locked(session, fenced=False)
        if row.version != self.link.version:
            raise FencedError
        return row
