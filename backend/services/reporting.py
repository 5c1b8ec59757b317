"""What happened and why, for admins and support: explanation and numbers (A7, A9).

Everything is masked by construction: rows hold codes, ids and names of fields, and every sentence
is the same for all events. A subject is shown to the calendar's owner alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from sqlalchemy.orm import Session

from backend.db import administration, links, people, reporting
from backend.db.models import FirmRow, HistoryRow, LinkRow
from backend.db.people import Owner
from backend.db.reporting import Logged
from backend.domain.crm import CrmGateway
from backend.domain.errors import (
    EventNotFoundError,
    NotNowError,
    RemoteError,
    RemoteNotFoundError,
    UnknownItemError,
)
from backend.domain.event import Event
from backend.domain.link import LinkState
from backend.domain.policy import Origin, PrivateEvents
from backend.domain.ports import Calendar, Calendars, Clock, Principal
from backend.domain.rules import Reason, Verdict
from backend.services.administration.office import Admin, Office
from backend.services.administration.servers import EXPIRES_SOON
from backend.services.callers import CalendarOwner, Callers
from backend.services.history_words import text_of
from backend.services.judging import judge_event, match_event
from backend.services.log import line_of
from backend.services.reports import (
    Dashboard,
    Day,
    Ending,
    ExplainedLink,
    Explanation,
    Judgement,
    Replay,
    Rule,
)
from backend.sql import Database

DAYS = 30
LAG_PERIOD = timedelta(days=7)
_SUBSCRIPTION_ENDS = timedelta(hours=24)
_REPLAY_BUDGET = 10.0


class Reporting:
    """Only reads."""

    def __init__(
        self,
        database: Database,
        office: Office,
        callers: Callers,
        calendars: Calendars,
        crm: CrmGateway,
        clock: Clock,
    ) -> None:
        self._database = database
        self._office = office
        self._callers = callers
        self._calendars = calendars
        self._crm = crm
        self._clock = clock

    # -- one event -------------------------------------------------------------------------------

    def explain(
        self,
        principal: Principal,
        *,
        ical_uid: str | None = None,
        event_id: str | None = None,
        mailbox: str | None = None,
    ) -> Explanation:
        """Everything that is recorded of one event, in order.

        Named by its iCalUId, or by an event id and the address or object id of the calendar's
        owner.

        Raises: UnknownItemError when nothing is known of it, or of the mailbox.
        """
        admin = self._office.admit(principal)
        with self._database.read() as session:
            owner, link, key = self._find(session, admin, ical_uid, event_id, mailbox)
            rows = reporting.lines_of_event(
                session,
                admin.firm_id,
                owner.mailbox.id,
                link_id=link.id if link is not None else None,
                ids=(key,),
            )
            if link is None and not rows and event_id is None:
                raise UnknownItemError
            judged = next((row for row in rows[::-1] if _is_judged(row)), None)
            explained = _explained(link) if link is not None else None
            lines = tuple(line_of(Logged(row, owner.user, link)) for row in rows)
            uid = link.ical_uid if link is not None else ical_uid
            is_own = owner.mailbox.id == admin.mailbox_id
            about = link.id if link is not None else key
        self._office.note_view(admin, "event", about, "explanation")
        return Explanation(
            user=owner.user.address or owner.user.name,
            mailbox_id=owner.mailbox.id,
            event_id=key,
            ical_uid=uid,
            subject=self._subject(admin, uid) if is_own and uid else None,
            link=explained,
            judged_at=judged.at if judged is not None else None,
            rules=_rules_of(judged.codes) if judged is not None else (),
            lines=lines,
        )

    def replay(
        self,
        principal: Principal,
        *,
        ical_uid: str | None = None,
        event_id: str | None = None,
        mailbox: str | None = None,
    ) -> Replay:
        """Judge the event as Outlook shows it now by today's rules; nothing is written.

        Raises: UnknownItemError; NotNowError ``no_online_server``; RemoteError.
        """
        admin = self._office.admit(principal)
        with self._database.read() as session:
            owner, link, key = self._find(session, admin, ical_uid, event_id, mailbox)
            values = self._callers.owner_of(owner)
            opted_out = link is not None and link.opted_out
            about = link.id if link is not None else key
            uid = link.ical_uid if link is not None else ical_uid
        self._office.note_view(admin, "event", about, "replay")
        if values.server is None:
            raise NotNowError("No online server is assigned to the user.", code="no_online_server")
        calendar = self._calendars.as_app(values.server, budget=_REPLAY_BUDGET)
        with self._callers.graph(values):
            event, request_id = _look(calendar, values, key, uid)
        if event is None:
            return Replay(False, self._clock(), request_id, ())
        stays_out = event.is_private and values.policy.private_events is PrivateEvents.EXCLUDE
        # A private event tells the CRM nothing.
        matches = () if stays_out else match_event(self._crm, values, event)
        judgements = tuple(
            _judgement(
                origin,
                judge_event(values, event, matches, self._clock(), origin, opted_out=opted_out),
            )
            for origin in Origin
        )
        return Replay(True, self._clock(), request_id, judgements)

    def _find(
        self,
        session: Session,
        admin: Admin,
        ical_uid: str | None,
        event_id: str | None,
        mailbox: str | None,
    ) -> tuple[Owner, LinkRow | None, str]:
        """Whose event, its link, and the id it is known by."""
        if ical_uid is not None:
            link = links.find_by_ical_uid(session, admin.firm_id, ical_uid)
            if link is None:
                raise UnknownItemError
            owner = people.get_owner_of_mailbox(session, admin.tenant_id, link.mailbox_id)
            return owner, link, link.event_id
        found = people.find_owner_by(session, admin.tenant_id, mailbox or "")
        if found is None or event_id is None:
            raise UnknownItemError
        link = links.find(session, found.mailbox.id, (event_id,))
        return found, link, event_id

    def _subject(self, admin: Admin, ical_uid: str) -> str | None:
        """What the owner's own record says; nobody else is shown it here."""
        try:
            record = self._crm.find_activity(admin.tenant_id, f"{admin.tenant_id}/{ical_uid}")
        except RemoteError:
            return None
        return record.draft.subject if record is not None and not record.removed else None

    # -- numbers ---------------------------------------------------------------------------------

    def dashboard(self, principal: Principal) -> Dashboard:
        """The firm's numbers of the last 30 days."""
        admin = self._office.admit(principal)
        now = self._clock()
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today - timedelta(days=DAYS - 1 - n) for n in range(DAYS + 1)]
        firm_id = admin.firm_id
        with self._database.read() as session:
            assert session.get(FirmRow, firm_id) is not None
            made = reporting.records_made(session, firm_id, days)
            states = reporting.links_by_state(session, firm_id)
            codes = reporting.codes_of_failures(session, firm_id, days[0])
            lags = sorted(reporting.lags(session, firm_id, now - LAG_PERIOD))
            servers = [row for row, _ in administration.list_servers(session, firm_id)]
            mailboxes = administration.count_by_state(session, firm_id)
            problems = reporting.mailbox_problems(session, firm_id)
            told = reporting.subscriptions(session, firm_id, now + _SUBSCRIPTION_ENDS)
        by_state: Counter[str] = Counter()
        by_origin: Counter[str] = Counter({origin.value: 0 for origin in Origin})
        for (state, origin), count in states.items():
            by_state[state.value] += count
            if state is LinkState.LINKED:
                by_origin[origin.value] += count
        return Dashboard(
            at=now,
            synced_per_day=tuple(
                Day(
                    days[n].date().isoformat(),
                    made.get((n, Origin.MANUAL), 0),
                    made.get((n, Origin.AUTOMATIC), 0),
                )
                for n in range(DAYS)
            ),
            links=dict(by_state),
            by_origin=dict(by_origin),
            errors_by_code=dict(Counter(each for row in codes for each in row).most_common(50)),
            mailboxes_by_state=mailboxes,
            problems=problems,
            lag_p50=_percentile(lags, 0.50),
            lag_p95=_percentile(lags, 0.95),
            lag_samples=len(lags),
            secrets_ending=tuple(
                Ending(row.id, row.name, row.expires_at)
                for row in servers
                if row.expires_at is not None and row.expires_at <= now + EXPIRES_SOON
            ),
            subscriptions=told,
        )


