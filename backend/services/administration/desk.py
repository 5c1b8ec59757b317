"""All that admins may ask for, in one place for the web application."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.crm import CrmGateway
from backend.domain.ports import Calendars, Clock
from backend.services.administration.brake_desk import BrakeDesk
from backend.services.administration.checking import Checking
from backend.services.administration.comparing import Comparing
from backend.services.administration.configuration import Configurations
from backend.services.administration.office import Office
from backend.services.administration.operations import Operations
from backend.services.administration.pauses import Pauses
from backend.services.administration.person import Persons
from backend.services.administration.person_erasure import PersonErasure
from backend.services.administration.reconciliation import Reconciliation
from backend.services.administration.repairs import Repairs
from backend.services.administration.server_testing import ServerTesting
from backend.services.administration.servers import Certificates, Servers
from backend.services.administration.simulation import Simulation
from backend.services.administration.simulator import Simulator
from backend.services.administration.users import Users
from backend.services.brake import Brake
from backend.services.breaker import Breakers
from backend.services.callers import Callers, Vault
from backend.services.driving import Ring
from backend.services.log import Log
from backend.services.pausing import Pausing
from backend.services.reporting import Reporting
from backend.services.subscriptions import Addresses, ClientStates
from backend.sql import Database


@dataclass(frozen=True, slots=True)
class Administration:
    """The parts of the administration."""

    office: Office
    configuration: Configurations
    pauses: Pauses
    brake: BrakeDesk
    users: Users
    operations: Operations
    servers: Servers
    server_testing: ServerTesting
    simulator: Simulator
    simulation: Simulation
    reporting: Reporting
    log: Log
    reconciliation: Reconciliation
    repairs: Repairs
    persons: Persons
    person_erasure: PersonErasure


def administration(
    database: Database,
    calendars: Calendars,
    crm: CrmGateway,
    callers: Callers,
    vault: Vault,
    clock: Clock,
    ring: Ring,
    *,
    states: ClientStates,
    addresses: Addresses | None,
    certificates: Certificates,
) -> Administration:
    """Wire the parts."""
    office = Office(database, callers, clock)
    operations = Operations(database, office, clock, ring)
    pausing, brake = Pausing(database, clock, ring), Brake(database, clock, ring)
    breakers = Breakers(database, clock, ring)
    persons = Persons(database, office, crm, clock)
    comparing = Comparing(database, callers, calendars, crm, breakers, clock)
    Checking(database, operations, comparing, callers, calendars, crm, clock)
    return Administration(
        office=office,
        configuration=Configurations(database, office, clock, ring),
        pauses=Pauses(database, office, pausing, brake),
        brake=BrakeDesk(database, office, callers, calendars, clock),
        users=Users(database, office, operations, calendars, vault, clock, ring),
        operations=operations,
        servers=Servers(database, office, vault, clock, ring, certificates=certificates),
        server_testing=ServerTesting(database, office, calendars, vault, states, addresses, clock),
        simulator=Simulator(database, office, callers, calendars, crm, clock),
        simulation=Simulation(database, office, callers, calendars, crm, clock),
        reporting=Reporting(database, office, callers, calendars, crm, clock),
        log=Log(database, office, clock, ring),
        reconciliation=Reconciliation(database, office, operations, comparing, crm, clock),
        repairs=Repairs(database, office, operations, callers, calendars, crm, clock, ring),
        persons=persons,
        person_erasure=PersonErasure(
            database,
            office,
            operations,
            persons,
            callers,
            calendars,
            crm,
            vault,
            clock,
        ),
    )
