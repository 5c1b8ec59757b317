"""Zones by the names Outlook uses."""

from __future__ import annotations

import pytest

from backend.domain.zones import iana_name, known_as


@pytest.mark.parametrize(
    ("name", "iana"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("India Standard Time", "Asia/Kolkata"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("UTC-11", "Etc/GMT+11"),
        ("Europe/Zurich", "Europe/Zurich"),
        ("UTC", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("tzone://Microsoft/Custom", None),
        ("Customized Time Zone", None),
        ("../../etc/passwd", None),
        ("/etc/localtime", None),
        ("a" * 5_000, None),
        ("Europe", None),
        ("", None),
        (None, None),
    ],
)
def test_a_windows_or_iana_name_has_an_iana_name(name: str | None, iana: str | None) -> None:
    assert iana_name(name) == iana


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (" W. Europe Standard Time ", "W. Europe Standard Time"),
        ("Some zone of tomorrow", "Some zone of tomorrow"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("tzone://Microsoft/Custom", None),
        ("customized time zone", None),
    ],
)
def test_a_zone_is_kept_under_its_own_name_unless_it_has_none(name: str, kept: str | None) -> None:
    assert known_as(name) == kept
