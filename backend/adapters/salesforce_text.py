"""The Description of an Event: people's notes, a line that says so, and what Outlook says.

Below the line stand the link to join and those attendees whom Salesforce does not know, for whom an
Event has no field (M), then the body. Calls nothing.
"""

from __future__ import annotations

from backend.domain.crm import ActivityDraft, ActivityKind

MARK = "--- From Outlook. Write notes above this line; a change below it ends the sync. ---"
ADDED_MARK = "--- From Outlook ---"
LONGEST = 32_000
"""Object Reference: Event, Description."""

_LONGEST_LIST = 2_000


def description_of(draft: ActivityDraft, notes: str, kind: ActivityKind) -> str | None:
    """A body is cut where it does not fit. Notes are not: too many of them are refused."""
    mark = MARK if kind is ActivityKind.SYNCED else ADDED_MARK
    above = f"{notes}\n\n{mark}\n" if notes else f"{mark}\n"
    if kind is ActivityKind.ADDED and not notes:
        above = ""
    above += _heading(draft)
    room = LONGEST - len(above) - above.count("\n")
    return (above + _cut(draft.description, room)).rstrip() or None


def split(text: str | None, kind: ActivityKind) -> tuple[str, str]:
    """Notes, and what stands below the line."""
    said = lines(text)
    for mark in (MARK, ADDED_MARK):
        above, found, below = said.partition(mark)
        if found:
            return above.strip(), below.strip("\n")
    return ("", said) if kind is ActivityKind.ADDED else (said, "")


def body_in(below: str, draft: ActivityDraft) -> str:
    """The body below the line, without what ``draft`` had put above it."""
    heading = _heading(draft)
    return below.removeprefix(heading) if below != heading.strip() else ""


def lines(text: str | None) -> str:
    """As Salesforce may give it back: CR and LF, trimmed."""
    return (text or "").replace("\r\n", "\n").strip()


def _heading(draft: ActivityDraft) -> str:
    said = []
    if draft.online_meeting is not None and draft.online_meeting.join_url:
        said.append(f"Join: {draft.online_meeting.join_url}")
    if draft.unmatched and not draft.private:
        said.append(f"Also invited: {_listed(draft)}")
    return "\n".join(said) + "\n\n" if said else ""


def _listed(draft: ActivityDraft) -> str:
    names: list[str] = []
    size = 0
    for attendee in draft.unmatched:
        name = " ".join(attendee.name.split())
        shown = f"{name} <{attendee.address}>" if name else attendee.address
        size += len(shown) + 2
        if size > _LONGEST_LIST:
            return f"{', '.join(names)} and {len(draft.unmatched) - len(names)} more"
        names.append(shown)
    return ", ".join(names)


def _cut(text: str, longest: int) -> str:
    """As much as fits; each end of a line counts twice, as Salesforce keeps CR and LF."""
    text = text.replace("\r\n", "\n")[: max(longest, 0)]
    while (over := len(text) + text.count("\n") - longest) > 0 and text:
        text = text[:-over]
    return text
