"""Routes of the Outlook-like pages and `/office.js`; every act goes to the control plane."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable
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
    assets = f"/outlook/{version}".encode()
    # A column of the side-by-side page is this page again, framed by nobody else.
    page = _page(files["index.html"], assets, frames=_pane_frames(pane_url), framed_by="'self'")
    columns = _page(files["columns.html"], assets, frames="'self'", framed_by="'none'")
    office = _office_js()
    office_headers = {
        **_PLAIN_HEADERS,
        "Cache-Control": "no-cache",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "ETag": f'"{_digest([office])}"',
    }

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
        Route("/", page),
        Route("/side-by-side", columns),
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


def _page(
    template: bytes, assets: bytes, *, frames: str, framed_by: str
) -> Callable[[Request], Awaitable[Response]]:
    """An HTML page that runs only our own scripts and shows only `frames` in itself."""
    body = template.replace(b"{{assets}}", assets)
    policy = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            f"frame-src {frames}",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {framed_by}",
        )
    )
    headers = {
        **_PLAIN_HEADERS,
        "Cache-Control": "no-cache",
        "Content-Security-Policy": policy,
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    }

    async def answer(_request: Request) -> Response:
        return Response(body, headers=headers, media_type=_TYPES[".html"])

    return answer


def _pane_frames(pane_url: str | None) -> str:
    if not pane_url:
        return _LOOPBACK_FRAMES
    parts = urlsplit(pane_url)
    return f"{parts.scheme}://{parts.netloc}"
