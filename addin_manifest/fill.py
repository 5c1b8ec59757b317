"""Fills the manifest template; what Outlook would refuse silently is refused here in words."""

from __future__ import annotations

import re
import uuid
from importlib.resources import files
from string import Template
from urllib.parse import urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

VERSION = "1.0.0.0"
"""Raise it with every change of the template: Outlook takes only newer manifests."""

_OUR_ADDINS = uuid.UUID("6c1a3f0e-52b7-4d0b-9d7c-2f6f0a9b8e41")
_LONGEST_URL = 2048
_RESOURCES = "{http://schemas.microsoft.com/office/mailappversionoverrides/1.1}Resources"


class ManifestError(ValueError):
    """No working manifest can be made of these values."""


def filled_manifest(base_url: str, client_id: str) -> str:
    """The XML manifest for a service at ``base_url`` with the app registration ``client_id``.

    The add-in's own id follows from the client id, so that a second deployment replaces the first.

    Raises: ManifestError.
    """
    host = _https_host(base_url)
    application = _guid(client_id)
    values = {
        "addin_id": str(uuid.uuid5(_OUR_ADDINS, application)),
        "base_url": f"https://{host}",
        "client_id": application,
        "host": host,
        "origin": f"https://{host}",
        "version": VERSION,
    }
    template = Template((files("addin_manifest") / "manifest.xml").read_text(encoding="utf-8"))
    text = template.substitute({name: escape(v, {'"': "&quot;"}) for name, v in values.items()})
    problems = structural_problems(text)
    if problems:
        raise ManifestError("; ".join(problems))
    return text


def structural_problems(text: str) -> list[str]:
    """What Microsoft's schema cannot see: addresses that are not https, references that lead
    nowhere, ids used twice (Office add-in docs: validate an add-in's manifest).
    """
    # Only texts from our own template come here; entities cannot be declared in them.
    root = ElementTree.fromstring(text)  # noqa: S314
    problems = []
    values = [element.get("DefaultValue", "") for element in root.iter()]
    problems += [f"{v} is not https" for v in values if v.lower().startswith("http://")]
    problems += [f"{v[:60]}… is too long" for v in values if len(v) > _LONGEST_URL]
    resources = root.find(f".//{_RESOURCES}")
    known = (
        [element.get("id") for element in resources.iter() if element.get("id")]
        if resources is not None
        else []
    )
    wanted = {element.get("resid") for element in root.iter() if element.get("resid")}
    problems += [f"resid {name} is not defined" for name in sorted(wanted - set(known), key=str)]
    problems += [f"id {name} is defined twice" for name in set(known) if known.count(name) > 1]
    return problems


def _https_host(base_url: str) -> str:
    try:
        parts = urlsplit(base_url.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ManifestError(f"{base_url!r} is not a web address.") from None
    if parts.scheme != "https":
        raise ManifestError("Outlook loads add-ins over https only: --base-url must be https.")
    if not host or not re.fullmatch(r"[A-Za-z0-9.-]+", host):
        raise ManifestError("--base-url needs a host name, such as https://sync.example.com.")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ManifestError("--base-url is scheme, host and port only.")
    return f"{host}:{port}" if port not in (None, 443) else host


def _guid(client_id: str) -> str:
    try:
        return str(uuid.UUID(client_id.strip()))
    except ValueError:
        raise ManifestError("--client-id is the application id, a GUID.") from None
