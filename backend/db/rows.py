"""Between rows and values: snapshot out, trigger in. Nobody else changes a link's state."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backend.db.models import FirmRow, HistoryRow, LinkRow, MailboxRow, ServerRow, UserRow
from backend.domain.erasure import ErasedPeople
from backend.domain.link import CategoryMemory, Link, LinkState, Trigger, next_state
from backend.domain.policy import Policy, UserState
from backend.domain.rules import Reason


def policy_of(firm: FirmRow) -> Policy:
    """The firm's settings as the rules see them."""
    return Policy(
        sync_enabled=firm.sync_enabled,
        mode=firm.mode,
        paused=firm.paused,
        users_may_enable=firm.users_may_enable,
        past_days=firm.past_days,
        future_days=firm.future_days,
        commencement_date=firm.commencement_date,
        private_events=firm.private_events,
        sync_internal_manual=firm.sync_internal_manual,
        sync_internal_automatic=firm.sync_internal_automatic,
        unmatched_manual=firm.unmatched_manual,
        unmatched_automatic=firm.unmatched_automatic,
        blocked_addresses=firm.blocked_addresses,
        erased=ErasedPeople(firm.id, frozenset(firm.erased)),
        block_list=tuple(firm.block_list),
        own_domains=(*firm.verified_domains, *firm.further_domains),
        contact_types=tuple(firm.contact_types),
        also_company_types=firm.also_company_types,
        exclude_personnel=firm.exclude_personnel,
        include_description=firm.include_description,
        include_location=firm.include_location,
        include_reminder=firm.include_reminder,
        show_as_values=dict(firm.show_as_values),
        activity_type=firm.activity_type,
        added_activity_type=firm.added_activity_type,
        add_companies=firm.add_companies,
        category_name=firm.category_name,
        category_color=firm.category_color,
        cancelled_records=firm.cancelled_records,
        delete_synced_events=firm.delete_synced_events,
    )


def user_state_of(user: UserRow, mailbox: MailboxRow, server: ServerRow | None) -> UserState:
    """A mailbox owner's switches as the rules see them."""
    return UserState(
        mode=user.mode,
        enabled_by_admin=user.enabled_by_admin,
        enabled_by_user=user.enabled_by_user,
        has_server=server is not None,
        server_paused=server is not None and server.paused,
        mailbox_paused=mailbox.paused,
        mailbox_problem=mailbox.problem,
        activated_at=user.activated_at,
        block_list=tuple(user.block_list),
        owner_oid=user.oid,
        has_address=user.address is not None,
    )


def snapshot(row: LinkRow, tenant_id: str) -> Link:
    """A frozen copy that outlives the transaction."""
    return Link(
        id=row.id,
        firm_id=row.firm_id,
        tenant_id=tenant_id,
        mailbox_id=row.mailbox_id,
        event_id=row.event_id,
        ical_uid=row.ical_uid,
        state=row.state,
        origin=row.origin,
        version=row.version,
        reason=row.reason,
        blocked_by=row.blocked_by,
        opted_out=row.opted_out,
        adopt=row.adopt,
        because=row.because,
        activity_id=row.activity_id,
        activity_revision=row.activity_revision,
        fingerprint=row.fingerprint,
        category=CategoryMemory(
            seen=row.category_seen,
            name=row.category_name,
            seen_at=row.category_seen_at,
            written_at=row.category_written_at,
            content=row.category_content,
            put_back=row.category_put_back,
            refused=row.category_refused,
            permission=row.category_permission,
        ),
        looked_at=row.looked_at,
        looked_at_version=row.looked_at_version,
        event_end=row.event_end,
        had_attendees=row.had_attendees,
        gone_since=row.gone_since,
        awaited_until=row.awaited_until,
        undo_until=row.undo_until,
        review_until=row.review_until,
        last_change_seen_at=row.last_change_seen_at,
        written_at=row.written_at,
        off_delta=row.off_delta,
    )


def store_memory(row: LinkRow, memory: CategoryMemory) -> None:
    """Keep what is known of the category; a fact, so it does not raise the version."""
    row.category_seen = memory.seen
    row.category_name = memory.name
    row.category_seen_at = memory.seen_at
    row.category_written_at = memory.written_at
    row.category_content = memory.content
    row.category_put_back = memory.put_back
    row.category_refused = memory.refused
    row.category_permission = memory.permission


def forget_private(row: LinkRow) -> None:
    """X4: of an event that turned private only ids, times of looks and the reason stay."""
    if row.reason == Reason.PRIVATE_EVENT:
        row.event_end = None
        row.had_attendees = False
        row.category_content = None


def apply(
    session: Session,
    row: LinkRow,
    trigger: Trigger | None,
    *,
    now: datetime,
    line: str,
    reason: str | None = None,
    kind: str = "decision",
    by_user_id: str | None = None,
    codes: tuple[str, ...] = (),
    fields: tuple[str, ...] = (),
    request_id: str | None = None,
) -> LinkState:
    """Move the link and write the move into its history, in the caller's transaction.

    Raises the version: whatever was decided before this is void. ``reason`` replaces the link's
    reason when a trigger fired. Raises IllegalTransitionError when the table forbids the move.
    """
    before = row.state
    if trigger is not None:
        row.state = next_state(before, trigger)
        row.reason = reason
    row.version += 1
    session.add(
        HistoryRow(
            firm_id=row.firm_id,
            mailbox_id=row.mailbox_id,
            link_id=row.id,
            event_id=row.event_id,
            at=now,
            kind=kind,
            line=line,
            trigger=trigger.value if trigger is not None else None,
            state_before=before.value,
            state_after=row.state.value,
            by_user_id=by_user_id,
            codes=list(codes),
            fields=list(fields),
            request_id=request_id,
        )
    )
    return row.state
