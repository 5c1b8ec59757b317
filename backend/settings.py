"""Everything an operator decides before the start, read once from the environment.

What an admin may change while it runs (a firm's policy) lives in the database, not here.
"""

from __future__ import annotations

import base64
import importlib.util
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import limits
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from environs import Env, EnvValidationError, validate
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from backend.salesforce_settings import SalesforceSettings

PREFIX = "CALENDAR_SYNC_"
GRAPH_URL = "https://graph.microsoft.com"
LOGIN_URL = "https://login.microsoftonline.com"
OFFICE_JS_URL = "https://appsforoffice.microsoft.com/lib/1/hosted/office.js"

OFFICE_HOSTS = (
    "https://outlook.office.com",
    "https://outlook.office365.com",
    "https://outlook.cloud.microsoft",
    "https://outlook.live.com",
)
"""Pages that show the pane in a frame: Outlook on the web and the new Outlook (X5)."""

OFFICE_CLIENT_IDS = ("ea5a67f6-b6f3-4338-b240-c655ddc3cc8e",)
"""``azp`` of tokens that Office.js ``getAccessToken`` gives (Office add-in docs: SSO)."""

MINIMAL_KEY_LENGTH = 32
OLDEST_SALESFORCE_API = 55
DATABASE_URL = "sqlite:///var/calendar-sync.db"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class SettingsError(Exception):
    """The environment does not describe a deployment. ``problems``: one line per variable."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        lines = "\n".join(f"  {name}: {what}" for name, what in self.problems.items())
        super().__init__(f"The settings are not complete:\n{lines}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One deployment. Web addresses carry no slash at the end; secrets never show in a repr."""

    base_url: str
    """Where browsers reach us."""
    client_id: str
    """The app registration of our API."""
    tenants: tuple[str, ...]
    """The customers' Entra tenant ids; a token of any other tenant is refused (X1)."""
    secret_keys: tuple[str, ...] = field(repr=False)
    """Newest first: the first signs and encrypts, all of them check and decrypt."""
    client_secret: str | None = field(default=None, repr=False)
    client_certificate: str | None = field(default=None, repr=False)
    """Private key and certificate, PEM, concatenated; an alternative to the secret."""
    allowed_clients: tuple[str, ...] = ()
    """``azp`` values a user's token may have: our own, the add-in's, Office's (X1)."""
    database_url: str = field(default=DATABASE_URL, repr=False)
    queue_url: str = field(default="sqlite:///var/calendar-sync-queue.db", repr=False)
    """``sqlite:`` and ``postgresql:`` hold the queue in a database, ``redis:`` in Redis."""
    graph_url: str = GRAPH_URL
    login_url: str = LOGIN_URL
    office_js_url: str = OFFICE_JS_URL
    office_hosts: tuple[str, ...] = OFFICE_HOSTS
    cors_origins: tuple[str, ...] = ()
    notification_url: str | None = None
    """Where Graph reaches us, with or without ``/graph/notifications``; ``None``: only polling."""
    metrics_token: str | None = field(default=None, repr=False)
    crm_url: str | None = None
    """Another instance's ``/crm/api``; ``None``: the embedded CRM in this process (C2)."""
    crm_token: str | None = field(default=None, repr=False)
    """The word between two instances: sent to ``crm_url``, accepted at our own ``/crm/api``."""
    salesforce: SalesforceSettings | None = None
    clock_offset_file: Path | None = None
    """Names a file with seconds to add to our clock; never set in production."""
    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    """As ``requests`` takes them; empty when Graph and Entra are on this machine."""
    ca_bundle: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    web_threads: int = 16
    worker_threads: int = 4
    worker_name: str | None = None
    """Under which a worker's leases are its own again after a restart; ``None``: machine-number."""
    inline_budget: float = 4.0
    """Seconds the first try of a tick may take inside the request."""
    rate_limit: str = "6000 per minute"
    """Per signed-in user, in the notation of Flask-Limiter."""
    rate_limit_storage: str = "memory://"
    log_level: str = "INFO"
    log_format: str = "json"

    @property
    def has_embedded_crm(self) -> bool:
        """Whether records are kept in our own database, with pages for them."""
        return self.crm_url is None and self.salesforce is None

    @property
    def is_https(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def notification_base(self) -> str | None:
        """:attr:`notification_url` as far as it is the same for both kinds of notifications."""
        if self.notification_url is None:
            return None
        return self.notification_url.rstrip("/").removesuffix("/graph/notifications")

    def keys_for(self, purpose: str) -> tuple[bytes, ...]:
        """32 bytes per secret key, newest first, different for each purpose (HKDF, RFC 5869).

        One stolen session key then opens no stored secret, and the other way round.
        """
        return tuple(
            HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(
                key.encode()
            )
            for key in self.secret_keys
        )

    def fernet_keys(self, purpose: str) -> tuple[bytes, ...]:
        """:meth:`keys_for` in the spelling that ``cryptography``'s Fernet wants."""
        return tuple(base64.urlsafe_b64encode(key) for key in self.keys_for(purpose))

    @classmethod
    def from_env(cls, environ: Mapping[str, str], dotenv: Path | None = None) -> Settings:
        """Read every ``CALENDAR_SYNC_*`` variable; ``dotenv`` fills in what ``environ`` lacks.

        Raises: SettingsError naming all problems at once.
        """
        env = _Environment(environ, dotenv)
        values = _required(env) | _addresses(env) | _secrets(env) | _tunables(env)
        values["salesforce"] = _salesforce(env)
        try:
            env.seal()
        except EnvValidationError as error:
            raise SettingsError(_by_variable(error)) from None
        if all(_is_loopback(values[name] or "") for name in ("graph_url", "login_url")):
            values["proxies"] = {}
        settings = cls(**{name: value for name, value in values.items() if value is not None})
        problems = _contradictions(settings)
        if problems:
            raise SettingsError(problems)
        return settings


class _Environment(Env):
    """environs over a given mapping instead of the process's own; empty means not set."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None) -> None:
        super().__init__(eager=False, prefix=PREFIX)
        self._given = {name: value for name, value in environ.items() if value.strip()}
        if dotenv is not None and dotenv.is_file():
            self.read_env(dotenv, recurse=False)

    def _get_value(self, env_key: str, default: Any) -> Any:
        return self._given.get(env_key) or self._environ.get(env_key) or default

    def optional(self, name: str) -> str | None:
        value: str | None = self.str(name, None)
        return value

    def plain(self, name: str) -> str | None:
        """A variable that is not ours."""
        return self._given.get(name)

    def proxies(self) -> dict[str, str]:
        """The proxies of the machine, read once (requests would read them at every call)."""
        found = {
            scheme: self.plain(f"{scheme}_proxy".upper()) or self.plain(f"{scheme}_proxy")
            for scheme in ("http", "https")
        }
        return {scheme: proxy for scheme, proxy in found.items() if proxy}

    def complain(self, name: str, what: str) -> None:
        """Add a problem to those that are reported together, unless the variable has one."""
        if PREFIX + name not in self._errors:
            self._errors[PREFIX + name].append(what)

    def checked(self, name: str, check: Callable[[str], Any], *, required: bool = False) -> Any:
        """The variable turned into a value by ``check``, which raises ValueError with a reason."""
        raw = self.optional(name)
        if raw is None:
            if required:
                self._errors[PREFIX + name].append("is not set")
            return None
        try:
            return check(raw)
        except (ValueError, OSError) as error:
            self._errors[PREFIX + name].append(str(error))
            return None


def _required(env: _Environment) -> dict[str, Any]:
    client_id = env.checked("CLIENT_ID", _guid, required=True)
    further = env.checked("ALLOWED_CLIENTS", _guids) or OFFICE_CLIENT_IDS
    keys_from_file = env.checked("SECRET_KEY_FILE", _keys_of_file)
    return {
        "base_url": env.checked("BASE_URL", _origin, required=True),
        "client_id": client_id,
        "tenants": env.checked("TENANTS", _guids, required=True),
        "secret_keys": keys_from_file
        or env.checked("SECRET_KEY", _keys, required=keys_from_file is None),
        "allowed_clients": tuple(dict.fromkeys((client_id, *further))) if client_id else further,
    }


def _addresses(env: _Environment) -> dict[str, Any]:
    database = env.checked("DATABASE_URL", _database_url) or DATABASE_URL
    return {
        "database_url": database,
        "queue_url": env.checked("QUEUE_URL", _queue_url) or queue_beside(database),
        "graph_url": env.checked("GRAPH_URL", _web_address),
        "login_url": env.checked("LOGIN_URL", _web_address),
        "office_js_url": env.checked("OFFICE_JS_URL", _web_address),
        "office_hosts": env.checked("OFFICE_HOSTS", _origins),
        "cors_origins": env.checked("CORS_ORIGINS", _origins),
        "notification_url": env.checked("NOTIFICATION_URL", _web_address),
        "crm_url": env.checked("CRM_URL", _web_address),
    }


def _secrets(env: _Environment) -> dict[str, Any]:
    return {
        "client_secret": env.optional("CLIENT_SECRET"),
        "client_certificate": env.checked("CLIENT_CERTIFICATE_FILE", _text_of_file),
        "metrics_token": env.optional("METRICS_TOKEN"),
        "crm_token": env.optional("CRM_TOKEN"),
    }


def _tunables(env: _Environment) -> dict[str, Any]:
    offset_file = env.optional("CLOCK_OFFSET_FILE")
    return {
        "clock_offset_file": Path(offset_file) if offset_file else None,
        "proxies": env.proxies(),
        "ca_bundle": env.optional("CA_BUNDLE") or env.plain("REQUESTS_CA_BUNDLE"),
        "host": env.optional("HOST"),
        "port": env.int("PORT", None, validate=validate.Range(1, 65535)),
        "web_threads": env.int("WEB_THREADS", None, validate=validate.Range(2, 256)),
        "worker_threads": env.int("WORKER_THREADS", None, validate=validate.Range(1, 64)),
        "worker_name": env.str("WORKER_NAME", None, validate=validate.Length(max=100)),
        "inline_budget": env.float("INLINE_BUDGET", None, validate=validate.Range(0.1, 20)),
        "rate_limit": env.checked("RATE_LIMIT", _rate_limit),
        "rate_limit_storage": env.optional("RATE_LIMIT_STORAGE"),
        "log_level": env.str(
            "LOG_LEVEL", None, validate=validate.OneOf(["DEBUG", "INFO", "WARNING", "ERROR"])
        ),
        "log_format": env.str("LOG_FORMAT", None, validate=validate.OneOf(["json", "text"])),
    }


def _salesforce(env: _Environment) -> SalesforceSettings | None:
    """``None`` when nothing of it is set."""
    named = {
        "url": env.checked("SALESFORCE_URL", _origin),
        "client_id": env.optional("SALESFORCE_CLIENT_ID"),
        "client_secret": env.optional("SALESFORCE_CLIENT_SECRET"),
        "private_key": env.checked("SALESFORCE_KEY_FILE", _text_of_file),
        "username": env.optional("SALESFORCE_USERNAME"),
        "audience": env.checked("SALESFORCE_AUDIENCE", _origin),
        "api_version": env.checked("SALESFORCE_API_VERSION", _api_version),
        "contact_type_field": env.checked("SALESFORCE_CONTACT_TYPE_FIELD", _api_name),
        "account_type_field": env.checked("SALESFORCE_ACCOUNT_TYPE_FIELD", _api_name),
    }
    given = {name: value for name, value in named.items() if value is not None}
    if not given:
        return None
    for name in ("url", "client_id"):
        if name not in given:
            env.complain(
                f"SALESFORCE_{name.upper()}", "is not set, though others of Salesforce are"
            )
    if "client_secret" not in given and not {"private_key", "username"} <= given.keys():
        env.complain(
            "SALESFORCE_CLIENT_SECRET",
            "is not set, nor are SALESFORCE_KEY_FILE and SALESFORCE_USERNAME: one way to sign in"
            " is needed",
        )
    return SalesforceSettings(**{"url": "", "client_id": "", **given})


def queue_beside(database_url: str) -> str:
    """Where rings are kept unless told: the same PostgreSQL, or a SQLite file of its own."""
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return database_url
    path = Path(url.database)
    return f"sqlite:///{path.with_name(path.stem + '-queue' + path.suffix).as_posix()}"


def _contradictions(settings: Settings) -> dict[str, str]:
    problems = {}
    if not settings.client_secret and not settings.client_certificate:
        problems[PREFIX + "CLIENT_SECRET"] = (
            "is not set, nor is CLIENT_CERTIFICATE_FILE: one of them is needed to reach Outlook"
        )
    if settings.crm_url and not settings.crm_token:
        problems[PREFIX + "CRM_TOKEN"] = "is needed with CRM_URL"
    if settings.salesforce and settings.crm_url:
        problems[PREFIX + "SALESFORCE_URL"] = "and CRM_URL are two CRMs: set one of them"
    if settings.salesforce and len(settings.tenants) > 1:
        problems[PREFIX + "TENANTS"] = "lists several firms, and Salesforce belongs to one"
    if settings.salesforce and importlib.util.find_spec("simple_salesforce") is None:
        problems[PREFIX + "SALESFORCE_URL"] = (
            "needs a package: pip install 'calendar-sync[salesforce]'"
        )
    if "*" in settings.cors_origins:
        problems[PREFIX + "CORS_ORIGINS"] = "lists origins, never *"
    return problems


def _by_variable(error: EnvValidationError) -> dict[str, str]:
    assert isinstance(error.error_messages, Mapping)  # seal() collects them per variable
    return {
        name: "; ".join(message.rstrip(".") for message in messages)
        for name, messages in error.error_messages.items()
    }


def _guid(text: str) -> str:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        raise ValueError(f"{text.strip()[:60]!r} is not a GUID") from None


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in text.replace(",", " ").split() if word))


def _guids(text: str) -> tuple[str, ...]:
    return tuple(_guid(word) for word in _words(text))


def _web_address(text: str) -> str:
    """https, or http on this machine; no slash at the end."""
    address = text.strip().rstrip("/")
    parts = urlsplit(address)
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("is not a web address such as https://sync.example.com")
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(address)):
        return address
    raise ValueError("needs https (http is accepted for localhost only)")


def _is_loopback(address: str) -> bool:
    return urlsplit(address).hostname in _LOOPBACK


def _origin(text: str) -> str:
    origin = _web_address(text)
    if urlsplit(origin).path:
        raise ValueError(f"{origin} has a path: an origin is scheme, host and port")
    return origin


def _origins(text: str) -> tuple[str, ...]:
    return tuple(_origin(word) for word in _words(text))


def _api_version(text: str) -> str:
    """From 55.0 on an upsert answers the id of what it changed, and composite calls keep order."""
    match = re.fullmatch(r"v?(\d{2})(\.0)?", text.strip())
    if match is None or int(match[1]) < OLDEST_SALESFORCE_API:
        raise ValueError(f"is not a version of the API such as 62.0 ({OLDEST_SALESFORCE_API}.0 on)")
    return f"{match[1]}.0"


def _api_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,79}", text.strip()):
        raise ValueError("is not the API name of a field such as Type__c")
    return text.strip()


def _database_url(text: str) -> str:
    try:
        url = make_url(text.strip())
    except ArgumentError:
        raise ValueError("is not a database address") from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("is neither sqlite:///FILE nor postgresql://…")
    return text.strip()


def _queue_url(text: str) -> str:
    if urlsplit(text.strip()).scheme in ("redis", "rediss", "unix"):
        return text.strip()
    try:
        return _database_url(text)
    except ValueError:
        raise ValueError("is neither sqlite:///FILE, postgresql://… nor redis://…") from None


def _keys(text: str) -> tuple[str, ...]:
    keys = _words(text)
    if not keys or any(len(key) < MINIMAL_KEY_LENGTH for key in keys):
        raise ValueError(
            f"needs at least {MINIMAL_KEY_LENGTH} random characters per key; make one with"
            " python -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return keys


def _keys_of_file(name: str) -> tuple[str, ...]:
    return _keys(_text_of_file(name))


def _text_of_file(name: str) -> str:
    try:
        return Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"names the file {name}, which cannot be read") from None


def _rate_limit(text: str) -> str:
    try:
        limits.parse_many(text)
    except ValueError:
        raise ValueError("is not a rate such as '6000 per minute'") from None
    return text
