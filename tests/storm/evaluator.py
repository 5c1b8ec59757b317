"""The second opinion: compares calendars and CRM with what product.md demands (E, S, L, T11, X4).

Pure: a :class:`World` and the journal's stories in, a :class:`Report` out. Each kind of finding is
proven to be found in ``test_evaluator.py``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tests.storm.expecting import Demand, Expectation, expect
from tests.storm.rules import Match, Matcher
from tests.storm.world import Copy, Discrepancy, Record, Story, World

NO_SUBJECT = "(no subject)"
SILENT = frozenset({"none", "notresponded", ""})
"""Two words for the same: nobody has answered."""


@dataclass(slots=True)
class Report:
    findings: list[Discrepancy] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, mailbox: str, event: str, expected: str, found: str) -> None:
        self.findings.append(Discrepancy(kind, mailbox, event, expected, found))


def evaluate(world: World, stories: Mapping[str, Story] | None = None) -> Report:
    """Judge every event in every mailbox, and every record; ``stories`` by iCalUId."""
    return _Evaluation(world, stories or {}).run()


class _Evaluation:
    def __init__(self, world: World, stories: Mapping[str, Story]) -> None:
        self._world = world
        self._stories = stories
        self._matcher = Matcher(world)
        self._report = Report()
        self._copies: dict[str, list[Copy]] = defaultdict(list)
        for copy in world.copies:
            self._copies[copy.ical_uid].append(copy)
        self._records: dict[str, list[Record]] = defaultdict(list)
        for record in world.records:
            if record.kind == "synced":
                self._records[record.ical_uid or ""].append(record)

    def run(self) -> Report:
        for uid in sorted({*self._copies, *self._records, *self._stories}):
            self._judge(uid)
        self._look_for_private_text()
        for mail in self._world.mails:
            self._report.add("mail", "", "", "no mail that we caused", f"{mail.kind} by {mail.app}")
        self._report.counts["copies"] = len(self._world.copies)
        self._report.counts["records"] = len(self._world.records)
        self._report.counts["synced records"] = sum(map(len, self._records.values()))
        return self._report

    def _judge(self, uid: str) -> None:
        copies, records = self._copies[uid], self._records[uid]
        story = self._stories.get(uid, Story())
        expected = expect(self._world, self._matcher, copies, story)
        self._report.counts["events"] += 1
        self._report.counts[str(expected.demand)] += 1
        mailbox = expected.copy.mailbox if expected.copy else ""
        self._count(uid, mailbox, expected, records)
        for record in records:
            self._compare(uid, mailbox, expected, record)
            self._compare_with_edits(uid, mailbox, story, record)
        self._look_at_category(uid, expected, records)
        for copy in copies:
            self._look_at_own_categories(copy, story)
            if copy.is_organizer:
                self._look_at_shown(copy, story)

    def _count(self, uid: str, mailbox: str, expected: Expectation, records: list[Record]) -> None:
        if len(records) > 1:
            ids = ", ".join(record.id for record in records)
            self._report.add("second_record", mailbox, uid, "at most one record", ids)
        if expected.demand is Demand.ONE and not records:
            self._report.add("missing_record", mailbox, uid, f"one: {expected.why}", "none")
        if expected.demand is Demand.NONE and records:
            is_private = expected.copy is not None and expected.copy.is_private
            kind = "private_record" if is_private else "unwanted_record"
            found = f"{records[0].id} ({records[0].sync_status})"
            self._report.add(kind, mailbox, uid, f"none: {expected.why}", found)

    def _compare(self, uid: str, mailbox: str, expected: Expectation, record: Record) -> None:
        def wrong(kind: str, wanted: object, found: object) -> None:
            self._report.add(kind, mailbox, uid, str(wanted), str(found))

        key = f"{self._world.firm.tenant_id}/{uid}"
        if record.external_key != key:
            wrong("wrong_key", key, record.external_key)
        copy = expected.copy
        if copy is None or not expected.is_current:
            if copy is None and record.status not in expected.statuses:
                wrong("wrong_status", " or ".join(sorted(expected.statuses)), record.status)
            return
        if record.sync_status != "synced":
            wrong("wrong_sync_status", "synced", record.sync_status)
        if record.status not in expected.statuses:
            wrong("wrong_status", " or ".join(sorted(expected.statuses)), record.status)
        subject = copy.subject.strip() or NO_SUBJECT
        if record.subject != subject:
            wrong("wrong_subject", repr(subject), repr(record.subject))
        for kind, wanted, found in _times(copy, record):
            if wanted != found:
                wrong(kind, wanted, found)
        for kind, wanted, found in self._people(expected.matches, record):
            wrong(kind, wanted, found)

    def _people(self, matches: tuple[Match, ...], record: Record) -> Iterator[tuple[str, str, str]]:
        contacts, unmatched = self._split(matches)
        aliases = {match.attendee.address for match in matches if match.by_alias}
        if aliases & set(record.unmatched):
            yield "alias_not_matched", "a member of the firm by any of his addresses", "unmatched"
            contacts = {a: m for a, m in contacts.items() if a not in aliases}
            unmatched |= {m.attendee.address: m for m in matches if m.by_alias}
        # Invited under two addresses, somebody is on the record once, under either.
        there = set(record.contacts.values())
        twice = {
            address
            for address, match in contacts.items()
            if address not in record.contacts and there & {each.id for each in match.contacts}
        }
        contacts = {a: m for a, m in contacts.items() if a not in twice}
        if set(record.contacts) != set(contacts):
            yield "wrong_contacts", _listed(contacts), _listed(record.contacts)
        if set(record.unmatched) != set(unmatched):
            yield "wrong_unmatched", _listed(unmatched), _listed(record.unmatched)
        for address, match in contacts.items():
            found = record.contacts.get(address)
            allowed = {contact.id for contact in match.contacts}
            if found is not None and found not in allowed:
                yield "wrong_contact", f"{address}: {_listed(allowed)}", found
        for address, match in (contacts | unmatched).items():
            wanted, given = match.attendee.response, record.responses.get(address)
            if given is not None and _answer(wanted) != _answer(given):
                yield "wrong_response", f"{address}: {wanted}", given

    def _split(self, matches: tuple[Match, ...]) -> tuple[dict[str, Match], dict[str, Match]]:
        """Who must be a contact of the record, and who must be kept as text (M)."""
        contacts: dict[str, Match] = {}
        unmatched: dict[str, Match] = {}
        for match in matches:
            if match.is_group or not match.contacts:
                unmatched[match.attendee.address] = match
            elif not (self._world.firm.excludes_personnel and match.is_personnel):
                contacts[match.attendee.address] = match
        return contacts, unmatched

    def _compare_with_edits(self, uid: str, mailbox: str, story: Story, record: Record) -> None:
        for name, value in {**story.edited, **story.kept}.items():
            found = record.raw.get(name)
            if found != value:
                self._report.add("lost_edit", mailbox, uid, f"{name} as a person wrote it", "other")

    def _look_at_category(self, uid: str, expected: Expectation, records: list[Record]) -> None:
        copy = expected.copy
        if copy is None:
            return
        ours = self._world.firm.category.casefold()
        found = [name for name in copy.categories if name.casefold() == ours]
        wanted = expected.category
        if wanted is None and expected.is_current:
            # Whatever the last word was, the sides must agree about it (invariant 7).
            wanted = bool(records)
        if wanted is True and not found:
            self._report.add("missing_category", copy.mailbox, uid, expected.why, "not there")
        if wanted is False and found:
            self._report.add("stray_category", copy.mailbox, uid, expected.why, "there")
        if len(found) > 1:
            self._report.add("double_category", copy.mailbox, uid, "once", f"{len(found)} times")

    def _look_at_own_categories(self, copy: Copy, story: Story) -> None:
        known = story.own_categories.get(copy.id)
        if known is None or story.categories_unsure:
            return
        ours = self._world.firm.category.casefold()
        there = {name for name in copy.categories if name.casefold() != ours}
        if lost := known - there:
            self._report.add(
                "lost_category", copy.mailbox, copy.ical_uid, _listed(lost), _listed(there)
            )
        if invented := there - known:
            self._report.add(
                "invented_category", copy.mailbox, copy.ical_uid, _listed(known), _listed(invented)
            )

    def _look_at_shown(self, copy: Copy, story: Story) -> None:
        """Invariant 4: nothing of the event but its categories is ever written by us."""
        for name, value in story.shown.items():
            if getattr(copy, name) != value:
                self._report.add(
                    "changed_event", copy.mailbox, copy.ical_uid, f"{name} untouched", "changed"
                )

    def _look_for_private_text(self) -> None:
        """X4: no record of any kind made by the sync tells anything of a private event."""
        for uid, story in self._stories.items():
            if not story.marks or story.hid_briefly or not self._is_private(uid, story):
                continue
            for record in self._world.records:
                if record.kind == "synced" and any(m in str(record.raw) for m in story.marks):
                    self._report.add("private_text", "", uid, "no trace in the CRM", record.id)

    def _is_private(self, uid: str, story: Story) -> bool:
        copies = self._copies[uid] or ([story.gone] if story.gone else [])
        return any(copy.is_private for copy in copies if copy.is_organizer)


def _times(copy: Copy, record: Record) -> Iterator[tuple[str, object, object]]:
    yield "wrong_all_day", copy.all_day, record.all_day
    if copy.all_day:
        # The midnights of a date are the CRM's business; the dates are the truth (M).
        yield "wrong_date", copy.start_date, record.start_date
        yield "wrong_date", copy.end_date, record.end_date
    else:
        yield "wrong_time", copy.start, record.start
        yield "wrong_time", copy.end, record.end


def _answer(word: str) -> str:
    folded = word.casefold()
    return "none" if folded in SILENT else folded


def _listed(names: object) -> str:
    return ", ".join(sorted(str(name) for name in names)) or "nobody"  # type: ignore[attr-defined]
