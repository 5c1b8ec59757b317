"""Measures the sandbox alone: `python -m backend.sandbox.bench --scale 10000`.

Starts a server of its own, asks simple things of it over some connections, and says how long the
start took, how many requests a second came back and how much memory that needed.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import quote

import click

HOST = "127.0.0.1"
START_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds until the first answer, MiB of resident memory, requests a second by name."""

    scale: int
    start_seconds: float
    start_mib: float
    end_mib: float
    requests_per_second: dict[str, int]


async def measure(scale: int, seconds: float, connections: int) -> Measured:
    """Start a sandbox, load it for `seconds` per kind of request, stop it."""
    port = _free_port()
    begin = perf_counter()
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend.sandbox.server"),
        *("--port", str(port), "--scale", str(scale)),
    )
    try:
        await _until_open(port)
        start_seconds = perf_counter() - begin
        start_mib = _resident_mib(server)
        paths, token = await _targets(port, scale)
        rates = {
            name: await _rate(port, each, token, seconds, connections)
            for name, each in paths.items()
        }
        end_mib = _resident_mib(server)
    finally:
        server.send_signal(signal.SIGTERM)
        await server.wait()
    return Measured(scale, round(start_seconds, 2), start_mib, end_mib, rates)


async def _targets(port: int, scale: int) -> tuple[dict[str, list[str]], str]:
    """Paths by name; each mailbox gets its turn, so that no limit is met early."""
    await _control(port, "/personality", {"throttling": "off"})
    token = (await _control(port, "/tokens", {"audience": "graph", "app": True}))["access_token"]
    people = [each for each in (await _control(port, "/state"))["people"] if each["mailbox"]]
    events = []
    for person in people[:20]:
        found = (await _control(port, f"/mailboxes/{person['address']}/events"))["items"]
        events += [f"/users/{person['id']}/events/{quote(each['id'], safe='')}" for each in found]
    window = "startDateTime=2020-01-01T00:00:00Z&endDateTime=2020-01-08T00:00:00Z"
    return {
        "one_event": events,
        "one_user": [f"/users/{person['id']}" for person in people],
        "page_of_events": [f"/users/{person['id']}/events?$top=10" for person in people[:20]],
        "first_look": [f"/users/{each['id']}/calendarView?{window}" for each in people[-scale:]],
    }, token


async def _rate(port: int, paths: list[str], token: str, seconds: float, connections: int) -> int:
    """Answers a second over so many connections, each asking for one path after the other."""
    end = perf_counter() + seconds
    requests = [_request("GET", f"/v1.0{path}", token) for path in paths]

    async def one(number: int) -> int:
        reader, writer = await asyncio.open_connection(HOST, port)
        done = 0
        while perf_counter() < end:
            writer.write(requests[(number + done * connections) % len(requests)])
            await _read(reader)
            done += 1
        writer.close()
        return done

    begin = perf_counter()
    counts = await asyncio.gather(*(one(number) for number in range(connections)))
    return round(sum(counts) / (perf_counter() - begin))


def _request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: graph.microsoft.com"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    lines += [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The body of the next answer; raises RuntimeError for a refusal."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length:")
        ),
        0,
    )
    body = await reader.readexactly(length)
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
        raise RuntimeError(f"the sandbox refused: {body[:300]!r}")
    return body


async def _control(port: int, path: str, form: dict[str, Any] | None = None) -> Any:
    reader, writer = await asyncio.open_connection(HOST, port, limit=2**26)
    body = b"" if form is None else json.dumps(form).encode()
    writer.write(_request("GET" if form is None else "POST", f"/_sandbox{path}", "", body))
    answer = await _read(reader)
    writer.close()
    return json.loads(answer)


async def _until_open(port: int) -> None:
    deadline = perf_counter() + START_LIMIT_SECONDS
    while True:
        try:
            _reader, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            if perf_counter() > deadline:
                raise
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return


def _resident_mib(server: Process) -> float:
    pages = int(Path(f"/proc/{server.pid}/statm").read_text("ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@click.command()
@click.option("--scale", default=0, show_default=True, help="Additional made-up mailboxes.")
@click.option("--seconds", default=3.0, show_default=True, help="Per kind of request.")
@click.option("--connections", default=8, show_default=True)
def main(scale: int, seconds: float, connections: int) -> None:
    """Print what was measured, as JSON."""
    measured = asyncio.run(measure(scale, seconds, connections))
    click.echo(json.dumps(asdict(measured), indent=2))


if __name__ == "__main__":
    main()
