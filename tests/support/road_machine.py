"""Everybody at once: a random machine of people, workers, crashes and faults around one event.

The machine keeps what the users said last and promises are checked when the faults have stopped
(invariants 1, 2, 3, 4, 7). It says nothing about schedules in which nobody could know the user's
last word: he acted in Outlook against a wish that was not mirrored yet, or on a form whose change
may be an older copy (T11).
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from greenlet import getcurrent
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from backend.db.crowds import Crowd
from backend.domain.crm import Activity
from backend.domain.errors import TransientRemoteError
from backend.domain.event import Event, EventType, Sensitivity
from backend.domain.link import EndReason, LinkState
from backend.domain.plan import FREEZING
from backend.services.answers import EventAnswer
from backend.services.crm_news import CrmNews
from backend.services.pausing import Pausing
from backend.services.reevaluation import judge_again
from backend.services.run import CALL_DEADLINE
from backend.sql import Database
from tests.support.actors import Actor, gate
from tests.support.stage import CATEGORY, Stage

WRITES = frozenset(
    {
        "graph.patch:before",
        "crm.write:before",
        "crm.remove:before",
        "crm.destroy:before",
        "crm.mark:before",
    }
)
PANES = 1
WORKERS = 2


class RoadMachine(RuleBasedStateMachine):
    """One event. Subclasses name the database, and what to break."""

    database: Database

    def make_stage(self) -> Stage:
        return Stage(self.database, pause=lambda _seconds: gate("pause"))

    @initialize(
        if_match=st.sampled_from(["honour", "honour", "ignore"]),
        deleted_get=st.sampled_from(["404", "200"]),
        app_may_write=st.sampled_from([True, True, True, False]),
        world=st.sampled_from(["pane", "pane and outlook", "pane and outlook", "everything"]),
        ticked=st.booleans(),
        pulled=st.sampled_from([True, True, False]),
    )
    def open(
        self,
        if_match: str,
        deleted_get: str,
        app_may_write: bool,
        world: str,
        ticked: bool,
        pulled: bool,
    ) -> None:
        self.world = world
        self.stage = self.make_stage()
        self.pausing = Pausing(self.database, self.stage.clock, self.stage.rings_bell)
        self.news = CrmNews(self.database, self.stage.clock, self.stage.rings_bell)
        self.firm_id = self.stage.mailbox().firm_id
        self.stage.outlook.if_match = if_match
        self.stage.outlook.deleted_get = deleted_get
        self.stage.outlook.app_may_write = app_may_write
        self.stage.outlook.gate = self.stage.crm.gate = self._watchful_gate
        self.stage.crm.on_overwrite = self._overwritten
        self.actors: list[Actor] = []
        self.word: bool | None = None
        """What the user said last, where that can be known."""
        self.said_in_outlook = False
        self.paused = False
        self.ended = False
        """The event or its record ended for a reason of its own: private, gone, edited."""
        self.heard: Event | None = None
        """The newest version that a pane opening has shown to the product."""
        self.edits = 0
        self.protected_since: int | None = None
        self.foreign = 0
        self.broken: list[str] = []
        if pulled:
            self.stage.start_pulling()
        if ticked:
            self.stage.tick()
            self.word = True

    # -- the pane ----------------------------------------------------------------------------

    @precondition(lambda self: self._panes() < PANES)
    @rule(act=st.sampled_from(["tick", "tick", "untick", "untick", "undo"]))
    def pane_acts(self, act: str) -> None:
        wanted = act != "untick"
        # Where there is no link there is nothing to untick or undo: no word was said.
        is_word = act == "tick" or (act == "untick" and self.stage.find_row() is not None)
        self.word, self.said_in_outlook = (wanted if is_word else None), False

        def work() -> None:
            refusal = self.stage.attempt(getattr(self.stage, act))
            if refusal is not None and self.word is wanted:
                self.word = None

        self._start(Actor(f"pane {act}", work))

    @precondition(lambda self: self._panes() < PANES)
    @rule()
    def pane_opens(self) -> None:
        self._start(Actor("pane view", self._open_pane))

    # -- workers -----------------------------------------------------------------------------

    @precondition(lambda self: self._workers() < WORKERS)
    @rule()
    def worker_wakes(self) -> None:
        self._start(Actor("worker", self.stage.drain))

    @precondition(lambda self: self.stage.is_pulled and not self._pullers())
    @rule(was_notified=st.booleans())
    def puller_wakes(self, was_notified: bool) -> None:
        """Notifications may be lost, late or for nothing; the poll comes every 15 minutes."""
        if was_notified:
            self.stage.notify()
        self._start(Actor("puller", self.stage.work.drain_mailboxes))

    @precondition(lambda self: self.actors)
    @rule(data=st.data(), steps=st.integers(1, 6))
    def somebody_goes_on(self, data: st.DataObject, steps: int) -> None:
        actor = data.draw(st.sampled_from(self.actors))
        for _ in range(steps):
            actor.resume()
        self._reap()

    @precondition(lambda self: self.actors)
    @rule()
    def everybody_finishes(self) -> None:
        self._finish()

    @precondition(lambda self: self.actors)
    @rule(data=st.data())
    def somebody_is_killed(self, data: st.DataObject) -> None:
        actor = data.draw(st.sampled_from(self.actors))
        actor.kill()
        if actor.name.startswith("pane ") and actor.name != "pane view":
            self.word = None  # it may or may not have been written down
        if self.said_in_outlook:
            self.word = None  # our PATCH's answer may have died with it
        self._reap()

    # -- Outlook -----------------------------------------------------------------------------

    @precondition(lambda self: self.world != "pane")
    @rule(soon=st.booleans())
    def user_switches_the_category(self, soon: bool) -> None:
        if not soon:
            self.stage.clock.advance(timedelta(minutes=11))
        sure = self._is_calm() and not soon
        wanted = not self.stage.shows_category
        self.stage.put_category() if wanted else self.stage.take_category()
        link = self.stage.link if self.stage.find_row() is not None else None
        if link is None:
            return  # without a link nobody looks: the pull is not here yet
        is_word = link.state is not LinkState.RELEASED and not link.category.refused
        self.word = wanted if sure and is_word else None
        self.said_in_outlook = True

    @precondition(lambda self: self.world != "pane" and self.stage.find_row() is not None)
    @rule()
    def user_switches_the_category_in_a_quiet_hour(self) -> None:
        """Everybody has gone home and everything agrees: now Outlook must be heard."""
        self.stage.outlook.down = None
        self.stage.crm.down = False
        self._finish()
        self.stage.settle()
        self.user_switches_the_category(soon=False)

    @rule(number=st.integers(0, 9))
    def user_edits_the_event(self, number: int) -> None:
        self._disturb()
        self.stage.edit(subject=f"Subject {number}")

    @precondition(lambda self: self.stage.outlook.down is None)
    @rule(number=st.integers(10, 19))
    def user_edits_the_event_and_opens_the_pane(self, number: int) -> None:
        """Whoever is at work meanwhile must not lose this ring (R1)."""
        self.user_edits_the_event(number)
        with suppress(TransientRemoteError):
            self._open_pane()

    @precondition(lambda self: self._all_is_well() and self.stage.find_row() is not None)
    @rule(number=st.integers(20, 29), gates=st.integers(0, 3))
    def an_edit_is_heard_while_a_worker_works(self, number: int, gates: int) -> None:
        """It has looked before the edit and ends after the ring: nothing but R1 keeps that."""
        self._finish()
        self.stage.ring(self.stage.event)
        worker = Actor("worker", self.stage.work.drain_links)
        worker.resume()
        while not worker.done and worker.at != "graph.get:after":
            worker.resume()
        for _ in range(gates):
            worker.resume()
        self.user_edits_the_event(number)
        self._open_pane()
        self._start(worker)
        self._finish()
        for _ in range(8):
            self.stage.clock.advance(timedelta(seconds=100))
            self.stage.work.drain_links()
        if self.heard is self.stage.now:
            self.check_promises()

    @precondition(
        lambda self: (
            self.world != "pane" and self._all_is_well() and self.stage.find_row() is not None
        )
    )
    @rule()
    def user_changes_his_mind_in_the_pane(self) -> None:
        """Outlook first, the pane at once: the pane's word is newer than any memory (R2)."""
        self._finish()
        self.stage.settle()
        self.user_switches_the_category(soon=False)
        wanted = not self.stage.shows_category
        refusal = self.stage.attempt(self.stage.tick if wanted else self.stage.untick)
        self.word = wanted if refusal is None else None
        self.said_in_outlook = False
        self.stage.settle()

    @precondition(
        lambda self: (
            self.stage.is_pulled and self._all_is_well() and self.stage.find_row() is not None
        )
    )
    @rule(number=st.integers(40, 49))
    def a_read_lags_behind_the_delta(self, number: int) -> None:
        """What the delta has shown is known to be newer; it rings only once (R5)."""
        self._finish()
        self.user_edits_the_event(number)
        self.stage.notify()
        self.stage.work.drain_mailboxes()
        if self.stage.row.looked_at_version != self.stage.now.modified_at:
            return  # a person's link went first, the pull comes later
        self.stage.outlook.stale_reads = 1
        self.stage.work.drain_links()
        self.stage.outlook.stale_reads = 0
        for _ in range(8):
            self.stage.clock.advance(timedelta(seconds=100))
            self.stage.work.drain_links()
        self.check_promises()

    @precondition(lambda self: self._all_is_well() and self.stage.find_row() is not None)
    @rule(number=st.integers(30, 39))
    def user_unticks_while_a_worker_writes(self, number: int) -> None:
        """The wish changes between a write and its outcome: that outcome is void (A2)."""
        self._finish()
        self.user_edits_the_event(number)
        self.stage.ring(self.stage.event)
        worker = Actor("worker", self.stage.work.drain_links)
        worker.resume()
        while not worker.done and worker.at != "crm.write:after":
            worker.resume()
        pane = Actor("pane untick", lambda: self.stage.attempt(self.stage.untick))
        self.word, self.said_in_outlook = False, False
        self._start(pane)
        self._start(worker)
        self._finish()

    @precondition(
        lambda self: (
            self.world != "pane" and self._all_is_well() and self.stage.find_row() is not None
        )
    )
    @rule()
    def an_answer_of_outlook_comes_late(self) -> None:
        """Its lease is taken by then, and the user takes the category off: that is heard (R3)."""
        self._finish()
        self.stage.settle()
        self.stage.attempt(self.stage.untick)
        self.stage.settle()
        self.word, self.said_in_outlook = None, False
        pane = Actor("pane tick", lambda: self.stage.attempt(self.stage.tick))
        pane.resume()
        while not pane.done and pane.at != "graph.patch:after":
            pane.resume()
        self.stage.clock.advance(timedelta(seconds=100))
        worker = Actor("worker", self.stage.work.drain_links)
        worker.resume()
        if pane.done or worker.done:
            self._start(pane)
            self._start(worker)
            return
        pane.finish()
        self.stage.clock.advance(timedelta(minutes=11))
        self.stage.take_category()
        self._start(worker)
        self._finish()
        self.stage.settle()
        self.word = False

    @rule()
    def user_categorises(self) -> None:
        self.foreign += 1
        if self.said_in_outlook:
            self.word = None
        categories = (*self.stage.now.categories, f"Mine {self.foreign}")
        self.stage.edit(categories=categories)

    @precondition(lambda self: self.world == "everything")
    @rule(private=st.booleans())
    def user_changes_the_privacy(self, private: bool) -> None:
        self.ended = True
        self._disturb()
        self.stage.edit(sensitivity=Sensitivity.PRIVATE if private else Sensitivity.NORMAL)

    @precondition(
        lambda self: (
            self.world == "everything" and self.stage.event.id not in self.stage.outlook.deleted
        )
    )
    @rule()
    def user_moves_the_event(self) -> None:
        self.ended = True
        self.stage.outlook.elsewhere ^= {self.stage.event.id}

    @precondition(lambda self: self.world == "everything" and self.foreign > 1)
    @rule()
    def user_deletes_the_event(self) -> None:
        self.ended = True
        self.stage.outlook.deleted.add(self.stage.event.id)

    @precondition(
        lambda self: (
            self.world == "everything" and self.stage.event.id not in self.stage.outlook.deleted
        )
    )
    @rule(recurring=st.booleans())
    def user_makes_a_series_of_it_or_ends_it(self, recurring: bool) -> None:
        self.ended = True
        self._disturb()
        changed = EventType.SERIES_MASTER if recurring else EventType.SINGLE_INSTANCE
        self.stage.edit(type=changed)

    @rule(
        settings=st.sampled_from(
            [
                {"include_location": False, "include_reminder": False},
                {"include_location": True, "show_as_values": {"busy": "Busy"}},
                {"include_description": False, "category_color": "preset3"},
            ]
        ),
        removes=st.booleans(),
    )
    def admin_saves_settings(self, settings: dict[str, object], removes: bool) -> None:
        """What a record holds changes, nobody's wish does; all records qualify (L9, S6)."""
        self.stage.configure(**settings)
        whose, now = Crowd(firm_id=self.firm_id), self.stage.clock()
        with self.database.write.begin() as session:
            until = now + timedelta(days=7) if removes else None
            judge_again(session, whose, now, review_until=until)

    # -- the CRM -----------------------------------------------------------------------------

    @precondition(lambda self: self.world == "everything" and self.stage.crm.live)
    @rule()
    def colleague_edits_the_record(self) -> None:
        self.ended = True
        self.edits += 1
        self.stage.crm.edit(self.stage.key, subject=f"By hand {self.edits}")
        self.news.heard(self.stage.key)
        fresh = self.stage.row.adopt
        self.protected_since = None if fresh else self.stage.count_history("tick")

    @precondition(lambda self: self.world == "everything" and self.stage.crm.live)
    @rule()
    def colleague_deletes_the_record(self) -> None:
        self.ended = True
        self.stage.crm.delete(self.stage.key)
        self.news.heard(self.stage.key)

    # -- time and faults ---------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 6, 30, 100, 400]))
    def time_passes(self, seconds: int) -> None:
        self.stage.clock.advance(timedelta(seconds=seconds))

    @rule(retry_after=st.sampled_from([None, 0.0, 30.0]))
    def graph_changes_its_mind(self, retry_after: float | None) -> None:
        self.stage.outlook.down = retry_after

    @rule()
    def crm_changes_its_mind(self) -> None:
        self.stage.crm.down = not self.stage.crm.down

    @rule(reads=st.integers(1, 4))
    def graph_lags_behind(self, reads: int) -> None:
        """The next GETs show the version before the newest one (R5)."""
        self.stage.outlook.stale_reads = reads

    @precondition(lambda self: self.world != "pane")
    @rule(paused=st.booleans())
    def admin_pauses_or_resumes(self, paused: bool) -> None:
        self.paused = paused
        self.pausing.pause_firm(self.firm_id) if paused else self.pausing.resume_firm(self.firm_id)

    # -- promises ----------------------------------------------------------------------------

    @invariant()
    def nothing_is_broken_on_the_way(self) -> None:
        if not hasattr(self, "stage"):
            return
        assert not self.broken, self.broken
        assert not self.stage.failures, self.stage.failures
        assert len(self.stage.crm.live) <= 1
        if self.stage.outlook.if_match == "honour":
            for before, after in self.stage.outlook.patches:
                assert [c for c in before if c != CATEGORY] == [c for c in after if c != CATEGORY]

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        try:
            self.stop_faults()
            self.check_promises()
        finally:
            self.stage.retire()

    def stop_faults(self) -> None:
        """Everybody ends, every lease runs out, every look is repeated, the pane is opened."""
        self.stage.outlook.down = None
        self.stage.outlook.stale_reads = 0
        self.stage.crm.down = False
        self._finish()
        self.pausing.resume_firm(self.firm_id)
        self.stage.settle()
        if self.stage.is_pulled:
            # Nobody opens the pane: the delta has told everything, and nobody lost a ring (R1).
            for _ in range(2):
                self.stage.settle()
            self.check_promises()
        elif self.heard is self.stage.now and not self.ended:
            # One lease and one sweep must do.
            self.check_promises()
        for _ in range(3):
            self.stage.attempt(self.stage.view)
            self.stage.later(minutes=61)
            self.stage.settle()
        self.nothing_is_broken_on_the_way()

    def check_promises(self) -> None:
        stage = self.stage
        row = stage.find_row()
        if row is None:
            assert stage.crm.live == []
            return
        link = stage.link
        is_gone = stage.event.id in stage.outlook.deleted
        if stage.now.is_private and not is_gone:
            self._check_private()
        if link.blocked_by not in FREEZING:
            self._check_agreement(is_gone)
        if self.word is False:
            assert not link.is_wanted, ("an untick was undone", stage.history())
        if self.word is True and not self.ended:
            assert link.state is LinkState.LINKED, ("a tick was undone", link, stage.history())

    def _check_private(self) -> None:
        """Invariant 2; a record that somebody had taken over by hand goes as well."""
        assert self.stage.key not in self.stage.crm.records, self.stage.history()

    def _check_agreement(self, is_gone: bool) -> None:
        """Invariants 1 and 7."""
        stage, link = self.stage, self.stage.link
        story = (link, stage.history())
        live = stage.crm.live
        assert link.state in (LinkState.LINKED, LinkState.REMOVED, LinkState.RELEASED), story
        if link.state is LinkState.LINKED:
            assert [record.draft.subject for record in live] == [stage.now.subject], story
        if link.state is LinkState.REMOVED:
            assert live == [], story
        if link.state is LinkState.RELEASED and link.reason == EndReason.EDITED_IN_CRM:
            assert live == [] or live[0].draft.subject.startswith("By hand"), story
        if not is_gone and link.wants_category() is not None:
            may_differ = link.category.permission.value in ("waiting_for_user", "not_permitted")
            assert may_differ or stage.shows_category is link.wants_category(), story

    def _overwritten(self, record: Activity) -> None:
        """Invariant 3: only a later tick lets the product write over what a person wrote."""
        if self.protected_since is None:
            return
        if self.stage.count_history("tick") <= self.protected_since:
            self.broken.append(f"{record.draft.subject!r} was overwritten")

    def _may_move(self) -> bool:
        deleted = self.stage.outlook.deleted
        return self.world == "everything" and self.stage.event.id not in deleted

    def _watchful_gate(self, name: str) -> None:
        """R4: no write to Outlook or the CRM begins under a lease that somebody else has taken."""
        if name in WRITES:
            lease = self.stage.road.leases.get(getcurrent())
            row = self.stage.find_row()
            now = self.stage.clock()
            if lease is not None and row is not None and row.id == lease.link_id:
                is_own = row.lease_token == lease.token
                if not is_own or row.lease_until is None or row.lease_until < now + CALL_DEADLINE:
                    self.broken.append(f"{name} began under a lost lease")
        gate(name)

    # -- inside ------------------------------------------------------------------------------

    def _open_pane(self) -> None:
        """What the opening has shown counts as heard, unless it changed under it."""
        if self.stage.find_row() is None:
            self.stage.attempt(self.stage.view)
            return  # nothing to ring for yet: a tick under way may rest on an older look
        seen, answers = self.stage.now, list[EventAnswer]()
        self.stage.attempt(lambda: answers.append(self.stage.view()))
        if answers and answers[0].event is not None and seen is self.stage.now:
            self.heard = seen

    def _start(self, actor: Actor) -> None:
        self.actors.append(actor)
        actor.resume()
        self._reap()

    def _reap(self) -> None:
        for actor in self.actors:
            if actor.done and actor.error is not None:
                self._judge(actor.error)
        self.actors = [actor for actor in self.actors if not actor.done]

    def _judge(self, error: Exception) -> None:
        code = getattr(error, "code", None)
        if code == "remote_unavailable":
            self.word = None  # 503: nothing is known, the client asks again
            return
        raise error

    def _finish(self) -> None:
        for actor in list(self.actors):
            actor.finish()
        self._reap()

    def _panes(self) -> int:
        return sum(actor.name.startswith("pane") for actor in self.actors)

    def _workers(self) -> int:
        return sum(actor.name == "worker" for actor in self.actors)

    def _disturb(self) -> None:
        """Together with a switch of the category a change may be an older copy (T11)."""
        if self.said_in_outlook and self.stage.row.looked_at_version != self.stage.now.modified_at:
            self.word = None

    def _all_is_well(self) -> bool:
        """No faults, no lag, no pause, and nothing that has ended for a reason of its own."""
        outlook = self.stage.outlook
        is_up = outlook.down is None and not outlook.stale_reads and not self.stage.crm.down
        return is_up and not self.ended and not self.paused

    def _pullers(self) -> int:
        return sum(actor.name == "puller" for actor in self.actors)

    def _is_calm(self) -> bool:
        """Whether wish, memory and mirror agree and nobody is at work: then Outlook is heard."""
        row = self.stage.find_row()
        if self.actors or row is None or row.blocked_by is not None:
            return False
        link = self.stage.link
        return (
            link.category.seen is link.wants_category() is self.stage.shows_category
            and link.looked_at_version == self.stage.now.modified_at
            and link.state in (LinkState.LINKED, LinkState.REMOVED)
            and (row.due_at is None or row.due_at > self.stage.clock())
            and (row.lease_until is None or row.lease_until <= self.stage.clock())
        )
