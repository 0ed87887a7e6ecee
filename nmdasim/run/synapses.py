"""Recorded synapses: what they hold at the end of a run, beside the pairs that they connect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError, nearest
from nmdasim.model.circuit import Circuit
from nmdasim.plan.plan import Outcome, Plan


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
            raise ModelError(
                f"{circuit.name} has no projection with a synapse called {label!r}{nearest(label, circuit.rules)}"
            )
        known = circuit.rules[label].variables
        if variable not in known:
            raise ModelError(f"{circuit.name}: synapses of {label} hold no {variable!r}{nearest(variable, known)}")
    return [name for name in names if name not in ours], ours


@dataclass(frozen=True, eq=False)
class Recorded:
    """A variable and its pairs, ``<projection>.pre`` and ``.post``: (instances, synapses), and their units."""

    columns: Mapping[str, np.ndarray]
    units: Mapping[str, str]


def recorded(plan: Plan, outcomes: Sequence[Outcome], name: str) -> Recorded:
    """Return what was recorded of a projection's synapses under a name that `split` knows.

    Variables are those at the end of the run; rows of instances with fewer synapses end with NaN.
    """
    label, _, variable = name.rpartition(".")
    found = ((k, w, w.plastic) for k, w in enumerate(plan.wires) if w.plastic is not None and w.plastic.label == label)
    k, wire, plastic = next(found)
    unit = plastic.attached.rule.unit_of(variable)
    end = (plan.first.begin + plan.first.steps - 1) * plan.first.dt  # when a spike in the last step is dated
    held = plastic.at(end, outcomes[wire.post].synapses[k])[variable]
    sizes = plan.sources[wire.pre] // plan.instances, plan.cells[wire.post].size
    columns = {
        f"{label}.pre": wire.source % sizes[0],
        f"{label}.post": wire.target % sizes[1],
        name: quantities.in_unit(held, unit),
    }
    tables = {key: rows_of(values, plastic.instance, plan.instances) for key, values in columns.items()}
    return Recorded(tables, dict(zip(columns, ("1", "1", quantities.pretty(unit)), strict=True)))


def rows_of(values: np.ndarray, instance: np.ndarray, instances: int) -> np.ndarray:
    """Put the values of each instance, which lie in order, into a row."""
    counts = np.bincount(instance, minlength=instances)
    rows = np.full((instances, counts.max(initial=0)), np.nan)
    rows[instance, np.arange(len(values)) - (np.cumsum(counts) - counts)[instance]] = values
    return rows
