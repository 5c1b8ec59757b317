"""An application limited to mailboxes: by RBAC for Applications, or by an access policy."""

from typing import Any

import pytest

from tests.sandbox.service.callers import EVENT, Callers
from tests.support.tokens import claims_of

APP = ["Calendars.ReadWrite", "User.Read.All"]


def limited(callers: Callers, by: str, **more: Any) -> Callers:
    """The tracker's application, limited to Ann's mailbox."""
    order = {"kind": "permissions", "app": APP, "mailboxes": [callers.ann["address"]], "by": by}
    callers.sandbox.faults([order | more])
    return callers


@pytest.mark.parametrize("by", ["rbac", "policy"])
def test_a_mailbox_outside_is_refused_and_one_inside_is_not(callers: Callers, by: str) -> None:
    limited(callers, by)

    inside = callers.ask("GET", f"/users/{callers.ann['id']}/calendar")
    outside = callers.code("GET", f"/users/{callers.ben['id']}/calendar")
    writing = callers.code("POST", f"/users/{callers.ben['id']}/events", json=EVENT)

    assert inside.status_code == 200
    assert outside == writing == (403, "ErrorAccessDenied")
    assert callers.ask("GET", f"/users/{callers.ben['id']}").status_code == 200


def test_a_grant_of_exchange_is_in_no_token_and_a_policy_leaves_the_roles(
    callers: Callers,
) -> None:
    limited(callers, "rbac")
    by_exchange = claims_of(callers.sandbox.token(audience="graph", app=True))
    limited(callers, "policy")
    by_entra = claims_of(callers.sandbox.token(audience="graph", app=True))

    assert by_exchange["roles"] == ["User.Read.All"]
    assert by_entra["roles"] == sorted(APP)
    assert "scp" not in by_exchange


def test_with_nothing_but_a_grant_of_exchange_the_token_has_no_roles_at_all(
    callers: Callers,
) -> None:
    limited(callers, "rbac", app=["Calendars.Read"])

    claims = claims_of(callers.sandbox.token(audience="graph", app=True))

    assert "roles" not in claims
    assert claims["idtyp"] == "app"
    assert callers.ask("GET", f"/users/{callers.ann['id']}/calendar").status_code == 200


def test_an_access_policy_says_that_it_is_one(callers: Callers) -> None:
    limited(callers, "policy")

    error = callers.ask("GET", f"/users/{callers.ben['id']}/calendar").json()["error"]

    assert "[RAOP]" in error["message"]


def test_a_group_may_be_named_and_people_are_not_concerned(callers: Callers) -> None:
    group = callers.sandbox.state()["groups"][0]
    order = {"kind": "permissions", "app": APP, "mailboxes": [group["address"]]}
    callers.sandbox.faults([order])

    statuses = {
        callers.ask("GET", f"/users/{each['id']}/calendar").status_code
        for each in callers.sandbox.state()["people"]
        if each["mailbox"]
    }

    assert statuses == {200, 403}
    assert callers.ask("GET", "/me/calendar", callers.ben["address"]).status_code == 200


def test_unscoped_consent_in_entra_makes_the_scope_meaningless(callers: Callers) -> None:
    limited(callers, "rbac")
    world = callers.sandbox.app
    assert world is not None
    tenant = world.world.directory.tenants[callers.sandbox.tenant_id]
    tenant.app_permissions[callers.sandbox.daemon_client_id].add("Calendars.Read")
    world.world.tokens.forget_callers()

    assert callers.ask("GET", f"/users/{callers.ben['id']}/calendar").status_code == 200


def test_another_firm_is_not_concerned(callers: Callers) -> None:
    limited(callers, "rbac")
    theirs = callers.sandbox.person(tenant_id=callers.sandbox.second_tenant_id)
    token = callers.sandbox.token(
        audience="graph", app=True, tenant=callers.sandbox.second_tenant_id
    )
    callers._tokens["app"] = token

    assert callers.ask("GET", f"/users/{theirs['id']}/calendar").status_code == 200


def test_the_limit_is_shown_among_the_faults(callers: Callers) -> None:
    limited(callers, "rbac")

    shown = callers.sandbox.control("GET", "/faults")["items"]

    assert [(each["by"], each["mailboxes"]) for each in shown] == [
        ("rbac", [callers.ann["address"]])
    ]


def test_taking_faults_back_lifts_the_limit(callers: Callers) -> None:
    limited(callers, "policy")

    callers.sandbox.clear_faults()

    assert callers.ask("GET", f"/users/{callers.ben['id']}/calendar").status_code == 200
