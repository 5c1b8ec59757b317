"""``/api/admin``: log, explanation, numbers and retries (A6-A9)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from backend.api.admin_reports_json import (
    DashboardSchema,
    EventKeySchema,
    ExplanationSchema,
    LogExportQuerySchema,
    LogPageSchema,
    LogQuerySchema,
    ReplaySchema,
    RetryQuerySchema,
    RungSchema,
)
from backend.api.authentication import caller
from backend.api.fields import rfc3339
from backend.services.administration.desk import Administration
from backend.services.reports import LogLine

_COLUMNS = (
    "at",
    "kind",
    "line",
    "outcome",
    "user",
    "event_id",
    "ical_uid",
    "codes",
    "fields",
    "request_id",
    "message",
    "error",
    "processed",
    "synced",
    "errors",
    "looks",
    "quiet_looks",
    "duration_ms",
)


def add_reports(api: Blueprint, administration: Administration) -> None:
    """Put what support sees, too, into the views' blueprint."""

    @api.get("/log")
    @api.arguments(LogQuerySchema, location="query")
    @api.response(200, LogPageSchema)
    def show_log(query: dict[str, Any]) -> Any:
        """Looks at mailboxes, decisions, writes, refusals and failures, newest first; masked."""
        return administration.log.page(
            caller(), query["chosen"], limit=query["limit"], after=query["after"]
        )

    @api.get("/log.csv")
    @api.arguments(LogExportQuerySchema, location="query")
    @api.response(200, {"type": "string"}, content_type="text/csv")
    def export_log(query: dict[str, Any]) -> Response:
        """The lines that the log shows under the same filters."""
        lines = administration.log.export(caller(), query["chosen"])
        named = {"Content-Disposition": 'attachment; filename="calendar-sync-log.csv"'}
        return Response(_csv(lines), content_type="text/csv; charset=utf-8", headers=named)

    @api.get("/explain")
    @api.arguments(EventKeySchema, location="query")
    @api.response(200, ExplanationSchema)
    def explain(query: dict[str, Any]) -> Any:
        """Why an event did or did not sync: rules, looks and writes in order."""
        return administration.reporting.explain(caller(), **query)

    @api.post("/explain/replay")
    @api.arguments(EventKeySchema)
    @api.response(200, ReplaySchema)
    def replay(body: dict[str, Any]) -> Any:
        """What today's rules say of the event as it is; writes nothing."""
        return administration.reporting.replay(caller(), **body)

    @api.get("/log/errors")
    @api.arguments(RetryQuerySchema, location="query")
    @api.response(200, RungSchema)
    def count_errors(query: dict[str, Any]) -> Any:
        """How many events and mailboxes a retry of the last days' errors would try again."""
        return administration.log.count_errors(caller(), query["days"])

    @api.get("/dashboard")
    @api.response(200, DashboardSchema)
    def show_dashboard() -> Any:
        """Numbers of the last 30 days."""
        return administration.reporting.dashboard(caller())


def add_report_acts(api: Blueprint, administration: Administration) -> None:
    """Put what only admins may ask for into theirs."""

    @api.post("/log/<string:line_id>/retry")
    @api.response(200, RungSchema)
    def retry(line_id: str) -> Any:
        """Try again what a line is about."""
        return administration.log.retry(caller(), line_id)

    @api.post("/log/retry-errors")
    @api.arguments(RetryQuerySchema, location="query")
    @api.response(200, RungSchema)
    def retry_errors(query: dict[str, Any]) -> Any:
        """Try again whatever failed in the last days."""
        return administration.log.retry_errors(caller(), query["days"])


def _csv(lines: Iterator[LogLine]) -> Iterator[str]:
    yield _row(_COLUMNS)
    for line in lines:
        yield _row(tuple(_cell(getattr(line, name)) for name in _COLUMNS))


def _row(cells: tuple[str, ...]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _cell(value: Any) -> str:
    """Text that no spreadsheet takes for a formula (OWASP: CSV injection)."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        text = " ".join(value)
    else:
        text = rfc3339(value) if isinstance(value, datetime) else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
