"""One Salesforce organisation over REST: sign-in, queries, composite calls, descriptions.

simple-salesforce speaks to Salesforce over a session of ours, so that deadline, size cap, log line
and proxies are those of every other remote call. Knows nothing of events and contacts.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import jwt
import requests
from requests.structures import CaseInsensitiveDict
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from backend.adapters.answers import Answer, remote_code
from backend.adapters.http import Http
from backend.adapters.salesforce_errors import (
    EXPIRED,
    HALTED,
    SYSTEM,
    error_of,
    first_error,
    refused_sign_in,
)
from backend.domain.errors import RemoteAccessError, TransientRemoteError
from backend.domain.ports import Clock

MOST_STEPS = 25
MOST_COLLECTIONS = 5
"""Per composite call: of all steps, and of queries and collections among them (REST API Developer
Guide: Composite)."""

LONGEST_QUERY = 12_000
"""Bytes of a query in an address: Salesforce refuses addresses beyond 16,384 (Status Codes)."""

READING_TIME = 4.0
"""Seconds for a call that only reads: somebody waits for it. A change may take longer, as an
organisation's own automation runs inside it."""

_DESCRIBED_FOR = timedelta(hours=1)
_ASSERTION_FOR = timedelta(minutes=3)
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

Result = TypeVar("Result")


def is_id(text: str, *prefixes: str) -> bool:
    """Whether this is the form of a record's id, of one of the given objects where any are."""
    return _ID.fullmatch(text) is not None and (not prefixes or text.startswith(prefixes))


