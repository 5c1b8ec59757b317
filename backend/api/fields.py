"""The few field types of our JSON: moments in RFC 3339, text a database can store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields


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


def rfc3339(moment: datetime) -> str:
    """UTC with ``Z``; a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
