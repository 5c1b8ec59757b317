"""The OpenAPI description is served, complete and true."""

import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.conftest import BEARER

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


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
        ("get", "/api/events/{event_id}/history"),
        ("get", "/api/contacts"),
    } <= described


def test_errors_are_described_as_problems(anonymous: FlaskClient):
    responses = anonymous.get("/api/openapi.json").json["components"]["responses"]

    assert list(responses["DEFAULT_ERROR"]["content"]) == ["application/problem+json"]


def test_the_readable_page_names_every_call(anonymous: FlaskClient):
    spec = anonymous.get("/api/openapi.json").json

    page = anonymous.get("/api/docs").text

    assert all(path in page for path in spec["paths"])


def test_what_is_described_is_what_happens(anonymous: FlaskClient):
    """Which inputs are refused is pinned elsewhere: a schema cannot say all of it."""
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", anonymous.application)
    ours = schema.include(path_regex="^/api/")

    for described in ours.get_all_operations():

        @hypothesis_settings(
            max_examples=15, deadline=None, suppress_health_check=list(HealthCheck)
        )
        @given(case=described.ok().as_strategy())
        def answers_as_described(case: schemathesis.Case) -> None:
            case.call_and_validate(headers=BEARER, checks=CHECKS)

        answers_as_described()
