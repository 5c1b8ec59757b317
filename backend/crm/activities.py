"""Reading and changing activities inside a caller's session; never commits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    delete,
    insert,
    select,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.crm import alerts
from backend.crm.identifiers import new_id, new_revision
from backend.crm.models import ActivityRow, ContactRow, MentionRow
from backend.crm.records import fill
from backend.domain.crm import ActivityDraft, ActivityKind
from backend.domain.event import Person

TOMBSTONE_DAYS = 30
"""How long a removed record can come back (T4)."""

_PURGE_BATCH = 500

_Mention = tuple[str, str]
_NEWEST_FIRST = (ActivityRow.start_at.desc(), ActivityRow.id.desc())

Span = tuple[datetime | None, datetime | None]
"""From this start (included) to that one (excluded)."""


def find(
    session: Session, tenant_id: str, activity_id: str, *, lock: bool = False
) -> ActivityRow | None:
    """The live record with this id."""
    query = select(ActivityRow).where(
        ActivityRow.tenant_id == tenant_id,
        ActivityRow.id == activity_id,
        ActivityRow.removed_at.is_(None),
    )
    return session.scalar(query.with_for_update() if lock else query)


def find_by_key(
    session: Session, tenant_id: str, external_key: str, *, lock: bool = False
) -> ActivityRow | None:
    """The record with this key, live or removed."""
    query = select(ActivityRow).where(
        ActivityRow.tenant_id == tenant_id, ActivityRow.external_key == external_key
    )
    return session.scalar(query.with_for_update() if lock else query)


def find_by_ical_uid(session: Session, tenant_id: str, ical_uid: str) -> Sequence[ActivityRow]:
    """Every live record of that meeting, oldest first."""
    query = select(ActivityRow).where(
        ActivityRow.tenant_id == tenant_id,
        ActivityRow.ical_uid == ical_uid,
        ActivityRow.removed_at.is_(None),
    )
    # Sorted here: ORDER BY id tempts SQLite to walk the primary key instead of the meeting's index.
    return sorted(session.scalars(query), key=lambda row: row.id)


def synced_after(session: Session, tenant_id: str, after: str, limit: int) -> Sequence[ActivityRow]:
    """Live records of kind ``synced`` in the order of their ids, behind ``after``."""
    query = select(ActivityRow).where(
        ActivityRow.tenant_id == tenant_id,
        ActivityRow.id > after,
        ActivityRow.kind == ActivityKind.SYNCED.value,
        ActivityRow.removed_at.is_(None),
    )
    return session.scalars(query.order_by(ActivityRow.id).limit(limit)).all()


def page(
    session: Session,
    tenant_id: str,
    conditions: Sequence[ColumnElement[bool]],
    *,
    span: Span = (None, None),
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[ActivityRow]:
    """Live records, latest start first; ``after`` is start and id of the last one seen."""
    query = select(ActivityRow).where(*_live(tenant_id, conditions, span, after))
    return session.scalars(query.order_by(*_NEWEST_FIRST).limit(limit)).all()


def page_saying(
    session: Session,
    tenant_id: str,
    conditions: Sequence[ColumnElement[bool]],
    *,
    span: Span = (None, None),
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[ActivityRow]:
    """As :func:`page`, where a condition looks at the text of each record.

    The ids come first: SQLite finds them without leaving the index that holds the text.
    """
    found = select(ActivityRow.id).where(*_live(tenant_id, conditions, span, after))
    ids = session.scalars(found.order_by(*_NEWEST_FIRST).limit(limit)).all()
    query = select(ActivityRow).where(ActivityRow.tenant_id == tenant_id, ActivityRow.id.in_(ids))
    rows = {row.id: row for row in session.scalars(query)} if ids else {}
    return [rows[activity_id] for activity_id in ids if activity_id in rows]


def page_mentioning(
    session: Session,
    tenant_id: str,
    mention: _Mention,
    conditions: Sequence[ColumnElement[bool]],
    *,
    span: Span = (None, None),
    limit: int,
    after: tuple[datetime, str] | None = None,
) -> Sequence[ActivityRow]:
    """As :func:`page`, for the records that name one contact, company, opportunity, initiative."""
    kind, mentioned_id = mention
    query = (
        select(ActivityRow)
        .join(
            MentionRow,
            (MentionRow.tenant_id == ActivityRow.tenant_id)
            & (MentionRow.activity_id == ActivityRow.id),
        )
        .where(
            MentionRow.tenant_id == tenant_id,
            MentionRow.kind == kind,
            MentionRow.mentioned_id == mentioned_id,
            ActivityRow.removed_at.is_(None),
            *_between(MentionRow.start_at, MentionRow.activity_id, span, after),
            *conditions,
        )
    )
    newest_first = (MentionRow.start_at.desc(), MentionRow.activity_id.desc())
    return session.scalars(query.order_by(*newest_first).limit(limit)).all()


def is_mentioned(session: Session, tenant_id: str, mention: _Mention) -> bool:
    """Whether any live record names it."""
    kind, mentioned_id = mention
    query = select(MentionRow.activity_id).where(
        MentionRow.tenant_id == tenant_id,
        MentionRow.kind == kind,
        MentionRow.mentioned_id == mentioned_id,
    )
    return session.scalar(query.limit(1)) is not None


def add(
    session: Session,
    tenant_id: str,
    draft: ActivityDraft,
    now: datetime,
    *,
    kind: ActivityKind,
    external_key: str | None,
    visibility: str,
    by: Person | None = None,
    acting: Collection[str | None] = (),
) -> ActivityRow:
    """A new record, flushed; its companies are those of its contacts.

    ``acting``: whose act this is, besides the owner's; they are not alerted of it.

    Raises: sqlalchemy.exc.IntegrityError when the key is taken, also by a removed record.
    """
    row = ActivityRow(
        tenant_id=tenant_id,
        id=new_id(now),
        external_key=external_key,
        kind=kind,
        notes="",
        opportunity_ids=[],
        initiative_ids=[],
        visibility=visibility,
        created_at=now,
    )
    fill(row, draft, now, by=by)
    row.company_ids = _companies_of(session, tenant_id, _contact_ids(row))
    session.add(row)
    session.flush()
    _insert_mentions(session, row)
    alerts.of_new(session, row, now, but=(row.owner_id, *acting))
    return row


def refill(
    session: Session,
    row: ActivityRow,
    draft: ActivityDraft,
    now: datetime,
    *,
    by: Person | None,
    acting: str | None = None,
) -> None:
    """Overwrite the Outlook-filled fields of a live or removed record, which is live afterwards.

    Companies follow the contacts that came and went; those set by hand stay. ``acting``: whose act
    this is, if it is not the owner's: he is not alerted of it.
    """
    before = _mentions_of(row), row.start_at, row.removed_at
    seen = alerts.State.of(row)
    contacts_before = _contact_ids(row)
    fill(row, draft, now, by=by)
    row.removed_at = None
    if _contact_ids(row) != contacts_before:
        _follow_contacts(session, row, contacts_before)
    if before != (_mentions_of(row), row.start_at, None):
        rewrite_mentions(session, row)
    alerts.of_changed(session, row, seen, now, but=(acting or row.owner_id,))


def rewrite_mentions(session: Session, row: ActivityRow) -> None:
    """Make the mentions agree with the row after its contacts, companies or start changed."""
    _delete_mentions(session, row)
    session.flush()
    _insert_mentions(session, row)


def remove(
    session: Session,
    row: ActivityRow,
    now: datetime,
    *,
    by: Person | None = None,
    acting: str | None = None,
) -> None:
    """Turn ``row`` into a tombstone; ``by`` is whoever removed it by hand, ``acting`` his id.

    The revision changes, so that a late write which still names the old one cannot bring the record
    back by accident.
    """
    row.removed_at = now
    row.updated_at = now
    row.revision = new_revision()
    if by is not None:
        row.edited_by = {"name": by.name, "address": by.address}
    _delete_mentions(session, row)
    alerts.of_removed(session, row, now, but=(acting or row.owner_id,))


def destroy(session: Session, tenant_id: str, external_key: str) -> None:
    """Erase record and tombstone; nothing there is fine."""
    session.execute(
        delete(ActivityRow).where(
            ActivityRow.tenant_id == tenant_id, ActivityRow.external_key == external_key
        )
    )


def purge_tombstones(session: Session, now: datetime) -> int:
    """Erase one batch of tombstones older than 30 days; answers how many were erased."""
    due = (
        select(ActivityRow.tenant_id, ActivityRow.id)
        .where(ActivityRow.removed_at < now - timedelta(days=TOMBSTONE_DAYS))
        .limit(_PURGE_BATCH)
    )
    keys = [tuple(key) for key in session.execute(due)]
    if keys:
        doomed = tuple_(ActivityRow.tenant_id, ActivityRow.id).in_(keys)
        session.execute(delete(ActivityRow).where(doomed, ActivityRow.removed_at.is_not(None)))
    return len(keys)


def _live(
    tenant_id: str,
    conditions: Sequence[ColumnElement[bool]],
    span: Span,
    after: tuple[datetime, str] | None,
) -> Sequence[ColumnElement[bool]]:
    """A firm's live records that satisfy ``conditions``, from one place of the list on."""
    return (
        ActivityRow.tenant_id == tenant_id,
        ActivityRow.removed_at.is_(None),
        *conditions,
        *_between(ActivityRow.start_at, ActivityRow.id, span, after),
    )


