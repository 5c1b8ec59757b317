"""Mailboxes that may not or cannot be read, and who must not suffer from it (L8, A20)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.db import watches
from backend.db.models import MailboxRow, WatchRow
from backend.domain.errors import (
    IdentityError,
    NotAllowedError,
    RemoteAccessError,
    RemoteNotFoundError,
    RemoteRejectedError,
    SyncError,
    TransientRemoteError,
)
from backend.domain.ports import (
    DeltaPage,
    Mailbox,
    Touched,
)
from backend.domain.problems import ADVICE, MailboxProblem, advice_for
from backend.services import pulling
from backend.services.work import Work
from tests.support.pulling import Pull, page
from tests.support.stage import Stage


def test_a_mailbox_that_may_not_be_watched_waits_for_the_sweep(pull: Pull) -> None:
    pull.watched()
    pull.stage.configure(paused=True)

    assert pull().due_at is None
    assert (pull.row.due_at, pull.row.cursor, pull.script.asked) == (None, "cursor", [])
    pull.stage.configure(paused=False)
    pull.stage.work.sweep()
    assert pull.row.due_at == pull.clock()


def test_links_that_are_worked_on_come_first(pull: Pull) -> None:
    pull.linked()
    lease = pull.claim()
    pull.change_link(lease_until=pull.clock() + timedelta(seconds=30))

    assert pull.pulling.pull(lease).due_at == pull.clock() + timedelta(seconds=2)
    assert pull.script.asked == []


def test_retry_after_is_obeyed_to_the_second_and_shared(pull: Pull) -> None:
    pull.watched()
    busy = TransientRemoteError(system="graph", status=429, retry_after=37.0)

    outcome = pull(busy)

    until = pull.clock() + timedelta(seconds=37)
    assert outcome.due_at == pull.row.due_at == pull.mailbox.not_before == until
    pull.clock.advance(timedelta(seconds=36.9))
    with pull.database.write.begin() as session:
        assert watches.claim(session, pull.clock(), pulling.LEASE_LENGTH) is None
    pull.clock.advance(timedelta(seconds=0.1))
    pull(page())
    assert pull.row.attempts == 0


def test_a_throttle_that_came_after_the_claim_is_obeyed_too(pull: Pull) -> None:
    pull.watched()
    lease = pull.claim()
    until = pull.clock() + timedelta(seconds=12)
    pull.stage.change_mailbox(not_before=until)

    assert pull.pulling.pull(lease).due_at == until
    assert pull.script.asked == []


def test_failures_in_a_row_come_back_later_and_later(pull: Pull) -> None:
    pull.watched()
    pauses = []
    for _ in range(3):
        outcome = pull(TransientRemoteError(system="graph", status=503))
        assert outcome.due_at is not None
        pauses.append((outcome.due_at - pull.clock()).total_seconds())

    assert pauses == [2, 5, 15]
    assert (pull.mailbox.problem, pull.row.attempts) == (None, 3)


def access(status: int, code: str) -> RemoteAccessError:
    return RemoteAccessError(system="graph", status=status, remote_code=code)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (access(403, "ErrorAccessDenied"), "access_denied"),
        (access(404, "MailboxNotEnabledForRESTAPI"), "no_mailbox"),
        (access(404, "ResourceNotFound"), "no_mailbox"),
        (access(404, "ErrorInvalidUser"), "mailbox_gone"),
        (access(404, "Request_ResourceNotFound"), "mailbox_gone"),
        (access(404, "MailboxNotSupportedForRESTAPI"), "on_premises"),
        (access(401, "InvalidAuthenticationToken"), "sign_in_failed"),
        (RemoteAccessError(system="entra", remote_code="AADSTS7000222"), "sign_in_failed"),
        (IdentityError(), "sign_in_failed"),
        (NotAllowedError(), "wrong_organisation"),
        (RemoteNotFoundError(system="graph", status=404), "calendar_unreadable"),
    ],
)
def test_a_mailbox_that_cannot_be_read_says_why_and_what_to_do(
    pull: Pull, error: SyncError, problem: str
) -> None:
    """L8: links freeze until the next success, which looks at all of them again."""
    pull.watched()
    pull.linked()
    since = pull.clock()

    pauses = []
    for _ in range(8):
        outcome = pull(error)
        assert outcome.due_at is not None
        pauses.append((outcome.due_at - pull.clock()).total_seconds())
        pull.clock.advance(timedelta(seconds=1))

    assert pull.mailbox.problem == problem
    assert pull.row.problem_since == since
    assert pull.row.cursor == "cursor"
    assert advice_for(problem)
    assert pauses == [pause * 0.75 for pause in (30, 60, 120, 300, 900, 1800, 3600, 3600)]
    pull.change_link(blocked_by="mailbox_unreachable", due_at=None)

    outcome = pull(page(link="cursor 2"))

    assert (pull.mailbox.problem, pull.row.problem_since) == (None, None)
    assert pull.is_rung()
    assert outcome.found_something


def test_a_move_is_a_problem_only_when_it_lasts(pull: Pull) -> None:
    pull.watched()
    moving = TransientRemoteError(system="graph", status=503, remote_code="MailboxInfoStale")

    problems = []
    for _ in range(4):
        pull(moving)
        problems.append(pull.mailbox.problem)
        pull.clock.advance(timedelta(minutes=5))

    assert problems == [None, None, None, "mailbox_moving"]


def test_a_link_that_graph_refuses_is_not_tried_again(pull: Pull) -> None:
    """Or one that leads elsewhere, since the settings name another host."""
    pull.watched()

    pull(RemoteRejectedError(system="graph", status=400))

    assert (pull.row.cursor, pull.mailbox.problem) == (None, None)
    pull.clock.advance(timedelta(minutes=1))
    pull(RemoteRejectedError(system="graph", status=400))
    assert pull.mailbox.problem == "calendar_unreadable"


def test_every_problem_has_its_advice() -> None:
    assert set(ADVICE) == set(MailboxProblem)
    assert all(advice_for(problem.value) for problem in MailboxProblem)
    assert (advice_for(None), advice_for("of later days")) == (None, None)


def test_a_fault_of_ours_gives_the_lease_back(pull: Pull) -> None:
    pull.watched()

    outcome = pull(ZeroDivisionError("of ours"))

    assert outcome.due_at == pull.clock() + timedelta(seconds=2)
    assert (pull.row.lease_token, pull.row.cursor) == (None, "cursor")


def test_links_that_changed_do_not_wait_for_the_crm(pull: Pull) -> None:
    """Who is selected by a rule does: the page is read again for that."""
    pull.watched()
    pull.linked()
    pull.stage.crm.down = True
    changed = page(Touched(pull.edited(subject="Other")), link="cursor 2")

    outcome = pull(changed)

    assert pull.is_rung()
    assert (pull.row.cursor, outcome.due_at) == ("cursor", pull.clock() + timedelta(seconds=2))
    assert outcome.found_something
    pull.stage.crm.down = False
    pull.clock.advance(timedelta(seconds=2))
    pull(changed)
    assert pull.row.cursor == "cursor 2"


def test_an_idle_look_does_not_ask_a_crm_that_is_shut(pull: Pull) -> None:
    pull.watched()
    owner = pull.stage.callers.owner_of_mailbox(pull.stage.tenant_id, pull.mailbox_id)
    for _ in range(5):
        pull.stage.breakers.note(owner, failed=[TransientRemoteError(system="crm", status=503)])
    pull.clock.advance(timedelta(seconds=30))

    pull(page(link="cursor 2"))

    owner = pull.stage.callers.owner_of_mailbox(pull.stage.tenant_id, pull.mailbox_id)
    assert pull.stage.breakers.admit(owner).crm_shut_until is None, "the probe is still to be had"


def test_a_graph_that_is_shut_is_not_asked(pull: Pull) -> None:
    pull.watched()
    lease = pull.claim()
    owner = pull.stage.callers.owner_of_mailbox(pull.stage.tenant_id, pull.mailbox_id)
    for _ in range(5):
        pull.stage.breakers.note(owner, failed=[TransientRemoteError(system="graph", status=503)])

    outcome = pull.pulling.pull(lease)

    assert pull.script.asked == []
    assert outcome.due_at is not None
    assert outcome.due_at > pull.clock()


def test_one_failing_mailbox_does_not_delay_another(pull: Pull) -> None:
    other = Stage(pull.database)

    def answer(mailbox: Mailbox, _where: object) -> DeltaPage:
        if mailbox.owner_oid == pull.stage.oid:
            raise access(403, "ErrorAccessDenied")
        return page(link="cursor")

    pull.script.read_changes = answer  # type: ignore[method-assign]
    work = Work(
        pull.database, pull.stage.road, pull.pulling, pull.clock, lambda kind, _: rings.append(kind)
    )
    rings: list[str] = []
    with pull.database.write.begin() as session:
        for mailbox_id in (pull.mailbox_id, other.mailbox_id):
            watches.ring(session, mailbox_id, pull.clock())

    assert work.drain_mailboxes() == 2

    with pull.database.read() as session:
        assert session.get_one(WatchRow, other.mailbox_id).cursor == "cursor"
        assert session.get_one(MailboxRow, other.mailbox_id).problem is None
    assert pull.mailbox.problem == "access_denied"
    assert rings == ["drain_mailboxes", "drain_links"]


def test_a_thread_is_left_for_people(pull: Pull) -> None:
    """However many mailboxes are due, at least one of two threads does not read them."""
    begun: list[int] = []
    other = Stage(pull.database)

    def answer(_mailbox: Mailbox, _where: object) -> DeltaPage:
        begun.append(work.drain_mailboxes())
        return page(link="cursor")

    pull.script.read_changes = answer  # type: ignore[method-assign]
    work = Work(
        pull.database, pull.stage.road, pull.pulling, pull.clock, lambda *_: None, threads=2
    )
    with pull.database.write.begin() as session:
        for mailbox_id in (pull.mailbox_id, other.mailbox_id):
            watches.ring(session, mailbox_id, pull.clock())

    assert work.drain_mailboxes() == 2
    assert begun == [0, 0]


def test_a_single_thread_serves_people_between_two_mailboxes(pull: Pull) -> None:
    pull.linked()
    pull.stage.edit(subject="Other")
    work = Work(
        pull.database, pull.stage.road, pull.pulling, pull.clock, lambda *_: None, threads=1
    )
    pull.script.steps = [page(Touched(pull.stage.now), link="cursor")]
    with pull.database.write.begin() as session:
        watches.ring(session, pull.mailbox_id, pull.clock())

    work.drain_mailboxes()

    assert pull.stage.record.draft.subject == "Other"


def test_the_sweep_begins_and_rings_for_both_kinds(pull: Pull) -> None:
    pull.linked()
    pull.change_link(due_at=pull.clock())
    pull.stage.change_watch(due_at=None)
    rings: list[str] = []
    work = Work(
        pull.database, pull.stage.road, pull.pulling, pull.clock, lambda kind, _: rings.append(kind)
    )
    pull.clock.advance(timedelta(hours=1))

    assert work.sweep()
    assert rings == ["drain_links", "drain_mailboxes"]
    assert not work.sweep()


def test_a_mailbox_that_is_due_within_a_minute_is_rung_for_then(pull: Pull) -> None:
    pull.watched()
    rings: list[tuple[str, float]] = []
    work = Work(
        pull.database, pull.stage.road, pull.pulling, pull.clock, lambda *ring: rings.append(ring)
    )
    pull.script.steps = [TransientRemoteError(system="graph", status=429, retry_after=37.0)]
    with pull.database.write.begin() as session:
        watches.ring(session, pull.mailbox_id, pull.clock())

    work.drain_mailboxes()

    assert rings == [("drain_mailboxes", 37.0)]
