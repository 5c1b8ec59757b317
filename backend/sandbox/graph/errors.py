"""Refusals of the Graph front door: tokens, permissions, addresses and OData options."""

from collections.abc import Mapping


class GraphError(Exception):
    """A refusal that is rendered as Graph's error body with innerError.

    `headers` are sent along, e.g. WWW-Authenticate with a 401.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})


def access_denied() -> GraphError:
    """The token lacks the permission, or the mailbox owner granted no rights."""
    return GraphError(
        403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."
    )


def insufficient_privileges() -> GraphError:
    """The token lacks a permission of the directory."""
    return GraphError(
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )


def no_such_segment(segment: str) -> GraphError:
    """The path names nothing that exists."""
    return GraphError(
        400,
        "RequestBroker--ParseUri",
        f"Resource not found for the segment '{segment[:200]}'.",
    )


def bad_query(message: str) -> GraphError:
    """An OData option cannot be understood or is not supported."""
    return GraphError(400, "ErrorInvalidUrlQuery", message)


def bad_body(message: str) -> GraphError:
    """The body cannot be read."""
    return GraphError(400, "BadRequest", message)
