"""``/api/admin``: what support may look at, and what only admins may do (A1-A11).

Two blueprints with the same address and different guards: a handler's place says who may call it.
"""

from __future__ import annotations

from typing import Any

from flask_smorest import Blueprint

from backend.api.admin_brake import add_brake_acts, add_brake_view
from backend.api.admin_configuration import add_configuration_acts, add_configuration_view
from backend.api.admin_json import (
    AssignmentSchema,
    AuditPageSchema,
    BulkAnswerSchema,
    ChosenSchema,
    ImportSchema,
    OperationSchema,
    PausedSchema,
    PauseSchema,
    PeoplePageSchema,
    PeopleQuerySchema,
)
from backend.api.admin_person import add_person
from backend.api.admin_reconciliation import add_reconciliation, add_reconciliation_acts
from backend.api.admin_reports import add_report_acts, add_reports
from backend.api.admin_servers import add_servers
from backend.api.admin_simulator import add_simulator
from backend.api.authentication import caller
from backend.api.paging import PageQuerySchema
from backend.services.administration.answers import BulkAnswer, Operation
from backend.services.administration.desk import Administration

_ROOT = "/api/admin"


def admin_views_api(administration: Administration) -> Blueprint:
    """What admins and support see; nothing here changes anything."""
    api = Blueprint("admin_views", __name__, url_prefix=_ROOT, description="Administration: views")

    add_configuration_view(api, administration)

    @api.get("/users")
    @api.arguments(PeopleQuerySchema, location="query")
    @api.response(200, PeoplePageSchema)
    def list_users(query: dict[str, Any]) -> Any:
        """The firm's people by name, with their state and problem."""
        return administration.users.page(
            caller(), query["chosen"], limit=query["limit"], after=query["after"]
        )

    add_brake_view(api, administration)
    add_reports(api, administration)
    add_reconciliation(api, administration)
    return api


def admin_api(administration: Administration) -> Blueprint:
    """What only admins may do and see; every act is in the audit."""
    api = Blueprint("admin", __name__, url_prefix=_ROOT, description="Administration: acts")
    add_configuration_acts(api, administration)
    _add_audit(api, administration)
    _add_pauses(api, administration)
    add_brake_acts(api, administration)
    _add_users(api, administration)
    add_servers(api, administration)
    add_report_acts(api, administration)
    add_simulator(api, administration)
    add_reconciliation_acts(api, administration)
    add_person(api, administration)
    return api


def _add_audit(api: Blueprint, administration: Administration) -> None:
    @api.get("/audit")
    @api.arguments(PageQuerySchema, location="query")
    @api.response(200, AuditPageSchema)
    def show_audit(query: dict[str, Any]) -> Any:
        """Who did what and when, newest first."""
        return administration.office.audit(caller(), limit=query["limit"], after=query["cursor"])


def _add_pauses(api: Blueprint, administration: Administration) -> None:
    @api.post("/pause")
    @api.arguments(PauseSchema)
    @api.response(200, PausedSchema)
    def pause(body: dict[str, Any]) -> Any:
        """Nothing is written for the firm, the server's users or one mailbox; nothing is lost."""
        changed = administration.pauses.pause(caller(), body["level"], body["id"])
        return {"paused": True, "changed": changed}

    @api.post("/resume")
    @api.arguments(PauseSchema)
    @api.response(200, PausedSchema)
    def resume(body: dict[str, Any]) -> Any:
        """Go on, and catch up."""
        changed = administration.pauses.resume(caller(), body["level"], body["id"])
        return {"paused": False, "changed": changed}


def _add_users(api: Blueprint, administration: Administration) -> None:

    @api.post("/users/enable-sync")
    @api.arguments(ChosenSchema)
    @api.response(200, BulkAnswerSchema)
    @api.alt_response(202, schema=BulkAnswerSchema, description="Goes on in the background.")
    def enable(body: dict[str, Any]) -> Any:
        """Enable sync for these users; over 500 in the background."""
        return _bulk(administration.users.enable(caller(), body["chosen"]))

    @api.post("/users/disable-sync")
    @api.arguments(ChosenSchema)
    @api.response(200, BulkAnswerSchema)
    @api.alt_response(202, schema=BulkAnswerSchema, description="Goes on in the background.")
    def disable(body: dict[str, Any]) -> Any:
        """Disable sync for these users: records stay; over 500 in the background."""
        return _bulk(administration.users.disable(caller(), body["chosen"]))

    @api.post("/users/assign-server")
    @api.arguments(AssignmentSchema)
    @api.response(200, BulkAnswerSchema)
    @api.alt_response(202, schema=BulkAnswerSchema, description="Goes on in the background.")
    def assign(body: dict[str, Any]) -> Any:
        """Reach these users' mailboxes through this server; over 500 in the background."""
        return _bulk(administration.users.assign(caller(), body["chosen"], body["server_id"]))

    @api.post("/users/import")
    @api.arguments(ImportSchema)
    @api.response(202, BulkAnswerSchema)
    def import_users(body: dict[str, Any]) -> Any:
        """Read the directory in the background: licensed people who are new become users."""
        return _bulk(administration.users.import_directory(caller(), body["server_id"]))

    @api.get("/operations/<string:operation_id>")
    @api.response(200, OperationSchema)
    def show_operation(operation_id: str) -> Operation:
        """How far a long operation has come, and what did not work."""
        return administration.operations.show(caller(), operation_id)

    @api.delete("/operations/<string:operation_id>")
    @api.response(200, OperationSchema)
    def cancel_operation(operation_id: str) -> Operation:
        """Stop it; what is done stays done."""
        return administration.operations.cancel(caller(), operation_id)


def _bulk(answer: BulkAnswer) -> tuple[BulkAnswer, int]:
    return answer, 202 if answer.operation is not None else 200
