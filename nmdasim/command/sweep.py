"""The command ``nmdasim sweep``: a grid of runs into a store that can be resumed."""

from __future__ import annotations

import json as _json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from nmdasim.command.options import Json
from nmdasim.errors import InputError


def sweep(
    specification: Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="What to run.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="STORE", help="Zarr store to write, a folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish a store that is there.")] = False,
    workers: Annotated[int, typer.Option(help="Dask workers to start here; 0 runs on threads.")] = 0,
    scheduler: Annotated[str, typer.Option(help="Dask scheduler to join, 'tcp://node:8786'.")] = "",
    threads: Annotated[int, typer.Option(help="Threads without Dask; 0 is all cores.")] = 0,
    example: Annotated[bool, typer.Option("--example", help="Print a commented specification and stop.")] = False,
    json: Json = False,
) -> None:
    """Sweep doses, protocols, parameters and seeds into a store that `xarray.open_zarr` opens.

    Examples
    --------
    - `nmdasim sweep --example > doses.toml`
    - `nmdasim sweep doses.toml --out doses.zarr`
    - `nmdasim sweep doses.toml --out doses.zarr --resume --workers 4`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.sweep import execute, reading  # noqa: PLC0415

    if example:
        print(reading.EXAMPLE, end="")
        return
    if specification is None or out is None:
        raise InputError("give a specification and --out STORE; 'nmdasim sweep --example' prints a specification")
    what = reading.read(specification)
    with _shown(what.lanes) as (announce, progress):
        done = execute.run(what, out, resume=resume, workers=workers, scheduler=scheduler, threads=threads,
                           announce=announce, progress=progress)  # fmt: skip
    answer = {"store": str(out), "lanes": done.lanes, "done": done.done, "resumed": done.resumed,
              "failed": done.failed, "seconds": round(done.seconds, 3)}  # fmt: skip
    if json:
        print(_json.dumps(answer))
        return
    print(f"{out}: {done.done:,} of {done.lanes:,} lanes, {done.resumed:,} of them from before, "
          f"{done.failed:,} failed; {done.seconds:.1f} s")  # fmt: skip
    print("Educational and research model. Not medical advice. Not for dosing decisions.")


@contextmanager
def _shown(lanes: int) -> Iterator[tuple[Callable[[object], None], Callable[[int, int], None]]]:
    """Say on standard error what is ahead and how far it is: bars on a terminal, plain lines elsewhere."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415

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
            print(f"{done:,} of {lanes:,} lanes {text}{left}".rstrip(), file=sys.stderr, flush=True)
            self.said = now
