"""Every line and code that anybody writes into the history has a sentence for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backend.domain.errors import (
    RemoteAccessError,
    RemoteConflictError,
    RemoteError,
    RemoteNotFoundError,
    RemoteRejectedError,
    TransientRemoteError,
)
from backend.domain.link import EndReason
from backend.domain.rules import Reason
from backend.services.history_words import From, message_of, source_of, text_of
from backend.services.setbacks import setback_of

BACKEND = Path(__file__).parents[2] / "backend"
WRITING = re.compile(
    r"""(?:\bline(?:\s*:\s*str)?\s*=|(?:Decision|_gone|_thaw|Setback)\([^"()]*|
        \b(?:SKIPPED|CATEGORY_RE\w+)\s*=)\s*"(\w+)"(?:\s+if\b[^"]*\belse\s+"(\w+)")?""",
    re.VERBOSE,
)
BY_HAND = {"created", "restored", "updated", "graph_failed", "crm_failed", "sign_in_failed"}
"""Lines that are chosen by a function of their own."""


def written_lines() -> set[str]:
    found = set(BY_HAND)
    for room in ("domain", "services", "db"):
        for path in (BACKEND / room).glob("*.py"):
            for match in WRITING.findall(path.read_text(encoding="utf-8")):
                found.update(name for name in match if name)
    return found


def test_the_search_for_lines_finds_them() -> None:
    assert {"ticked", "unticked", "rule_match", "frozen", "category_cleared", "overtaken"} <= (
        written_lines()
    )


@pytest.mark.parametrize("line", sorted(written_lines()))
def test_every_line_that_is_written_has_a_sentence(line: str) -> None:
    unworded = line.replace("_", " ").capitalize() + "."

    assert message_of(line) != unworded
    assert message_of(line).endswith(".")
    assert source_of(line, ()) in {source.value for source in From}


@pytest.mark.parametrize("code", [*Reason, *EndReason])
def test_every_reason_has_a_sentence_or_is_told_by_its_line(code: str) -> None:
    told_by_line = {EndReason.UNTICKED, EndReason.EDITED_IN_CRM, EndReason.DELETED_IN_CRM}

    assert (text_of(code) is None) == (code in told_by_line)


def test_a_line_of_another_version_is_shown_by_its_name() -> None:
    assert message_of("something_quite_new") == "Something quite new."
    assert text_of("something_quite_new") is None


@pytest.mark.parametrize(
    ("code", "source"),
    [
        ("paused", "admin"),
        ("user_not_enabled", "admin"),
        ("left_calendar", "outlook"),
        ("mailbox_unreachable", "sync"),
    ],
)
def test_what_froze_a_link_tells_where_that_came_from(code: str, source: str) -> None:
    assert source_of("frozen", (code, "private_contact")) == source


@pytest.mark.parametrize("system", ["graph", "crm", "entra"])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TransientRemoteError, "unavailable"),
        (RemoteNotFoundError, "not_found"),
        (RemoteConflictError, "conflict"),
        (RemoteAccessError, "access_denied"),
        (RemoteRejectedError, "rejected"),
        (RemoteError, "rejected"),
    ],
)
def test_a_setback_names_side_kind_and_status(
    system: str, error: type[RemoteError], kind: str
) -> None:
    setback = setback_of(error("Zephyrine", system=system, status=503, request_id="r"))

    assert setback.codes == (f"{system}_{kind}", "http_503")
    assert setback.request_id == "r"
    assert message_of(setback.line).endswith("tried again.")
    if system != "entra" or kind in ("unavailable", "access_denied", "rejected"):
        assert text_of(setback.codes[0]) is not None


@pytest.mark.parametrize("word", ["the event 'Zephyrine'", "a" * 65, "", "né", "a b", "1a", "a\n"])
def test_another_sides_word_is_kept_only_if_it_looks_like_a_code(word: str) -> None:
    refused = RemoteError(system="graph", status=400, remote_code=word)
    coded = RemoteError(system="graph", status=400, remote_code="ErrorItemNotFound")

    assert setback_of(refused).codes == ("graph_rejected", "http_400")
    assert setback_of(coded).codes[-1] == "ErrorItemNotFound"
