"""``/api/admin`` over HTTP, on real rows: who may call, settings, pauses, people, the audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from backend.api.authentication import guards_of
from backend.db import people
from backend.db.admin_models import AuditRow
from backend.db.models import FirmRow, MailboxRow, ServerRow, UserRow, WatchRow
from backend.domain.errors import IdentityError
from backend.domain.ports import Principal
from tests.api.stubs import NOW, OTHER_TENANT, PRINCIPAL, TENANT, StubServices

ADA = PRINCIPAL
SUE = replace(PRINCIPAL, oid="0b0e6f5c-1111-4222-8333-444455550002", roles=frozenset({"support"}))
UMA = replace(PRINCIPAL, oid="0b0e6f5c-1111-4222-8333-444455550003", roles=frozenset({"user"}))
BOB = replace(
    PRINCIPAL,
    tenant_id=OTHER_TENANT,
    oid="0b0e6f5c-1111-4222-8333-444455550004",
    username="bob@other.example",
)
PEOPLE = {"ada": ADA, "sue": SUE, "uma": UMA, "bob": BOB}


class Verifier:
    """A token is somebody's name."""

    def verify(self, token: str) -> Principal:
        if token not in PEOPLE:
            raise IdentityError
        return PEOPLE[token]


@dataclass
class Desk:
    """Calls in somebody's name."""

    client: FlaskClient
    services: StubServices
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, who: str, method: str, path: str, json: Any = None, **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer: TestResponse = self.client.open(
            f"/api/admin{path}",
            method=method,
            json=json,
            headers={"Authorization": f"Bearer {who}"} | given,
        )
        return answer

    def get(self, path: str, who: str = "ada") -> Any:
        answer = self.call(who, "GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def change(self, who: str = "ada", **settings: Any) -> TestResponse:
        """As a page does: read, then write with the tag."""
        tag = self.call(who, "GET", "/configuration").headers["ETag"]
        answer: TestResponse = self.call(who, "PUT", "/configuration", settings, If_Match=tag)
        return answer

    def rows(self, table: Any) -> list[Any]:
        assert self.services.database is not None
        with self.services.database.read() as session:
            return list(session.scalars(select(table)))

    def add_server(self, tenant: str = TENANT) -> str:
        assert self.services.database is not None
        with self.services.database.write.begin() as session:
            firm = people.find_firm(session, tenant)
            assert firm is not None
            server = ServerRow(
                firm_id=firm.id,
                name="Main",
                tenant_id=tenant,
                client_id="app",
                secret_encrypted="sealed",
                created_at=NOW,
            )
            session.add(server)
            session.flush()
            return server.id

    def add_people(self, count: int, tenant: str = TENANT, **values: Any) -> list[str]:
        assert self.services.database is not None
        with self.services.database.write.begin() as session:
            firm = people.find_firm(session, tenant)
            assert firm is not None
            made = []
            for number in range(count):
                name = f"Person {number:04d}"
                rows: list[Any] = [
                    UserRow(
                        **{
                            "id": f"a0000000-0000-4000-8000-{number:012d}",
                            "firm_id": firm.id,
                            "oid": f"b0000000-0000-4000-8000-{number:012d}",
                            "name": name,
                            "address": f"p{number}@firm.example",
                            "mode": firm.mode,
                            "created_at": NOW,
                        }
                        | values
                    ),
                    MailboxRow(
                        id=f"c0000000-0000-4000-8000-{number:012d}",
                        firm_id=firm.id,
                        user_id=f"a0000000-0000-4000-8000-{number:012d}",
                        created_at=NOW,
                    ),
                    WatchRow(mailbox_id=f"c0000000-0000-4000-8000-{number:012d}", firm_id=firm.id),
                ]
                for row in rows:
                    session.add(row)
                    session.flush()
                made.append(rows[0].id)
            return made

    def audited(self) -> list[tuple[str, list[str]]]:
        return [(row.act, row.fields) for row in self.rows(AuditRow)]


@pytest.fixture
def desk(services: StubServices, make_client: Callable[..., FlaskClient]) -> Desk:
    services.verifier = Verifier()  # type: ignore[assignment]
    made = Desk(
        make_client(tenants=(TENANT, OTHER_TENANT), rate_limit="100000 per minute"), services
    )
    made.get("/configuration")
    return made


def admin_routes(client: FlaskClient) -> list[tuple[str, str]]:
    """Every method and address below ``/api/admin``, with an id where one belongs."""
    found = []
    for rule in client.application.url_map.iter_rules():
        if not rule.rule.startswith("/api/admin"):
            continue
        path = rule.rule.removeprefix("/api/admin")
        for argument in rule.arguments:
            path = path.replace(f"<string:{argument}>", "x-1").replace(f"<{argument}>", "x-1")
        found += [(method, path) for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}]
    return sorted(found)


