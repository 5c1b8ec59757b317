"""What must hold for the pane's files whatever they show: no build, no inline code, no gaps."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from backend.domain.link import EndReason
from backend.domain.rules import Reason

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "static_taskpane"
SCRIPTS = sorted(FILES.glob("taskpane/**/*.js")) + sorted(FILES.glob("shared/*.js"))
PAGE = (FILES / "taskpane/index.html").read_text()
WORDS = (FILES / "taskpane/words.js").read_text()


def test_the_page_has_no_inline_script_or_style() -> None:
    scripts = re.findall(r"<script(?![^>]*\ssrc=)", PAGE)

    assert scripts == []
    assert "style=" not in PAGE
    assert "<style" not in PAGE
    assert not re.search(r"\son\w+=", PAGE)


def test_the_page_has_exactly_the_two_values_the_server_fills_in() -> None:
    assert re.findall(r"{{ (\w+) }}", PAGE) == ["client_id", "office_js_url"]


def test_every_address_is_relative_so_that_the_pane_may_live_under_any_path() -> None:
    addresses = re.findall(r'(?:href|src)="([^"#]+)"', PAGE)

    assert [a for a in addresses if a.startswith("/") or "://" in a] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_import_is_a_relative_file_that_exists(path: Path) -> None:
    code = re.sub(r"/\*\*.*?\*/", "", path.read_text(), flags=re.S)
    imported = re.findall(r'from "([^"]+)"', code)

    missing = [name for name in imported if not (path.parent / name).is_file()]

    assert missing == []


def test_every_rule_has_a_name_for_the_time_it_cannot_be_judged() -> None:
    names = WORDS.split("RULE_NAMES = {")[1].split("};")[0]

    assert set(re.findall(r"^  (\w+):", names, re.M)) == {reason.value for reason in Reason}


def test_every_end_of_a_link_has_words() -> None:
    # These three are told by the state itself, with names and dates.
    told_by_state = {EndReason.UNTICKED, EndReason.EDITED_IN_CRM, EndReason.DELETED_IN_CRM}
    reasons = WORDS.split("REASONS = {")[1].split("};")[0]
    worded = set(re.findall(r"^  (\w+):", reasons, re.M))

    assert {r.value for r in EndReason} - told_by_state - {EndReason.FINAL} <= worded


def test_the_scripts_stay_small() -> None:
    total = sum(path.stat().st_size for path in SCRIPTS)

    assert total < 220_000


@pytest.mark.node
def test_the_type_checker_finds_nothing_wrong_with_office_js_in_use() -> None:
    node = shutil.which("node")
    compiler = ROOT / "node_modules/typescript/bin/tsc"
    if node is None or not compiler.exists():
        reason = "Node.js or the npm packages are not here"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)

    command = [node, str(compiler), "-p", "static_taskpane/tsconfig.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == ""
    assert done.returncode == 0
