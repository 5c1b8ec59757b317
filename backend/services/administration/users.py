"""The firm's people: listed, enabled, assigned and imported by admins (A5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from backend.db import administration, people
from backend.db.administration import Listed, PeopleFilter
from backend.db.crowds import Crowd
from backend.db.models import FirmRow, MailboxRow, UserRow
from backend.db.rows import policy_of
from backend.domain.errors import (
    InvalidFieldsError,
    NotNowError,
    RemoteError,
    UnknownItemError,
)
from backend.domain.event import normalised_address
from backend.domain.policy import UserAddress, mode_in_force
from backend.domain.ports import Calendars, Clock, DirectoryUser, Principal
from backend.domain.problems import advice_for
from backend.services.administration.answers import (
    BulkAnswer,
    NamePlace,
    PeoplePage,
    PersonRow,
    RowResult,
)
from backend.services.administration.office import Admin, Office
from backend.services.administration.operations import (
    SLICE,
    Claimed,
    Operations,
    Slice,
    operation_of,
)
from backend.services.callers import Vault, credentials_of
from backend.services.driving import Ring
from backend.services.reevaluation import judge_again, wake
from backend.sql import Database

MOST_AT_ONCE = 500
"""More rows than that are done in the background."""
NO_ADDRESS = "no_address"
_NO_ADDRESS_TEXT = (
    "The directory has no e-mail address of the kind your firm uses for this user, so calendar"
    " sync cannot be enabled. Give the user one in Microsoft 365 and import again, or choose"
    " another kind of address in the Configuration."
)

Chosen = Sequence[str] | PeopleFilter
"""Ids of users, or everybody whom a list would show."""


class Users:
    """Use cases on a firm's people."""

    def __init__(
        self,
        database: Database,
        office: Office,
        operations: Operations,
        calendars: Calendars,
        vault: Vault,
        clock: Clock,
        ring: Ring,
    ) -> None:
        self._database = database
        self._office = office
        self._operations = operations
        self._calendars = calendars
        self._vault = vault
        self._clock = clock
        self._ring = ring
        for kind in ("enable_sync", "disable_sync", "assign_server"):
            operations.teach(kind, self._next_rows)
        operations.teach("import", self._next_page)

    def page(
        self, principal: Principal, chosen: PeopleFilter, *, limit: int, after: NamePlace | None
    ) -> PeoplePage:
        """A page of the firm's people, by name."""
        admin = self._office.admit(principal)
        place = (after.name, after.id) if after is not None else None
        with self._database.read() as session:
            firm = session.get(FirmRow, admin.firm_id)
            assert firm is not None
            found = administration.list_people(
                session, admin.firm_id, chosen, limit=limit + 1, after=place
            )
            rows = tuple(_person(listed, firm) for listed in found[:limit])
            total = administration.count_people(session, admin.firm_id, chosen)
        is_last = len(found) <= limit
        return PeoplePage(rows, None if is_last else NamePlace(rows[-1].name, rows[-1].id), total)

    def enable(self, principal: Principal, chosen: Chosen) -> BulkAnswer:
        """Enable sync; whoever has no address of the type the firm uses is told apart."""
        return self._bulk(principal, "enable_sync", chosen, {})

    def disable(self, principal: Principal, chosen: Chosen) -> BulkAnswer:
        """Disable sync: records stay, links rest (L8)."""
        return self._bulk(principal, "disable_sync", chosen, {})

    def assign(self, principal: Principal, chosen: Chosen, server_id: str) -> BulkAnswer:
        """Reach these mailboxes through this server from now on.

        Raises: InvalidFieldsError when the firm has no such server.
        """
        admin = self._office.admit(principal)
        with self._database.read() as session:
            if administration.find_server(session, admin.firm_id, server_id) is None:
                raise InvalidFieldsError({"server_id": ["There is no such server."]})
        return self._bulk(principal, "assign_server", chosen, {"server_id": server_id})

    def import_directory(self, principal: Principal, server_id: str | None) -> BulkAnswer:
        """Read all people of the directory through a server, in the background.

        ``server_id``: ``None`` for the firm's only one. Who is new is not decided yet; names and
        addresses of the others follow the directory.

        Raises: NotNowError ``no_online_server``; UnknownItemError.
        """
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            servers = [row for row, _ in administration.list_servers(session, admin.firm_id)]
            if not servers:
                raise NotNowError("Add an online server first.", code="no_online_server")
            server = next((s for s in servers if server_id in (None, s.id)), None)
            if server is None:
                raise UnknownItemError
            argument = {"server_id": server.id}
            row = self._operations.begin(session, admin, "import", argument=argument)
            answer = BulkAnswer(operation=operation_of(row))
        self._operations.wake()
        return answer

    # -- rows ------------------------------------------------------------------------------------

    def _bulk(
        self, principal: Principal, kind: str, chosen: Chosen, argument: Mapping[str, Any]
    ) -> BulkAnswer:
        admin = self._office.admit(principal)
        with self._database.read() as session:
            ids = (
                administration.ids_of_people(session, admin.firm_id, chosen)
                if isinstance(chosen, PeopleFilter)
                else list(dict.fromkeys(chosen))
            )
        if len(ids) > MOST_AT_ONCE:
            with self._database.write.begin() as session:
                row = self._operations.begin(session, admin, kind, argument=argument, ids=ids)
                answer = BulkAnswer(operation=operation_of(row))
            self._operations.wake()
            return answer
        results: list[RowResult] = []
        for begin in range(0, len(ids), SLICE):
            with self._database.write.begin() as session:
                part = ids[begin : begin + SLICE]
                results += self._apply(session, admin, kind, argument, part)
        if results:
            wake(self._ring)
        return BulkAnswer(items=tuple(results))

    def _next_rows(self, claimed: Claimed) -> Slice:
        admin = self._admin_of(claimed)

        def apply(session: Session) -> Sequence[RowResult]:
            return self._apply(session, admin, claimed.kind, claimed.argument, claimed.ids)

        wake(self._ring)
        return Slice(apply, is_last=len(claimed.ids) < SLICE)

    def _apply(
        self,
        session: Session,
        admin: Admin,
        kind: str,
        argument: Mapping[str, Any],
        ids: Sequence[str],
    ) -> list[RowResult]:
        """One slice: what becomes of each id, its lines in the audit, and what follows (S6)."""
        found = administration.lock_people(session, admin.firm_id, ids)
        server_id = argument.get("server_id")
        if server_id and administration.find_server(session, admin.firm_id, server_id) is None:
            return [RowResult(key, ok=False, code="no_online_server") for key in ids]
        changed = {
            key: (user, mailbox)
            for key, (user, mailbox) in found.items()
            if _changes(kind, user, mailbox, server_id)
        }
        if kind != "assign_server":
            for user, _ in changed.values():
                user.enabled_by_admin = kind == "enable_sync"
        for key in changed:
            self._office.note(session, admin, _ACTS[kind], "user", key, _FIELDS[kind])
        session.flush()
        mailboxes = [mailbox.id for _, mailbox in changed.values()]
        if mailboxes:
            judge_again(session, Crowd(mailbox_ids=mailboxes), self._clock())
        if kind == "assign_server":
            # After the links, in the order in which walks lock them and their mailbox.
            for _, mailbox in changed.values():
                mailbox.server_id = server_id
                mailbox.problem = None
        return [_result(kind, key, found.get(key)) for key in ids]

    def _admin_of(self, claimed: Claimed) -> Admin:
        """The admin in whose name a worker acts."""
        assert claimed.by_user_id is not None
        return Admin("", claimed.firm_id, claimed.by_user_id, "")

    # -- the directory ---------------------------------------------------------------------------

    def _next_page(self, claimed: Claimed) -> Slice:
        with self._database.read() as session:
            server = administration.find_server(
                session, claimed.firm_id, claimed.argument["server_id"]
            )
            if server is None:
                raise NotNowError("The server was removed.", code="no_online_server")
            credentials = credentials_of(server, self._vault)
        calendar = self._calendars.as_app(credentials, budget=30)
        domains = _domains(calendar.verified_domains) if claimed.cursor is None else ()
        page = calendar.list_users(claimed.cursor)

        def apply(session: Session) -> Sequence[RowResult]:
            return self._store(session, claimed, page.users, domains, server.id)

        return Slice(apply, is_last=page.link is None, cursor=page.link)

    def _store(
        self,
        session: Session,
        claimed: Claimed,
        found: Sequence[DirectoryUser],
        domains: Sequence[str],
        server_id: str,
    ) -> list[RowResult]:
        firm = session.get(FirmRow, claimed.firm_id)
        assert firm is not None
        if domains and list(domains) != firm.verified_domains:
            firm.verified_domains = list(domains)
            session.flush()
            judge_again(session, Crowd(firm_id=firm.id), self._clock())
        erased = policy_of(firm).erased
        wanted = [
            u
            for u in found
            if u.enabled
            and not u.is_guest
            and u.has_mailbox_plan is not False
            and not erased.holds(u.oid)
        ]
        known = people.find_users(session, firm.id, [user.oid for user in wanted])
        for user in wanted:
            self._keep(session, claimed, firm, known.get(user.oid), user, server_id)
        return [RowResult(user.oid, ok=True) for user in wanted]

    def _keep(
        self,
        session: Session,
        claimed: Claimed,
        firm: FirmRow,
        row: UserRow | None,
        user: DirectoryUser,
        server_id: str,
    ) -> None:
        mail, principal_name = (_address(each) for each in (user.mail, user.principal_name))
        is_mail = firm.user_address is UserAddress.MAIL
        address = mail if is_mail else principal_name
        admin = self._admin_of(claimed)
        if row is None:
            owner = people.add_user(
                session, firm, oid=user.oid, name=user.name, address=address, now=self._clock()
            )
            owner.mailbox.server_id = owner.mailbox.server_id or server_id
            owner.user.mail, owner.user.principal_name = mail, principal_name
            self._office.note(session, admin, "user_imported", "user", owner.user.id)
            return
        row.mail, row.principal_name = mail, principal_name
        changed = [
            name
            for name, old, new in (
                ("name", row.name, user.name[:300] or row.name),
                ("address", row.address, address),
            )
            if old != new
        ]
        if changed:
            row.name, row.address = user.name[:300] or row.name, address
            self._office.note(session, admin, "user_changed", "user", row.id, changed)


