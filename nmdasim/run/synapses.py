"""Recorded synapses: what they hold at the end of a run, beside the pairs that they connect."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import ModelError, nearest
from nmdasim.model.circuit import Circuit
from nmdasim.plan.plan import Outcome
from nmdasim.plan.plasticity import at_end
from nmdasim.plan.wiring import Network


def split(circuit: Circuit, record: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the recorded names of neurons, and those of synapses, ``"<projection>.w"``.

    Raises
    ------
    ModelError
        If a projection has no synapse, or that no variable, of the name.
    """
    names = list(record)
    ours = [name for name in names if "." in name]
    for name in ours:
        label, _, variable = name.rpartition(".")
        if label not in circuit.rules:
            raise ModelError(f"{circuit.name} has no projection with a synapse called {label!r}"
                             f"{nearest(label, circuit.rules)}")  # fmt: skip
        known = circuit.rules[label].variables
        if variable not in known:
            raise ModelError(f"{circuit.name}: synapses of {label} hold no {variable!r}{nearest(variable, known)}")
    return [name for name in names if name not in ours], ours


def label(
    data: xr.Dataset, made: Network, outcomes: Sequence[Outcome], varied: Mapping[str, int], record: Sequence[str]
) -> xr.Dataset:
    """Add the recorded variables of synapses at the end of the run.

    ``<projection>.<variable>`` is (…, synapse), with ``<projection>.pre`` and ``.post``, the neurons of each pair, of
    the same shape; where instances have different numbers of synapses, rows are padded with NaN and -1.
    """
    for k, wire in enumerate(made.wires):
        if wire.plastic is None:
            continue
        own = wire.plastic.label
        wanted = [name.rpartition(".")[2] for name in record if name.rpartition(".")[0] == own]
        if not wanted:
            continue
        post = made.plans[wire.post]
        size = {"pre": made.sources[wire.pre] // made.instances, "post": post.lanes // made.instances}
        instance, dims = wire.target // size["post"], [*varied, f"synapse_{own}"]

        def table(
            values: np.ndarray,
            fill: float,
            instance: np.ndarray = instance,
            shape: tuple[int, ...] = (*varied.values(), -1),
        ) -> np.ndarray:
            return _rows(values, instance, made.instances, fill).reshape(shape)

        for side, lanes in (("pre", wire.source), ("post", wire.target)):
            data[f"{own}.{side}"] = (dims, table(lanes % size[side], -1), {"units": "1", "long_name": f"{side} neuron"})
        held = at_end(wire.plastic, wire, post, made.instances, outcomes[wire.post].synapses[k])
        for variable in wanted:
            unit = wire.plastic.attached.rule.unit_of(variable)
            values = table(quantities.in_unit(held[variable], unit), np.nan)
            data[f"{own}.{variable}"] = (dims, values, {"units": quantities.pretty(unit)})
    return data


def _rows(values: np.ndarray, instance: np.ndarray, instances: int, fill: float) -> np.ndarray:
    """Put the values of each instance, which lie in order, into a row."""
    counts = np.bincount(instance, minlength=instances)
    rows = np.full((instances, counts.max(initial=0)), fill, dtype=values.dtype)
    rows[instance, np.arange(len(values)) - (np.cumsum(counts) - counts)[instance]] = values
    return rows
