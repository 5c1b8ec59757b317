"""What the benchmark of looks at mailboxes says to people and to machines."""

from __future__ import annotations

from backend.bench.pull import FirstPull, IdlePull, IdleRound, PullResult, pull_table

RESULT = PullResult(
    first=(FirstPull("sqlite", delay=50, pages=23, bare=1200.0, ours=1320.0, ratio=1.1),),
    idle=(
        IdlePull(
            "sqlite",
            linked=2000,
            count=300,
            requests=1.0,
            statements=3.0,
            own_p50=2.5,
            own_p99=5.0,
            total_p50=4.0,
        ),
    ),
    rounds=(IdleRound("sqlite", mailboxes=1000, threads=8, seconds=9.0, cpu=4.5),),
)


def test_ten_thousand_mailboxes_are_worked_out_from_what_was_measured() -> None:
    assert RESULT.rounds[0].arithmetic == {
        "seconds_for_10000": 90.0,
        "share_of_15_minutes": 0.1,
        "cpu_share_of_15_minutes": 0.05,
        "threads_needed_at_300_ms": 3.3,
    }


def test_the_table_names_every_measurement() -> None:
    table = pull_table(RESULT)

    for part in ("1.1", "2000", "3.0", "10000 would take 90.0 s", "10% of 15 minutes"):
        assert part in table


def test_machines_get_the_same_numbers() -> None:
    found = RESULT.as_dict()

    assert found["first_pull"][0]["ratio"] == 1.1
    assert found["idle_pull"][0]["statements"] == 3.0
    assert found["idle_round"][0]["seconds_for_10000"] == 90.0
