"""What chance decides about notifications is the same in every run of the same seed."""

import random
from datetime import timedelta

from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Change
from backend.sandbox.notifications.letters import Postbox
from backend.sandbox.notifications.model import Subscription
from backend.sandbox.notifications.register import Register
from tests.support.firm import BY_HAND, NOW, TENANT, Firm, an_event


def letters_of_a_day(seed: int) -> list[tuple[str, float]]:
    """Kind and delay of every letter about the same thirty changes."""
    firm, register = Firm(), Register()
    register.add(
        Subscription(
            id="5522bd62-0000-4000-8000-000000000001",
            app="app",
            tenant_id=TENANT,
            creator_id=firm.ann.id,
            user_id=None,
            owner_id=firm.ann.id,
            resource="users/x/events",
            change_type="created,updated",
            notification_url="http://127.0.0.1:1/",
            lifecycle_url=None,
            client_state=None,
            created=NOW,
            expires=NOW + timedelta(days=1),
        )
    )
    postbox = Postbox(register, firm.faults, random.Random(seed))
    found: list[tuple[str, float]] = []

    def heard(mailbox: Mailbox, change: Change) -> None:
        for letter in postbox.letters_about(mailbox, change, NOW):
            found.append((letter.kind, (letter.due - NOW).total_seconds()))

    firm.exchange.listeners.append(heard)
    for _ in range(30):
        firm.exchange.create_event(firm.ann, an_event(), BY_HAND)
    return found


def test_the_same_seed_writes_the_same_letters() -> None:
    assert letters_of_a_day(7) == letters_of_a_day(7)
    assert letters_of_a_day(7) != letters_of_a_day(8)


def test_letters_set_out_within_a_second_and_some_of_them_twice() -> None:
    letters = letters_of_a_day(7)

    assert all(0 < seconds < 1 for _, seconds in letters)
    kinds = [kind for kind, _ in letters]
    assert kinds.count("created") == 30
    assert 0 < kinds.count("updated") < 20
