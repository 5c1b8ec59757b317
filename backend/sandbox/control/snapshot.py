"""Keeps the state of the sandbox on disk, so that a demo goes on where it stopped."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

from backend.sandbox.directory import DelegateRights
from backend.sandbox.exchange.errors import ExchangeError
from backend.sandbox.world import World

LOG = logging.getLogger("sandbox.snapshot")
FORMAT = 1
SECONDS_BETWEEN_LOOKS = 1.0
QUIET_LOOKS = 2
MOST_LOOKS = 30
"""A save holds the event loop for a moment, so it waits for a quiet one, but not for ever."""


class Snapshots:
    """Writes a snapshot soon after something changed, and at the end."""

    def __init__(self, world: World, data_dir: Path) -> None:
        self._world = world
        self._file = data_dir / "sandbox.json"
        # Nothing is written yet: the sample itself is kept from the first day on, because events
        # made "today" must still be the same ones tomorrow.
        self._written: tuple[Any, ...] | None = None

    def load(self) -> None:
        """Take up the last snapshot; a missing or unreadable one leaves the sample firms."""
        try:
            saved = orjson.loads(self._file.read_bytes())
        except FileNotFoundError:
            return
        except ValueError:
            LOG.warning("the snapshot %s cannot be read; starting with the sample", self._file)
            return
        if not isinstance(saved, dict) or saved.get("format") != FORMAT or not self._is_ours(saved):
            LOG.warning("the snapshot %s is of another sandbox; starting fresh", self._file)
            return
        try:
            self._restore(saved)
        except (KeyError, TypeError, ValueError, AttributeError, ExchangeError):
            LOG.warning("the snapshot %s is damaged; starting with the sample", self._file)
            self._world.reset()
            return
        self._written = self._version()

    def save(self) -> None:
        """Write the state down."""
        version = self._version()
        self._write(self._state())
        self._written = version

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """While entered, changes are saved; leaving saves the last of them."""
        watcher = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            watcher.cancel()
            with suppress(asyncio.CancelledError):
                await watcher
            if self._version() != self._written:
                self.save()

    async def _watch(self) -> None:
        seen, quiet, waited = self._written, 0, 0
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            version = self._version()
            if version == self._written:
                waited = 0
                continue
            waited += 1
            quiet = quiet + 1 if version == seen else 0
            seen = version
            if quiet >= QUIET_LOOKS or waited >= MOST_LOOKS:
                await asyncio.to_thread(self._write, self._state())
                self._written, waited = version, 0

    def _write(self, state: bytes) -> None:
        """Replace the file in one step: a reader never sees half of it."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(state)
        fresh.replace(self._file)

    def _version(self) -> tuple[Any, ...]:
        world = self._world
        return (
            world.generation,
            world.exchange.sequence,
            len(world.exchange.mail),
            tuple(key.kid for key in world.keys.published),
            tuple(sorted(world.personality.as_json().items())),
            world.notifier.register.version,
            tuple(sorted(world.directory.delegations.items())),
        )

    def _is_ours(self, saved: dict[str, Any]) -> bool:
        settings = self._world.settings
        return (saved.get("seed"), saved.get("scale")) == (settings.seed, settings.scale)

    def _state(self) -> bytes:
        world = self._world
        state = {
            "format": FORMAT,
            "seed": world.settings.seed,
            "scale": world.settings.scale,
            "keys": world.keys.snapshot(),
            "personality": world.personality.as_json(),
            "exchange": world.exchange.snapshot(),
            "subscriptions": world.notifier.register.snapshot(),
            "delegations": [
                {"owner": owner_id, "other": other_id, **asdict(rights)}
                for (owner_id, other_id), rights in world.directory.delegations.items()
            ],
        }
        return orjson.dumps(state)

    def _restore(self, saved: dict[str, Any]) -> None:
        world = self._world
        world.keys.restore(saved["keys"])
        world.personality.change(saved["personality"])
        if "delegations" in saved:
            world.directory.delegations.clear()
            for row in saved["delegations"]:
                owner_id, other_id = row.pop("owner"), row.pop("other")
                world.directory.grant_delegate(owner_id, other_id, DelegateRights(**row))
        world.exchange.restore(saved["exchange"])
        world.tokens.forget_callers()
        for subscription in world.notifier.register.saved(
            saved.get("subscriptions", []), world.clock()
        ):
            world.notifier.add(subscription)
