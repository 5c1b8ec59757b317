"""What a firm's activities can be narrowed to, read without reading the activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.crm.models import ActivityRow

_MOST_CHOICES = 200


def types(session: Session, tenant_id: str, conditions: Sequence[ColumnElement[bool]]) -> list[str]:
    """The types of live records that satisfy ``conditions``, by name, at most 200."""
    return list(session.scalars(_distinct(ActivityRow.type, tenant_id, conditions)))


def originators(
    session: Session, tenant_id: str, conditions: Sequence[ColumnElement[bool]]
) -> list[tuple[str, str]]:
    """Key and name of whom live records are assigned to, by name, at most 200."""
    keys = _distinct(ActivityRow.originator, tenant_id, conditions).subquery()
    person = (
        select(ActivityRow.assigned_to)
        .where(ActivityRow.tenant_id == tenant_id, ActivityRow.originator == keys.c.value)
        .where(ActivityRow.removed_at.is_(None), *conditions)
        .order_by(ActivityRow.start_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = session.execute(select(keys.c.value, person))
    named = [(key, (stored or {}).get("name") or key) for key, stored in found]
    return sorted(named, key=lambda each: (each[1].casefold(), each[0]))


def _distinct(
    column: InstrumentedAttribute[Any], tenant_id: str, conditions: Sequence[ColumnElement[bool]]
) -> Select[tuple[str]]:
    """The column's values, by hops from one to the next: one look at its index for each of them.

    ``SELECT DISTINCT`` would read a firm's million records.
    https://wiki.postgresql.org/wiki/Loose_indexscan
    """

    def first(*more: ColumnElement[bool]) -> ScalarSelect[Any]:
        query = select(column).where(
            ActivityRow.tenant_id == tenant_id,
            ActivityRow.removed_at.is_(None),
            column.is_not(None),
            *conditions,
            *more,
        )
        return query.order_by(column).limit(1).scalar_subquery()

    hops = select(first().label("value")).cte("hops", recursive=True)
    hops = hops.union_all(select(first(column > hops.c.value)).where(hops.c.value.is_not(None)))
    return select(hops.c.value).where(hops.c.value.is_not(None)).limit(_MOST_CHOICES)
