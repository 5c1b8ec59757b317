"""The road's second beat: store what the look showed and every decision that follows from it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from backend.db import links
from backend.db.models import LinkRow
from backend.db.rows import apply, forget_private, snapshot, store_memory
from backend.domain.category import CategoryWord, category_says, remember_look
from backend.domain.choosing import because
from backend.domain.event import Event
from backend.domain.link import WANTED, CategoryMemory, EndReason, Link, LinkState, Trigger
from backend.domain.plan import DESTROYING, FREEZING, Decision, Missing, Weight, decide
from backend.domain.policy import Origin
from backend.services import damage
from backend.services.run import FencedError, Run

DECISIONS = 6
"""More changes of mind than any one look can cause."""

REFUSALS = frozenset({"refused", "category_refused"})
"""Lines of decisions by which a wish comes to nothing because of a rule."""


def decide_and_store(run: Run) -> None:
    """One short transaction, or none when nothing is new.

    Raises: FencedError when wish or lease changed meanwhile.
    """
    if not _has_news(run) and decide(run.link, run.sight) is None:
        run.sight = replace(run.sight, facts_stored=True)
        return
    was_braked = run.sight.braked
    if run.sight.master_category_lost:
        damage.unsettle_others(run)
    with run.database.write.begin() as session:
        row = run.locked(session)
        merged = _merge_if_known(session, run, row)
        if not merged:
            _store_all(session, run, row)
    if run.sight.master_category_lost:
        damage.forget_master_category(run)
    if run.sight.braked and not was_braked:
        damage.stop_mailbox(run)
    if merged:
        raise FencedError


def _store_all(session: Session, run: Run, row: LinkRow) -> None:
    _store_facts(session, run, row)
    _adopt(session, run, row)
    for _ in range(DECISIONS):
        decision = decide(run.as_judged(row), run.sight)
        if decision is None:
            break
        if damage.trips(session, row, decision, run.sight.now):
            user = replace(run.sight.user, mailbox_problem=EndReason.MASS_CHANGE)
            run.sight = replace(run.sight, user=user)
            if decision.weight is Weight.COUNTED:
                continue
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
        or ((link.adopt or link.review_until is not None) and run.sight.record_known)
        or link.looked_at_version != event.modified_at
        or link.ical_uid != event.ical_uid
        or link.event_id != event.id
        or link.gone_since is not None
        or link.category != _remembered(run, link, event)
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
        _store_missing(session, run, row)
        return
    if run.believes_older:
        row.looked_at_version = None
    links.learn_event(session, row, event, sight.now)
    run.sight = replace(sight, facts_stored=True)
    if sight.verdict is not None and sight.record_known:
        row.codes = list(sight.verdict.codes)


def _store_missing(session: Session, run: Run, row: LinkRow) -> None:
    if run.missing is Missing.PERHAPS_GONE and row.gone_since is None:
        row.gone_since = run.sight.now
        links.write_history(session, row, kind="look", line="missing_once", at=run.sight.now)
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
            session,
            row,
            Trigger.OUTDATED,
            now=run.sight.now,
            line="no_record",
            reason=row.reason,
            request_id=_request_id(run),
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
        # The category put on by hand: whatever a rule did before, a person wants it now (S2, T11).
        row.adopt = True
        row.undo_until = None
        row.origin, row.because = Origin.MANUAL, None
        row.wished_by = run.owner.user_id
    if decision.trigger is Trigger.RULE_MATCH:
        _take_match(run, row)
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
        kind="refusal" if decision.line in REFUSALS else "decision",
        codes=_codes(run, decision),
        request_id=_request_id(run),
    )


def _codes(run: Run, decision: Decision) -> tuple[str, ...]:
    """Why: the decision's own reason first, then every rule that said no."""
    verdict = run.sight.verdict
    why = decision.reason or decision.blocked_by
    rules = verdict.codes if verdict is not None else ()
    return tuple(dict.fromkeys((str(why), *rules) if why else rules))


def _request_id(run: Run) -> str | None:
    """Graph's id of the look that is decided on."""
    return run.look.request_id if run.look is not None else None


def _take_match(run: Run, row: LinkRow) -> None:
    """A rule wants it: what is known of the record is forgotten, for it was being taken away."""
    row.origin = Origin.AUTOMATIC
    row.because = because(run.sight.matches, run.owner.policy)
    row.wished_by = run.owner.user_id
    row.adopt = False
    row.activity_id = row.activity_revision = row.fingerprint = None
    run.sight = replace(run.sight, verdict=run.sight.by_rule)


def _settle_memory(run: Run, row: LinkRow) -> None:
    """What nothing was concluded from is simply remembered; the first verdict is, too."""
    event = run.sight.event
    if event is None:
        return
    store_memory(row, _remembered(run, snapshot(row, run.link.tenant_id), event))
    if run.sight.record_known:
        row.looked_at = True
        row.awaited_until = None
        if row.review_until == run.link.review_until and row.blocked_by not in FREEZING:
            row.review_until = None
    forget_private(row)


def _remembered(run: Run, link: Link, event: Event) -> CategoryMemory:
    """An untick that waits for an admin stays to be read (L7)."""
    name, memory = run.owner.policy.category_name, link.category
    waits = run.sight.braked and link.is_wanted
    if waits and category_says(link, event, name) is CategoryWord.UNTICK:
        return memory
    if run.believes_older:
        memory = replace(memory, seen_at=None)
    return remember_look(memory, event, name)
