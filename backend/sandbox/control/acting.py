"""Whose Outlook an act of the control plane happens in, and who acts there."""

from starlette.requests import Request

from backend.sandbox.control.forms import BadActError
from backend.sandbox.directory import Person
from backend.sandbox.exchange.model import Cause, StoredEvent
from backend.sandbox.world import World


def owner_of(world: World, request: Request) -> Person:
    """The owner of the mailbox in the path, who acts himself unless `?as=` names a delegate.

    Fills the log line. Raises BadActError 404 for nobody, 403 for a delegate without the right.
    """
    owner = person_at(world, request.path_params["address"])
    if owner is None:
        raise BadActError(
            f"there is no mailbox {request.path_params['address']!r}", 404, "no_mailbox"
        )
    acting = _acting(world, request, owner)
    request.state.acting = acting
    entry = request.state.log_entry
    entry.user, entry.mailbox = acting.address, owner.address
    return owner


def person_at(world: World, key: str) -> Person | None:
    """Whoever has this address, principal name or object id."""
    found = world.directory.by_address(key)
    if isinstance(found, Person):
        return found
    candidates = (world.directory.person(tenant_id, key) for tenant_id in world.directory.tenants)
    return next((candidate for candidate in candidates if candidate), None)


def _acting(world: World, request: Request, owner: Person) -> Person:
    key = request.query_params.get("as")
    if not key:
        return owner
    found = world.directory.by_address(key)
    if not isinstance(found, Person):
        raise BadActError(f"there is nobody with the address {key!r}", 404, "no_person")
    rights = world.directory.delegate_rights(owner.id, found.id)
    may_act = rights is not None and (rights.write or request.method == "GET")
    if found.id != owner.id and not may_act:
        reason = f"{found.address} may not do this in the calendar of {owner.address}"
        raise BadActError(reason, 403, "no_right")
    return found


def cause_of(request: Request) -> Cause:
    """The person who acts, once `owner_of` has looked."""
    acting: Person = request.state.acting
    return Cause(app=None, user_id=acting.id, request_id=request.state.request_id)


def hides(world: World, request: Request, event: StoredEvent) -> bool:
    """Whether a private event is kept from whoever acts: a delegate, or a sharee in his own list.

    As in Outlook he sees that somebody is busy, and nothing else.
    """
    acting: Person = request.state.acting
    if event.fields["sensitivity"] != "private":
        return False
    calendar = event.mailbox.calendars.get(event.calendar_id)
    if calendar is not None and calendar.is_shared:
        given = world.exchange.shared.rights(calendar, event.owner_id)
        if not given.see_private:
            return True
    if acting.id == event.owner_id:
        return False
    rights = world.directory.delegate_rights(event.owner_id, acting.id)
    return rights is None or not rights.see_private
