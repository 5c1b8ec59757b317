"""Reads the world over HTTP: calendars from Graph, records and contacts from the CRM's API.

Only tokens come from the control plane; everything else is asked as any client would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from time import sleep
from typing import Any

import requests

from tests.storm.world import Attendee, Contact, Copy, Directory, Firm, Mail, Member, Record, World

_PAGE = 200
_TIMEOUT = 60
_VIEW_EACH_WAY = timedelta(days=92)


class Reader:
    """``sandbox`` and ``web`` are base addresses; ``applications`` the client ids that are ours."""

    def __init__(self, sandbox: str, web: str, applications: Iterable[str]) -> None:
        self._sandbox = sandbox
        self._web = web
        self._applications = tuple(applications)
        self._session = requests.Session()
        self._session.trust_env = False
        self._changes = -1
        self._read: dict[str, tuple[Copy, ...]] = {}

    def world(
        self,
        firm: Firm,
        members: Iterable[Member],
        *,
        reader: str,
        began: datetime,
        owners: Iterable[str] = (),
        known: World | None = None,
    ) -> World:
        """Everything as it is now, read as ``reader``, who must be an admin of the firm.

        A private contact is shown to its owner only; ``owners`` are asked, too. ``known``: take
        contacts and directory from there. Mailboxes without a change are not read again.
        """
        state = self._control("GET", "/state")
        graph = self._token(audience="graph", app=True, tenant=firm.tenant_id)
        by_address = {member.address: member for member in members}
        self._forget_changed()
        copies: list[Copy] = []
        for person in _people(state, firm.tenant_id):
            if person["mailbox"]:
                if person["address"] not in self._read:
                    self._read[person["address"]] = tuple(self._copies(graph, person))
                copies += self._read[person["address"]]
        return World(
            now=moment(state["now"]),
            began=began,
            firm=firm,
            members=by_address,
            copies=tuple(copies),
            records=tuple(self._records(reader)),
            contacts=known.contacts if known else tuple(self._contacts([reader, *owners])),
            directory=known.directory if known else self._directory(graph),
            mails=tuple(self._mails()),
        )

    def _forget_changed(self) -> None:
        """Before they are read: what changes meanwhile is read again the next time."""
        news = self._control("GET", f"/changes?since={max(self._changes, 0)}")
        if self._changes < 0:
            self._read.clear()
        for address in news["mailboxes"]:
            self._read.pop(address, None)
        self._changes = news["next"]

    # --- Graph ------------------------------------------------------------------------------------

    def _copies(self, token: str, person: Mapping[str, Any]) -> Iterator[Copy]:
        """Singles and masters of all calendars, and the instances of series."""
        base = f"/users/{person['id']}"
        at_home = {row["id"] for row in self._graph(token, f"{base}/calendar/events?$top=500")}
        for row in self._graph(token, f"{base}/events?$top=500"):
            yield copy_of(row, person["address"], in_default_calendar=row["id"] in at_home)
        now = moment(self._control("GET", "/clock")["now"])
        begin, end = now - _VIEW_EACH_WAY, now + _VIEW_EACH_WAY
        view = f"{base}/calendarView?startDateTime={_wire(begin)}&endDateTime={_wire(end)}&$top=500"
        for row in self._graph(token, view):
            if row["type"] != "singleInstance":
                yield copy_of(row, person["address"])

    def _directory(self, token: str) -> Directory:
        aliases: dict[str, frozenset[str]] = {}
        for row in self._graph(token, "/users?$select=id,mail,proxyAddresses&$top=999"):
            addresses = _addresses(row)
            aliases |= dict.fromkeys(addresses, addresses)
        groups: set[str] = set()
        for row in self._graph(token, "/groups?$select=id,mail,proxyAddresses&$top=999"):
            groups |= _addresses(row)
        return Directory(aliases, frozenset(groups))

    def _graph(self, token: str, path: str) -> Iterator[Mapping[str, Any]]:
        headers = {
            "Authorization": f"Bearer {token}",
            "Prefer": 'IdType="ImmutableId", outlook.timezone="UTC"',
        }
        address: str | None = f"{self._sandbox}/v1.0{path}"
        while address:
            page = self._answer(partial(self._get, address, headers))
            yield from page["value"]
            address = page.get("@odata.nextLink")

    # --- the CRM ----------------------------------------------------------------------------------

    def _records(self, reader: str) -> Iterator[Record]:
        for row in self._crm(reader, "/activities"):
            yield record_of(row)

    def _contacts(self, readers: Iterable[str]) -> Iterator[Contact]:
        seen: set[str] = set()
        for number, reader in enumerate(dict.fromkeys(readers)):
            path = "/contacts" if number == 0 else "/contacts?private=true"
            for row in self._crm(reader, path):
                if row["id"] not in seen:
                    seen.add(row["id"])
                    yield _contact(row)

    def _crm(self, reader: str, path: str) -> Iterator[Mapping[str, Any]]:
        headers = {"Authorization": f"Bearer {self._token(user=reader)}"}
        glue = "&" if "?" in path else "?"
        cursor = ""
        while True:
            url = f"{self._web}/crm/api{path}{glue}limit={_PAGE}{cursor}"
            page = self._answer(partial(self._get, url, headers))
            yield from page["items"]
            if not page["next"]:
                return
            cursor = f"&cursor={page['next']}"

    # --- the control plane ------------------------------------------------------------------------

    def _mails(self) -> Iterator[Mail]:
        for app in self._applications:
            for row in self._control("GET", f"/mail?app={app}")["items"]:
                yield Mail(row["kind"], row["subject"], app)

    def _token(self, **form: Any) -> str:
        return str(self._control("POST", "/tokens", form)["access_token"])

    def _control(self, method: str, path: str, form: Any = None) -> Any:
        address = f"{self._sandbox}/_sandbox{path}"
        return self._answer(
            lambda: self._session.request(method, address, json=form, timeout=_TIMEOUT)
        )

    def _get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        return self._session.get(url, headers=dict(headers), timeout=_TIMEOUT)

    def _answer(self, ask: Callable[[], requests.Response]) -> Any:
        """Throttled calls are asked again; anything else that is no success is an error."""
        for _ in range(20):
            answer = ask()
            if answer.status_code != 429:
                break
            sleep(min(float(answer.headers.get("Retry-After", 1)), 2))
        answer.raise_for_status()
        return answer.json()


def _people(state: Mapping[str, Any], tenant_id: str) -> Iterator[Mapping[str, Any]]:
    for tenant in state["tenants"]:
        if tenant["tenant_id"] == tenant_id:
            yield from tenant["people"]


def copy_of(row: Mapping[str, Any], mailbox: str, *, in_default_calendar: bool = True) -> Copy:
    """Graph's event JSON as a value; its times must be UTC."""
    start, end = _zoned(row["start"]), _zoned(row["end"])
    all_day = bool(row["isAllDay"])
    organizer = ((row.get("organizer") or {}).get("emailAddress") or {}).get("address") or ""
    return Copy(
        mailbox=mailbox.casefold(),
        id=row.get("immutableId") or row["id"],
        ical_uid=row["iCalUId"],
        subject=row["subject"] or "",
        start=start,
        end=end,
        all_day=all_day,
        start_date=start.date() if all_day else None,
        end_date=end.date() if all_day else None,
        type=row["type"],
        sensitivity=row["sensitivity"],
        is_organizer=bool(row["isOrganizer"]),
        is_cancelled=bool(row["isCancelled"]),
        is_draft=bool(row["isDraft"]),
        organizer=organizer.casefold(),
        attendees=tuple(_attendee(each) for each in row["attendees"]),
        categories=tuple(row["categories"]),
        created=moment(row["createdDateTime"]),
        in_default_calendar=in_default_calendar,
    )


