"""Structured logs: one JSON line per event on standard error, never a token, body or subject."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_TALKATIVE = ("urllib3", "msal", "requests", "waitress.queue", "huey", "alembic")
"""Libraries whose lower levels print addresses with ids in them, or simply too much."""

_SECRET_NAMES = frozenset(
    {"authorization", "token", "access_token", "id_token", "assertion", "client_secret", "cookie"}
    | {"body", "subject", "password", "secret"}
)
_SHOWN = 12


def configure_logging(level: str = "INFO", form: str = "json") -> None:
    """Send our own and the libraries' records through the same chain. Call once per program."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        withhold,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=False)
        if form == "text"
        else structlog.processors.JSONRenderer()
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def withhold(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what must not be logged (X4) and shorten ids of events; the last line of defence."""
    for name, value in event.items():
        if name in _SECRET_NAMES:
            event[name] = "withheld"
        elif name.endswith("event_id") and isinstance(value, str):
            event[name] = short(value)
    return event


def short(event_id: str) -> str:
    """The end of an id: Outlook ids of one mailbox all begin alike."""
    return event_id if len(event_id) <= _SHOWN else f"…{event_id[-_SHOWN:]}"
