"""The sandbox with ten thousand people: quick to start, small, and measured by its own command."""

import asyncio
from time import process_time

from backend.sandbox.app import SandboxSettings, create_sandbox
from backend.sandbox.bench import measure


def test_ten_thousand_mailboxes_start_within_ten_seconds_and_fill_when_first_read() -> None:
    begin = process_time()
    world = create_sandbox(SandboxSettings(scale=10_000)).world
    seconds = process_time() - begin
    person = world.directory.by_address("fee.earner09999@harwoodosei.example")

    assert seconds < 10
    assert person is not None
    assert person.id not in world.exchange.mailboxes
    assert len(list(world.exchange.mailbox(person.id).items())) > 20


def test_the_measuring_command_says_what_it_measured() -> None:
    measured = asyncio.run(measure(scale=20, seconds=0.2, connections=2))

    assert measured.start_mib <= measured.end_mib < 2048
    assert set(measured.requests_per_second) == {
        "one_event",
        "one_user",
        "page_of_events",
        "first_look",
    }
    assert min(measured.requests_per_second.values()) > 0
