"""Asking: paths, options, paging, headers and error bodies as Graph has them."""

import pytest

from tests.support.firm import Graph

MATTER = "String {66f5a359-4659-4638-81a3-d1d2b2f5c5b4} Name MyTag"


@pytest.mark.parametrize(
    "path",
    [
        "/me/events",
        "//me//events",
        "/ME/Events",
        "/users/ann@firm.example/events",
        "/users('ann@firm.example')/events",
        "/users/3f1c0000-0000-4000-8000-000000000001/calendar/events",
        "/me/calendars/{calendar}/events",
        "/me/calendars('{calendar}')/events",
    ],
)
def test_many_paths_lead_to_an_event(graph: Graph, path: str) -> None:
    created = graph.create()
    path = path.replace("{calendar}", graph.get("/me/calendar")["id"])

    assert [event["id"] for event in graph.get(path)["value"]] == [created["id"]]
    assert graph.get(f"{path}/{created['id']}")["id"] == created["id"]
    assert graph.get(f"{path}('{created['id']}')")["id"] == created["id"]


def test_pages_are_ten_long_and_linked_absolutely(graph: Graph) -> None:
    for number in range(23):
        graph.create(subject=f"{number:02d}")

    first = graph.get("/me/events?%24select=subject&$COUNT=true&$orderby=subject desc")
    second = graph.get(first["@odata.nextLink"])
    third = graph.get(second["@odata.nextLink"])

    assert first["@odata.count"] == 23
    assert first["@odata.nextLink"].startswith(f"{graph.base}/v1.0/me/events?")
    assert [len(page["value"]) for page in (first, second, third)] == [10, 10, 3]
    assert "@odata.nextLink" not in third
    subjects = [e["subject"] for page in (first, second, third) for e in page["value"]]
    assert subjects == [f"{number:02d}" for number in reversed(range(23))]
    assert set(first["value"][0]) == {"@odata.etag", "id", "subject"}


def test_links_carry_the_host_the_client_believes_in(graph: Graph) -> None:
    for _ in range(2):
        graph.create()

    page = graph.ask("GET", "/me/events?$top=1", Host="graph.microsoft.com").json()

    assert page["@odata.nextLink"].startswith("https://graph.microsoft.com/v1.0/me/events?")
    assert page["@odata.context"].startswith("https://graph.microsoft.com/v1.0/$metadata#users('")


@pytest.mark.parametrize(
    ("expression", "subjects"),
    [
        ("subject eq 'one'", ["One"]),
        ("start/dateTime ge '2026-03-03T00:00:00'", ["One", "Two's"]),
        ("start/dateTime ge '2027-01-01'", []),
        ("categories/any(c:c eq 'Ours')", ["One"]),
        ("not categories/any(c:c eq 'Ours') and isCancelled eq false", ["Two's"]),
        ("subject eq 'Two''s' or (sensitivity eq 'private')", ["Two's"]),
        ("startswith(subject,'tw')", ["Two's"]),
        ("organizer/emailAddress/address eq 'ann@firm.example'", ["One", "Two's"]),
        ("createdDateTime lt 2026-03-02T09:00:00Z", []),
        ("createdDateTime le 2026-03-02T10:00:00+01:00", []),
        ("createdDateTime ge 2026-03-02T09:00:00Z", ["One", "Two's"]),
        (
            f"singleValueExtendedProperties/Any(ep: ep/id eq '{MATTER}' and ep/value eq '4711')",
            ["One"],
        ),
    ],
)
def test_filters_select(graph: Graph, expression: str, subjects: list[str]) -> None:
    properties = [{"id": MATTER, "value": "4711"}]
    graph.create(subject="One", categories=["Ours"], singleValueExtendedProperties=properties)
    graph.create(subject="Two's")

    answer = graph.ask("GET", "/me/events?$filter=" + expression.replace("+", "%2B"))

    assert answer.status_code == 200, answer.text
    assert [event["subject"] for event in answer.json()["value"]] == subjects


