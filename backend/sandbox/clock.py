"""The sandbox's own clock: real time plus an offset that only grows.

The part of the offset that other processes follow is written to a file; skew stays in here.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

MAX_ADVANCE_SECONDS = 10 * 366 * 24 * 3600


def real_now() -> datetime:
    """The wall clock of this machine, aware, UTC."""
    # The sandbox stands for another machine, so it owns a real clock like bootstrap owns ours.
    return datetime.now(UTC)  # noqa: TID251


class SandboxClock:
    """Callable clock: aware UTC now, moved forward on demand.

    `offset_file` names the file with the seconds that our other processes add to their clocks; an
    existing file is followed at start, so that a restarted demo goes on in the same "now".
    `on_advance` are called after each move, for what became due by it.
    """

    __slots__ = ("_offset_file", "_real", "_shared_seconds", "_skew_seconds", "on_advance")

    def __init__(
        self, offset_file: Path | None = None, real: Callable[[], datetime] = real_now
    ) -> None:
        self._real = real
        self._offset_file = offset_file
        self._shared_seconds = _read_seconds(offset_file)
        self._skew_seconds = 0.0
        self.on_advance: list[Callable[[], None]] = []

    def __call__(self) -> datetime:
        return self._real() + timedelta(seconds=self._shared_seconds + self._skew_seconds)

    @property
    def offset_seconds(self) -> float:
        """How far this clock is ahead of the real one, in seconds."""
        return self._shared_seconds + self._skew_seconds

    def advance(self, seconds: float, *, only_sandbox: bool = False) -> datetime:
        """Move forward and answer the new now; `only_sandbox` leaves the other processes behind.

        Raises ValueError for a negative, absurd or non-finite number of seconds.
        """
        if not 0 <= seconds <= MAX_ADVANCE_SECONDS:
            raise ValueError("seconds must be between 0 and ten years")
        if only_sandbox:
            self._skew_seconds += seconds
        else:
            self._shared_seconds += seconds
            if self._offset_file is not None:
                _write_seconds(self._offset_file, self._shared_seconds)
        for listener in self.on_advance:
            listener()
        return self()


def _read_seconds(file: Path | None) -> float:
    if file is None:
        return 0.0
    try:
        return float(file.read_text("ascii").strip() or 0)
    except (FileNotFoundError, ValueError):
        return 0.0


def _write_seconds(file: Path, seconds: float) -> None:
    # Replaced in one step: the readers in other processes never see half a number.
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(file.name + ".new")
    fresh.write_text(f"{seconds:.3f}", "ascii")
    fresh.replace(file)
