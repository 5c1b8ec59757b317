"""Which records name an address: they are looked at when a contact with it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.crm.models import ActivityRow
from backend.crm.text import containing
from backend.domain.event import normalised_address

_READ_BATCH = 2_000
_MOST_LIKE = 50


def keys_naming(session: Session, tenant_id: str, addresses: Sequence[str]) -> list[str]:
    """The keys of records in sync that name one of these addresses, as a contact's or as text.

    Addresses are inside of JSON, so that this reads the records that still follow an event: those
    of the period, however many the firm has from earlier years. An index holds just them.
    """
    wanted = {normalised_address(address) for address in addresses} - {""}
    if not wanted:
        return []
    columns = (ActivityRow.contacts, ActivityRow.unmatched)
    # An import: one pass over the records instead of a comparison with each address.
    may_name = true() if len(wanted) > _MOST_LIKE else _may_name(columns, wanted)
    keys: list[str] = []
    last = ""
    while True:
        query = (
            select(ActivityRow.id, ActivityRow.external_key, *columns)
            .where(
                ActivityRow.tenant_id == tenant_id,
                ActivityRow.id > last,
                # Said in words, not as a parameter: else no database sees that its index fits.
                ActivityRow.sync_status == literal_column("'synced'"),
                ActivityRow.removed_at.is_(None),
                may_name,
            )
            .order_by(ActivityRow.id)
            .limit(_READ_BATCH)
        )
        found = session.execute(query).all()
        keys += [
            key
            for _id, key, contacts, unmatched in found
            if key is not None
            and any(normalised_address(e["address"]) in wanted for e in (*contacts, *unmatched))
        ]
        if len(found) < _READ_BATCH:
            return keys
        last = found[-1].id


def _may_name(
    columns: Sequence[InstrumentedAttribute[Any]], wanted: set[str]
) -> ColumnElement[bool]:
    return or_(
        *(
            func.lower(cast(column, Text)).like(containing(address), escape="\\")
            for column in columns
            for address in sorted(wanted)
            if address.isascii()
        ),
        # Other characters are escaped in JSON, and databases fold ASCII only.
        *([true()] if not all(address.isascii() for address in wanted) else []),
    )
