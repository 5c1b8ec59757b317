"""Outlook through Microsoft Graph: the calendars of the domain, one identity each.

Reads events and what changed, writes categories and nothing else, keeps subscriptions, asks the
directory a little. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from backend.adapters import (
    graph_categories,
    graph_delta,
    graph_directory,
    graph_marks,
    graph_subscriptions,
)
from backend.adapters.answers import Answer
from backend.adapters.entra_signin import EntraSignIn
from backend.adapters.graph_batch import Read, read_together
from backend.adapters.graph_client import ErrorOf, GraphClient, TokenSource, json_object
from backend.adapters.graph_errors import graph_error, mailbox_error
from backend.adapters.graph_events import SELECT, SELECT_WITH_BODY, parse_event
from backend.adapters.graph_tokens import ServerTokens, UserTokens
from backend.adapters.http import Http
from backend.adapters.mailbox_gates import MailboxGates
from backend.adapters.odata import literal
from backend.adapters.routing import CLOUDS, Cloud
from backend.domain.competing import Marked
from backend.domain.errors import (
    NotAllowedError,
    RemoteAccessError,
    RemoteConflictError,
    RemoteNotFoundError,
)
from backend.domain.event import Event
from backend.domain.ports import (
    Clock,
    DeltaPage,
    DirectoryPage,
    DirectoryUser,
    Examination,
    GroupPage,
    Hooks,
    Look,
    Mailbox,
    Principal,
    ServerCredentials,
    Subscription,
    Window,
)

_EVENT = "/users/{user}/events/{event}"
_DEFAULT_CALENDAR = "/users/{user}/calendar/events"
_ALL_CALENDARS = "/users/{user}/events"
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
        tokens = UserTokens(self._sign_in, principal)
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
        tokens = ServerTokens(self._sign_in, server)
        return self._calendar(tokens, cloud, server.tenant_id, budget, user=False)

    def sign_in_anew(self, server: ServerCredentials, *, budget: float | None = None) -> None:
        """Sign in as a firm's online server, whatever token is at hand.

        Raises: RemoteAccessError (``remote_code`` says why), TransientRemoteError.
        """
        limit = None if budget is None else self._http.budget(budget)
        self._sign_in.renew_server_token(server, limit)

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
        read = self._event(mailbox, event_id, with_body=with_body)
        return self._look(self._read(mailbox, read))

    def find_events(
        self, mailbox: Mailbox, ical_uid: str, *, default_calendar: bool
    ) -> list[Event]:
        """Single events and masters with this iCalUId, in the default calendar or in all (L6).

        Raises: RemoteAccessError, also for a 404: a list is there as long as the mailbox is.
        """
        read = self._list(mailbox, ical_uid, default_calendar=default_calendar)
        return self._listed(mailbox, read, self._read(mailbox, read, error=mailbox_error))

    def examine(self, mailbox: Mailbox, event_id: str, ical_uid: str) -> Examination:
        """An event with body and both lists of its iCalUId; the lists come first, as proofs.

        Raises: what :meth:`find_events` and :meth:`get_event` raise, except that an event that is
        not found is an answer.
        """
        reads = (
            self._list(mailbox, ical_uid, default_calendar=True),
            self._list(mailbox, ical_uid, default_calendar=False),
            self._event(mailbox, event_id, with_body=True),
        )
        here, anywhere, event = read_together(self._client, mailbox, reads)
        if 401 in (here.status, anywhere.status, event.status):
            return self._examine_singly(mailbox, event_id, ical_uid)
        listed = tuple(self._listed(mailbox, reads[0], here))
        elsewhere = tuple(self._listed(mailbox, reads[1], anywhere))
        try:
            look = self._look(event)
        except RemoteNotFoundError:
            look = None
        return Examination(look, in_default_calendar=listed, in_any_calendar=elsewhere)

    def read_changes(self, mailbox: Mailbox, where: Window | str) -> DeltaPage:
        """A page of the default calendar's delta; see :func:`graph_delta.read_changes`."""
        self._check_tenant(mailbox)
        return graph_delta.read_changes(self._client, mailbox, where)

    def subscribe(self, mailbox: Mailbox, hooks: Hooks, expires_at: datetime) -> Subscription:
        """Ask for change notifications of all calendars of the mailbox.

        Raises: SubscriptionExistsError, a RemoteConflictError, when this app has one already.
        """
        self._check_tenant(mailbox)
        return graph_subscriptions.subscribe(self._client, mailbox, hooks, expires_at)

    def find_subscription(
        self, mailbox: Mailbox, conflict: RemoteConflictError
    ) -> Subscription | None:
        """What the app has for the mailbox: Graph tells with the conflict, or its list does."""
        self._check_tenant(mailbox)
        return graph_subscriptions.find_subscription(self._client, mailbox, conflict)

    def renew_subscription(self, subscription_id: str, expires_at: datetime) -> Subscription:
        """Prolong, which also reauthorizes. Raises: RemoteNotFoundError when it is gone."""
        return graph_subscriptions.renew_subscription(self._client, subscription_id, expires_at)

    def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription; one that is gone already is a success."""
        graph_subscriptions.unsubscribe(self._client, subscription_id)

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
        """Make the coloured category unless the mailbox has it. False when not permitted."""
        self._check_tenant(mailbox)
        if self.may_write_master_categories is False:
            return False
        return graph_categories.ensure_master_category(self._client, mailbox, name, color)

    def recolor_master_category(self, mailbox: Mailbox, name: str, color: str) -> bool:
        """Give the category another colour where the mailbox has it. False when not permitted."""
        self._check_tenant(mailbox)
        if self.may_write_master_categories is False:
            return False
        return graph_categories.recolor_master_category(self._client, mailbox, name, color)

    def read_marks(
        self, mailbox: Mailbox, window: Window, properties: Sequence[str]
    ) -> list[Marked]:
        """What other syncs have left on the first events of a window."""
        self._check_tenant(mailbox)
        return graph_marks.read_marks(self._client, mailbox, window, properties)

    def has_master_category(self, mailbox: Mailbox, name: str) -> bool | None:
        """Whether the mailbox lists the category; ``None`` where we may not read its list."""
        self._check_tenant(mailbox)
        if not self._cloud.has_master_categories:
            return None
        try:
            return graph_categories.has_master_category(self._client, mailbox, name)
        except RemoteAccessError as error:
            if error.status == 403:
                return None
            raise

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
        """The tenant's verified domains, casefolded."""
        return graph_directory.verified_domains(self._client)

    def find_user(self, tenant_id: str, key: str) -> DirectoryUser | None:
        """A user by object id, mail address, alias or principal name."""
        if tenant_id.casefold() != self._tenant_id.casefold() or not key.strip():
            return None
        return graph_directory.find_user(self._client, key)

    def list_groups(self, link: str | None = None) -> GroupPage:
        """A page of the tenant's groups that have an address (Graph docs: list groups)."""
        return graph_directory.list_groups(self._client, link)

    def list_users(self, link: str | None = None) -> DirectoryPage:
        """A page of the tenant's active users: the first one, or the one at a link."""
        return graph_directory.list_users(self._client, link)

    def _granted(self, *scopes: str) -> bool | None:
        if not self._scopes_tell:
            return None
        return not self._client.token().scopes.isdisjoint(scopes)

    def _event(self, mailbox: Mailbox, event_id: str, *, with_body: bool) -> Read:
        fields = SELECT_WITH_BODY if with_body else SELECT
        return Read(_EVENT, self._ids(mailbox, event=event_id), {"$select": fields})

    def _list(self, mailbox: Mailbox, ical_uid: str, *, default_calendar: bool) -> Read:
        condition = f"iCalUId eq {literal(ical_uid)}"
        return Read(
            _DEFAULT_CALENDAR if default_calendar else _ALL_CALENDARS,
            self._ids(mailbox),
            {"$filter": condition, "$select": SELECT, "$top": _PAGE},
        )

    def _read(self, mailbox: Mailbox, read: Read, *, error: ErrorOf = graph_error) -> Answer:
        return self._client.call(
            "GET", read.path, read.ids, mailbox=mailbox, params=read.params, error=error
        )

    def _examine_singly(self, mailbox: Mailbox, event_id: str, ical_uid: str) -> Examination:
        """Call by call, when the token was refused inside a batch: a single call gets a new one."""
        listed = self.find_events(mailbox, ical_uid, default_calendar=True)
        elsewhere = self.find_events(mailbox, ical_uid, default_calendar=False)
        try:
            look = self.get_event(mailbox, event_id, with_body=True)
        except RemoteNotFoundError:
            look = None
        return Examination(look, tuple(listed), tuple(elsewhere))

    def _listed(self, mailbox: Mailbox, read: Read, first: Answer) -> list[Event]:
        """All pages of a list whose first one is there; an empty page is not the end of it."""
        if not first.ok:
            raise mailbox_error(first)
        pages = self._client.pages_from(first, read.path, mailbox=mailbox, error=mailbox_error)
        return [parse_event(item) for page in pages for item in page]

    def _look(self, answer: Answer) -> Look:
        if not answer.ok:
            raise graph_error(answer)
        return Look(parse_event(answer.json()), answer.request_id, self._clock())

    def _ids(self, mailbox: Mailbox, **ids: str) -> Mapping[str, str]:
        self._check_tenant(mailbox)
        return {"user": mailbox.owner_oid, **ids}

    def _check_tenant(self, mailbox: Mailbox) -> None:
        if mailbox.tenant_id.casefold() != self._tenant_id.casefold():
            raise NotAllowedError("This mailbox belongs to another organisation.")
