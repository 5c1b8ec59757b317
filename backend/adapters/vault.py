"""Secrets encrypted at rest with the newest key, readable with every older one (A4)."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from backend.domain.errors import SyncError


class SealedSecretError(SyncError):
    """A stored secret cannot be opened with the keys of this deployment."""

    code = "secret_unreadable"


class FernetVault:
    """A vault over Fernet keys, newest first (cryptography documentation: MultiFernet)."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def encrypt(self, secret: str) -> str:
        return self._fernet.encrypt(secret.encode()).decode()

    def decrypt(self, sealed: str) -> str:
        """Raises: SealedSecretError when no key fits."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise SealedSecretError from error
