"""The command ``nmdasim bench``: the same work, in one run, on this library's kernel and on what else is installed."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from nmdasim.command.options import Json


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="An eighth of the simulated time.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="One work: W0, W1, W2 or W3; may be repeated.")] = None,
    json: Json = False,
) -> None:
    """Time the kernel beside Brian2, NumPy, SciPy and, where installed (nmdasim[bench]), NEURON, Arbor and Jaxley.

    CPU time, the sides in turn, the least of three. At equal step, and at the step at which each is within 0.2 % of the
    spikes of a converged run.

    Examples
    --------
    - `nmdasim bench --quick`
    - `nmdasim bench --only W1 --json`
    """
    from nmdasim.command.bench.compare import compare
    from nmdasim.command.printing import bench as printing

    result = compare(quick=quick, only=tuple(only or ()), report=lambda line: print(line, file=sys.stderr))
    print(printing.as_json(result)) if json else printing.show(result)
