"""The whole product as it is deployed, but in threads of this process: web, worker, sandbox."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from waitress import create_server

from backend.bootstrap import OffsetClock, build
from backend.demo_firms import firm_setups
from backend.migrate import migrate_all
from backend.settings import OFFICE_CLIENT_IDS, Settings
from tests.support.product import Product
from tests.support.sandbox import RunningSandbox


class Worker:
    """A thread that drains when the bell rings, now or after the delay that was asked for.

    ``watches``: it pulls mailboxes, too, so that what happens in Outlook comes by itself.
    """

    def __init__(self, *, watches: bool = False) -> None:
        self._watches = watches
        self._changed = threading.Condition()
        self._rung = False
        self._stopping = False
        self._timers: list[threading.Timer] = []
        self._thread: threading.Thread | None = None
        self.failures: list[Exception] = []

    def ring(self, _kind: str, delay: float = 0) -> None:
        if delay <= 0:
            return self._wake()
        timer = threading.Timer(delay, self._wake)
        timer.daemon = True
        self._timers.append(timer)
        timer.start()
        return None

    def _wake(self) -> None:
        with self._changed:
            self._rung = True
            self._changed.notify()

    def start(self, product: Product) -> None:
        self._thread = threading.Thread(target=self._work, args=(product,), daemon=True)
        self._thread.start()

    def _work(self, product: Product) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._rung or self._stopping)
                if self._stopping:
                    return
                self._rung = False
            try:
                self._drain(product)
            except Exception as problem:  # a test has to see it, the worker has to go on
                self.failures.append(problem)

    def _drain(self, product: Product) -> None:
        work = product.services.work
        if self._watches:
            work.sweep()
            work.drain_mailboxes()
        work.drain_links()

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(10)


class Web:
    """The Flask application behind waitress, on a port that is known before it answers."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://localhost:{self._socket.getsockname()[1]}"
        self._server: Any = None
        self._thread: threading.Thread | None = None

    def start(self, app: Any) -> None:
        self._server = create_server(app, sockets=[self._socket], threads=8, ident=None)
        self._thread = threading.Thread(target=self._serve, name="web", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        # The loop looks at its socket once more after it was closed.
        with suppress(OSError):
            self._server.run()

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server.task_dispatcher.shutdown()
        if self._thread is not None:
            self._thread.join(10)
        self._socket.close()


@contextmanager
def running_stack(
    folder: Path, *, watches: bool = False, empty: bool = False, scale: int = 0
) -> Iterator[tuple[Product, Worker]]:
    """Everything that `calendar-sync demo` starts, without its processes.

    ``watches``: mailboxes are pulled and Graph notifies us, as in a demo; else the pane is alone
    with the links that it makes. ``empty``: the firms are not set up; ``scale``: how many made-up
    people the first one has besides.
    """
    offset_file = folder / "clock-offset"
    web, worker = Web(), Worker(watches=watches)
    pane_url = f"{web.url}/taskpane/"
    with RunningSandbox(offset_file=offset_file, pane_url=pane_url, scale=scale) as sandbox:
        settings = Settings(
            base_url=web.url,
            client_id=sandbox.api_client_id,
            client_secret=sandbox.api_client_secret,
            allowed_clients=(sandbox.addin_client_id, *OFFICE_CLIENT_IDS),
            tenants=(sandbox.tenant_id, sandbox.second_tenant_id),
            secret_keys=("a key that is long enough for every test of ours",),
            database_url=f"sqlite:///{(folder / 'calendar-sync.db').as_posix()}",
            graph_url=sandbox.url,
            login_url=sandbox.url,
            office_js_url=f"{sandbox.url}/office.js",
            rate_limit="100000 per minute",
            notification_url=web.url if watches else None,
        )
        services = build(settings, worker.ring, clock=OffsetClock(offset_file))
        migrate_all(services.database)
        if empty:
            services.setup.ensure_firms(settings.tenants, {})
        for setup in () if empty else firm_setups(sandbox.state()):
            services.setup.configure(setup)
        product = Product(sandbox, settings, services)
        worker.start(product)
        web.start(product.app)
        if watches:
            worker.ring("sweep")
        try:
            yield product, worker
        finally:
            web.stop()
            worker.stop()
            services.database.dispose()
