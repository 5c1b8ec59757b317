"""Every route of the administration, by every role and by another firm: who gets what (A11, X6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from backend.db.admin_models import AuditRow, DirectoryAddressRow, DriftRow, OperationRow
from backend.db.base import Base
from backend.db.models import FirmRow, HistoryRow, LinkRow, MailboxRow
from backend.domain.link import LinkState
from backend.domain.policy import Origin
from tests.api.stubs import NOW, TENANT
from tests.api.test_admin import Desk, admin_routes, desk  # noqa: F401 - the fixture

MARK = "zephyrine"
EVENT = "AAMkZephyrineEvent"
UID = "uid-zephyrine"
GUEST = "guest@zephyrine.example"
ADDRESS = "p0@firm.example"


@pytest.fixture
def ids(desk: Desk) -> dict[str, str]:  # noqa: F811 - the fixture
    """A firm with something of every kind; the ids of it by the routes' arguments."""
    [user_id] = desk.add_people(1, name=f"Person {MARK}")
    server_id = desk.add_server()
    database = desk.services.database
    assert database is not None
    with database.write.begin() as session:
        firm = session.scalars(select(FirmRow).where(FirmRow.tenant_id == TENANT)).one()
        mailbox = session.scalars(select(MailboxRow).where(MailboxRow.user_id == user_id)).one()
        firm.name, firm.category_name = MARK, f"Category {MARK}"
        common = {"firm_id": firm.id, "mailbox_id": mailbox.id}
        link = LinkRow(
            **common,
            event_id=EVENT,
            ical_uid=UID,
            state=LinkState.REMOVED,
            origin=Origin.MANUAL,
            wished_by=user_id,
            because=f"{MARK} is a Client",
            created_at=NOW,
        )
        session.add(link)
        session.flush()
        line = HistoryRow(
            **common, link_id=link.id, event_id=EVENT, at=NOW, kind="failure", line="overtaken"
        )
        drift = DriftRow(
            **common,
            kind="left_undone",
            subject_id=link.id,
            link_id=link.id,
            event_id=EVENT,
            run_id="run",
            found_at=NOW - timedelta(hours=1),
        )
        operation = OperationRow(
            firm_id=firm.id, kind="import", state="done", created_at=NOW, ids=[user_id]
        )
        address = DirectoryAddressRow(firm_id=firm.id, address=GUEST, primary_address=ADDRESS)
        session.add_all([line, drift, operation, address])
        session.flush()
        return {
            "line_id": line.id,
            "mailbox_id": mailbox.id,
            "operation_id": operation.id,
            "server_id": server_id,
            "drift": drift.id,
            "user": user_id,
        }


def routes(desk: Desk, ids: dict[str, str]) -> list[tuple[str, str, Any]]:  # noqa: F811
    """Every method and address, with this firm's ids and a body that means it."""
    bodies: dict[str, Any] = {
        "/pause": {"level": "mailbox", "id": ids["mailbox_id"]},
        "/resume": {"level": "mailbox", "id": ids["mailbox_id"]},
        "/users/enable-sync": {"ids": [ids["user"]]},
        "/users/disable-sync": {"ids": [ids["user"]]},
        "/users/assign-server": {"ids": [ids["user"]], "server_id": ids["server_id"]},
        "/users/import": {"server_id": ids["server_id"]},
        "/explain/replay": {"event_id": EVENT, "mailbox": ADDRESS},
        "/reconciliation/fix": {"ids": [ids["drift"]], "fix": "look"},
        "/person/find": {"address": ADDRESS},
        "/person/export": {"address": ADDRESS},
        "/person/lift": {"address": ADDRESS},
        "/person/erase": {"address": ADDRESS, "confirm": ADDRESS},
        f"/brake/{ids['mailbox_id']}": {"decision": "let_go"},
        f"/exchange-servers/{ids['server_id']}": {"name": "Stolen"},
    }
    found = []
    for rule in desk.client.application.url_map.iter_rules():
        if not rule.rule.startswith("/api/admin"):
            continue
        path = rule.rule.removeprefix("/api/admin")
        for argument in rule.arguments:
            path = path.replace(f"<string:{argument}>", ids.get(argument, "x-1"))
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            asked = "?" + (f"event_id={EVENT}&mailbox={ADDRESS}" if path == "/explain" else "")
            body = None if method == "GET" else bodies.get(path, {})
            found.append((method, path + asked, body))
    return found


