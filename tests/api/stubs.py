"""Hand-written stand-ins for the services below the API, and values for them to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from backend.crm.surroundings import Surroundings
from backend.domain.adding import ActivityForm
from backend.domain.crm import (
    Activity,
    ActivityDraft,
    ActivityKind,
    AttendeeMatch,
    Contact,
    Entry,
    Group,
    Listing,
    MatchedContact,
    ReferenceKind,
    UnmatchedAttendee,
)
from backend.domain.errors import IdentityError, SyncError
from backend.domain.event import Attendee, Event, OnlineMeeting, Person
from backend.domain.policy import Policy, SyncMode, UserState
from backend.domain.ports import Principal
from backend.domain.rules import EventFacts, Situation, Source, Verdict, evaluate
from backend.services.adding import About, ActivityProposal, Added
from backend.services.answers import (
    Can,
    EventAnswer,
    HistoryLine,
    HistoryPage,
    LinkView,
    Me,
    OtherRecord,
    Place,
    Preferences,
    Why,
)
from backend.services.answers import (
    Person as Named,
)
from backend.services.notifications import Notice, NotStoredError, Receipt
from backend.sql import Database
from tests.support.desk import LazyDesk

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OTHER_TENANT = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e02"
TENANT = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01"
OID = "0b0e6f5c-1111-4222-8333-444455556666"
EVENT_ID = "AAMkAGI1AAAt9AHjAAA="
PRINCIPAL = Principal(
    tenant_id=TENANT,
    oid=OID,
    name="Ada Partner",
    username="ada@firm.example",
    roles=frozenset({"admin"}),
    token="the token",
)
BROWSING = replace(PRINCIPAL, token=None)
"""The same person signed in on our own pages."""

EVENT = Event(
    id=EVENT_ID,
    ical_uid="040000008200E00074C5B7101A82E008",
    change_key="ck",
    etag='W/"ck"',
    subject="Quarterly <review> 🎉",
    start=NOW + timedelta(hours=1),
    end=NOW + timedelta(hours=2),
    created_at=NOW - timedelta(days=1),
    modified_at=NOW - timedelta(hours=1),
    time_zone="W. Europe Standard Time",
    organizer=Person("Ada Partner", "ada@firm.example"),
)
MATCHES = (
    AttendeeMatch(
        Attendee("Clara Client", "clara@client.example", response="accepted"),
        "matched",
        Contact(id="c-1", name="Clara Client"),
    ),
    AttendeeMatch(Attendee("", "nobody@elsewhere.example"), "unmatched"),
)
ACTIVITY = Activity(
    id="a-1",
    external_key=f"{TENANT}/{EVENT.ical_uid}",
    kind=ActivityKind.SYNCED,
    draft=ActivityDraft(
        subject=EVENT.subject,
        start=EVENT.start,
        end=EVENT.end,
        type="CalendarSyncMeeting_System",
        contacts=(
            MatchedContact("c-1", "Clara Client", "clara@client.example", "accepted", "required"),
        ),
        unmatched=(UnmatchedAttendee("", "nobody@elsewhere.example", "none", "required"),),
        assigned_to=Person("Ada Partner", "ada@firm.example"),
        online_meeting=OnlineMeeting("teamsForBusiness", "https://teams.example/join"),
        start_date=date(2026, 3, 2),
        end_date=date(2026, 3, 3),
    ),
    revision="r-1",
    created_at=NOW,
    updated_at=NOW + timedelta(microseconds=120_000),
    edited_by=Person("Ed Itor", "ed@firm.example"),
)
LINK = LinkView(
    state="linked",
    reason=None,
    origin="manual",
    because=None,
    blocked_by=None,
    outstanding=(),
    category="set",
    activity_id="a-1",
    undo_until=None,
    last_change_seen_at=NOW,
    written_at=NOW,
    next_attempt_at=None,
)


def verdict(facts: EventFacts | None = None, **policy: Any) -> Verdict:
    """A real verdict of the real rules."""
    return evaluate(
        Situation(
            facts=facts or EventFacts.of(EVENT, MATCHES),
            policy=Policy(**({"sync_enabled": True} | policy)),
            user=UserState(enabled_by_admin=True, has_server=True, owner_oid=OID),
            now=NOW,
        ),
        Source.GRAPH if facts is None else Source.FORM,
    )


def answer(link: LinkView | None = LINK) -> EventAnswer:
    return EventAnswer(
        event=EVENT,
        matches=MATCHES,
        verdict=verdict(),
        link=link,
        activity=ACTIVITY,
        others=(OtherRecord(activity_id=None, by=None, kind="synced", visible=False),),
        can=Can(untick=True),
        now=NOW,
    )


ME = Me(
    id="u-1",
    oid=OID,
    tenant_id=TENANT,
    firm="Firm LLP",
    name="Ada Partner",
    address="ada@firm.example",
    roles=("admin",),
    policy=Policy(sync_enabled=True, mode=SyncMode.COMBINED),
    enabled=True,
    enabled_by_admin=True,
    enabled_by_user=None,
    mode=SyncMode.COMBINED,
    may_enable=True,
    choosable_modes=(SyncMode.MANUAL, SyncMode.COMBINED),
    block_list=("blocked.example",),
    default_activity_type=None,
    default_visibility="everyone",
    server="Main server",
    checked_at=NOW,
    changed_at=None,
    written_at=None,
    state="ok",
    problem=None,
)


@dataclass
class StubVerifier:
    """Knows one token."""

    error: SyncError | None = None

    def verify(self, token: str) -> Principal:
        if self.error is not None:
            raise self.error
        if token != "good":
            raise IdentityError
        return PRINCIPAL


@dataclass
class StubPeople:
    calls: list[Any] = field(default_factory=list)
    error: Exception | None = None

    def me(self, principal: Principal) -> Me:
        self.calls.append(("me", principal))
        if self.error is not None:
            raise self.error
        return ME

    def update_me(self, principal: Principal, preferences: Preferences) -> Me:
        self.calls.append(("update_me", principal, preferences))
        return ME

    def sync_now(self, principal: Principal) -> Me:
        self.calls.append(("sync_now", principal))
        if self.error is not None:
            raise self.error
        return ME


@dataclass
class StubLinking:
    """Answers what it was given and remembers what it was asked."""

    answer: EventAnswer = field(default_factory=answer)
    error: Exception | None = None
    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def _asked(self, *call: Any) -> EventAnswer:
        self.calls.append(call)
        if self.error is not None:
            raise self.error
        return self.answer

    def view(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        return self._asked("view", principal, event_id, mailbox)

    def check(self, principal: Principal, facts: EventFacts, mailbox: str | None) -> Verdict:
        self._asked("check", principal, facts, mailbox)
        return verdict(facts)

    def tick(
        self, principal: Principal, event_id: str, mailbox: str | None, *, just_saved: bool = False
    ) -> EventAnswer:
        return self._asked("tick", principal, event_id, mailbox, just_saved)

    def untick(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        return self._asked("untick", principal, event_id, mailbox)

    def undo(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer:
        return self._asked("undo", principal, event_id, mailbox)

    def find_contacts(self, principal: Principal, query: str, limit: int) -> Sequence[Contact]:
        self._asked("find_contacts", principal, query, limit)
        return [Contact(id="c-1", name="Clara Client", emails=("clara@client.example",))]


HISTORY_LINE = HistoryLine(
    id="0190a5f0-0000-7000-8000-000000000002",
    at=NOW,
    kind="write",
    line="updated",
    message="The record was updated.",
    source="sync",
    trigger="written",
    state_before="linked",
    state_after="linked",
    by=Named("Al Assistant"),
    on_behalf_of=Named("Ada Partner"),
    codes=("internal_only",),
    why=(Why("internal_only", "Nobody outside the firm is invited."),),
    fields=("subject", "start"),
    request_id="r-1",
)


@dataclass
class StubHistory:
    """One line, and a following page."""

    error: Exception | None = None
    calls: list[Any] = field(default_factory=list)

    def of_event(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        *,
        limit: int,
        after: Place | None = None,
    ) -> HistoryPage:
        self.calls.append((principal, event_id, mailbox, limit, after))
        if self.error is not None:
            raise self.error
        return HistoryPage((HISTORY_LINE,), Place(HISTORY_LINE.at, HISTORY_LINE.id))


@dataclass
class StubAdding:
    """Proposes and makes always the same record."""

    error: Exception | None = None
    calls: list[Any] = field(default_factory=list)
    is_new: bool = True

    def _asked(self, *call: Any) -> None:
        self.calls.append(call)
        if self.error is not None:
            raise self.error

    def propose(self, principal: Principal, event_id: str, mailbox: str | None) -> ActivityProposal:
        self._asked("propose", principal, event_id, mailbox)
        return ActivityProposal(
            event=EVENT,
            draft=ACTIVITY.draft,
            matches=MATCHES,
            companies=(Entry("co-1", "Client & Co"),),
            companies_come_along=True,
            others=(OtherRecord("a-2", "Bob", "synced", visible=True),),
            activity_types=("Meeting",),
            visibility="everyone",
            groups=(Group("g-1", "Partners"),),
            listings=tuple(Listing),
        )

    def add(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        request_id: UUID,
        form: ActivityForm,
    ) -> Added:
        self._asked("add", principal, event_id, mailbox, request_id, form)
        return Added(ACTIVITY, self.is_new)

    def find_entries(
        self, principal: Principal, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]:
        self._asked("find_entries", principal, listing, query, limit)
        return [Entry("co-1", "Client & Co", "")]

    def entries_by_id(
        self, principal: Principal, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]:
        self._asked("entries_by_id", principal, listing, tuple(ids))
        return [Entry("co-1", "Client & Co", "")]

    def find_about(self, principal: Principal, query: str, limit: int) -> Sequence[About]:
        self._asked("find_about", principal, query, limit)
        return [About(ReferenceKind.COMPANY, "co-1", "Client & Co")]

    def groups(self, principal: Principal) -> Sequence[Group]:
        self._asked("groups", principal)
        return [Group("g-1", "Partners")]

    def contact_types(self, principal: Principal) -> Sequence[str]:
        self._asked("contact_types", principal)
        return ["Client"]

    def activity_types(self, principal: Principal) -> Sequence[str]:
        self._asked("activity_types", principal)
        return ["Meeting"]


@dataclass
class StubHealth:
    parts: dict[str, str] = field(default_factory=lambda: {"database": "ok", "queue": "ok"})

    warned: list[str] = field(default_factory=list)

    def ready(self) -> dict[str, str]:
        return self.parts

    def warnings(self) -> list[str]:
        return self.warned


@dataclass
class StubSignIn:
    """An Entra that always sends the same person back."""

    error: SyncError | None = None
    principal: Principal = BROWSING

    def begin_sign_in(self, redirect_uri: str) -> tuple[str, dict[str, Any]]:
        flow = {"state": "s-1", "nonce": "n-1", "redirect_uri": redirect_uri}
        return "https://login.example/authorize?state=s-1", flow

    def finish_sign_in(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Principal:
        if self.error is not None:
            raise self.error
        if answer.get("state") != flow["state"]:
            raise IdentityError
        return self.principal

    def admin_consent_url(self, redirect_uri: str, *, tenant: str, state: str | None) -> str:
        return f"https://login.example/{tenant}/adminconsent?to={redirect_uri}&state={state}"


@dataclass
class StubNotifications:
    """Keeps what it is told; ``fails``: the database does not answer."""

    taken: list[Notice] = field(default_factory=list)
    receipt: Receipt | None = None
    fails: bool = False

    def take(self, notices: Sequence[Notice]) -> Receipt:
        if self.fails:
            raise NotStoredError
        self.taken += notices
        return self.receipt or Receipt(accepted=len(notices))


@dataclass
class StubServices:
    """What an application serves, all of it under the test's control."""

    people: StubPeople = field(default_factory=StubPeople)
    linking: StubLinking = field(default_factory=StubLinking)
    adding: StubAdding = field(default_factory=StubAdding)
    history: StubHistory = field(default_factory=StubHistory)
    notifications: StubNotifications = field(default_factory=StubNotifications)
    health: StubHealth = field(default_factory=StubHealth)
    around_crm: Surroundings = field(default_factory=Surroundings)
    verifier: StubVerifier = field(default_factory=StubVerifier)
    sign_in: StubSignIn = field(default_factory=StubSignIn)
    now: datetime = NOW
    database: Database | None = None

    @cached_property
    def administration(self) -> Any:
        """The real one: its answers are rows."""
        assert self.database is not None
        return LazyDesk(self.database, self.clock, TENANT, OTHER_TENANT)

    def clock(self) -> datetime:
        return self.now
