"""The sentences of the reconciliation: what each drift means, and what each fix will do (A10)."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.reconciliation import Drift, Fix

MEANS: Mapping[Drift, str] = {
    Drift.CATEGORY_WITHOUT_LINK: (
        "The category is on an event that may be synced, but Calendar Sync never took it up."
    ),
    Drift.NOT_SELECTED: (
        "The firm's contact types select an event, but Calendar Sync never took it up."
    ),
    Drift.CATEGORY_MISSING: "The event is in the CRM, but does not show the category in Outlook.",
    Drift.CATEGORY_LEFT: "The event is not in the CRM any more, but still shows the category.",
    Drift.CHANGE_NOT_SEEN: "The event was changed in Outlook more than 30 minutes ago, unnoticed.",
    Drift.EVENT_NOT_SHOWN: "The event is in the CRM, but the calendar does not show it any more.",
    Drift.RECORD_MISSING: "The event should be in the CRM, but its record is not there.",
    Drift.RECORD_CHANGED: (
        "The record is not what was written last, though nobody edited it. The CRM may have been"
        " restored from a copy."
    ),
    Drift.EDIT_NOT_SEEN: "Somebody edited the record in the CRM, unnoticed.",
    Drift.RECORD_NOT_REMOVED: "The event was taken out, but its record is still in the CRM.",
    Drift.RECORD_WITHOUT_LINK: "The CRM has a record of Calendar Sync that no event is known for.",
    Drift.TWO_RECORDS: "The CRM has more than one synced record of the meeting.",
    Drift.NOT_FINAL: "The sync period is over since more than a day, but the record is not final.",
    Drift.LEFT_UNDONE: "Work on the event has been waiting for more than an hour.",
    Drift.MAILBOX_NOT_READ: "The mailbox has not been read for more than an hour.",
}

_DOES: Mapping[Fix, tuple[str, str]] = {
    Fix.LOOK: ("Look again", "What Outlook and the CRM show then counts."),
    Fix.MEND: ("Correct the category", "The category is put on or taken off in Outlook."),
    Fix.WRITE: ("Write the record", "The record is written as the event is now in Outlook."),
    Fix.REMOVE: (
        "Remove the record",
        "The record is removed from the CRM. It can be brought back for 30 days.",
    ),
    Fix.CHOOSE: ("Take it up", "The event is judged as if it had just been changed."),
    Fix.READ: ("Read the mailbox", "The mailbox is read now."),
}
_IN_PARTICULAR: Mapping[tuple[Drift, Fix], tuple[str, str]] = {
    (Drift.RECORD_MISSING, Fix.WRITE): (
        "Make the record again",
        "The record is made again from the event, with what the CRM still has of it.",
    ),
    (Drift.RECORD_MISSING, Fix.LOOK): (
        "Accept that it is gone",
        "It counts as deleted in the CRM: the category is taken off, and no rule adds it again.",
    ),
    (Drift.EVENT_NOT_SHOWN, Fix.LOOK): (
        "Look again",
        "If Outlook shows twice that the event is gone, its record is marked cancelled or removed,"
        " as the configuration says.",
    ),
    (Drift.EDIT_NOT_SEEN, Fix.LOOK): (
        "Take note of the edit",
        "The record stays as it was edited. Outlook does not change it any more.",
    ),
    (Drift.NOT_FINAL, Fix.LOOK): ("Make it final", "The record stays; changes end."),
    (Drift.RECORD_WITHOUT_LINK, Fix.WRITE): (
        "Keep it in step again",
        "The event is added again and the record follows it from now on.",
    ),
}
DESTRUCTIVE = frozenset(
    {
        (Drift.RECORD_MISSING, Fix.LOOK),
        (Drift.EVENT_NOT_SHOWN, Fix.LOOK),
        (Drift.RECORD_NOT_REMOVED, Fix.REMOVE),
        (Drift.RECORD_WITHOUT_LINK, Fix.REMOVE),
    }
)
"""What takes something away."""


def name_of(drift: Drift, fix: Fix) -> str:
    """What the button says."""
    return _words(drift, fix)[0]


def consequence_of(drift: Drift, fix: Fix) -> str:
    """What happens then, for each finding."""
    return _words(drift, fix)[1]


def _words(drift: Drift, fix: Fix) -> tuple[str, str]:
    return _IN_PARTICULAR.get((drift, fix)) or _DOES[fix]
