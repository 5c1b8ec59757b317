"""Keeps the state of the sandbox on disk, so that a demo goes on where it stopped."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from backend.sandbox.world import World

LOG = logging.getLogger("sandbox.snapshot")
FORMAT = 1
SECONDS_BETWEEN_LOOKS = 2.0


class Snapshots:
    """Writes a snapshot when something changed, at most every two seconds, and at the end."""

    def __init__(self, world: World, data_dir: Path) -> None:
        self._world = world
        self._file = data_dir / "sandbox.json"
        self._written = self._version()

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
        self._restore(saved)
        self._written = self._version()

    def save(self) -> None:
        """Write the state in one step: a reader never sees half of it."""
        version = self._version()
        self._file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._file.with_suffix(".new")
        fresh.write_bytes(orjson.dumps(self._state()))
        fresh.replace(self._file)
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
        while True:
            await asyncio.sleep(SECONDS_BETWEEN_LOOKS)
            if self._version() != self._written:
                self.save()

    def _version(self) -> tuple[Any, ...]:
        world = self._world
        return (
            world.generation,
            world.exchange.sequence,
            len(world.exchange.mail),
            tuple(key.kid for key in world.keys.published),
            tuple(sorted(world.personality.as_json().items())),
        )

    def _is_ours(self, saved: dict[str, Any]) -> bool:
        settings = self._world.settings
        return (saved.get("seed"), saved.get("scale")) == (settings.seed, settings.scale)

    def _state(self) -> dict[str, Any]:
        world = self._world
        return {
            "format": FORMAT,
            "seed": world.settings.seed,
            "scale": world.settings.scale,
            "keys": world.keys.snapshot(),
            "personality": world.personality.as_json(),
            "exchange": world.exchange.snapshot(),
        }

    def _restore(self, saved: dict[str, Any]) -> None:
        world = self._world
        world.keys.restore(saved["keys"])
        world.personality.change(saved["personality"])
        world.exchange.restore(saved["exchange"])
        world.tokens.forget_callers()
