"""A linked meeting in a mailbox that is watched, as in production: nobody opens the pane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from backend.db import watches
from backend.db.models import FirmRow, LinkRow, MailboxRow, UserRow, WatchRow
from tests.support.crm_user import CrmUser
from tests.support.product import Meeting, Product

CLIENT = "ben@client.example"


class Watched:
    """One organizer's mailbox, pulled by hand like the worker pulls it after a notification."""

    def __init__(self, product: Product, organizer: str) -> None:
        self.product = product
        self.organizer = organizer
        self.pane = product.pane(organizer)
        self.pane.call("GET", "/api/me")
        self.mailbox_id = self._mailbox().id
        self.pull()

    def linked(self, *attendees: str, **event: Any) -> Meeting:
        """A meeting that its organizer has ticked; the pull has seen our own write, too."""
        meeting = self.product.meeting(self.organizer, *(attendees or (CLIENT,)), **event)
        answer = self.pane.tick(meeting.id)
        assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked"), answer.text
        self.pull()
        return meeting

    def pull(self) -> None:
        """What a notification brings about: the mailbox's changes are read, links are walked."""
        with self.product.services.database.write.begin() as session:
            watches.ring(session, self.mailbox_id, self.product.clock())
        self.product.services.work.drain_mailboxes()
        self.product.drain()

    def later(self, **span: float) -> None:
        """Time passes, then the worker does what is due."""
        self.product.advance(**span)
        self.product.services.work.drain_mailboxes()
        self.product.drain()

    def prove(self) -> None:
        """The second look, five minutes after the first (L6)."""
        self.later(minutes=6)

    def quiet(self) -> None:
        """Longer than an open form may write back an older copy of the categories (T11)."""
        self.later(minutes=20)

    def link(self, meeting: Meeting) -> LinkRow:
        """The link as it stands; nobody looks or rings."""
        with self.product.services.database.read() as session:
            row = session.scalars(select(LinkRow).where(LinkRow.ical_uid == meeting.ical_uid)).one()
            session.expunge(row)
            return row

    def word(self, meeting: Meeting) -> tuple[str, str | None, str | None]:
        """State, reason and mark of its link."""
        row = self.link(meeting)
        return row.state.value, row.reason, row.blocked_by

    def history(self, meeting: Meeting) -> list[str]:
        answer = self.pane.call("GET", f"/api/events/{meeting.id}/history", limit=200)
        return [line["line"] for line in answer.json["items"]]

    @property
    def problem(self) -> str | None:
        return self._mailbox().problem

    def watch(self) -> WatchRow:
        with self.product.services.database.read() as session:
            row = session.get(WatchRow, self.mailbox_id)
            assert row is not None
            session.expunge(row)
            return row

    def colleague(self) -> CrmUser:
        """Somebody of the firm who works in the CRM."""
        return CrmUser(self.product, self.product.sandbox.person("support")["address"])

    def record_id(self, meeting: Meeting) -> str:
        [record] = self.product.records(meeting.ical_uid)
        return record.id

    def crm_record(self, meeting: Meeting) -> dict[str, Any]:
        """As the CRM's API shows it."""
        found: dict[str, Any] = self.colleague().get(self.record_id(meeting)).json
        return found

    def configure(self, **settings: Any) -> None:
        """The admin changes the firm's settings."""
        with self.product.services.database.write.begin() as session:
            row = session.get_one(FirmRow, session.get_one(MailboxRow, self.mailbox_id).firm_id)
            for name, value in settings.items():
                setattr(row, name, value)

    def _mailbox(self) -> MailboxRow:
        with self.product.services.database.read() as session:
            row = session.scalars(
                select(MailboxRow)
                .join(UserRow, UserRow.id == MailboxRow.user_id)
                .where(UserRow.address == self.organizer)
            ).one()
            session.expunge(row)
            return row


def moved(product: Product, **span: float) -> dict[str, Any]:
    """Start and end of a reschedule, so far from now."""
    start = product.clock().replace(microsecond=0) + timedelta(**span)
    return {"start": moment(start), "end": moment(start + timedelta(hours=1))}


def moment(at: datetime) -> dict[str, str]:
    return {"dateTime": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def weekly(start: datetime, count: int = 3) -> dict[str, Any]:
    """A recurrence beginning that day."""
    return {
        "pattern": {
            "type": "weekly",
            "interval": 1,
            "daysOfWeek": [start.strftime("%A").lower()],
        },
        "range": {
            "type": "numbered",
            "startDate": start.strftime("%Y-%m-%d"),
            "numberOfOccurrences": count,
        },
    }


def people(*addresses: str) -> list[dict[str, Any]]:
    return [{"type": "required", "emailAddress": {"address": a}} for a in addresses]
