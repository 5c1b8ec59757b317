"""Events without a wanted link: new rows for the chosen ones, one line of codes for the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db import links
from backend.db.models import HistoryRow, LinkRow
from backend.db.rows import apply
from backend.domain.event import Event
from backend.domain.link import LinkState, Trigger
from backend.domain.policy import Origin
from backend.domain.rules import Reason

SKIPPED = "skipped"
CATEGORY_REFUSED = "category_refused"


@dataclass(frozen=True, slots=True)
class Place:
    """Whose calendar: what every row about an event of it carries."""

    firm_id: str
    mailbox_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Note:
    """Why an event is no link: a ``skip`` by the rules, or a ``refusal`` of the category."""

    event_id: str
    kind: str
    codes: tuple[str, ...]
    link_id: str | None = None

    @property
    def line(self) -> str:
        return SKIPPED if self.kind == "skip" else CATEGORY_REFUSED

    @property
    def is_private(self) -> bool:
        return Reason.PRIVATE_EVENT.value in self.codes


def find_leaders(
    session: Session, firm_id: str, ical_uids: Collection[str]
) -> Mapping[str, LinkRow]:
    """The firm's links of these meetings, whichever mailbox leads them (S3)."""
    if not ical_uids:
        return {}
    found = session.scalars(
        select(LinkRow).where(LinkRow.firm_id == firm_id, LinkRow.ical_uid.in_(ical_uids))
    )
    return {row.ical_uid: row for row in found if row.ical_uid is not None}


@dataclass(frozen=True, slots=True)
class Match:
    """An event that a contact type wants, and whose (S1)."""

    event: Event
    because: str | None


def add_matches(
    session: Session,
    place: Place,
    matches: Sequence[Match],
    *,
    now: datetime,
    request_id: str | None,
) -> None:
    """Links that contact types want (S1), due now, in a few statements for a whole page.

    One by one when somebody has just made one of them; that one is left out.
    """
    if not matches:
        return
    try:
        _add_matches(session, place, matches, now=now, request_id=request_id)
    except IntegrityError:
        for match in matches:
            with suppress(IntegrityError):
                _add_matches(session, place, (match,), now=now, request_id=request_id)


def _add_matches(
    session: Session,
    place: Place,
    matches: Sequence[Match],
    *,
    now: datetime,
    request_id: str | None,
) -> None:
    with session.begin_nested():
        rows = [_new_row(place, match.event, Origin.AUTOMATIC, now) for match in matches]
        for row, match in zip(rows, matches, strict=True):
            # No link of the firm has this iCalUId, as the page's leaders were looked up.
            row.because, row.ical_uid = match.because, match.event.ical_uid
            row.due_at, row.ring_seq = now, 1
            links.learn_event(session, row, match.event, now)
            session.add(row)
        session.flush()
        for row in rows:
            apply(
                session,
                row,
                Trigger.RULE_MATCH,
                now=now,
                line=Trigger.RULE_MATCH.value,
                request_id=request_id,
            )
        session.flush()


def add_watched(session: Session, place: Place, event: Event, *, now: datetime) -> bool:
    """A row for the road to read the category by (T11), due now.

    False when somebody has just made it.
    """
    row = _new_row(place, event, Origin.MANUAL, now)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
            links.learn_event(session, row, event, now)
            session.flush()
            links.ring(session, row.id, now)
    except IntegrityError:
        return False
    return True


def _new_row(place: Place, event: Event, origin: Origin, now: datetime) -> LinkRow:
    return LinkRow(
        firm_id=place.firm_id,
        mailbox_id=place.mailbox_id,
        event_id=event.id,
        state=LinkState.REMOVED,
        origin=origin,
        wished_by=place.user_id,
        created_at=now,
        version=0,
    )


def keep_notes(
    session: Session,
    place: Place,
    notes: Collection[Note],
    *,
    now: datetime,
    request_id: str | None,
) -> None:
    """One line per event: changed where the codes are others, not repeated where they are not.

    A private event leaves one row whoever tried what with it (X4): if a refused tick has said so
    already, nothing is added.
    """
    rows = _rows_about(session, place.mailbox_id, [note.event_id for note in notes])
    new = []
    for note in notes:
        said = rows.get(note.event_id, [])
        own = next((row for row in said if row.line in (SKIPPED, CATEGORY_REFUSED)), None)
        if note.is_private and any(row is not own and _says_private(row) for row in said):
            if own is not None:
                session.delete(own)
        elif own is None:
            new.append(_new_line(place, note, now, request_id))
        elif (own.kind, tuple(own.codes)) != (note.kind, note.codes):
            own.kind, own.line, own.codes = note.kind, note.line, list(note.codes)
            own.link_id = note.link_id
            own.at, own.request_id = now, request_id
    if new:
        # A first pull writes one for almost every event: in bulk, without loading any.
        session.execute(insert(HistoryRow), new)


def _rows_about(
    session: Session, mailbox_id: str, event_ids: Collection[str]
) -> Mapping[str, list[HistoryRow]]:
    """Lines of these events that are no moves of a link."""
    if not event_ids:
        return {}
    found = session.scalars(
        select(HistoryRow).where(
            HistoryRow.mailbox_id == mailbox_id,
            HistoryRow.event_id.in_(event_ids),
            HistoryRow.kind.in_(["skip", "refusal"]),
            HistoryRow.state_before.is_(None),
        )
    )
    rows: dict[str, list[HistoryRow]] = {}
    for row in found:
        rows.setdefault(row.event_id, []).append(row)
    return rows


def _says_private(row: HistoryRow) -> bool:
    return Reason.PRIVATE_EVENT.value in row.codes


def _new_line(place: Place, note: Note, now: datetime, request_id: str | None) -> dict[str, object]:
    return {
        "firm_id": place.firm_id,
        "mailbox_id": place.mailbox_id,
        "link_id": note.link_id,
        "event_id": note.event_id,
        "at": now,
        "kind": note.kind,
        "line": note.line,
        "codes": list(note.codes),
        "request_id": request_id,
    }
