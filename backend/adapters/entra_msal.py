"""MSAL on our own terms: a fresh application per attempt, our Http beneath it, our errors above it.

MSAL repeats the answer to a refused token request for a minute, so that a user who has just agreed
stays refused, and an outage's answer to other users as well; both memories belong to the
application object. What is worth remembering, the tenants' metadata, is remembered here instead.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import msal
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backend.adapters.answers import Answer
from backend.adapters.http import Http
from backend.adapters.transport import Budget
from backend.domain.errors import RemoteAccessError, RemoteRejectedError

_METADATA_AGE = 86_400.0
_TENANTS_KEPT = 256
_CAPABILITIES = ["CP1"]
"""Tells Entra that we understand claims challenges (Entra docs: claims challenges)."""
# What MSAL lets out when an answer is not what it expects: it takes the shape for granted.
_UNREADABLE = (
    msal.exceptions.MsalError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
)
_TENANT = re.compile(r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}")
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_PRIVATE_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.DOTALL)
_PATH_IDS = re.compile(r"^/[^/]+/")


@dataclass(frozen=True, slots=True)
class AppIdentity:
    """A registration at Entra, with a secret or one PEM that holds private key and certificate."""

    client_id: str
    secret: str | None = field(default=None, repr=False)
    certificate_pem: str | None = field(default=None, repr=False)


class MsalApps:
    """Makes MSAL's applications."""

    def __init__(
        self,
        http: Http,
        *,
        timeout: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """``timeout``: seconds that one request to Entra may take."""
        self._http = http
        self._timeout = timeout
        self._metadata = _Metadata(monotonic)

    def make(
        self, login_root: str, tenant: str, identity: AppIdentity, budget: Budget | None = None
    ) -> Any:
        """A new MSAL application; nothing that an earlier attempt met can reach it.

        Raises: RemoteAccessError for an unreadable certificate or an unknown tenant;
        TransientRemoteError when Entra does not answer.
        """
        if _TENANT.fullmatch(tenant) is None:
            raise _refused("unknown_tenant")
        with our_errors():
            return msal.ConfidentialClientApplication(
                identity.client_id,
                client_credential=_credential(identity),
                authority=f"{login_root}/{tenant}",
                http_client=_MsalHttp(self._http, self._metadata, budget, self._timeout),
                client_capabilities=_CAPABILITIES,
                instance_discovery=False,
                azure_region=msal.ConfidentialClientApplication.DISABLE_MSAL_FORCE_REGION,
            )


@contextmanager
def our_errors() -> Iterator[None]:
    """Turns what MSAL raises over an answer it cannot read into an error of the domain."""
    try:
        yield
    except _UNREADABLE as error:
        raise RemoteRejectedError("entra: the answer cannot be used", system="entra") from error


def _refused(code: str) -> RemoteAccessError:
    return RemoteAccessError("entra: our own sign-in was refused", system="entra", remote_code=code)


def _credential(identity: AppIdentity) -> str | dict[str, str] | None:
    """What MSAL calls a client credential; a certificate goes before a secret."""
    pem = identity.certificate_pem
    if pem is None:
        return identity.secret
    key, certificate = _PRIVATE_KEY.search(pem), _CERTIFICATE.search(pem)
    if key is None or certificate is None:
        raise _refused("certificate_unreadable")
    try:
        load_pem_private_key(key[0].encode(), password=None)
        x509.load_pem_x509_certificate(certificate[0].encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _refused("certificate_unreadable") from error
    return {"private_key": key[0], "public_certificate": certificate[0]}


class _Metadata:
    """The tenants' OpenID metadata, kept for a day."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, _MsalAnswer]] = OrderedDict()

    def get(self, url: str) -> _MsalAnswer | None:
        with self._lock:
            at, answer = self._kept.get(url, (0.0, None))
            fresh = self._monotonic() - at < _METADATA_AGE
            return answer if fresh else None

    def put(self, url: str, answer: _MsalAnswer) -> None:
        with self._lock:
            self._kept[url] = (self._monotonic(), answer)
            self._kept.move_to_end(url)
            while len(self._kept) > _TENANTS_KEPT:
                self._kept.popitem(last=False)


class _MsalAnswer:
    """The part of a response that MSAL reads."""

    def __init__(self, answer: Answer) -> None:
        self.status_code = answer.status
        self.text = answer.content.decode("utf-8", "replace")
        self.headers = dict(answer.headers)

    def raise_for_status(self) -> None:
        """Nothing to do: what is no answer was raised before MSAL saw it."""


class _MsalHttp:
    """What MSAL calls an http client, for one attempt."""

    def __init__(
        self, http: Http, metadata: _Metadata, budget: Budget | None, timeout: float
    ) -> None:
        self._http = http
        self._metadata = metadata
        self._budget = budget
        self._timeout = timeout

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **_kwargs: Any,
    ) -> _MsalAnswer:
        """A tenant's metadata, which are all that MSAL gets."""
        if kept := self._metadata.get(url):
            return kept
        answer = self._call("GET", url, params, headers, None, retries=1)
        if 400 <= answer.status < 500:
            raise _refused("unknown_tenant")
        found = _MsalAnswer(answer)
        self._metadata.put(url, found)
        return found

    def post(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **_kwargs: Any,
    ) -> _MsalAnswer:
        """A request for a token. A code counts once; all other grants may be sent again."""
        repeatable = (data or {}).get("grant_type") != "authorization_code"
        return _MsalAnswer(self._call("POST", url, params, headers, data, retries=int(repeatable)))

    def close(self) -> None:
        """The session is shared and stays open."""

    def _call(
        self,
        method: str,
        url: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        data: Mapping[str, Any] | None,
        *,
        retries: int,
    ) -> Answer:
        answer = self._http.request(
            method,
            url,
            system="entra",
            path=_log_path(url),
            params=params,
            headers={k: str(v) for k, v in (headers or {}).items() if v is not None},
            data=data,
            timeout=self._timeout,
            budget=self._budget,
            retries=retries,
        )
        if answer.status == 429 or answer.status >= 500:
            raise answer.error()
        if not isinstance(answer.json(), dict):
            raise answer.error(RemoteRejectedError)
        return answer


def _log_path(url: str) -> str:
    """The path with the tenant's name left out."""
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0]
    return _PATH_IDS.sub("/{tenant}/", path)