SUPPORT_SEES = {"/configuration", "/users", "/log", "/log.csv", "/explain", "/dashboard"}
SUPPORT_SEES |= {"/log/errors", "/brake/x-1"}
SUPPORT_SEES |= {"/contact-types", "/activity-types"}
SUPPORT_SEES |= {"/reconciliation", "/reconciliation/findings"}
SUPPORT_ASKS = {"/explain/replay"}
"""Posted, and changes nothing."""


def test_users_are_refused_everywhere(desk: Desk) -> None:
    for method, path in admin_routes(desk.client):
        answer = desk.call("uma", method, path, {} if method != "GET" else None)
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), (method, path)


def test_support_sees_and_changes_nothing(desk: Desk) -> None:
    for method, path in admin_routes(desk.client):
        may = (method == "GET" and path in SUPPORT_SEES) or path in SUPPORT_ASKS
        answer = desk.call("sue", method, path, {} if method != "GET" else None)
        assert (answer.status_code == 403) is not may, (method, path, answer.text)


def test_nobody_is_let_in_without_a_token_and_no_route_is_without_a_guard(desk: Desk) -> None:
    guards = guards_of(desk.client.application)
    assert guards["admin"] is not None
    assert guards["admin_views"] is not None
    for method, path in admin_routes(desk.client):
        assert desk.client.open(f"/api/admin{path}", method=method).status_code == 401


# -- settings ------------------------------------------------------------------------------------


def test_settings_are_read_with_a_tag_and_changed_one_by_one(desk: Desk) -> None:
    answer = desk.change(mode="combined", contact_types=["Client", " Client ", "Prospect"])

    assert answer.status_code == 200, answer.text
    assert answer.json["mode"] == "combined"
    assert answer.json["contact_types"] == ["Client", "Prospect"]
    assert answer.json["past_days"] == 30
    assert answer.headers["ETag"] == '"2"'
    assert desk.get("/configuration") == answer.json


def test_two_admins_never_overwrite_each_other_unseen(desk: Desk) -> None:
    tag = desk.call("ada", "GET", "/configuration").headers["ETag"]
    first = desk.call("ada", "PUT", "/configuration", {"past_days": 10}, If_Match=tag)
    second = desk.call("ada", "PUT", "/configuration", {"past_days": 20}, If_Match=tag)

    assert first.status_code == 200
    assert (second.status_code, second.json["code"]) == (412, "changed_meanwhile")
    assert desk.get("/configuration")["past_days"] == 10


@pytest.mark.parametrize("tag", ["", '"x"', '"1", "2"', "*", 'W/"1"', '"-1"', '"²"'])
def test_a_tag_that_is_none_of_ours_changes_nothing(desk: Desk, tag: str) -> None:
    answer = desk.call("ada", "PUT", "/configuration", {"past_days": 10}, If_Match=tag)

    assert answer.status_code in (412, 428)
    assert desk.get("/configuration")["past_days"] == 30


