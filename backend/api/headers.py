"""Security headers of every answer (X5): a strict content policy per kind of page."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from backend.settings import OFFICE_JS_URL, Settings

_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
_OWN_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_OFFICE_CDN_EXTRAS = "https://ajax.aspnetcdn.com"
"""Older builds of Office.js load a Microsoft library from there."""
PANE_ROOT = "/taskpane"


def register_headers(app: Flask, settings: Settings) -> None:
    """Set the headers after every request, errors included. Never ``X-Frame-Options``: Outlook
    would not show the pane, whatever the content policy allows.
    """
    pane = pane_policy(settings)

    @app.after_request
    def secure(response: Response) -> Response:
        is_pane = request.path == PANE_ROOT or request.path.startswith(f"{PANE_ROOT}/")
        is_html = response.mimetype == "text/html"
        policy = pane if is_pane else _OWN_PAGE if is_html else _NOTHING
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "no-referrer"
        # Outlook's dialogs talk to the pane that opened them; and windows that the pane opens (a
        # record in the CRM, the consent page) inherit Outlook's sandbox, in which a browser
        # refuses every page that asks for an opener policy of its own.
        headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        if settings.is_https:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-cache" if is_html else "no-store"
        return response


def pane_policy(settings: Settings) -> str:
    """Framed by Office hosts and the origin of Office.js, running only its script and ours."""
    office_js = _origin(settings.office_js_url)
    login = _origin(settings.login_url)
    scripts = [office_js]
    if settings.office_js_url == OFFICE_JS_URL:
        scripts.append(_OFFICE_CDN_EXTRAS)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {' '.join(scripts)}",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            f"connect-src 'self' {login}",
            f"frame-src 'self' {login}",
            "form-action 'none'",
            "base-uri 'none'",
            f"frame-ancestors {' '.join(dict.fromkeys((*settings.office_hosts, office_js)))}",
        )
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
