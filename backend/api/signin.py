"""``/auth``: sign-in and sign-out of our own pages by the authorization-code flow on the server."""

from __future__ import annotations

from typing import Any

import structlog
from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from backend.api.authentication import Callers
from backend.api.ports import SignIn
from backend.api.sessions import Sessions
from backend.domain.errors import IdentityError, RemoteError, SyncError, UnknownFirmError

_log = structlog.get_logger(__name__)

CONSENT_STATE = "consent"
"""``state`` of a browser that only comes back from agreeing to permissions."""

_LONGEST_TARGET = 500


def sign_in_pages(
    sign_in: SignIn, callers: Callers, sessions: Sessions, base_url: str
) -> Blueprint:
    """Open pages; what they lead to is guarded itself."""
    pages = Blueprint("auth", __name__, url_prefix="/auth")
    redirect_uri = f"{base_url}/auth/callback"

    @pages.get("/login")
    def login() -> AnyResponse:
        """Off to Entra; ``?next=`` says where to afterwards (only within our own pages)."""
        address, flow = sign_in.begin_sign_in(redirect_uri)
        sessions.begin_sign_in(flow, own_path(request.args.get("next")))
        return redirect(address)

    @pages.get("/callback")
    def callback() -> AnyResponse | str | tuple[str, int]:
        """Back from Entra: prove the answer, start the session."""
        if request.args.get("state") == CONSENT_STATE:
            return _consented()
        begun = sessions.take_flow()
        if begun is None:
            return _failed("This sign-in took too long, or was begun in another window.", 400)
        flow, target = begun
        try:
            sessions.sign_in(callers.of_firm(sign_in.finish_sign_in(flow, request.args.to_dict())))
        except SyncError as error:
            _log.info("sign_in_refused", code=error.code)
            return _failed(_reason(error), _STATUS.get(type(error), 401))
        return redirect(target)

    @pages.get("/session")
    def session() -> Response:
        """Who is signed in, and the CSRF token of his pages; never cached."""
        principal = sessions.principal()
        if principal is None:
            return jsonify({"signed_in": False})
        return jsonify(
            {
                "signed_in": True,
                "name": principal.name,
                "roles": sorted(principal.roles),
                "csrf_token": sessions.csrf_token,
            }
        )

    @pages.route("/logout", methods=["GET", "POST"])
    def logout() -> AnyResponse:
        """End our session; the one at Microsoft stays."""
        sessions.sign_out()
        return redirect("/")

    return pages


def own_path(target: str | None) -> str:
    """``target`` if it is a path of ours, else the front page: nobody is sent elsewhere."""
    if not target or len(target) > _LONGEST_TARGET or not target.isprintable():
        return "/"
    if not target.startswith("/") or target.startswith(("//", "/\\")) or "\\" in target:
        return "/"
    return target


_STATUS: dict[type[SyncError], int] = {UnknownFirmError: 403, IdentityError: 401}


def _reason(error: SyncError) -> str:
    if isinstance(error, RemoteError):
        return "Microsoft's sign-in does not answer at the moment."
    return error.message


def _consented() -> str | tuple[str, int]:
    if "error" in request.args:
        text = "The permission was not given. An administrator can give it at any time."
        return render_template("message.html", title="No access", text=text), 403
    text = "Thank you. You can close this window and try again in Outlook."
    return render_template("message.html", title="Access granted", text=text)


def _failed(text: str, status: int) -> tuple[str, int]:
    again: dict[str, Any] = {"again": url_for("auth.login")}
    return render_template("message.html", title="You are not signed in", text=text, **again), (
        status
    )
