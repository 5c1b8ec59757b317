"""What the CRM tells to, and asks of, the product it is embedded in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from backend.crm.access import CrmCaller
from backend.crm.activity_desk import Tell
from backend.crm.catalogue import TellContacts, TypeSettings
from backend.domain.crm import Member


class Colleagues(Protocol):
    """Who there is in a firm; the CRM itself keeps no list of them."""

    def find(self, tenant_id: str, query: str, limit: int) -> Sequence[Member]:
        """Members of the firm whose name or address contains ``query``, by name."""
        ...

    def by_ids(self, tenant_id: str, ids: Sequence[str]) -> Sequence[Member]:
        """The members with these ids; unknown ones are absent."""
        ...


class Audit(Protocol):
    """The firm's audit, into which every act of an admin goes (A11)."""

    def note(
        self,
        session: Session,
        caller: CrmCaller,
        act: str,
        target_kind: str,
        target_id: str,
        fields: Sequence[str] = (),
    ) -> None:
        """Write a line in the transaction of the act; ``fields`` are names, never values."""
        ...


class Nobody:
    """A firm that the CRM is told nobody of."""

    def find(self, tenant_id: str, query: str, limit: int) -> Sequence[Member]:  # noqa: ARG002
        return ()

    def by_ids(self, tenant_id: str, ids: Sequence[str]) -> Sequence[Member]:  # noqa: ARG002
        return ()


class NoAudit:
    """Acts are kept nowhere."""

    def note(
        self,
        session: Session,
        caller: CrmCaller,
        act: str,
        target_kind: str,
        target_id: str,
        fields: Sequence[str] = (),
    ) -> None:
        """Nothing."""


def _hears_nothing(*_news: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Surroundings:
    """By default the CRM is alone: nobody hears of anything.

    ``tell`` hears of every record with a key that a person has changed, ``tell_contacts`` of
    contacts and companies; ``colleagues`` can be put into groups; ``settings`` know contact types
    by name.
    """

    tell: Tell = _hears_nothing
    tell_contacts: TellContacts = _hears_nothing
    colleagues: Colleagues = field(default_factory=Nobody)
    audit: Audit = field(default_factory=NoAudit)
    settings: TypeSettings | None = None


ALONE = Surroundings()
