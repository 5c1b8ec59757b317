"""A running sandbox for tests: its own server thread on a free port, driven over HTTP."""

import asyncio
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests
import uvicorn

from backend.sandbox.app import Sandbox, SandboxSettings, create_sandbox
from backend.sandbox.clock import SandboxClock
from backend.sandbox.sample import ids
from backend.sandbox.server import server_config


class RunningSandbox:
    """`with RunningSandbox() as sandbox:` or `start()` / `stop()`.

    All helpers speak HTTP to the control plane and raise for refusals, so that a wrong test fails
    where it is wrong. `calendars=False` starts much faster, with empty calendars.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        scale: int = 0,
        calendars: bool = False,
        data_dir: Path | None = None,
        offset_file: Path | None = None,
        clock: SandboxClock | None = None,
        pane_url: str = "http://localhost:8000/taskpane/",
    ) -> None:
        settings = SandboxSettings(
            seed=seed,
            scale=scale,
            pane_url=pane_url,
            offset_file=offset_file,
            with_calendars=calendars,
        )
        self._make = lambda: create_sandbox(settings, data_dir=data_dir, clock=clock)
        self._session = requests.Session()
        self._session.trust_env = False
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.app: Sandbox | None = None
        self.url = ""

    tenant_id = ids.LAW_FIRM_TENANT_ID
    second_tenant_id = ids.SECOND_FIRM_TENANT_ID
    unregistered_tenant_id = ids.UNREGISTERED_TENANT_ID
    addin_client_id = ids.ADDIN_CLIENT_ID
    api_client_id = ids.API_CLIENT_ID
    api_client_secret = ids.API_CLIENT_SECRET
    daemon_client_id = ids.DAEMON_CLIENT_ID
    daemon_client_secret = ids.DAEMON_CLIENT_SECRET

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start serving; returns when the port is open."""
        ready = threading.Event()
        failure: list[BaseException] = []

        def serve() -> None:
            try:
                asyncio.run(self._serve(ready))
            except BaseException as problem:  # the test that waits has to see it
                failure.append(problem)
                ready.set()

        self._thread = threading.Thread(target=serve, name="sandbox", daemon=True)
        self._thread.start()
        if not ready.wait(30):
            raise TimeoutError("the sandbox did not start")
        if failure:
            raise failure[0]
        return self

    async def _serve(self, ready: threading.Event) -> None:
        self.app = self._make()
        server = uvicorn.Server(server_config(self.app, "127.0.0.1", 0))
        # uvicorn puts signal handlers only into the main thread; here there are none to put.
        self._server = server
        server.config.load()
        server.lifespan = server.config.lifespan_class(server.config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        ready.set()
        await server.main_loop()
        await server.shutdown()

    def stop(self) -> None:
        """Stop serving and wait for the thread."""
        with suppress(requests.RequestException):
            self.clear_faults()
        self._session.close()
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join(10)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- the control plane ----------------------------------------------------------------------

    def control(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """One call below /_sandbox; the JSON of the answer, None for 204. Raises HTTPError."""
        answer = self._session.request(
            method, f"{self.url}/_sandbox{path}", json=json, params=params or None, timeout=30
        )
        if answer.status_code >= 400:
            raise requests.HTTPError(f"{answer.status_code}: {answer.text}", response=answer)
        return answer.json() if answer.content else None

    def state(self) -> dict[str, Any]:
        """Tenants, people, clients, now."""
        found: dict[str, Any] = self.control("GET", "/state")
        return found

    def token(self, user: str | None = None, audience: str = "api", **more: Any) -> str:
        """An access token; `more` as in POST /_sandbox/tokens."""
        return str(self.issue(user, audience, **more)["access_token"])

    def issue(self, user: str | None = None, audience: str = "api", **more: Any) -> dict[str, Any]:
        """The whole answer of POST /_sandbox/tokens."""
        form = {"audience": audience, **more} | ({"user": user} if user else {})
        found: dict[str, Any] = self.control("POST", "/tokens", form)
        return found

    def create_event(self, address: str, **event: Any) -> dict[str, Any]:
        """The person makes an event; Graph event JSON in and out."""
        found: dict[str, Any] = self.control("POST", f"/mailboxes/{address}/events", event)
        return found

    def get_event(self, address: str, event_id: str) -> dict[str, Any]:
        """One event of that mailbox."""
        found: dict[str, Any] = self.control("GET", f"/mailboxes/{address}/events/{event_id}")
        return found

    def change_event(self, address: str, event_id: str, **patch: Any) -> dict[str, Any]:
        """The person changes an event."""
        path = f"/mailboxes/{address}/events/{event_id}"
        found: dict[str, Any] = self.control("PATCH", path, patch)
        return found

    def delete_event(self, address: str, event_id: str) -> None:
        """The person deletes an event."""
        self.control("DELETE", f"/mailboxes/{address}/events/{event_id}")

    def act(self, address: str, event_id: str, verb: str, **form: Any) -> Any:
        """`cancel`, `respond`, `move` or `copy`."""
        return self.control("POST", f"/mailboxes/{address}/events/{event_id}/{verb}", form)

    def events(self, address: str, **window: str) -> list[dict[str, Any]]:
        """The events between `start` and `end`."""
        found: list[dict[str, Any]] = self.control("GET", f"/mailboxes/{address}/events", **window)[
            "items"
        ]
        return found

    def faults(self, orders: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Order faults."""
        found: list[dict[str, Any]] = self.control("POST", "/faults", orders)["items"]
        return found

    def clear_faults(self) -> None:
        """Take all faults back."""
        self.control("DELETE", "/faults")

    def personality(self, **switches: Any) -> dict[str, Any]:
        """Change switches."""
        found: dict[str, Any] = self.control("POST", "/personality", switches)
        return found

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The request log."""
        found: list[dict[str, Any]] = self.control("GET", "/requests", since=since)["items"]
        return found

    def last_request(self) -> int:
        """Number of the newest line of the request log."""
        return int(self.control("GET", "/requests", since=2**62)["next"])

    def mail(self, app: str | None = None) -> list[dict[str, Any]]:
        """Mails that went out."""
        params = {} if app is None else {"app": app}
        found: list[dict[str, Any]] = self.control("GET", "/mail", **params)["items"]
        return found

    def advance(self, seconds: float, *, only_sandbox: bool = False) -> str:
        """Move the clock forward; the new now."""
        form: dict[str, Any] = {"advance": seconds}
        if only_sandbox:
            form["only"] = "sandbox"
        return str(self.control("POST", "/clock", form)["now"])

    def reset(self) -> None:
        """Back to the sample firms."""
        self.control("POST", "/reset")

    def person(self, role: str = "user", tenant_id: str | None = None) -> dict[str, Any]:
        """The first person with a mailbox whose roles are exactly user or include `role`."""
        wanted = tenant_id or self.tenant_id
        tenant = next(item for item in self.state()["tenants"] if item["tenant_id"] == wanted)
        for person in tenant["people"]:
            is_match = person["roles"] == ["user"] if role == "user" else role in person["roles"]
            if person["mailbox"] and is_match:
                found: dict[str, Any] = person
                return found
        raise LookupError(role)
