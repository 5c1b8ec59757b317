"""Fixtures of the Salesforce tests: a stand-in per module, a fresh organisation per test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backend.adapters.http import Http
from backend.adapters.salesforce import SalesforceCrm
from backend.adapters.transport import new_session
from tests.crm.gateway_contract import OTHER_TENANT, TENANT, MakeContact
from tests.support.crm import HandClock
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.people import Clerk, Unwell, connector, contact_maker
from tests.support.salesforce.server import Served, StandIn, served_salesforce


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with served_salesforce() as running:
        yield running


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture(scope="module")
def http() -> Iterator[Http]:
    session = new_session()
    yield Http(session, clock=HandClock())
    session.close()


@pytest.fixture
def served(stand_in: StandIn, clock: HandClock) -> Served:
    return stand_in.add(Organisation(clock))


@pytest.fixture
def gateway(http: Http, clock: HandClock, stand_in: StandIn, served: Served) -> SalesforceCrm:
    other = stand_in.add(Organisation(clock))
    return connector(http, clock, {TENANT: served, OTHER_TENANT: other})


@pytest.fixture
def people(served: Served) -> MakeContact:
    return contact_maker(served)


@pytest.fixture
def hands(served: Served) -> Clerk:
    return Clerk(served.org)


@pytest.fixture
def trouble(served: Served) -> Unwell:
    return Unwell(served)
