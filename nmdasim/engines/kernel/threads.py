"""Work over threads: compiled functions let go of Python's lock, so that one process keeps every core busy."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def workers(threads: int, items: int) -> int:
    """Return how many threads work at a time; `threads` = 0 is all cores."""
    return max(1, min(threads or os.cpu_count() or 1, items))


class Progress:
    """Counts steps over all items; the one piece of shared state."""

    def __init__(self, report: Callable[[float], None], total: int):
        self.report, self.total, self.done, self.lock = report, max(total, 1), 0, Lock()
        self.stopped: BaseException | None = None

    def add(self, steps: int) -> None:
        """Count steps and report the share that is done; what stopped one thread stops this one too."""
        with self.lock:
            if self.stopped is not None:
                raise self.stopped
            self.done += steps
            try:
                self.report(self.done / self.total)
            except BaseException as error:
                self.stopped = error
                raise


def spread(work: Callable[[Item], Found], items: Sequence[Item], threads: int, progress: Progress) -> list[Found]:
    """Return what `work` makes of each item, in order; what interrupts one item stops all."""
    if workers(threads, len(items)) == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(workers(threads, len(items))) as pool:
        try:
            return list(pool.map(work, items))
        except BaseException as error:
            progress.stopped = progress.stopped or error
            raise
