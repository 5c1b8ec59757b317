"""``/api/openapi.json`` and ``/api/docs``: the API described by the code that checks it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from threading import Lock
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, render_template
from flask_smorest import Api
from flask_smorest import Blueprint as DocumentedBlueprint
from flask_smorest.utils import prepare_response
from marshmallow import Schema, fields

from backend.api import event_ids
from backend.api.event_ids import EventIdConverter
from backend.api.fields import Cursor, Moment
from backend.api.problems import MEDIA_TYPE

_VERBS = ("get", "post", "put", "patch", "delete")
_VERSION = "1.0"


class ProblemSchema(Schema):
    """RFC 9457 with our stable ``code``; further members depend on it."""

    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict()
    consent_url = fields.String()
    checks = fields.List(fields.Dict())


class DocumentedApi(Api):  # type: ignore[misc]
    """flask-smorest's registry of blueprints, with our problems instead of its errors."""

    ERROR_SCHEMA = ProblemSchema

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self._undescribed: list[DocumentedBlueprint] = []
        self._describing = Lock()

    def register_blueprint(self, blueprint: DocumentedBlueprint, **options: Any) -> None:
        """Register it now and describe it when somebody asks: that is most of an app's start."""
        app = self._app
        app.extensions["flask-smorest"]["blp_name_to_api"][blueprint.name] = self
        app.register_blueprint(blueprint, **options)
        self._undescribed.append(blueprint)

    def description(self) -> dict[str, Any]:
        """The OpenAPI document of everything that was registered."""
        with self._describing:
            while self._undescribed:
                blueprint = self._undescribed.pop(0)
                blueprint.register_views_in_doc(
                    self, self._app, self.spec, name=blueprint.name, parameters=None
                )
                self.spec.tag({"name": blueprint.name, "description": blueprint.description})
            described: dict[str, Any] = self.spec.to_dict()
            return described

    def _register_error_handlers(self) -> None:
        """`backend.api.problems` answers all errors, also outside of this API."""

    def _register_responses(self) -> None:
        response: dict[str, Any] = {
            "description": "A problem; `code` is stable, `detail` is for people.",
            "schema": self.ERROR_SCHEMA,
        }
        prepare_response(response, self.spec, MEDIA_TYPE)
        self.spec.components.response("DEFAULT_ERROR", response, lazy=True)
        for status in ("UNPROCESSABLE_ENTITY", "UNPROCESSABLE_CONTENT"):
            # The spelling of 422 depends on the version of Python.
            self.spec.components.response(status, dict(response), lazy=True)


def documented(app: Flask) -> DocumentedApi:
    """The API object to register blueprints with."""
    app.config.update(
        API_TITLE="Calendar Sync",
        API_VERSION=_VERSION,
        OPENAPI_VERSION="3.0.3",
        API_SPEC_OPTIONS={
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
                }
            },
            "security": [{"bearer": []}],
        },
    )
    app.url_map.converters["event_id"] = EventIdConverter
    api = DocumentedApi(app)
    api.register_converter(EventIdConverter, _event_id_schema)
    api.register_field(Moment, "string", "date-time")
    api.register_field(Cursor, "string", None)
    return api


def documentation_page(api: DocumentedApi) -> Blueprint:
    """The description for programs and the same for readers: no scripts, nothing from elsewhere."""
    pages = Blueprint("documentation", __name__, template_folder="templates")

    @pages.get("/api/openapi.json")
    def description() -> Response:
        return jsonify(api.description())

    @pages.get("/api/docs")
    def show() -> str:
        spec = api.description()
        return render_template(
            "api_docs.html",
            info=spec["info"],
            operations=list(operations(spec)),
            schemas=spec.get("components", {}).get("schemas", {}),
        )

    return pages


def operations(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every call of an OpenAPI description, flat, for a template."""
    for path, item in spec["paths"].items():
        for verb in _VERBS:
            if verb not in item:
                continue
            call = item[verb]
            yield {
                "verb": verb.upper(),
                "path": path,
                "summary": call.get("summary", ""),
                "parameters": [*item.get("parameters", ()), *call.get("parameters", ())],
                "body": _schema_name(call.get("requestBody", {})),
                "answers": {
                    status: (answer.get("description", ""), _schema_name(answer))
                    for status, answer in call.get("responses", {}).items()
                    if "$ref" not in answer
                },
            }


def _schema_name(part: Mapping[str, Any]) -> str | None:
    for content in part.get("content", {}).values():
        reference = content.get("schema", {}).get("$ref", "")
        return reference.rpartition("/")[2] or None
    return None


def _event_id_schema(_converter: EventIdConverter) -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": event_ids.SHORTEST,
        "maxLength": event_ids.LONGEST,
        "pattern": "^[A-Za-z0-9+/_=-]+$",
        "description": "A Graph or EWS id; slashes need not be encoded.",
    }