def test_without_a_tag_nothing_is_changed(desk: Desk) -> None:
    answer = desk.call("ada", "PUT", "/configuration", {"past_days": 10})

    assert (answer.status_code, answer.json["code"]) == (428, "precondition_required")


def test_enabling_is_final(desk: Desk) -> None:
    assert desk.change(sync_enabled=False).status_code == 200
    enabled = desk.change(sync_enabled=True)
    assert enabled.json["sync_enabled_at"] == "2026-03-02T09:00:00Z"

    answer = desk.change(sync_enabled=False)

    assert (answer.status_code, answer.json["code"]) == (409, "sync_cannot_be_disabled")
    assert desk.get("/configuration")["sync_enabled"] is True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("past_days", 0),
        ("past_days", 91),
        ("past_days", "30"),
        ("past_days", True),
        ("future_days", 1828),
        ("mode", "sometimes"),
        ("category_name", "  "),
        ("category_name", "One, two"),
        ("category_color", "red"),
        ("further_domains", ["not a domain"]),
        ("contact_types", [""]),
        ("contact_types", "Client"),
        ("cancelled_records", "keep"),
        ("sync_enabled", "yes"),
        ("log_days", 1),
        ("commencement_date", "2026-02-30"),
        ("commencement_date", 20260101),
        ("direction", "sideways"),
        ("include_location", "no"),
        ("include_reminder", "off"),
        ("show_as_values", ["busy"]),
        ("show_as_values", {"busy": "x" * 51}),
        ("show_as_values", {"asleep": "Busy"}),
        ("user_address", "fax"),
        ("added_activity_type", 7),
        ("competing_marks", [" "]),
        ("competing_marks", ["String {x} Name y"]),
        ("unqualified_records", "perhaps"),
        ("nonsense", 1),
    ],
)
def test_every_field_says_what_is_wrong_with_it(desk: Desk, name: str, value: object) -> None:
    answer = desk.change(**{name: value})

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert list(answer.json["errors"]) == [name]
    assert desk.get("/configuration")["version"] == 1


def test_directions_that_are_a_later_step_are_refused_in_words_and_change_nothing(
    desk: Desk,
) -> None:
    answer = desk.change(direction="both", past_days=12)

    assert (answer.status_code, answer.json["code"]) == (409, "direction_not_available")
    assert desk.get("/configuration")["direction"] == "from_microsoft"
    assert desk.get("/configuration")["version"] == 1


def test_what_means_nothing_is_stored_as_nothing(desk: Desk) -> None:
    answer = desk.change(
        added_activity_type="  ",
        show_as_values={"busy": "busy", "oof": " OutOfOffice ", "free": ""},
        commencement_date="2026-01-15",
    )

    assert answer.json["added_activity_type"] is None
    assert answer.json["show_as_values"] == {"oof": "OutOfOffice"}
    assert answer.json["commencement_date"] == "2026-01-15"
    assert desk.change(commencement_date=None).json["commencement_date"] is None


def test_removing_what_no_longer_qualifies_is_an_act_of_its_own_in_the_audit(desk: Desk) -> None:
    answer = desk.change(unqualified_records="remove")

    assert (answer.status_code, answer.json["version"]) == (200, 1)
    assert [row.act for row in desk.rows(AuditRow)] == ["removal_of_unqualified_begun"]
    assert desk.services.administration.rings


def test_the_whole_object_may_be_sent_back(desk: Desk) -> None:
    whole = desk.get("/configuration") | {"past_days": 12}

    answer = desk.change(**whole)

    assert answer.status_code == 200, answer.text
    assert answer.json["past_days"] == 12


