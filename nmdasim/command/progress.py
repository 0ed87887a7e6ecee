"""What a command shows while it computes."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Seconds after which something is said of what still runs.
PATIENCE_S = 2.0


@contextmanager
def shown(what: str) -> Iterator[Callable[[float], None]]:
    """Say on standard error what runs and what memory it needs; on a terminal, after two seconds, show a bar.

    What is said twice in a command, as by the two runs of a comparison, is said once.

    What reports no share of its work is shown as running, with the time that it took so far.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    log, said = logging.getLogger("nmdasim"), logging.StreamHandler()
    said.addFilter(_once())
    log.setLevel(logging.INFO)
    log.addHandler(said)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
    task = bar.add_task(what, total=None)
    later = threading.Timer(PATIENCE_S, bar.start)
    later.daemon = True
    later.start()
    try:
        yield lambda share: bar.update(task, total=1.0, completed=share)
    finally:
        later.cancel()
        later.join()
        bar.stop()
        log.removeHandler(said)


def _once() -> Callable[[logging.LogRecord], bool]:
    """Return a filter that lets through what was not said before, as by the first of the two runs of a comparison."""
    told: list[str] = []

    def new(record: logging.LogRecord) -> bool:
        told.append(record.getMessage())
        return told[-1] not in told[:-1]

    return new
