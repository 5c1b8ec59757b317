"""What every connector to a CRM elsewhere must do when that CRM refuses, limits or fails (C3).

A connector's test module provides ``trouble``: how to make the CRM behind its gateway behave so.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Protocol

import pytest

from backend.domain.breaker import remote_of
from backend.domain.crm import Additions, CrmGateway
from backend.domain.errors import RemoteAccessError, TransientRemoteError
from tests.crm.gateway_contract import ICAL_UID, KEY, TENANT, a_draft


class Trouble(Protocol):
    """Switches of the CRM behind a connector; each holds until :meth:`relent`."""

    def deny(self) -> None:
        """Refuse our service to write records."""
        ...

    def throttle(self) -> None:
        """Refuse every call because there were too many."""
        ...

    def fail(self) -> None:
        """Answer every call with a failure of its own."""
        ...

    def lose_answers(self) -> None:
        """Do what is asked, but answer with a failure."""
        ...

    def relent(self) -> None: ...


class TroubleContract:
    """Each refusal is the error that tells the caller what to do, and nothing is half done."""

    def test_a_missing_permission_is_an_access_error_and_writes_nothing(
        self, gateway: CrmGateway, trouble: Trouble
    ) -> None:
        trouble.deny()

        with pytest.raises(RemoteAccessError) as caught:
            gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        with pytest.raises(RemoteAccessError):
            gateway.add_activity(TENANT, "added/me/1", a_draft(), Additions())

        trouble.relent()
        assert caught.value.system == "crm"
        assert gateway.find_activity(TENANT, KEY) is None
        assert gateway.find_by_ical_uid(TENANT, ICAL_UID) == []

    def test_a_rate_limit_passes_says_when_and_is_no_failure_of_the_crm(
        self, gateway: CrmGateway, trouble: Trouble
    ) -> None:
        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        trouble.throttle()

        with pytest.raises(TransientRemoteError) as reading:
            gateway.contacts_by_address(TENANT, ["jane@client.example"])
        with pytest.raises(TransientRemoteError) as writing:
            gateway.write_activity(TENANT, KEY, a_draft(), revision=made.revision)

        trouble.relent()
        for caught in (reading, writing):
            assert caught.value.system == "crm"
            assert caught.value.retry_after
            assert remote_of(caught.value) is None
        assert gateway.find_activity(TENANT, KEY) == made

    def test_a_crm_that_fails_is_a_passing_failure_which_the_breaker_counts(
        self, gateway: CrmGateway, trouble: Trouble
    ) -> None:
        trouble.fail()

        with pytest.raises(TransientRemoteError) as caught:
            gateway.find_activity(TENANT, KEY)

        assert remote_of(caught.value) == "crm"

    def test_writes_whose_answers_were_lost_are_done_once_however_often_they_are_sent(
        self, gateway: CrmGateway, trouble: Trouble
    ) -> None:
        trouble.lose_answers()
        for _ in range(2):
            with suppress(TransientRemoteError):
                gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
            with suppress(TransientRemoteError):
                gateway.add_activity(TENANT, "added/me/1", a_draft(), Additions())
        trouble.relent()

        made = gateway.write_activity(TENANT, KEY, a_draft(), revision=None)
        gateway.add_activity(TENANT, "added/me/1", a_draft(), Additions())

        assert made.draft == a_draft()
        assert len(gateway.find_by_ical_uid(TENANT, ICAL_UID)) == 2
