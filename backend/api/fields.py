"""The few field types of our JSON: moments in RFC 3339, cursors of pages."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from marshmallow import ValidationError, fields

from backend.services.answers import Place


class Moment(fields.Field[datetime]):
    """An aware moment; RFC 3339 in UTC with ``Z`` outside, :class:`datetime` inside."""

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,  # noqa: ARG002
        obj: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> str | None:
        return rfc3339(value) if value is not None else None

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> datetime:
        try:
            moment = datetime.fromisoformat(value)
            if moment.utcoffset() is None:
                raise ValidationError("Not a time with an offset or Z.")
            return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("Not a time such as 2026-03-01T09:00:00Z.") from None


class Cursor(fields.Field[Place]):
    """Where a page ended; opaque text outside, a :class:`Place` inside."""

    def _serialize(
        self,
        value: Place | None,
        attr: str | None,  # noqa: ARG002
        obj: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> str | None:
        if value is None:
            return None
        packed = orjson.dumps([value.at.astimezone(UTC).isoformat(), value.id])
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Place:
        try:
            padded = value + "=" * (-len(value) % 4)
            packed = base64.b64decode(padded, altchars=b"-_", validate=True)
            at, row_id = orjson.loads(packed)
            moment = datetime.fromisoformat(at)
            if moment.utcoffset() is None:
                raise ValueError(at)
            return Place(moment.astimezone(UTC), str(uuid.UUID(row_id)))
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise ValidationError("This cursor is not one of ours.") from None


def rfc3339(moment: datetime) -> str:
    """UTC with ``Z``; a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
