"""Every drift is explained, and every fix says what follows, before anybody clicks (A10)."""

from __future__ import annotations

import pytest

from backend.domain.reconciliation import FIXES, Drift
from backend.services.administration.drift_words import (
    DESTRUCTIVE,
    MEANS,
    consequence_of,
    name_of,
)


@pytest.mark.parametrize("drift", Drift)
def test_a_drift_and_its_fixes_have_sentences(drift: Drift) -> None:
    assert MEANS[drift].endswith(".")
    for fix in FIXES[drift]:
        assert name_of(drift, fix)
        assert consequence_of(drift, fix).endswith(".")


def test_only_two_records_have_to_be_sorted_out_in_the_crm() -> None:
    assert [drift for drift in Drift if not FIXES[drift]] == [Drift.TWO_RECORDS]


def test_what_takes_away_is_offered_at_all() -> None:
    assert all(fix in FIXES[drift] for drift, fix in DESTRUCTIVE)
