"""The rooms' arrows hold, and the files of the repository keep to the house rules."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "backend").rglob("*.py"))
MOST_LINES = 500
"""One subject per module; beyond this it has two."""

_CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


def test_no_room_imports_what_it_must_not_know():
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout


def test_the_rooms_the_contracts_speak_of_exist():
    named = {
        module.strip()
        for contract in _CONTRACTS
        for line in (*contract.get("layers", ()), *contract.get("source_modules", ()))
        for module in line.split("|")
    }

    missing = {
        name
        for name in named
        if not (ROOT / name.replace(".", "/")).is_dir()
        and not (ROOT / (name.replace(".", "/") + ".py")).is_file()
    }

    assert missing == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_has_one_subject(path: Path):
    text = path.read_text(encoding="utf-8")
    generated = "versions" in path.parts

    assert not text.strip() or generated or text.lstrip().startswith(('"""', 'r"""'))
    assert text.count("\n") <= MOST_LINES or generated


@pytest.mark.parametrize("word", ["utils", "helpers", "manager", "common", "misc"])
def test_no_module_is_named_after_nothing(word: str):
    assert not [path for path in SOURCES if re.search(rf"\b{word}\b", path.stem)]
