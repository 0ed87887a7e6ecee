"""Price what a lane-step of a kernel computes, and compare with its time: ``python benchmarks/where_time_goes.py``.

The floor is what exponentials, divisions and other arithmetic would take if each ran as fast as in a loop of its own on
data in the first-level cache. Loads, stores, comparisons and the latency of chains are not in it.
"""

from __future__ import annotations

import ast
import csv
import dataclasses
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numba import njit

from nmdasim import engines
from nmdasim.command.bench import peers
from nmdasim.command.bench.works import works
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.engines.kernel.vmath import FASTMATH, exp64

TABLE = Path(__file__).parent.parent / "docs" / "tables" / "where_time_goes.csv"
#: Simulated seconds that are timed.
SECONDS = {"W0": 1.0, "W1": 2.0, "W2": 2.0, "W3": 1.0}


def operations(kernel: Kernel) -> Counter[str]:
    """Count exponentials, divisions and other arithmetic of one step of one lane, over all compartments."""
    total: Counter[str] = Counter()
    for function in (node for node in ast.parse(kernel.source.text).body if isinstance(node, ast.FunctionDef)):
        if function.name not in ("move", *(f"{when}_{g}" for when in ("before", "after") for g in range(99))):
            continue  # what events and spikes do
        steps = next(node for node in function.body if isinstance(node, ast.For))
        loops = steps.body if function.name == "move" else [steps]
        for loop in (node for node in loops if isinstance(node, ast.For)):
            times = len(kernel.source.parts[group].compartments) if (group := _group(loop)) >= 0 else 1
            for name, count in _count(loop).items():
                total[name] += times * count
    return total


def _group(loop: ast.For) -> int:
    """Return the index of the group that a loop over compartments runs through, -1 for a loop over lanes."""
    source = ast.unparse(loop.iter)
    return int(source.split("compartments[")[1].split("]")[0]) if "compartments[" in source else -1


def _count(loop: ast.For) -> Counter[str]:
    found: Counter[str] = Counter()
    for lanes in (n for n in ast.walk(loop) if isinstance(n, ast.For) and ast.unparse(n.target) == "l"):
        for node in ast.walk(lanes):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("exp", "log", "power", "tanh"):
                found["exponentials"] += 1
            elif isinstance(node, ast.BinOp) and not ast.unparse(node).startswith(("o + ", "O", "R", "SPARE", "WAIT")):
                found["divisions" if isinstance(node.op, ast.Div) else "other"] += 1
    return found


@njit(fastmath=FASTMATH, error_model="numpy")
def _exponentials(x: np.ndarray, y: np.ndarray, times: int) -> None:
    for _ in range(times):
        for l in range(x.size):  # noqa: E741
            y[l] = exp64(x[l])


@njit(fastmath=FASTMATH, error_model="numpy")
def _divisions(x: np.ndarray, y: np.ndarray, times: int) -> None:
    for _ in range(times):
        for l in range(x.size):  # noqa: E741
            y[l] = 1.0 / (x[l] + y[l])


@njit(fastmath=FASTMATH, error_model="numpy")
def _arithmetic(x: np.ndarray, y: np.ndarray, times: int) -> None:
    for _ in range(times):
        for l in range(x.size):  # noqa: E741
            v, a, b, c, d = x[l], y[l], x[l] + 0.1, y[l] + 0.2, x[l] + 0.3
            for _ in range(8):
                a, b, c, d = a * v + b, b * v + c, c * v + d, d * v + a
            y[l] = a + b + c + d


def price(loop: Callable[[np.ndarray, np.ndarray, int], None], per_element: int) -> float:
    """Return nanoseconds of one operation, the best of several runs."""
    x, y, times = np.linspace(0.1, 0.9, 256), np.ones(256), 20_000
    loop(x, y, 1)
    best = min(_seconds(lambda: loop(x, y, times)) for _ in range(5))
    return 1e9 * best / (times * x.size * per_element)


def _seconds(task: Callable[[], object]) -> float:
    begun = time.process_time()
    task()
    return time.process_time() - begun


def main() -> None:
    """Print the table and write it for the documentation."""
    prices = {
        "exponentials": price(_exponentials, 1),
        "divisions": price(_divisions, 1),
        "other": price(_arithmetic, 70),
    }
    rows = [["work", "exponentials", "divisions", "other operations", "floor, ns", "measured, ns", "floor / measured"]]
    for work in works():
        plan = dataclasses.replace(peers.shortened(work, SECONDS[work.name]), threads=1)
        engines.alone(dataclasses.replace(plan, duration=10 * plan.dt))
        counts = operations(Kernel.of(plan))
        spent = min(_seconds(lambda plan=plan: engines.alone(plan)) for _ in range(3))
        floor, measured = sum(prices[k] * n for k, n in counts.items()), 1e9 * spent / (plan.lanes * plan.steps)
        numbers = [str(counts[name]) for name in ("exponentials", "divisions", "other")]
        rows.append([work.name, *numbers, f"{floor:.3g}", f"{measured:.3g}", f"{floor / measured:.0%}"])
        print(*rows[-1], sep="\t")
    rows.append(["ns each", *(f"{prices[name]:.3g}" for name in ("exponentials", "divisions", "other")), "", "", ""])
    print(*rows[-1], sep="\t")
    with TABLE.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
