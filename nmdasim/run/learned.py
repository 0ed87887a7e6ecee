"""What synapses with a state carry from one segment to the next, beside :mod:`nmdasim.run.segments`.

A result holds, for each projection with a synapse, ``final_<projection>.<variable>`` (…, synapse), and the spikes that
are still on their way through it: the neuron or fibre that fired and how many steps before the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import xarray as xr

from nmdasim.errors import InputError
from nmdasim.plan.plan import Outcome, Plan, Wire
from nmdasim.plan.plastic import Plastic
from nmdasim.run.synapses import rows_of

_FLIGHT = ("instance", "source", "age")


def held(plan: Plan, outcomes: Sequence[Outcome], k: int) -> dict[str, np.ndarray]:
    """Return what the synapses of a wire hold at the end, each (instances, synapses)."""
    plastic = plan.wires[k].plastic
    assert plastic is not None
    found = outcomes[plan.wires[k].post].synapses[k]
    return {name: rows_of(values, plastic.instance, plan.instances) for name, values in found.items()}


def on_their_way(plan: Plan, outcomes: Sequence[Outcome], k: int) -> np.ndarray:
    """Return the spikes on their way through a wire at the end: rows of instance, source and age in steps."""
    wire, first = plan.wires[k], plan.first
    longest = int(wire.delay_steps(first.dt).max(initial=0))
    if wire.pre < len(plan.cells):
        outcome = outcomes[wire.pre]
        lane, step = outcome.spike_lane, np.rint(outcome.spike_time / first.dt).astype(np.int64) - 1
    else:
        volley = plan.inputs[wire.pre - len(plan.cells)]
        lane, step = volley.lane, first.begin + np.maximum(volley.step - 1, 0)
    age = first.begin + first.steps - step
    own = (age >= 1) & (age <= longest)
    size = plan.sources[wire.pre] // plan.instances
    return np.stack([lane[own] // size, lane[own] % size, age[own]])


def resumed(wires: Sequence[Wire], sizes: Sequence[int], before: xr.Dataset, rows: np.ndarray) -> tuple[Wire, ...]:
    """Return wires whose synapses go on from an earlier result; `sizes` are neurons of one instance of each source.

    Raises
    ------
    InputError
        If the earlier run had no such synapses, or another number of them.
    """
    return tuple(
        wire if wire.plastic is None else replace(wire, plastic=_resumed(wire.plastic, sizes[wire.pre], before, rows))
        for wire in wires
    )


def _resumed(plastic: Plastic, size: int, before: xr.Dataset, rows: np.ndarray) -> Plastic:
    names = [name for name in (*plastic.initial, "lastupdate") if f"final_{plastic.label}.{name}" in before]
    if not set(plastic.initial) <= set(names):
        variables = ", ".join(plastic.initial)
        raise InputError(f"start: the earlier run had no synapses {plastic.label} that hold {variables}")
    counts = np.bincount(plastic.instance, minlength=len(rows))
    place = np.arange(len(plastic.instance)) - (np.cumsum(counts) - counts)[plastic.instance]
    found: dict[str, np.ndarray] = {}
    for name in names:
        values = before[f"final_{plastic.label}.{name}"].values
        table = values.reshape(-1, values.shape[-1])[rows]
        if table.shape[1] < counts.max(initial=0) or np.any((~np.isnan(table)).sum(axis=1) > counts):
            raise InputError(f"start: the earlier run had other synapses {plastic.label}; give it the same seeds")
        found[name] = table[plastic.instance, place]
    last = found.pop("lastupdate", None)
    return replace(plastic, initial=found, last=last, flight=_flight(plastic.label, size, before, rows))


def _flight(label: str, size: int, before: xr.Dataset, rows: np.ndarray) -> np.ndarray:
    """Return lanes of sources, and steps since they fired, of the spikes on their way."""
    columns: Mapping[str, np.ndarray] = {
        name: before[f"in_flight_{label}.{name}"].values for name in _FLIGHT if f"in_flight_{label}.{name}" in before
    }
    if not columns:
        return np.empty((2, 0), np.int64)
    parts = []
    for instance, row in enumerate(rows):
        own = columns["instance"] == row
        parts.append(np.stack([columns["source"][own] + instance * size, columns["age"][own]]))
    return np.concatenate(parts, axis=1).astype(np.int64)


def attach(
    data: xr.Dataset, label: str, dims: Sequence[str], table: Mapping[str, np.ndarray], flight: np.ndarray
) -> None:
    """Add to a result what the synapses of a projection hold, (…, synapse), and the spikes on their way to them."""
    for name, values in table.items():
        data[f"final_{label}.{name}"] = (
            [*dims, f"synapse_{label}"],
            values,
            {"long_name": "for start= of another run"},
        )
    for name, column in zip(_FLIGHT, flight, strict=True):
        if len(column):
            data[f"in_flight_{label}.{name}"] = (f"in_flight_{label}", column)
