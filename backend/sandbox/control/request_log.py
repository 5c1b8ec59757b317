"""The last requests to Graph, Entra and the control plane, for tests that ask who called what."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEPT_REQUESTS = 50_000


@dataclass(slots=True)
class LogEntry:
    """One request; routes fill in `app`, `user` and `mailbox` while they serve it."""

    at: datetime
    host: str
    method: str
    path: str
    request_id: str
    client_request_id: str
    seq: int = 0
    app: str | None = None
    user: str | None = None
    mailbox: str | None = None
    status: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The line as the control plane shows it; `status` is null when no answer went out."""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "host": self.host,
            "method": self.method,
            "path": self.path,
            "app": self.app,
            "user": self.user,
            "mailbox": self.mailbox,
            "status": self.status,
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
        }


class RequestLog:
    """Numbered from 1 in the order of completion, bounded."""

    def __init__(self) -> None:
        self._entries: deque[LogEntry] = deque(maxlen=KEPT_REQUESTS)
        self._last = 0

    @property
    def last_seq(self) -> int:
        """Number of the newest line, 0 before the first."""
        return self._last

    def add(self, entry: LogEntry) -> None:
        """Number the entry and keep it. Numbered when done: `since` never misses a slow one."""
        self._last += 1
        entry.seq = self._last
        self._entries.append(entry)

    def since(self, seq: int) -> list[LogEntry]:
        """Every line after this number that is still kept, oldest first."""
        newer: list[LogEntry] = []
        for entry in reversed(self._entries):
            if entry.seq <= seq:
                break
            newer.append(entry)
        newer.reverse()
        return newer
