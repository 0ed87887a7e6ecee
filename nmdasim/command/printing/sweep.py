"""What ``nmdasim sweep`` prints: what is ahead, how far it is, what was done."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.quantities import several
from nmdasim.sweep.execute import Summary


def as_json(store: Path, done: Summary) -> str:
    """Return the JSON object."""
    answer = {"store": str(store), "lanes": done.lanes, "done": done.done, "resumed": done.resumed}
    return json.dumps(answer | {"failed": done.failed, "seconds": round(done.seconds, 3), "disclaimer": DISCLAIMER})


def show(store: Path, done: Summary) -> None:
    """Print what was done."""
    print(
        f"{store}: {done.done:,} of {several(done.lanes, 'lane')}, {done.resumed:,} of them from before, "
        f"{done.failed:,} failed; {done.seconds:.1f} s"
    )
    print(DISCLAIMER)


@contextmanager
def shown(lanes: int) -> Iterator[tuple[Callable[[object], None], Callable[[int, int], None]]]:
    """Say on standard error what is ahead and how far it is: bars on a terminal, plain lines elsewhere."""
    log, said = logging.getLogger("nmdasim"), logging.StreamHandler()
    said.setLevel(logging.WARNING)
    log.addHandler(said)
    terminal = sys.stderr.isatty()
    columns = (TextColumn("lanes"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[rate]}"))
    try:
        with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), disable=not terminal) as bar:
            task = bar.add_task("lanes", total=lanes, rate="")
            rate = _Rate(lambda done, text: bar.update(task, completed=done, rate=text), terminal)
            yield lambda outlook: print(outlook, file=sys.stderr, flush=True), rate
    finally:
        log.removeHandler(said)


class _Rate:
    """Turns counts of finished lanes into a rate; without a terminal, into a line every few seconds."""

    def __init__(self, show: Callable[[int, str], None], terminal: bool):
        self.show, self.terminal = show, terminal
        self.began = self.said = time.monotonic()
        self.first: int | None = None

    def __call__(self, done: int, lanes: int) -> None:
        now = time.monotonic()
        if self.first is None:  # the clock starts with the first chunk; before it, workers start and kernels compile
            self.first, self.began = done, now
        rate = (done - self.first) / (now - self.began) if now > self.began else 0.0
        text = f"{rate:,.0f} lanes/s" if rate else ""
        self.show(done, text)
        if not self.terminal and (now - self.said > 5 or done == lanes):
            left = f", {(lanes - done) / rate:,.0f} s left" if rate and done < lanes else ""
            print(f"{done:,} of {several(lanes, 'lane')} {text}{left}".rstrip(), file=sys.stderr, flush=True)
            self.said = now
