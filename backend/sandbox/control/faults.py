"""Faults to order: which requests are hurt, how, how often. How it is done is in `injury`."""

import asyncio
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backend.sandbox.directory import Person

NETWORK_KINDS = frozenset({"status", "delay", "reset", "hang", "truncate"})
PLANNED_KINDS: dict[str, dict[str, tuple[str, ...]]] = {
    "delta": {
        "expire": ("not_found", "location", "resync_required", "invalid"),
        "replay": (),
        "empty_page": (),
        "duplicate_item": (),
    },
    "notifications": {"drop": (), "duplicate": (), "delay": (), "reorder": ()},
}
"""What else can be ordered: the effects of each kind, and the choices some effects have."""
FORM_FIELDS = frozenset(
    {"kind", "match", "times", "probability", "applied", "status", "retry_after", "error"}
    | {"message", "claims", "seconds", "delay"}
)
SHOWN_OF_KIND = {
    "status": frozenset({"status", "retry_after", "error", "message", "claims"}),
    "delay": frozenset({"seconds"}),
    "reset": frozenset(),
    "hang": frozenset({"seconds"}),
    "truncate": frozenset(),
    "delta": frozenset(),
    "notifications": frozenset(),
}
MAX_PATTERN_LENGTH = 500
MAX_SECONDS = 3600
MAX_NOTIFICATION_DELAY = 7 * 24 * 3600
MAX_COPIES = 10


class FaultFormError(ValueError):
    """The order cannot be understood; the text says why."""


@dataclass(slots=True)
class Fault:
    """One standing order.

    `applied` lets the request take effect before the answer is hurt, so that the caller does not
    know what happened. `times_left` is None for "always".
    """

    id: int
    kind: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    user: str | None = None
    times_left: int | None = None
    probability: float = 1.0
    applied: bool = False
    status: int = 503
    retry_after: int | None = None
    error: str | None = None
    message: str | None = None
    claims: str | None = None
    seconds: float | None = None
    effect: str | None = None
    value: str | float | bool = True
    hits: int = 0

    def matches(self, method: str, path: str, owner: Person | None) -> bool:
        """Whether all given conditions hold for the request."""
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and not self.path.search(path):
            return False
        return self.user is None or (owner is not None and _is_person(owner, self.user))

    def as_json(self) -> dict[str, Any]:
        """The order as the control plane shows it."""
        match = {
            "method": self.method,
            "path": self.path.pattern if self.path else None,
            "user": self.user,
        }
        shown = {
            "id": self.id,
            "kind": self.kind,
            "match": {name: value for name, value in match.items() if value is not None},
            "times": self.times_left,
            "probability": self.probability,
            "applied": self.applied,
            "hits": self.hits,
        }
        if self.effect is not None:
            del shown["applied"]
            return shown | {self.effect: self.value}
        extras = {name: getattr(self, name) for name in sorted(SHOWN_OF_KIND[self.kind])}
        return shown | {name: value for name, value in extras.items() if value is not None}


@dataclass(slots=True)
class Faults:
    """The standing orders, first match wins."""

    randomness: random.Random
    cleared: asyncio.Event = field(default_factory=asyncio.Event)
    _orders: list[Fault] = field(default_factory=list)
    _next_id: int = 1

    def add(self, forms: list[Mapping[str, Any]]) -> list[Fault]:
        """Append orders, all or none; raises FaultFormError naming the first bad one."""
        fresh = [fault_from_json(form, self._next_id + number) for number, form in enumerate(forms)]
        self._next_id += len(fresh)
        self._orders.extend(fresh)
        return fresh

    def standing(self) -> list[Fault]:
        """Every order that may still strike."""
        return list(self._orders)

    def clear(self) -> None:
        """Take all orders back and let go of every request that is held."""
        self._orders.clear()
        self.cleared.set()
        self.cleared = asyncio.Event()

    @property
    def is_quiet(self) -> bool:
        """Whether there is no order at all, so that nothing needs to be looked up."""
        return not self._orders

    def strike(self, method: str, path: str, owner: Person | None) -> Fault | None:
        """The order that hurts this request, counted; None when it goes unharmed.

        `path` is path and query, for Graph without the version; `owner` is the person whose
        mailbox is asked for.
        """
        for fault in self._orders:
            if fault.effect is None and fault.matches(method, path, owner) and self._hits(fault):
                return fault
        return None

    def strike_planned(
        self, kind: str, effect: str, owner: Person | None, path: str = ""
    ) -> Fault | None:
        """The order for this effect on the owner's delta or notifications, counted."""
        for fault in self._orders:
            is_meant = (fault.kind, fault.effect) == (kind, effect)
            if is_meant and fault.matches("GET", path, owner) and self._hits(fault):
                return fault
        return None

    def _hits(self, fault: Fault) -> bool:
        """Whether chance lets the order strike; counts it if so."""
        if fault.probability < 1 and self.randomness.random() >= fault.probability:
            return False
        fault.hits += 1
        if fault.times_left is not None:
            fault.times_left -= 1
            if fault.times_left == 0:
                self._orders = [each for each in self._orders if each is not fault]
        return True


