"""Queries on what a firm's directory told of addresses; read often, replaced once a day."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from backend.db.admin_models import DirectoryAddressRow
from backend.db.models import FirmRow, ServerRow
from backend.domain.matching import FirmDirectory

LONGEST = 320
"""Characters of an address (RFC 5321); longer ones are nobody's."""


def load(session: Session, firm_id: str) -> FirmDirectory:
    """Everything known of one firm's addresses."""
    rows = session.execute(
        select(DirectoryAddressRow.address, DirectoryAddressRow.primary_address).where(
            DirectoryAddressRow.firm_id == firm_id
        )
    ).all()
    return FirmDirectory(
        aliases={row.address: row.primary_address for row in rows if row.primary_address},
        groups=frozenset(row.address for row in rows if row.primary_address is None),
    )


def replace(session: Session, firm_id: str, directory: FirmDirectory) -> None:
    """Keep this instead of whatever was known."""
    known: Mapping[str, str | None] = {
        **dict.fromkeys(directory.groups),
        **directory.aliases,
    }
    session.execute(delete(DirectoryAddressRow).where(DirectoryAddressRow.firm_id == firm_id))
    rows = [
        {"firm_id": firm_id, "address": address, "primary_address": primary}
        for address, primary in sorted(known.items())
        if len(address) <= LONGEST
    ]
    if rows:
        session.execute(insert(DirectoryAddressRow), rows)


def reachable_firms(session: Session) -> list[tuple[FirmRow, ServerRow]]:
    """Firms whose sync is on, each with one of its servers."""
    pairs = session.execute(
        select(FirmRow, ServerRow)
        .join(ServerRow, ServerRow.firm_id == FirmRow.id)
        .where(FirmRow.sync_enabled, ~FirmRow.paused, ~ServerRow.paused)
        .order_by(FirmRow.id, ServerRow.id)
    ).all()
    return list({firm.id: (firm, server) for firm, server in reversed(pairs)}.values())
