"""The history's words: one sentence per line and per code, and where each line came from.

No sentence holds a value of an event (X4): they are the same for every event.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum

from backend.domain.link import EndReason
from backend.domain.rules import Reason


class From(StrEnum):
    """Where a line came from."""

    PANE = "pane"
    """A person in the task pane."""
    CATEGORY = "category"
    """The category, put on or taken off in some Outlook."""
    OUTLOOK = "outlook"
    """What the event shows in Outlook."""
    CRM = "crm"
    """A person in the CRM."""
    RULE = "rule"
    """The firm's rules: contact types and switches."""
    CLOCK = "clock"
    """Time that has passed."""
    ADMIN = "admin"
    """An administrator's or the user's own settings."""
    SYNC = "sync"
    """Calendar Sync itself: writes, failures, repeated work."""


_LINES: Mapping[str, tuple[From, str]] = {
    # wishes
    "ticked": (From.PANE, "Added in the pane."),
    "unticked": (From.PANE, "Taken out in the pane."),
    "tick_refused": (From.RULE, "Could not be added: a rule said no."),
    "rule_match": (From.RULE, "Selected by the firm's contact types."),
    "skipped": (From.RULE, "Not selected: a rule of automatic sync said no."),
    "refused": (From.RULE, "Not added after all: a rule said no."),
    "never_came": (From.CLOCK, "Outlook never showed the saved event, so nothing was added."),
    # the category
    "category_added": (From.CATEGORY, "Added by putting the category on the event in Outlook."),
    "category_removed": (From.CATEGORY, "Taken out by removing the category in Outlook."),
    "category_put_back": (
        From.CATEGORY,
        "The category went missing together with another change, so it is put back once.",
    ),
    "category_refused": (
        From.CATEGORY,
        "The category was put on an event that may not be added. It is left there.",
    ),
    "category_gone": (From.CATEGORY, "The category without effect was taken off in Outlook."),
    "category_set": (From.SYNC, "The category was put on the event."),
    "category_cleared": (From.SYNC, "The category was taken off the event."),
    "master_category_lost": (
        From.CATEGORY,
        "The category left Outlook's list of categories. The event is kept and the category "
        "is put back.",
    ),
    # what the event did
    "became_private": (
        From.OUTLOOK,
        "The event may not be kept any more. The record is deleted for good.",
    ),
    "private_contact": (
        From.CRM,
        "A private contact is invited. The record is deleted for good.",
    ),
    "became_recurring": (
        From.OUTLOOK,
        "The event became a series. Updates rest, the record stays as it is.",
    ),
    "missing_once": (
        From.OUTLOOK,
        "The event was in no calendar. Nothing is removed before a second look shows the same.",
    ),
    "gone": (From.OUTLOOK, "The event was deleted in Outlook before there was a record."),
    "deleted": (From.OUTLOOK, "The event was deleted in Outlook."),
    "cancelled": (From.OUTLOOK, "The meeting was cancelled in Outlook."),
    "outside_window": (From.CLOCK, "The event lies before the sync period."),
    "final": (From.CLOCK, "The sync period is over. The record is final."),
    "frozen": (From.OUTLOOK, "Updates rest. The record stays as it is."),
    "thawed": (From.OUTLOOK, "Updates go on."),
    # what an admin decided about too many changes at once (L7)
    "brake_released": (From.ADMIN, "An administrator let the many changes happen."),
    "brake_held": (From.ADMIN, "An administrator took the many changes back."),
    "reconciled": (
        From.ADMIN,
        "An administrator had a difference between Outlook and the CRM mended.",
    ),
    "person_erased": (From.ADMIN, "A person was erased; the record does not name him any more."),
    # what people did in the CRM
    "edited_in_crm": (From.CRM, "The record was edited in the CRM. Outlook no longer changes it."),
    "deleted_in_crm": (From.CRM, "The record was deleted in the CRM. No rule adds it again."),
    "no_longer_qualifies": (
        From.ADMIN,
        "It no longer met the settings, and an administrator chose to remove such records.",
    ),
    "no_record": (From.CRM, "The record was missing in the CRM. It is made again."),
    # writes
    "activity_added": (From.PANE, "A record was added with the form. It is not kept up to date."),
    "created": (From.SYNC, "The record was made."),
    "updated": (From.SYNC, "The record was updated."),
    "restored": (From.SYNC, "The record was brought back."),
    "removed": (From.SYNC, "The record was removed. It can be brought back for 30 days."),
    "absent": (From.SYNC, "There was no record to remove."),
    "destroyed": (From.SYNC, "The record was deleted for good."),
    "marked": (From.SYNC, "The record says that it is no longer kept up to date."),
    # looks at a mailbox (A6)
    "run_changes": (From.SYNC, "The calendar was looked at for changes."),
    "run_resync": (From.SYNC, "The whole period of the calendar was read anew."),
    "run_first_pull": (From.SYNC, "The calendar was read for the first time."),
    # setbacks
    "graph_failed": (From.SYNC, "Microsoft 365 could not do its part. It is tried again."),
    "crm_failed": (From.SYNC, "The CRM could not do its part. It is tried again."),
    "sign_in_failed": (From.SYNC, "Microsoft 365 asked for a new sign-in. It is tried again."),
    "failed": (From.SYNC, "Another system could not do its part. It is tried again."),
    "kept_changing": (From.SYNC, "Event or record kept changing meanwhile. It is tried again."),
    "overtaken": (From.SYNC, "Something newer came in between. The work starts anew."),
    "stale_look": (From.SYNC, "Microsoft 365 showed an older version. It is read again."),
    "outdated": (From.SYNC, "The wish changed during a write. The record is checked again."),
    "taken_over": (From.SYNC, "Work that stopped half-way was taken over and begun anew."),
}

