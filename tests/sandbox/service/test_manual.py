"""The manual tells the truth: its faults can be ordered, its switches exist, its calls answer."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from backend.sandbox.personality import CHOICES, COUNTS, SECONDS
from tests.sandbox.service.callers import Callers

MANUAL = (Path(__file__).parents[3] / "backend" / "sandbox" / "manual.md").read_text("utf-8")
ORDERS = re.findall(r"^f '(\{.*?\})'", MANUAL, re.MULTILINE)


def test_the_sandbox_serves_its_manual(callers: Callers) -> None:
    answer = callers.ask("GET", "/../_sandbox/help")

    assert answer.text == MANUAL
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("order", ORDERS)
def test_every_fault_of_the_manual_can_be_ordered(callers: Callers, order: str) -> None:
    domain = callers.ann["address"].split("@")[1]
    told = order.replace("ann@firm.example", callers.ann["address"])

    form: dict[str, Any] = json.loads(told.replace("firm.example", domain))
    ordered = callers.sandbox.faults([form])

    assert ordered[0]["kind"] == form["kind"]


def test_every_kind_of_fault_is_in_the_manual() -> None:
    kinds = {json.loads(order)["kind"] for order in ORDERS}

    assert kinds >= {"status", "delay", "reset", "keys", "consent", "permissions", "claims"}
    assert kinds >= {"sessions", "credentials", "mailbox", "delta", "notifications", "lifecycle"}
    assert kinds >= {"account"}


def test_every_switch_is_in_the_manual_with_all_its_values() -> None:
    rows = [line for line in MANUAL.splitlines() if line.startswith("| `")]

    for name in (*CHOICES, *SECONDS, *COUNTS):
        row = next((line for line in rows if f"`{name}`" in line.split("|")[1]), "")
        assert row, name
        for value in CHOICES.get(name, ()):
            assert f"`{value}`" in row, (name, value)
