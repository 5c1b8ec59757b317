"""``/api/me``: the signed-in user and his switches."""

from __future__ import annotations

from flask_smorest import Blueprint

from backend.api.answers import MeSchema
from backend.api.authentication import caller
from backend.api.ports import People
from backend.api.requests import PreferencesRequestSchema
from backend.services.answers import Me, Preferences


def me_api(people: People) -> Blueprint:
    """Bearer or cookie; the first call of a known firm's user makes him (X1)."""
    api = Blueprint("me", __name__, url_prefix="/api/me", description="The signed-in user")

    @api.get("")
    @api.response(200, MeSchema)
    def show() -> Me:
        """User, roles, the firm's settings that matter here, own state, what may be switched."""
        return people.me(caller())

    @api.patch("")
    @api.arguments(PreferencesRequestSchema)
    @api.response(200, MeSchema)
    def change(preferences: Preferences) -> Me:
        """Change the own settings; what is left out stays as it is."""
        return people.update_me(caller(), preferences)

    @api.post("/sync")
    @api.response(202, MeSchema)
    def sync() -> Me:
        """Look at the own calendar now; the answer comes before the look does."""
        return people.sync_now(caller())

    return api
