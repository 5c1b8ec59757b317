"""Signing keys of the sandbox's Entra: self-signed certificates, published as a JWKS."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

KEY_LIFETIME = timedelta(days=5 * 365)
PUBLISHED_KEYS = 3
"""How many keys stay in the document: the newest signs, older ones overlap."""


def b64url(raw: bytes) -> str:
    """Base64url without padding, as JOSE wants it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


@dataclass(frozen=True)
class SigningKey:
    """A private key with its certificate; `kid` is the certificate's SHA-1 thumbprint."""

    private: rsa.RSAPrivateKey
    certificate_der: bytes

    @cached_property
    def kid(self) -> str:
        """Key id, equal to `x5t`."""
        return b64url(hashlib.sha1(self.certificate_der).digest())  # noqa: S324 - x5t is SHA-1

    @cached_property
    def public(self) -> rsa.RSAPublicKey:
        """The key that verifies what this one signed."""
        return self.private.public_key()

    def as_jwk(self, issuer: str) -> dict[str, Any]:
        """The public half as Entra publishes it, with the issuer it may sign for."""
        numbers = self.public.public_numbers()
        return {
            "kty": "RSA",
            "use": "sig",
            "kid": self.kid,
            "x5t": self.kid,
            "n": b64url(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
            "e": b64url(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
            "x5c": [base64.b64encode(self.certificate_der).decode("ascii")],
            "issuer": issuer,
        }


class KeyRing:
    """The keys in force, newest first; `rotate` puts a fresh one in front."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._keys: list[SigningKey] = [_make_key(clock())]

    @property
    def current(self) -> SigningKey:
        """The key that signs new tokens."""
        return self._keys[0]

    @property
    def published(self) -> list[SigningKey]:
        """Every key whose signatures still count."""
        return list(self._keys)

    def find(self, kid: object) -> SigningKey | None:
        """The published key with this id."""
        return next((key for key in self._keys if key.kid == kid), None)

    def rotate(self, keep_old: bool = True) -> SigningKey:
        """Sign with a new key from now on; without `keep_old` the others leave at once."""
        fresh = _make_key(self._clock())
        self._keys = [fresh, *self._keys][:PUBLISHED_KEYS] if keep_old else [fresh]
        return fresh

    def snapshot(self) -> list[dict[str, str]]:
        """The keys as text, for a sandbox that goes on after a restart."""
        return [
            {
                "private": key.private.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                ).decode("ascii"),
                "certificate": base64.b64encode(key.certificate_der).decode("ascii"),
            }
            for key in self._keys
        ]

    def restore(self, saved: list[dict[str, str]]) -> None:
        """Take up the keys of a snapshot."""
        keys = []
        for item in saved:
            private = serialization.load_pem_private_key(item["private"].encode("ascii"), None)
            if not isinstance(private, rsa.RSAPrivateKey):
                raise ValueError("a signing key must be an RSA key")
            keys.append(SigningKey(private, base64.b64decode(item["certificate"])))
        if keys:
            self._keys = keys


def _make_key(now: datetime) -> SigningKey:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, "accounts.accesscontrol.sandbox.example")]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + KEY_LIFETIME)
        .sign(private, hashes.SHA256())
    )
    return SigningKey(private, certificate.public_bytes(serialization.Encoding.DER))
