"""A firm's CRM of any size, made inside the database: as fast as it can write, and always the same.

Every record has two contacts and their company, so that a million records have three million lines
in grids. Contact 0 is in one of fifty records: the firm's biggest client.
"""

# ruff: noqa: S608 - the statements are made of constants of this module

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from backend.crm.migrations import upgrade
from backend.sql import Database

TENANT = "11111111-1111-4111-8111-111111111111"
OTHERS = "22222222-2222-4222-8222-222222222222"
"""A second firm in the same tables, with a tenth as many records."""
PEOPLE = 200
"""Members of the firm, to whom records are assigned."""
LAST = datetime(2027, 1, 1, tzinfo=UTC)
"""The last record begins then; the others before it, six minutes apart."""
APART = timedelta(minutes=6)
RARE_EVERY = 50_000
"""One of so many records has the rare word in its subject, and one the rare type."""
FOLLOWED_PERCENT = 3
"""Of the records, the latest, still follow an event: those of some months out of eleven years."""
SUBJECTS = ("Quarterly review", "Kick-off", "Lunch", "Call about the contract", "Hearing")
TOPICS = ("Aldgate", "Bishopsgate", "Cornhill", "Dowgate", "Farringdon", "Holborn", "Ludgate")

_INDEXES = {
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    " AND tbl_name LIKE 'crm_%'",
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
    " AND tablename LIKE 'crm_%' AND indexname LIKE 'ix_%'",
}
"""How the migrations made the indexes, apart from those that keep keys unique."""


