"""The few field types of our JSON: moments in RFC 3339, cursors of pages."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from marshmallow import ValidationError, fields

from backend.services.administration.answers import NamePlace
from backend.services.answers import Place

P = TypeVar("P")


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


class Opaque(fields.Field[P]):
    """Where a page ended; opaque text outside, two texts that a subclass understands inside."""

    def parts_of(self, place: P) -> tuple[str, str]:
        """What to keep of it."""
        raise NotImplementedError

    def place_of(self, first: str, second: str) -> P:
        """It again. Raises: ValueError, OverflowError when the parts are not such a place."""
        raise NotImplementedError

    def _serialize(
        self,
        value: P | None,
        attr: str | None,  # noqa: ARG002
        obj: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> str | None:
        if value is None:
            return None
        packed = orjson.dumps(self.parts_of(value))
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002
        data: Mapping[str, Any] | None,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> P:
        try:
            padded = value + "=" * (-len(value) % 4)
            packed = base64.b64decode(padded, altchars=b"-_", validate=True)
            first, second = orjson.loads(packed)
            if not (isinstance(first, str) and isinstance(second, str)):
                raise TypeError(packed)
            return self.place_of(first, second)
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise ValidationError("This cursor is not one of ours.") from None


class Cursor(Opaque[Place]):
    """Where a page of a list by time ended."""

    def parts_of(self, place: Place) -> tuple[str, str]:
        return place.at.astimezone(UTC).isoformat(), place.id

    def place_of(self, first: str, second: str) -> Place:
        moment = datetime.fromisoformat(first)
        if moment.utcoffset() is None:
            raise ValueError(first)
        return Place(moment.astimezone(UTC), str(uuid.UUID(second)))


class NameCursor(Opaque[NamePlace]):
    """Where a page of a list by name ended."""

    def parts_of(self, place: NamePlace) -> tuple[str, str]:
        return place.name, place.id

    def place_of(self, first: str, second: str) -> NamePlace:
        if "\x00" in first:
            raise ValueError(first)
        return NamePlace(first, str(uuid.UUID(second)))


def rfc3339(moment: datetime) -> str:
    """UTC with ``Z``; a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
