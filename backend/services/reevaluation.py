"""After a change of settings whatever it may concern is judged again (S6).

Events without a link are found by a full pull of a new window, in which the rules choose anew: no
second road. Wanted links are looked at, which freezes or thaws them (L9). Whoever changes a setting
that a rule looks at calls :func:`judge_again` in the transaction of the change, so that there is
never one without the other, and :func:`wake` after it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from backend.db import crowds, people, watches
from backend.db.crowds import Crowd
from backend.services.driving import DRAIN_LINKS, Ring
from backend.services.work import DRAIN_MAILBOXES


def judge_again(
    session: Session,
    whose: Crowd,
    now: datetime,
    *,
    is_category_renamed: bool = False,
    review_until: datetime | None = None,
) -> None:
    """Make mailboxes and wanted links due whose settings have changed.

    Who is enabled from now on is activated now (E12). A category that got another name is mended on
    every event, and its absence under the new name is nobody's untick (T11). ``review_until``:
    records that no longer qualify go (S6).
    """
    people.note_activations(session, whose, now)
    # Links before watches, in the order in which a pull stores its pages.
    crowds.ring_wanted(
        session, whose, now, unsettles=is_category_renamed, review_until=review_until
    )
    watches.reseed(session, whose, now)


def wake(ring: Ring) -> None:
    """After the commit: nobody waits for the next sweep."""
    ring(DRAIN_MAILBOXES, 0)
    ring(DRAIN_LINKS, 0)
