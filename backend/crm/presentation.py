"""How the pages say things: times in the record's own zone, states and people in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from urllib.parse import urlsplit

from backend.crm.alerts import News
from backend.domain.crm import Activity, ActivityDraft, ActivityKind, SyncStatus
from backend.domain.zones import zone_of as known_zone

_SYNC_WORDS = {
    SyncStatus.SYNCED: "Synced with Outlook",
    SyncStatus.RELEASED: "No longer synced",
    SyncStatus.FINAL: "Sync completed",
    SyncStatus.NOT_SYNCED: "Not synced",
}

_SHOW_AS = {
    "free": "Free",
    "tentative": "Tentative",
    "busy": "Busy",
    "oof": "Away",
    "workingElsewhere": "Working elsewhere",
    "unknown": "Unknown",
}

_PROVIDERS = {
    "teamsForBusiness": "Microsoft Teams",
    "skypeForBusiness": "Skype for Business",
    "skypeForConsumer": "Skype",
    "zoom": "Zoom",
    "webex": "Webex",
    "googleMeet": "Google Meet",
    "goToMeeting": "GoTo Meeting",
    "ringCentral": "RingCentral",
    "chime": "Amazon Chime",
    "jitsi": "Jitsi",
    "whereby": "Whereby",
}

_RESPONSES = {
    "accepted": "accepted",
    "declined": "declined",
    "tentativelyAccepted": "tentative",
    "organizer": "organizer",
}


_NEWS = {
    News.APPEARED: ("New", "accent"),
    News.MOVED: ("Moved", "warning"),
    News.CANCELLED: ("Cancelled", "danger"),
    News.REMOVED: ("Removed", "danger"),
}


def zone_of(draft: ActivityDraft) -> tuple[tzinfo, str]:
    """The zone to show times in, and the name it was given; UTC where nobody knows its rules."""
    zone = known_zone(draft.time_zone)
    return (zone, draft.time_zone or zone.key) if zone is not None else (UTC, "UTC")


def day(moment: date) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y}"


def when(draft: ActivityDraft) -> str:
    """``Mon 2 Mar 2026, 09:00–10:00`` or ``…, all day``; with the second day if there is one."""
    if draft.all_day and draft.start_date and draft.end_date:
        last = draft.end_date - timedelta(days=1)
        if last <= draft.start_date:
            return f"{day(draft.start_date)}, all day"
        return f"{day(draft.start_date)} – {day(last)}, all day"
    zone, _ = zone_of(draft)
    start, end = _in_zone(draft.start, zone), _in_zone(draft.end, zone)
    if start.date() == end.date():
        return f"{day(start)}, {start:%H:%M}–{end:%H:%M}"
    return f"{day(start)}, {start:%H:%M} – {day(end)}, {end:%H:%M}"


def duration(draft: ActivityDraft) -> str:
    """``1 h 30 min``; ``2 days`` for whole days."""
    days, minutes = divmod(draft.duration_minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = (
        (days, "day" if days == 1 else "days"),
        (hours, "h"),
        (minutes, "min"),
    )
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 min"


def reminder(draft: ActivityDraft) -> str | None:
    """``15 min before (Mon 2 Mar 2026, 08:45)``, the time in the record's zone."""
    at = draft.reminder_at
    if at is None or draft.reminder_minutes is None:
        return None
    shown = _in_zone(at, zone_of(draft)[0])
    return f"{draft.reminder_minutes} min before ({day(shown)}, {shown:%H:%M})"


def show_as(word: str) -> str:
    """How Outlook shows the time, in Outlook's words."""
    return _SHOW_AS.get(word, word)


def provider(word: str) -> str:
    """Whose online meeting it is; empty where nobody knows."""
    return _PROVIDERS.get(word, "")


def moment(value: datetime) -> str:
    return f"{day(value.astimezone(UTC))}, {value.astimezone(UTC):%H:%M} UTC"


def form_moment(value: datetime, zone: tzinfo) -> str:
    """What an ``<input type="datetime-local">`` takes."""
    return _in_zone(value, zone).strftime("%Y-%m-%dT%H:%M")


def state(activity: Activity) -> tuple[str, str]:
    """A word about the sync of the record and the colour it has."""
    if activity.kind is ActivityKind.ADDED:
        return "Added by hand", "plain"
    if activity.edited_by is not None and activity.draft.sync_status is SyncStatus.SYNCED:
        return "Edited in the CRM", "warning"
    colour = "good" if activity.draft.sync_status is SyncStatus.SYNCED else "plain"
    return _SYNC_WORDS[activity.draft.sync_status], colour


def response(word: str) -> str:
    """What an attendee answered to the invitation, in the reader's words."""
    return _RESPONSES.get(word, "no answer yet")


def web_address(text: str | None) -> str | None:
    """``text`` if a link may lead there: http and https only, never a script."""
    try:
        return text if text and urlsplit(text).scheme in ("http", "https") else None
    except ValueError:
        return None


def initials(name: str) -> str:
    words = [word for word in name.replace(",", " ").split() if word[0].isalnum()]
    return "".join(
        word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)
    ).upper()


def _in_zone(value: datetime, zone: tzinfo) -> datetime:
    try:
        return value.astimezone(zone)
    except OverflowError:
        return value


def news(what: News) -> tuple[str, str]:
    """A word for what happened to a record and the colour it has."""
    return _NEWS[what]


def moment_of(value: datetime, meeting: ActivityDraft) -> str:
    """A moment in the zone of a meeting; of one that lasts all day only the day."""
    local = _in_zone(value, zone_of(meeting)[0])
    return day(value) if meeting.all_day else f"{day(local)}, {local:%H:%M}"
