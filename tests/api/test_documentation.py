"""The OpenAPI description is served, complete and true."""

from flask.testing import FlaskClient


def test_every_call_of_the_contract_is_described(anonymous: FlaskClient):
    paths = anonymous.get("/api/openapi.json").json["paths"]
    described = {(verb, path) for path, item in paths.items() for verb in item}

    assert {
        ("get", "/api/me"),
        ("patch", "/api/me"),
        ("post", "/api/events/check"),
        ("get", "/api/events/{event_id}"),
        ("put", "/api/events/{event_id}/link"),
        ("delete", "/api/events/{event_id}/link"),
        ("post", "/api/events/{event_id}/link/undo"),
        ("get", "/api/contacts"),
    } <= described


def test_errors_are_described_as_problems(anonymous: FlaskClient):
    responses = anonymous.get("/api/openapi.json").json["components"]["responses"]

    assert list(responses["DEFAULT_ERROR"]["content"]) == ["application/problem+json"]


def test_the_readable_page_names_every_call(anonymous: FlaskClient):
    spec = anonymous.get("/api/openapi.json").json

    page = anonymous.get("/api/docs").text

    assert all(path in page for path in spec["paths"])