@dataclass(frozen=True, slots=True)
class Size:
    """How big a firm is."""

    activities: int
    contacts: int

    @property
    def companies(self) -> int:
        return max(1, self.contacts // 20)


def load(database: Database, size: Size) -> float:
    """Migrate an empty database and fill it; seconds of the filling, indexes included.

    Indexes are made after the rows, as a bulk load does it.
    """
    upgrade(database.write_engine)
    started = time.perf_counter()
    with database.write_engine.begin() as connection:
        made = [tuple(row) for row in connection.execute(text(_INDEXES[database.dialect]))]
        for name, _ in made:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        for statement in _statements(database.dialect, size):
            connection.execute(text(statement))
        for _, statement in made:
            connection.exec_driver_sql(statement)
    _analyse(database)
    return time.perf_counter() - started


def contact_id(number: int) -> str:
    return f"c{10_000_000 + number}"


def address(number: int, size: Size) -> str:
    """The first address of a contact; ``Alt`` is his second one."""
    return f"person{number}@company{number % size.companies}.example"


def originator(number: int) -> str:
    return f"member{number}@firm.example"


def _analyse(database: Database) -> None:
    with database.write_engine.connect() as connection:
        if database.dialect == "sqlite":
            connection.execute(text("ANALYZE"))
            connection.commit()
        else:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            connection.execute(text("VACUUM ANALYZE"))


def _statements(dialect: str, size: Size) -> list[str]:
    say = _Sqlite() if dialect == "sqlite" else _Postgres()
    return [
        *_people(say, size),
        *_records(say, size, TENANT, "a", size.activities),
        *_records(say, size, OTHERS, "o", size.activities // 10),
    ]


def _people(say: _Sqlite | _Postgres, size: Size) -> list[str]:
    name = "'Person ' || i || ' of ' || (i % 977)"
    first = f"'person' || i || '@company' || (i % {size.companies}) || '.example'"
    long_ago = say.moment("0")
    return [
        f"INSERT INTO crm_companies (tenant_id, id, name, sort_name, search_text, created_at)"
        f" SELECT '{TENANT}', {_company('i')}, 'Company ' || i, 'company ' || i, 'company ' || i,"
        f" {long_ago} FROM {say.numbers(size.companies)}",
        f"INSERT INTO crm_contacts (tenant_id, id, name, sort_name, search_text, company_id,"
        f" private, owner_id, created_at) SELECT '{TENANT}', {_contact('i')}, {name},"
        f" lower({name}), lower({name}) || '\n' || {first}, {_company(f'i % {size.companies}')},"
        f" {say.false}, NULL, {long_ago} FROM {say.numbers(size.contacts)}",
        f"INSERT INTO crm_contact_emails (tenant_id, contact_id, position, address, normalised)"
        f" SELECT '{TENANT}', {_contact('i')}, 0, {first}, {first}"
        f" FROM {say.numbers(size.contacts)}",
        f"INSERT INTO crm_contact_emails (tenant_id, contact_id, position, address, normalised)"
        f" SELECT '{TENANT}', {_contact('i')}, 1, 'Alt' || i || '@Mail.example',"
        f" 'alt' || i || '@mail.example' FROM {say.numbers(size.contacts)} WHERE i % 3 = 0",
    ]


def _records(
    say: _Sqlite | _Postgres, size: Size, tenant: str, prefix: str, count: int
) -> list[str]:
    seconds = int(APART.total_seconds())
    first_start = int((LAST - count * APART).timestamp())
    start, end = f"{first_start} + i * {seconds}", f"{first_start} + i * {seconds} + 3600"
    one = f"CASE WHEN i % 50 = 0 THEN 0 ELSE i * 7 % {size.contacts} END"
    two = f"i * 13 % {size.contacts}"
    member = f"'member' || (i % {PEOPLE}) || '@firm.example'"
    subject = (
        f"CASE i % {RARE_EVERY} WHEN 7 THEN 'Zugzwang ' ELSE '' END"
        f" || {_one_of(SUBJECTS, 'i * 31')} || ' ' || {_one_of(TOPICS, 'i * 17')}"
        f" || ' ' || (i % 9973)"
    )
    activity = f"'{prefix}' || (10000000 + i)"
    values = {
        "tenant_id": f"'{tenant}'",
        "id": activity,
        "external_key": f"'{tenant}/' || {activity}",
        "kind": "CASE WHEN i % 10 = 0 THEN 'added' ELSE 'synced' END",
        "subject": subject,
        "description": "'Agenda and notes of meeting ' || i",
        "type": f"CASE i % {RARE_EVERY} WHEN 11 THEN 'Arbitration' ELSE 'Meeting' END",
        "start_at": say.moment(start),
        "end_at": say.moment(end),
        "all_day": say.false,
        "time_zone": "'W. Europe Standard Time'",
        "location": "'Room ' || (i % 40)",
        "resources": say.json("'[]'"),
        "status": "'confirmed'",
        "contacts": say.json(_people_json(one, two)),
        "unmatched": say.json("'[]'"),
        "assigned_to": say.json(
            f'\'{{"name": "Member \' || (i % {PEOPLE}) || \'", "address": "\' || {member}'
            " || '\"}'"
        ),
        "originator": member,
        "owner_id": f"'u' || (i % {PEOPLE})",
        "ical_uid": f"'uid-' || {activity}",
        "show_as": "'busy'",
        "importance": "'normal'",
        "private": say.false,
        "sync_status": f"CASE WHEN i % 10 = 0 THEN 'not_synced'"
        f" WHEN i < {count - count * FOLLOWED_PERCENT // 100} THEN 'final' ELSE 'synced' END",
        "notes": "''",
        "company_ids": say.json("'[]'"),
        "opportunity_ids": say.json("'[]'"),
        "initiative_ids": say.json("'[]'"),
        "visibility": "CASE WHEN i % 19 = 0 THEN 'only_me' ELSE 'everyone' END",
        "search_text": f"lower({subject}) || '\n' || 'room ' || (i % 40)",
        "revision": "'r'",
        "created_at": say.moment(start),
        "updated_at": say.moment(start),
    }
    statements = [
        f"INSERT INTO crm_activities ({', '.join(values)})"
        f" SELECT {', '.join(values.values())} FROM {say.numbers(count)}"
    ]
    mentioned = {
        "contact": (_contact(one), _contact(two)),
        "company": (_company(f"i * 13 % {size.companies}"),),
    }
    for kind, ids in mentioned.items():
        for place, each in enumerate(ids):
            again = "" if place == 0 else f" WHERE {one} <> {two}"
            statements.append(
                "INSERT INTO crm_activity_mentions"
                " (tenant_id, kind, mentioned_id, start_at, activity_id)"
                f" SELECT '{tenant}', '{kind}', {each}, {say.moment(start)}, {activity}"
                f" FROM {say.numbers(count)}{again}"
            )
    return statements


def _people_json(*numbers: str) -> str:
    """SQL for the JSON list of these contacts."""
    each = [
        '\'{"contact_id": "\' || ' + _contact(number) + ' || \'", "name": "Person \' || '
        f'({number}) || \'", "address": "person\' || ({number}) || \'@company.example", '
        '"response": "accepted", "attendance": "required"}\''
        for number in numbers
    ]
    return "'[' || " + " || ', ' || ".join(each) + " || ']'"


def _contact(number: str) -> str:
    return f"'c' || (10000000 + ({number}))"


def _company(number: str) -> str:
    return f"'y' || (10000000 + ({number}))"


def _one_of(words: tuple[str, ...], number: str) -> str:
    cases = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(words))
    return f"CASE ({number}) % {len(words)} {cases} END"


class _Sqlite:
    """How SQLite says what the standard does not."""

    false = "0"

    def numbers(self, count: int) -> str:
        return (
            "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
            f" WHERE i < {count - 1}) SELECT i FROM n)"
        )

    def moment(self, seconds: str) -> str:
        """As SQLAlchemy stores a naive moment."""
        return f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch') || '.000000'"

    def json(self, value: str) -> str:
        return value


class _Postgres:
    """How PostgreSQL says it."""

    false = "false"

    def numbers(self, count: int) -> str:
        return f"generate_series(0, {count - 1}) AS i"

    def moment(self, seconds: str) -> str:
        return f"to_timestamp({seconds})"

    def json(self, value: str) -> str:
        return f"CAST({value} AS json)"
