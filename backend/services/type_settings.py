"""Contact types are known to a firm's settings by name: what becomes of them in the embedded CRM.

Each runs inside of the CRM's own transaction, so that a rename and the settings agree at any moment
and a rule never stops unseen (S1, E13).
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from backend.db import people
from backend.db.models import FirmRow
from backend.domain.matching import PERSONNEL_TYPES
from backend.services.crm_audit import CrmAudit, CrmPerson


class TypeSettings:
    """What the CRM asks and tells before it renames or removes a contact type."""

    def __init__(self, audit: CrmAudit) -> None:
        self._audit = audit

    def is_needed(self, session: Session, tenant_id: str, name: str) -> bool:
        """Whether a rule looks at this type: it must not go."""
        firm = people.find_firm(session, tenant_id)
        return firm is not None and _names(firm, name)

    def is_fixed(self, name: str) -> bool:
        """Whether the product knows this type by its name: it must not be called otherwise."""
        return name.casefold() in PERSONNEL_TYPES

    def rename(self, session: Session, caller: CrmPerson, old: str, new: str) -> None:
        """Have the settings go on with the new name; a line in the audit says who did it."""
        firm = people.find_firm(session, caller.tenant_id)
        if firm is None:
            return
        # As whoever changes the settings does: of two changes at once none is lost.
        session.refresh(firm, with_for_update={"key_share": True})
        if not _names(firm, old):
            return
        firm.contact_types = [
            new if each.casefold() == old.casefold() else each for each in firm.contact_types
        ]
        firm.version += 1
        fields = ("contact_types",)
        self._audit.note(session, caller, "configuration_changed", "firm", firm.id, fields)


def _names(firm: FirmRow, name: str) -> bool:
    return name.casefold() in {each.casefold() for each in firm.contact_types}
