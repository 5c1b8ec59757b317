"""What nobody can confirm about Exchange without a tenant, as switches; flows run under each.

The second half are sizes that a test wants small: limits of the service, and how long it takes.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

CHOICES: dict[str, tuple[str, ...]] = {
    "if_match": ("honour", "ignore"),
    "deleted_get": ("404", "200"),
    "removed_line": ("sent", "silent"),
    "master_line": ("sent", "missing"),
    "form_categories": ("keeps", "overwrites"),
    "throttling": ("on", "off"),
    "rooms": ("accept", "decline_conflicts"),
    "renewal_clash": ("lost", "kept"),
}
SECONDS: dict[str, tuple[float, float]] = {
    "get_lag": (0, 3600),
    "invitation_lag": (0, 30 * 24 * 3600),
    "outlook_latency": (0, 60),
    "request_window": (1, 24 * 3600),
    "subscription_window": (1, 24 * 3600),
}
COUNTS: dict[str, tuple[int, int]] = {
    "concurrent_limit": (1, 1000),
    "request_limit": (1, 10_000_000),
    "subscription_write_limit": (1, 10_000_000),
    "subscription_call_limit": (1, 10_000_000),
    "subscription_list_limit": (1, 10_000_000),
    "tenant_write_limit": (1, 10_000_000),
    "tenant_call_limit": (1, 10_000_000),
}


@dataclass(slots=True)
class Personality:
    """The switches, changed in place so that every holder sees the change.

    `if_match`: a stale change key is refused (412) or ignored. `deleted_get`: what a GET by
    immutable id answers after a deletion. `removed_line`: whether delta sends @removed for what was
    deleted; what left the window or the calendar is always told. `master_line`: whether delta sends
    the master of a series that began before its window, or of which only an instance changed.
    `get_lag`: seconds until a new item can be read. `form_categories`: whether an open Outlook form
    writes back its own older copy of the categories when it is saved.

    `invitation_lag`: seconds of the sandbox's clock until a meeting or its update arrives in the
    attendees' mailboxes. `rooms`: what a room does with a second meeting at the same time.
    `renewal_clash`: what becomes of a renewal that meets a reauthorization of the same subscription
    within ten minutes, which Microsoft forbids without saying what happens.
    `throttling`, `concurrent_limit`, `request_limit` per `request_window` seconds: Outlook's limits
    per application and mailbox. `subscription_write_limit`, `subscription_call_limit`,
    `subscription_list_limit`: calls of /subscriptions per application and tenant within
    `subscription_window` seconds; `tenant_write_limit`, `tenant_call_limit`: those of all
    applications of a tenant. `outlook_latency`: real seconds that Outlook takes to answer.
    """

    if_match: str = "honour"
    deleted_get: str = "404"
    removed_line: str = "sent"
    get_lag: float = 0.0
    master_line: str = "sent"
    form_categories: str = "keeps"
    invitation_lag: float = 0.0
    rooms: str = "decline_conflicts"
    renewal_clash: str = "lost"
    throttling: str = "on"
    concurrent_limit: int = 4
    request_limit: int = 10_000
    request_window: float = 600.0
    subscription_write_limit: int = 1_000
    subscription_call_limit: int = 5_000
    subscription_list_limit: int = 40
    tenant_write_limit: int = 2_000
    tenant_call_limit: int = 10_000
    subscription_window: float = 20.0
    outlook_latency: float = 0.0

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Take over the given switches, all or none; raises ValueError naming the first bad one."""
        checked = {name: _checked(name, value) for name, value in wanted.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def restore_defaults(self) -> None:
        """Back to the switches a fresh sandbox has."""
        self.change(asdict(Personality()))

    def as_json(self) -> dict[str, Any]:
        """All switches with their present values."""
        return asdict(self)


def _checked(name: str, value: Any) -> Any:
    if name in CHOICES:
        if value not in CHOICES[name]:
            raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if name in SECONDS:
        least, most = SECONDS[name]
        if not is_number or not least <= value <= most:
            raise ValueError(f"{name} must be a number of seconds from {least:g} to {most:g}")
        return float(value)
    if name in COUNTS:
        fewest, greatest = COUNTS[name]
        if not isinstance(value, int) or not is_number or not fewest <= value <= greatest:
            raise ValueError(f"{name} must be a whole number from {fewest} to {greatest}")
        return value
    raise ValueError(f"unknown switch {name!r}")
