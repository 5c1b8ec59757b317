"""The road's second beat: store what the look showed and every decision that follows from it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from backend.db import links
from backend.db.models import LinkRow
from backend.db.rows import apply, forget_private, snapshot, store_memory
from backend.domain.category import remember_look
from backend.domain.event import Event
from backend.domain.link import WANTED, CategoryMemory, EndReason, LinkState, Trigger
from backend.domain.plan import DESTROYING, Decision, Missing, decide
from backend.services.run import FencedError, Run

DECISIONS = 6
"""More changes of mind than any one look can cause."""


def decide_and_store(run: Run) -> None:
    """One short transaction, or none when nothing is new.

    Raises: FencedError when wish or lease changed meanwhile.
    """
    if not _has_news(run) and decide(run.link, run.sight) is None:
        run.sight = replace(run.sight, facts_stored=True)
        return
    with run.database.write.begin() as session:
        row = run.locked(session)
        merged = _merge_if_known(session, run, row)
        if not merged:
            _store_all(session, run, row)
    if merged:
        raise FencedError


def _store_all(session: Session, run: Run, row: LinkRow) -> None:
    _store_facts(session, run, row)
    _adopt(session, run, row)
    for _ in range(DECISIONS):
        decision = decide(snapshot(row, run.link.tenant_id), run.sight)
        if decision is None:
            break
        _apply(session, run, row, decision)
    _adopt(session, run, row)
    _settle_memory(run, row)
    run.take_over(row)


def _has_news(run: Run) -> bool:
    event, link = run.sight.event, run.link
    if event is None:
        return run.missing is not None
    return (
        not link.looked_at
        or (link.adopt and run.sight.record_known)
        or link.looked_at_version != event.modified_at
        or link.ical_uid != event.ical_uid
        or link.event_id != event.id
        or link.gone_since is not None
        or link.category != _remembered(run, link.category, event)
    )


def _merge_if_known(session: Session, run: Run, row: LinkRow) -> bool:
    """Two id forms of one event, ticked while Graph was silent, made two links: keep the other."""
    event = run.sight.event
    other = None if event is None else links.find_twin(session, row, event)
    if other is None:
        return False
    kept = links.lock(session, other.id)
    assert kept is not None
    _carry_over(session, run, row, kept)
    links.merge_into(session, row, kept)
    links.ring(session, kept.id, run.sight.now, urgent=True)
    return True


def _carry_over(session: Session, run: Run, row: LinkRow, kept: LinkRow) -> None:
    """The wish made last is the user's word, and newer than any memory of the category (R2)."""
    wanted = row.state in WANTED
    if not wanted and not row.opted_out:
        return
    wished_at, kept_at = (links.last_wish_at(session, link.id) for link in (row, kept))
    if kept_at is not None and (wished_at is None or wished_at < kept_at):
        return
    memory = snapshot(kept, run.link.tenant_id).category
    store_memory(kept, replace(memory, seen=None, refused=False, put_back=False))
    kept.opted_out, kept.adopt, kept.blocked_by = row.opted_out, wanted, None
    kept.origin, kept.wished_by = row.origin, row.wished_by
    apply(
        session,
        kept,
        Trigger.TICK if wanted else Trigger.UNTICK,
        now=run.sight.now,
        line="ticked" if wanted else "unticked",
        reason=None if wanted else (EndReason.UNTICKED if kept.state in WANTED else kept.reason),
        by_user_id=row.wished_by,
    )


def _store_facts(session: Session, run: Run, row: LinkRow) -> None:
    event, sight = run.sight.event, run.sight
    if event is None:
        _store_missing(run, row)
        return
    if run.believes_older:
        row.looked_at_version = None
    links.learn_event(session, row, event, sight.now)
    run.sight = replace(sight, facts_stored=True)
    if sight.verdict is not None and sight.record_known:
        row.codes = list(sight.verdict.codes)


def _store_missing(run: Run, row: LinkRow) -> None:
    if run.missing is Missing.PERHAPS_GONE and row.gone_since is None:
        row.gone_since = run.sight.now
    gone_for_good = run.missing in (Missing.GONE, Missing.NEVER_CAME)
    unwanted = row.state not in WANTED
    if gone_for_good or (run.missing is Missing.PERHAPS_GONE and unwanted):
        row.category_seen = False


def _adopt(session: Session, run: Run, row: LinkRow) -> None:
    """After a tick whatever stands in the CRM is ours: the revision seen now, and no later one.

    So a person's edit made after this look is still told apart from one made before the tick.
    """
    if not row.adopt or not run.sight.record_known:
        return
    record = run.sight.record
    is_live = record is not None and not record.removed
    if row.state is LinkState.LINKED and not is_live:
        apply(
            session, row, Trigger.OUTDATED, now=run.sight.now, line="no_record", reason=row.reason
        )
    row.adopt = False
    row.activity_id = record.id if record is not None and is_live else None
    row.activity_revision = record.revision if record is not None else None
    row.fingerprint = None


def _apply(session: Session, run: Run, row: LinkRow, decision: Decision) -> None:
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
        row.undo_until = None
    if decision.trigger is Trigger.LET_GO and decision.reason in DESTROYING:
        row.undo_until = None
        row.because = None
    record = run.sight.record
    if decision.trigger is Trigger.RELEASE and record is not None and not record.removed:
        row.activity_id = record.id
    apply(
        session,
        row,
        decision.trigger,
        now=run.sight.now,
        line=decision.line,
        reason=decision.reason,
        codes=run.sight.verdict.codes if run.sight.verdict is not None else (),
        request_id=run.look.request_id if run.look is not None else None,
    )


def _settle_memory(run: Run, row: LinkRow) -> None:
    """What nothing was concluded from is simply remembered; the first verdict is, too."""
    event = run.sight.event
    if event is None:
        return
    memory = snapshot(row, run.link.tenant_id).category
    store_memory(row, _remembered(run, memory, event))
    if run.sight.record_known:
        row.looked_at = True
        row.awaited_until = None
    forget_private(row)


def _remembered(run: Run, memory: CategoryMemory, event: Event) -> CategoryMemory:
    if run.believes_older:
        memory = replace(memory, seen_at=None)
    return remember_look(memory, event, run.owner.policy.category_name)
