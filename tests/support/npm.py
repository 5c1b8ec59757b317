"""Tests that need a package of package.json: skipped without it, except in CI, where they fail."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
"""Finds what people with disabilities cannot use on a page."""


def needs_npm(file: Path) -> pytest.MarkDecorator:
    """A mark for tests that use ``file`` of an npm package; in CI they run and fail without it."""
    may_skip = not os.environ.get("CI")
    return pytest.mark.skipif(
        may_skip and not file.exists(), reason=f"npm packages are not installed: {file.name}"
    )
