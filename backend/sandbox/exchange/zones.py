"""Time zones as Exchange names them, and times as Graph writes them.

Instants are aware UTC datetimes inside; only this module knows wall clocks and Windows names.
"""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from backend.sandbox.exchange.errors import ExchangeError, invalid_property

# Windows name -> IANA zone of its main territory (the Unicode CLDR's "001" mapping).
_IANA_OF_WINDOWS = {
    "Dateline Standard Time": "Etc/GMT+12",
    "UTC-11": "Etc/GMT+11",
    "Aleutian Standard Time": "America/Adak",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "Marquesas Standard Time": "Pacific/Marquesas",
    "Alaskan Standard Time": "America/Anchorage",
    "UTC-09": "Etc/GMT+9",
    "Pacific Standard Time (Mexico)": "America/Tijuana",
    "UTC-08": "Etc/GMT+8",
    "Pacific Standard Time": "America/Los_Angeles",
    "US Mountain Standard Time": "America/Phoenix",
    "Mountain Standard Time": "America/Denver",
    "Central America Standard Time": "America/Guatemala",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "Canada Central Standard Time": "America/Regina",
    "SA Pacific Standard Time": "America/Bogota",
    "Eastern Standard Time": "America/New_York",
    "US Eastern Standard Time": "America/Indianapolis",
    "Cuba Standard Time": "America/Havana",
    "Venezuela Standard Time": "America/Caracas",
    "Paraguay Standard Time": "America/Asuncion",
    "Atlantic Standard Time": "America/Halifax",
    "SA Western Standard Time": "America/La_Paz",
    "Pacific SA Standard Time": "America/Santiago",
    "Newfoundland Standard Time": "America/St_Johns",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Argentina Standard Time": "America/Buenos_Aires",
    "SA Eastern Standard Time": "America/Cayenne",
    "Greenland Standard Time": "America/Godthab",
    "Montevideo Standard Time": "America/Montevideo",
    "UTC-02": "Etc/GMT+2",
    "Azores Standard Time": "Atlantic/Azores",
    "Cape Verde Standard Time": "Atlantic/Cape_Verde",
    "GMT Standard Time": "Europe/London",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "Morocco Standard Time": "Africa/Casablanca",
    "W. Europe Standard Time": "Europe/Berlin",
    "Central Europe Standard Time": "Europe/Budapest",
    "Romance Standard Time": "Europe/Paris",
    "Central European Standard Time": "Europe/Warsaw",
    "W. Central Africa Standard Time": "Africa/Lagos",
    "GTB Standard Time": "Europe/Bucharest",
    "Middle East Standard Time": "Asia/Beirut",
    "Egypt Standard Time": "Africa/Cairo",
    "E. Europe Standard Time": "Europe/Chisinau",
    "South Africa Standard Time": "Africa/Johannesburg",
    "FLE Standard Time": "Europe/Kiev",
    "Israel Standard Time": "Asia/Jerusalem",
    "Kaliningrad Standard Time": "Europe/Kaliningrad",
    "Jordan Standard Time": "Asia/Amman",
    "Arabic Standard Time": "Asia/Baghdad",
    "Turkey Standard Time": "Europe/Istanbul",
    "Arab Standard Time": "Asia/Riyadh",
    "Belarus Standard Time": "Europe/Minsk",
    "Russian Standard Time": "Europe/Moscow",
    "E. Africa Standard Time": "Africa/Nairobi",
    "Iran Standard Time": "Asia/Tehran",
    "Arabian Standard Time": "Asia/Dubai",
    "Azerbaijan Standard Time": "Asia/Baku",
    "Mauritius Standard Time": "Indian/Mauritius",
    "Georgian Standard Time": "Asia/Tbilisi",
    "Caucasus Standard Time": "Asia/Yerevan",
    "Afghanistan Standard Time": "Asia/Kabul",
    "West Asia Standard Time": "Asia/Tashkent",
    "Ekaterinburg Standard Time": "Asia/Yekaterinburg",
    "Pakistan Standard Time": "Asia/Karachi",
    "India Standard Time": "Asia/Calcutta",
    "Sri Lanka Standard Time": "Asia/Colombo",
    "Nepal Standard Time": "Asia/Katmandu",
    "Central Asia Standard Time": "Asia/Almaty",
    "Bangladesh Standard Time": "Asia/Dhaka",
    "Myanmar Standard Time": "Asia/Rangoon",
    "SE Asia Standard Time": "Asia/Bangkok",
    "China Standard Time": "Asia/Shanghai",
    "Singapore Standard Time": "Asia/Singapore",
    "W. Australia Standard Time": "Australia/Perth",
    "Taipei Standard Time": "Asia/Taipei",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Korea Standard Time": "Asia/Seoul",
    "Cen. Australia Standard Time": "Australia/Adelaide",
    "AUS Central Standard Time": "Australia/Darwin",
    "E. Australia Standard Time": "Australia/Brisbane",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "West Pacific Standard Time": "Pacific/Port_Moresby",
    "Tasmania Standard Time": "Australia/Hobart",
    "Vladivostok Standard Time": "Asia/Vladivostok",
    "Central Pacific Standard Time": "Pacific/Guadalcanal",
    "New Zealand Standard Time": "Pacific/Auckland",
    "UTC+12": "Etc/GMT-12",
    "Fiji Standard Time": "Pacific/Fiji",
    "Tonga Standard Time": "Pacific/Tongatapu",
    "Samoa Standard Time": "Pacific/Apia",
    "Line Islands Standard Time": "Pacific/Kiritimati",
}
_NAMES_OF_UTC = frozenset({"utc", "tzone://microsoft/utc", "coordinated universal time", "gmt"})
_IANA_BY_FOLDED_NAME = {name.casefold(): iana for name, iana in _IANA_OF_WINDOWS.items()}
NO_TIME = "0001-01-01T00:00:00Z"


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo:
    """The zone with this Windows or IANA name.

    Raises ExchangeError 400 `TimeZoneNotSupportedException` for an unknown name.
    """
    if name.casefold() in _NAMES_OF_UTC:
        return UTC
    try:
        return ZoneInfo(_IANA_BY_FOLDED_NAME.get(name.casefold(), name))
    except (KeyError, ValueError, OSError):
        raise ExchangeError(
            400,
            "TimeZoneNotSupportedException",
            "A valid TimeZone value must be specified. The following TimeZone value is not "
            f"supported: '{name[:200]}'.",
        ) from None


