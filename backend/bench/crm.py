"""Measures the embedded CRM over a big firm: matching, grids and search, as their callers use them.

Each case runs several times, with other contacts, words and pages each time, on a database that
was filled for it. SQLite and PostgreSQL get the same rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from backend.bench.crm_data import (
    APART,
    LAST,
    SUBJECTS,
    TENANT,
    TOPICS,
    Size,
    address,
    contact_id,
    load,
    originator,
)
from backend.bench.pane import own_schema, percentile
from backend.crm import naming
from backend.crm.access import CrmCaller
from backend.crm.activity_desk import ActivityDesk
from backend.crm.activity_filter import ActivityFilter
from backend.crm.contact_desk import ContactDesk
from backend.crm.gateway import EmbeddedCrm
from backend.crm.paging import cursor
from backend.domain.crm import ActivityKind
from backend.sql import Database

PAGE = 50
ADDRESSES = 500
SOMEBODY = CrmCaller(TENANT, "u17", "Member 17", originator(17))
"""Sees what is everybody's and what is his own."""

Case = tuple[str, Callable[[int], object]]
"""A name, and what to do in the n-th run; the size of its answer is reported, too."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """How long the rows took to write, indexes included."""

    database: str
    activities: int
    contacts: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Timing:
    """One case; milliseconds."""

    what: str
    database: str
    count: int
    found: int
    """Rows of the first run's answer: a case that finds nothing by mistake would be fast."""
    p50: float
    p95: float
    longest: float


