"""*Test* of an online server: what works is shown by trying it, what does not gets words (A4).

Nothing is read but one page of changes, one of people and the tenant's domains; nothing is written
in Outlook. A subscription is made to see whether Graph reaches our notification address.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.db import administration
from backend.db.administration import PeopleFilter
from backend.db.models import FirmRow
from backend.domain.competing import Mark, marks_of
from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
    UnknownItemError,
)
from backend.domain.ports import (
    Calendar,
    Calendars,
    Clock,
    Hooks,
    Mailbox,
    Principal,
    ServerCredentials,
    Window,
)
from backend.domain.problems import advice_for, problem_of
from backend.services.administration.answers import ServerCheck, ServerTest
from backend.services.administration.competing import look_for
from backend.services.administration.office import Admin, Office
from backend.services.callers import Vault, credentials_of
from backend.services.subscriptions import Addresses, ClientStates
from backend.sql import Database

BUDGET = 40.0
"""Seconds for all of it; Graph alone takes up to 20 for a handshake."""
MOST_MAILBOXES = 3
_TRIAL = timedelta(minutes=20)

_SIGN_IN: Mapping[str, tuple[str, str, str]] = {
    "AADSTS7000215": (
        "wrong_secret",
        "Microsoft does not accept the client secret.",
        "Enter the secret's value (not its ID) from Certificates & secrets of the app"
        " registration.",
    ),
    "AADSTS7000222": (
        "expired_secret",
        "The client secret has expired.",
        "Make a new client secret in the app registration and enter it here.",
    ),
    "AADSTS700027": (
        "wrong_certificate",
        "Microsoft does not accept the certificate: it has expired, or the app registration does"
        " not know it.",
        "Upload the certificate to the app registration, and the same one with its private key"
        " here.",
    ),
    "certificate_unreadable": (
        "wrong_certificate",
        "The stored certificate cannot be used.",
        "Upload a PEM with the certificate and its private key.",
    ),
    "AADSTS90002": (
        "wrong_tenant",
        "Microsoft knows no organisation with this tenant ID.",
        "Copy the Directory (tenant) ID from the overview page of the app registration.",
    ),
    "unknown_tenant": (
        "wrong_tenant",
        "Microsoft knows no organisation with this tenant ID.",
        "Copy the Directory (tenant) ID from the overview page of the app registration.",
    ),
    "AADSTS700016": (
        "unknown_client",
        "This organisation has no application with this client ID.",
        "Copy the Application (client) ID of the app registration, and have an administrator"
        " consent to it.",
    ),
    "unknown_cloud": (
        "unknown_cloud",
        "This cloud is not one of Microsoft's.",
        "Choose the cloud in which your organisation is.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A mailbox to try."""

    mailbox: Mailbox
    mailbox_id: str
    name: str
    is_watched: bool
    is_subscribed: bool


