"""``/api/admin/exchange-servers``: online servers, without their secrets (A4)."""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.admin_json import (
    NewServerSchema,
    ServerChangeSchema,
    ServerListSchema,
    ServerSchema,
    ServerTestRequestSchema,
    ServerTestSchema,
)
from backend.api.authentication import caller
from backend.services.administration.desk import Administration

_ALL = "/exchange-servers"
_ONE = "/exchange-servers/<string:server_id>"


def add_servers(api: Blueprint, administration: Administration) -> None:
    """Put the calls into the admins' blueprint."""

    @api.get(_ALL)
    @api.response(200, ServerListSchema)
    def list_servers() -> Any:
        """The firm's servers by name."""
        return {"items": administration.servers.all(caller())}

    @api.post(_ALL)
    @api.arguments(NewServerSchema)
    @api.response(201, ServerSchema)
    def add_server(body: dict[str, Any]) -> Any:
        """Register a server with a client secret or a certificate."""
        server = administration.servers.add(caller(), body)
        return server, 201, {"Location": f"/api/admin{_ALL}/{server.id}"}

    @api.get(_ONE)
    @api.response(200, ServerSchema)
    def show_server(server_id: str) -> Any:
        """One server."""
        return administration.servers.show(caller(), server_id)

    @api.patch(_ONE)
    @api.arguments(ServerChangeSchema)
    @api.response(200, ServerSchema)
    def change_server(body: dict[str, Any], server_id: str) -> Any:
        """Change what is sent; a new secret is used from now on."""
        return administration.servers.change(caller(), server_id, body)

    @api.delete(_ONE)
    @api.response(204)
    def remove_server(server_id: str) -> None:
        """Remove a server that no user is assigned to; 409 ``server_in_use`` otherwise."""
        administration.servers.remove(caller(), server_id)

    @api.post(f"{_ONE}/test")
    @api.arguments(ServerTestRequestSchema)
    @api.response(200, ServerTestSchema)
    def test_server(body: dict[str, Any], server_id: str) -> Any:
        """Try what the server needs; each check says what is missing and how to grant it."""
        return administration.server_testing.test(caller(), server_id, body["mailbox"])
