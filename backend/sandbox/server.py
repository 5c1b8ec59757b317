"""Runs the sandbox as a server of its own: `python -m backend.sandbox.server --port 8001`."""

import gc
import signal
from pathlib import Path

import click
import uvicorn

from backend.sandbox.app import SandboxSettings, create_sandbox

GRACE_SECONDS = 2
DEFAULT_PANE_URL = "http://localhost:8000/taskpane/"


def run(
    host: str = "127.0.0.1",
    port: int = 8001,
    *,
    scale: int = 0,
    data_dir: Path | None = None,
    pane_url: str = DEFAULT_PANE_URL,
    seed: int = 7,
    offset_file: Path | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then save what `data_dir` keeps and return."""
    settings = SandboxSettings(seed=seed, scale=scale, pane_url=pane_url, offset_file=offset_file)
    app = create_sandbox(settings, data_dir=data_dir)
    # The sample is a million objects that stay: looking at them again and again would make every
    # now and then an answer late by a fifth of a second.
    gc.collect()
    gc.freeze()
    # uvicorn stops gracefully and then raises the signal once more: that one is for nobody.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    uvicorn.Server(server_config(app, host, port)).run()


def server_config(app: object, host: str, port: int) -> uvicorn.Config:
    """How the sandbox is served; its frame gives the Date header, from the sandbox's clock."""
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        host=host,
        port=port,
        loop="asyncio",
        http="httptools",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        # Requests that a fault holds must not hold the stop.
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True)
@click.option("--scale", default=0, show_default=True, help="Additional made-up mailboxes.")
@click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Keep the state here.")
@click.option("--pane-url", default=DEFAULT_PANE_URL, show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--offset-file", type=click.Path(path_type=Path), help="Clock of our processes.")
def main(
    host: str,
    port: int,
    scale: int,
    data_dir: Path | None,
    pane_url: str,
    seed: int,
    offset_file: Path | None,
) -> None:
    """Microsoft 365 in a box."""
    run(
        host,
        port,
        scale=scale,
        data_dir=data_dir,
        pane_url=pane_url,
        seed=seed,
        offset_file=offset_file,
    )


if __name__ == "__main__":
    main()
