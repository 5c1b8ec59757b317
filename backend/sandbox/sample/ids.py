"""Fixed ids of the sample: tenants, app registrations, their secrets and roles.

Not secrets of anybody: they open nothing but a sandbox on the reader's own machine.
"""

import uuid

_NAMESPACE = uuid.UUID("5a1e5a1e-0000-4000-8000-ca1e9da25b0c")

LAW_FIRM_TENANT_ID = "3f6c1b52-7a0e-4c1d-9b8e-1d2f4a6c8e01"
SECOND_FIRM_TENANT_ID = "8b2d4e70-15c3-4f7a-a6d9-5c0e7b9f1a02"
UNREGISTERED_TENANT_ID = "c4e9a7d1-62b8-4d35-8f10-9e3b5d7a2c03"

ADDIN_CLIENT_ID = "a11d1000-5c0d-4e8a-b7f3-0d9c2e4b6a11"
API_CLIENT_ID = "a9100000-2b7e-4d6c-9f58-3e1a7c5d9b22"
DAEMON_CLIENT_ID = "dae30000-8e4f-4a2b-8c6d-7f5b3a1d9e33"
OFFICE_CLIENT_ID = "ea5a67f6-b6f3-4338-b240-c655ddc3cc8e"
"""Microsoft's id for all Office hosts: `azp` of tokens that Office.js `getAccessToken` gives."""

API_CLIENT_SECRET = "sandbox~api~secret"  # noqa: S105 - opens only a sandbox
DAEMON_CLIENT_SECRET = "sandbox~daemon~secret"  # noqa: S105 - opens only a sandbox
DAEMON_EXPIRED_SECRET = "sandbox~daemon~expired"  # noqa: S105 - opens nothing at all

API_ID_URI = f"api://{API_CLIENT_ID}"
API_SCOPE = "access_as_user"

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
GRAPH_URL = "https://graph.microsoft.com"


def stable_id(*parts: str) -> str:
    """A GUID that is the same for the same words on every machine."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))
