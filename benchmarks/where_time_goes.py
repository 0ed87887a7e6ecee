"""Price what a lane-step of a kernel computes, and compare with its time: ``python benchmarks/where_time_goes.py``.

The floor is what exponentials, divisions and other arithmetic would take if each ran as fast as in a loop of its own on
data in the first-level cache. Loads, stores, comparisons and the latency of chains are not in it.
"""

from __future__ import annotations

import ast
import csv
from collections import Counter
from pathlib import Path

from nmdasim import engines
from nmdasim.command.bench import machine
from nmdasim.command.bench.plans import brief, shortened
from nmdasim.command.bench.timing import ROUNDS, seconds_of
from nmdasim.command.bench.works import works
from nmdasim.engines.kernel.compiled_model import Kernel

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


def main(share: float = 1.0, table: Path = TABLE) -> None:
    """Print the table and write it for the documentation; `share` shortens the simulated time."""
    prices = machine.prices(max(round(20_000 * share), 100))
    rows = [["work", "exponentials", "divisions", "other operations", "floor, ns", "measured, ns", "floor / measured"]]
    for work in works():
        plan = shortened(work, max(round(share * SECONDS[work.name] / work.dt), 200) * work.dt)
        engines.alone(brief(plan))
        counts = operations(Kernel.of(plan))
        spent = min(seconds_of(lambda plan=plan: engines.alone(plan)) for _ in range(ROUNDS))
        floor, measured = sum(prices[k] * n for k, n in counts.items()), 1e9 * spent / (plan.lanes * plan.steps)
        numbers = [str(counts[name]) for name in ("exponentials", "divisions", "other")]
        rows.append([work.name, *numbers, f"{floor:.3g}", f"{measured:.3g}", f"{floor / measured:.0%}"])
        print(*rows[-1], sep="\t")
    rows.append(["ns each", *(f"{prices[name]:.3g}" for name in ("exponentials", "divisions", "other")), "", "", ""])
    print(*rows[-1], sep="\t")
    with table.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
