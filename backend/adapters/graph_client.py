"""One identity's calls to Graph: token, headers, safe paths, paging. Knows no events."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Protocol
from urllib.parse import quote

from backend.adapters.answers import Answer
from backend.adapters.graph_errors import claims_challenge, graph_error
from backend.adapters.http import Http
from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.token_cache import GraphToken
from backend.adapters.transport import Budget
from backend.domain.errors import InvalidEventIdError, RemoteRejectedError, TransientRemoteError
from backend.domain.ports import Mailbox

_PREFER_IMMUTABLE_IDS = 'IdType="ImmutableId"'
_MOST_PAGES = 50


class TokenSource(Protocol):
    """Whose tokens a client uses."""

    def get(self, budget: Budget | None) -> GraphToken:
        """The token for the next call. Raises: what signing in raises."""
        ...

    def drop(self, token: GraphToken) -> None:
        """Graph refused this one."""
        ...

    def answer_challenge(self, claims: str, budget: Budget | None) -> None:
        """Get a token that meets ``claims``.

        Raises: ClaimsRequiredError when only the person can do that.
        """
        ...


class GraphClient:
    """Calls under ``/v1.0`` of one cloud with the tokens of one identity."""

    def __init__(
        self,
        http: Http,
        tokens: TokenSource,
        *,
        graph_root: str,
        tenant_id: str,
        gates: MailboxGates,
        budget: Budget | None = None,
        timeout: float = 10.0,
    ) -> None:
        """``budget``: seconds for all calls together; ``timeout``: for a single one."""
        self._http = http
        self._tokens = tokens
        self._root = f"{graph_root}/v1.0"
        self._tenant_id = tenant_id
        self._gates = gates
        self._budget = budget
        self._timeout = timeout

    def token(self) -> GraphToken:
        """The token in use, got now if need be."""
        return self._tokens.get(self._budget)

    def call(
        self,
        method: str,
        path: str,
        ids: Mapping[str, str] | None = None,
        *,
        mailbox: Mailbox | None = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        """One call; ``path`` holds names in braces that ``ids`` fills, and is what the log shows.

        Raises: the error :func:`graph_error` names for anything but a 2xx answer.
        """
        url = self._root + path.format_map({k: quoted_id(v) for k, v in (ids or {}).items()})
        return self._send(
            method, url, path, mailbox=mailbox, params=params, headers=headers or {}, json=json
        )

    def pages(
        self,
        path: str,
        ids: Mapping[str, str],
        *,
        mailbox: Mailbox,
        params: Mapping[str, str],
    ) -> Iterator[list[Any]]:
        """The ``value`` arrays of a list, page by page.

        Raises: as :meth:`call`; RemoteRejectedError for a next link that leads elsewhere, as our
        token would go there, and for a list without end.
        """
        answer = self.call("GET", path, ids, mailbox=mailbox, params=params)
        for _ in range(_MOST_PAGES):
            body = json_object(answer)
            yield json_list(body)
            link = body.get("@odata.nextLink")
            if link is None:
                return
            answer = self._send("GET", self._own_link(link), path, mailbox=mailbox, headers={})
        raise RemoteRejectedError("graph: a list without end", system="graph")

    def _send(
        self,
        method: str,
        url: str,
        path: str,
        *,
        mailbox: Mailbox | None,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        json: object = None,
    ) -> Answer:
        """One call, and one more when Graph refused the token rather than the request."""
        budget = self._time()
        for last in (False, True):
            token = self._tokens.get(budget)
            with self._place(mailbox, budget):
                answer = self._http.request(
                    method,
                    url,
                    system="graph",
                    path=path,
                    params=params,
                    headers={
                        **headers,
                        "Authorization": f"Bearer {token.value}",
                        "Accept": "application/json",
                        "Prefer": _PREFER_IMMUTABLE_IDS,
                        "client-request-id": str(uuid.uuid4()),
                    },
                    json=json,
                    budget=budget,
                    retries=1 if method == "GET" else 0,
                )
            if answer.ok:
                return answer
            if not self._token_refused(answer, token, budget) or last:
                raise graph_error(answer)
        raise AssertionError("unreachable")

    def _token_refused(self, answer: Answer, token: GraphToken, budget: Budget) -> bool:
        """Whether it was the token; then it is forgotten, and a challenge has been answered."""
        claims = claims_challenge(answer)
        if claims is None and answer.status != 401:
            return False
        self._tokens.drop(token)
        if claims is not None:
            self._tokens.answer_challenge(claims, budget)
        return True

    def _time(self) -> Budget:
        budget = self._budget
        if budget is None:
            return self._http.budget(self._timeout)
        if budget.remaining <= 0:
            raise TransientRemoteError("graph: no time left for this call", system="graph")
        return budget.at_most(self._timeout)

    def _place(self, mailbox: Mailbox | None, budget: Budget) -> Any:
        if mailbox is None:
            return nullcontext()
        key = (self._tenant_id, mailbox.owner_oid.casefold())
        return self._gates.enter(key, budget.remaining)

    def _own_link(self, link: object) -> str:
        if isinstance(link, str) and link.startswith(f"{self._root}/"):
            return link
        raise RemoteRejectedError("graph: a link leads elsewhere", system="graph")


def quoted_id(value: str) -> str:
    """An id as one segment of a path.

    Raises: InvalidEventIdError for what is no segment: empty, climbing dots, half characters.
    """
    if not value or value in (".", ".."):
        raise InvalidEventIdError
    try:
        return quote(value, safe="")
    except UnicodeError as error:
        raise InvalidEventIdError from error


def json_object(answer: Answer) -> Mapping[str, Any]:
    """The body as an object. Raises: RemoteRejectedError when it is something else."""
    body = answer.json()
    if not isinstance(body, dict):
        raise answer.error(RemoteRejectedError)
    return body


def json_list(body: Mapping[str, Any]) -> list[Any]:
    """The ``value`` of a list answer. Raises: RemoteRejectedError when there is none."""
    value = body.get("value")
    if not isinstance(value, list):
        raise RemoteRejectedError("graph: a list without its values", system="graph")
    return value
