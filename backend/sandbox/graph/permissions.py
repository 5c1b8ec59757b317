"""Which permission each kind of request needs, and whose mailbox a caller may enter.

Graph docs: permissions reference. Delegated scopes reach the user's own mailbox; that of somebody
else needs a `.Shared` scope and rights granted by its owner. App permissions reach every mailbox of
the tenant.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.sandbox.directory import DelegateRights, MailboxState, Person
from backend.sandbox.exchange.errors import mailbox_not_enabled
from backend.sandbox.exchange.model import StoredEvent
from backend.sandbox.graph.call import Call
from backend.sandbox.graph.caller import Caller
from backend.sandbox.graph.errors import (
    GraphError,
    access_denied,
    insufficient_privileges,
)
from backend.sandbox.graph.world import GraphWorld

_READ_OWN = frozenset(
    ("Calendars.Read", "Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared")
)
_WRITE_OWN = frozenset(("Calendars.ReadWrite", "Calendars.ReadWrite.Shared"))
_READ_SHARED = frozenset(("Calendars.Read.Shared", "Calendars.ReadWrite.Shared"))
_WRITE_SHARED = frozenset(("Calendars.ReadWrite.Shared",))
_READ_APP = frozenset(("Calendars.Read", "Calendars.ReadWrite"))
_WRITE_APP = frozenset(("Calendars.ReadWrite",))
_BASIC = frozenset(("Calendars.ReadBasic", "Calendars.ReadBasic.All"))
_READ_SETTINGS = frozenset(("MailboxSettings.Read", "MailboxSettings.ReadWrite"))
_WRITE_SETTINGS = frozenset(("MailboxSettings.ReadWrite",))
_DIRECTORY = frozenset(("Directory.Read.All", "Directory.ReadWrite.All"))
_ALL_USERS = _DIRECTORY | {"User.Read.All", "User.ReadWrite.All"}
_BASIC_USERS = _ALL_USERS | {"User.ReadBasic.All"}
_OWN_USER = _BASIC_USERS | {"User.Read", "User.ReadWrite"}
_GROUPS = _DIRECTORY | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.Read.All"}
_ORGANIZATION = _DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All"}


@dataclass(frozen=True, slots=True)
class Access:
    """What the caller may do in one mailbox.

    `shared` are the rights that others gave the owner in calendars he added, by calendar.
    """

    owner: Person
    can_write: bool
    can_see_private: bool
    is_basic: bool = False
    shared: Mapping[str, DelegateRights] = field(default_factory=dict)

    def refuse_private(self, event: StoredEvent) -> None:
        """Raises GraphError 403 for a private event that the caller may not look into."""
        if self.hides(event):
            raise access_denied()

    def hides(self, event: StoredEvent) -> bool:
        """Whether the caller may not look into this event."""
        if event.fields["sensitivity"] != "private":
            return False
        return not self.sees_private_of(event.calendar_id)

    def sees_private_of(self, calendar_id: str) -> bool:
        """Whether the caller may look into private events of this calendar."""
        rights = self.shared.get(calendar_id)
        return self.can_see_private and (rights is None or rights.see_private)

    def writes_to(self, calendar_id: str) -> bool:
        """Whether the caller may change what is in this calendar."""
        rights = self.shared.get(calendar_id)
        return self.can_write and (rights is None or rights.write)


def calendar_access(call: Call, owner: Person, *, write: bool = False) -> Access:
    """The caller's access to somebody's calendars; raises GraphError 403 `ErrorAccessDenied`."""
    caller = call.caller
    if caller.user is None:
        return _app_access(_in_mailbox(call, owner), owner, write=write)
    if caller.user.id == owner.id:
        return _own_access(caller.scopes, owner, write=write)
    needed = _WRITE_SHARED if write else _READ_SHARED
    rights = call.world.directory.delegate_rights(owner.id, caller.user.id)
    if rights is None or not caller.scopes & needed:
        raise access_denied()
    if not (rights.write if write else rights.read or rights.write):
        raise access_denied()
    can_write = rights.write and bool(caller.scopes & _WRITE_SHARED)
    return Access(owner, can_write, rights.see_private)


def _app_access(granted: frozenset[str], owner: Person, *, write: bool) -> Access:
    can_write = bool(granted & _WRITE_APP)
    if write and not can_write:
        raise access_denied()
    if granted & _READ_APP:
        return Access(owner, can_write, can_see_private=True)
    if granted & _BASIC:
        return Access(owner, can_write=False, can_see_private=True, is_basic=True)
    raise access_denied()


def _own_access(scopes: frozenset[str], owner: Person, *, write: bool) -> Access:
    can_write = bool(scopes & _WRITE_OWN)
    if write and not can_write:
        raise access_denied()
    if scopes & _READ_OWN:
        return Access(owner, can_write, can_see_private=True)
    if scopes & _BASIC:
        return Access(owner, can_write=False, can_see_private=True, is_basic=True)
    raise access_denied()


def require_settings(call: Call, owner: Person, *, write: bool = False) -> None:
    """Master categories need MailboxSettings.*; delegated, only in one's own mailbox."""
    needed = _WRITE_SETTINGS if write else _READ_SETTINGS
    caller = call.caller
    granted = _in_mailbox(call, owner) if caller.user is None else caller.scopes
    if not granted & needed:
        raise access_denied()
    if caller.user is not None and caller.user.id != owner.id:
        raise access_denied()


