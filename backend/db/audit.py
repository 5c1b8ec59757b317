"""The audit: one line per act of an admin, written with the act, never changed again (A11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, event, or_, select
from sqlalchemy.orm import Session

from backend.db.admin_models import AuditRow
from backend.db.history import Place
from backend.db.models import UserRow


@dataclass(frozen=True, slots=True)
class Entry:
    """One line and who did it."""

    row: AuditRow
    by: UserRow


def write(
    session: Session,
    *,
    firm_id: str,
    by_user_id: str,
    at: datetime,
    act: str,
    target_kind: str,
    target_id: str | None = None,
    fields: Sequence[str] = (),
) -> None:
    """Add a line in the caller's transaction; ``fields`` are names, never values."""
    session.add(
        AuditRow(
            firm_id=firm_id,
            by_user_id=by_user_id,
            at=at,
            act=act,
            target_kind=target_kind,
            target_id=target_id,
            fields=sorted(fields),
        )
    )


def was_viewed(
    session: Session,
    firm_id: str,
    by_user_id: str,
    *,
    since: datetime,
    target: tuple[str, str | None],
    what: str,
) -> bool:
    """Whether somebody's view of the same thing has been written down since then."""
    kind, key = target
    lines = session.scalars(
        select(AuditRow.fields).where(
            AuditRow.firm_id == firm_id,
            AuditRow.at > since,
            AuditRow.by_user_id == by_user_id,
            AuditRow.act == "viewed",
            AuditRow.target_kind == kind,
            AuditRow.target_id.is_not_distinct_from(key),
        )
    )
    return any(fields == [what] for fields in lines)


def page(session: Session, firm_id: str, *, limit: int, before: Place | None) -> list[Entry]:
    """A firm's lines, newest first, at most ``limit``."""
    wanted = (
        select(AuditRow, UserRow)
        .join(UserRow, UserRow.id == AuditRow.by_user_id)
        .where(AuditRow.firm_id == firm_id)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        same_moment = and_(AuditRow.at == before.at, AuditRow.id < before.id)
        wanted = wanted.where(or_(AuditRow.at < before.at, same_moment))
    return [Entry(row, by) for row, by in session.execute(wanted)]


def _refuse(_mapper: Any, _connection: Any, _row: AuditRow) -> None:
    raise RuntimeError("the audit is append-only")


event.listen(AuditRow, "before_update", _refuse)
event.listen(AuditRow, "before_delete", _refuse)
