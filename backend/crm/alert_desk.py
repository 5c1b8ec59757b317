"""What people do with alerts: follow a contact, read what is new, mark it as read (C1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, delete, func, select, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.crm import people
from backend.crm.access import CrmCaller, visible_activities, visible_contacts
from backend.crm.alerts import News
from backend.crm.models import ActivityRow, AlertRow, ContactRow, FollowRow
from backend.crm.paging import Page, cursor, moment_and_id
from backend.crm.problems import forbidden, not_found
from backend.crm.records import draft_of
from backend.domain.crm import ActivityDraft
from backend.domain.ports import Clock
from backend.sql import Database

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

MOST_COUNTED = 100
"""More unread alerts than this are "100 or more": counting them all helps nobody."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One record's last news for one person."""

    activity_id: str
    contact_id: str
    contact_name: str
    news: News
    at: datetime
    was_at: datetime | None
    is_read: bool
    meeting: ActivityDraft
    """Of a record that was removed only its time."""


class AlertDesk:
    """Alerts of one caller. Raises CrmError for whatever it refuses."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def follows(self, caller: CrmCaller, contact_id: str) -> bool:
        with self._database.read() as session:
            return (
                session.get(FollowRow, (caller.tenant_id, caller.user_id, contact_id)) is not None
            )

    def follow(self, caller: CrmCaller, contact_id: str) -> None:
        """From now on; doing it twice is no error. Raises: CrmError 404 for a hidden contact."""
        user_id = _person(caller)
        try:
            with self._database.write.begin() as session:
                _demand_contact(session, caller, contact_id)
                key = (caller.tenant_id, user_id, contact_id)
                if session.get(FollowRow, key) is None:
                    row = FollowRow(
                        tenant_id=caller.tenant_id,
                        user_id=user_id,
                        contact_id=contact_id,
                        created_at=self._clock(),
                    )
                    session.add(row)
        except IntegrityError:
            # At the same moment the same click came twice, or the contact went: look what is true.
            with self._database.read() as session:
                _demand_contact(session, caller, contact_id)

    def unfollow(self, caller: CrmCaller, contact_id: str) -> None:
        """No more alerts of this contact; those there are go as well."""
        user_id = _person(caller)
        with self._database.write.begin() as session:
            for table in (FollowRow, AlertRow):
                session.execute(
                    delete(table).where(
                        table.tenant_id == caller.tenant_id,
                        table.user_id == user_id,
                        table.contact_id == contact_id,
                    )
                )

    def page(
        self,
        caller: CrmCaller,
        *,
        unread_only: bool = False,
        limit: int,
        after: str | None = None,
    ) -> Page[Alert]:
        """Latest news first."""
        query = _visible(caller, select(AlertRow, ContactRow.name, ActivityRow))
        if unread_only:
            query = query.where(AlertRow.read_at.is_(None))
        last_seen = moment_and_id(after)
        if last_seen is not None:
            query = query.where(tuple_(AlertRow.at, AlertRow.activity_id) < last_seen)
        latest_first = query.order_by(AlertRow.at.desc(), AlertRow.activity_id.desc())
        with self._database.read() as session:
            rows = session.execute(latest_first.limit(limit + 1)).all()
            shown = [_alert(alert, name, record) for alert, name, record in rows[:limit]]
        more = len(rows) > limit
        return Page(shown, cursor(shown[-1].at, shown[-1].activity_id) if more else None)

    def unread(self, caller: CrmCaller) -> int:
        """How many alerts nobody has marked as read, at most 100."""
        if caller.user_id is None:
            return 0
        some = _visible(caller, select(AlertRow.activity_id))
        some = some.where(AlertRow.read_at.is_(None)).limit(MOST_COUNTED)
        with self._database.read() as session:
            return session.scalar(select(func.count()).select_from(some.subquery())) or 0

    def read(self, caller: CrmCaller, activity_id: str, until: datetime | None = None) -> None:
        """Mark one as read, unless it has newer news than ``until``; none there is fine."""
        self._mark(caller, until, AlertRow.activity_id == activity_id)

    def read_all(self, caller: CrmCaller, until: datetime | None = None) -> None:
        """Mark all as read whose news are not newer than ``until``."""
        self._mark(caller, until)

    def _mark(self, caller: CrmCaller, until: datetime | None, *only: ColumnElement[bool]) -> None:
        now = self._clock()
        mark = update(AlertRow).where(
            AlertRow.tenant_id == caller.tenant_id,
            AlertRow.user_id == _person(caller),
            AlertRow.read_at.is_(None),
            AlertRow.at <= (until or now),
            *only,
        )
        with self._database.write.begin() as session:
            session.execute(mark.values(read_at=now).execution_options(synchronize_session=False))


def _person(caller: CrmCaller) -> str:
    if caller.user_id is None:
        raise forbidden("Only people follow contacts.")
    return caller.user_id


def _demand_contact(session: Session, caller: CrmCaller, contact_id: str) -> None:
    if not people.by_ids(session, caller.tenant_id, [contact_id], visible_contacts(caller)):
        raise not_found("contact")


def _visible(caller: CrmCaller, query: Query) -> Query:
    """The caller's alerts of records and contacts that he may see now."""
    is_gone = ActivityRow.removed_at.is_not(None)
    return (
        query.select_from(AlertRow)
        .join(
            ActivityRow,
            (ActivityRow.tenant_id == AlertRow.tenant_id)
            & (ActivityRow.id == AlertRow.activity_id),
        )
        .join(
            ContactRow,
            (ContactRow.tenant_id == AlertRow.tenant_id) & (ContactRow.id == AlertRow.contact_id),
        )
        .where(
            AlertRow.tenant_id == caller.tenant_id,
            AlertRow.user_id == caller.user_id,
            is_gone == (AlertRow.news == News.REMOVED),
            *visible_activities(caller),
            *visible_contacts(caller),
        )
    )


def _alert(alert: AlertRow, contact_name: str, record: ActivityRow) -> Alert:
    meeting = draft_of(record)
    if record.removed_at is not None:
        meeting = replace(
            meeting, subject="", description="", location="", contacts=(), unmatched=()
        )
    return Alert(
        activity_id=alert.activity_id,
        contact_id=alert.contact_id,
        contact_name=contact_name,
        news=News(alert.news),
        at=alert.at,
        was_at=alert.was_at if alert.news == News.MOVED else None,
        is_read=alert.read_at is not None,
        meeting=meeting,
    )
