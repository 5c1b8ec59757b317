"""Our real pane over https: files and headers as the application serves them, the API scripted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask, Response, jsonify, request
from werkzeug.serving import WSGIRequestHandler, make_server

from backend.api.headers import register_headers
from backend.api.pages import site_pages
from backend.settings import Settings
from tests.browser.pane.answers import EVENT_ID, a_problem

CLIENT_ID = "11111111-2222-3333-4444-555555555555"


def self_signed(folder: Path) -> tuple[str, str]:
    """A certificate for localhost that nobody trusts, good for a day: its file and the key's."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "localhost.pem", folder / "localhost.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(paths[0]), str(paths[1])


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log(self, *_parts: Any) -> None:
        """Drop the line."""


class PaneServer:
    """`answer` scripts the API for one test; `calls` are method, path, query, body, and bearer."""

    def __init__(self, folder: Path) -> None:
        self.calls: list[tuple[str, str, dict[str, str], Any, str]] = []
        self._answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self._server = make_server(
            "127.0.0.1",
            0,
            self._app(),
            threaded=True,
            request_handler=Quiet,
            ssl_context=self_signed(folder),
        )
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def _app(self) -> Flask:
        settings = Settings(
            base_url="https://localhost",
            client_id=CLIENT_ID,
            client_secret="secret",
            tenants=("a4c1d5de-1111-4222-8333-944445555666",),
            secret_keys=("k" * 48,),
        )
        app = Flask("pane", static_folder=None)
        register_headers(app, settings)
        app.register_blueprint(site_pages(settings))
        methods = ["GET", "PUT", "POST", "PATCH", "DELETE"]
        app.add_url_rule("/api/<path:path>", "api", self._serve, methods=methods)
        return app

    def _serve(self, path: str) -> tuple[Response, int]:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        body = request.get_json(silent=True)
        self.calls.append((request.method, path, request.args.to_dict(), body, bearer))
        missing = 501, a_problem(501, "not_scripted", f"{request.method} {path}")
        status, answer = self._answers.get((request.method, path), missing)
        return jsonify(answer), status

    def answer(self, method: str, path: str, body: Any, status: int = 200) -> None:
        """``{id}`` in the path is the sample event."""
        self._answers[method, path.replace("{id}", EVENT_ID)] = (status, body)

    def asked(self, method: str, path: str) -> list[tuple[dict[str, str], Any, str]]:
        """Query, body and bearer of every such call."""
        wanted = method, path.replace("{id}", EVENT_ID)
        return [
            (query, body, bearer) for *call, query, body, bearer in self.calls if (*call,) == wanted
        ]

    def forget(self) -> None:
        self.calls.clear()
        self._answers.clear()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