def _between(
    start: InstrumentedAttribute[datetime],
    row_id: InstrumentedAttribute[str],
    span: Span,
    after: tuple[datetime, str] | None,
) -> list[ColumnElement[bool]]:
    """One bound at each side at most, the narrower one: SQLite uses only one of two for a range."""
    begins, ends = span
    found: list[ColumnElement[bool]] = [] if begins is None else [start >= begins]
    if after is not None and (ends is None or after[0] < ends):
        return [*found, tuple_(start, row_id) < after]
    return found if ends is None else [*found, start < ends]


def _follow_contacts(session: Session, row: ActivityRow, contacts_before: list[str]) -> None:
    contacts_now = _contact_ids(row)
    before = _companies_of(session, row.tenant_id, contacts_before)
    now = _companies_of(session, row.tenant_id, contacts_now)
    kept = [company for company in row.company_ids if company in now or company not in before]
    came = [company for company in now if company not in before and company not in kept]
    row.company_ids = [*kept, *came]


def _contact_ids(row: ActivityRow) -> list[str]:
    return [contact["contact_id"] for contact in row.contacts]


def _companies_of(session: Session, tenant_id: str, contact_ids: list[str]) -> list[str]:
    """The companies of these contacts, in the contacts' order, each once.

    A private contact's company stays out: it would tell everybody whom the owner met.
    """
    if not contact_ids:
        return []
    query = select(ContactRow.id, ContactRow.company_id).where(
        ContactRow.tenant_id == tenant_id,
        ContactRow.id.in_(contact_ids),
        ContactRow.company_id.is_not(None),
        ContactRow.private.is_(False),
    )
    company_by_contact = {row.id: row.company_id for row in session.execute(query)}
    ordered = (company_by_contact.get(contact_id) for contact_id in contact_ids)
    return list(dict.fromkeys(company for company in ordered if company is not None))


def _mentions_of(row: ActivityRow) -> set[_Mention]:
    return {
        *(("contact", contact_id) for contact_id in _contact_ids(row)),
        *(("company", company_id) for company_id in row.company_ids),
        *(("opportunity", opportunity_id) for opportunity_id in row.opportunity_ids),
        *(("initiative", initiative_id) for initiative_id in row.initiative_ids),
        *(
            [(row.regarding_kind, row.regarding_id)]
            if row.regarding_kind and row.regarding_id
            else []
        ),
    }


def _insert_mentions(session: Session, row: ActivityRow) -> None:
    mentions = [
        {
            "tenant_id": row.tenant_id,
            "kind": kind,
            "mentioned_id": mentioned_id,
            "start_at": row.start_at,
            "activity_id": row.id,
        }
        for kind, mentioned_id in sorted(_mentions_of(row))
    ]
    if mentions:
        session.execute(insert(MentionRow), mentions)


def _delete_mentions(session: Session, row: ActivityRow) -> None:
    session.execute(
        delete(MentionRow).where(
            MentionRow.tenant_id == row.tenant_id, MentionRow.activity_id == row.id
        )
    )
