"""Authorization codes and refresh tokens that are out in the world."""

import random
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.sandbox.entra.errors import EntraError
from backend.sandbox.entra.keys import b64url

CODE_LIFETIME = timedelta(minutes=10)
REFRESH_LIFETIME = timedelta(days=90)
MAX_KEPT = 20_000


@dataclass(frozen=True, slots=True)
class Code:
    """What an authorization code stands for."""

    client_id: str
    tenant_id: str
    person_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str | None
    acrs: tuple[str, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """What a refresh token stands for."""

    client_id: str
    tenant_id: str
    person_id: str
    scope: str
    expires_at: datetime

    @property
    def issued_at(self) -> datetime:
        """When the person got it."""
        return self.expires_at - REFRESH_LIFETIME


class GrantStore:
    """Codes are redeemed once; refresh tokens may be used until they end."""

    def __init__(self, clock: Callable[[], datetime], randomness: random.Random) -> None:
        self._clock = clock
        self._random = randomness
        self._codes: OrderedDict[str, Code | None] = OrderedDict()
        self._refresh: OrderedDict[str, RefreshGrant] = OrderedDict()

    def new_code(
        self,
        *,
        client_id: str,
        tenant_id: str,
        person_id: str,
        redirect_uri: str,
        scope: str,
        nonce: str | None,
        code_challenge: str | None,
        acrs: tuple[str, ...],
    ) -> str:
        """Remember the sign-in and answer the code that stands for it."""
        text = f"1.{b64url(self._random.randbytes(48))}"
        self._codes[text] = Code(
            client_id,
            tenant_id,
            person_id,
            redirect_uri,
            scope,
            nonce,
            code_challenge,
            acrs,
            self._clock() + CODE_LIFETIME,
        )
        _drop_oldest(self._codes)
        return text

    def redeem_code(self, text: str) -> Code:
        """The sign-in behind the code; EntraError 70000, 54005 (used) or 70008 (too old)."""
        if text not in self._codes:
            raise EntraError(70000, "invalid_grant")
        code = self._codes[text]
        if code is None:
            raise EntraError(54005, "invalid_grant")
        self._codes[text] = None
        if self._clock() >= code.expires_at:
            raise EntraError(70008, "invalid_grant")
        return code

    def new_refresh_token(
        self, *, client_id: str, tenant_id: str, person_id: str, scope: str
    ) -> str:
        """A refresh token for these scopes."""
        text = f"1.{b64url(self._random.randbytes(64))}"
        expires_at = self._clock() + REFRESH_LIFETIME
        self._refresh[text] = RefreshGrant(client_id, tenant_id, person_id, scope, expires_at)
        _drop_oldest(self._refresh)
        return text

    def find_refresh(self, text: str) -> RefreshGrant:
        """The grant behind a refresh token; EntraError 70000 or 70008."""
        grant = self._refresh.get(text)
        if grant is None:
            raise EntraError(70000, "invalid_grant")
        if self._clock() >= grant.expires_at:
            raise EntraError(70008, "invalid_grant")
        return grant

    def clear(self) -> None:
        """Forget every code and refresh token."""
        self._codes.clear()
        self._refresh.clear()


def _drop_oldest(kept: OrderedDict[str, Code | None] | OrderedDict[str, RefreshGrant]) -> None:
    if len(kept) > MAX_KEPT:
        kept.popitem(last=False)
