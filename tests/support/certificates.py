"""A client certificate made on the spot, for applications that prove themselves with one."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PFX_PASSWORD = "correct horse"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """Private key and certificate as PEM, with the SHA-1 thumbprint in hexadecimal."""

    private_pem: str
    certificate_pem: str
    thumbprint: str
    pfx: bytes
    """Both as PKCS #12, under :data:`PFX_PASSWORD`."""


def client_certificate() -> ClientCertificate:
    """A fresh self-signed certificate."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "calendar-sync.test")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    der = certificate.public_bytes(serialization.Encoding.DER)
    return ClientCertificate(
        private.decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
        hashlib.sha1(der).hexdigest(),
        pkcs12.serialize_key_and_certificates(
            b"calendar-sync",
            key,
            certificate,
            None,
            serialization.BestAvailableEncryption(PFX_PASSWORD.encode()),
        ),
    )
