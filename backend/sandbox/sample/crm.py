"""CRM data of the sample firms: companies, contact types, contacts, opportunities, initiatives."""

from typing import Any


def crm_seed(seed: int) -> dict[str, Any]:
    """All CRM data per tenant id."""
    return {"tenants": {}}
