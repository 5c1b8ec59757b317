"""What the handlers need from below, as they see it; ``bootstrap`` builds the real things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from backend.domain.crm import Contact
from backend.domain.ports import Principal
from backend.domain.rules import EventFacts, Verdict
from backend.services.answers import EventAnswer, Me, Preferences


class People(Protocol):
    """Signed-in users and what they chose."""

    def me(self, principal: Principal) -> Me: ...

    def update_me(self, principal: Principal, preferences: Preferences) -> Me: ...


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


class Health(Protocol):
    """Whether the parts below answer."""

    def ready(self) -> Mapping[str, str]:
        """Each part by name: ``ok``, or what is wrong with it."""
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
