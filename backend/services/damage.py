"""What may be too much at once: counts what goes because of Outlook, and mends a lost category.

Counted in the database per mailbox over a sliding hour, so that single events dripping in are seen
as well as one big look (L7, road rule A6). What people do in the pane or in the CRM is not counted,
nor is a category that the firm renamed or that went from the mailbox's list (T11). What turned
private is counted but goes all the same: nothing holds privacy back (invariant 2).
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from backend.db import crowds, people
from backend.db.crowds import Crowd
from backend.db.models import LinkRow, MailboxRow, WatchRow
from backend.domain.link import EndReason
from backend.domain.plan import COUNTED_LINES, Decision, Weight
from backend.services.run import Run

PERIOD = timedelta(hours=1)
"""How long what went is counted."""
AT_LEAST = 5
"""As many may go in any mailbox, however few links it has."""


def trips(session: Session, row: LinkRow, decision: Decision, now: datetime) -> bool:
    """Whether the mailbox stops with this decision, or has stopped already.

    Called in the transaction that would store the decision, while the link is locked. The
    mailbox's row is locked next: of two workers the second one counts what the first has stored.
    """
    if decision.weight is Weight.NONE:
        return False
    mailbox = session.get(MailboxRow, row.mailbox_id, with_for_update=True, populate_existing=True)
    watch = session.get(WatchRow, row.mailbox_id, populate_existing=True)
    assert mailbox is not None
    assert watch is not None
    if mailbox.problem == EndReason.MASS_CHANGE:
        return True
    since = now - PERIOD
    if watch.brake_off_until is not None:
        if now < watch.brake_off_until:
            return False
        since = max(since, watch.brake_off_until)
    session.flush()
    gone, crowd = crowds.count_gone(session, row.mailbox_id, COUNTED_LINES, since, but=row.id)
    if not is_mass_change(gone + 1, crowd):
        return False
    mailbox.problem = EndReason.MASS_CHANGE
    watch.problem_since = now
    return True


def is_mass_change(gone: int, crowd: int) -> bool:
    """More than five, and more than a third of all (L7)."""
    return gone > AT_LEAST and gone * 3 > crowd


def stop_mailbox(run: Run) -> None:
    """Ring every wanted link of a mailbox that has just stopped: all of them freeze.

    A transaction of its own: others may hold one of these links and wait for the mailbox.
    """
    with run.database.write.begin() as session:
        crowds.ring_wanted(session, Crowd(mailbox_id=run.link.mailbox_id), run.clock())


def unsettle_others(run: Run) -> None:
    """The category went from the mailbox's list and with it from every event (T11).

    Nothing that the other events show is an untick any more: each is looked at and mended.
    """
    now = run.clock()
    with run.database.write.begin() as session:
        crowds.lose_category(session, run.link.mailbox_id, now, but=run.link.id)


def forget_master_category(run: Run) -> None:
    """It is healed once; whoever takes it off afterwards means it, until it is found again."""
    with run.database.write.begin() as session:
        people.store_master_category(session, run.link.mailbox_id, None)
