"""Outlook's event ids in our addresses: either spelling in, Graph's spelling out."""

from __future__ import annotations

import re

from werkzeug.routing import BaseConverter

from backend.domain.errors import InvalidEventIdError

SHORTEST = 8
LONGEST = 1024
_SHAPE = re.compile(rf"[A-Za-z0-9_=-]{{{SHORTEST},{LONGEST}}}")
_TO_GRAPH = str.maketrans("/+", "-_")


class EventIdConverter(BaseConverter):
    """Everything up to the fixed suffix, slashes included: EWS ids are base64 with ``/``.

    The shape is not checked here, so that a malformed id is answered with its code, not with 404.
    """

    part_isolating = False
    regex = r"[\s\S]+?"


def graph_event_id(text: str) -> str:
    """The id as Graph spells it: ``/`` becomes ``-`` and ``+`` becomes ``_``, nothing else moves.

    Raises: InvalidEventIdError when no Outlook id looks like that.
    """
    event_id = text.translate(_TO_GRAPH)
    if not _SHAPE.fullmatch(event_id):
        raise InvalidEventIdError
    return event_id
