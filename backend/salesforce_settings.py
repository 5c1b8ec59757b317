"""What an operator says of a Salesforce organisation; read with all other settings."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesforceSettings:
    """A firm's organisation of Salesforce, in the embedded CRM's place (docs/salesforce.md)."""

    url: str
    """The organisation's My Domain."""
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    private_key: str | None = field(default=None, repr=False)
    """PEM; with ``username`` an alternative to the secret (JWT bearer)."""
    username: str | None = None
    audience: str = "https://login.salesforce.com"
    api_version: str = "62.0"
    contact_type_field: str | None = None
    account_type_field: str | None = "Type"
    """(Multi-select) picklists whose values are contact types (A1)."""
