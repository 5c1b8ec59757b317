"""``/api/admin/exchange-servers`` over HTTP: secrets go in and never come out."""

from __future__ import annotations

import base64

import pytest

from backend.db.admin_models import AuditRow
from backend.db.models import ServerRow
from tests.api.stubs import TENANT
from tests.api.test_admin import Desk, desk  # noqa: F401 - a fixture
from tests.support.certificates import PFX_PASSWORD, client_certificate

NEW = {
    "name": "Exchange Online",
    "tenant_id": TENANT,
    "client_id": "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22",
    "secret": "very secret words",
}


def add(desk: Desk, who: str = "ada", **more: object) -> str:  # noqa: F811
    answer = desk.call(who, "POST", "/exchange-servers", NEW | more)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"].endswith(answer.json["id"])
    found: str = answer.json["id"]
    return found


def test_a_secret_is_stored_sealed_and_never_shown(desk: Desk) -> None:  # noqa: F811
    server = add(desk)

    shown = desk.get(f"/exchange-servers/{server}")

    assert shown["has_secret"] is True
    assert shown["has_certificate"] is False
    assert "very secret words" not in str([shown, desk.get("/exchange-servers")])
    assert "very secret words" not in str([row.fields for row in desk.rows(AuditRow)])
    assert desk.rows(AuditRow)[0].act == "server_added"


def test_it_is_changed_part_by_part(desk: Desk) -> None:  # noqa: F811
    server = add(desk)

    answer = desk.call("ada", "PATCH", f"/exchange-servers/{server}", {"name": "Other"})

    assert (answer.status_code, answer.json["name"], answer.json["has_secret"]) == (
        200,
        "Other",
        True,
    )
    assert desk.rows(ServerRow)[0].secret_encrypted == "very secret words"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"secret": None}, "secret"),
        ({"certificate_pem": "nonsense"}, "certificate_pem"),
        ({"certificate_pfx": "bm9uc2Vuc2U=", "certificate_password": "x"}, "certificate_pfx"),
        ({"certificate_pfx": "not base64!"}, "certificate_pfx"),
        ({"certificate_pfx": ""}, "certificate_pfx"),
        ({"cloud": "on_premises"}, "cloud"),
        ({"cloud": "moon"}, "cloud"),
        ({"tenant_id": "x"}, "tenant_id"),
        ({"name": " "}, "name"),
    ],
)
def test_what_cannot_be_is_refused_by_field(
    desk: Desk,  # noqa: F811
    change: dict[str, object],
    field: str,
) -> None:
    server = add(desk)

    answer = desk.call("ada", "PATCH", f"/exchange-servers/{server}", change)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_one_in_use_cannot_be_removed(desk: Desk) -> None:  # noqa: F811
    ids = desk.add_people(1)
    server = add(desk)
    other = add(desk, name="Second")
    desk.call("ada", "POST", "/users/assign-server", {"ids": ids, "server_id": server})

    refused = desk.call("ada", "DELETE", f"/exchange-servers/{server}")
    assert (refused.status_code, refused.json["code"]) == (409, "server_in_use")
    desk.call("ada", "POST", "/users/assign-server", {"ids": ids, "server_id": other})

    assert desk.call("ada", "DELETE", f"/exchange-servers/{server}").status_code == 204
    assert [item["id"] for item in desk.get("/exchange-servers")["items"]] == [other]


def test_one_that_ends_soon_says_so(desk: Desk) -> None:  # noqa: F811
    problems = [
        desk.get(f"/exchange-servers/{add(desk, expires_at=at)}")["problem"]
        for at in ("2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z", "2027-01-01T00:00:00Z")
    ]

    assert problems == ["credential_expired", "credential_expires_soon", None]


def test_another_firm_finds_none_of_them(desk: Desk) -> None:  # noqa: F811
    server = add(desk)
    path = f"/exchange-servers/{server}"

    assert desk.get("/exchange-servers", "bob")["items"] == []
    for method, body in (("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)):
        assert desk.call("bob", method, path, body).status_code == 404
    assert desk.call("bob", "POST", f"{path}/test", {}).status_code == 404
    assert desk.get(path)["name"] == "Exchange Online"


def test_a_pfx_is_opened_with_its_password_and_its_end_is_read_from_it(desk: Desk) -> None:  # noqa: F811
    made = client_certificate()
    pfx = base64.b64encode(made.pfx).decode()
    wrong = {"certificate_pfx": pfx, "certificate_password": "battery staple"}
    right = {"certificate_pfx": pfx, "certificate_password": PFX_PASSWORD}
    server = add(desk)

    refused = desk.call("ada", "PATCH", f"/exchange-servers/{server}", wrong)
    answer = desk.call("ada", "PATCH", f"/exchange-servers/{server}", right)

    assert "the password is wrong" in refused.text
    assert (answer.status_code, answer.json["has_certificate"]) == (200, True)
    assert answer.json["expires_at"].startswith("2035-12-30")
    [row] = desk.rows(ServerRow)
    assert row.certificate_encrypted is not None
    assert made.certificate_pem.strip() in row.certificate_encrypted
    assert PFX_PASSWORD not in str([row.certificate_encrypted, *desk.audited()])
