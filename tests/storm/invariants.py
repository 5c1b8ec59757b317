"""The invariants of architecture.md §7 that calendars and CRM alone do not show.

Looks into the database, into what the processes wrote, and at every request they sent.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, Text, cast, create_engine, func, select

from backend.crm import models as crm_models
from backend.db import models
from tests.storm.world import Discrepancy

WRITES = (
    ("PATCH", re.compile(r"^(/v1\.0)?/users/[^/]+/(calendar/)?events/[^/]+$")),
    ("POST", re.compile(r"^(/v1\.0)?/users/[^/]+/outlook/masterCategories$", re.I)),
    ("POST", re.compile(r"^(/v1\.0)?/subscriptions(/[^/]+/reauthorize)?$")),
    ("PATCH", re.compile(r"^(/v1\.0)?/subscriptions/[^/]+$")),
    ("DELETE", re.compile(r"^(/v1\.0)?/subscriptions/[^/]+$")),
    ("POST", re.compile(r"^(/v1\.0)?/\$batch$")),
)
"""The only requests of ours that may change anything at Microsoft (X2)."""
UNFORESEEN = re.compile(
    r"unexpected_error|drain\.failed|pull\.failed|work_failed|operation\.failed"
    r'|"status": 5\d\d, "code": (?!"(graph_unavailable|database_unavailable|not_stored)")[^,]*'
)
"""In a log: a failure nobody had thought of, or an answer that blames ourselves."""
REFUSED = re.compile(r'"status": 503, "code": "(database_unavailable|not_stored)"')
"""Answers that ask the caller to come again because the database did not answer."""
CROWDED = "too many clients already"
"""What a PostgreSQL says that others than the storm have filled; work is taken up again then."""
WAITING = frozenset({"left_calendar"})
"""What may keep a wish waiting for good: the event may come back."""
OURS: Mapping[str, Table] = models.Base.metadata.tables
CRM: Mapping[str, Table] = crm_models.Base.metadata.tables
LINKS = OURS["links"]


def forbidden_writes(requests: Iterable[Mapping[str, Any]], apps: Collection[str]) -> set[str]:
    """Requests of our applications to Graph that write something else than we may."""
    return {
        f"{row['method']} {row['path'].partition('?')[0]}"
        for row in requests
        if row["host"] == "graph"
        and row["app"] in apps
        and row["method"] not in ("GET", "HEAD")
        and not any(
            row["method"] == method and path.match(row["path"].partition("?")[0])
            for method, path in WRITES
        )
    }


def texts_in_logs(files: Iterable[Path], marks: Collection[str]) -> Iterator[Discrepancy]:
    """X4: no subject and no token in what web and workers wrote, and no unexpected failure."""
    token = re.compile(r"eyJ[\w-]{20,}\.[\w-]{20,}")
    subject = re.compile(r"Mark\d{6}x")
    for file in files:
        text = file.read_text(errors="replace")
        if (found := subject.search(text)) and found[0] in marks:
            yield Discrepancy("subject_in_log", "", found[0], "no subject in a log", file.name)
        if token.search(text):
            yield Discrepancy("token_in_log", "", "", "no token in a log", file.name)


def failures_in_logs(
    files: Iterable[Path], seen: dict[Path, int], refused: Counter[str]
) -> Iterator[Discrepancy]:
    """Failures that nothing in the product foresaw, in what was written since ``seen`` (moved on).

    ``refused`` counts answers that were put off for the database's sake: on a server that others
    fill, too, they are right.
    """
    for file in files:
        text = file.read_bytes()
        begin = seen.get(file, 0)
        seen[file] = text.rfind(b"\n") + 1
        for line in text[begin : seen[file]].decode(errors="replace").splitlines():
            refused["put off: no database"] += bool(REFUSED.search(line))
            if (found := UNFORESEEN.search(line)) is not None and CROWDED not in line:
                what = f"{file.name}: {found[0]}: {line[-700:]}"
                yield Discrepancy("unforeseen_failure", "", "", "none", what)


class Tables:
    """The product's database, read as an administrator would."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)

    def close(self) -> None:
        self._engine.dispose()

    def texts(self, marks: Collection[str], private: Collection[str]) -> Iterator[Discrepancy]:
        """X4: subjects stand in the CRM's tables only, and those of private events nowhere."""
        with self._engine.connect() as connection:
            for table in (*OURS.values(), *CRM.values()):
                for mark, column in _marks_in(connection, table):
                    where = f"{table.name}.{column}"
                    if mark in private:
                        yield Discrepancy("private_text", "", mark, "no trace", where)
                    elif table.name in OURS and mark in marks:
                        yield Discrepancy("subject_kept", "", mark, "codes and ids only", where)

    def due(self, now: datetime) -> dict[str, int]:
        """How much is due or being worked on, by table; empty when all is at rest."""
        found: dict[str, int] = {}
        with self._engine.connect() as connection:
            for table in (LINKS, OURS["watches"]):
                columns = table.c
                leased = columns.lease_token.is_not(None) & (columns.lease_until > now)
                query = select(func.count()).where((columns.due_at <= now) | leased)
                if count := connection.scalar(query.select_from(table)):
                    found[table.name] = count
        return found

    def unfinished(self) -> Iterator[Discrepancy]:
        """Invariant 7: wishes that nobody carries out any more."""
        query = select(LINKS.c.ical_uid, LINKS.c.event_id, LINKS.c.state, LINKS.c.blocked_by).where(
            LINKS.c.state.in_(["pending", "removing"])
        )
        with self._engine.connect() as connection:
            for uid, event_id, state, blocked_by in connection.execute(query):
                if blocked_by in WAITING:
                    continue
                found = f"{state}, blocked by {blocked_by}"
                yield Discrepancy("unfinished_link", "", uid or event_id, "carried out", found)

    def states(self) -> dict[str, int]:
        """Links by state."""
        query = select(LINKS.c.state, func.count()).group_by(LINKS.c.state)
        with self._engine.connect() as connection:
            return {str(state): count for state, count in connection.execute(query)}

    def mailbox_problems(self) -> dict[str, int]:
        """Mailboxes that stopped, by why: the brake (L7) among them."""
        problem = OURS["mailboxes"].c.problem
        query = select(problem, func.count()).where(problem.is_not(None)).group_by(problem)
        with self._engine.connect() as connection:
            return {str(row[0]): row[1] for row in connection.execute(query)}

    def history(self, ical_uid: str) -> list[str]:
        """The link of an event and what its history says, oldest first, for a report."""
        lines: list[str] = []
        history = OURS["history"]
        with self._engine.connect() as connection:
            for link in connection.execute(select(LINKS).where(LINKS.c.ical_uid == ical_uid)):
                row = link._mapping
                lines.append("link " + _shown(row, ("firm_id", "event_id", "ical_uid")))
                query = select(history).where(history.c.link_id == row["id"])
                for line in connection.execute(query.order_by(history.c.at, history.c.id)):
                    hidden = ("id", "firm_id", "link_id", "mailbox_id", "event_id")
                    lines.append("  " + _shown(line._mapping, hidden))
        return lines


def _shown(row: Mapping[Any, Any], hidden: Collection[str]) -> str:
    pairs = ((str(name), value) for name, value in row.items())
    return " ".join(
        f"{name}={value}"
        for name, value in pairs
        if name not in hidden and value not in (None, [], False, "")
    )


def _marks_in(connection: Connection, table: Table) -> Iterator[tuple[str, str]]:
    pattern = re.compile(r"Mark\d{6}x")
    for column in table.c:
        text = cast(column, Text)
        if not _may_hold_text(column.type):
            continue
        for value in connection.scalars(select(text).where(text.like("%Mark______x%"))):
            for mark in set(pattern.findall(value)):
                yield mark, column.name


def _may_hold_text(kind: Any) -> bool:
    try:
        return kind.python_type in (str, dict, list)
    except NotImplementedError:
        return True
