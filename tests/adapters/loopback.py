"""A peer on loopback that misbehaves as scripted, one connection at a time per thread."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Script = Callable[[socket.socket], None]


@contextmanager
def peer(script: Script, *, heads: list[bytes] | None = None) -> Iterator[str]:
    """The address of a server that runs ``script`` on every connection once a request came.

    ``heads`` collects what the requests said.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    stopped = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                received = connection.recv(65536)
                if not received:
                    return
                head += received
            if heads is not None:
                heads.append(head)
            script(connection)

    def accept() -> None:
        while not stopped.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopped.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def drip(connection: socket.socket, opening: bytes, *, pause: float = 0.02) -> None:
    """Send ``opening`` at once and then one byte after the other, until the other side hangs up."""
    connection.sendall(opening)
    quiet = threading.Event()
    while not quiet.wait(pause):
        connection.sendall(b"x")


def reset(connection: socket.socket) -> None:
    """Cut the connection the hard way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    connection.close()
