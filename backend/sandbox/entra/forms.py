"""Reads the urlencoded bodies that Entra takes."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from backend.sandbox.entra.errors import EntraError

MAX_FORM_BYTES = 256 * 1024


async def read_form(request: Request) -> dict[str, str]:
    """The urlencoded body, first value of each name; raises EntraError for anything else."""
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_FORM_BYTES:
            raise EntraError(9002313, "invalid_request", "The body is too large.")
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise EntraError(9002313, "invalid_request", "The body is no form.") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        form.setdefault(name, value)
    return form
