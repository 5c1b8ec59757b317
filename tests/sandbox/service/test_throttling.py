"""Limits bite per application and mailbox, say how long to wait, and count what comes meanwhile."""

from collections import Counter

from tests.sandbox.service.callers import Callers


def test_a_fifth_request_at_a_time_in_one_mailbox_is_refused(callers: Callers) -> None:
    callers.sandbox.personality(outlook_latency=0.5)

    answers = callers.together(5, f"/users/{callers.ann['id']}/calendar")

    assert Counter(answer.status_code for answer in answers) == {200: 4, 429: 1}
    refused = next(answer for answer in answers if answer.status_code == 429)
    error = refused.json()["error"]
    assert int(refused.headers["Retry-After"]) > 0
    assert error["code"] == "ApplicationThrottled"
    assert error["message"] == "Application is over its MailboxConcurrency limit."
    assert error["innerError"]["request-id"] == refused.headers["request-id"]


def test_a_request_that_hangs_holds_its_slot(callers: Callers) -> None:
    callers.sandbox.personality(concurrent_limit=1)
    callers.sandbox.faults([{"kind": "delay", "seconds": 0.5}])

    answers = callers.together(2, f"/users/{callers.ann['id']}/calendar")

    assert sorted(answer.status_code for answer in answers) == [200, 429]


def test_another_mailbox_another_application_and_the_directory_are_not_concerned(
    callers: Callers,
) -> None:
    callers.sandbox.personality(request_limit=1)
    mailbox = f"/users/{callers.ann['id']}/calendar"

    assert callers.ask("GET", mailbox).status_code == 200
    assert callers.ask("GET", mailbox).status_code == 429
    assert callers.ask("GET", f"/users/{callers.ben['id']}/calendar").status_code == 200
    assert callers.ask("GET", "/me/calendar", callers.ann["address"]).status_code == 200
    assert callers.ask("GET", f"/users/{callers.ann['id']}").status_code == 200


def test_the_window_of_ten_minutes_opens_again_on_the_sandboxs_clock(callers: Callers) -> None:
    callers.sandbox.personality(request_limit=3)
    mailbox = f"/users/{callers.ann['id']}/calendar"

    codes = [callers.ask("GET", mailbox).status_code for _ in range(4)]
    refused = callers.ask("GET", mailbox)
    callers.sandbox.advance(int(refused.headers["Retry-After"]) + 1)

    assert codes == [200, 200, 200, 429]
    assert 540 < int(refused.headers["Retry-After"]) <= 600
    assert callers.ask("GET", mailbox).status_code == 200


def test_requests_during_the_wait_count(callers: Callers) -> None:
    callers.sandbox.personality(request_limit=2)
    mailbox = f"/users/{callers.ann['id']}/calendar"
    for _ in range(3):
        callers.ask("GET", mailbox)

    callers.sandbox.advance(300)
    hammering = [callers.ask("GET", mailbox).status_code for _ in range(4)]
    callers.sandbox.advance(310)

    assert hammering == [429] * 4
    assert callers.ask("GET", mailbox).status_code == 429


def test_throttling_can_be_switched_off(callers: Callers) -> None:
    callers.sandbox.personality(throttling="off", request_limit=1)
    mailbox = f"/users/{callers.ann['id']}/calendar"

    assert [callers.ask("GET", mailbox).status_code for _ in range(3)] == [200] * 3