def test_users_who_chose_no_mode_follow_the_firm(desk: Desk) -> None:
    desk.add_people(2)
    assert desk.services.database is not None
    with desk.services.database.write.begin() as session:
        chooser = session.get(UserRow, "a0000000-0000-4000-8000-000000000001")
        assert chooser is not None
        chooser.mode_chosen = True

    desk.change(mode="combined")

    modes = {row.name: row.mode for row in desk.rows(UserRow)}
    assert (modes["Person 0000"], modes["Person 0001"]) == ("combined", "manual")


def test_a_change_has_every_mailbox_read_anew(desk: Desk) -> None:
    desk.change(past_days=12)

    assert all(row.reseed_at == NOW and row.due_at == NOW for row in desk.rows(WatchRow))
    assert desk.services.administration.rings


def test_what_no_rule_looks_at_has_nothing_read_anew(desk: Desk) -> None:
    desk.change(log_days=30)

    assert all(row.reseed_at is None for row in desk.rows(WatchRow))


# -- audit, pauses -------------------------------------------------------------------------------


def test_every_act_leaves_a_line_with_names_and_no_values(desk: Desk) -> None:
    desk.change(past_days=12, contact_types=["Very Secret Type"])
    desk.change(past_days=12)
    desk.call("ada", "POST", "/pause", {"level": "firm"})
    desk.call("ada", "POST", "/pause", {"level": "firm"})

    page = desk.get("/audit")
    assert [(item["act"], item["fields"]) for item in page["items"]] == [
        ("paused", []),
        ("configuration_changed", ["contact_types", "past_days"]),
    ]
    assert page["items"][0]["by"] == "Ada Partner"
    assert "Very Secret" not in str(page)


def test_a_refused_act_leaves_no_line(desk: Desk) -> None:
    desk.change(past_days=0)
    desk.call("ada", "PUT", "/configuration", {"past_days": 3}, If_Match='"9"')
    desk.call("sue", "POST", "/pause", {})

    assert desk.audited() == []


def test_the_audit_comes_in_pages(desk: Desk) -> None:
    for days in (1, 2, 3):
        desk.change(past_days=days)

    first = desk.get("/audit?limit=2")
    second = desk.get(f"/audit?limit=2&cursor={first['next']}")

    assert (len(first["items"]), len(second["items"]), second["next"]) == (2, 1, None)


def test_the_audit_calls_things_by_their_names(desk: Desk) -> None:
    [user] = desk.add_people(1)
    server = desk.add_server()
    gone = desk.add_server()
    desk.call("ada", "POST", "/users/assign-server", {"ids": [user], "server_id": server})
    desk.call("ada", "POST", "/pause", {"level": "server", "id": server})
    desk.call("ada", "POST", "/pause", {"level": "firm"})
    desk.call("ada", "DELETE", f"/exchange-servers/{gone}")
    desk.call("ada", "POST", "/users/import", {})

    named = [(each["target_kind"], each["target_name"]) for each in desk.get("/audit")["items"]]

    assert named == [
        ("operation", "import"),
        ("server", None),
        ("firm", None),
        ("server", "Main"),
        ("user", "Person 0000"),
    ]


def test_nobody_changes_or_deletes_a_line_of_the_audit(desk: Desk) -> None:
    desk.change(past_days=12)
    assert desk.services.database is not None

    with pytest.raises(RuntimeError), desk.services.database.write.begin() as session:
        session.scalars(select(AuditRow)).one().act = "nothing"
    with pytest.raises(RuntimeError), desk.services.database.write.begin() as session:
        session.delete(session.scalars(select(AuditRow)).one())


def test_each_level_is_paused_and_resumed(desk: Desk) -> None:
    server = desk.add_server()
    mailbox = desk.rows(MailboxRow)[0].id

    for body in (
        {"level": "firm"},
        {"level": "server", "id": server},
        {"level": "mailbox", "id": mailbox},
    ):
        paused = desk.call("ada", "POST", "/pause", body)
        again = desk.call("ada", "POST", "/pause", body)
        resumed = desk.call("ada", "POST", "/resume", body)
        assert paused.json == {"paused": True, "changed": True}
        assert again.json == {"paused": True, "changed": False}
        assert resumed.json == {"paused": False, "changed": True}


