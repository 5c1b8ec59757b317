"""A process of the product that kills itself, truly, at its k-th step.

``python -m tests.support.dying_process`` with one JSON document on standard input: ``settings`` as
for :class:`Settings`, ``offset_file``, ``work`` (``tick``, ``untick`` or ``drain``), ``token``,
``event_id`` and ``kill_at``. Steps are the start and the end of every call to Microsoft and of
every write to the CRM, and the moments before and after every commit.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import event

from backend.adapters.http import Http
from backend.bootstrap import OffsetClock, build
from backend.crm.gateway import EmbeddedCrm
from backend.settings import Settings


class Countdown:
    """Kills this process when it reaches zero."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def step(self, *_anything: object) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            self.step()
            answer = call(*args, **more)
            self.step()
            return answer

        return counted


def main() -> None:
    order = json.load(sys.stdin)
    given = order["settings"]
    settings = Settings(
        **given | {"tenants": tuple(given["tenants"]), "secret_keys": tuple(given["secret_keys"])}
    )
    services = build(settings, lambda _kind, _delay: None, clock=OffsetClock(Path(order["offset"])))
    principal = services.verifier.verify(order["token"])
    countdown = Countdown(order["kill_at"])
    Http.request = countdown.around(Http.request)  # type: ignore[method-assign]
    for name in ("write_activity", "remove_activity"):
        setattr(EmbeddedCrm, name, countdown.around(getattr(EmbeddedCrm, name)))
    event.listen(services.database.write_engine, "commit", countdown.step)
    match order["work"]:
        case "tick":
            services.linking.tick(principal, order["event_id"], None)
        case "untick":
            services.linking.untick(principal, order["event_id"], None)
        case "drain":
            services.work.drain_links()
    sys.stdout.write("survived")


if __name__ == "__main__":
    main()
