"""What nobody can confirm about Exchange without a tenant, as switches; flows run under each."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

CHOICES: dict[str, tuple[str, ...]] = {
    "if_match": ("honour", "ignore"),
    "deleted_get": ("404", "200"),
    "removed_line": ("sent", "silent"),
    "form_categories": ("keeps", "overwrites"),
}
MAX_GET_LAG_SECONDS = 3600


@dataclass(slots=True)
class Personality:
    """The switches, changed in place so that every holder sees the change.

    `if_match`: a stale change key is refused (412) or ignored. `deleted_get`: what a GET by
    immutable id answers after a deletion. `removed_line`: whether delta sends @removed.
    `get_lag`: seconds until a new item can be read. `form_categories`: whether an open Outlook form
    writes back its own older copy of the categories when it is saved.
    """

    if_match: str = "honour"
    deleted_get: str = "404"
    removed_line: str = "sent"
    get_lag: float = 0.0
    form_categories: str = "keeps"

    def change(self, wanted: Mapping[str, Any]) -> None:
        """Take over the given switches, all or none; raises ValueError naming the first bad one."""
        for name, value in wanted.items():
            if name == "get_lag":
                _check_lag(value)
            elif name not in CHOICES:
                raise ValueError(f"unknown switch {name!r}")
            elif value not in CHOICES[name]:
                raise ValueError(f"{name} must be one of {', '.join(CHOICES[name])}")
        for name, value in wanted.items():
            setattr(self, name, float(value) if name == "get_lag" else value)

    def restore_defaults(self) -> None:
        """Back to the switches a fresh sandbox has."""
        self.change(asdict(Personality()))

    def as_json(self) -> dict[str, Any]:
        """All switches with their present values."""
        return asdict(self)


def _check_lag(value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= MAX_GET_LAG_SECONDS:
        raise ValueError(f"get_lag must be a number of seconds up to {MAX_GET_LAG_SECONDS}")
