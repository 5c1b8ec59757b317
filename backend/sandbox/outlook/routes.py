"""Routes of the Outlook-like page and `/office.js`; every act goes to the control plane."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from backend.sandbox.outlook.script import one_script

_HERE = Path(__file__).parent
_LOOPBACK_FRAMES = "http://localhost:* http://127.0.0.1:*"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PLAIN_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_FOREVER = {**_PLAIN_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}


def outlook_routes(pane_url: str | None = None) -> list[Route]:
    """Everything the page is made of, read once from disk.

    `pane_url`: address of the task pane. Its origin is the only one that may be framed; without it
    any loopback origin may be.
    """
    files = {path.relative_to(_HERE / "static").as_posix(): path.read_bytes() for path in _static()}
    version = _digest(files[name] for name in sorted(files))
    page = files["index.html"].replace(b"{{assets}}", f"/outlook/{version}".encode())
    page_headers = {
        **_PLAIN_HEADERS,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": _content_security_policy(pane_url),
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }
    office = _office_js()
    office_headers = {
        **_PLAIN_HEADERS,
        "Cache-Control": "no-cache",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{_digest([office])}"',
    }

    async def index(_request: Request) -> Response:
        return Response(page, headers=page_headers, media_type=_TYPES[".html"])

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        if request.path_params["version"] != version or name not in files:
            return Response("not found", status_code=404, headers=_PLAIN_HEADERS)
        return Response(files[name], headers=_FOREVER, media_type=_TYPES[Path(name).suffix])

    async def office_js(request: Request) -> Response:
        if request.headers.get("if-none-match") == office_headers["ETag"]:
            return Response(status_code=304, headers=office_headers)
        return Response(office, headers=office_headers, media_type=_TYPES[".js"])

    return [
        Route("/", index),
        Route("/office.js", office_js),
        Route("/outlook/{version}/{name:path}", asset),
    ]


def _static() -> Iterable[Path]:
    return (path for path in (_HERE / "static").rglob("*") if path.suffix in _TYPES)


def _office_js() -> bytes:
    modules = {path.stem: path.read_text("utf-8") for path in (_HERE / "office").glob("*.js")}
    return one_script(modules, "office").encode()


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]


def _content_security_policy(pane_url: str | None) -> str:
    frames = _LOOPBACK_FRAMES
    if pane_url:
        parts = urlsplit(pane_url)
        frames = f"{parts.scheme}://{parts.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            f"frame-src {frames}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