def test_a_brake_that_is_not_set_cannot_be_released(desk: Desk) -> None:
    mailbox = desk.rows(MailboxRow)[0].id

    answer = desk.call("ada", "POST", f"/brake/{mailbox}", {"decision": "let_go"})

    assert (answer.status_code, answer.json["code"]) == (409, "brake_not_set")
    assert desk.call("ada", "GET", f"/brake/{mailbox}").json["code"] == "brake_not_set"


@pytest.mark.parametrize(
    ("decision", "act"), [("let_go", "brake_released"), ("hold", "brake_held")]
)
def test_the_brake_is_decided_once_and_audited(desk: Desk, decision: str, act: str) -> None:
    mailbox = desk.rows(MailboxRow)[0].id
    assert desk.services.database is not None
    with desk.services.database.write.begin() as session:
        row = session.get(MailboxRow, mailbox)
        assert row is not None
        row.problem = "mass_change"

    told = desk.get(f"/brake/{mailbox}")
    answer = desk.call("ada", "POST", f"/brake/{mailbox}", {"decision": decision})

    assert (told["followed"], told["went"], told["hold"]["restored"]) == (0, {}, 0)

    assert answer.status_code == 204
    assert desk.rows(MailboxRow)[0].problem is None
    assert [name for name, _ in desk.audited()] == [act]


# -- people --------------------------------------------------------------------------------------


def test_people_are_listed_by_name_in_pages_that_repeat_and_skip_nobody(desk: Desk) -> None:
    desk.add_people(5)
    names: list[str] = []
    cursor = ""
    for _ in range(10):
        page = desk.get(f"/users?limit=2{cursor}")
        names += [item["name"] for item in page["items"]]
        assert page["total"] == 6
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"

    assert names == ["Ada Partner", *(f"Person {number:04d}" for number in range(5))]


def test_people_are_searched_and_filtered(desk: Desk) -> None:
    ids = desk.add_people(3)
    server = desk.add_server()
    desk.call("ada", "POST", "/users/assign-server", {"ids": ids[:1], "server_id": server})
    desk.call("ada", "POST", "/users/enable-sync", {"ids": ids[:1]})
    desk.change(sync_enabled=True)

    def names(query: str) -> list[str]:
        return [item["name"] for item in desk.get(f"/users?{query}")["items"]]

    assert names("q=P1@FIRM") == ["Person 0001"]
    assert names("q=%25") == []
    assert names(f"server={server}") == ["Person 0000"]
    assert names("server=none&q=person") == ["Person 0001", "Person 0002"]
    assert names("enabled=true") == ["Person 0000"]
    assert names("state=first_pull") == ["Person 0000"]
    assert names("state=no_server&q=person") == ["Person 0001", "Person 0002"]


def test_who_has_no_address_cannot_be_enabled_and_the_row_says_why(desk: Desk) -> None:
    ids = desk.add_people(1, address=None)

    answer = desk.call("ada", "POST", "/users/enable-sync", {"ids": [*ids, "nobody"]})

    assert answer.json["items"] == [
        {"id": ids[0], "ok": False, "code": "no_address", "name": "Person 0000"},
        {"id": "nobody", "ok": False, "code": "not_found", "name": None},
    ]
    row = desk.get("/users?problem=true&q=person")["items"][0]
    assert (row["problem"], row["enabled"]) == ("no_address", False)
    assert "e-mail address" in row["problem_text"]


def test_enabling_and_disabling_leave_a_line_per_user(desk: Desk) -> None:
    ids = desk.add_people(2)
    desk.call("ada", "POST", "/users/enable-sync", {"ids": ids})
    desk.call("ada", "POST", "/users/enable-sync", {"ids": ids})
    desk.call("ada", "POST", "/users/disable-sync", {"filter": {"q": "p1@"}})

    assert [act for act, _ in desk.audited()] == ["sync_enabled", "sync_enabled", "sync_disabled"]
    assert [row["enabled_by_admin"] for row in desk.get("/users?q=person")["items"]] == [
        True,
        False,
    ]


