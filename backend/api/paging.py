"""What asks for a page of a list: its length, where it begins, which lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, post_load, validate

from backend.api.fields import Cursor


def _limit() -> fields.Integer:
    return fields.Integer(load_default=50, validate=validate.Range(1, 200))


class PageQuerySchema(Schema):
    """Which page of a list by time."""

    limit = _limit()
    cursor = Cursor(
        load_default=None, metadata={"description": "`next` of the page before this one."}
    )


class FilteredPageSchema(Schema):
    """Which page of what a filter lets through. Whoever mixes it in brings filter and cursor."""

    limit = _limit()

    def filter_of(self, data: Mapping[str, Any]) -> object:
        """The filter that the parameters mean."""
        raise NotImplementedError

    @post_load
    def to_query(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        """As the services take it."""
        return {"chosen": self.filter_of(data), "limit": data["limit"], "after": data["cursor"]}


class PickerQuerySchema(Schema):
    """Search words for a picker, which has one page only."""

    q = fields.String(load_default="", validate=validate.Length(max=200))
    limit = _limit()
    cursor = fields.String(load_default=None, validate=validate.Length(max=200))
