"""Measure a sweep: cost of a lane, overhead, workers, writing, resuming: ``python benchmarks/sweeps.py [LANES]``.

Writes docs/tables/sweeps.csv. LANES (100,000 by default) is the size of the large run; smaller ones are for a look.
"""

from __future__ import annotations

import csv
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import nmdasim as nm
from nmdasim import engines
from nmdasim.sweep import chunks, execute, outlook
from nmdasim.sweep.store import open_store

DOCS = Path(__file__).parent.parent / "docs"
CHUNK = 1000
#: Seconds of processor and of clock that the engine itself takes.
KERNEL = [0.0, 0.0]


def sweep(lanes: int) -> nm.Sweep:
    """Return the sweep of the target: 15 pulses at 1 Hz, five read-outs, 20 draws of latencies."""
    return nm.Sweep(
        nm.neurons.wdr(),
        nm.WindUp(pulses=15),
        {"ketamine": np.geomspace(0.1, 10, lanes // 20) * nm.uM, "seed": range(20)},
        readouts=("index", "ratio", "input", "slope", "area"),
        chunk=CHUNK,
    )


def clocks() -> tuple[float, float]:
    """Return seconds of processor and of clock."""
    return sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), time.perf_counter()


def timed(run: Any, *given: Any) -> Any:
    """Run the engine and add up what it took."""
    before = clocks()
    found = run(*given)
    for k, (now, then) in enumerate(zip(clocks(), before, strict=True)):
        KERNEL[k] += now - then
    return found


def large(lanes: int, folder: Path) -> dict[str, str]:
    """Run the large sweep on all threads; return its cost, and what the sweep adds to the bare kernel."""
    chosen = engines.engine()
    bare, KERNEL[:] = chosen.run, [0.0, 0.0]
    chosen.run = lambda *given: timed(bare, *given)
    before = clocks()
    try:
        execute.run(sweep(lanes), folder / "large.zarr")
    finally:
        chosen.run = bare
    cpu, wall = (now - then for now, then in zip(clocks(), before, strict=True))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    files = [path.stat() for path in (folder / "large.zarr").rglob("*") if path.is_file()]
    return {
        "lanes": f"{lanes:,} in chunks of {CHUNK:,}",
        "time on all threads, min": f"{wall / 60:.2f}",
        "CPU, ms a lane": f"{1e3 * cpu / lanes:.2f}",
        "beyond the bare kernel, % of its CPU time": f"{100 * (cpu / KERNEL[0] - 1):.1f}",
        "beyond the bare kernel, % of its time": f"{100 * (wall / KERNEL[1] - 1):.1f}",
        "peak memory, GB": f"{peak:.2f}",
        "content of the store, bytes a lane": f"{sum(f.st_size for f in files) / lanes:.1f}",
        "files a chunk": f"{len(files) / (lanes / CHUNK):.1f}",
    }


def single_writer(folder: Path) -> dict[str, str]:
    """Time what one process does for every chunk: take it in, write it, vouch for it; and check it on resuming."""
    what, path = sweep(20 * CHUNK), folder / "writer.zarr"
    pilot, _ = outlook.pilot(what, 0)
    one = chunks.run(what, 0)
    with open_store(path, what, pilot, resume=False) as store:
        begun = time.perf_counter()
        for number in range(what.chunks):
            store.write(number, one)
        written = (time.perf_counter() - begun) / what.chunks
    begun = time.perf_counter()
    with open_store(path, what, None, resume=True) as store:
        checked = (time.perf_counter() - begun) / what.chunks
        assert not store.missing
    journal = (path / ".sweep" / "journal.jsonl").stat().st_size
    return {
        "a chunk from a worker, kB": f"{len(pickle.dumps(one)) / 1e3:.0f}",
        "writing a chunk, ms": f"{1e3 * written:.1f}",
        "checking a chunk on resuming, ms": f"{1e3 * checked:.2f}",
        "journal, bytes a chunk": f"{journal / what.chunks:.0f}",
    }


def workers(lanes: int, folder: Path) -> dict[str, str]:
    """Run one sweep on one Dask worker and on two, in turn; return the ratio of the means of two."""
    took: dict[int, list[float]] = {1: [], 2: []}
    for repeat in range(2):
        for count, seconds in took.items():
            begun = time.perf_counter()
            execute.run(sweep(lanes), folder / f"workers-{count}-{repeat}.zarr", workers=count)
            seconds.append(time.perf_counter() - begun)
    ratio = np.mean(took[1]) / np.mean(took[2])
    return {f"two Dask workers are × faster than one, {lanes:,} lanes": f"{ratio:.2f}"}


def no_work(folder: Path) -> dict[str, str]:
    """Time Dask alone: tasks that do nothing, through the client that a sweep uses."""
    count = 2000
    code = (
        "import distributed, time\n"
        "if __name__ == '__main__':\n"
        "    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:\n"
        "        with distributed.Client(cluster) as client:\n"
        "            begun = time.perf_counter()\n"
        f"            futures = [client.submit(pow, k, 2, pure=False) for k in range({count})]\n"
        "            client.gather(futures)\n"
        f"            print((time.perf_counter() - begun) / {count})\n"
    )
    script = folder / "tasks.py"
    script.write_text(code)
    told = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    return {"Dask, ms a task": f"{1e3 * float(told.stdout):.2f}"}


def main() -> None:
    """Measure and write the table."""
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as made:
        folder, rows = Path(made), {}
        for part in (
            lambda: large(lanes, folder),
            lambda: single_writer(folder),
            lambda: workers(max(4000, lanes // 5), folder),
            lambda: no_work(folder),
        ):
            found = part()
            print("\n".join(f"{name:>60}  {value}" for name, value in found.items()), flush=True)
            rows |= found
    with (DOCS / "tables" / "sweeps.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("what", "measured"), *rows.items()])


if __name__ == "__main__":
    main()
