"""A small world for the evaluator: a real sandbox, the real product, and the CRM over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.browser.story.stack import Web
from tests.storm.evaluator import Report, evaluate
from tests.storm.reading import Reader, moment
from tests.storm.world import Firm, Member, Story
from tests.support.product import EVERYBODY, Meeting, Product, running_product
from tests.support.sandbox import RunningSandbox

CLIENT = "ben@client.example"
PROSPECT = "petra@prospect.example"
VENDOR = "vera@vendor.example"
HIDDEN = "hugo@hidden.example"
STRANGER = "stranger@else.example"
NOT_IN_A_DRAFT = frozenset(
    {"id", "external_key", "kind", "phase", "revision", "edited_by", "removed", "created_at"}
    | {"updated_at", "notes", "company_ids", "opportunity_ids", "initiative_ids", "regarding"}
    | {"duration_minutes", "reminder_at"}
)
CRM_WORD = "a word between two instances of the CRM, long enough"


@dataclass
class SmallWorld:
    """Events of one organizer and one colleague, and what a person may do to spoil them."""

    product: Product
    web: str
    organizer: str
    colleague: str
    admin: str
    client_id: str
    stories: dict[str, Story] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sandbox = self.product.sandbox
        apps = [sandbox.daemon_client_id, sandbox.api_client_id, sandbox.addin_client_id]
        self._reader = Reader(sandbox.url, self.web, apps)
        self._began = self.product.clock()
        tenant = next(t for t in sandbox.state()["tenants"] if t["tenant_id"] == sandbox.tenant_id)
        self._firm = Firm(sandbox.tenant_id, frozenset(tenant["domains"]))
        self._members = [
            Member(p["id"], p["address"].casefold(), activated_at=self._began - timedelta(days=1))
            for p in tenant["people"]
            if p["mailbox"]
        ]
        self._session = requests.Session()
        self._session.trust_env = False

    def report(self) -> Report:
        world = self._reader.world(
            self._firm,
            self._members,
            reader=self.admin,
            began=self._began,
            owners=[self.organizer],
        )
        return evaluate(world, self.stories)

    def new_findings(self, before: Report) -> set[tuple[str, str]]:
        known = {str(finding) for finding in before.findings}
        return {
            (finding.kind, finding.event)
            for finding in self.report().findings
            if str(finding) not in known
        }

    def story(self, meeting: Meeting) -> Story:
        return self.stories.setdefault(meeting.ical_uid, Story())

    def linked(self, *attendees: str, **event: Any) -> Meeting:
        """A meeting that is in the CRM, as the pane puts it there."""
        meeting = self.product.meeting(self.organizer, *attendees, **event)
        answer = self.product.pane(self.organizer).tick(meeting.id)
        assert (answer.status_code, answer.json["link"]["state"]) == (200, "linked")
        return meeting

    def crm(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        """One call as the service, which may write synced records over HTTP."""
        tenant = self.product.sandbox.tenant_id
        answer = self._session.request(
            method,
            f"{self.web}/crm/api{path}",
            json=json,
            headers={"Authorization": f"Bearer {CRM_WORD}", "X-CRM-Tenant": tenant} | headers,
            timeout=30,
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def record(self, ical_uid: str) -> dict[str, Any]:
        [found] = self.crm("GET", f"/activities?ical_uid={ical_uid}")["items"]
        assert isinstance(found, dict)
        return found

    def plant(self, event: dict[str, Any], *, suffix: str = "", **more: Any) -> None:
        """A synced record of the event, as a faulty product would make one."""
        uid = event["iCalUId"]
        draft = {
            "subject": event["subject"],
            "type": "CalendarSyncMeeting_System",
            "start": moment(event["start"]["dateTime"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "end": moment(event["end"]["dateTime"]).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "ical_uid": uid,
            "sync_status": "synced",
        }
        key = f"{self.product.sandbox.tenant_id}/{uid}{suffix}"
        self.crm("PUT", _by_key(key), draft | more, **{"If-None-Match": "*"})

    def take_away(self, meeting: Meeting) -> None:
        """Lose the record."""
        record = self.record(meeting.ical_uid)
        self.crm("DELETE", _by_key(record["external_key"]), **_revision(record))

    def spoil(self, meeting: Meeting, **changes: Any) -> None:
        """Write other values into the record, as a product that lags behind would leave them."""
        record = self.record(meeting.ical_uid)
        draft = {name: value for name, value in record.items() if name not in NOT_IN_A_DRAFT}
        self.crm("PUT", _by_key(record["external_key"]), draft | changes, **_revision(record))


def _by_key(key: str) -> str:
    return f"/activities/by-key?external_key={quote(key)}"


def _revision(record: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{record["revision"]}"'}


@pytest.fixture(scope="module")
def small_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallWorld]:
    """Built once; each test spoils an event of its own."""
    folder = tmp_path_factory.mktemp("small-world")
    offset, web = folder / "offset", Web()
    with RunningSandbox(offset_file=offset) as sandbox:
        database = f"sqlite:///{(folder / 'product.db').as_posix()}"
        with running_product(
            sandbox, database, offset, members=EVERYBODY, crm_token=CRM_WORD
        ) as product:
            web.start(product.app)
            try:
                yield _furnished(product, web.url)
            finally:
                web.stop()


def _furnished(product: Product, url: str) -> SmallWorld:
    sandbox = product.sandbox
    people = [p for p in sandbox.state()["people"] if p["mailbox"] and p["roles"] == ["user"]]
    organizer, colleague = people[0], people[1]
    client_id = product.add_contact("Ben Client", CLIENT, types=["Client"])
    product.add_contact("Petra Prospect", PROSPECT, types=["Prospect"])
    product.add_contact("Vera Vendor", VENDOR, types=["Vendor"])
    product.add_contact("Hugo Hidden", HIDDEN, private=True, owner_id=organizer["id"])
    colleague_address = colleague["address"]
    product.add_contact(colleague["name"], colleague_address, types=["Our Personnel"])
    return SmallWorld(
        product,
        url,
        organizer["address"],
        colleague_address,
        sandbox.person("admin")["address"],
        client_id,
    )
