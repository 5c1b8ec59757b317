"""The random storm: people, faults and killed workers; then calm, and every promise is checked.

A seed makes the same draws, but processes run as they like: a finding names the seed and carries
the event's acts and history, so that it can be told and looked for.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import requests

from backend.bell import KINDS, SWEEP, add_tasks, open_queue
from tests.storm.acts import Nothing, OutlookActs
from tests.storm.clients import Outlook, Pages, RefusedError
from tests.storm.evaluator import Report, evaluate
from tests.storm.faults import Weather
from tests.storm.invariants import Tables, failures_in_logs, forbidden_writes, texts_in_logs
from tests.storm.journal import Journal, marked
from tests.storm.meetings import Cast, Meetings
from tests.storm.outcome import Outcome, Plan
from tests.storm.product_acts import CrmActs, PaneActs
from tests.storm.reading import Reader
from tests.storm.stack import Deployment, now_of, running_deployment
from tests.storm.world import Discrepancy, Firm, Member, World

LASTING = frozenset({"alias_not_matched", "mail", "lost_category"})
"""Findings that no waiting mends."""
STEP = timedelta(minutes=16)
"""How far the clock moves at once when all is calm: every mailbox has to be looked at by then."""
NEW_WINDOWS = timedelta(hours=26)
"""Where a delta never tells of a deletion, the next new window does: within a day."""
MOST_STEPS = 12
REST_SECONDS = 90.0
"""Real seconds that one step may take until nothing is due."""


def play(plan: Plan, folder: Path, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Start everything, play, settle, judge; stop at the first burst with findings."""
    outcome = Outcome(plan)
    began = time.monotonic()
    with ExitStack() as stack:
        deployment = stack.enter_context(running_deployment(folder, plan.shape))
        storm = Storm(plan, deployment, outcome, say)
        stack.callback(storm.close)
        storm.play()
        outcome.deaths = deployment.deaths
    outcome.seconds = time.monotonic() - began
    return outcome


