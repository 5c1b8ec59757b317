"""``If-Match`` and ``If-None-Match``, and the entity tag of a record: its revision in quotes."""

from __future__ import annotations

from flask import request

from backend.crm.problems import CrmError


def revision_asked_for() -> str:
    """The revision that ``If-Match`` names.

    Raises: CrmError 428 without the header. ``*`` or several tags are 422: the caller must say
    which revision he has seen.
    """
    header = request.headers.get("If-Match")
    if header is None:
        raise CrmError(
            428, "precondition_required", 'Send If-Match with the revision you have seen: "…".'
        )
    tags = request.if_match
    strong = tags.as_set()
    if tags.star_tag or len(strong) != 1:
        raise CrmError(422, "validation", "If-Match must name exactly one revision in quotes.")
    return str(next(iter(strong)))


def wants_to_create() -> bool:
    """Whether ``If-None-Match: *`` is sent."""
    return request.if_none_match.star_tag


def entity_tag(revision: str) -> dict[str, str]:
    return {"ETag": f'"{revision}"'}
