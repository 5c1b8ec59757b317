"""The benchmarks: own time per pane opening and per tick, side by side in one run."""

from backend.bench.command import main

__all__ = ["main"]
