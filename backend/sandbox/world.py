"""Everything one sandbox holds, in one place; touched on its event loop only."""

import random
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from backend.sandbox.clock import SandboxClock
from backend.sandbox.control.faults import Faults
from backend.sandbox.control.request_log import RequestLog
from backend.sandbox.directory import Directory
from backend.sandbox.entra.codes import GrantStore
from backend.sandbox.entra.keys import KeyRing
from backend.sandbox.entra.policies import Policies
from backend.sandbox.entra.registrations import AppRegistration, sample_registrations
from backend.sandbox.entra.tokens import Tokens
from backend.sandbox.exchange.store import Exchange
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.throttling import Throttle
from backend.sandbox.notifications.notifier import Notifier
from backend.sandbox.personality import Personality
from backend.sandbox.sample import firms
from backend.sandbox.sample.calendars import fill_calendars


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """What the command line decides.

    `scale` adds that many made-up mailboxes to the law firm; `pane_url` is the task pane that the
    Outlook-like page shows; `offset_file` is the clock that our other processes follow.
    `with_calendars` False leaves all calendars empty, for tests that bring their own events.
    """

    seed: int = 7
    scale: int = 0
    pane_url: str = "http://localhost:8000/taskpane/"
    offset_file: Path | None = None
    with_calendars: bool = True


@dataclass(slots=True)
class World:
    """The state of a sandbox. The directory stays the same object; a reset gives a new exchange."""

    settings: SandboxSettings
    clock: SandboxClock
    directory: Directory
    exchange: Exchange
    personality: Personality
    apps: dict[str, AppRegistration]
    keys: KeyRing
    tokens: Tokens
    grants: GrantStore
    faults: Faults
    request_log: RequestLog
    throttle: Throttle
    notifier: Notifier
    policies: Policies
    generation: int = 0

    def graph_caller(self, authorization: str | None) -> Caller:
        """Who holds the token of this Authorization header; raises GraphError 401."""
        return self.tokens.graph_caller(authorization)

    def settle_arrivals(self) -> None:
        """What travels between mailboxes arrives, as far as it is due."""
        self.exchange.arrivals.settle()

    def reset(self) -> None:
        """Back to the sample firms; keys, clock and request log go on."""
        self.take_back_faults()
        self.personality.restore_defaults()
        self.grants.clear()
        self.throttle.forget()
        firms.fill(self.directory, self.clock(), self.settings.scale)
        self.exchange = _fresh_exchange(self.settings, self.directory, self.clock, self.personality)
        self.tokens.forget_callers()
        self.notifier.clear()
        self.notifier.watch(self.exchange)
        self.generation += 1

    def take_back_faults(self) -> None:
        """No fault stands any more; consent and permissions are the sample's again."""
        self.faults.clear()
        for person_id in self.policies.disabled:
            person = self.directory.person_by_id(person_id)
            if person is not None:
                person.account_enabled = True
        self.policies.clear()
        self.directory.mailbox_states.clear()
        for app in self.apps.values():
            app.secrets_expired = app.certificates_expired = False
        firms.restore_grants(self.directory)
        self.tokens.forget_callers()


def new_world(settings: SandboxSettings, clock: SandboxClock | None = None) -> World:
    """A sandbox as the sample firms begin; `clock` replaces the machine's for tests."""
    clock = clock or SandboxClock(settings.offset_file)
    directory = Directory()
    firms.fill(directory, clock(), settings.scale)
    personality = Personality()
    keys = KeyRing(clock)
    # Tokens and codes must differ from run to run; only faults and samples follow the seed.
    unpredictable = random.SystemRandom()
    faults = Faults(random.Random(settings.seed))  # noqa: S311 - repeatable on purpose
    policies = Policies()
    world = World(
        settings=settings,
        clock=clock,
        directory=directory,
        exchange=_fresh_exchange(settings, directory, clock, personality),
        personality=personality,
        apps=sample_registrations(clock() - timedelta(days=30)),
        keys=keys,
        tokens=Tokens(keys, directory, clock, unpredictable, policies),
        grants=GrantStore(clock, unpredictable),
        faults=faults,
        request_log=RequestLog(),
        throttle=Throttle(clock, personality),
        policies=policies,
        notifier=Notifier(clock, faults, settings.seed, directory),
    )
    world.notifier.watch(world.exchange)
    clock.on_advance.append(world.notifier.wake)
    clock.on_advance.append(world.settle_arrivals)
    return world


def _fresh_exchange(
    settings: SandboxSettings,
    directory: Directory,
    clock: SandboxClock,
    personality: Personality,
) -> Exchange:
    exchange = Exchange(directory, clock, personality, settings.seed)
    if settings.with_calendars:
        fill_calendars(exchange, directory, clock(), settings.seed)
    return exchange
