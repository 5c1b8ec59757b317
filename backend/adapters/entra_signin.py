"""Signing in at Entra: on behalf of a user, as a firm's online server, and for our own web pages.

Proves no tokens sent to us (that is `entra_tokens.py`) and keeps none outside memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from backend.adapters.entra_errors import sign_in_error
from backend.adapters.entra_msal import AppIdentity, MsalApps, our_errors
from backend.adapters.entra_tokens import EntraTokenVerifier
from backend.adapters.routing import CLOUDS, GLOBAL, Cloud, at_public_address
from backend.adapters.token_cache import GraphToken, TokenCache
from backend.adapters.transport import Budget
from backend.domain.errors import IdentityError, RemoteAccessError, RemoteRejectedError
from backend.domain.ports import Clock, Principal, ServerCredentials

_ANY_FIRM = "organizations"
_WRITING = "calendars.readwrite"
_READ_ONLY_LIFE = timedelta(seconds=5)
"""A token that may not write is kept only this long: somebody may be agreeing to it right now."""
_LONGEST_LIFE = 86_400
"""Seconds; with continuous access evaluation Entra gives tokens of up to 28 hours."""


class EntraSignIn:
    """Gets Graph tokens for identities that are already proven, and signs browsers in."""

    def __init__(
        self,
        apps: MsalApps,
        identity: AppIdentity,
        verifier: EntraTokenVerifier,
        *,
        clock: Clock,
        cloud: Cloud = GLOBAL,
        login_url: str = GLOBAL.login_root,
        users_kept: int = 5_000,
    ) -> None:
        """``identity``: our registration, in ``cloud``; ``login_url``: where browsers reach Entra,
        different from the cloud's own address in demos only.
        """
        self._apps = apps
        self._identity = identity
        self._verifier = verifier
        self._clock = clock
        self._cloud = cloud
        self._login_url = login_url
        self._user_tokens = TokenCache(clock, capacity=users_kept)
        self._server_tokens = TokenCache(clock, capacity=1_000)

    @property
    def cloud(self) -> Cloud:
        """The cloud of our own registration."""
        return self._cloud

    def user_token(self, principal: Principal, budget: Budget | None = None) -> GraphToken:
        """A Graph token on behalf of this user, with everything agreed to for our registration.

        Kept per person and per access token of his, so that a fresh sign-in, after a claims
        challenge for example, also gets a fresh Graph token.

        Raises: ConsentRequiredError, ClaimsRequiredError, IdentityError (his token does not serve,
        or there is none), RemoteAccessError (our own credentials), TransientRemoteError.
        """
        assertion = principal.token
        if assertion is None:
            raise IdentityError("Outlook can only be reached with an access token of the add-in.")

        def fetch() -> GraphToken:
            app = self._apps.make(
                self._cloud.login_root, principal.tenant_id, self._identity, budget
            )
            with our_errors():
                result = app.acquire_token_on_behalf_of(assertion, [self._cloud.scope])
            token = self._token(result)
            if _WRITING in token.scopes:
                return token
            return replace(token, replace_at=self._clock() + _READ_ONLY_LIFE)

        return self._user_tokens.get(_user_key(principal), fetch)

    def drop_user_token(self, principal: Principal, token: GraphToken) -> None:
        """Forget a token that Graph refused; the next call gets a new one."""
        self._user_tokens.drop(_user_key(principal), token)

    def server_token(
        self,
        server: ServerCredentials,
        budget: Budget | None = None,
        *,
        claims: str | None = None,
    ) -> GraphToken:
        """A Graph token of a firm's online server itself.

        ``claims``: the JSON of Graph's challenge that a new token must answer.

        Raises: RemoteAccessError (credentials or tenant; ``remote_code`` says which),
        TransientRemoteError.
        """
        cloud = CLOUDS.get(server.cloud)
        if cloud is None:
            raise RemoteAccessError(
                "entra: unknown cloud", system="entra", remote_code="unknown_cloud"
            )
        identity = AppIdentity(server.client_id, server.secret, server.certificate_pem)

        def fetch() -> GraphToken:
            app = self._apps.make(cloud.login_root, server.tenant_id, identity, budget)
            with our_errors():
                result = app.acquire_token_for_client([cloud.scope], claims_challenge=claims)
            return self._token(result)

        return self._server_tokens.get(_server_key(server), fetch)

    def renew_server_token(self, server: ServerCredentials, budget: Budget | None = None) -> None:
        """Sign a server in now, whatever is remembered of it, and remember the new token.

        What was granted or taken away since the last token shows in a new one only.

        Raises: as :meth:`server_token`.
        """
        key = _server_key(server)
        kept = self._server_tokens.peek(key)
        if kept is not None:
            self._server_tokens.drop(key, kept)
        self.server_token(server, budget)

    def drop_server_token(self, server: ServerCredentials, token: GraphToken) -> None:
        """Forget a token that Graph refused; the next call gets a new one."""
        self._server_tokens.drop(_server_key(server), token)

    def begin_sign_in(
        self, redirect_uri: str, *, tenant: str = _ANY_FIRM, login_hint: str | None = None
    ) -> tuple[str, dict[str, Any]]:
        """The address to send the browser to, and what to keep until it comes back.

        The second value holds state, nonce and the PKCE verifier: it belongs in the browser's own
        signed session, and is used once.

        Raises: TransientRemoteError when Entra does not answer.
        """
        app = self._apps.make(self._cloud.login_root, tenant, self._identity)
        with our_errors():
            flow: dict[str, Any] = app.initiate_auth_code_flow(
                [], redirect_uri=redirect_uri, login_hint=login_hint, response_mode="form_post"
            )
            address = _answering_by_query(flow.pop("auth_uri"))
        return at_public_address(address, self._login_url), flow

    def finish_sign_in(
        self, flow: Mapping[str, Any], answer: Mapping[str, str], *, tenant: str = _ANY_FIRM
    ) -> Principal:
        """Who came back with ``answer``, the query of the redirect; his ``token`` is ``None``.

        Raises: IdentityError for a wrong state, nonce, code or id token, ConsentRequiredError and
        the others of :meth:`user_token`.
        """
        app = self._apps.make(self._cloud.login_root, tenant, self._identity)
        try:
            with our_errors():
                result = app.acquire_token_by_auth_code_flow(dict(flow), dict(answer))
        except RemoteRejectedError as error:
            raise IdentityError("This sign-in was not begun here; start it again.") from error
        if "error" in result:
            raise sign_in_error(result)
        id_token = result.get("id_token")
        if not isinstance(id_token, str):
            raise IdentityError("The sign-in did not say who you are.")
        return self._verifier.verify_id_token(id_token)

    def admin_consent_url(
        self, redirect_uri: str, *, tenant: str = _ANY_FIRM, state: str | None = None
    ) -> str:
        """Where an administrator agrees to our permissions for his whole organisation."""
        query = {
            "client_id": self._identity.client_id,
            "scope": self._cloud.scope,
            "redirect_uri": redirect_uri,
        }
        if state is not None:
            query["state"] = state
        url = (
            f"{self._cloud.login_root}/{quote(tenant, safe='')}"
            f"/v2.0/adminconsent?{urlencode(query)}"
        )
        return at_public_address(url, self._login_url)

    def _token(self, result: Mapping[str, Any]) -> GraphToken:
        if "error" in result:
            raise sign_in_error(result)
        value, lifetime = result.get("access_token"), result.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(lifetime, int):
            raise _no_token()
        expires_at = self._clock() + timedelta(seconds=min(max(0, lifetime), _LONGEST_LIFE))
        return GraphToken(value, expires_at, granted_scopes(result.get("scope")))


def granted_scopes(scope: object) -> frozenset[str]:
    """The permissions in a token answer's ``scope``, without their resource, casefolded."""
    words = scope.split() if isinstance(scope, str) else ()
    return frozenset(word.rpartition("/")[2].casefold() for word in words)


def _answering_by_query(auth_uri: str) -> str:
    """MSAL warns against any mode but ``form_post``; a form posted by Entra's page, however, would
    come without our SameSite session cookie, and with it without the state to compare.
    """
    parts = urlsplit(auth_uri)
    query = {**dict(parse_qsl(parts.query)), "response_mode": "query"}
    return urlunsplit(parts._replace(query=urlencode(query)))


def _no_token() -> RemoteRejectedError:
    return RemoteRejectedError("entra: the answer holds no token", system="entra")


def _digest(*parts: str | None) -> str:
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).hexdigest()


def _user_key(principal: Principal) -> tuple[str, str, str]:
    return principal.tenant_id, principal.oid, _digest(principal.token)


def _server_key(server: ServerCredentials) -> tuple[str, str, str, str]:
    credential = _digest(server.secret, server.certificate_pem)
    return server.cloud, server.tenant_id.casefold(), server.client_id, credential
