"""Runs the web application with waitress until somebody asks it to stop."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import structlog
from flask import Flask
from waitress import create_server

from backend.settings import Settings

_log = structlog.get_logger(__name__)

_MOST_BYTES = 64 * 1024 * 1024
"""Beyond this waitress refuses by itself; below, the application does so with a problem."""


def serve_until_stopped(app: Flask, settings: Settings) -> None:
    """Serve; SIGTERM and Ctrl-C let running requests end (waitress gives them five seconds)."""
    server = create_server(
        app,
        host=settings.host,
        port=settings.port,
        threads=settings.web_threads,
        ident=None,
        connection_limit=1000,
        backlog=1024,
        max_request_body_size=_MOST_BYTES,
        url_scheme="https" if settings.is_https else "http",
    )
    for name in ("SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stop)
    _log.info("web_ready", host=settings.host, port=settings.port)
    server.run()
    _log.info("web_stopped")


def _stop(_signal: int, _frame: FrameType | None) -> None:
    # waitress takes SystemExit in its loop as the wish to end.
    sys.exit(0)
