"""Fills the calendars of the sample firms."""

from datetime import datetime

from backend.sandbox.directory import Directory
from backend.sandbox.exchange.store import Exchange


def fill_calendars(exchange: Exchange, directory: Directory, now: datetime, seed: int) -> None:
    """Put two months of events each way into the mailboxes of the sample firms."""