class ServerTesting:
    """Tries what a server needs, one thing after the other."""

    def __init__(
        self,
        database: Database,
        office: Office,
        calendars: Calendars,
        vault: Vault,
        states: ClientStates,
        addresses: Addresses | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._office = office
        self._calendars = calendars
        self._vault = vault
        self._states = states
        self._addresses = addresses
        self._clock = clock

    def test(self, principal: Principal, server_id: str, mailbox: str | None = None) -> ServerTest:
        """Try everything; ``mailbox`` names the address of one that must be readable.

        Raises: UnknownItemError.
        """
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            row = administration.find_server(session, admin.firm_id, server_id)
            if row is None:
                raise UnknownItemError
            firm = session.get(FirmRow, admin.firm_id)
            assert firm is not None
            credentials = credentials_of(row, self._vault)
            can_write, has_domains = row.can_write, bool(firm.further_domains)
            marks = marks_of(firm.competing_marks)
            self._office.note(session, admin, "server_tested", "server", row.id)
        signed_in = self._sign_in(admin, credentials)
        if not signed_in.ok:
            return ServerTest((signed_in,))
        calendar = self._calendars.as_app(credentials, budget=BUDGET)
        directory, found = self._directory(admin, calendar)
        candidates = self._candidates(admin, server_id, mailbox) or found
        calendars, readable = self._read(calendar, candidates)
        checks = [
            signed_in,
            *calendars,
            _writing(can_write),
            directory,
            _domains(calendar, has_domains=has_domains),
            _competing(calendar, readable, marks, self._clock()),
            self._notifications(calendar, readable),
        ]
        return ServerTest(tuple(checks))

    def _sign_in(self, admin: Admin, credentials: ServerCredentials) -> ServerCheck:
        try:
            self._calendars.sign_in_anew(credentials, budget=BUDGET)
        except TransientRemoteError:
            return ServerCheck(
                "entra_unreachable",
                ok=False,
                text="Microsoft's sign-in service does not answer.",
                fix="Try again in a few minutes; check the connection to the internet.",
            )
        except SyncError as error:
            code = error.remote_code if isinstance(error, RemoteError) else error.code
            known = _SIGN_IN.get(code or "")
            if known is not None:
                return ServerCheck(known[0], ok=False, text=known[1], fix=known[2])
            return ServerCheck(
                "sign_in_refused",
                ok=False,
                text=f"Microsoft refused the sign-in ({code or 'no code'}).",
                fix="Check tenant ID, client ID and secret, and the app registration's consent.",
            )
        if credentials.tenant_id.casefold() != admin.tenant_id.casefold():
            return ServerCheck(
                "wrong_tenant",
                ok=False,
                text="The server signs in to another organisation than your firm's.",
                fix="Enter the tenant ID of the organisation that your users belong to.",
            )
        return ServerCheck("sign_in", ok=True, text="Signing in to Microsoft works.")

    def _candidates(self, admin: Admin, server_id: str, named: str | None) -> list[_Candidate]:
        """Mailboxes of the server: the named one first; else some users' by name."""
        chosen = PeopleFilter(server_id=server_id) if named is None else PeopleFilter(q=named)
        with self._database.read() as session:
            found = administration.list_people(session, admin.firm_id, chosen, limit=50, after=None)
            ready = [one for one in found if one.user.address]
            if named is not None:
                ready = [one for one in ready if one.user.address == named.strip().lower()]
                others = PeopleFilter(server_id=server_id)
                ready += administration.list_people(
                    session, admin.firm_id, others, limit=MOST_MAILBOXES, after=None
                )
            return [
                _Candidate(
                    Mailbox(admin.tenant_id, one.user.oid, one.user.address or ""),
                    one.mailbox.id,
                    one.user.address or one.user.name,
                    is_watched=one.is_enabled,
                    is_subscribed=one.watch.subscription_id is not None,
                )
                for one in _without_doubles(ready)
            ][:MOST_MAILBOXES]

    def _directory(self, admin: Admin, calendar: Calendar) -> tuple[ServerCheck, list[_Candidate]]:
        try:
            page = calendar.list_users()
        except SyncError as error:
            return (
                _failed(
                    error,
                    "missing_directory_permission",
                    "The server may not read the directory, so users cannot be imported.",
                    "Grant the application permission User.Read.All and consent to it.",
                ),
                [],
            )
        people = [user for user in page.users if user.has_mailbox_plan and not user.is_guest]
        found = [
            _Candidate(
                Mailbox(admin.tenant_id, user.oid, user.mail),
                user.oid,
                user.mail or user.name,
                is_watched=False,
                is_subscribed=False,
            )
            for user in people[:MOST_MAILBOXES]
        ]
        return ServerCheck("directory", ok=True, text="The directory can be read."), found

    def _read(
        self, calendar: Calendar, candidates: Sequence[_Candidate]
    ) -> tuple[list[ServerCheck], list[_Candidate]]:
        """The permission for calendars, and the first mailbox, which others may contradict."""
        if not candidates:
            text = "There is no mailbox to try: import users first."
            return [ServerCheck("no_mailbox", ok=False, text=text, fix=text)], []
        now = self._clock()
        outcomes = [(one, _try_reading(calendar, one.mailbox, now)) for one in candidates]
        readable = [one for one, error in outcomes if error is None]
        refused = [one for one, error in outcomes if _is_refusal(error)]
        if refused and not readable:
            return [
                ServerCheck(
                    "missing_calendar_permission",
                    ok=False,
                    text="The server may not read calendars: none of the mailboxes tried could be"
                    " read.",
                    fix="Grant the application permission Calendars.Read (or Calendars.ReadWrite)"
                    " and consent to it; if access is limited to some mailboxes, include your"
                    " users.",
                )
            ], []
        checks = []
        if readable:
            checks.append(ServerCheck("calendars", ok=True, text="Calendars may be read."))
        for one, error in outcomes:
            if error is None:
                continue
            checks.append(_mailbox_check(one, error))
        first, error = outcomes[0]
        if error is None:
            text = f"The mailbox {first.name} can be read."
            checks.append(ServerCheck("mailbox", ok=True, text=text))
        return checks, readable

    def _notifications(self, calendar: Calendar, readable: Sequence[_Candidate]) -> ServerCheck:
        """Whether Graph reaches us: it calls our addresses before it answers a subscription."""
        if self._addresses is None:
            return ServerCheck(
                "notifications_off",
                ok=True,
                text="No notification address is set: calendars are read every 15 minutes.",
            )
        if not readable:
            return ServerCheck(
                "notifications_untried",
                ok=False,
                text="The notification address could not be tried without a readable mailbox.",
                fix="Mend the checks above and test again.",
            )
        # One whose subscription nobody else keeps can be given back at once.
        one = min(readable, key=lambda each: (each.is_subscribed, each.is_watched))
        hooks = Hooks(
            self._addresses.notification_url,
            self._addresses.lifecycle_url,
            self._states.of(one.mailbox_id),
        )
        works = ServerCheck(
            "notifications", ok=True, text="Microsoft reaches our notification address."
        )
        try:
            made = calendar.subscribe(one.mailbox, hooks, self._clock() + _TRIAL)
            if not one.is_watched:
                calendar.unsubscribe(made.id)
        except RemoteConflictError:
            text = "Microsoft sends notifications for the mailbox that was tried already."
            return ServerCheck("notifications", ok=True, text=text)
        except RemoteRejectedError:
            return ServerCheck(
                "notification_unreachable",
                ok=False,
                text="Microsoft does not reach our notification address"
                f" {self._addresses.notification_url}.",
                fix="Make the address reachable from the internet over https, with a valid"
                " certificate, and let it answer within 10 seconds.",
            )
        except SyncError as error:
            return _failed(
                error,
                "subscription_refused",
                "Microsoft refused a subscription to changes.",
                "Grant the application permission Calendars.Read and consent to it.",
            )
        return works


def _try_reading(calendar: Calendar, mailbox: Mailbox, now: datetime) -> SyncError | None:
    try:
        calendar.read_changes(mailbox, Window(now, now + timedelta(hours=1)))
    except SyncError as error:
        return error
    return None


def _is_refusal(error: SyncError | None) -> bool:
    return isinstance(error, RemoteAccessError) and error.status == 403


def _mailbox_check(one: _Candidate, error: SyncError) -> ServerCheck:
    """Others may be read, so a refusal speaks of this mailbox alone."""
    if _is_refusal(error):
        return ServerCheck(
            "mailbox_out_of_scope",
            ok=False,
            text=f"The server may read other mailboxes, but not {one.name}.",
            fix="Include the mailbox in the application access policy, or in the scope of the"
            " server's role in Exchange Online.",
        )
    problem = problem_of(error, 1)
    if problem is None:
        return ServerCheck(
            "graph_unavailable",
            ok=False,
            text=f"Microsoft 365 did not answer for {one.name}.",
            fix="Try again in a few minutes.",
        )
    text = f"The mailbox {one.name} cannot be read."
    return ServerCheck(problem.value, ok=False, text=text, fix=advice_for(problem))


def _competing(
    calendar: Calendar, readable: Sequence[_Candidate], marks: Sequence[Mark], now: datetime
) -> ServerCheck:
    """Whether another sync has left its marks in the mailboxes that were tried (A2)."""
    found = look_for(marks, [(calendar, one.mailbox) for one in readable], now)
    if not found:
        text = "No other calendar sync was found in the mailboxes tried."
        return ServerCheck("competing_sync", ok=True, text=text)
    named = ", ".join(
        f"{finding.mark.product or 'a sync your firm named'} (“{finding.mark.text}”,"
        f" {finding.events} {'event' if finding.events == 1 else 'events'})"
        for finding in found
    )
    return ServerCheck(
        "competing_sync",
        ok=False,
        text=f"Another calendar sync seems to be at work: {named}.",
        fix="Switch it off before you enable this one, or meetings come into the CRM twice.",
    )


def _writing(can_write: bool | None) -> ServerCheck:
    """Told by what happened, as only a write can show it and none is harmless."""
    text = {
        True: "The category has been written before.",
        False: "Microsoft refused to write the category. Records are kept all the same; grant"
        " Calendars.ReadWrite to have it shown in Outlook.",
        None: "Whether the category may be written shows with the first event.",
    }[can_write]
    return ServerCheck("write_categories", ok=True, text=text)


def _domains(calendar: Calendar, *, has_domains: bool) -> ServerCheck:
    try:
        found = calendar.verified_domains()
    except SyncError as error:
        if has_domains:
            text = "The firm's domains cannot be read; those added by hand count."
            return ServerCheck("own_domains", ok=True, text=text)
        return _failed(
            error,
            "missing_organization_permission",
            "The server may not read the firm's own domains.",
            "Grant Organization.Read.All and consent to it, or add your domains by hand.",
        )
    return ServerCheck("own_domains", ok=True, text=f"The firm has {len(found)} domains.")


def _failed(error: SyncError, code: str, text: str, fix: str) -> ServerCheck:
    if isinstance(error, TransientRemoteError):
        return ServerCheck(
            "graph_unavailable",
            ok=False,
            text="Microsoft 365 does not answer at the moment.",
            fix="Try again in a few minutes.",
        )
    return ServerCheck(code, ok=False, text=text, fix=fix)


def _without_doubles(
    people: Sequence[administration.Listed],
) -> list[administration.Listed]:
    return list({one.user.id: one for one in people}.values())
