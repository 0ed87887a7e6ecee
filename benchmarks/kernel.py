"""Measure all that docs/kernel.md shows, and draw its figure: ``python benchmarks/kernel.py [SHARE] [FOLDER]``.

The kernel beside its peers, beside code written by hand, over threads and from a cold start, and where its time goes.
Writes tables and images of docs/, or of FOLDER. Run it on an idle machine; a SHARE below 1 of the simulated time is for
a look. With ``pip install nmdasim[bench]`` NEURON, Arbor and Jaxley take part, limit.c where a C compiler is.
"""

from __future__ import annotations

import csv
import os
import resource
import runpy
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import limit
import numpy as np
import where_time_goes

import nmdasim as nm
from nmdasim.command.bench.compare import compare
from nmdasim.command.bench.timing import LEAST, ROUNDS
from nmdasim.command.printing import bench as printing

DOCS = Path(__file__).parent.parent / "docs"
_COLD = """
import sys, time
import nmdasim as nm
begun = time.perf_counter()
nm.simulate(getattr(nm.neurons, sys.argv[1])(), nm.WindUp(pulses=1), duration="1 ms")
print(time.perf_counter() - begun)
"""


def peers(docs: Path, share: float) -> None:
    """Run every work on every peer; write the table and the line about the machine."""
    result = compare(share=share, least=min(LEAST, share))
    _write(docs, "bench", [[*printing.HEADINGS], *(printing.cells(row) for row in result["rows"])])
    (docs / "tables" / "bench_machine.txt").write_text(printing.footnote(result) + "\n", "utf-8")


def by_hand(docs: Path, share: float) -> None:
    """Set the kernel beside limit.c and write the table; store the shares when they are measured in full."""
    try:
        limit.library()
    except limit.NoCompilerError as error:
        print(error)
        return
    found = limit.shares(share, min(LEAST, share))
    limit.write(found, docs / "tables" / "limit.csv")
    if share >= 1:
        limit.keep(found)


def scaling(docs: Path, share: float) -> None:
    """Time wind-up over many lanes, threads, compilation and a cached start; write the table."""
    rows = [["what", "measured"]]
    for name in ("wdr", "delrocq2023", "aguiar2010")[: 3 if share >= 1 else 1]:
        with tempfile.TemporaryDirectory() as folder:
            rows += [
                [f"{name}, first compile", f"{_start(name, folder):.1f} s"],
                [f"{name}, cached start", f"{_start(name, folder):.2f} s"],
            ]
    many, more = (max(round(share * lanes), 2) for lanes in (1000, 10_000))
    turns = [[_windup("wdr", many, threads) for threads in (1, 2)] for _ in range(ROUNDS)]
    one, two = np.min(turns, axis=0)
    rows.append([f"{many:,} lanes of wdr, two threads against one", f"{one / two:.2f} ×"])
    rows.append([f"{many:,} ketamine concentrations on delrocq2023", f"{_windup('delrocq2023', many, 0):.1f} s"])
    rows.append([f"{more:,} lanes of wdr", f"{_windup('wdr', more, 0):.1f} s"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    rows.append(["peak memory of the process", f"{peak:.0f} MB"])
    _write(docs, "scaling", rows)


def _start(name: str, folder: str) -> float:
    environment = {**os.environ, "NMDASIM_CACHE": folder}
    done = subprocess.run(
        [sys.executable, "-c", _COLD, name], env=environment, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _windup(name: str, lanes: int, threads: int) -> float:
    model = getattr(nm.neurons, name)()
    begun = time.perf_counter()
    nm.simulate(model, nm.WindUp(), ketamine=np.linspace(0, 10, lanes) * nm.uM, threads=threads)
    return time.perf_counter() - begun


def _write(docs: Path, name: str, rows: list[list[Any]]) -> None:
    with (docs / "tables" / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    for row in rows:
        print(*row, sep="\t", flush=True)


def main(share: float = 1.0, docs: Path = DOCS) -> None:
    """Measure everything, then draw."""
    for folder in ("tables", "images"):
        (docs / folder).mkdir(parents=True, exist_ok=True)
    scaling(docs, share)
    by_hand(docs, share)
    where_time_goes.main(share, docs / "tables" / "where_time_goes.csv")
    peers(docs, share)
    draw = runpy.run_path(str(DOCS / "make_bench.py"))["bench"]
    with nm.plot.style("paper"):
        draw(docs)


if __name__ == "__main__":
    main(*(kind(given) for kind, given in zip((float, Path), sys.argv[1:], strict=False)))
