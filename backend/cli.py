"""The console script ``calendar-sync``: reads the settings, starts parts, says what is wrong."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from backend.settings import Settings, SettingsError

if TYPE_CHECKING:
    from backend.bell import QueueBell

_FOLLOW_PARENT = click.option(
    "--follow-parent", is_flag=True, hidden=True, help="Stop when standard input ends."
)


@click.group()
def main() -> None:
    """Calendar Sync: one truthful CRM record of every Outlook meeting its organizer chose."""


@main.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--sandbox-port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--data",
    default="demo-data",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo keeps its databases between starts.",
)
@click.option("--empty", is_flag=True, help="The firm is not set up yet.")
@click.option("--scale", default=0, help="That many made-up mailboxes more.")
def demo(port: int, sandbox_port: int, data: Path, empty: bool, scale: int) -> None:
    """Everything on this machine: a sandbox instead of Microsoft 365, web and worker."""
    from backend.demo import Demo, DemoError

    try:
        Demo(data, port=port, sandbox_port=sandbox_port, empty=empty, scale=scale).run()
    except DemoError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@_FOLLOW_PARENT
def serve(follow_parent: bool) -> None:
    """The web application."""
    settings = _settings()
    _prepare(settings, follow_parent)
    from backend.app import create_app
    from backend.bootstrap import build
    from backend.serving import serve_until_stopped
    from backend.timekeeping import MEASURE_SECONDS, repeated

    bell = _bell(settings)
    services = build(settings, bell.ring)
    _ensure_firms(services, settings)
    try:
        with repeated(MEASURE_SECONDS, services.time.measure):
            serve_until_stopped(create_app(services, settings), settings)
    finally:
        bell.close()
        services.database.dispose()


@main.command()
@click.option("--ready-file", type=click.Path(path_type=Path), hidden=True)
@_FOLLOW_PARENT
def worker(ready_file: Path | None, follow_parent: bool) -> None:
    """What finishes later what could not be finished at once."""
    settings = _settings()
    _prepare(settings, follow_parent)
    from backend import worker as backend_worker
    from backend.bell import open_queue
    from backend.bootstrap import build
    from backend.worker_name import take_name

    bell = _bell(settings)
    name = take_name(settings.worker_name, settings.database_url)

    def make_work(stopping: Callable[[], bool]) -> backend_worker.Work:
        return build(settings, bell.ring, worker_name=name.name, stopping=stopping).work

    queue = open_queue(settings.queue_url, settings.keys_for("queue")[0])
    backend_worker.run(queue, make_work, threads=settings.worker_threads, ready_file=ready_file)
    bell.close()
    name.release()


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--scale", default=0, help="That many made-up mailboxes more.")
@click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), help="Keep the state here."
)
@click.option("--pane-url", default="http://localhost:8000/taskpane/", show_default=True)
@click.option("--seed", default=7, show_default=True)
@click.option("--offset-file", type=click.Path(path_type=Path), help="The clock of our processes.")
@_FOLLOW_PARENT
def sandbox(
    host: str,
    port: int,
    scale: int,
    data: Path | None,
    pane_url: str,
    seed: int,
    offset_file: Path | None,
    follow_parent: bool,
) -> None:
    """Microsoft 365 in a box: Graph, Entra and an Outlook-like page."""
    if follow_parent:
        _stop_with_parent()
    from backend.sandbox.server import run

    run(
        host,
        port,
        scale=scale,
        data_dir=data,
        pane_url=pane_url,
        seed=seed,
        offset_file=offset_file,
    )


@main.command()
def migrate() -> None:
    """Bring the database up to date; safe to repeat, and while the old version runs."""
    settings = _settings()
    from backend.bootstrap import build
    from backend.migrate import migrate_all

    services = build(settings, lambda _kind, _delay: None)
    migrate_all(services.database)
    services.setup.ensure_firms(settings.tenants, {})
    services.database.dispose()
    click.echo("The database is up to date.")


@main.command()
@click.option("--base-url", required=True, help="Where browsers reach this service, https.")
@click.option("--client-id", required=True, help="The app registration (application id).")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Else printed.")
def manifest(base_url: str, client_id: str, output: Path | None) -> None:
    """The add-in's manifest for the Microsoft 365 admin center."""
    from addin_manifest.fill import ManifestError, filled_manifest

    try:
        text = filled_manifest(base_url, client_id)
    except ManifestError as error:
        raise click.ClickException(str(error)) from None
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"Written to {output}.")


@main.command()
def doctor() -> None:
    """Look at everything this deployment needs, and say what to do."""
    from backend.doctor import examine

    findings = examine(os.environ, Path(".env"))
    for finding in findings:
        click.echo(f"{'ok' if finding.is_fine else 'PROBLEM':8} {finding.what}")
        if finding.advice:
            click.echo(f"{'':8} → {finding.advice}")
    if not all(finding.is_fine for finding in findings):
        sys.exit(1)


@main.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.pass_context
def bench(context: click.Context) -> None:
    """The benchmarks, as a table and as JSON."""
    if find_spec("backend.bench") is None:
        raise click.ClickException("The benchmarks are not part of this installation.")
    import_module("backend.bench").main(context.args)


def _settings() -> Settings:
    try:
        return Settings.from_env(os.environ, Path(".env"))
    except SettingsError as error:
        _fail(f"{error}\nRun 'calendar-sync doctor' for help.")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(2)


def _prepare(settings: Settings, follow_parent: bool) -> None:
    from backend.logs import configure_logging

    configure_logging(settings.log_level, settings.log_format)
    if follow_parent:
        _stop_with_parent()


def _bell(settings: Settings) -> QueueBell:
    from backend.bell import RINGING_SECONDS, QueueBell, open_queue

    key = settings.keys_for("queue")[0]
    return QueueBell(
        lambda: open_queue(settings.queue_url, key, seconds=RINGING_SECONDS, waits=False)
    )


def _ensure_firms(services: Any, settings: Settings) -> None:
    """Every customer has a firm from the first request on; a database that is down may follow."""
    import structlog

    try:
        services.setup.ensure_firms(settings.tenants, {})
    except Exception as error:
        structlog.get_logger(__name__).error("firms_not_ensured", error=type(error).__name__)


def _stop_with_parent() -> None:
    """A supervisor that is killed cannot stop us; the end of our standard input tells."""

    def wait() -> None:
        # Not through sys.stdin: its lock would be held when the interpreter ends.
        while os.read(0, 1024):
            pass
        # To the process, not to this thread: the main thread may be waiting in the kernel.
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


if __name__ == "__main__":
    main()
