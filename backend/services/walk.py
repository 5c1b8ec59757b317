"""One run over one link, beat by beat: gather, decide, act, mirror the category."""

from __future__ import annotations

from backend.db.links import Lease
from backend.domain.crm import CrmGateway
from backend.domain.link import Link
from backend.domain.plan import Sight
from backend.domain.ports import Clock
from backend.services.acting import Acting
from backend.services.callers import CalendarOwner
from backend.services.deciding import decide_and_store
from backend.services.gathering import Gathering
from backend.services.hands import Hand
from backend.services.mirror import Mirror
from backend.services.run import Run
from backend.sql import Database


class Walk:
    """The beats of one run. ``once`` may be called again after a conflict."""

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
        self.run = Run(
            database=database,
            clock=clock,
            lease=lease,
            link=link,
            owner=owner,
            hand=hand,
            sight=Sight(policy=owner.policy, now=clock(), owner_oid=owner.oid, user=owner.state),
            look=hand.look if hand is not None else None,
        )
        self._gathering = Gathering(self.run, crm)
        self._acting = Acting(self.run, crm)
        self._mirror = Mirror(self.run, crm)

    def once(self) -> None:
        """Gather, decide, act and commit, once.

        Raises: RemoteConflictError when a side changed meanwhile; FencedError; StaleLookError.
        """
        self.run.trouble = None
        self._gathering.event()
        self._gathering.crm()
        decide_and_store(self.run)
        if self.run.sight.paused:
            return
        if self.run.link.is_wanted:
            self._mirror.mend()
            self._acting.act()
        else:
            self._acting.act()
            self._mirror.mend()
        self._mirror.make_master_category()

    def forget_look(self) -> None:
        """After a conflict only a new look counts."""
        self.run.look = None
