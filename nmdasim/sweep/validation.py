"""What `simulate` refuses, a sweep refuses, by the same words and before any work: asked at the ends of every axis."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import xarray as xr

from nmdasim import engines
from nmdasim.readout import windows
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question
from nmdasim.sweep import chunks, kept
from nmdasim.sweep.specification import Sweep


def validate(what: Sweep) -> None:
    """Make the plans of the lanes at the ends of every axis, and run none of them.

    Raises
    ------
    NmdasimError
        Whatever :func:`nmdasim.run.simulate` would raise for one of them.
    """
    engine = engines.engine(what.engine)
    for where in _ends(what):
        lanes = len(next(iter(where.values()), (0,)))
        columns = chunks.columns_at(what, where, lanes)
        for chosen in chunks.together(what, columns, lanes):
            arguments = chunks.asked(what, {name: column[chosen] for name, column in columns.items()})
            for run in prepare(question(**arguments)):
                engine.check(run.plan)


def reservations(what: Sweep) -> list[str]:
    """Return what is to be said of read-outs over windows that are cut, empty or short, one sentence each."""
    if not what.pulses or not set(what.readouts) & kept.WINDOWED:
        return []
    found: dict[str, None] = {}
    for one in itertools.islice(what.variants(), _TOLD):
        edges = np.asarray(one.windows) * 1e3
        end = what.given_seconds if what.given_seconds is not None else one.duration
        table = {"pulse_time": ("pulse", edges[:-1]), "window_end": ("pulse", edges[1:]), "run_end": end * 1e3}
        found |= dict.fromkeys(windows.reservations(xr.Dataset(table)))
    return list(found)


#: Variants of a protocol that are looked through for windows to warn of.
_TOLD = 100


def _ends(what: Sweep) -> Iterator[dict[str, np.ndarray]]:
    """Yield the places, by dimension, of lanes that share a protocol: where an axis is smallest or largest."""
    base = dict.fromkeys(what.sizes, 0)
    of_protocol = [axis for axis in what.varied if axis.name in what.done_to.varies]
    for axis in of_protocol:
        order = np.argsort(axis.values, kind="stable")
        for place in {int(order[0]), int(order[-1])} - {0}:
            yield {dim: np.array([k]) for dim, k in (base | {axis.dimension: place}).items()}
    rows = [base]
    for axis in what.varied:
        if axis.name not in what.done_to.varies:
            rows += [base | {axis.dimension: int(k)} for k in (np.argmin(axis.values), np.argmax(axis.values))]
    most = math.prod(what.piece.values())  # as many as are run together, for whom there is room
    for first in range(0, len(rows), most):
        part = rows[first : first + most]
        yield {dim: np.array([row[dim] for row in part]) for dim in base}
