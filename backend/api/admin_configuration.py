"""``/api/admin/configuration``: the firm's settings, their change, and what a change would do."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_smorest import Blueprint, abort

from backend.api.authentication import caller
from backend.api.configuration_json import (
    ConfigurationChangeSchema,
    ConfigurationSchema,
    PreviewSchema,
)
from backend.services.administration.answers import Configuration
from backend.services.administration.desk import Administration


def add_configuration_view(api: Blueprint, administration: Administration) -> None:
    """Put what support sees, too, into the views' blueprint."""

    @api.get("/configuration")
    @api.response(200, ConfigurationSchema)
    def show_configuration() -> Any:
        """The firm's settings; ``ETag`` is what a change must name."""
        return _tagged(administration.configuration.show(caller()))


def add_configuration_acts(api: Blueprint, administration: Administration) -> None:
    """Put what only admins may do into theirs."""

    @api.put("/configuration")
    @api.arguments(ConfigurationChangeSchema)
    @api.response(200, ConfigurationSchema)
    def change_configuration(changes: dict[str, Any]) -> Any:
        """Change what is sent; ``If-Match`` names the version that was read.

        Existing events are judged again. Records that no longer qualify stay, unless
        ``unqualified_records`` says ``remove``.
        """
        removes = changes.pop("unqualified_records", "keep") == "remove"
        return _tagged(
            administration.configuration.change(
                caller(), _version_asked_for(), changes, removes_unqualified=removes
            )
        )

    @api.post("/configuration/preview")
    @api.arguments(ConfigurationChangeSchema)
    @api.response(200, PreviewSchema)
    def preview(changes: dict[str, Any]) -> Any:
        """What these settings would make of the last 30 days and of existing records.

        Writes nothing. Before sync is enabled it also looks for other syncs at work.
        """
        changes.pop("unqualified_records", None)
        return administration.simulator.preview(caller(), changes)


def _tagged(configuration: Configuration) -> tuple[Configuration, int, dict[str, str]]:
    return configuration, 200, {"ETag": f'"{configuration.version}"'}


def _version_asked_for() -> int:
    """The version that ``If-Match`` names; 428 without it."""
    if "If-Match" not in request.headers:
        abort(428, message='Send If-Match with the ETag of the settings you have read: "1".')
    tags = request.if_match.as_set()
    tag = next(iter(tags)) if len(tags) == 1 else ""
    if not (tag.isascii() and tag.isdigit() and len(tag) < 10):
        # A tag we never gave: whatever was read, it is not what there is.
        return -1
    return int(tag)
