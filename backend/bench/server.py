"""The web application as in production, plus a tap that tells our own time from remote time.

Own time is what a request took inside the application less what its calls to Graph and Entra
took. Log lines are rendered as in production, so that their cost counts, and thrown away.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

from backend.app import create_app
from backend.bootstrap import build
from backend.logs import configure_logging
from backend.serving import serve_until_stopped
from backend.settings import Settings


class Tap:
    """Adds up remote milliseconds per thread and keeps one sample per request."""

    def __init__(self) -> None:
        self._thread = threading.local()
        self.samples: list[tuple[str, int, float, float]] = []

    def __call__(
        self, _logger: Any, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """A structlog processor: reads, changes nothing."""
        if event.get("event") == "remote call":
            self._thread.remote = getattr(self._thread, "remote", 0.0) + float(event["ms"])
        elif event.get("event") == "request":
            remote = getattr(self._thread, "remote", 0.0)
            self._thread.remote = 0.0
            name = f"{event['method']} {event['route']}"
            self.samples.append((name, int(event["status"]), float(event["ms"]), remote))
        return event


def serve(settings: Settings, samples: Path) -> None:
    """Serve until stopped; then write the samples as JSON lines."""
    configure_logging("INFO", "json")
    tap = Tap()
    processors = structlog.get_config()["processors"]
    structlog.configure(processors=[tap, *processors])
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(Nowhere())
    services = build(settings, lambda _kind, _delay: None)
    try:
        serve_until_stopped(create_app(services, settings), settings)
    finally:
        with samples.open("w", encoding="utf-8") as file:
            for sample in tap.samples:
                print(json.dumps(sample), file=file)


class Nowhere:
    """A stream that takes everything and keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""


if __name__ == "__main__":
    serve(Settings.from_env(dict(json.loads(sys.argv[1]))), Path(sys.argv[2]))
