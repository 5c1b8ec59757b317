"""Addresses under which a meeting is joined, found in what people and services wrote.

Graph knows the address of a Teams or Skype meeting. What Zoom, Webex, Google Meet and others add to
an event stands in its location or its body. Both are hostile input: only hosts of known services
count, and the search is linear and bounded.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

from backend.domain.event import OnlineMeeting

_MOST_ADDRESSES = 500
_ADDRESS = re.compile(r"https?://[^\s\x00-\x1f<>\"'\\^`{|}]{1,2000}", re.IGNORECASE)
"""Without the backslash above all, which browsers take for a slash: what stands before it would be
the host that they go to."""
_TRAILING = ".,;:!?)]*"
_SAFE_LINKS = ".safelinks.protection.outlook.com"

_SERVICES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    ("teamsForBusiness", "teams.microsoft.com", re.compile(r"/(l/meetup-join|meet)/")),
    ("teamsForBusiness", "teams.microsoft.us", re.compile(r"/(l/meetup-join|meet)/")),
    ("teamsForBusiness", "teams.live.com", re.compile(r"/(l/meetup-join|meet)/")),
    ("zoom", "zoom.us", re.compile(r"/(j|w|s|my|wc)/")),
    ("zoom", "zoom.com", re.compile(r"/(j|w|s|my|wc)/")),
    ("zoom", "zoomgov.com", re.compile(r"/(j|w|s|my|wc)/")),
    ("webex", "webex.com", re.compile(r"/(meet|join|wbxmjs)/|/j\.php|/m/")),
    ("googleMeet", "meet.google.com", re.compile(r"/([a-z]{3}-[a-z]{4}-[a-z]{3}|lookup/)")),
    ("goToMeeting", "gotomeeting.com", re.compile(r"/join/")),
    ("goToMeeting", "gotomeet.me", re.compile(r"/.")),
    ("goToMeeting", "meet.goto.com", re.compile(r"/.")),
    ("ringCentral", "ringcentral.com", re.compile(r"/join/")),
    ("chime", "chime.aws", re.compile(r"/.")),
    ("jitsi", "meet.jit.si", re.compile(r"/.")),
    ("whereby", "whereby.com", re.compile(r"/.")),
    ("skypeForBusiness", "meet.lync.com", re.compile(r"/.")),
    ("skypeForConsumer", "join.skype.com", re.compile(r"/.")),
)
"""Provider, host (subdomains count) and what the path of a meeting looks like.

Of Graph's own words where it has one (``onlineMeetingProviderType``); the others are ours.
"""


def find_meeting(*texts: str) -> OnlineMeeting | None:
    """The first meeting that one of these texts (plain or HTML) tells the address of."""
    for text in texts:
        for address in _addresses(text):
            provider = provider_of(address)
            if provider is not None:
                return OnlineMeeting(provider, address)
    return None


def provider_of(address: str) -> str | None:
    """Whose meeting the address joins; ``None`` for an address that joins none we know.

    Wrapping and entities can hide characters that no address has: it is looked at once more.
    """
    if _ADDRESS.fullmatch(address) is None:
        return None
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").casefold()
    except ValueError:
        return None
    for provider, domain, path in _SERVICES:
        if (host == domain or host.endswith("." + domain)) and path.search(parts.path):
            return provider
    return None


def plain_address(address: str) -> str:
    """``address`` without the wrapping that Defender's Safe Links puts around it."""
    try:
        parts = urlsplit(address)
        if not (parts.hostname or "").casefold().endswith(_SAFE_LINKS):
            return address
        wrapped = parse_qs(parts.query).get("url", [""])[0]
        return wrapped if urlsplit(wrapped).scheme in ("https", "http") else address
    except ValueError:
        return address


def _addresses(text: str) -> Iterator[str]:
    for number, match in enumerate(_ADDRESS.finditer(text)):
        if number >= _MOST_ADDRESSES:
            return
        yield plain_address(html.unescape(match.group()).rstrip(_TRAILING))