@dataclass(frozen=True, slots=True)
class CrmResult:
    """One run over one or both databases."""

    loaded: tuple[Loaded, ...]
    timings: tuple[Timing, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same for machines."""
        return {
            "crm_loaded": [asdict(row) for row in self.loaded],
            "crm": [asdict(row) for row in self.timings],
        }


def measure_crm(
    work_dir: Path, *, postgres_url: str | None, size: Size, runs: int = 20
) -> CrmResult:
    """Fill an empty database of each kind, measure every case on it, and throw it away."""
    loaded: list[Loaded] = []
    timings: list[Timing] = []
    with own_schema(postgres_url) as schema_url:
        urls = {"sqlite": f"sqlite:///{work_dir / 'crm.db'}", "postgresql": schema_url}
        for name, url in urls.items():
            if url is None:
                continue
            database = Database(make_url(url), pool_size=2)
            try:
                seconds = load(database, size)
                loaded.append(Loaded(name, size.activities, size.contacts, round(seconds, 1)))
                timings += measure_all(database, size, runs)
            finally:
                database.dispose()
    return CrmResult(tuple(loaded), tuple(timings))


def measure_all(database: Database, size: Size, runs: int) -> list[Timing]:
    """Every case on a database that is filled already."""
    return [_timed(database.dialect, case, runs) for case in cases(database, size)]


def cases(database: Database, size: Size) -> Iterator[Case]:
    """Every case, in the order of the table."""
    yield from _matching(database, size)
    yield from _grids(database, size)
    yield from _lists(database, size)
    yield from _searches(database)
    yield "a contact changes: whom to look at", lambda n: _named(database, size, n)
    contacts = ContactDesk(database, _now)
    yield (
        "contacts: search a name",
        lambda n: contacts.page(SOMEBODY, query=f"person {n * 37} ", limit=PAGE).items,
    )
    yield (
        "contacts: search nobody",
        lambda n: contacts.page(SOMEBODY, query=f"nobody {n}", limit=PAGE).items,
    )


def crm_table(result: CrmResult) -> str:
    """The result for people."""
    lines = [
        f"{row.database}: {row.activities:,} activities and {row.contacts:,} contacts loaded in"
        f" {row.seconds} s"
        for row in result.loaded
    ]
    lines.append(
        f"{'CRM (ms)':>36}{'database':>12}{'runs':>6}{'rows':>6}{'p50':>9}{'p95':>9}{'longest':>9}"
    )
    lines += [
        f"{row.what:>36}{row.database:>12}{row.count:>6}{row.found:>6}{row.p50:>9}{row.p95:>9}"
        f"{row.longest:>9}"
        for row in result.timings
    ]
    return "\n".join(lines)


def _matching(database: Database, size: Size) -> Iterator[Case]:
    crm = EmbeddedCrm(database, _now)

    def asked(n: int, known: int) -> list[str]:
        numbers = range(n * ADDRESSES, n * ADDRESSES + ADDRESSES)
        return [
            address(number * 97 % size.contacts, size).upper()
            if place < known
            else f"stranger{number}@nowhere.example"
            for place, number in enumerate(numbers)
        ]

    yield (
        "match 500 addresses, all known",
        lambda n: crm.contacts_by_address(TENANT, asked(n, ADDRESSES)),
    )
    yield (
        "match 500 addresses, a fifth known",
        lambda n: crm.contacts_by_address(TENANT, asked(n, ADDRESSES // 5)),
    )


def _grids(database: Database, size: Size) -> Iterator[Case]:
    desk = ActivityDesk(database, _now)
    biggest = ("contact", contact_id(0))
    deep = cursor(LAST - size.activities * APART * 0.95, "z")

    def page(mention: tuple[str, str] = biggest, after: str | None = None, **wanted: Any) -> object:
        found = desk.page(
            SOMEBODY, ActivityFilter(mention=mention, **wanted), limit=PAGE, after=after
        )
        return found.items

    yield (
        "a contact's grid, first page",
        lambda n: page(("contact", contact_id(1 + n * 211 % (size.contacts - 1)))),
    )
    yield "biggest client's grid, first page", lambda _n: page()
    yield "biggest client's grid, deep page", lambda _n: page(after=deep)
    yield "biggest client, past", lambda _n: page(ends_by=_now())
    yield "biggest client, upcoming", lambda _n: page(ends_after=_now())
    yield "biggest client, one month", lambda n: page(**_month(n, size))
    yield "biggest client, rare type", lambda _n: page(type="Arbitration")
    yield "biggest client, one originator", lambda n: page(originator=originator(n % 4 * 50))
    yield "biggest client, words", lambda n: page(query=f"{TOPICS[n % len(TOPICS)]} 15")
    yield (
        "a company's grid, first page",
        lambda n: page(("company", f"y{10_000_000 + n * 13 % size.companies}")),
    )


def _lists(database: Database, size: Size) -> Iterator[Case]:
    desk = ActivityDesk(database, _now)
    deep = cursor(LAST - size.activities * APART * 0.6, "z")

    def page(after: str | None = None, **wanted: Any) -> object:
        return desk.page(SOMEBODY, ActivityFilter(**wanted), limit=PAGE, after=after).items

    yield "all activities, first page", lambda _n: page()
    yield "all activities, deep page", lambda _n: page(after=deep)
    yield "all activities, one month", lambda n: page(**_month(n, size))
    yield "all activities, rare type", lambda _n: page(type="Arbitration")
    yield "all activities, added by hand", lambda _n: page(kind=ActivityKind.ADDED, after=deep)
    yield "all activities, one originator", lambda n: page(originator=originator(n))
    yield "choices of the filters", lambda _n: desk.choices(SOMEBODY).originators


def _searches(database: Database) -> Iterator[Case]:
    desk = ActivityDesk(database, _now)

    def search(query: str, **wanted: Any) -> object:
        return desk.page(SOMEBODY, ActivityFilter(query=query, **wanted), limit=PAGE).items

    yield "search a common word", lambda n: search(SUBJECTS[n % len(SUBJECTS)])
    yield "search two words and a number", lambda n: search(f"{TOPICS[n % len(TOPICS)]} {n + 100}")
    yield "search a rare word", lambda _n: search("zugzwang")
    yield "search a word nobody wrote", lambda n: search(f"xylophone{n}")
    yield "search two letters nobody wrote", lambda _n: search("qz")
    yield (
        "search a rare word of one originator",
        lambda n: search("zugzwang", originator=originator(n)),
    )


def _named(database: Database, size: Size, number: int) -> list[str]:
    """What a person who saves a contact waits for: which followed records name him."""
    later = size.activities - 10 * number - 1
    with database.read() as session:
        return naming.keys_naming(
            session, TENANT, [f"person{later * 13 % size.contacts}@company.example"]
        )


def _month(number: int, size: Size) -> dict[str, Any]:
    start = LAST - size.activities * APART * ((number % 10 + 1) / 12)
    return {"starts_from": start, "starts_before": start + timedelta(days=30)}


def _timed(database: str, case: Case, runs: int) -> Timing:
    what, act = case
    found = act(runs)
    times = []
    for number in range(runs):
        started = time.perf_counter()
        act(number)
        times.append((time.perf_counter() - started) * 1000)
    return Timing(
        what=what,
        database=database,
        count=runs,
        found=len(found) if hasattr(found, "__len__") else 0,
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        longest=percentile(times, 100),
    )


def _now() -> datetime:
    """Near the end of the records, so that most are past and some lie ahead."""
    return datetime(2026, 11, 1, 12, tzinfo=UTC)
