"""Mailboxes as JSON and back, so that a demo goes on where it stopped.

The change history is not kept: whoever follows changes has to start anew, as Exchange sometimes
demands it, too. Values that copies share are written once.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import (
    Calendar,
    Cause,
    EventKind,
    Json,
    MailItem,
    MasterCategory,
    Override,
    StoredEvent,
)

if TYPE_CHECKING:
    from backend.sandbox.exchange.store import Exchange

FORMAT = 1
_MOMENTS = ("start", "end", "created", "modified")


class _Pool:
    """Objects by number; the same object gets the same number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[int, int] = {}

    def put(self, value: Any) -> int:
        """The number of this very object, which must not be changed any more."""
        number = self._numbers.get(id(value))
        if number is None:
            number = self._numbers[id(value)] = len(self.values)
            self.values.append(value)
        return number


def take(exchange: Exchange) -> Json:
    """The exchange as JSON."""
    pool = _Pool()
    mailboxes = {
        person_id: _mailbox(mailbox, pool) for person_id, mailbox in exchange.mailboxes.items()
    }
    return {
        "format": FORMAT,
        "sequence": exchange.sequence,
        "meetings_made": exchange.meetings_made,
        "mail": [_mail(item) for item in exchange.mail],
        "mailboxes": mailboxes,
        "values": pool.values,
    }


def put_back(exchange: Exchange, saved: Json) -> None:
    """Fill an exchange that has done nothing yet; raises ValueError for another format."""
    if saved.get("format") != FORMAT:
        raise ValueError("the snapshot was written by another version")
    exchange.clear()
    for person_id, kept in saved["mailboxes"].items():
        if exchange.directory.person_by_id(person_id) is None:
            continue
        mailbox = exchange.mailbox(person_id, populate=False)
        mailbox.populated = kept["populated"]
        mailbox.mint.next_item = kept["next_item"]
        mailbox.put_back(
            [Calendar(**each) for each in kept["calendars"]],
            [MasterCategory(**each) for each in kept["categories"]],
        )
        for each in kept["events"]:
            event = _event_of(mailbox, each, saved["values"])
            mailbox.adopt(event)
            if event.is_deleted or not mailbox.calendar(event.calendar_id).is_shared:
                exchange.know(event)
    _follow_again(exchange)
    exchange.mail.extend(_mail_of(item) for item in saved["mail"])
    exchange.sequence = saved["sequence"]
    exchange.meetings_made = saved["meetings_made"]


def _follow_again(exchange: Exchange) -> None:
    """Added shared calendars find their originals again."""
    for mailbox in exchange.mailboxes.values():
        for calendar in mailbox.calendars.values():
            theirs = exchange.mailboxes.get(calendar.owner_id or "")
            if theirs is None:
                continue
            exchange.shared.resume(mailbox, calendar)
            for original_id, local_id in calendar.copies.items():
                mailbox.find(local_id).original = theirs.find(original_id)


def _mailbox(mailbox: Mailbox, pool: _Pool) -> Json:
    deleted = {id(event): event for event in mailbox.deleted.values()}
    events = [*mailbox.items(), *deleted.values()]
    return {
        "populated": mailbox.populated,
        "next_item": mailbox.mint.next_item,
        "calendars": [asdict(calendar) for calendar in mailbox.calendars.values()],
        "categories": [asdict(category) for category in mailbox.categories.values()],
        "events": [_event(event, pool) for event in events],
    }


def _event(event: StoredEvent, pool: _Pool) -> Json:
    return {
        "entry": b64encode(event.entry).decode(),
        "immutable_entry": b64encode(event.immutable_entry).decode(),
        "calendar_id": event.calendar_id,
        "kind": event.kind.value,
        "ical_uid": event.ical_uid,
        "fields": _fields(event.fields, pool),
        **{name: getattr(event, name).isoformat() for name in _MOMENTS},
        "version": event.version,
        "series_version": event.series_version,
        "extended": event.extended,
        "visible_at": _written(event.visible_at),
        "is_deleted": event.is_deleted,
        "cancelled": [day.isoformat() for day in sorted(event.cancelled)],
        "overrides": {
            day.isoformat(): {
                "fields": _fields(own.fields, pool),
                "start": _written(own.start),
                "end": _written(own.end),
                "modified": _written(own.modified),
                "version": own.version,
                "extended": own.extended,
            }
            for day, own in event.overrides.items()
        },
    }


def _event_of(mailbox: Mailbox, saved: Json, values: list[Any]) -> StoredEvent:
    entry, immutable_entry = b64decode(saved["entry"]), b64decode(saved["immutable_entry"])
    return StoredEvent(
        mailbox=mailbox,
        id=mailbox.mint.rest_id(entry),
        immutable_id=mailbox.mint.immutable_id(immutable_entry),
        entry=entry,
        immutable_entry=immutable_entry,
        calendar_id=saved["calendar_id"],
        kind=EventKind(saved["kind"]),
        ical_uid=saved["ical_uid"],
        fields=_fields_of(saved["fields"], values),
        start=datetime.fromisoformat(saved["start"]),
        end=datetime.fromisoformat(saved["end"]),
        created=datetime.fromisoformat(saved["created"]),
        modified=datetime.fromisoformat(saved["modified"]),
        version=saved["version"],
        series_version=saved["series_version"],
        extended=saved["extended"],
        visible_at=_read(saved["visible_at"]),
        is_deleted=saved["is_deleted"],
        cancelled={date.fromisoformat(day) for day in saved["cancelled"]},
        overrides={
            date.fromisoformat(day): Override(
                fields=_fields_of(own["fields"], values),
                start=_read(own["start"]),
                end=_read(own["end"]),
                modified=_read(own["modified"]),
                version=own["version"],
                extended=own["extended"],
            )
            for day, own in saved["overrides"].items()
        },
    )


def _fields(fields: Json, pool: _Pool) -> Json:
    """Plain values as they are; objects, and attendees one by one, as numbers in the pool."""
    plain, pooled = {}, {}
    for name, value in fields.items():
        if name == "attendees":
            continue
        if isinstance(value, dict | list):
            pooled[name] = pool.put(value)
        else:
            plain[name] = value
    found: Json = {"plain": plain, "pooled": pooled}
    if "attendees" in fields:
        found["attendees"] = [pool.put(entry) for entry in fields["attendees"]]
    return found


def _fields_of(saved: Json, values: list[Any]) -> Json:
    fields: Json = dict(saved["plain"])
    for name, number in saved["pooled"].items():
        fields[name] = values[number]
    if "attendees" in saved:
        fields["attendees"] = [values[number] for number in saved["attendees"]]
    return fields


def _mail(item: MailItem) -> Json:
    return {
        "at": item.at.isoformat(),
        "kind": item.kind,
        "from": item.from_,
        "to": list(item.to),
        "subject": item.subject,
        "cause": asdict(item.cause),
    }


def _mail_of(saved: Json) -> MailItem:
    return MailItem(
        datetime.fromisoformat(saved["at"]),
        saved["kind"],
        saved["from"],
        tuple(saved["to"]),
        saved["subject"],
        Cause(**saved["cause"]),
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
