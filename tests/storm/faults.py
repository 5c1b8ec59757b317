"""What goes wrong meanwhile: drawn orders for the sandbox, and workers that are killed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.storm.clients import Outlook

MAILBOX = "^/users/"
Order = dict[str, Any]


def _requests(**order: Any) -> Callable[[random.Random], Order]:
    """A fault on calls to mailboxes: of any method, or of one."""

    def make(chance: random.Random) -> Order:
        match: dict[str, str] = {"path": MAILBOX}
        if chance.random() < 0.4:
            match["method"] = chance.choice(("GET", "PATCH"))
        applied = {"applied": True} if order["kind"] != "status" and chance.random() < 0.5 else {}
        return {"match": match, "times": chance.randint(1, 6)} | order | applied

    return make


def _plain(**order: Any) -> Callable[[random.Random], Order]:
    return lambda _chance: dict(order)


WEATHER: dict[str, tuple[int, Callable[[random.Random], Order]]] = {
    "429": (5, _requests(kind="status", status=429, retry_after=5)),
    "503": (5, _requests(kind="status", status=503)),
    "reset": (3, _requests(kind="reset")),
    "truncate": (2, _requests(kind="truncate")),
    "hang": (1, lambda c: _requests(kind="hang", seconds=3)(c) | {"times": 1}),
    "slow": (2, _requests(kind="delay", seconds=0.5)),
    "token 503": (
        1,
        _plain(kind="status", status=503, times=2, match={"path": "oauth2/v2.0/token"}),
    ),
    "delta 410": (3, _plain(kind="delta", expire=True, times=1)),
    "delta 410 location": (2, _plain(kind="delta", expire="location", times=1)),
    "delta resync": (2, _plain(kind="delta", expire="resync_required", times=1)),
    "delta replay": (3, _plain(kind="delta", replay=True, times=3)),
    "delta empty page": (2, _plain(kind="delta", empty_page=True, times=3)),
    "delta duplicate item": (3, _plain(kind="delta", duplicate_item=True, times=5)),
    "notifications lost": (3, _plain(kind="notifications", drop=True, times=10)),
    "notifications doubled": (2, _plain(kind="notifications", duplicate=2, times=10)),
    "notifications late": (3, _plain(kind="notifications", delay=90, times=10)),
    "notifications reordered": (2, _plain(kind="notifications", reorder=True, times=10)),
    "lifecycle missed": (1, _plain(kind="lifecycle", event="missed")),
    "lifecycle removed": (1, _plain(kind="lifecycle", event="subscriptionRemoved")),
    "lifecycle reauthorize": (1, _plain(kind="lifecycle", event="reauthorizationRequired")),
}


class Weather:
    """Draws faults; ``counts`` says how often each was ordered."""

    def __init__(self, chance: random.Random, outlook: Outlook, counts: Counter[str]) -> None:
        self._chance = chance
        self._outlook = outlook
        self._counts = counts

    def change(self) -> None:
        """One more fault."""
        names = list(WEATHER)
        weights = [WEATHER[name][0] for name in names]
        name = self._chance.choices(names, weights)[0]
        self._outlook.faults(WEATHER[name][1](self._chance))
        self._counts[name] += 1

    def calm(self) -> None:
        """No faults any more; what was held is let go."""
        self._outlook.clear_faults()