def read_wall_time(text: str) -> datetime:
    """The naive wall-clock time of a `dateTime` member, any precision; microseconds are kept.

    An offset inside the value wins over the member's zone, so it comes back aware. Raises
    ExchangeError 400 for anything else.
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise invalid_property(f"The dateTime '{text[:100]}' cannot be read.") from None


def to_utc(wall: datetime, zone_name: str) -> datetime:
    """The instant at which the clocks of a zone show this time.

    Raises ExchangeError 400 for times next to the first and last year.
    """
    aware = wall if wall.tzinfo else wall.replace(tzinfo=zone(zone_name))
    try:
        return aware.astimezone(UTC)
    except OverflowError:
        raise invalid_property("The dateTime is out of range.") from None


def to_wall(instant: datetime, zone_name: str) -> datetime:
    """What the clocks of a zone show at an instant, naive."""
    return in_zone(instant, zone(zone_name))


def in_zone(instant: datetime, where: tzinfo) -> datetime:
    """What the clocks of a zone show at an instant, naive; never out of range."""
    try:
        return instant.astimezone(where).replace(tzinfo=None)
    except OverflowError:
        return instant.replace(tzinfo=None)


def seven_digits(wall: datetime) -> str:
    """A wall-clock time as in start and end: no offset, exactly seven fractional digits."""
    whole = wall.isoformat(timespec="microseconds")
    return whole[:26] + "0"


def trimmed(instant: datetime, hundred_nanos: int = 0) -> str:
    """A DateTimeOffset as Graph writes it: UTC `Z`, up to seven digits, trailing zeros trimmed."""
    fraction = f"{instant.microsecond:06d}{hundred_nanos % 10}".rstrip("0")
    head = (
        instant.strftime("%Y-%m-%dT%H:%M:%S")
        if instant.year >= 1000
        else (instant.replace(microsecond=0, tzinfo=None).isoformat())
    )
    return f"{head}.{fraction}Z" if fraction else f"{head}Z"


def is_midnight(wall: datetime) -> bool:
    """Whether a wall-clock time is the very beginning of a day."""
    return (wall.hour, wall.minute, wall.second, wall.microsecond) == (0, 0, 0, 0)


def midnight(wall: datetime) -> datetime:
    """The beginning of the day, as all-day events are kept: midnight UTC of the same date."""
    return datetime(wall.year, wall.month, wall.day, tzinfo=UTC)