def test_many_are_done_in_the_background_with_progress(desk: Desk) -> None:
    ids = desk.add_people(501)

    answer = desk.call("ada", "POST", "/users/enable-sync", {"filter": {"q": "person"}})
    assert answer.status_code == 202
    operation = answer.json["operation"]
    assert (operation["state"], operation["total"], operation["done"]) == ("running", 501, 0)
    desk.services.administration.operations.work()

    seen = desk.get(f"/operations/{operation['id']}")
    assert (seen["state"], seen["done"], seen["failed"]) == ("done", 501, 0)
    enabled = [row for row in desk.rows(UserRow) if row.enabled_by_admin]
    assert len(enabled) == len(ids)


def test_who_did_not_work_in_the_background_is_named(desk: Desk) -> None:
    desk.add_people(501, address=None)
    started = desk.call("ada", "POST", "/users/enable-sync", {"filter": {"q": "person"}}).json
    desk.services.administration.operations.work()

    seen = desk.get(f"/operations/{started['operation']['id']}")

    assert (seen["done"], seen["failed"]) == (501, 501)
    assert {item["name"] for item in seen["items"]} >= {"Person 0000", "Person 0500"}


def test_a_cancelled_operation_stops_between_two_slices(desk: Desk) -> None:
    desk.add_people(501)
    started = desk.call("ada", "POST", "/users/enable-sync", {"filter": {"q": "person"}}).json
    path = f"/operations/{started['operation']['id']}"
    asked = iter([False, False, True])
    desk.services.administration.operations.work(lambda: next(asked, True))

    cancelled = desk.call("ada", "DELETE", path).json
    desk.services.administration.operations.work()

    assert (cancelled["state"], cancelled["done"]) == ("cancelled", 100)
    assert desk.get(path)["done"] == 100


def test_another_firms_things_are_not_found_and_not_changed(desk: Desk) -> None:
    ids = desk.add_people(1)
    server, mailbox = desk.add_server(), desk.rows(MailboxRow)[0].id
    operation = desk.call("ada", "POST", "/users/import", {}).json["operation"]["id"]
    desk.call("ada", "DELETE", f"/operations/{operation}")
    before = [(row.paused, row.problem) for row in desk.rows(MailboxRow)]

    assert desk.call("bob", "GET", f"/operations/{operation}").status_code == 404
    assert desk.call("bob", "DELETE", f"/operations/{operation}").status_code == 404
    assert desk.call("bob", "POST", f"/brake/{mailbox}", {"decision": "hold"}).status_code == 404
    assert desk.call("bob", "GET", f"/brake/{mailbox}").status_code == 404
    for level, key in (("server", server), ("mailbox", mailbox)):
        body = {"level": level, "id": key}
        assert desk.call("bob", "POST", "/pause", body).status_code == 404
    enabled = desk.call("bob", "POST", "/users/enable-sync", {"ids": ids}).json["items"]
    assigned = desk.call("bob", "POST", "/users/assign-server", {"ids": ids, "server_id": server})

    assert [item["code"] for item in enabled] == ["not_found"]
    assert assigned.status_code == 422
    assert [item["name"] for item in desk.get("/users", "bob")["items"]] == ["Ada Partner"]
    assert desk.get("/audit", "bob")["items"] == []
    assert [(row.paused, row.problem) for row in desk.rows(MailboxRow)][: len(before)] == before
    assert desk.change("bob", past_days=3).status_code == 200
    firms = {row.tenant_id: row.past_days for row in desk.rows(FirmRow)}
    assert firms == {TENANT: 30, OTHER_TENANT: 3}
