"""What people do in the task pane and in the CRM's pages, over HTTP and with their own tokens."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import requests

from tests.storm.acts import Nothing
from tests.storm.clients import Pages
from tests.storm.journal import Journal, Trail

REPEATS = 6
"""PUT and DELETE are idempotent; a client whose answer was lost asks again (A23)."""


class PaneActs:
    """Tick, untick, undo, and a look."""

    def __init__(
        self, chance: random.Random, pages: Pages, journal: Journal, met: Counter[str]
    ) -> None:
        """``met`` counts the answers."""
        self._chance = chance
        self._pages = pages
        self._journal = journal
        self._met = met

    def weighted(self) -> list[tuple[int, str, Callable[[], None]]]:
        return [
            (14, "tick", self.tick),
            (8, "untick", self.untick),
            (4, "undo", self.undo),
            (4, "open the pane", self.look),
        ]

    def tick(self) -> None:
        trail = self._trail()
        was_released = True
        if trail.story.removed_in_crm:
            self._ask(trail, "GET", "")
            link = (self._last or {}).get("link") or {}
            was_released = link.get("state") == "released"
        answer = self._ask(trail, "PUT", "/link")
        if answer in (200, 202):
            put_off = answer == 202
            self._journal.ticked_in_pane(trail, was_released=was_released, put_off=put_off)
        elif answer not in (404, 422):
            self._journal.blurred(trail)

    def untick(self) -> None:
        trail = self._trail()
        answer = self._ask(trail, "DELETE", "/link")
        if answer in (200, 202):
            self._unticked(trail)
        elif answer not in (404, 409, 422):
            self._journal.blurred(trail)

    def _unticked(self, trail: Trail) -> None:
        """Where there never was a link, an untick of nothing changes nothing."""
        row = self._last or {}
        if row.get("link") is None:
            return
        self._journal.unticked_in_pane(trail)

    def undo(self) -> None:
        trail = self._trail()
        answer = self._ask(trail, "POST", "/link/undo")
        if answer in (200, 202):
            self._journal.ticked_in_pane(trail, put_off=answer == 202)
        elif answer not in (404, 409, 422):
            self._journal.blurred(trail)

    def look(self) -> None:
        self._ask(self._trail(), "GET", "")

    def _ask(self, trail: Trail, method: str, what: str) -> int:
        """The status of the answer that told something; 0 when there was none."""
        self._last: dict[str, Any] | None = None
        path = f"/api/events/{trail.id}{what}"
        status = 0
        for _ in range(REPEATS):
            try:
                answer = self._pages.call(trail.owner, method, path)
            except requests.RequestException as error:
                self._met[f"{method} {what or 'event'}: {type(error).__name__}"] += 1
                continue
            status = answer.status_code
            body = answer.json() if answer.content else {}
            self._met[f"{method} {what or 'event'}: {status} {body.get('code', '')}".strip()] += 1
            if status < 500 and status != 429:
                self._last = body
                break
        self._journal.note(trail, f"pane {method} {what or 'event'} answered {status}")
        return status

    def _trail(self) -> Trail:
        found = [trail for trail in self._journal.live() if not trail.away]
        if not found:
            raise Nothing
        recent = found[-40:] if self._chance.random() < 0.6 else found
        return self._chance.choice(recent)


class CrmActs:
    """Edits and removals of synced records by the people they belong to (L4, T4a)."""

    def __init__(
        self, chance: random.Random, pages: Pages, journal: Journal, tenant_id: str
    ) -> None:
        self._chance = chance
        self._pages = pages
        self._journal = journal
        self._tenant_id = tenant_id

    def weighted(self) -> list[tuple[int, str, Callable[[], None]]]:
        return [
            (3, "edit a record", self.edit),
            (3, "write notes", self.write_notes),
            (2, "remove a record", self.remove),
        ]

    def edit(self) -> None:
        trail, record = self._record()
        values = {"location": f"Edited {self._chance.randrange(10_000)}"}
        if self._patch(trail, record, values):
            trail.story.edited |= values
            trail.story.was_linked = False
            trail.wished_in = self._journal.epoch

    def write_notes(self) -> None:
        trail, record = self._record()
        values = {"notes": f"Noted {self._chance.randrange(10_000)}"}
        if self._patch(trail, record, values):
            trail.story.kept |= values

    def remove(self) -> None:
        trail, record = self._record()
        path = f"/crm/api/activities/{record['id']}"
        answer = self._pages.call(trail.owner, "DELETE", path, **_revision(record))
        self._journal.note(trail, f"removed in the CRM: {answer.status_code}")
        if answer.status_code == 204:
            trail.story.removed_in_crm = True
            trail.story.was_linked = False
            trail.story.edited.clear()
            trail.story.kept.clear()
            trail.wished_in = trail.removed_in = self._journal.epoch

    def _patch(self, trail: Trail, record: dict[str, Any], values: dict[str, str]) -> bool:
        path = f"/crm/api/activities/{record['id']}"
        answer = self._pages.call(trail.owner, "PATCH", path, values, **_revision(record))
        what = ", ".join(values)
        self._journal.note(trail, f"edited {what} in the CRM: {answer.status_code}")
        return answer.status_code == 200

    def _record(self) -> tuple[Trail, dict[str, Any]]:
        """A synced record of an event whose fate is not open."""
        found = [
            trail
            for trail in self._journal.live()
            if trail.story.was_linked and trail.story.unsure is None
        ]
        if not found:
            raise Nothing
        trail = self._chance.choice(found)
        key = f"{self._tenant_id}/{trail.uid}"
        path = f"/crm/api/activities?external_key={key}"
        items = self._pages.call(trail.owner, "GET", path).json()["items"]
        if not items or items[0]["sync_status"] != "synced":
            raise Nothing
        return trail, items[0]


def _revision(record: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{record["revision"]}"'}
