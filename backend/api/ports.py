"""What the handlers need from below, as they see it; ``bootstrap`` builds the real things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from backend.domain.adding import ActivityForm
from backend.domain.crm import Contact, Entry, Group, Listing
from backend.domain.ports import Principal
from backend.domain.rules import EventFacts, Verdict
from backend.services.adding import About, ActivityProposal, Added
from backend.services.answers import EventAnswer, HistoryPage, Me, Place, Preferences
from backend.services.notifications import Notice, Receipt


class People(Protocol):
    """Signed-in users and what they chose."""

    def me(self, principal: Principal) -> Me: ...

    def update_me(self, principal: Principal, preferences: Preferences) -> Me: ...

    def sync_now(self, principal: Principal) -> Me: ...


class Linking(Protocol):
    """The pane's acts on one event."""

    def view(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer: ...

    def check(self, principal: Principal, facts: EventFacts, mailbox: str | None) -> Verdict: ...

    def tick(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        *,
        just_saved: bool = False,
    ) -> EventAnswer: ...

    def untick(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer: ...

    def undo(self, principal: Principal, event_id: str, mailbox: str | None) -> EventAnswer: ...

    def find_contacts(self, principal: Principal, query: str, limit: int) -> Sequence[Contact]: ...


class History(Protocol):
    """What was seen, decided and written about one event."""

    def of_event(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        *,
        limit: int,
        after: Place | None = None,
    ) -> HistoryPage: ...


class Notifications(Protocol):
    """What Graph tells us on its own."""

    def take(self, notices: Sequence[Notice]) -> Receipt:
        """Raises: NotStoredError."""
        ...


class Adding(Protocol):
    """Add Activity, and the pickers of its form."""

    def propose(
        self, principal: Principal, event_id: str, mailbox: str | None
    ) -> ActivityProposal: ...

    def add(
        self,
        principal: Principal,
        event_id: str,
        mailbox: str | None,
        request_id: UUID,
        form: ActivityForm,
    ) -> Added: ...

    def find_entries(
        self, principal: Principal, listing: Listing, query: str, limit: int
    ) -> Sequence[Entry]: ...

    def entries_by_id(
        self, principal: Principal, listing: Listing, ids: Sequence[str]
    ) -> Sequence[Entry]: ...

    def find_about(self, principal: Principal, query: str, limit: int) -> Sequence[About]: ...

    def groups(self, principal: Principal) -> Sequence[Group]: ...

    def contact_types(self, principal: Principal) -> Sequence[str]: ...

    def activity_types(self, principal: Principal) -> Sequence[str]: ...


class Health(Protocol):
    """Whether the parts below answer."""

    def ready(self) -> Mapping[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
        ...

    def warnings(self) -> Sequence[str]:
        """What works, and should be looked at all the same."""
        ...


class SignIn(Protocol):
    """The authorization-code flow of our own pages."""

    def begin_sign_in(self, redirect_uri: str) -> tuple[str, dict[str, Any]]:
        """Where to send the browser, and what to keep in its session until it comes back."""
        ...

    def finish_sign_in(self, flow: Mapping[str, Any], answer: Mapping[str, str]) -> Principal:
        """Who came back with ``answer``, the query of the redirect; proven, without a token.

        Raises: IdentityError when the answer does not belong to ``flow``.
        """
        ...

    def admin_consent_url(self, redirect_uri: str, *, tenant: str, state: str | None) -> str:
        """Where an administrator agrees for his whole organisation; leads back with ``state``."""
        ...
