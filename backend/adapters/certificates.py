"""What an uploaded certificate says about itself (A4)."""

from __future__ import annotations

import re
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)


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
