"""Outlook through Microsoft Graph: the calendars of the domain, one identity each.

Reads events, writes categories and nothing else; asks the directory a little. Decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from backend.adapters.answers import Answer
from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.graph_client import GraphClient, TokenSource, json_list, json_object
from backend.adapters.graph_events import SELECT, SELECT_WITH_BODY, parse_event
from backend.adapters.http import Http
from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.routing import CLOUDS, Cloud
from backend.adapters.token_cache import GraphToken
from backend.adapters.transport import Budget
from backend.domain.errors import (
    ClaimsRequiredError,
    NotAllowedError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
    RemoteRejectedError,
)
from backend.domain.event import Event, normalised_address
from backend.domain.ports import Clock, DirectoryUser, Look, Mailbox, Principal, ServerCredentials

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_EVENT = "/users/{user}/events/{event}"
_MASTER_CATEGORIES = "/users/{user}/outlook/masterCategories"
_USER_FIELDS = "id,displayName,mail,userPrincipalName,proxyAddresses,accountEnabled"
_PAGE = "50"


class GraphCalendars:
    """Makes calendars that share one session, one set of tokens and the limits per mailbox."""

    def __init__(
        self,
        http: Http,
        sign_in: EntraSignIn,
        *,
        clock: Clock,
        timeout: float = 10.0,
        calls_per_mailbox: int = 2,
    ) -> None:
        """``timeout``: seconds of one call; ``calls_per_mailbox``: at a time, in this process."""
        self._http = http
        self._sign_in = sign_in
        self._clock = clock
        self._timeout = timeout
        self._gates = MailboxGates(calls_per_mailbox)

    def as_user(self, principal: Principal, *, budget: float | None = None) -> GraphCalendar:
        """Outlook as this user sees it; ``budget``: seconds for all calls together."""
        tokens = _UserTokens(self._sign_in, principal)
        return self._calendar(tokens, self._sign_in.cloud, principal.tenant_id, budget, user=True)

    def as_app(self, server: ServerCredentials, *, budget: float | None = None) -> GraphCalendar:
        """Outlook as a firm's online server sees it.

        Raises: RemoteAccessError for a cloud we do not know.
        """
        cloud = CLOUDS.get(server.cloud)
        if cloud is None:
            raise RemoteAccessError(
                "graph: unknown cloud", system="graph", remote_code="unknown_cloud"
            )
        tokens = _ServerTokens(self._sign_in, server)
        return self._calendar(tokens, cloud, server.tenant_id, budget, user=False)

    def _calendar(
        self,
        tokens: TokenSource,
        cloud: Cloud,
        tenant_id: str,
        budget: float | None,
        *,
        user: bool,
    ) -> GraphCalendar:
        client = GraphClient(
            self._http,
            tokens,
            graph_root=cloud.graph_root,
            tenant_id=tenant_id,
            gates=self._gates,
            budget=None if budget is None else self._http.budget(budget),
            timeout=self._timeout,
        )
        return GraphCalendar(
            client, cloud=cloud, tenant_id=tenant_id, clock=self._clock, scopes_tell=user
        )


class _UserTokens:
    """Tokens on behalf of one user. Only he can answer a challenge."""

    def __init__(self, sign_in: EntraSignIn, principal: Principal) -> None:
        self._sign_in = sign_in
        self._principal = principal

    def get(self, budget: Budget | None) -> GraphToken:
        return self._sign_in.user_token(self._principal, budget)

    def drop(self, token: GraphToken) -> None:
        self._sign_in.drop_user_token(self._principal, token)

    def answer_challenge(self, claims: str, _budget: Budget | None) -> None:
        raise ClaimsRequiredError(claims)


class _ServerTokens:
    """Tokens of an online server."""

    def __init__(self, sign_in: EntraSignIn, server: ServerCredentials) -> None:
        self._sign_in = sign_in
        self._server = server

    def get(self, budget: Budget | None) -> GraphToken:
        return self._sign_in.server_token(self._server, budget)

    def drop(self, token: GraphToken) -> None:
        self._sign_in.drop_server_token(self._server, token)

    def answer_challenge(self, claims: str, budget: Budget | None) -> None:
        self._sign_in.server_token(self._server, budget, claims=claims)


class GraphCalendar:
    """Outlook seen with one identity; the protocol :class:`~backend.domain.ports.Calendar`.

    Events are always addressed through their owner's object id, his own ones too: principal names
    change, and ``/me`` does not know an event in somebody else's mailbox.
    """

    def __init__(
        self,
        client: GraphClient,
        *,
        cloud: Cloud,
        tenant_id: str,
        clock: Clock,
        scopes_tell: bool,
    ) -> None:
        """``scopes_tell``: the token's scopes say what may be written, as a user's do."""
        self._client = client
        self._cloud = cloud
        self._tenant_id = tenant_id
        self._clock = clock
        self._scopes_tell = scopes_tell

    @property
    def may_write_events(self) -> bool | None:
        """What the granted scopes say, signing in if need be; ``None`` for a server.

        Raises: what signing in raises.
        """
        return self._granted("calendars.readwrite", "calendars.readwrite.shared")

    @property
    def may_write_master_categories(self) -> bool | None:
        """As :attr:`may_write_events`; never in a cloud that has no master categories."""
        if not self._cloud.has_master_categories:
            return False
        return self._granted("mailboxsettings.readwrite")

    def get_event(self, mailbox: Mailbox, event_id: str, *, with_body: bool = False) -> Look:
        """One event (Graph docs: get event).

        Raises: RemoteNotFoundError when this mailbox does not hold it; RemoteAccessError when the
        mailbox itself cannot be read.
        """
        answer = self._client.call(
            "GET",
            _EVENT,
            self._ids(mailbox, event=event_id),
            mailbox=mailbox,
            params={"$select": SELECT_WITH_BODY if with_body else SELECT},
        )
        return self._look(answer)

    def find_events(
        self, mailbox: Mailbox, ical_uid: str, *, default_calendar: bool
    ) -> list[Event]:
        """Single events and masters with this iCalUId, in the default calendar or in all (L6)."""
        path = "/users/{user}/calendar/events" if default_calendar else "/users/{user}/events"
        pages = self._client.pages(
            path,
            self._ids(mailbox),
            mailbox=mailbox,
            params={
                "$filter": f"iCalUId eq {_literal(ical_uid)}",
                "$select": SELECT,
                "$top": _PAGE,
            },
        )
        return [parse_event(item) for page in pages for item in page]

    def set_categories(
        self, mailbox: Mailbox, event_id: str, categories: Sequence[str], *, etag: str
    ) -> Look:
        """Replace the whole array, which mails nobody (Graph docs: update event).

        Answers the event as Graph returned it, with body.

        Raises: RemoteConflictError when it changed since ``etag``; RemoteAccessError when writing
        is not permitted.
        """
        answer = self._client.call(
            "PATCH",
            _EVENT,
            self._ids(mailbox, event=event_id),
            mailbox=mailbox,
            headers={"If-Match": etag} if etag else {},
            json={"categories": list(categories)},
        )
        look = self._look(answer)
        if look.event.body_text is None:
            return self.get_event(mailbox, event_id, with_body=True)
        return look

    def ensure_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        """Make the coloured category unless the mailbox has it, in whatever case it is written.

        What a second POST of a name answers is not documented, so a refusal is looked into with a
        second reading of the list. False when not permitted.
        """
        if self.may_write_master_categories is False:
            return False
        ids = self._ids(mailbox)
        try:
            if self._has_master_category(mailbox, name):
                return True
            try:
                self._client.call(
                    "POST",
                    _MASTER_CATEGORIES,
                    ids,
                    mailbox=mailbox,
                    json={"displayName": name, "color": color},
                )
            except (RemoteRejectedError, RemoteConflictError, RemoteNotFoundError):
                if not self._has_master_category(mailbox, name):
                    raise
        except RemoteAccessError as error:
            if error.status == 403:
                return False
            raise
        return True

    def may_edit(self, mailbox: Mailbox) -> bool:
        """Whether Graph says this identity may edit the owner's default calendar (T9)."""
        try:
            answer = self._client.call(
                "GET",
                "/users/{user}/calendar",
                self._ids(mailbox),
                mailbox=mailbox,
                params={"$select": "id,canEdit"},
            )
        except RemoteNotFoundError:
            return False
        except RemoteAccessError as error:
            if error.status == 403:
                return False
            raise
        return json_object(answer).get("canEdit") is True

    def verified_domains(self) -> tuple[str, ...]:
        """The tenant's verified domains, casefolded (Graph docs: organization)."""
        answer = self._client.call("GET", "/organization", params={"$select": "id,verifiedDomains"})
        organisations = [o for o in json_list(json_object(answer)) if isinstance(o, dict)]
        domains = [
            domain["name"].strip().casefold()
            for organisation in organisations
            for domain in organisation.get("verifiedDomains") or []
            if isinstance(domain, dict) and isinstance(domain.get("name"), str)
        ]
        return tuple(dict.fromkeys(domains))

    def find_user(self, tenant_id: str, key: str) -> DirectoryUser | None:
        """A user by object id, mail address, alias or principal name (Graph docs: user)."""
        if tenant_id.casefold() != self._tenant_id.casefold() or not key.strip():
            return None
        if _GUID.fullmatch(key.strip()):
            return self._user_by_id(key.strip())
        address = normalised_address(key)
        found = [user for item in self._users_with(address) if (user := _directory_user(item))]
        return next(
            (user for user in found if normalised_address(user.address) == address),
            found[0] if found else None,
        )

    def _user_by_id(self, oid: str) -> DirectoryUser | None:
        try:
            answer = self._client.call(
                "GET", "/users/{user}", {"user": oid}, params={"$select": _USER_FIELDS}
            )
        except RemoteNotFoundError:
            return None
        except RemoteAccessError as error:
            if error.status == 404:
                return None
            raise
        return _directory_user(json_object(answer))

    def _users_with(self, address: str) -> list[Any]:
        # A primary address carries SMTP:, an alias smtp:; whether Graph minds the case is unknown.
        conditions = [
            f"mail eq {_literal(address)}",
            f"userPrincipalName eq {_literal(address)}",
            *(
                f"proxyAddresses/any(p:p eq {_literal(prefix + address)})"
                for prefix in ("smtp:", "SMTP:")
            ),
        ]
        answer = self._client.call(
            "GET",
            "/users",
            params={"$filter": " or ".join(conditions), "$select": _USER_FIELDS, "$top": "5"},
        )
        return json_list(json_object(answer))

    def _has_master_category(self, mailbox: Mailbox, name: str) -> bool:
        answer = self._client.call("GET", _MASTER_CATEGORIES, self._ids(mailbox), mailbox=mailbox)
        wanted = name.strip().casefold()
        names = (
            item.get("displayName")
            for item in json_list(json_object(answer))
            if isinstance(item, dict)
        )
        return any(isinstance(n, str) and n.strip().casefold() == wanted for n in names)

    def _granted(self, *scopes: str) -> bool | None:
        if not self._scopes_tell:
            return None
        return not self._client.token().scopes.isdisjoint(scopes)

    def _ids(self, mailbox: Mailbox, **ids: str) -> Mapping[str, str]:
        if mailbox.tenant_id.casefold() != self._tenant_id.casefold():
            raise NotAllowedError("This mailbox belongs to another organisation.")
        return {"user": mailbox.owner_oid, **ids}

    def _look(self, answer: Answer) -> Look:
        return Look(parse_event(answer.json()), answer.request_id, self._clock())


def _literal(text: str) -> str:
    """A string in an OData expression."""
    return "'" + text.replace("'", "''") + "'"


def _directory_user(item: object) -> DirectoryUser | None:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return None
    proxies = item.get("proxyAddresses")
    return DirectoryUser(
        oid=item["id"].lower(),
        name=_text(item.get("displayName")),
        address=_text(item.get("mail")) or _text(item.get("userPrincipalName")),
        proxy_addresses=tuple(
            normalised_address(proxy)
            for proxy in (proxies if isinstance(proxies, list) else ())
            if isinstance(proxy, str) and proxy[:5].casefold() == "smtp:"
        ),
        enabled=item.get("accountEnabled") is not False,
    )


def _text(value: object) -> str:
    return value.replace("\x00", "") if isinstance(value, str) else ""
