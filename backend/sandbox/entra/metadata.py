"""The documents Entra publishes: openid-configuration, keys, instance discovery."""

from typing import Any

from backend.sandbox.directory import Tenant
from backend.sandbox.entra.clouds import Cloud
from backend.sandbox.entra.keys import KeyRing


def openid_configuration(
    base: str, cloud: Cloud, authority: str, tenant: Tenant | None, *, is_v2: bool
) -> dict[str, Any]:
    """The metadata of one authority; `base` is scheme and host the client spoke to.

    For common and organizations the issuer is the literal template with `{tenantid}` (Entra docs:
    OpenID Connect metadata).
    """
    template = cloud.issuer_template if is_v2 else cloud.v1_issuer_template
    issuer = template if tenant is None else template.replace("{tenantid}", tenant.id)
    key = tenant.id if tenant else authority
    oauth = f"{base}/{key}/oauth2/v2.0" if is_v2 else f"{base}/{key}/oauth2"
    keys = f"{base}/{key}/discovery/v2.0/keys" if is_v2 else f"{base}/{key}/discovery/keys"
    return {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
        ],
        "jwks_uri": keys,
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "authorization_endpoint": f"{oauth}/authorize",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth}/logout",
        "claims_supported": [
            "sub",
            "iss",
            "aud",
            "exp",
            "iat",
            "nonce",
            "preferred_username",
            "name",
            "tid",
            "ver",
        ],
        "tenant_region_scope": None if tenant is None else "EU",
        "cloud_instance_name": cloud.instance_name,
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": cloud.graph_hosts[0],
        "rbac_url": "https://pas.windows.net",
    }


def key_set(ring: KeyRing, cloud: Cloud) -> dict[str, Any]:
    """The published keys, each with the issuer template it may sign for."""
    return {"keys": [key.as_jwk(cloud.issuer_template) for key in ring.published]}


def instance_discovery(base: str, cloud: Cloud, tenant_key: str) -> dict[str, Any]:
    """Which hosts are one cloud, and where the tenant's metadata is."""
    return {
        "tenant_discovery_endpoint": f"{base}/{tenant_key}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [
            {
                "preferred_network": cloud.login_hosts[0],
                "preferred_cache": cloud.login_hosts[1],
                "aliases": list(cloud.login_hosts),
            }
        ],
    }
