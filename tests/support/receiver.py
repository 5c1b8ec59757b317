"""A subscriber's web server: repeats validation tokens, keeps what it gets, misbehaves on wish."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

PATIENCE_SECONDS = 10.0


@dataclass(slots=True)
class Post:
    """One POST as it arrived."""

    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        """The validation token, decoded once."""
        return self.query.get("validationToken", [None])[0]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The notifications in it."""
        found: list[dict[str, Any]] = json.loads(self.body)["value"]
        return found


@dataclass(slots=True)
class Manners:
    """How the server behaves; tests change it between requests."""

    status: int = 202
    hold: threading.Event | None = None
    validation_status: int = 200
    validation_type: str = "text/plain; charset=utf-8"
    validation_body: Callable[[str], str] = str
    validation_hold: threading.Event | None = None


@dataclass(slots=True)
class Receiver:
    """`with Receiver() as subscriber:`; `posts` has everything in the order it came."""

    manners: Manners = field(default_factory=Manners)
    posts: list[Post] = field(default_factory=list, repr=False)
    _arrived: threading.Condition = field(default_factory=threading.Condition)
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def validations(self) -> list[Post]:
        """The requests that asked for a token back."""
        return [post for post in self.posts if post.token is not None]

    @property
    def deliveries(self) -> list[Post]:
        """All other requests."""
        return [post for post in self.posts if post.token is None]

    @property
    def items(self) -> list[dict[str, Any]]:
        """Every notification of every delivery."""
        return [item for post in self.deliveries for item in post.items]

    def wait_for(self, condition: Callable[[], Any]) -> None:
        """Return as soon as the condition holds; AssertionError if it never does."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with self._arrived:
            while not condition():
                assert time.monotonic() < deadline, self.posts
                # Not only arrivals make conditions true: some ask the sandbox.
                self._arrived.wait(0.03)

    def forget(self) -> None:
        """Begin to count anew."""
        with self._arrived:
            self.posts.clear()

    def _take(self, post: Post) -> tuple[int, str, bytes]:
        manners = self.manners
        with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
        if post.token is not None:
            if manners.validation_hold is not None:
                manners.validation_hold.wait(PATIENCE_SECONDS)
            body = manners.validation_body(post.token).encode()
            return manners.validation_status, manners.validation_type, body
        if manners.hold is not None:
            manners.hold.wait(PATIENCE_SECONDS)
        return manners.status, "text/plain", b""

    def __enter__(self) -> Self:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                parts = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                post = Post(parts.path, parse_qs(parts.query), dict(self.headers.items()), body)
                status, content_type, answer = receiver._take(post)
                try:
                    self.send_response(status)
                    self.send_header("Content-Type", content_type)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    return

            def log_message(self, *_args: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        for hold in (self.manners.hold, self.manners.validation_hold):
            if hold is not None:
                hold.set()
        self._server.shutdown()
        self._server.server_close()