class Storm:
    """One run over a deployment that is there already."""

    def __init__(
        self, plan: Plan, deployment: Deployment, outcome: Outcome, say: Callable[[str], None]
    ) -> None:
        self._plan = plan
        self._deployment = deployment
        self._outcome = outcome
        self._say = say
        self._chance = random.Random(plan.seed)
        self._outlook = Outlook(deployment.sandbox)
        self._pages = Pages(deployment.web, self._outlook)
        self._tables = Tables(deployment.settings.database_url)
        self._reader = Reader(deployment.sandbox, deployment.web, deployment.applications)
        self._queue = open_queue(
            deployment.settings.queue_url, deployment.settings.keys_for("queue")[0], waits=False
        )
        self._tasks = add_tasks(self._queue)
        self._firm = Firm(deployment.tenant_id, frozenset(deployment.tenant["domains"]))
        self._members = _members(deployment)
        self._began = self._clock()
        self._known: World | None = None
        self._seen_request = 0
        self._logs_seen: dict[Path, int] = {}
        self._admin = next(
            p["address"] for p in deployment.tenant["people"] if "admin" in p["roles"]
        )
        self._journal = Journal(self._read(with_copies=False), self._clock)
        self._weather = Weather(self._chance, self._outlook, outcome.faults)

    def close(self) -> None:
        self._queue.storage.close()
        self._tables.close()

    def play(self) -> None:
        if self._plan.personality:
            self._outlook.call("POST", "/personality", dict(self._plan.personality))
        acts = self._acts()
        if not self._settle("start"):
            return
        left = self._plan.acts
        while left > 0:
            burst = min(left, self._plan.burst)
            self._burst(burst, acts)
            left -= burst
            done = self._plan.acts - left
            if not self._settle(f"{done} acts"):
                return

    # --- the storm --------------------------------------------------------------------------------

    def _acts(self) -> list[tuple[int, str, Callable[[], None]]]:
        cast = self._cast()
        outlook = OutlookActs(
            self._chance,
            self._outlook,
            self._journal,
            Meetings(self._chance, cast, self._clock),
            cast.private,
            our_app=self._we_wrote,
            ignores_if_match=self._plan.personality.get("if_match") == "ignore",
        )
        pane = PaneActs(self._chance, self._pages, self._journal, self._outcome.answers)
        crm = CrmActs(self._chance, self._pages, self._journal, self._deployment.tenant_id)
        acts = [*outlook.weighted(), *pane.weighted(), *crm.weighted()]
        return [act for act in acts if act[1] not in self._plan.without]

    def _cast(self) -> Cast:
        enabled = [address for address, is_on in self._deployment.enabled.items() if is_on]
        left_out = [address for address, is_on in self._deployment.enabled.items() if not is_on]
        world = self._read(with_copies=False)
        private = {e for c in world.contacts if c.private for e in c.emails}
        own = self._firm.own_domains
        open_ = sorted(
            {e for c in world.contacts for e in c.emails if e.partition("@")[2] not in own}
            - private
        )
        chosen = {e for c in world.contacts if c.types & self._firm.contact_types for e in c.emails}
        often = sorted(chosen & set(open_)) * 2
        return Cast([*enabled, *left_out[:2]], [*open_, *often], sorted(private))

    def _burst(self, number: int, acts: list[tuple[int, str, Callable[[], None]]]) -> None:
        weights = [weight for weight, _name, _act in acts]
        for _ in range(number):
            self._disturb()
            time.sleep(self._plan.pace * self._chance.random() * 2)
            while True:
                _weight, name, act = self._chance.choices(acts, weights)[0]
                try:
                    act()
                except Nothing:
                    continue
                except RefusedError as no:
                    self._outcome.acts[f"{name}: refused ({no.status})"] += 1
                except requests.RequestException as error:
                    self._outcome.acts[f"{name}: {type(error).__name__}"] += 1
                else:
                    self._outcome.acts[name] += 1
                    break

    def _disturb(self) -> None:
        if self._chance.random() < self._plan.faults:
            self._weather.change()
        if self._chance.random() < self._plan.kills:
            number = self._chance.randrange(self._plan.shape.workers)
            self._deployment.kill_worker(number)
            self._outcome.faults["worker killed"] += 1
        if self._chance.random() < 0.05:
            self._outlook.advance(self._chance.uniform(1, 60))

    def _we_wrote(self, since: int, mailbox: str) -> bool:
        """Whether our applications wrote into the mailbox after that request."""
        return any(
            row["method"] != "GET" and (row["mailbox"] or "").casefold() == mailbox.casefold()
            for row in self._outlook.requests_since(since)
            if row["host"] == "graph" and row["app"] in self._deployment.applications
        )

    # --- the calm ---------------------------------------------------------------------------------

    def _settle(self, when: str) -> bool:
        """Let time pass until nothing is due and the two opinions agree; False with findings."""
        self._weather.calm()
        begin, clock = time.monotonic(), self._clock()
        agreed: tuple[float, float] | None = None
        report = Report()
        world: World | None = None
        for step in range(MOST_STEPS):
            self._rest()
            world = self._read()
            report = evaluate(world, self._journal.stories)
            if any(finding.kind not in LASTING for finding in report.findings):
                agreed = None
            elif agreed is None:
                moved = (self._clock() - clock).total_seconds()
                agreed = (time.monotonic() - begin, moved)
            if agreed is not None and step >= self._plan.quiet_steps:
                break
            ahead = NEW_WINDOWS if step == 0 and self._is_silent else STEP
            self._outlook.advance(ahead.total_seconds())
            self._pages.forget_tokens()
        assert world is not None
        report.findings += self._restless(self._rest())
        report.findings += self._other_findings()
        self._conclude(report, world, agreed, when)
        self._deployment.check()
        self._outcome.faults["worker that ended by itself"] += self._deployment.revive()
        return not report.findings

    def _rest(self) -> Mapping[str, int]:
        """Ring as the sweep would, and wait until nothing is due (polling, in real time).

        Answers what was due to the last, how many of each.
        """
        self._outcome.faults["worker that ended by itself"] += self._deployment.revive()
        until = time.monotonic() + REST_SECONDS
        quiet = 0
        due: Mapping[str, int] = {}
        while quiet < 3 and time.monotonic() < until:
            for kind in (*KINDS, SWEEP):
                self._tasks[kind]()
            due = self._tables.due(self._clock())
            quiet = 0 if due else quiet + 1
            time.sleep(0.25)
        return due

    def _restless(self, due: Mapping[str, int]) -> list[Discrepancy]:
        return [
            Discrepancy("not_at_rest", "", "", "nothing due", f"{count} {name}")
            for name, count in due.items()
        ]

    def _other_findings(self) -> list[Discrepancy]:
        stories = self._journal.stories.values()
        private = {
            mark
            for trail in self._journal.trails.values()
            if trail.copy.is_private and not trail.story.hid_briefly
            for mark in trail.story.marks
        }
        found = list(self._tables.texts(marked(stories), private))
        found += texts_in_logs(self._deployment.logs, marked(stories))
        found += failures_in_logs(self._deployment.logs, self._logs_seen, self._outcome.answers)
        log = list(self._outlook.requests_since(self._seen_request))
        self._seen_request = self._outlook.last_request()
        for write in sorted(forbidden_writes(log, self._deployment.applications)):
            found.append(Discrepancy("forbidden_write", "", "", "categories only", write))
        for problem, count in self._tables.mailbox_problems().items():
            # Where the brake (L7) can be released by the admin, this is the place to do it.
            found.append(Discrepancy("mailbox_problem", "", "", "none", f"{problem} × {count}"))
        found += self._tables.unfinished()
        return found

    def _conclude(
        self, report: Report, world: World, agreed: tuple[float, float] | None, when: str
    ) -> None:
        outcome = self._outcome
        outcome.counts = report.counts
        outcome.findings = report.findings
        outcome.states = self._tables.states()
        if agreed is not None:
            outcome.settled.append(agreed)
        for uid in dict.fromkeys(f.event for f in report.findings if f.event):
            outcome.stories += self._story_of(uid)
        learned = Counter(self._journal.settled(world))
        outcome.learned += learned
        heard = self._outlook.call("GET", "/subscriptions")["items"]
        outcome.subscriptions = len(heard)
        seconds = f"{agreed[0]:.1f} s" if agreed else "never"
        self._say(
            f"{when}: {len(report.findings)} findings, settled in {seconds},"
            f" {dict(report.counts)}, links {outcome.states}, learned {dict(learned)},"
            f" {len(heard)} subscriptions"
        )

    def _story_of(self, uid: str) -> list[str]:
        trail = self._journal.trails.get(uid)
        lines = [f"--- {uid}"]
        if trail is not None:
            story = trail.story
            lines.append(
                f"{trail.owner} {trail.mark} word={story.word} unsure={story.unsure}"
                f" ever_wanted={story.ever_wanted} was_linked={story.was_linked}"
                f" edited={story.edited} removed={story.removed_in_crm}"
            )
            lines += [f"  {line}" for line in trail.lines]
        return lines + self._tables.history(uid)

    @property
    def _is_silent(self) -> bool:
        return self._plan.personality.get("removed_line") == "silent"

    # --- parts ------------------------------------------------------------------------------------

    def _clock(self) -> datetime:
        return now_of(self._deployment.folder / "clock-offset")

    def _read(self, *, with_copies: bool = True) -> World:
        owners = [member.address for member in self._members]
        world = self._reader.world(
            self._firm,
            self._members,
            reader=self._admin,
            began=self._began,
            owners=owners,
            known=self._known,
        )
        self._known = self._known or world
        return world if with_copies else replace(world, copies=())


def _members(deployment: Deployment) -> list[Member]:
    ids = {p["address"].casefold(): p["id"] for p in deployment.tenant["people"] if p["address"]}
    return [
        Member(ids[address], address, enabled=is_on, activated_at=deployment.activated_at)
        for address, is_on in deployment.enabled.items()
    ]