def _percentile(lags: Sequence[timedelta], share: float) -> float | None:
    """The nearest rank of sorted values, in seconds."""
    if not lags:
        return None
    return lags[max(0, ceil(share * len(lags)) - 1)].total_seconds()


def _is_judged(row: HistoryRow) -> bool:
    """Whether the rules were asked when the line was written."""
    known = {reason.value for reason in Reason}
    return (
        row.kind in ("refusal", "skip")
        or not known.isdisjoint(row.codes)
        or (row.line in ("ticked", "rule_match", "category_added"))
    )


def _rules_of(codes: Sequence[str]) -> tuple[Rule, ...]:
    """All rules; those in ``codes`` said no."""
    return tuple(
        Rule(
            code.value,
            code.value not in codes,
            text_of(code.value) if code.value in codes else None,
        )
        for code in Reason
    )


def _judgement(origin: Origin, verdict: Verdict) -> Judgement:
    """In sentences that are the same for every event: a rule's own words may name people."""
    return Judgement(
        origin.value,
        verdict.eligible,
        tuple(
            Rule(check.code, check.passed, None if check.passed else text_of(check.code))
            for check in verdict.checks
        ),
    )


def _explained(row: LinkRow) -> ExplainedLink:
    return ExplainedLink(
        id=row.id,
        state=row.state.value,
        reason=row.reason,
        reason_text=text_of(row.reason) if row.reason else None,
        origin=row.origin.value,
        blocked_by=row.blocked_by,
        blocked_text=text_of(row.blocked_by) if row.blocked_by else None,
        opted_out=row.opted_out,
        activity_id=row.activity_id,
        last_change_seen_at=row.last_change_seen_at,
        written_at=row.written_at,
        next_attempt_at=row.due_at,
    )


def _look(
    calendar: Calendar, owner: CalendarOwner, event_id: str, ical_uid: str | None
) -> tuple[Event | None, str | None]:
    """The event by its id, else by what the calendar lists under its iCalUId."""
    try:
        look = calendar.get_event(owner.mailbox, event_id)
    except (RemoteNotFoundError, EventNotFoundError):
        if ical_uid is None:
            return None, None
        listed = calendar.find_events(owner.mailbox, ical_uid, default_calendar=True)
        return (listed[0] if listed else None), None
    return look.event, look.request_id
