"""What people arrange in Outlook beside events: categories, calendars, and who may see them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from backend.sandbox.control import acting, forms
from backend.sandbox.control.answers import created, done, json_answer
from backend.sandbox.control.forms import BadActError
from backend.sandbox.directory import DelegateRights, Person
from backend.sandbox.exchange import categories
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Calendar, MasterCategory
from backend.sandbox.graph.render import category_json
from backend.sandbox.world import World

MAX_NAME = 255
COLORS = frozenset(["none", *(f"preset{number}" for number in range(25))])


class OutlookSettings:
    """Routes below `/_sandbox/mailboxes/{address}`; the caller is the mailbox's owner."""

    def __init__(self, world: World) -> None:
        self._world = world

    # --- categories ---------------------------------------------------------------------------

    async def list_categories(self, request: Request) -> Response:
        """The master list of categories with their colours."""
        rows = [category_json(each) for each in self._mailbox(request).categories.values()]
        return json_answer({"items": rows})

    async def create_category(self, request: Request) -> Response:
        """`{"displayName", "color"}`: a new one; 409 for a name that is there."""
        mailbox = self._mailbox(request)
        form = await forms.read_object(request)
        forms.only(form, "displayName", "color")
        category = mailbox.add_category(_name(form, "displayName"), _color(form, "none"))
        return created(category_json(category))

    async def change_category(self, request: Request) -> Response:
        """`{"displayName", "color"}`, both optional: another name goes to all items with the old.

        The category is named by id or name. Answers it with `renamed`, how many items changed.
        """
        mailbox = self._mailbox(request)
        category = self._category(request, mailbox)
        form = await forms.read_object(request)
        forms.only(form, "displayName", "color")
        color = _color(form, category.color)
        renamed = 0
        if "displayName" in form:
            name = _name(form, "displayName")
            cause = acting.cause_of(request)
            renamed = categories.rename(mailbox, category, name, cause)
        category.color = color
        return json_answer({**category_json(category), "renamed": renamed})

    async def delete_category(self, request: Request) -> Response:
        """Out of the master list; items keep the name, which then has no colour."""
        mailbox = self._mailbox(request)
        del mailbox.categories[self._category(request, mailbox).id]
        return done()

    # --- calendars ----------------------------------------------------------------------------

    async def list_calendars(self, request: Request) -> Response:
        """The calendars of the mailbox, those of others that were added with `shared_by`."""
        calendars = self._mailbox(request).calendars.values()
        return json_answer({"items": [self._shown(each) for each in calendars]})

    async def add_calendar(self, request: Request) -> Response:
        """`{"shared_by": address, "calendar": id or name}`: the person adds a shared calendar.

        The default one unless another is named. 403 if it is not shared with him.
        """
        sharee = acting.owner_of(self._world, request)
        form = await forms.read_object(request)
        forms.only(form, "shared_by", "calendar")
        owner = self._person(form, "shared_by")
        exchange = self._world.exchange
        wanted = forms.text(form, "calendar")
        calendars = exchange.mailbox(owner.id).calendars.values()
        found = [each.id for each in calendars if wanted in (each.id, each.name)]
        if wanted is not None and not found:
            raise BadActError(f"{owner.address} has no calendar {wanted!r}", 404, "no_calendar")
        calendar = exchange.shared.accept(sharee, owner, found[0] if found else None)
        return created(self._shown(calendar))

    async def remove_calendar(self, request: Request) -> Response:
        """An added calendar leaves the person's list; the owner keeps it."""
        mailbox = self._mailbox(request)
        calendar = mailbox.calendar(request.path_params["calendar_id"])
        if not calendar.is_shared:
            raise BadActError("only a calendar that somebody else shares can be taken off")
        self._world.exchange.shared.leave(mailbox, calendar, acting.cause_of(request))
        return done()

    async def share(self, request: Request) -> Response:
        """`{"with": address, "write", "see_private"}`: what a colleague may do from now on."""
        owner = acting.owner_of(self._world, request)
        form = await forms.read_object(request)
        forms.only(form, "with", "write", "see_private")
        sharee = self._person(form, "with")
        if sharee.id == owner.id or sharee.tenant_id != owner.tenant_id:
            raise BadActError("with must be a colleague of the same firm")
        rights = DelegateRights(
            read=True, write=forms.flag(form, "write"), see_private=forms.flag(form, "see_private")
        )
        self._world.directory.grant_delegate(owner.id, sharee.id, rights)
        return created(
            {"with": sharee.address, "write": rights.write, "see_private": rights.see_private}
        )

    async def share_no_longer(self, request: Request) -> Response:
        """`?with=`: the colleague may do nothing any more, and what he added is gone."""
        owner = acting.owner_of(self._world, request)
        sharee = self._person(dict(request.query_params), "with")
        self._world.exchange.shared.withdraw(owner, sharee)
        return done()

    # --- inside -------------------------------------------------------------------------------

    def _mailbox(self, request: Request) -> Mailbox:
        owner = acting.owner_of(self._world, request)
        return self._world.exchange.mailbox(owner.id)

    def _category(self, request: Request, mailbox: Mailbox) -> MasterCategory:
        wanted = str(request.path_params["category"]).casefold()
        for category in mailbox.categories.values():
            if wanted in (category.id, category.name.casefold()):
                return category
        raise BadActError("there is no such category", 404, "no_category")

    def _person(self, form: dict[str, Any], name: str) -> Person:
        key = forms.text(form, name) or ""
        found = acting.person_at(self._world, key)
        if found is None:
            raise BadActError(f"{name} must be the address of somebody, not {key!r}")
        return found

    def _shown(self, calendar: Calendar) -> dict[str, Any]:
        sharer = self._world.directory.person_by_id(calendar.owner_id or "")
        return {
            "id": calendar.id,
            "name": calendar.name,
            "default": calendar.is_default,
            "shared_by": sharer.address if sharer else None,
        }


def _name(form: dict[str, Any], member: str) -> str:
    name = forms.text(form, member) or ""
    if not name.strip() or len(name) > MAX_NAME:
        raise BadActError(f"{member} must be a text of at most {MAX_NAME} characters")
    return name


def _color(form: dict[str, Any], default: str) -> str:
    color = (forms.text(form, "color") or default).casefold()
    if color not in COLORS:
        raise BadActError("color must be none or preset0 to preset24")
    return color
