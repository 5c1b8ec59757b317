"""Fills the HTML pages of Entra and sends them under a strict policy."""

import string
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.responses import Response

from backend.sandbox.entra.errors import EntraError

STATIC = files("backend.sandbox.entra") / "static"
NO_STORE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def page(name: str, *, form_targets: str = "", **values: str) -> Response:
    """The filled page; every value is escaped but those whose name starts with `raw_`."""
    template = string.Template((STATIC / name).read_text("utf-8"))
    safe = {
        key: value if key.startswith("raw_") else escape(value) for key, value in values.items()
    }
    # Chromium applies form-action to the redirect after the form as well.
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        f"form-action 'self' {form_targets}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers = NO_STORE | {"content-security-policy": policy, "x-content-type-options": "nosniff"}
    return Response(template.substitute(safe), 200, headers, "text/html; charset=utf-8")


def error_page(error: EntraError) -> Response:
    """What a person sees when there is nowhere safe to send the error to."""
    answer = page("message.html", title="Sign-in is not possible", message=error.text)
    answer.status_code = 400
    return answer


def origin(uri: str) -> str:
    """Scheme, host and port of an address."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}"


def with_query(uri: str, fields: Mapping[str, str]) -> str:
    """The address with more fields in its query."""
    parts = urlsplit(uri)
    query = "&".join(part for part in (parts.query, urlencode(fields)) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
