"""Share of the practical limit that the kernel reaches: ``python benchmarks/limit.py [--check | --keep]``.

The limit is limit.c, W0, W1 and W3 written out by hand and built on the spot with the machine's C compiler (``CC``,
else cc, gcc or clang). It gives the kernel's spikes, so both do the same work. Writes docs/tables/limit.csv.
``--keep`` stores the ratios in limit.json; ``--check`` compares with what is stored and fails where the kernel has
become slower than noise explains.
"""

from __future__ import annotations

import csv
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from nmdasim.command.bench import peers
from nmdasim.command.bench.plans import shortened
from nmdasim.command.bench.timing import LEAST, ROUNDS, Side, alternate, timed
from nmdasim.command.bench.works import Work, named
from nmdasim.engines.kernel.machine import Processor
from nmdasim.plan.plan import Cells

HERE = Path(__file__).parent
TABLE, STORED = HERE.parent / "docs" / "tables" / "limit.csv", HERE / "limit.json"
#: Simulated seconds of each work.
SECONDS = {"W0": 1.0, "W1": 2.0, "W3": 2.0}
#: Loss of the share of the limit that fails a check: far beyond noise, since both sides take turns and each counts by
#: its fastest run; a lost vectorisation costs a factor of two or more.
LOSS = 0.25
_NEVER = 1 << 62


class NoCompilerError(RuntimeError):
    """There is no C compiler, or it cannot build limit.c."""


@cache
def library() -> ctypes.CDLL:
    """Build limit.c for this processor and load it."""
    named_compilers = [os.environ.get("CC", ""), "cc", "gcc", "clang"]
    compiler = next((found for name in named_compilers if name and (found := shutil.which(name))), None)
    if compiler is None:
        raise NoCompilerError("no C compiler: set CC, or install gcc or clang")
    built = Path(tempfile.mkdtemp()) / "limit.so"
    options = ["-O3", "-march=native", "-ffp-contract=fast", "-fno-math-errno", "-shared", "-fPIC", "-Wno-psabi"]
    command = [compiler, *options, str(HERE / "limit.c"), "-o", str(built), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NoCompilerError(f"{compiler} cannot build limit.c: {done.stderr.strip()}")
    loaded = ctypes.CDLL(str(built))
    for name in ("w0", "w1", "w3"):
        getattr(loaded, name).restype = ctypes.c_long
    return loaded


def spikes(work: Work, made: Cells) -> tuple[np.ndarray, np.ndarray]:
    """Run a plan of a work by limit.c; return step and lane of each spike, by lane."""
    varied = np.ascontiguousarray(made.parameters[work.varied[0]][:, 0])
    room = made.lanes * max(made.steps // 20, 100)
    step, lane = np.zeros((2, room + 1), np.int64)

    def pointer(numbers: np.ndarray) -> ctypes.c_void_p:
        return ctypes.c_void_p(numbers.ctypes.data)

    due = np.append(made.arrivals.steps(made.dt), _NEVER).astype(np.int64)
    events = [pointer(due)] if work.name == "W1" else []
    run = getattr(library(), work.name.lower())
    sizes = (ctypes.c_long(made.lanes), ctypes.c_long(made.steps), ctypes.c_double(made.dt))
    found = run(pointer(varied), *sizes, *events, pointer(step), pointer(lane), ctypes.c_long(room))
    assert found <= room, "more spikes than there is room for"
    own = lane[:found] < made.lanes  # places beyond the last lane repeat it
    step, lane = step[:found][own], lane[:found][own]
    order = np.lexsort((step, lane))
    return step[order], lane[order]


def sides(work: Work, made: Cells) -> list[Side]:
    """Return the kernel and limit.c, ready to run a plan."""
    size = made.lanes * made.steps
    peers.counts_of(made)  # compiles
    limit = timed(lambda: np.bincount(spikes(work, made)[1], minlength=made.lanes))
    return [Side("kernel", size, timed(lambda: peers.counts_of(made))), Side("limit.c", size, limit)]


def shares(scale: float = 1.0, least: float = LEAST, rounds: int = 2 * ROUNDS - 1) -> dict[str, dict[str, float]]:
    """Measure ns of a lane-step on the kernel and by limit.c, and the share of the limit, for each work.

    `scale` shortens the simulated time, `least` and `rounds` the measurement.
    """
    found = {}
    for name, seconds in SECONDS.items():
        work = named(name)
        made = shortened(work, max(round(scale * seconds / work.dt), 200) * work.dt)
        ready = sides(work, made)
        runs = alternate(ready, rounds=rounds, least=least)
        own, limit = (1e9 * run.seconds / side.lane_steps for run, side in zip(runs, ready, strict=True))
        wrong = int(np.sum(np.abs(runs[0].counts - runs[1].counts)))
        found[name] = {
            "kernel": own,
            "limit": limit,
            "share": limit / own,
            "spikes": int(runs[0].counts.sum()),
            "differ": wrong,
        }
    return found


def lost(now: dict[str, float], stored: dict[str, float], loss: float = LOSS) -> list[str]:
    """Return the works whose share of the limit has fallen by more than noise explains."""
    return [name for name, share in stored.items() if now[name] < (1 - loss) * share]


def write(found: dict[str, dict[str, float]], table: Path = TABLE) -> None:
    """Print the table and write it for the documentation."""
    rows = [["work", "kernel, ns a lane-step", "limit, ns a lane-step", "share of the limit", "spikes", "that differ"]]
    for name, one in found.items():
        numbers = [f"{one['kernel']:.3g}", f"{one['limit']:.3g}", f"{one['share']:.0%}"]
        rows.append([name, *numbers, f"{one['spikes']:.0f}", f"{one['differ']:.0f}"])
    for row in rows:
        print(*row, sep="\t")
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def check(found: dict[str, dict[str, float]]) -> int:
    """Compare with what is stored for processors of this kind; return the program's exit status."""
    kind, stored = Processor.own().name, _stored()
    if kind not in stored:
        print(f"nothing stored for {kind}; store it with: python benchmarks/limit.py --keep")
        return 0
    now = {name: one["share"] for name, one in found.items()}
    fallen = lost(now, stored[kind])
    for name, share in stored[kind].items():
        verdict = "slower" if name in fallen else "as stored"
        print(f"{name}: {now[name]:.0%} of the limit, {share:.0%} stored: {verdict}")
    return 1 if fallen else 0


def _stored() -> dict[str, dict[str, float]]:
    return json.loads(STORED.read_text("utf-8")) if STORED.exists() else {}


def keep(found: dict[str, dict[str, float]]) -> None:
    """Store the shares for processors of this kind."""
    stored = _stored()
    stored[Processor.own().name] = {name: round(one["share"], 3) for name, one in found.items()}
    STORED.write_text(json.dumps(stored, indent=2) + "\n", "utf-8")


def main() -> int:
    """Measure; then check, store or write."""
    try:
        library()
    except NoCompilerError as error:
        print(error)
        return 0
    found = shares()
    if "--check" in sys.argv:
        return check(found)
    if "--keep" in sys.argv:
        keep(found)
    write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
