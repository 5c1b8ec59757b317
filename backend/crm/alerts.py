"""News of records for whoever follows one of their contacts (C1). Never commits.

A record has at most one alert for a person: its last news. Whether he may see the record and the
contact is asked when the news comes and again whenever his alerts are listed, so that an alert
vanishes with the right to see what it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self

from sqlalchemy import ColumnElement, delete, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from backend.crm.models import ActivityRow, AlertRow, ContactRow, FollowRow, GroupMemberRow
from backend.domain.crm import EVERYONE, ActivityStatus, group_of

ALERT_DAYS = 90
"""How long an alert is kept, read or not."""

_BATCH = 500


class News(StrEnum):
    """What happened to a record."""

    APPEARED = "appeared"
    MOVED = "moved"
    CANCELLED = "cancelled"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class State:
    """What of a record is worth telling when it changes."""

    contact_ids: tuple[str, ...]
    start: datetime
    end: datetime
    is_cancelled: bool
    is_removed: bool

    @classmethod
    def of(cls, row: ActivityRow) -> Self:
        return cls(
            tuple(_contact_ids(row)),
            row.start_at,
            row.end_at,
            row.status == ActivityStatus.CANCELLED,
            row.removed_at is not None,
        )


def of_new(
    session: Session, row: ActivityRow, now: datetime, *, but: Collection[str | None]
) -> None:
    """A record has come into the CRM; ``but``: whose own act that is."""
    _tell(session, row, News.APPEARED, _contact_ids(row), now, but)


def of_changed(
    session: Session,
    row: ActivityRow,
    before: State,
    now: datetime,
    *,
    but: Collection[str | None],
) -> None:
    """A record is other than it was: it came back, was cancelled, moved, or has new people."""
    after = State.of(row)
    if before.is_removed or (before.is_cancelled and not after.is_cancelled):
        _tell(session, row, News.APPEARED, after.contact_ids, now, but)
        return
    there = set(before.contact_ids)
    came = [each for each in after.contact_ids if each not in there]
    _forget_contacts(session, row, there - set(after.contact_ids))
    _tell(session, row, News.APPEARED, came, now, but)
    known = [each for each in after.contact_ids if each in there]
    if after.is_cancelled and not before.is_cancelled:
        _tell(session, row, News.CANCELLED, known, now, but)
    elif (after.start, after.end) != (before.start, before.end):
        _tell(session, row, News.MOVED, known, now, but, was_at=before.start)


def of_removed(
    session: Session, row: ActivityRow, now: datetime, *, but: Collection[str | None]
) -> None:
    """A record has become a tombstone."""
    _tell(session, row, News.REMOVED, _contact_ids(row), now, but)


def of_shown(
    session: Session,
    row: ActivityRow,
    visibility_before: str,
    now: datetime,
    *,
    but: Collection[str | None],
) -> None:
    """More people may see a record: for them it has appeared."""
    ids = _contact_ids(row)
    before = _followers(session, row, ids, visibility_before)
    _tell(session, row, News.APPEARED, ids, now, (*but, *before))


def purge(session: Session, now: datetime) -> int:
    """Erase one batch of alerts older than 90 days; answers how many were erased."""
    due = (
        select(AlertRow.tenant_id, AlertRow.user_id, AlertRow.activity_id)
        .where(AlertRow.at < now - timedelta(days=ALERT_DAYS))
        .limit(_BATCH)
    )
    keys = [tuple(key) for key in session.execute(due)]
    if keys:
        columns = (AlertRow.tenant_id, AlertRow.user_id, AlertRow.activity_id)
        session.execute(delete(AlertRow).where(tuple_(*columns).in_(keys)))
    return len(keys)


def _tell(
    session: Session,
    row: ActivityRow,
    news: News,
    contact_ids: Sequence[str],
    now: datetime,
    but: Collection[str | None],
    was_at: datetime | None = None,
) -> None:
    """The last news takes the place of older ones, for everybody but those who acted."""
    followers = _followers(session, row, contact_ids, row.visibility)
    concerned = {user: contact for user, contact in followers.items() if user not in but}
    if not concerned:
        return
    known = _known(session, row, concerned)
    session.execute(delete(AlertRow).where(_of(row), AlertRow.user_id.in_(sorted(concerned))))
    alerts = [
        {
            "tenant_id": row.tenant_id,
            "user_id": user_id,
            "activity_id": row.id,
            "contact_id": contact_id,
            "news": told,
            "at": now,
            "was_at": was_at if earlier is None or earlier.was_at is None else earlier.was_at,
            "read_at": None,
        }
        for user_id, contact_id in concerned.items()
        for earlier in [known.get(user_id)]
        if (told := _after(earlier, news)) is not None
    ]
    if alerts:
        session.execute(insert(AlertRow), alerts)


def _after(earlier: AlertRow | None, news: News) -> News | None:
    """What is told to somebody who has not read ``earlier``; ``None``: he need not hear anything.

    Whoever has not heard of a record yet need not know that it was at another time before, or that
    it is gone already.
    """
    if earlier is None or earlier.news != News.APPEARED:
        return news
    if news is News.REMOVED:
        return None
    return News.APPEARED if news is News.MOVED else news


def _known(
    session: Session, row: ActivityRow, concerned: Collection[str]
) -> Mapping[str, AlertRow]:
    """The unread alerts of these people."""
    query = select(AlertRow).where(
        _of(row), AlertRow.user_id.in_(sorted(concerned)), AlertRow.read_at.is_(None)
    )
    found = {alert.user_id: alert for alert in session.scalars(query)}
    for alert in found.values():
        # They are written by statements, of which the session must not know better.
        session.expunge(alert)
    return found


def _forget_contacts(session: Session, row: ActivityRow, gone: Collection[str]) -> None:
    """Whoever followed somebody who takes part no more has no business with the record."""
    if gone:
        session.execute(delete(AlertRow).where(_of(row), AlertRow.contact_id.in_(sorted(gone))))


def _followers(
    session: Session, row: ActivityRow, contact_ids: Sequence[str], visibility: str
) -> dict[str, str]:
    """Who follows one of the contacts and may see it and the record, with the contact."""
    place = {contact_id: number for number, contact_id in enumerate(contact_ids)}
    found: dict[str, str] = {}
    ids = list(place)
    for start in range(0, len(ids), _BATCH):
        query = (
            select(FollowRow.user_id, FollowRow.contact_id)
            .join(
                ContactRow,
                (ContactRow.tenant_id == FollowRow.tenant_id)
                & (ContactRow.id == FollowRow.contact_id),
            )
            .where(
                FollowRow.tenant_id == row.tenant_id,
                FollowRow.contact_id.in_(ids[start : start + _BATCH]),
                or_(ContactRow.private.is_(False), ContactRow.owner_id == FollowRow.user_id),
                *_may_see(row, visibility),
            )
        )
        for user_id, contact_id in session.execute(query):
            known = found.get(user_id)
            if known is None or place[contact_id] < place[known]:
                found[user_id] = contact_id
    return found


def _may_see(row: ActivityRow, visibility: str) -> Sequence[ColumnElement[bool]]:
    """Conditions for the followers who may see the record; as ``access.visible_activities``."""
    if visibility == EVERYONE:
        return ()
    own = FollowRow.user_id == row.owner_id
    group_id = group_of(visibility)
    if group_id is None:
        return (own,)
    members = select(GroupMemberRow.user_id).where(
        GroupMemberRow.tenant_id == row.tenant_id, GroupMemberRow.group_id == group_id
    )
    return (own | FollowRow.user_id.in_(members),)


def _of(row: ActivityRow) -> ColumnElement[bool]:
    return (AlertRow.tenant_id == row.tenant_id) & (AlertRow.activity_id == row.id)


def _contact_ids(row: ActivityRow) -> list[str]:
    return [contact["contact_id"] for contact in row.contacts]
