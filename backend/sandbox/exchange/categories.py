"""Renaming a master category, as Outlook does it: the items that carry its name are renamed."""

from __future__ import annotations

from backend.sandbox.exchange import series, traffic
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.exchange.mailbox import Mailbox
from backend.sandbox.exchange.model import Cause, EventKind, MasterCategory, StoredEvent


def rename(mailbox: Mailbox, category: MasterCategory, name: str, cause: Cause) -> int:
    """Give a category another name, and write it on every item and exception of the mailbox.

    Graph cannot do this, Outlook on the desktop can. Answers how many items changed; raises
    ExchangeError 409 for a name that another category has.
    """
    others = (each for each in mailbox.categories.values() if each is not category)
    if any(other.name.casefold() == name.casefold() for other in others):
        raise ExchangeError(
            409, "ErrorItemSave", "A category with the same display name already exists."
        )
    old, category.name = category.name, name
    changed = 0
    for item in list(mailbox.items()):
        if item.is_local_copy:
            continue
        parts = series.exceptions(item) if item.kind is EventKind.MASTER else []
        # An exception without categories of its own shows those of its series.
        own = [part for part in parts if _has_own_categories(part)]
        for event in [item, *own]:
            names = event.fields["categories"]
            if any(each.casefold() == old.casefold() for each in names):
                fresh = _renamed(names, old, name)
                traffic.write(event, {"categories": fresh}, None, None, cause)
                changed += 1
    return changed


def _has_own_categories(part: StoredEvent) -> bool:
    return "categories" in series.override(part).fields


def _renamed(names: list[str], old: str, new: str) -> list[str]:
    renamed = [new if each.casefold() == old.casefold() else each for each in names]
    return list(dict.fromkeys(renamed))