_ACTS = {
    "enable_sync": "sync_enabled",
    "disable_sync": "sync_disabled",
    "assign_server": "server_assigned",
}
_FIELDS = {
    "enable_sync": ("enabled_by_admin",),
    "disable_sync": ("enabled_by_admin",),
    "assign_server": ("server_id",),
}


def _changes(kind: str, user: UserRow, mailbox: MailboxRow, server_id: str | None) -> bool:
    if kind == "assign_server":
        return mailbox.server_id != server_id
    if kind == "enable_sync":
        return user.enabled_by_admin is not True and user.address is not None
    return user.enabled_by_admin is not False


def _result(kind: str, key: str, row: tuple[UserRow, MailboxRow] | None) -> RowResult:
    if row is None:
        return RowResult(key, ok=False, code="not_found")
    user, _mailbox = row
    if kind == "enable_sync" and user.address is None:
        return RowResult(key, ok=False, code=NO_ADDRESS, name=user.name)
    if kind == "enable_sync" and user.enabled_by_user is False:
        # The admin's word is stored; the user's own switch still keeps sync off (E4).
        return RowResult(key, ok=True, code="disabled_by_user", name=user.name)
    return RowResult(key, ok=True, name=user.name)


def _person(listed: Listed, firm: FirmRow) -> PersonRow:
    user, mailbox = listed.user, listed.mailbox
    problem = NO_ADDRESS if user.address is None else mailbox.problem
    return PersonRow(
        id=user.id,
        mailbox_id=mailbox.id,
        name=user.name,
        address=user.address,
        server_id=mailbox.server_id,
        server_name=listed.server_name,
        enabled_by_admin=user.enabled_by_admin,
        enabled_by_user=user.enabled_by_user,
        enabled=bool(listed.is_enabled),
        mode=mode_in_force(user.mode, firm.mode),
        paused=mailbox.paused,
        checked_at=listed.watch.checked_at,
        changed_at=mailbox.changed_at,
        written_at=mailbox.written_at,
        state=listed.state,
        problem=problem,
        problem_text=_NO_ADDRESS_TEXT if problem == NO_ADDRESS else advice_for(problem),
    )


def _address(text: str) -> str | None:
    return normalised_address(text)[:320] or None


def _domains(ask: Callable[[], Sequence[str]]) -> Sequence[str]:
    """The directory's own domains; what may not be read does not stop an import."""
    try:
        return ask()
    except RemoteError:
        return ()
