"""Our own CRM as people and trouble make it: for the contracts of its two gateways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask

from backend.crm.gateway import EmbeddedCrm
from tests.crm.gateway_contract import TENANT
from tests.support.crm_server import SERVICE_TOKEN

JANE = {"Authorization": f"Bearer {TENANT}:jane"}


class ApiHands:
    """Jane, who works with records through the HTTP API as its pages would."""

    def __init__(self, app: Flask, crm: EmbeddedCrm) -> None:
        self._client = app.test_client()
        self._crm = crm

    def change_subject(self, activity_id: str, subject: str) -> None:
        self._patch(activity_id, subject=subject)

    def write_notes(self, activity_id: str, notes: str) -> None:
        self._patch(activity_id, notes=notes)

    def hide(self, activity_id: str) -> None:
        self._patch(activity_id, visibility="only_me")

    def delete(self, activity_id: str) -> None:
        headers = self._headers(activity_id)
        answer = self._client.delete(f"/crm/api/activities/{activity_id}", headers=headers)
        assert answer.status_code == 204, answer.text

    def _patch(self, activity_id: str, **changes: Any) -> None:
        headers = self._headers(activity_id)
        path = f"/crm/api/activities/{activity_id}"
        answer = self._client.patch(path, json=changes, headers=headers)
        assert answer.status_code == 200, answer.text

    def _headers(self, activity_id: str) -> dict[str, str]:
        found = self._crm.get_activity(TENANT, activity_id)
        assert found is not None
        return {**JANE, "If-Match": f'"{found.revision}"'}


class UnwellServer:
    """Stands before a WSGI application and spoils its answers to our service."""

    def __init__(self, app: Flask) -> None:
        self._inner = app.wsgi_app
        self._answer: tuple[str, list[tuple[str, str]]] | None = None
        self._works = False
        self._only_writes = False
        app.wsgi_app = self  # type: ignore[method-assign]

    def deny(self) -> None:
        self._spoil("403 Forbidden", only_writes=True)

    def throttle(self) -> None:
        self._spoil("429 Too Many Requests", [("Retry-After", "7")])

    def fail(self) -> None:
        self._spoil("503 Service Unavailable")

    def lose_answers(self) -> None:
        self._spoil("502 Bad Gateway", only_writes=True, works=True)

    def relent(self) -> None:
        self._answer = None

    def _spoil(
        self,
        status: str,
        headers: list[tuple[str, str]] | None = None,
        *,
        only_writes: bool = False,
        works: bool = False,
    ) -> None:
        self._answer = status, headers or []
        self._only_writes = only_writes
        self._works = works

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_service = environ.get("HTTP_AUTHORIZATION") == f"Bearer {SERVICE_TOKEN}"
        reads = environ["REQUEST_METHOD"] == "GET"
        if self._answer is None or not is_service or (reads and self._only_writes):
            return self._inner(environ, start_response)
        if self._works:
            list(self._inner(environ, lambda *_args: lambda _data: None))
        status, headers = self._answer
        start_response(status, [*headers, ("Content-Length", "0")])
        return []
