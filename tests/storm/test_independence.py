"""A second opinion that asks the first one is none: the evaluator imports nothing of ours."""

import ast
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
EVALUATOR = ("world", "rules", "reading", "expecting", "evaluator")
ALLOWED = frozenset({"requests", *(f"tests.storm.{name}" for name in EVALUATOR)})


def imports(name: str) -> set[str]:
    tree = ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("name", EVALUATOR)
def test_the_evaluator_knows_nothing_of_the_product(name: str) -> None:
    foreign = {
        module
        for module in imports(name)
        if module.split(".")[0] not in sys.stdlib_module_names and module not in ALLOWED
    }

    assert foreign == set()
