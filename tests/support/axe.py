"""What axe finds wrong on a page of ours (T1)."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Frame, Page

from tests.support.npm import AXE

_RUN = """options => axe.run(document, { resultTypes: ["violations"], ...options })
  .then(({ violations }) => violations.map(({ id, help, nodes }) =>
    `${id}: ${help}: ` + nodes.map(({ html }) => html.slice(0, 160)).join(" | ")))"""


def violations(where: Page | Frame, **options: Any) -> list[str]:
    """One line a broken rule, with the elements; ``options`` are axe's."""
    where.evaluate(AXE.read_text("utf-8"))
    found: list[str] = where.evaluate(_RUN, options)
    return found