def test_an_event_is_found_by_its_ical_uid(graph: Graph) -> None:
    created = graph.create()
    graph.create()

    found = graph.get(f"/me/calendar/events?$filter=iCalUId eq '{created['iCalUId']}'")["value"]
    none = graph.get("/me/events?$filter=iCalUId eq 'nothing'")["value"]

    assert [event["id"] for event in found] == [created["id"]]
    assert none == []


def test_extended_properties_come_when_expanded(graph: Graph) -> None:
    properties = [{"id": MATTER, "value": "4711"}]
    created = graph.create(singleValueExtendedProperties=properties)
    expand = f"$expand=singleValueExtendedProperties($filter=id eq '{MATTER}')"

    assert "singleValueExtendedProperties" not in graph.get(f"/me/events/{created['id']}")
    shown = graph.get(f"/me/events/{created['id']}?{expand}")
    assert shown["singleValueExtendedProperties"] == properties


@pytest.mark.parametrize(
    "query",
    [
        "$filter=subject eq",
        "$filter=((((subject eq 'x'",
        "$filter=" + "(" * 500,
        "$filter=" + "not " * 500 + "true",
        "$filter='x'",
        "$orderby=subject sideways",
        "$top=-1",
        "$top=ten",
        "$skip=999999999999",
        "$nonsense=1",
        "$expand=nonsense",
        "$expand=a(((",
        "$count=maybe",
        "$top=1&$top=2",
        "$search=x",
    ],
)
def test_options_that_make_no_sense_are_refused(graph: Graph, query: str) -> None:
    graph.create()

    assert graph.code("GET", f"/me/events?{query}") == (400, "ErrorInvalidUrlQuery")


def test_errors_have_ids_in_body_and_headers(graph: Graph) -> None:
    answer = graph.ask("GET", "/me/events/nonsense")
    error = answer.json()["error"]

    assert set(error) == {"code", "message", "innerError"}
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert answer.headers["request-id"] == error["innerError"]["request-id"]
    assert answer.headers["OData-Version"] == "4.0"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b'"x"', b"{}" * 9])
def test_bodies_that_are_no_objects_are_refused(graph: Graph, body: bytes) -> None:
    headers = {"Authorization": "Bearer ann", "Content-Type": "application/json"}

    answer = graph.session.post(
        f"{graph.base}/v1.0/me/events", data=body, headers=headers, timeout=5
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("BadRequest", "ErrorPropertyValidationFailure")


def test_master_categories_are_kept(graph: Graph) -> None:
    path = "/me/outlook/masterCategories"
    made = graph.ask("POST", path, json={"displayName": "Matter 4711", "color": "preset7"})
    key = made.json()["id"]

    twin = graph.ask("POST", path, json={"displayName": "MATTER 4711", "color": "preset1"})
    changed = graph.patch(f"{path}/{key}", color="preset15", displayName="Other")
    listed = [category["displayName"] for category in graph.get(path)["value"]]
    deleted = graph.ask("DELETE", f"{path}/{key}")

    assert (made.status_code, twin.status_code, deleted.status_code) == (201, 409, 204)
    assert (changed["color"], changed["displayName"]) == ("preset15", "Matter 4711")
    assert "Matter 4711" in listed
    assert graph.ask("GET", f"{path}/{key}").status_code == 404


def test_actions_answer_without_a_body(graph: Graph) -> None:
    created = graph.create(attendees=[{"emailAddress": {"address": "ben@firm.example"}}])
    ben = graph.get("/me/events", "ben")["value"][0]["id"]

    accepted = graph.ask("POST", f"/me/events/{ben}/accept", "ben", json={"comment": "yes"})
    refused = graph.ask("POST", f"/me/events/{ben}/cancel", "ben", json={})
    cancelled = graph.ask("POST", f"/me/events/{created['id']}/cancel")

    assert (accepted.status_code, accepted.content) == (202, b"")
    assert refused.status_code == 400
    assert cancelled.status_code == 202
    assert graph.get(f"/me/events/{ben}", "ben")["isCancelled"] is True


def test_unknown_methods_are_refused(graph: Graph) -> None:
    assert graph.ask("PUT", "/me/events").status_code == 405
    assert graph.ask("DELETE", "/me").status_code == 405
