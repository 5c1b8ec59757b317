"""What only some CRMs can do, beyond the interface that every one has (C2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from backend.domain.crm import Activity, Contact


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some records; ``next``: what asks for those behind them, ``None`` behind the last."""

    records: tuple[Activity, ...]
    next: str | None


@runtime_checkable
class ListsRecords(Protocol):
    """A CRM that can say which live records carry our keys (A10)."""

    def synced_records(self, tenant_id: str, *, after: str | None, limit: int) -> RecordPage:
        """Live records of kind ``synced``, at most ``limit``; each comes once while none changes.

        ``after``: ``next`` of the page before, ``None`` for the first one.

        Raises: RemoteError with system "crm".
        """
        ...


@dataclass(frozen=True, slots=True)
class AboutPerson:
    """What a CRM holds about somebody with these addresses."""

    contacts: tuple[Contact, ...]
    records: int
    """Records that name the person, tombstones included."""
    only_his: int = 0
    """Of these, records that nobody else may see."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one step of an erasure has done; ``is_done``: nothing names the person any more."""

    records: int
    is_done: bool


@runtime_checkable
class KnowsPeople(Protocol):
    """A CRM that can show and erase all it holds about a person (X6)."""

    def about_person(
        self, tenant_id: str, addresses: Collection[str], *, owner_id: str | None
    ) -> AboutPerson:
        """Contacts and numbers; ``owner_id``: the Entra object id of a member of the firm."""
        ...

    def records_of_person(
        self,
        tenant_id: str,
        addresses: Collection[str],
        *,
        owner_id: str | None,
        after: str,
        limit: int,
    ) -> Sequence[Activity]:
        """Records that name the person, tombstones included, by id and behind ``after``."""
        ...

    def erase_person(
        self, tenant_id: str, addresses: Collection[str], *, owner_id: str | None, limit: int
    ) -> Erased:
        """Take the person out of at most ``limit`` records; with the last ones out of the contacts.

        Safe to repeat. Records stay, without him; their revision changes, so that nobody writes
        back what he has read before. What nobody but him may see is destroyed.
        """
        ...
