"""Our HTML pages: the task pane's files as they are, and a few plain pages about the product."""

from __future__ import annotations

import html
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.security import safe_join
from werkzeug.wrappers import Response as AnyResponse

from backend.api.authentication import caller
from backend.settings import Settings

PANE_FILES = Path(str(files("static_taskpane")))
ASSETS = Path(__file__).parent / "assets"

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
"""What is served at all, and as what: Windows' registry may name other types."""

_MSAL = "msal-browser.min.js"


def site_pages(settings: Settings) -> Blueprint:
    """Open to everybody: nothing here depends on who asks."""
    pages = Blueprint("pages", __name__, template_folder="templates")

    @pages.get("/")
    def front() -> str:
        return render_template("front.html", notifies=settings.notification_url is not None)

    @pages.get("/admin")
    def admin_without_slash() -> AnyResponse:
        return redirect("/admin/", 308)

    @pages.get("/support")
    def support() -> str:
        return render_template("support.html")

    @pages.get("/privacy")
    def privacy() -> str:
        return render_template("privacy.html")

    @pages.get("/taskpane")
    def pane_without_slash() -> AnyResponse:
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        return redirect(f"/taskpane/{query}", 308)

    @pages.get("/taskpane/")
    @pages.get("/taskpane/index.html")
    def pane() -> Response:
        """The pane's page with its two values filled in; Office adds a query, which is ignored."""
        return _unless_known(filled_pane(settings).encode(), "text/html")

    @pages.get("/<any(admin, taskpane, shared, vendor, assets):root>/<path:name>")
    def static_file(root: str, name: str) -> Response:
        """The same bytes for everybody, asked for again each time but sent only when changed."""
        path = _static_path(root, name)
        if path is None or path.suffix not in _TYPES or not path.is_file():
            abort(404)
        return _unless_known(path.read_bytes(), _TYPES[path.suffix])

    return pages


def admin_page(csrf_token: Callable[[], str]) -> Blueprint:
    """The administration's one page, for whoever is signed in; its modules are open to all.

    ``csrf_token`` answers the session's token, which the page sends along with every act.
    """
    pages = Blueprint("admin_page", __name__, template_folder="templates")

    @pages.get("/admin/")
    def admin() -> Response:
        roles = caller().roles
        role = next((role for role in ("admin", "support") if role in roles), None)
        if role is None:
            text = (
                "This page is for the Calendar Sync administrators of your firm. Ask one of them"
                " for the app role “admin”, or “support” to look without changing anything; then"
                " sign in again."
            )
            page = render_template(
                "message.html",
                title="Administration",
                text=text,
                again=url_for("auth.login", next="/admin/"),
            )
            response = Response(page, 403)
        else:
            name = caller().name or caller().username
            page = render_template(
                "admin.html", csrf_token=csrf_token(), role=role, name=name or ""
            )
            response = Response(page)
        response.headers["Cache-Control"] = "no-store"
        return response

    return pages


def filled_pane(settings: Settings) -> str:
    """``index.html`` of the task pane with the address of Office.js and our client id."""
    page = (PANE_FILES / "taskpane" / "index.html").read_text(encoding="utf-8")
    values = {"office_js_url": settings.office_js_url, "client_id": settings.client_id}
    for name, value in values.items():
        page = page.replace(f"{{{{ {name} }}}}", html.escape(value))
    return page


def _unless_known(body: bytes, mimetype: str) -> Response:
    """The file, or 304 when the browser has this very content already."""
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


def _static_path(root: str, name: str) -> Path | None:
    folder = ASSETS if root == "assets" else PANE_FILES / root
    joined = safe_join(str(folder), name)
    if joined is None:
        return None
    path = Path(joined)
    if root == "vendor" and name == _MSAL and not path.is_file():
        return installed_msal() or path
    return path


def installed_msal() -> Path | None:
    """Microsoft's library where ``npm ci`` put it; installations bring it to ``vendor/``."""
    path = PANE_FILES.parent / "node_modules" / "@azure" / "msal-browser" / "lib" / _MSAL
    return path if path.is_file() else None