_BY_SETTINGS = frozenset(
    {
        Reason.FIRM_SYNC_OFF.value,
        Reason.MODE_NOT_ALLOWED.value,
        Reason.NO_ONLINE_SERVER.value,
        Reason.USER_NOT_ENABLED.value,
        EndReason.PAUSED.value,
    }
)

_CODES: Mapping[str, str] = {
    Reason.FIRM_SYNC_OFF: "Calendar sync is switched off for the firm.",
    Reason.MODE_NOT_ALLOWED: "The settings do not allow this way of syncing.",
    Reason.NO_ONLINE_SERVER: "No Exchange Online server is assigned to the calendar.",
    Reason.USER_NOT_ENABLED: "Calendar sync is switched off for the calendar.",
    Reason.NOT_ORGANIZER: "The calendar's owner is not the organizer.",
    Reason.PRIVATE_EVENT: "The event is private.",
    Reason.RECURRING_EVENT: "Recurring events cannot be synced.",
    Reason.OUTSIDE_WINDOW: "The event lies outside the sync period.",
    Reason.PRIVATE_CONTACT: "A private contact is invited.",
    Reason.CANCELLED: "The meeting is cancelled.",
    Reason.EXTERNAL_ORGANIZER: "The organizer is not of the firm.",
    Reason.CREATED_BEFORE_ACTIVATION: "The event was made before sync was switched on.",
    Reason.NO_SELECTED_CONTACT_TYPE: "Nobody invited is a contact of a selected type.",
    Reason.OPTED_OUT: "It was taken out by hand. A tick adds it again.",
    Reason.INTERNAL_ONLY: "Nobody outside the firm is invited.",
    Reason.BLOCKED_ADDRESS: "Somebody invited is on a block list.",
    Reason.DRAFT_EVENT: "The invitations are not sent yet.",
    Reason.BEFORE_COMMENCEMENT: "The event ended before the firm's sync began.",
    Reason.NO_CONTACT: "Nobody invited is a contact in the CRM.",
    EndReason.FINAL: "The sync period of the event is over.",
    EndReason.EVENT_NOT_FOUND: "Outlook never showed the saved event.",
    EndReason.DELETED: "The event was deleted in Outlook.",
    EndReason.LEFT_CALENDAR: "The event is in another calendar now.",
    EndReason.ALREADY_LINKED: "The meeting is synced from another calendar already.",
    EndReason.MAILBOX_UNREACHABLE: "The mailbox cannot be read.",
    EndReason.PAUSED: "Calendar sync is paused by an administrator.",
    EndReason.MASS_CHANGE: "Too many events changed at once. An administrator has to look.",
    "graph_unavailable": "Microsoft 365 did not answer.",
    "graph_not_found": "Microsoft 365 did not find what was asked for.",
    "graph_conflict": "It changed in Microsoft 365 meanwhile.",
    "graph_access_denied": "Microsoft 365 denied access.",
    "graph_rejected": "Microsoft 365 refused the request.",
    "crm_unavailable": "The CRM did not answer.",
    "crm_not_found": "The CRM did not find the record.",
    "crm_conflict": "The record changed in the CRM meanwhile.",
    "crm_access_denied": "The CRM denied access.",
    "crm_rejected": "The CRM refused the request.",
    "entra_unavailable": "The sign-in service did not answer or asked for a new sign-in.",
    "entra_access_denied": "The sign-in service denied access.",
    "entra_rejected": "The sign-in service refused the request.",
    "cursor_lost": "Microsoft 365 no longer knows how far the calendar was read.",
    "endless_round": "Microsoft 365 led from page to page and to no end.",
    "internal_error": "Calendar Sync itself failed. It is tried again.",
}

_SILENT = frozenset({EndReason.UNTICKED.value, "edited_in_crm", "deleted_in_crm"})
"""Codes whose line says it already."""


def message_of(line: str) -> str:
    """The line's sentence; a line of another version is shown by its name."""
    known = _LINES.get(line)
    return known[1] if known is not None else line.replace("_", " ").capitalize() + "."


def source_of(line: str, codes: tuple[str, ...]) -> str:
    """Where the line came from; what froze a link is told by its first code."""
    if line == "frozen" and codes:
        if codes[0] in _BY_SETTINGS:
            return From.ADMIN.value
        if codes[0] == EndReason.MAILBOX_UNREACHABLE:
            return From.SYNC.value
    known = _LINES.get(line)
    return (known[0] if known is not None else From.SYNC).value


def text_of(code: str) -> str | None:
    """What a code says to a person; ``None``: nothing beyond the line itself."""
    if code in _SILENT:
        return None
    status = re.fullmatch(r"http_(\d{3})", code)
    if status is not None:
        return f"It answered with status {status[1]}."
    return _CODES.get(code)