@dataclass(frozen=True, slots=True)
class SalesforceAccess:
    """How to sign in: client credentials with a secret, else JWT bearer with key and user."""

    url: str
    """The organisation's My Domain, ``https://firm.my.salesforce.com``."""
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    username: str | None = None
    audience: str = "https://login.salesforce.com"
    """Who has to accept the assertion: production here, a sandbox organisation has its own."""
    api_version: str = "62.0"


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a composite call; ``path`` follows the version in the address."""

    name: str
    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None

    @property
    def is_collection(self) -> bool:
        return self.path.startswith(("query", "composite/sobjects"))


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What describe says of a field, as far as anybody here asks."""

    name: str
    type: str
    createable: bool
    updateable: bool
    filterable: bool
    """False for fields that are encrypted: no query can look for their values."""
    unique: bool
    external_id: bool
    values: tuple[str, ...]
    """Active values of a picklist."""


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What describe says of an object, as our user sees it."""

    name: str
    createable: bool
    updateable: bool
    deletable: bool
    queryable: bool
    fields: Mapping[str, FieldInfo]


@dataclass(frozen=True, slots=True)
class _SignedIn:
    client: Salesforce
    user_id: str


class SalesforceOrg:
    """Calls one organisation as one integration user; every error is one of the domain's."""

    def __init__(self, http: Http, access: SalesforceAccess, clock: Clock) -> None:
        self.access = access
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._signed_in: _SignedIn | None = None
        self._described: dict[str, tuple[datetime, ObjectInfo]] = {}

    @property
    def user_id(self) -> str:
        """The id of the user we write as; signs in where that has not happened yet."""
        return self._sign_in().user_id

    def now(self) -> datetime:
        return self._clock()

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """Every row. ``deleted``: the recycle bin and archived activities included."""
        return self._call(
            lambda client: _rows(
                client.query_all(soql, include_deleted=deleted, timeout=READING_TIME)["records"]
            )
        )

    def queries(self, soqls: Sequence[str]) -> list[list[dict[str, Any]]]:
        """The rows of several queries, five per call; archived and deleted rows are included."""
        found: list[list[dict[str, Any]]] = []
        for start in range(0, len(soqls), MOST_COLLECTIONS):
            batch = soqls[start : start + MOST_COLLECTIONS]
            steps = [
                Step(f"q{number}", "GET", f"queryAll?q={quote(soql, safe='')}")
                for number, soql in enumerate(batch)
            ]
            answers = self.composite(steps)
            found.extend(self._whole(answers[step.name]) for step in steps)
        return found

    def composite(self, steps: Sequence[Step]) -> dict[str, Any]:
        """All steps in their order in one transaction, or none; what each answered, by its name.

        Without collation, which would let Salesforce change the order of steps that do not name
        each other (REST API Developer Guide: Composite Request Body).

        Raises: the RemoteError of the first step that failed.
        """
        assert len(steps) <= MOST_STEPS
        root = f"/services/data/v{self.access.api_version}/"
        body = {
            "allOrNone": True,
            "collateSubrequests": False,
            "compositeRequest": [
                {"referenceId": step.name, "method": step.method, "url": root + step.path}
                | ({"body": step.body} if step.body is not None else {})
                | ({"httpHeaders": dict(step.headers)} if step.headers else {})
                for step in steps
            ],
        }
        seconds = READING_TIME if all(step.method == "GET" for step in steps) else None
        answer = self._call(
            lambda client: (
                client.restful("composite", method="POST", json=body, timeout=seconds) or {}
            )
        )
        return _bodies(answer.get("compositeResponse", []))

    def create(self, name: str, fields: Mapping[str, Any]) -> str:
        """A new record of an object; its id."""
        made = self._call(
            lambda client: client.restful(f"sobjects/{name}", method="POST", json=dict(fields))
        )
        return str((made or {})["id"])

    def update(self, name: str, record_id: str, fields: Mapping[str, Any]) -> None:
        path = f"sobjects/{name}/{record_id}"
        self._call(lambda client: client.restful(path, method="PATCH", json=dict(fields)))

    def describe(self, name: str) -> ObjectInfo:
        """What our user sees of an object; asked once an hour."""
        known = self._described.get(name)
        if known is not None and self._clock() - known[0] < _DESCRIBED_FOR:
            return known[1]
        answer = self._call(lambda client: client.restful(f"sobjects/{name}/describe") or {})
        info = _object_info(answer)
        self._described[name] = self._clock(), info
        return info

    def calls_left(self) -> int | None:
        """How many API calls are left of the last 24 hours, if Salesforce says so."""
        answer = self._call(lambda client: client.restful("limits") or {})
        found = answer.get("DailyApiRequests", {}).get("Remaining")
        return found if isinstance(found, int) else None

    def sign_in_anew(self) -> None:
        """Sign in whatever token is at hand.

        Raises: RemoteAccessError, TransientRemoteError.
        """
        with self._lock:
            self._signed_in = None
        self._sign_in()

    def _whole(self, page: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A page of a query and all that follow it."""
        rows = list(page["records"])
        while not page["done"]:
            link = page["nextRecordsUrl"]
            page = self._call(lambda client: client.query_more(link, identifier_is_url=True))  # noqa: B023
            rows += page["records"]
        return _rows(rows)

    def _call(self, work: Callable[[Salesforce], Result]) -> Result:
        """Do it; a session that has run out is replaced once (Session Expiration)."""
        signed_in = self._sign_in()
        try:
            return work(signed_in.client)
        except SalesforceError as error:
            if first_error(error.content).get("errorCode") != EXPIRED:
                # Its cause would tell the log what Salesforce quotes of the record (X4).
                raise error_of(error.status, error.content) from None
        except (KeyError, ValueError) as error:
            raise _not_salesforce() from error
        with self._lock:
            if self._signed_in is signed_in:
                self._signed_in = None
        try:
            return work(self._sign_in().client)
        except SalesforceError as error:
            raise error_of(error.status, error.content) from None
        except (KeyError, ValueError) as error:
            raise _not_salesforce() from error

    def _sign_in(self) -> _SignedIn:
        with self._lock:
            if self._signed_in is None:
                self._signed_in = self._fetch_token()
            return self._signed_in

    def _fetch_token(self) -> _SignedIn:
        answer = self._http.request(
            "POST",
            f"{self.access.url}/services/oauth2/token",
            system=SYSTEM,
            path="/services/oauth2/token",
            data=self._grant(),
            headers={"Accept": "application/json"},
            retries=1,
        )
        if not answer.ok:
            raise refused_sign_in(answer.status, remote_code(answer.content))
        found = answer.json()
        try:
            token, instance = str(found["access_token"]), str(found["instance_url"])
            user_id = str(found["id"]).rstrip("/").rpartition("/")[2]
        except (KeyError, TypeError) as error:
            raise _not_salesforce() from error
        self._demand_same_side(instance)
        client = Salesforce(
            session_id=token,
            instance_url=instance,
            version=self.access.api_version,
            session=_OurSession(self._http, plain=instance.startswith("http://")),
        )
        return _SignedIn(client, user_id)

    def _grant(self) -> Mapping[str, str]:
        access = self.access
        if access.client_secret is not None:
            return {
                "grant_type": "client_credentials",
                "client_id": access.client_id,
                "client_secret": access.client_secret,
            }
        claims = {
            "iss": access.client_id,
            "sub": access.username or "",
            "aud": access.audience,
            "exp": int((self._clock() + _ASSERTION_FOR).timestamp()),
        }
        try:
            assertion = jwt.encode(claims, access.private_key or "", algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError) as error:
            raise RemoteAccessError(
                "crm: the private key for Salesforce cannot be used", system=SYSTEM
            ) from error
        return {"grant_type": _JWT_BEARER, "assertion": assertion}

    def _demand_same_side(self, instance: str) -> None:
        """Never send a token in the clear, nor one of Salesforce's to this machine."""
        ours, theirs = urlsplit(self.access.url), urlsplit(instance)
        is_plain = theirs.scheme != "https"
        if is_plain and (theirs.scheme, theirs.netloc) != (ours.scheme, ours.netloc):
            raise _not_salesforce()


class _OurSession(requests.Session):
    """The session given to simple-salesforce: each request goes through :class:`Http`."""

    def __init__(self, http: Http, *, plain: bool) -> None:
        """``plain``: the organisation is on this machine, without the https of simple-salesforce's
        addresses."""
        super().__init__()
        self._http = http
        self._plain = plain

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        timeout: float | None = None,
        **_ignored: object,
    ) -> requests.Response:
        # A composite call that was done and not answered finds its own work when it is repeated.
        may_repeat = method == "GET" or url.endswith("/composite")
        answer = self._http.request(
            method,
            "http://" + url.removeprefix("https://") if self._plain else url,
            system=SYSTEM,
            path=shown_path(url),
            params=params,
            headers=headers,
            data=data,
            json=json,
            timeout=timeout,
            retries=1 if may_repeat else 0,
        )
        return _as_response(answer, url)


