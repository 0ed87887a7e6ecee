"""What a command shows while it computes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def shown(what: str) -> Iterator[Callable[[float], None]]:
    """Say on standard error what runs and what memory it needs; on a terminal, show a bar while it goes on."""
    from rich.console import Console
    from rich.progress import Progress

    log, said = logging.getLogger("nmdasim"), logging.StreamHandler()
    log.setLevel(logging.INFO)
    log.addHandler(said)
    try:
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(what, total=1.0)
            yield lambda share: bar.update(task, completed=share)
    finally:
        log.removeHandler(said)
