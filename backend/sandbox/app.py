"""Puts the sandbox together: request frame outside, then control plane, Graph, Entra, pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from backend.sandbox.clock import SandboxClock
from backend.sandbox.control.frame import Frame
from backend.sandbox.control.routes import control_routes
from backend.sandbox.control.snapshot import Snapshots
from backend.sandbox.entra.routes import entra_routes
from backend.sandbox.graph.routes import graph_routes
from backend.sandbox.outlook.routes import outlook_routes
from backend.sandbox.world import SandboxSettings, World, new_world

__all__ = ["Sandbox", "SandboxSettings", "World", "create_sandbox"]


class Sandbox(Starlette):
    """The ASGI application. Its frame sits directly on the server, where connections can be cut."""

    def __init__(self, world: World, snapshots: Snapshots | None) -> None:
        @asynccontextmanager
        async def lifespan(_app: Starlette) -> AsyncIterator[None]:
            world.notifier.wake()
            try:
                async with snapshots.kept() if snapshots is not None else nullcontext():
                    yield
            finally:
                await world.notifier.close()

        routes = [
            # Tried one after the other: those asked for most come first.
            *graph_routes(world),
            *control_routes(world),
            *outlook_routes(world.settings.pane_url),
            *entra_routes(world),
        ]
        super().__init__(routes=routes, lifespan=lifespan)
        self.world = world
        self._frame = Frame(super().__call__, world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._frame(scope, receive, send)


def create_sandbox(
    settings: SandboxSettings | None = None,
    *,
    data_dir: Path | None = None,
    clock: SandboxClock | None = None,
) -> Sandbox:
    """A sandbox with the sample firms, or with what `data_dir` kept of the last run."""
    world = new_world(settings or SandboxSettings(), clock)
    snapshots = Snapshots(world, data_dir) if data_dir is not None else None
    if snapshots is not None:
        snapshots.load()
    return Sandbox(world, snapshots)
