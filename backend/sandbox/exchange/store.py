"""Exchange as a whole: everybody's mailboxes, the acts of people and apps, the mails they cause."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from backend.sandbox.directory import Directory, Person
from backend.sandbox.exchange import (
    ids,
    online,
    preconditions,
    recipients,
    series,
    snapshot,
    traffic,
)
from backend.sandbox.exchange.arrivals import Arrivals
from backend.sandbox.exchange.errors import bad_request, mailbox_not_enabled
from backend.sandbox.exchange.mailbox import Listener, Mailbox
from backend.sandbox.exchange.model import (
    Cause,
    Change,
    ChangeKind,
    Clock,
    EventKind,
    Json,
    MailItem,
    StoredEvent,
)
from backend.sandbox.exchange.reading import EventInput, blank_fields, read_event
from backend.sandbox.exchange.sharing import SharedCalendars
from backend.sandbox.exchange.sync_states import SyncStates
from backend.sandbox.exchange.timing import Timing, timing_of_change, timing_of_new
from backend.sandbox.personality import Personality

__all__ = ["Cause", "Exchange", "MailItem", "StoredEvent"]


class Exchange:
    """All mailboxes of all tenants; made lazily, filled by `populate` when first opened.

    `mail` has every mail Exchange sent, `listeners` hear of every change of a copy. All acts raise
    ExchangeError and then have changed nothing.
    """

    def __init__(
        self, directory: Directory, clock: Clock, personality: Personality, seed: int = 7
    ) -> None:
        self.directory = directory
        self.personality = personality
        self.seed = seed
        self.mail: list[MailItem] = []
        self.populate: Callable[[Person], None] | None = None
        self.listeners: list[Listener] = []
        self.sync_states = SyncStates(seed)
        self.shared = SharedCalendars(self)
        self.sequence = 0
        self.meetings_made = 0
        self.mailboxes: dict[str, Mailbox] = {}
        self._clock = clock
        self.arrivals = Arrivals(self.now, lambda: self.personality.invitation_lag)
        self._copies: dict[str, dict[tuple[str, str], StoredEvent]] = {}
        self._is_quiet = False
        self._pretended_now: datetime | None = None

    # --- time, mailboxes, copies --------------------------------------------------------------

    def now(self) -> datetime:
        """The present, or the moment a sample pretends it is."""
        return self._pretended_now or self._clock()

    @property
    def is_quiet(self) -> bool:
        """Whether what happens now is only the past of a sample."""
        return self._is_quiet

    @contextmanager
    def quietly(self, at: datetime | None = None) -> Iterator[None]:
        """Let acts happen as if long ago: no mail is logged, nothing lags; `at` = when it was."""
        before = (self._is_quiet, self._pretended_now)
        self._is_quiet, self._pretended_now = True, at or self._pretended_now
        try:
            yield
        finally:
            self._is_quiet, self._pretended_now = before

    def mailbox(self, person_id: str, *, populate: bool = True) -> Mailbox:
        """The mailbox of a person; the first look fills it unless `populate` is False.

        Raises ExchangeError 404 `MailboxNotEnabledForRESTAPI` for people without one.
        """
        if self.arrivals:
            self.arrivals.settle()
        found = self.mailboxes.get(person_id)
        if found is None or not found.person.has_mailbox:
            found = self._new_mailbox(person_id)
        if populate and not found.populated:
            found.populated = True
            if self.populate is not None:
                self.populate(found.person)
        return found

    def copies_of(self, ical_uid: str) -> list[StoredEvent]:
        """Every mailbox's copy of a single event or series, whatever instance's id is given."""
        return list(self._copies.get(ids.series_ical_uid(ical_uid), {}).values())

    def find(self, owner: Person, event_id: str, *, deleted_too: bool = False) -> StoredEvent:
        """The copy or instance with this id, in either form, in the owner's mailbox."""
        return self.mailbox(owner.id).find(event_id, deleted_too=deleted_too)

    def is_visible(self, event: StoredEvent) -> bool:
        """Whether Graph already shows the event (the `get_lag` switch)."""
        return event.visible_at is None or event.visible_at <= self.now()

    def send(self, kind: str, from_: str, to: list[str], subject: str, cause: Cause) -> None:
        """Log a mail that Exchange sends."""
        if to and not self._is_quiet:
            self.mail.append(MailItem(self.now(), kind, from_, tuple(to), subject, cause))

    def arrive(self, act: Callable[[], None]) -> None:
        """Let something happen in other people's mailboxes as soon as it gets there."""
        self.arrivals.send(act, at_once=self._is_quiet)

    @property
    def rooms_decline(self) -> bool:
        """Whether rooms refuse a second meeting; those of the sample were planned with care."""
        return self.personality.rooms == "decline_conflicts" and not self._is_quiet

    # --- acts ---------------------------------------------------------------------------------

    def create_event(
        self,
        owner: Person,
        body: Any,
        cause: Cause,
        calendar_id: str | None = None,
        *,
        draft: bool = False,
    ) -> StoredEvent:
        """The owner makes an event from Graph event JSON; attendees are invited by mail.

        `draft` makes a meeting that was saved and not sent. Raises ExchangeError 400.
        """
        mailbox = self.mailbox(owner.id)
        given = read_event(body)
        timing = timing_of_new(given)
        preconditions.refuse_second_transaction(mailbox, given.fields.get("transactionId"))
        self._refuse_shared(mailbox, calendar_id)
        fields = blank_fields() | given.fields | timing.fields
        fields["isDraft"] = draft
        fields["organizer"] = _recipient(owner.name, owner.address or owner.upn)
        fields["attendees"] = recipients.prepared(self, fields["attendees"], owner)
        online.join(fields, given.fields, self._next_key(owner.id))
        event = self._add(mailbox, fields, timing, given, cause, calendar_id=calendar_id)
        if fields["attendees"] and not draft:
            traffic.invite(self, event, event.attendees, cause)
        return event

    def receive_invitation(
        self, organizer: Json, body: Any, cause: Cause, ical_uid: str | None = None
    ) -> list[StoredEvent]:
        """Somebody outside (`{"name", "address"}`) invites; each invited mailbox gets a copy."""
        given = read_event(body)
        timing = timing_of_new(given)
        fields = blank_fields() | given.fields | timing.fields
        fields["organizer"] = _recipient(organizer["name"], organizer["address"])
        fields["attendees"] = recipients.prepared(self, fields["attendees"], None)
        online.join(fields, given.fields, self._next_key(organizer["address"]))
        uid = ical_uid or self._new_uid(organizer["address"])
        return traffic.deliver_from_outside(self, fields, timing, uid, cause)

    def update_event(
        self,
        owner: Person,
        event_id: str,
        patch: Any,
        cause: Cause,
        if_match: str | None = None,
    ) -> StoredEvent:
        """The owner changes his copy; an organizer's change goes to the attendees by mail.

        Arrays are replaced whole. Changing an occurrence makes it an exception. Raises
        ExchangeError: 400, 404, 412 `ErrorIrresolvableConflict`.
        """
        event = self.own_event(owner, event_id)
        preconditions.check_version(event, if_match, self.personality)
        given = read_event(patch)
        if event.master is not None and given.has_recurrence and given.recurrence is not None:
            raise bad_request("The recurrence of a single instance cannot be changed.")
        timing = timing_of_change(given, event)
        fields = dict(given.fields)
        fields.pop("transactionId", None)
        if "attendees" in fields:
            fields["attendees"] = recipients.keep_responses(self, fields["attendees"], event)
        online.keep(fields, event.fields, self._next_key(event.id))
        return self._apply(event, fields, timing, given, cause)

    def send_event(self, owner: Person, event_id: str, cause: Cause) -> StoredEvent:
        """The organizer sends a meeting that was a draft; 400 for anything else."""
        event = self.own_event(owner, event_id)
        if not event.is_organizer or not event.fields["isDraft"] or event.master is not None:
            raise bad_request("Only the organizer's drafts can be sent.")
        traffic.write(event, {"isDraft": False}, None, None, cause)
        traffic.invite(self, event, event.attendees, cause)
        return event

    def delete_event(
        self,
        owner: Person,
        event_id: str,
        cause: Cause,
        if_match: str | None = None,
        *,
        for_good: bool = False,
    ) -> None:
        """The owner deletes his copy: cancels as an organizer, declines as an attendee."""
        mailbox = self.mailbox(owner.id)
        event = self.own_event(owner, event_id, deleted_too=for_good)
        if event.is_deleted and event.master is None:
            mailbox.purge(event)
            return
        preconditions.check_version(event, if_match, self.personality)
        traffic.delete(self, event, cause, for_good=for_good)

    def cancel_event(self, owner: Person, event_id: str, comment: str, cause: Cause) -> None:
        """The organizer cancels a meeting, a series or one instance; 400 for anybody else."""
        del comment
        event = self.own_event(owner, event_id)
        if not event.is_organizer:
            raise bad_request(
                "Your request can't be completed. You need to be an organizer to cancel a meeting."
            )
        traffic.cancel(self, event, cause)

    def respond(
        self,
        owner: Person,
        event_id: str,
        response: str,
        cause: Cause,
        send_response: bool = True,
    ) -> None:
        """An attendee answers `accepted`, `tentativelyAccepted` or `declined`."""
        event = self.own_event(owner, event_id)
        if event.is_organizer:
            raise bad_request(
                "Your request can't be completed. You can't respond to this meeting because "
                "you're the meeting organizer."
            )
        traffic.respond(self, event, response, cause, send_response=send_response)

    def move_event(
        self, owner: Person, event_id: str, calendar_id: str, cause: Cause
    ) -> StoredEvent:
        """The owner moves a copy to another of his calendars; its regular id changes."""
        mailbox = self.mailbox(owner.id)
        event = self.own_event(owner, event_id)
        if event.master is not None:
            raise bad_request("A single instance of a series cannot be moved.")
        self._refuse_shared(mailbox, calendar_id)
        mailbox.move(event, calendar_id, cause)
        return event

    def copy_event(
        self, owner: Person, event_id: str, cause: Cause, calendar_id: str | None = None
    ) -> StoredEvent:
        """The owner copies an event, categories included; nobody is mailed."""
        mailbox = self.mailbox(owner.id)
        event = mailbox.find(event_id)
        kind = EventKind.MASTER if event.fields["recurrence"] else EventKind.SINGLE
        self._refuse_shared(mailbox, calendar_id)
        return mailbox.add(
            kind=kind,
            ical_uid=self._new_uid(owner.id),
            fields={**event.fields, "transactionId": None},
            start=event.start,
            end=event.end,
            cause=cause,
            calendar_id=calendar_id or event.calendar_id,
        )

    # --- persistence --------------------------------------------------------------------------

    def snapshot(self) -> Json:
        """Everything as JSON, to be written to disk at once."""
        return snapshot.take(self)

    def restore(self, saved: Json) -> None:
        """Be as a snapshot says; raises ValueError for one of another format."""
        snapshot.put_back(self, saved)

    def clear(self) -> None:
        """Empty all mailboxes without a trace."""
        self.mailboxes.clear()
        self.sync_states.clear()
        self.shared.clear()
        self.mail.clear()
        self._copies.clear()
        self.arrivals.clear()

    def know(self, event: StoredEvent) -> None:
        """Count a copy of a snapshot among those of its meeting."""
        if not event.is_deleted:
            self._copies_with(event)[event.owner_id, event.ical_uid] = event

    # --- inside -------------------------------------------------------------------------------

    def new_copy_lag(self, cause: Cause | None) -> datetime | None:
        """When Graph starts to show a copy made now; apps see what they made at once."""
        lag = self.personality.get_lag
        if not lag or self._is_quiet or (cause is not None and cause.app is not None):
            return None
        return self.now() + timedelta(seconds=lag)

    def own_event(self, owner: Person, event_id: str, *, deleted_too: bool = False) -> StoredEvent:
        """The event to act upon; 400 for a local copy, which is changed in its owner's calendar."""
        event = self.find(owner, event_id, deleted_too=deleted_too)
        if event.is_local_copy:
            raise bad_request("The event belongs to a shared calendar of somebody else.")
        return event

    def _refuse_shared(self, mailbox: Mailbox, calendar_id: str | None) -> None:
        """Raises ExchangeError for a calendar that is not there, or somebody else's."""
        if calendar_id is not None and mailbox.calendar(calendar_id).is_shared:
            raise bad_request("The calendar is shared by somebody else.")

    def _apply(
        self,
        event: StoredEvent,
        fields: Json,
        timing: Timing | None,
        given: EventInput,
        cause: Cause,
    ) -> StoredEvent:
        before = traffic.Before.of(event)
        if timing is not None and event.master is not None and timing.start != event.start:
            series.check_neighbours(event, timing.start)
        if timing is not None:
            fields |= timing.fields
            fields["isAllDay"] = bool(given.fields.get("isAllDay", event.is_all_day))
        fresh = traffic.write(
            event, fields, timing.start if timing else None, timing.end if timing else None, cause
        )
        if given.extended:
            fresh.extended = {**fresh.extended, **given.extended}
            if fresh.master is not None:
                own = series.override(fresh)
                own.extended = {**own.extended, **given.extended}
        traffic.tell_attendees(self, fresh, before, cause)
        return fresh

    def _add(
        self,
        mailbox: Mailbox,
        fields: Json,
        timing: Timing,
        given: EventInput,
        cause: Cause,
        *,
        calendar_id: str | None,
    ) -> StoredEvent:
        event = mailbox.add(
            kind=EventKind.MASTER if fields["recurrence"] else EventKind.SINGLE,
            ical_uid=self._new_uid(mailbox.person.id),
            fields=fields,
            start=timing.start,
            end=timing.end,
            cause=cause,
            calendar_id=calendar_id,
            lag=self.new_copy_lag(cause),
        )
        event.extended = given.extended
        return event

    def _new_mailbox(self, person_id: str) -> Mailbox:
        person = self.directory.person_by_id(person_id)
        if person is None or not person.has_mailbox:
            raise mailbox_not_enabled()
        mailbox = Mailbox(person, self.seed, self.now, self._next_sequence, self._changed)
        self.mailboxes[person_id] = mailbox
        return mailbox

    def _next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def _next_key(self, whose: str) -> str:
        return f"{self.seed}/{whose}/{self.meetings_made}"

    def _new_uid(self, whose: str) -> str:
        self.meetings_made += 1
        return ids.new_ical_uid(self._next_key(whose), self.now())

    def _copies_with(self, event: StoredEvent) -> dict[tuple[str, str], StoredEvent]:
        """The copies of the event's meeting; whoever has only one instance is among them."""
        return self._copies.setdefault(ids.series_ical_uid(event.ical_uid), {})

    def _changed(self, mailbox: Mailbox, change: Change) -> None:
        event = change.event
        if event.is_local_copy:
            # It is no invited person's copy of the meeting.
            pass
        elif event.master is None and change.kind is ChangeKind.CREATED:
            self._copies_with(event)[mailbox.person.id, event.ical_uid] = event
        elif event.master is None and change.kind is ChangeKind.DELETED:
            self._copies_with(event).pop((mailbox.person.id, event.ical_uid), None)
        for listener in self.listeners:
            listener(mailbox, change)
        self.shared.follow(mailbox, change)


def _recipient(name: str, address: str) -> Json:
    return {"emailAddress": {"name": name, "address": address}}