def fault_from_json(form: Mapping[str, Any], number: int) -> Fault:
    """Read one order; raises FaultFormError."""
    kind = form.get("kind")
    if isinstance(kind, str) and kind in PLANNED_KINDS:
        return _planned(form, kind, number)
    if not isinstance(kind, str) or kind not in NETWORK_KINDS:
        known = sorted({*NETWORK_KINDS, *PLANNED_KINDS})
        raise FaultFormError(f"kind must be one of {', '.join(known)}")
    unknown = set(form) - FORM_FIELDS
    if unknown:
        raise FaultFormError(f"a fault has no {', '.join(sorted(unknown))}")
    match = form.get("match") or {}
    if not isinstance(match, Mapping) or set(match) - {"method", "path", "user"}:
        raise FaultFormError("match is an object of method, path, user")
    method = _text(match, "method")
    retry_after = _number(form, "retry_after", 0, 100_000)
    times = _number(form, "times", 1, 1_000_000_000)
    status = _number(form, "status", 400, 599)
    probability = _number(form, "probability", 0, 1)
    return Fault(
        id=number,
        kind=kind,
        method=method.upper() if method else None,
        path=_pattern(match),
        user=_text(match, "user"),
        times_left=None if times is None else _whole("times", times),
        probability=1.0 if probability is None else probability,
        applied=form.get("applied") is True,
        status=503 if status is None else _whole("status", status),
        retry_after=None if retry_after is None else _whole("retry_after", retry_after),
        error=_text(form, "error"),
        message=_text(form, "message"),
        claims=_text(form, "claims"),
        seconds=_seconds(form, kind),
    )


def _planned(form: Mapping[str, Any], kind: str, number: int) -> Fault:
    """An order about what delta says or how notifications travel: one effect."""
    effects = PLANNED_KINDS[kind]
    unknown = set(form) - {"kind", "match", "times", "probability", *effects}
    if unknown:
        raise FaultFormError(f"a fault of kind {kind} has no {', '.join(sorted(unknown))}")
    named = [effect for effect in effects if form.get(effect) not in (None, False)]
    if len(named) != 1:
        raise FaultFormError(f"name one of {', '.join(effects)}")
    match = form.get("match") or {}
    allowed = {"user", "path"} if kind == "delta" else {"user"}
    if not isinstance(match, Mapping) or set(match) - allowed:
        raise FaultFormError(f"match is an object of {', '.join(sorted(allowed))}")
    times = _number(form, "times", 1, 1_000_000_000)
    probability = _number(form, "probability", 0, 1)
    return Fault(
        id=number,
        kind=kind,
        path=_pattern(match),
        user=_text(match, "user"),
        times_left=None if times is None else _whole("times", times),
        probability=1.0 if probability is None else probability,
        effect=named[0],
        value=_value(form, named[0], effects[named[0]]),
    )


def _value(form: Mapping[str, Any], effect: str, choices: tuple[str, ...]) -> str | float | bool:
    """How strong an effect is: true, one of its choices, seconds of delay, number of copies."""
    value = form[effect]
    if effect == "delay":
        return _number(form, effect, 0, MAX_NOTIFICATION_DELAY) or 0.0
    if effect == "duplicate" and value is not True:
        return _whole(effect, _number(form, effect, 1, MAX_COPIES) or 1.0)
    if choices and value is True:
        return choices[0]
    if value is not True and value not in choices:
        raise FaultFormError(f"{effect} must be {' or '.join(['true', *choices])}")
    return value if isinstance(value, str) else True


def _seconds(form: Mapping[str, Any], kind: str) -> float | None:
    """How long to wait: `seconds`, or `delay`; a delay with neither waits `retry_after`."""
    names = ("seconds", "delay", "retry_after") if kind == "delay" else ("seconds", "delay")
    found = [_number(form, name, 0, MAX_SECONDS) for name in names]
    return next((value for value in found if value is not None), None)


def _pattern(match: Mapping[str, Any]) -> re.Pattern[str] | None:
    text = _text(match, "path")
    if text is None:
        return None
    if len(text) > MAX_PATTERN_LENGTH:
        raise FaultFormError(f"path must have at most {MAX_PATTERN_LENGTH} characters")
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as problem:
        raise FaultFormError(f"path is not a regular expression: {problem}") from None


def _text(form: Mapping[str, Any], name: str) -> str | None:
    value = form.get(name)
    if value is not None and not isinstance(value, str):
        raise FaultFormError(f"{name} must be text")
    return value or None


def _number(form: Mapping[str, Any], name: str, least: float, most: float) -> float | None:
    value = form.get(name)
    if value is None:
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not least <= value <= most:
        raise FaultFormError(f"{name} must be a number from {least:g} to {most:g}")
    return float(value)


def _whole(name: str, value: float) -> int:
    if not value.is_integer():
        raise FaultFormError(f"{name} must be a whole number")
    return int(value)


def _is_person(owner: Person, key: str) -> bool:
    wanted = key.casefold()
    addresses = [proxy.split(":", 1)[-1] for proxy in owner.proxy_addresses]
    names = [owner.id, owner.upn, owner.address, *addresses]
    return any(wanted == name.casefold() for name in names)
