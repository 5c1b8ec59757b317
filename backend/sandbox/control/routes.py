"""Routes of the control plane, all under `/_sandbox`, without sign-in: a sandbox has no secrets."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from backend.sandbox.control import certificates, forms, state, switches, tokens
from backend.sandbox.control.answers import (
    NO_STORE,
    Endpoint,
    created,
    done,
    json_answer,
    with_reasons,
)
from backend.sandbox.control.changes import ChangeFeed
from backend.sandbox.control.forms import BadActError
from backend.sandbox.control.mailboxes import Mailboxes
from backend.sandbox.control.outlook_settings import OutlookSettings
from backend.sandbox.exchange.store import MailItem
from backend.sandbox.sample.crm import crm_seed
from backend.sandbox.world import World

MANUAL = Path(__file__).parents[1] / "manual.md"


def control_routes(world: World) -> list[Route]:
    """Every act and every look the control plane offers."""
    plane, boxes, arranged = _ControlPlane(world), Mailboxes(world), OutlookSettings(world)
    events = "/mailboxes/{address}/events"
    one = events + "/{event_id:path}"
    # Fixed ends come first: an event id may hold slashes.
    table: list[tuple[str, str, Endpoint]] = [
        ("GET", "/state", plane.state),
        ("GET", "/help", plane.help),
        ("GET", "/settings", plane.settings),
        ("GET", "/crm", plane.crm),
        ("POST", "/tokens", plane.tokens),
        ("POST", "/certificates", plane.certificates),
        ("GET", "/mail", plane.mail),
        ("GET", "/requests", plane.requests),
        ("GET", "/changes", plane.changes),
        ("GET", "/subscriptions", plane.subscriptions),
        ("GET", "/faults", plane.list_faults),
        ("POST", "/faults", plane.add_faults),
        ("DELETE", "/faults", plane.clear_faults),
        ("GET", "/personality", plane.get_personality),
        ("POST", "/personality", plane.set_personality),
        ("GET", "/clock", plane.get_clock),
        ("POST", "/clock", plane.advance_clock),
        ("POST", "/reset", plane.reset),
        ("POST", "/invitations", boxes.invite_from_outside),
        ("GET", "/mailboxes/{address}/categories", arranged.list_categories),
        ("POST", "/mailboxes/{address}/categories", arranged.create_category),
        ("PATCH", "/mailboxes/{address}/categories/{category:path}", arranged.change_category),
        ("DELETE", "/mailboxes/{address}/categories/{category:path}", arranged.delete_category),
        ("GET", "/mailboxes/{address}/calendars", arranged.list_calendars),
        ("POST", "/mailboxes/{address}/calendars", arranged.add_calendar),
        ("DELETE", "/mailboxes/{address}/calendars/{calendar_id}", arranged.remove_calendar),
        ("POST", "/mailboxes/{address}/shares", arranged.share),
        ("DELETE", "/mailboxes/{address}/shares", arranged.share_no_longer),
        ("GET", events, boxes.list_events),
        ("POST", events, boxes.create_event),
        ("GET", one + "/copies", boxes.copies),
        ("POST", one + "/cancel", boxes.cancel_event),
        ("POST", one + "/send", boxes.send_event),
        ("POST", one + "/respond", boxes.respond),
        ("POST", one + "/move", boxes.move_event),
        ("POST", one + "/copy", boxes.copy_event),
        ("POST", one + "/forward", boxes.forward),
        ("GET", one, boxes.get_event),
        ("PATCH", one, boxes.change_event),
        ("DELETE", one, boxes.delete_event),
    ]
    return [
        Route(f"/_sandbox{path}", with_reasons(endpoint), methods=[method])
        for method, path, endpoint in table
    ]


class _ControlPlane:
    def __init__(self, world: World) -> None:
        self._world = world
        self._feed = ChangeFeed(world)

    async def state(self, _request: Request) -> Response:
        return json_answer(state.state_json(self._world))

    async def help(self, _request: Request) -> Response:
        """The sandbox's manual."""
        return PlainTextResponse(MANUAL.read_text("utf-8"), headers=NO_STORE)

    async def settings(self, _request: Request) -> Response:
        return json_answer(state.settings_json(self._world))

    async def crm(self, _request: Request) -> Response:
        return json_answer(crm_seed(self._world.settings.seed))

    async def tokens(self, request: Request) -> Response:
        return json_answer(tokens.issue(self._world, await forms.read_object(request)))

    async def certificates(self, request: Request) -> Response:
        return created(certificates.register(self._world, await forms.read_object(request)))

    async def mail(self, request: Request) -> Response:
        """Mails Exchange sent; `?app=` those an application caused, `?app=null` those of people."""
        wanted = request.query_params.get("app")
        items = [
            _mail_json(item)
            for item in self._world.exchange.mail
            if wanted is None or (item.cause.app or "null") == wanted
        ]
        return json_answer({"items": items})

    async def requests(self, request: Request) -> Response:
        since = forms.whole_number(request.query_params.get("since"), "since")
        log = self._world.request_log
        items = [entry.as_json() for entry in log.since(since)]
        return json_answer({"items": items, "next": log.last_seq})

    async def changes(self, request: Request) -> Response:
        since = forms.whole_number(request.query_params.get("since"), "since")
        return json_answer(self._feed.since(since))

    async def subscriptions(self, _request: Request) -> Response:
        """Who watches which mailbox, what became of the notifications, what is on its way."""
        return json_answer(state.subscriptions_json(self._world))

    async def list_faults(self, _request: Request) -> Response:
        return json_answer({"items": switches.shown(self._world)})

    async def add_faults(self, request: Request) -> Response:
        body = await forms.read_json(request)
        orders = [body] if isinstance(body, Mapping) else body
        return created({"items": switches.add(self._world, orders)})

    async def clear_faults(self, _request: Request) -> Response:
        self._world.take_back_faults()
        return done()

    async def get_personality(self, _request: Request) -> Response:
        return json_answer(self._world.personality.as_json())

    async def set_personality(self, request: Request) -> Response:
        wanted = await forms.read_object(request)
        try:
            self._world.personality.change(wanted)
        except ValueError as problem:
            raise BadActError(str(problem)) from None
        return json_answer(asdict(self._world.personality))

    async def get_clock(self, _request: Request) -> Response:
        return json_answer(self._clock_json())

    async def advance_clock(self, request: Request) -> Response:
        """`{"advance": seconds, "only": "sandbox"}`; forward only."""
        form = await forms.read_object(request)
        forms.only(form, "advance", "only")
        seconds = forms.number(form, "advance")
        if seconds is None:
            raise BadActError("advance must be a number of seconds")
        if forms.text(form, "only") not in (None, "sandbox"):
            raise BadActError("only can be nothing but sandbox")
        try:
            self._world.clock.advance(seconds, only_sandbox=form.get("only") == "sandbox")
        except ValueError as problem:
            raise BadActError(str(problem)) from None
        return json_answer(self._clock_json())

    async def reset(self, _request: Request) -> Response:
        self._world.reset()
        return json_answer({"now": state.time_text(self._world.clock())})

    def _clock_json(self) -> dict[str, Any]:
        clock = self._world.clock
        return {"now": state.time_text(clock()), "offset_seconds": clock.offset_seconds}


def _mail_json(item: MailItem) -> dict[str, Any]:
    return {
        "at": state.time_text(item.at),
        "kind": item.kind,
        "from": item.from_,
        "to": list(item.to),
        "subject": item.subject,
        "cause": {
            "app": item.cause.app,
            "user_id": item.cause.user_id,
            "request_id": item.cause.request_id,
        },
    }