def rows_of(desk: Desk, tenant: str) -> dict[str, list[Any]]:  # noqa: F811
    """Everything that a firm has, but the views in its audit."""
    database = desk.services.database
    assert database is not None
    found: dict[str, list[Any]] = {}
    with database.read() as session:
        firm = session.scalars(select(FirmRow).where(FirmRow.tenant_id == tenant)).one()
        for table in Base.metadata.sorted_tables:
            if "firm_id" in table.columns:
                wanted = select(table).where(table.c.firm_id == firm.id)
            elif table.name == "firms":
                wanted = select(table).where(table.c.id == firm.id)
            else:
                continue
            found[table.name] = sorted(map(repr, map(tuple, session.execute(wanted))))
        found["audit"] = [line for line in found["audit"] if f"'{'viewed'}'" not in line]
    return found


def test_no_route_shows_or_changes_anything_of_another_firm(
    desk: Desk,  # noqa: F811
    ids: dict[str, str],
) -> None:
    before = rows_of(desk, TENANT)
    desk.get("/configuration", "bob")
    marks = [MARK, EVENT, UID, GUEST, *ids.values()]

    for method, path, body in routes(desk, ids):
        answer = desk.call("bob", method, path, body, If_Match='"1"')

        assert answer.status_code < 500, (method, path, answer.text)
        told = answer.text.casefold()
        asked = f"{path} {body}".casefold()
        leaks = [m for m in marks if m.casefold() in told and m.casefold() not in asked]
        assert leaks == [], (method, path, answer.text)
    assert desk.services.administration.operations.work() >= 0
    assert rows_of(desk, TENANT) == before


def test_support_changes_nothing_on_any_route(
    desk: Desk,  # noqa: F811
    ids: dict[str, str],
) -> None:
    desk.get("/users", "sue")
    before = rows_of(desk, TENANT)

    answers = [
        desk.call("sue", method, path, body, If_Match='"1"')
        for method, path, body in routes(desk, ids)
    ]

    assert {answer.status_code for answer in answers} >= {200, 403}
    assert max(answer.status_code for answer in answers) < 500
    desk.services.administration.operations.work()
    assert rows_of(desk, TENANT) == before


def test_users_are_told_nothing_and_change_nothing_on_any_route(
    desk: Desk,  # noqa: F811
    ids: dict[str, str],
) -> None:
    before = rows_of(desk, TENANT)

    for method, path, body in routes(desk, ids):
        answer = desk.call("uma", method, path, body, If_Match='"1"')
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), (method, path)
        assert MARK not in answer.text
    assert rows_of(desk, TENANT) == before


def test_every_route_of_the_map_was_asked(desk: Desk, ids: dict[str, str]) -> None:  # noqa: F811
    asked = {(method, path.split("?")[0]) for method, path, _ in routes(desk, ids)}

    assert len(asked) == len(admin_routes(desk.client))
    assert not any("x-1" in path or "<" in path for _, path in asked)


def test_a_view_is_one_line_an_hour_for_each_thing_and_person(
    desk: Desk,  # noqa: F811
    ids: dict[str, str],
) -> None:
    assert ids
    for who in ("ada", "ada", "sue", "ada"):
        desk.get(f"/explain?event_id={EVENT}&mailbox={ADDRESS}", who)
        desk.call(who, "GET", "/log.csv")
        desk.call(who, "GET", "/log?limit=1")

    viewed = [row for row in desk.rows(AuditRow) if row.act == "viewed"]
    told = sorted((row.by_user_id, row.target_kind, *row.fields) for row in viewed)
    assert [line[1:] for line in told] == [("event", "explanation"), ("log", "export")] * 2
    assert len({line[0] for line in told}) == 2