def _attendee(row: Mapping[str, Any]) -> Attendee:
    person = row.get("emailAddress") or {}
    return Attendee(
        address=(person.get("address") or "").strip().casefold(),
        name=person.get("name") or "",
        kind=row.get("type") or "required",
        response=(row.get("status") or {}).get("response") or "none",
    )


def record_of(row: Mapping[str, Any]) -> Record:
    """The CRM's activity JSON as a value."""
    return Record(
        id=row["id"],
        external_key=row["external_key"],
        kind=row["kind"],
        ical_uid=row["ical_uid"],
        subject=row["subject"],
        start=moment(row["start"]),
        end=moment(row["end"]),
        all_day=row["all_day"],
        start_date=_date(row["start_date"]),
        end_date=_date(row["end_date"]),
        status=row["status"],
        sync_status=row["sync_status"],
        contacts={each["address"].casefold(): each["contact_id"] for each in row["contacts"]},
        responses={
            each["address"].casefold(): each["response"]
            for each in (*row["contacts"], *row["unmatched"])
        },
        unmatched=frozenset(each["address"].casefold() for each in row["unmatched"]),
        raw=row,
    )


def _contact(row: Mapping[str, Any]) -> Contact:
    return Contact(
        id=row["id"],
        emails=frozenset(email.casefold() for email in row["emails"]),
        types=frozenset(name.casefold() for name in row["types"]),
        company_types=frozenset(name.casefold() for name in row["company_types"]),
        private=row["private"],
    )


def _addresses(row: Mapping[str, Any]) -> frozenset[str]:
    found = {proxy.partition(":")[2].casefold() for proxy in row["proxyAddresses"]}
    return frozenset(found | {(row["mail"] or "").casefold()} - {""})


def moment(text: str) -> datetime:
    """An RFC 3339 instant; Graph writes up to seven digits of a second."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    found = datetime.fromisoformat(f"{whole}.{(fraction or '0')[:6]:0<6}")
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _zoned(value: Mapping[str, Any]) -> datetime:
    if value["timeZone"] != "UTC":
        raise ValueError(f"asked for UTC, got {value['timeZone']}")
    return moment(value["dateTime"])


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _wire(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
