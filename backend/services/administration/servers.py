"""The firm's online servers: added, changed and removed; secrets go in, never out (A4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.orm import Session

from backend.db import administration
from backend.db.crowds import Crowd
from backend.db.models import ServerRow
from backend.domain.errors import InvalidFieldsError, NotNowError, UnknownItemError
from backend.domain.ports import Clock, Principal
from backend.services.administration.answers import Server
from backend.services.administration.office import Office
from backend.services.callers import Vault
from backend.services.driving import Ring
from backend.services.reevaluation import judge_again, wake
from backend.sql import Database

EXPIRES_SOON = timedelta(days=30)

_SIGN_IN = frozenset(
    {"cloud", "tenant_id", "client_id", "secret", "certificate_pem", "certificate_pfx"}
)
_NO_PEM = "This is no PEM with a certificate and its unencrypted private key."
_NO_PFX = "This file cannot be opened: it is no PFX with a private key, or the password is wrong."


class Certificates(Protocol):
    """Reads what admins upload."""

    def expiry_of(self, pem: str, /) -> datetime | None:
        """When the certificate in a PEM ends; ``None`` when it cannot be used."""
        ...

    def pem_of_pfx(self, data: bytes, password: str | None, /) -> str | None:
        """Key and certificate of a PFX as PEM; ``None`` when it cannot be opened."""
        ...


class Servers:
    """Use cases on online servers."""

    def __init__(
        self,
        database: Database,
        office: Office,
        vault: Vault,
        clock: Clock,
        ring: Ring,
        *,
        certificates: Certificates,
    ) -> None:
        self._database = database
        self._office = office
        self._vault = vault
        self._clock = clock
        self._ring = ring
        self._certificates = certificates

    def all(self, principal: Principal) -> tuple[Server, ...]:
        """The firm's servers, by name."""
        admin = self._office.admit(principal)
        now = self._clock()
        with self._database.read() as session:
            found = administration.list_servers(session, admin.firm_id)
            return tuple(server_of(row, users, now) for row, users in found)

    def show(self, principal: Principal, server_id: str) -> Server:
        """Raises: UnknownItemError."""
        admin = self._office.admit(principal)
        with self._database.read() as session:
            return self._answer(session, admin.firm_id, server_id)

    def add(self, principal: Principal, given: Mapping[str, Any]) -> Server:
        """Register a server; ``given`` as the API names it, with a secret or a certificate.

        Raises: InvalidFieldsError.
        """
        admin = self._office.admit(principal)
        if not any(given.get(n) for n in ("secret", "certificate_pem", "certificate_pfx")):
            raise InvalidFieldsError({"secret": ["Give a client secret or a certificate."]})
        values = self._values(given)
        with self._database.write.begin() as session:
            row = ServerRow(firm_id=admin.firm_id, created_at=self._clock(), **values)
            session.add(row)
            session.flush()
            self._office.note(session, admin, "server_added", "server", row.id, tuple(given))
            return self._answer(session, admin.firm_id, row.id)

    def change(self, principal: Principal, server_id: str, given: Mapping[str, Any]) -> Server:
        """Change what is given; whoever could not sign in is tried again at once.

        Raises: UnknownItemError, InvalidFieldsError when no credential would be left.
        """
        admin = self._office.admit(principal)
        values = self._values(given)
        with self._database.write.begin() as session:
            row = administration.find_server(session, admin.firm_id, server_id)
            if row is None:
                raise UnknownItemError
            for name, value in values.items():
                setattr(row, name, value)
            if row.secret_encrypted is None and row.certificate_encrypted is None:
                raise InvalidFieldsError({"secret": ["A client secret or certificate is needed."]})
            if given:
                names = tuple(given)
                self._office.note(session, admin, "server_changed", "server", row.id, names)
            session.flush()
            is_new_sign_in = not _SIGN_IN.isdisjoint(given)
            if is_new_sign_in:
                row.can_write, row.can_write_at = None, None
                session.flush()
                judge_again(session, Crowd(server_id=row.id), self._clock())
            answer = self._answer(session, admin.firm_id, row.id)
        if is_new_sign_in:
            wake(self._ring)
        return answer

    def remove(self, principal: Principal, server_id: str) -> None:
        """Raises: UnknownItemError; NotNowError ``server_in_use`` while users are assigned."""
        admin = self._office.admit(principal)
        with self._database.write.begin() as session:
            row = administration.find_server(session, admin.firm_id, server_id)
            if row is None:
                raise UnknownItemError
            users = administration.count_users_of(session, row.id)
            # The second question is the database's: somebody may be assigned at this moment.
            if users or not administration.remove_server(session, row):
                raise NotNowError(
                    f"Users assigned to this server: {users or 1}. Assign them another one first.",
                    code="server_in_use",
                )
            self._office.note(session, admin, "server_removed", "server", server_id)

    def _answer(self, session: Session, firm_id: str, server_id: str) -> Server:
        row = administration.find_server(session, firm_id, server_id)
        if row is None:
            raise UnknownItemError
        return server_of(row, administration.count_users_of(session, row.id), self._clock())

    def _values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Columns; secrets sealed, ``expires_at`` read from a certificate that comes without."""
        values = {
            name: given[name]
            for name in ("name", "cloud", "tenant_id", "client_id", "expires_at")
            if name in given
        }
        if "secret" in given:
            values["secret_encrypted"] = self._sealed(given["secret"])
        if "certificate_pfx" in given or "certificate_pem" in given:
            pem = self._pem(given)
            values["certificate_encrypted"] = self._sealed(pem)
            if pem:
                values.setdefault("expires_at", self._certificates.expiry_of(pem))
        return values

    def _pem(self, given: Mapping[str, Any]) -> str | None:
        """The certificate that is given in either form. Raises: InvalidFieldsError."""
        if "certificate_pfx" in given:
            data, password = given["certificate_pfx"], given.get("certificate_password")
            opened = self._certificates.pem_of_pfx(data, password)
            if opened is None or self._certificates.expiry_of(opened) is None:
                raise InvalidFieldsError({"certificate_pfx": [_NO_PFX]})
            return opened
        pem: str | None = given["certificate_pem"]
        if pem and self._certificates.expiry_of(pem) is None:
            raise InvalidFieldsError({"certificate_pem": [_NO_PEM]})
        return pem

    def _sealed(self, secret: str | None) -> str | None:
        return self._vault.encrypt(secret) if secret else None


def server_of(row: ServerRow, users: int, now: datetime) -> Server:
    """The values of a row, without its secrets."""
    return Server(
        id=row.id,
        name=row.name,
        cloud=row.cloud,
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        has_secret=row.secret_encrypted is not None,
        has_certificate=row.certificate_encrypted is not None,
        expires_at=row.expires_at,
        paused=row.paused,
        can_write=row.can_write,
        users=users,
        problem=_problem(row, now),
    )


def _problem(row: ServerRow, now: datetime) -> str | None:
    if row.secret_encrypted is None and row.certificate_encrypted is None:
        return "no_credential"
    if row.expires_at is None:
        return None
    if row.expires_at <= now:
        return "credential_expired"
    return "credential_expires_soon" if row.expires_at <= now + EXPIRES_SOON else None
