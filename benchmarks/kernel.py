"""Time the kernel beside its peers, over threads and from a cold start: ``python benchmarks/kernel.py``.

Writes docs/tables/bench.csv, docs/tables/scaling.csv and docs/images/bench.png. Takes some minutes; for a look, use
``nmdasim bench --quick``. NEURON and Jaxley take part when ``pip install nmdasim[bench]`` has been run.
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

import numpy as np

import nmdasim as nm
from nmdasim.command.bench.compare import compare

DOCS = Path(__file__).parent.parent / "docs"
_COLD = """
import sys, time
import nmdasim as nm
begun = time.perf_counter()
nm.simulate(getattr(nm.neurons, sys.argv[1])(), nm.WindUp(pulses=1), duration="1 ms")
print(time.perf_counter() - begun)
"""


def peers() -> dict[str, Any]:
    """Run every work on every peer; write the table."""
    result = compare()
    rows = [
        [
            "work",
            "engine",
            "CPU s",
            "M lane-steps / CPU s",
            "kernel is × faster",
            "compile s",
            "largest count difference",
            "lanes that differ",
        ]
    ]
    for row in result["rows"]:
        rate = row["lane_steps_per_cpu_second"] / 1e6
        rows.append(
            [
                row["work"],
                row["engine"],
                f"{row['cpu_seconds']:.3g}",
                f"{rate:.3g}",
                f"{1 / row['ratio_to_kernel']:.3g}",
                f"{row['compile_seconds']:.2g}",
                row["max_count_difference"],
                f"{row['lanes_that_differ']} of {row['lanes']}",
            ]
        )
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    _write("bench", rows)
    (DOCS / "tables" / "bench_machine.txt").write_text(f"{result['machine']}; {versions}. One thread.\n")
    return result


def scaling() -> None:
    """Time wind-up over many lanes, threads, compilation and a cached start; write the table."""
    rows = [["what", "measured"]]
    for name in ("wdr", "delrocq2023", "aguiar2010"):
        with tempfile.TemporaryDirectory() as folder:
            rows += [
                [f"{name}, first compile", f"{_start(name, folder):.1f} s"],
                [f"{name}, cached start", f"{_start(name, folder):.2f} s"],
            ]
    one, two = (min(_windup("wdr", 1000, threads) for _ in range(3)) for threads in (1, 2))
    rows.append(["1,000 lanes of wdr, two threads against one", f"{one / two:.2f} ×"])
    rows.append(["1,000 ketamine concentrations on delrocq2023", f"{_windup('delrocq2023', 1000, 0):.1f} s"])
    rows.append(["10,000 lanes of wdr", f"{_windup('wdr', 10_000, 0):.1f} s"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    rows.append(["peak memory of the process", f"{peak:.0f} MB"])
    _write("scaling", rows)


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


def _write(name: str, rows: list[list[Any]]) -> None:
    with (DOCS / "tables" / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    for row in rows:
        print(*row, sep="\t", flush=True)


def main() -> None:
    """Run everything."""
    scaling()
    peers()
    runpy.run_path(str(DOCS / "make_bench.py"), run_name="__main__")


if __name__ == "__main__":
    main()
