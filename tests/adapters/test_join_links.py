"""Which addresses join a meeting, and which only look like it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.adapters.join_links import find_meeting, plain_address, provider_of


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        (
            "https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0",
            "teamsForBusiness",
        ),
        ("https://teams.microsoft.com/meet/23456?p=abc", "teamsForBusiness"),
        ("https://teams.live.com/meet/9345678", "teamsForBusiness"),
        ("https://gov.teams.microsoft.us/l/meetup-join/19%3a", "teamsForBusiness"),
        ("https://us02web.zoom.us/j/84512345678?pwd=x", "zoom"),
        ("https://firm.zoom.us/my/ann.lawyer", "zoom"),
        ("https://zoomgov.com/j/1600000000", "zoom"),
        ("https://firm.webex.com/meet/ann", "webex"),
        ("https://firm.webex.com/firm/j.php?MTID=m123", "webex"),
        ("https://meet.google.com/abc-defg-hij", "googleMeet"),
        ("https://global.gotomeeting.com/join/123456789", "goToMeeting"),
        ("https://v.ringcentral.com/join/123", "ringCentral"),
        ("https://chime.aws/1234567890", "chime"),
        ("https://meet.jit.si/Client", "jitsi"),
        ("https://meet.lync.com/firm/ann/ABC", "skypeForBusiness"),
        # The same hosts, but nothing to join.
        ("https://zoom.us/pricing", None),
        ("https://teams.microsoft.com/l/channel/19%3a", None),
        ("https://meet.google.com/", None),
        ("https://www.webex.com/pricing", None),
        # Hosts that only look like theirs.
        ("https://zoom.us.evil.example/j/1", None),
        ("https://evilzoom.us/j/1", None),
        ("https://zoom.us@evil.example/j/1", None),
        # Browsers take a backslash for a slash, and go to the host before it.
        ("https://evil.example\\@zoom.us/j/1", None),
        ("https://evil.example\n\\@zoom.us/j/1", None),
        ("https://evil.example/?u=https://zoom.us/j/1", None),
        ("https://[broken", None),
    ],
)
def test_a_service_is_known_by_host_and_path(address: str, provider: str | None) -> None:
    assert provider_of(address) == provider


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Join: https://zoom.us/j/1.", "https://zoom.us/j/1"),
        ("(https://zoom.us/j/1)", "https://zoom.us/j/1"),
        ("<https://zoom.us/j/1?a=b&amp;c=d>", "https://zoom.us/j/1?a=b&c=d"),
        ("https://x.example/a then HTTPS://ZOOM.US/j/1", "HTTPS://ZOOM.US/j/1"),
        ("https://evil.example&#92;@zoom.us/j/1", None),
        (
            "https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fevil.example%5C%40zoom.us/j/1",
            None,
        ),
        (
            "https://x.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us/j/1%0AA%20lie",
            None,
        ),
        ("nothing here", None),
        ("javascript:https://x", None),
    ],
)
def test_an_address_is_found_in_text(text: str, address: str | None) -> None:
    found = find_meeting(text)

    assert (found.join_url if found else None) == address


def test_the_wrapping_of_safe_links_is_taken_off_and_nothing_else() -> None:
    wrapped = "https://nam12.safelinks.protection.outlook.com/ap/t-59584e83/?url={}&data=05%7C02"

    assert plain_address(wrapped.format("https%3A%2F%2Fzoom.us%2Fj%2F1")) == "https://zoom.us/j/1"
    assert plain_address(wrapped.format("javascript%3Aalert(1)")).startswith("https://nam12.")
    assert plain_address("https://x.example/?url=https://y.example") == (
        "https://x.example/?url=https://y.example"
    )


@pytest.mark.parametrize(
    "text", ["https://" * 40_000, "https://a " * 30_000, "https://zoom.us/j/" + "1" * 250_000]
)
def test_hostile_text_is_cheap(text: str) -> None:
    started = time.perf_counter()

    find_meeting(text)

    assert time.perf_counter() - started < 1


@given(st.text())
def test_no_text_raises(text: str) -> None:
    find_meeting(text, f"https://{text}", f"https://safelinks.protection.outlook.com/?url={text}")
