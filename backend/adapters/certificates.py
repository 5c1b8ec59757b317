"""What an uploaded certificate says about itself (A4)."""

from __future__ import annotations

import re
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


def pem_of_pfx(data: bytes, password: str | None) -> str | None:
    """Private key and certificate of a PFX (PKCS #12) as PEM; ``None`` where it cannot be opened.

    That is a wrong password, a file without private key or certificate, or no PFX at all.
    """
    secret = password.encode() if password else None
    try:
        key, certificate, _chain = pkcs12.load_key_and_certificates(data, secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    if key is None or certificate is None:
        return None
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (private + certificate.public_bytes(Encoding.PEM)).decode()


def expiry_of(pem: str) -> datetime | None:
    """When the certificate of a PEM ends; ``None`` for what cannot be signed in with.

    That is a PEM without certificate or unencrypted private key, or one whose two do not belong
    together.
    """
    key, certificate = _PRIVATE_KEY.search(pem), _CERTIFICATE.search(pem)
    if key is None or certificate is None:
        return None
    try:
        private = load_pem_private_key(key[0].encode(), password=None)
        found = x509.load_pem_x509_certificate(certificate[0].encode())
        belongs = private.public_key() == found.public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return found.not_valid_after_utc if belongs else None
