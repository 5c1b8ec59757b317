"""Acts of people in Outlook, and what the Outlook-like page shows: events, copies, categories."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backend.sandbox.control import acting, forms
from backend.sandbox.control.answers import created, done, json_answer
from backend.sandbox.control.forms import BadActError
from backend.sandbox.directory import Person
from backend.sandbox.exchange import forwarding
from backend.sandbox.exchange.store import Cause, Exchange, StoredEvent
from backend.sandbox.graph.render import event_json, masked_event
from backend.sandbox.world import World

RESPONSES = {
    "accept": "accepted",
    "accepted": "accepted",
    "tentative": "tentativelyAccepted",
    "tentativelyaccept": "tentativelyAccepted",
    "tentativelyaccepted": "tentativelyAccepted",
    "decline": "declined",
    "declined": "declined",
}
DEFAULT_WINDOW = timedelta(days=31)
LONGEST_WINDOW = timedelta(days=5 * 366)


class Mailboxes:
    """Routes below `/_sandbox/mailboxes/{address}`; the caller is the mailbox's owner.

    With `?as=<address>` a delegate acts there instead, who needs the right to write, and sees of
    private events only that they are there, unless he was given more.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    @property
    def _exchange(self) -> Exchange:
        return self._world.exchange

    async def list_events(self, request: Request) -> Response:
        """Singles and instances between `start` and `end`, by start, of the default calendar.

        `calendar` names another one; without a window a month each way.
        """
        owner = acting.owner_of(self._world, request)
        begin, end = self._window(request)
        mailbox = self._exchange.mailbox(owner.id)
        calendar_id = request.query_params.get("calendar") or mailbox.default_calendar.id
        found = mailbox.view(begin, end, mailbox.calendar(calendar_id).id)
        rows = [
            _masked(event) if acting.hides(self._world, request, event) else _shown(event)
            for event in found
        ]
        return json_answer({"items": rows})

    async def create_event(self, request: Request) -> Response:
        """The person makes a meeting; `?calendar=` another calendar, `?draft=1` does not send."""
        owner = acting.owner_of(self._world, request)
        body = await forms.read_object(request)
        event = self._exchange.create_event(
            owner,
            body,
            acting.cause_of(request),
            request.query_params.get("calendar"),
            draft=request.query_params.get("draft") in ("1", "true"),
        )
        return created(_shown(event))

    async def invite_from_outside(self, request: Request) -> Response:
        """`{"organizer": {"name", "address"}, "event": ...}`: a stranger invites people of ours."""
        form = await forms.read_object(request)
        forms.only(form, "organizer", "event")
        organizer = form.get("organizer")
        if not isinstance(organizer, dict):
            raise BadActError("organizer must be an object of name and address")
        address = forms.text(organizer, "address") or ""
        if "@" not in address or self._world.directory.by_address(address) is not None:
            raise BadActError("organizer.address must be an address outside the firms")
        sender = {"name": forms.text(organizer, "name") or address, "address": address}
        cause = Cause(request_id=request.state.request_id)
        copies = self._exchange.receive_invitation(sender, form.get("event"), cause)
        rows = [{"owner": copy.mailbox.person.address, **_shown(copy)} for copy in copies]
        return created({"items": rows})

    async def get_event(self, request: Request) -> Response:
        """One event, deleted ones included."""
        owner = acting.owner_of(self._world, request)
        return json_answer(_shown(self._find(request, owner, deleted_too=True)))

    async def change_event(self, request: Request) -> Response:
        """The person changes the event."""
        owner = acting.owner_of(self._world, request)
        patch = await forms.read_object(request)
        event_id = self._find(request, owner).id
        event = self._exchange.update_event(owner, event_id, patch, acting.cause_of(request))
        return json_answer(_shown(event))

    async def delete_event(self, request: Request) -> Response:
        """The person deletes it; `?for_good=1` leaves nothing in Deleted Items."""
        owner = acting.owner_of(self._world, request)
        for_good = request.query_params.get("for_good") in ("1", "true")
        self._exchange.delete_event(
            owner,
            self._find(request, owner, deleted_too=for_good).id,
            acting.cause_of(request),
            for_good=for_good,
        )
        return done()

    async def cancel_event(self, request: Request) -> Response:
        """`{"comment": ...}`: the organizer cancels the meeting."""
        owner = acting.owner_of(self._world, request)
        form = await forms.read_object(request)
        comment = forms.text(form, "comment") or ""
        event_id = self._find(request, owner).id
        self._exchange.cancel_event(owner, event_id, comment, acting.cause_of(request))
        return done()

    async def send_event(self, request: Request) -> Response:
        """The organizer sends a meeting that was only saved; 400 for any other."""
        owner = acting.owner_of(self._world, request)
        event = self._find(request, owner)
        if not event.fields["isDraft"]:
            raise BadActError("the event is no unsent draft")
        sent = self._exchange.send_event(owner, event.id, acting.cause_of(request))
        return json_answer(_shown(sent))

    async def respond(self, request: Request) -> Response:
        """`{"response": "accept"|"tentative"|"decline", "send": true}`: an attendee answers."""
        owner = acting.owner_of(self._world, request)
        form = await forms.read_object(request)
        wanted = (forms.text(form, "response") or "").casefold()
        if wanted not in RESPONSES:
            raise BadActError("response must be accept, tentative or decline")
        send = form.get("send", True) is not False
        event_id = self._find(request, owner).id
        cause = acting.cause_of(request)
        self._exchange.respond(owner, event_id, RESPONSES[wanted], cause, send_response=send)
        return done()

    async def move_event(self, request: Request) -> Response:
        """`{"calendar": id or name}`: to another calendar, made if there is none of that name."""
        owner = acting.owner_of(self._world, request)
        calendar_id = await self._calendar_of_form(request, owner, must_name=True)
        event_id = self._find(request, owner).id
        event = self._exchange.move_event(
            owner, event_id, calendar_id or "", acting.cause_of(request)
        )
        return json_answer(_shown(event))

    async def copy_event(self, request: Request) -> Response:
        """`{"calendar": id or name}`, both optional: a copy, categories included."""
        owner = acting.owner_of(self._world, request)
        calendar_id = await self._calendar_of_form(request, owner, must_name=False)
        event_id = self._find(request, owner).id
        event = self._exchange.copy_event(owner, event_id, acting.cause_of(request), calendar_id)
        return created(_shown(event))

    async def forward(self, request: Request) -> Response:
        """`{"to": [addresses]}`: the person forwards the meeting."""
        owner = acting.owner_of(self._world, request)
        form = await forms.read_object(request)
        forms.only(form, "to")
        addresses = forms.text_list(form, "to") or []
        to = [{"emailAddress": {"address": address}} for address in addresses]
        event_id = self._find(request, owner).id
        forwarding.forward(self._exchange, owner, event_id, to, acting.cause_of(request))
        return done()

    async def copies(self, request: Request) -> Response:
        """Every mailbox's copy of the meeting."""
        owner = acting.owner_of(self._world, request)
        event = self._find(request, owner, deleted_too=True)
        rows = [
            {
                "owner": copy.mailbox.person.address,
                "owner_name": copy.mailbox.person.name,
                "id": copy.id,
                "immutable_id": copy.immutable_id,
                "is_organizer": copy.is_organizer,
                "categories": copy.fields["categories"],
            }
            for copy in self._exchange.copies_of(event.ical_uid)
        ]
        return json_answer({"items": rows})

    def _find(self, request: Request, owner: Person, *, deleted_too: bool = False) -> StoredEvent:
        """The event of the path; raises BadActError 403 if it is private to whoever acts."""
        event_id = request.path_params["event_id"]
        event = self._exchange.find(owner, event_id, deleted_too=deleted_too)
        if acting.hides(self._world, request, event):
            raise BadActError("This appointment is private.", 403, "private")
        return event

    def _window(self, request: Request) -> tuple[datetime, datetime]:
        now = self._world.clock()
        begin = _moment(request, "start") or now - DEFAULT_WINDOW
        end = _moment(request, "end") or max(begin, now) + DEFAULT_WINDOW
        if not timedelta() <= end - begin <= LONGEST_WINDOW:
            raise BadActError("end must follow start, by at most five years")
        return begin, end

    async def _calendar_of_form(
        self, request: Request, owner: Person, *, must_name: bool
    ) -> str | None:
        form = await forms.read_object(request)
        wanted = forms.text(form, "calendar") or forms.text(form, "calendar_id")
        mailbox = self._exchange.mailbox(owner.id)
        if not wanted:
            if must_name:
                raise BadActError("calendar must be the id or name of a calendar")
            return None
        for calendar in mailbox.calendars.values():
            if wanted in (calendar.id, calendar.name):
                return calendar.id
        if len(wanted) > 100:
            raise BadActError("there is no such calendar")
        return mailbox.add_calendar(wanted).id


def _shown(event: StoredEvent) -> dict[str, Any]:
    """Graph's event as Outlook's owner sees it, with the immutable id on top."""
    return {
        **event_json(event, immutable_ids=False),
        "immutableId": event.immutable_id,
    }


def _masked(event: StoredEvent) -> dict[str, Any]:
    """That somebody is busy, and nothing else."""
    return masked_event(_shown(event))


def _moment(request: Request, name: str) -> datetime | None:
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        # A plus sign in a query is a space; nobody means a space in a time.
        found = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
    except ValueError:
        raise BadActError(f"{name} must be an ISO 8601 time") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