def _as_response(answer: Answer, url: str) -> requests.Response:
    response = requests.Response()
    response.status_code = answer.status
    response.headers = CaseInsensitiveDict(answer.headers)
    response.raw = io.BytesIO(answer.content)
    response.url = url
    response.encoding = "utf-8"
    return response


def shown_path(url: str) -> str:
    """The address as the log may show it: without ids, keys and queries (X4)."""
    parts = urlsplit(url).path.split("/")
    shown = [part if len(part) < 15 or part.endswith("__c") else "{id}" for part in parts]
    return "/".join(shown)


def _bodies(answers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What each step answered. Of a call that was rolled back one step says why, the others that
    they were halted."""
    failed = [error for each in answers for error in _errors_of(each)]
    if failed:
        culprits = [each for each in failed if first_error(each[1]).get("errorCode") != HALTED]
        raise error_of(*(culprits or failed)[0])
    return {each["referenceId"]: each["body"] for each in answers}


def _errors_of(answer: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """Status and body of what went wrong in a step. A collection answers 200 and tells per record
    (sObject Collections), with another name for the code."""
    status, body = answer["httpStatusCode"], answer["body"]
    if status >= 300:
        return [(status, body)]
    results = body if isinstance(body, list) else []
    return [
        (400, [{**error, "errorCode": error.get("statusCode")}])
        for result in results
        if isinstance(result, dict) and result.get("success") is False
        for error in result.get("errors") or [{}]
    ]


def _rows(records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [dict(record) for record in records]


def _object_info(answer: Mapping[str, Any]) -> ObjectInfo:
    return ObjectInfo(
        name=answer["name"],
        createable=answer["createable"],
        updateable=answer["updateable"],
        deletable=answer["deletable"],
        queryable=answer["queryable"],
        fields={each["name"]: _field_info(each) for each in answer["fields"]},
    )


def _field_info(found: Mapping[str, Any]) -> FieldInfo:
    return FieldInfo(
        name=found["name"],
        type=found["type"],
        createable=found["createable"],
        updateable=found["updateable"],
        filterable=found["filterable"],
        unique=found["unique"],
        external_id=found["externalId"],
        values=tuple(each["value"] for each in found["picklistValues"] if each["active"]),
    )


def _not_salesforce() -> TransientRemoteError:
    return TransientRemoteError("crm: this is no answer of Salesforce", system=SYSTEM)
