"""The Salesforce connector keeps the contract of all connectors, over HTTP to a stand-in."""

from __future__ import annotations

import pytest

from tests.adapters.salesforce_side import (
    clock,
    gateway,
    hands,
    http,
    people,
    served,
    stand_in,
    trouble,
)
from tests.crm.gateway_contract import AdditionsContract, ContactsContract, GatewayContract
from tests.crm.gateway_editing_contract import EditingContract
from tests.crm.gateway_trouble_contract import TroubleContract
from tests.support.crm import HandClock
from tests.support.salesforce.org import Organisation
from tests.support.salesforce.server import Served, StandIn

__all__ = ["clock", "gateway", "hands", "http", "people", "served", "stand_in", "trouble"]


class TestSalesforceCrm(
    GatewayContract, ContactsContract, AdditionsContract, EditingContract, TroubleContract
):
    """With Shared Activities, as Salesforce sets new organisations up."""


class TestWithoutSharedActivities(GatewayContract, EditingContract):
    """Events have one contact, and EventRelation three fields fewer."""

    @pytest.fixture
    def served(self, stand_in: StandIn, clock: HandClock) -> Served:
        return stand_in.add(Organisation(clock, shared_activities=False))
