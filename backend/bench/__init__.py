"""The benchmarks: own time of pane, tick and look at a mailbox, side by side in one run."""

from backend.bench.command import main

__all__ = ["main"]
