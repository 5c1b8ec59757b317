"""Whose tokens a Graph client uses: a signed-in user's, or a firm's online server's."""

from __future__ import annotations

from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.token_cache import GraphToken
from backend.adapters.transport import Budget
from backend.domain.errors import ClaimsRequiredError
from backend.domain.ports import Principal, ServerCredentials


class UserTokens:
    """Tokens on behalf of one user. Only he can answer a challenge."""

    def __init__(self, sign_in: EntraSignIn, principal: Principal) -> None:
        self._sign_in = sign_in
        self._principal = principal

    def get(self, budget: Budget | None) -> GraphToken:
        return self._sign_in.user_token(self._principal, budget)

    def drop(self, token: GraphToken) -> None:
        self._sign_in.drop_user_token(self._principal, token)

    def answer_challenge(self, claims: str, _budget: Budget | None) -> None:
        raise ClaimsRequiredError(claims)


class ServerTokens:
    """Tokens of an online server."""

    def __init__(self, sign_in: EntraSignIn, server: ServerCredentials) -> None:
        self._sign_in = sign_in
        self._server = server

    def get(self, budget: Budget | None) -> GraphToken:
        return self._sign_in.server_token(self._server, budget)

    def drop(self, token: GraphToken) -> None:
        self._sign_in.drop_server_token(self._server, token)

    def answer_challenge(self, claims: str, budget: Budget | None) -> None:
        self._sign_in.server_token(self._server, budget, claims=claims)
