"""Registers a client certificate with one of the sandbox's applications, as the portal would."""

import base64
import binascii
import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from backend.sandbox.control import forms
from backend.sandbox.control.forms import BadActError
from backend.sandbox.control.tokens import CLIENTS
from backend.sandbox.world import World


def register(world: World, form: dict[str, Any]) -> dict[str, Any]:
    """`{"certificate": PEM or base64 DER, "client": "daemon"}`; answers both thumbprints.

    Raises BadActError.
    """
    forms.only(form, "certificate", "client")
    wanted = forms.text(form, "client", "daemon") or "daemon"
    app = world.apps.get(CLIENTS.get(wanted, wanted))
    if app is None:
        raise BadActError(f"there is no application {wanted!r}")
    der = _der(forms.text(form, "certificate") or "")
    sha256 = hashlib.sha256(der).hexdigest()
    app.certificates[sha256] = der
    sha1 = hashlib.sha1(der).hexdigest()  # noqa: S324 - what the portal shows as thumbprint
    return {"client_id": app.client_id, "sha256": sha256, "thumbprint": sha1.upper()}


def _der(text: str) -> bytes:
    try:
        if "-----BEGIN" in text:
            certificate = x509.load_pem_x509_certificate(text.encode())
        else:
            certificate = x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        raise BadActError("certificate must be PEM or base64 of DER") from None
    return certificate.public_bytes(serialization.Encoding.DER)
