"""How values are written in OData expressions."""

from __future__ import annotations


def literal(text: str) -> str:
    """A string in an expression (OData URL conventions: quotes are doubled)."""
    return "'" + text.replace("'", "''") + "'"
