"""Every switch of the Configuration that decides which events have a record (A1, A2).

One deployment for all: each test turns one switch, looks what becomes of the same calendar, and
turns it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from backend.db.models import FirmRow, UserRow
from tests.support.switchboard import CLIENT, Switchboard


@pytest.fixture(autouse=True)
def _nothing_stays_switched(board: Switchboard) -> Iterator[None]:
    yield
    now = board.settings()
    assert {**now, "version": 0} == {**board.defaults, "version": 0}


def colleague(board: Switchboard) -> str:
    return str(board.product.sandbox.person("support")["address"])


class TestWhetherAtAll:
    def test_sync_enabled(self, board: Switchboard) -> None:
        """Off, nothing is read; on, it is on for good."""
        firm = update(FirmRow).where(FirmRow.tenant_id == board.product.sandbox.tenant_id)
        with board.product.services.database.write.begin() as session:
            session.execute(firm.values(sync_enabled=False))
        meeting = board.meeting()
        board.sync()
        before = board.synced(meeting), board.tick(meeting)

        board.turn(sync_enabled=True)
        board.defaults["sync_enabled_at"] = board.settings()["sync_enabled_at"]
        refused = board.put(sync_enabled=False)

        assert before == ([False], "firm_sync_off")
        assert board.synced(meeting) == [True]
        assert (refused.status_code, refused.json["code"]) == (409, "sync_cannot_be_disabled")

    def test_direction(self, board: Switchboard) -> None:
        """Only one way is there; the others are shown and refused in words."""
        for direction in ("to_microsoft", "both"):
            refused = board.put(direction=direction, past_days=77)
            assert (refused.status_code, refused.json["code"]) == (409, "direction_not_available")
            assert "later step" in refused.json["detail"]

        assert board.put(direction="from_microsoft").status_code == 200
        assert board.settings()["past_days"] == board.defaults["past_days"]

    def test_mode(self, board: Switchboard) -> None:
        by_rule, by_hand = board.meeting(), board.meeting()
        with board.switched(mode="manual"):
            board.sync()
            manual = board.synced(by_rule, by_hand), board.tick(by_hand)
        with board.switched(mode="automatic"):
            ticked = board.tick(board.meeting(board.stranger()))
            automatic = board.synced(by_rule), ticked

        assert manual == ([False, False], "linked")
        assert automatic == ([True], "mode_not_allowed")

    def test_users_may_enable(self, board: Switchboard) -> None:
        somebody = colleague(board)
        pane = board.product.pane(somebody)
        with board.switched(users_may_enable=False):
            refused = pane.call("PATCH", "/api/me", {"enabled": True}).status_code
        pane.call("PATCH", "/api/me", {"enabled": True})
        board.work()
        meeting = board.product.meeting(somebody, CLIENT)
        board.sync()
        while_allowed = board.synced(meeting)
        with board.switched(users_may_enable=False):
            meeting.change(subject="While forbidden")
            board.sync()
            rests = board.draft(meeting).subject
        board.sync()
        flows = board.draft(meeting).subject
        pane.call("PATCH", "/api/me", {"enabled": False})
        board.work()

        assert (refused, while_allowed) == (403, [True])
        assert (rests, flows) == ("Quarterly review", "While forbidden")

    def test_user_address(self, board: Switchboard) -> None:
        """Who has no address of the kind that is chosen cannot be enabled, and his row says why."""
        address = colleague(board)
        board.call("POST", "/users/import", {})
        board.work()
        with board.product.services.database.write.begin() as session:
            one = update(UserRow).where(UserRow.address == address)
            told = {"mail": None, "address": None, "principal_name": "ben@sign.in"}
            session.execute(one.values(**told, enabled_by_user=None))
        name = str(board.product.sandbox.person("support")["name"])
        user = person(board, name)
        [refused] = board.call("POST", "/users/enable-sync", {"ids": [user["id"]]}).json["items"]
        with board.switched(user_address="principal_name"):
            board.call("POST", "/users/enable-sync", {"ids": [user["id"]]})
            by_name = person(board, name)
            would_leave = board.preview(user_address="mail")["users_without_address"]
        after = person(board, name)
        board.call("POST", "/users/import", {})
        board.work()

        assert (user["address"], user["problem"]) == (None, "no_address")
        assert "choose another kind of address" in user["problem_text"]
        assert (refused["ok"], refused["code"]) == (False, "no_address")
        assert (by_name["address"], by_name["enabled"]) == ("ben@sign.in", True)
        assert would_leave == 1
        assert (after["enabled"], after["problem"]) == (False, "no_address")
        assert person(board, name)["address"] == address


def person(board: Switchboard, name: str) -> dict[str, Any]:
    [found] = board.call("GET", "/users", q=name).json["items"]
    row: dict[str, Any] = found
    return row


class TestWhen:
    def test_past_days(self, board: Switchboard) -> None:
        meeting = board.meeting(days=-10)
        with board.switched(past_days=5):
            board.sync()
            before = board.synced(meeting), board.tick(meeting)

        assert before == ([False], "outside_window")
        assert board.synced(meeting) == [True]

    def test_future_days(self, board: Switchboard) -> None:
        near, far = board.meeting(days=100), board.meeting(days=1000)
        with board.switched(future_days=90):
            board.sync()
            before = board.synced(near), board.tick(near)
        default = board.synced(near), board.tick(far)
        with board.switched(future_days=1827):
            farthest = board.tick(far)

        assert before == ([False], "outside_window")
        assert default == ([True], "outside_window")
        assert farthest == "linked"
        assert board.put(future_days=1828).status_code == 422

    def test_commencement_date(self, board: Switchboard) -> None:
        """Nothing before that day, neither by rule nor by hand; what is there stays and flows."""
        kept, meeting = board.meeting(days=-4), board.meeting(days=-3)
        by_hand = board.meeting(board.stranger(), days=-3)
        day = (board.product.clock() - timedelta(days=1)).date().isoformat()
        assert board.tick(kept) == "linked"
        with board.switched(commencement_date=day):
            board.sync()
            before = board.synced(meeting, by_hand), board.tick(by_hand)
            kept.change(subject="Still followed")
            board.sync()
            still = board.draft(kept).subject

        assert before == ([False, False], "before_commencement")
        assert still == "Still followed"
        assert board.synced(meeting) == [True]
        assert board.tick(by_hand) == "linked"


class TestWho:
    def test_contact_types(self, board: Switchboard) -> None:
        meeting = board.meeting(board.client(types=["Vendor"]))
        board.sync()
        before = board.synced(meeting)
        with board.switched(contact_types=["Client", "Vendor"]):
            chosen = board.synced(meeting)

        assert (before, chosen) == ([False], [True])
        assert board.synced(meeting) == [True]  # a type that is no longer chosen takes none away

    def test_also_company_types(self, board: Switchboard) -> None:
        meeting = board.meeting(board.client(types=[], company_types=["Client"]))
        board.sync()
        before = board.synced(meeting)
        with board.switched(also_company_types=True):
            assert (before, board.synced(meeting)) == ([False], [True])

    def test_unmatched_automatic(self, board: Switchboard) -> None:
        meeting = board.meeting(board.stranger())
        board.sync()
        before = board.synced(meeting)
        with board.switched(unmatched_automatic=True):
            assert (before, board.synced(meeting)) == ([False], [True])

    def test_unmatched_manual(self, board: Switchboard) -> None:
        nobody, somebody = board.meeting(board.stranger()), board.meeting(board.client(types=[]))
        with board.switched(unmatched_manual=False):
            refused = board.product.pane(board.organizer).tick(nobody.id).json
            allowed = board.tick(somebody)

        assert (refused["code"], allowed) == ("no_contact", "linked")
        assert "Nobody invited is a contact" in refused["detail"]
        assert board.tick(nobody) == "linked"

    def test_sync_internal_manual(self, board: Switchboard) -> None:
        meeting = board.meeting(colleague(board))
        with board.switched(sync_internal_manual=False):
            refused = board.tick(meeting)

        assert (refused, board.tick(meeting)) == ("internal_only", "linked")

    def test_sync_internal_automatic(self, board: Switchboard) -> None:
        board.product.add_contact("A colleague", colleague(board), types=["Client"])
        meeting = board.meeting(colleague(board))
        board.sync()
        before = board.synced(meeting)
        with board.switched(sync_internal_automatic=True):
            assert (before, board.synced(meeting)) == ([False], [True])

    def test_further_domains(self, board: Switchboard) -> None:
        """People of such a domain count as the firm's own."""
        address = "ann@subsidiary.example"
        board.product.add_contact("Ann", address, types=["Client"])
        meeting, later = board.meeting(address), board.meeting(address)
        with board.switched(further_domains=["subsidiary.example"]):
            board.sync()
            before = board.synced(meeting, later)

        assert before == [False, False]
        assert board.synced(meeting, later) == [True, True]

    def test_block_list(self, board: Switchboard) -> None:
        address = board.client()
        meeting = board.meeting(address)
        with board.switched(block_list=[address]):
            board.sync()
            before = board.synced(meeting), board.tick(meeting)

        assert before == ([False], "blocked_address")
        assert board.synced(meeting) == [True]

    def test_blocked_addresses(self, board: Switchboard) -> None:
        """The event stays out, or only the match."""
        address = board.client("Blocked Bob")
        meeting = board.meeting(address, CLIENT)
        with board.switched(block_list=[address]):
            board.sync()
            skip_event = board.synced(meeting)
            with board.switched(blocked_addresses="skip_match"):
                names = [contact.name for contact in board.draft(meeting).contacts]

        assert (skip_event, names) == ([False], ["Jane Doe"])

    def test_private_events(self, board: Switchboard) -> None:
        """Never, or without anybody who is invited; back to never, the record is destroyed."""
        meeting = board.meeting(sensitivity="private")
        board.sync()
        before = board.synced(meeting), board.tick(meeting)
        with board.switched(private_events="without_attendees"):
            draft = board.draft(meeting)

        assert before == ([False], "private_event")
        assert (draft.private, draft.contacts, draft.unmatched) == (True, (), ())
        assert board.product.record(meeting.ical_uid) is None


def test_the_users_own_row_is_not_touched_by_a_switch(board: Switchboard) -> None:
    """What a switch changes is the firm's: nobody's own choice of mode moves with it."""
    pane = board.product.pane(board.organizer)
    pane.call("PATCH", "/api/me", {"mode": "combined"})
    with board.switched(mode="automatic"):
        forced = pane.call("GET", "/api/me").json["mode"]

    assert (forced, pane.call("GET", "/api/me").json["mode"]) == ("automatic", "combined")
    with board.product.services.database.write.begin() as session:
        mine = update(UserRow).where(UserRow.address == board.organizer)
        session.execute(mine.values(mode_chosen=False))
