"""Field types of the CRM's JSON: text a database can store, moments, visibility."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from backend.crm.text import is_storable


class Text(fields.String):
    """Text of at most ``longest`` characters, none of which a database refuses."""

    def __init__(
        self,
        longest: int,
        *,
        shortest: int = 0,
        also: validate.Validator | None = None,
        **kwargs: Any,
    ) -> None:
        length = validate.Length(min=shortest, max=longest)
        super().__init__(validate=[length] if also is None else [length, also], **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text is not None and not is_storable(text):
            raise ValidationError("Contains a character that cannot be stored.")
        return text


class Moment(fields.Field[datetime]):
    """An aware moment; RFC 3339 in UTC with ``Z`` outside, :class:`datetime` inside."""

    def _serialize(
        self,
        value: datetime | None,
        attr: str | None,  # noqa: ARG002
        obj: Any,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> str | None:
        if value is None:
            return None
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

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


def visibility_field(**kwargs: Any) -> fields.String:
    """``everyone``, ``only_me`` or ``group:<id>``."""
    words = validate.Regexp(r"(?:everyone|only_me|group:[A-Za-z0-9_.-]{1,100})\Z")
    return fields.String(validate=words, **kwargs)
