"""Moments in Salesforce's spelling."""

from __future__ import annotations

from datetime import UTC, datetime


def written(at: datetime) -> str:
    """As Salesforce writes a moment; its own stamps have whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read_moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
