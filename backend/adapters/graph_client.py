"""One identity's calls to Graph: token, headers, safe paths, paging. Knows no events."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from backend.adapters.answers import Answer
from backend.adapters.graph_errors import claims_challenge, graph_error
from backend.adapters.http import Http
from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.token_cache import GraphToken
from backend.adapters.transport import Budget
from backend.domain.breaker import NO_TIME_LEFT
from backend.domain.errors import (
    InvalidEventIdError,
    RemoteError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.ports import Mailbox

PREFER_IMMUTABLE_IDS = 'IdType="ImmutableId"'
_MOST_PAGES = 50

ErrorOf = Callable[[Answer], RemoteError]
"""What an answer that is no success means, in the words of the domain."""


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


@dataclass(frozen=True, slots=True)
class _Request:
    """One call as it will be made; ``page_size`` is a wish that Graph may undercut."""

    method: str
    url: str
    path: str
    mailbox: Mailbox | None
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    json: object = None
    page_size: int | None = None
    error: ErrorOf = graph_error
    timeout: float | None = None
    repeatable: bool = False

    @property
    def prefer(self) -> str:
        if self.page_size is None:
            return PREFER_IMMUTABLE_IDS
        return f"{PREFER_IMMUTABLE_IDS}, odata.maxpagesize={self.page_size}"


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
        page_size: int | None = None,
        error: ErrorOf = graph_error,
        timeout: float | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """One call; ``path`` holds names in braces that ``ids`` fills, and is what the log shows.

        ``timeout``: seconds, for a call that takes longer than others; ``repeatable``: a broken
        connection is tried again at once, as it always is for GET.

        Raises: the error that ``error`` names for anything but a 2xx answer.
        """
        return self._send(
            _Request(
                method,
                self._root + filled(path, ids),
                path,
                mailbox,
                params,
                headers,
                json,
                page_size,
                error,
                timeout,
                repeatable or method == "GET",
            )
        )

    def follow(
        self,
        link: object,
        path: str,
        *,
        mailbox: Mailbox | None,
        page_size: int | None = None,
        error: ErrorOf = graph_error,
    ) -> Answer:
        """GET what a link of Graph's leads to, as it stands; ``path`` is for the log.

        Raises: as :meth:`call` and :meth:`own_link`.
        """
        return self._send(
            _Request(
                "GET",
                self.own_link(link),
                path,
                mailbox,
                page_size=page_size,
                error=error,
                repeatable=True,
            )
        )

    def pages(
        self,
        path: str,
        ids: Mapping[str, str] | None = None,
        *,
        mailbox: Mailbox | None,
        params: Mapping[str, str] | None = None,
        error: ErrorOf = graph_error,
        most: int = _MOST_PAGES,
    ) -> Iterator[list[Any]]:
        """The ``value`` arrays of a list, page by page.

        Raises: as :meth:`follow`; RemoteRejectedError for a list without end.
        """
        first = self.call("GET", path, ids, mailbox=mailbox, params=params, error=error)
        yield from self.pages_from(first, path, mailbox=mailbox, error=error, most=most)

    def pages_from(
        self,
        first: Answer,
        path: str,
        *,
        mailbox: Mailbox | None,
        error: ErrorOf = graph_error,
        most: int = _MOST_PAGES,
    ) -> Iterator[list[Any]]:
        """As :meth:`pages`, when the first page is there already."""
        answer = first
        for _ in range(most):
            body = json_object(answer)
            yield json_list(body)
            link = body.get("@odata.nextLink")
            if link is None:
                return
            answer = self.follow(link, path, mailbox=mailbox, error=error)
        raise RemoteRejectedError("graph: a list without end", system="graph")

    def own_link(self, link: object) -> str:
        """The link itself, when it leads below our own root.

        Raises: RemoteRejectedError when it leads elsewhere, as our token would go there.
        """
        if isinstance(link, str) and link.startswith(f"{self._root}/"):
            return link
        raise RemoteRejectedError("graph: a link leads elsewhere", system="graph")

    def _send(self, request: _Request) -> Answer:
        """One call, and one more when Graph refused the token rather than the request."""
        budget = self._time(request.timeout)
        for last in (False, True):
            token = self._tokens.get(budget)
            with self._place(request.mailbox, budget):
                answer = self._http.request(
                    request.method,
                    request.url,
                    system="graph",
                    path=request.path,
                    params=request.params,
                    headers={
                        **(request.headers or {}),
                        "Authorization": f"Bearer {token.value}",
                        "Accept": "application/json",
                        "Prefer": request.prefer,
                        "client-request-id": str(uuid.uuid4()),
                    },
                    json=request.json,
                    timeout=request.timeout,
                    budget=budget,
                    retries=1 if request.repeatable else 0,
                )
            if answer.ok:
                return answer
            if not self._token_refused(answer, token, budget) or last:
                raise request.error(answer)
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

    def _time(self, timeout: float | None) -> Budget:
        seconds = self._timeout if timeout is None else timeout
        budget = self._budget
        if budget is None:
            return self._http.budget(seconds)
        if budget.remaining <= 0:
            raise TransientRemoteError(
                "graph: no time left for this call", system="graph", remote_code=NO_TIME_LEFT
            )
        return budget.at_most(seconds)

    def _place(self, mailbox: Mailbox | None, budget: Budget) -> Any:
        if mailbox is None:
            return nullcontext()
        key = (self._tenant_id, mailbox.owner_oid.casefold())
        return self._gates.enter(key, budget.remaining)


def filled(path: str, ids: Mapping[str, str] | None) -> str:
    """A path with every name in braces replaced by its id. Raises: as :func:`quoted_id`."""
    return path.format_map({name: quoted_id(value) for name, value in (ids or {}).items()})


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
