"""One firm whose admin turns one switch at a time, and looks at the records of one calendar."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from sqlalchemy import update

from backend.db.models import MailboxRow, UserRow
from backend.domain.crm import ActivityDraft
from tests.support.product import Meeting, Product

CLIENT = "jane@client.example"


class Switchboard:
    """A deployment in which only one organizer's calendar, and a colleague's on demand, is read."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.organizer: str = product.sandbox.person()["address"]
        self.admin = product.pane(product.sandbox.person("admin")["address"])
        self._numbers = count(1)
        product.add_contact("Jane Doe", CLIENT, types=["Client"])
        self._leave_out_everybody_else()
        self.work()
        self.defaults = self.settings()

    def _leave_out_everybody_else(self) -> None:
        """So that a sync reads one calendar and not the whole firm's."""
        with self.product.services.database.write.begin() as session:
            session.execute(
                update(UserRow)
                .where(UserRow.address.is_distinct_from(self.organizer))
                .values(enabled_by_admin=None)
            )

    # -- the admin -----------------------------------------------------------------------------

    def call(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        return self.admin.call(method, f"/api/admin{path}", json, **params)

    def settings(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", "/configuration").json
        return found

    def put(self, **settings: Any) -> Any:
        """Save under the newest version; the answer as it is."""
        return self.product.save_settings(**settings)

    def turn(self, **settings: Any) -> None:
        """Save, and let the worker do what comes of it."""
        answer = self.put(**settings)
        assert answer.status_code == 200, answer.text
        self.work()

    def preview(self, **settings: Any) -> dict[str, Any]:
        answer = self.call("POST", "/configuration/preview", settings)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found

    @contextmanager
    def switched(self, **settings: Any) -> Iterator[None]:
        """These settings for a while, then the defaults again."""
        self.turn(**settings)
        try:
            yield
        finally:
            self.turn(**{name: self.defaults[name] for name in settings})

    # -- calendars and records -----------------------------------------------------------------

    def stranger(self) -> str:
        """An address that nobody had before."""
        return f"person{next(self._numbers)}@client.example"

    def new_type(self) -> str:
        """A contact type that nobody had before."""
        return f"Type {next(self._numbers)}"

    def client(self, name: str = "Cleo", **more: Any) -> str:
        """A new contact of the selected type, unless told otherwise; the address."""
        address = self.stranger()
        self.product.add_contact(name, address, **{"types": ["Client"], **more})
        return address

    def meeting(self, *attendees: str, **event: Any) -> Meeting:
        """In the organizer's calendar, with a client; not read yet."""
        return self.product.meeting(self.organizer, *(attendees or (CLIENT,)), **event)

    def sync(self, minutes: float = 16) -> None:
        """Time passes until the calendars are looked at again."""
        self.product.sync(minutes)

    def work(self) -> None:
        """The worker does what is due now."""
        self.product.work()

    def synced(self, *meetings: Meeting) -> list[bool]:
        """Which of them have a record."""
        return [bool(self.product.records(meeting.ical_uid)) for meeting in meetings]

    def draft(self, meeting: Meeting) -> ActivityDraft:
        """What its only record holds."""
        [record] = self.product.records(meeting.ical_uid)
        return record.draft

    def tick(self, meeting: Meeting) -> str:
        """The code of the refusal, or the state of the link."""
        answer = self.product.pane(self.organizer).tick(meeting.id)
        return str(
            answer.json["link"]["state"] if answer.status_code < 300 else answer.json["code"]
        )

    def link(self, meeting: Meeting) -> dict[str, Any]:
        found: dict[str, Any] = self.product.pane(self.organizer).view(meeting.id).json["link"]
        return found

    def mailbox(self) -> MailboxRow:
        """The organizer's."""
        with self.product.services.database.read() as session:
            found = session.query(MailboxRow).join(UserRow, UserRow.id == MailboxRow.user_id)
            row = found.filter(UserRow.address == self.organizer).one()
            session.expunge(row)
            return row
