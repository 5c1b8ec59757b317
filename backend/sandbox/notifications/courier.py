"""Posts to a subscriber's address over HTTP/1.1; follows no redirect and keeps no connection."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import ssl
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import SplitResult, urlsplit

import httptools

MAX_REPLY = 64 * 1024
MAX_URL = 2_048
_PLAIN = re.compile(r"[\x21-\x7e]+")


class DeliveryError(Exception):
    """The address could not be reached, or what it said was not HTTP."""


@dataclass(slots=True)
class Reply:
    """What the subscriber answered."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Whether the subscriber took what it was sent."""
        return 200 <= self.status < 300

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


def address_problem(url: str) -> str | None:
    """Why nothing can be sent to this address; None if it can.

    As Graph: HTTPS only, except to the machine itself, where developers have no certificate.
    """
    if len(url) > MAX_URL or not _PLAIN.fullmatch(url):
        return "it is not an absolute URL"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "it is not an absolute URL"
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        return "it is not an absolute URL"
    if parts.scheme == "http" and not _is_loopback(host):
        return "it does not use HTTPS"
    return None


async def post(url: str, body: bytes, content_type: str, patience: float) -> Reply:
    """The answer to a POST; raises DeliveryError, or TimeoutError after `patience` real seconds."""
    try:
        return await asyncio.wait_for(_post(urlsplit(url), body, content_type), patience)
    except (OSError, ssl.SSLError, httptools.HttpParserError) as problem:
        if isinstance(problem, TimeoutError):
            raise
        raise DeliveryError(str(problem)) from problem


async def _post(parts: SplitResult, body: bytes, content_type: str) -> Reply:
    is_secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname,
        parts.port or (443 if is_secure else 80),
        ssl=_tls() if is_secure else None,
    )
    try:
        target = parts.path or "/"
        if parts.query:
            target += f"?{parts.query}"
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
        )
        writer.write(head.encode("latin-1") + body)
        await writer.drain()
        return await _read(reader)
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> Reply:
    found = _Reading()
    parser = httptools.HttpResponseParser(found)
    while not found.is_complete:
        chunk = await reader.read(16_384)
        if not chunk:
            break
        parser.feed_data(chunk)
        if len(found.reply.body) > MAX_REPLY:
            raise DeliveryError("the answer is too large")
    if not found.has_headers:
        raise DeliveryError("the connection was closed without an answer")
    found.reply.status = parser.get_status_code()
    return found.reply


class _Reading:
    """What httptools calls while it reads an answer."""

    def __init__(self) -> None:
        self.reply = Reply()
        self.has_headers = False
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.has_headers = True

    def on_body(self, chunk: bytes) -> None:
        self.reply.body += chunk

    def on_message_complete(self) -> None:
        self.is_complete = True


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