def require_translation(call: Call, owner: Person) -> None:
    """translateExchangeIds: User.Read for oneself, User.ReadBasic.All for others."""
    caller = call.caller
    is_own = caller.user is not None and caller.user.id == owner.id
    needed = _ALL_USERS if caller.user is None else _OWN_USER if is_own else _BASIC_USERS
    if not _granted(caller) & needed:
        raise access_denied()


def require_user_reading(call: Call, person: Person | None) -> bool:
    """Reading people; `person` None means all. Answers whether only basic members are shown.

    Raises GraphError 403 `Authorization_RequestDenied`.
    """
    caller = call.caller
    granted = _granted(caller)
    if granted & _ALL_USERS:
        return False
    is_own = person is not None and caller.user is not None and caller.user.id == person.id
    if is_own and granted & _OWN_USER:
        return False
    if caller.user is not None and "User.ReadBasic.All" in granted:
        return True
    raise insufficient_privileges()


def require_groups(call: Call) -> None:
    """Reading groups; raises GraphError 403 `Authorization_RequestDenied`."""
    if not _granted(call.caller) & _GROUPS:
        raise insufficient_privileges()


def require_organization(call: Call) -> None:
    """Reading the firm; a signed-in user may with User.Read. Raises GraphError 403."""
    caller = call.caller
    allowed = _ORGANIZATION | ({"User.Read"} if caller.user is not None else frozenset())
    if not _granted(caller) & allowed:
        raise insufficient_privileges()


def signed_in(caller: Caller) -> Person:
    """The user that `/me` means; raises GraphError 400 for an app-only token."""
    if caller.user is None:
        raise GraphError(
            400, "BadRequest", "/me request is only valid with delegated authentication flow."
        )
    return caller.user


def person_for_mailbox(world: GraphWorld, caller: Caller, key: str) -> Person:
    """The owner of the mailbox a path names; raises GraphError 404 `ErrorInvalidUser`.

    A mailbox that is being moved or was lost refuses everybody: GraphError 404, 503.
    """
    found = world.directory.person(caller.tenant_id, key)
    if found is None:
        raise GraphError(404, "ErrorInvalidUser", f"The requested user '{key[:200]}' is invalid.")
    state = world.directory.mailbox_states.get(found.id)
    if state is not None:
        state.asked += 1
        _check_state(state, by_name=key.casefold() != found.id)
    return found


def _check_state(state: MailboxState, *, by_name: bool) -> None:
    """Raises what is seen of mailboxes that are not in order (graph.md 5.5)."""
    if state.name == "moving" or (state.name == "moving_by_name" and by_name):
        raise GraphError(503, "MailboxInfoStale", "Mailbox info is stale.")
    if state.name == "undiscoverable" and state.asked % 2:
        raise GraphError(404, "ResourceNotFound", "Resource could not be discovered.")
    if state.name in ("inactive", "undiscoverable"):
        raise mailbox_not_enabled()


def is_of_mailboxes(permission: str) -> bool:
    """Whether Exchange can grant the permission mailbox by mailbox."""
    return permission.startswith(("Calendars.", "MailboxSettings.", "Mail.", "Contacts."))


def _in_mailbox(call: Call, owner: Person) -> frozenset[str]:
    """What an application may do in one mailbox: Entra's grants and Exchange's, or a policy.

    Raises GraphError 403 `ErrorAccessDenied` for a mailbox outside an access policy.
    """
    caller = call.caller
    tenant = call.world.directory.tenants[caller.tenant_id]
    scope = tenant.mailbox_scopes.get(caller.client_id)
    if scope is None:
        return caller.app_permissions
    is_inside = owner.id in scope.person_ids
    if scope.permissions is not None:
        return caller.app_permissions | (scope.permissions if is_inside else frozenset())
    if not is_inside:
        raise GraphError(
            403,
            "ErrorAccessDenied",
            "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly "
            "AccessPolicy settings.",
        )
    return caller.app_permissions


def _granted(caller: Caller) -> frozenset[str]:
    return caller.app_permissions if caller.user is None else caller.scopes
