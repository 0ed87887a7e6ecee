"""Gains of a model or circuit as axes: which parameters each scales, and whether lanes of other gains run together."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from nmdasim.model.circuit import Circuit, cells_of, circuit_of
from nmdasim.model.model import Model
from nmdasim.model.population import Population


def groups(model: Model | Circuit) -> Mapping[str, tuple[str, ...]]:
    """Return the names of the parameters that each gain scales, in any of the cells."""
    found: dict[str, dict[str, None]] = {}
    for cell in cells_of(model).values():
        for name, bases in cell.gains.items():
            found.setdefault(name, {}).update(dict.fromkeys(bases))
    return {name: tuple(bases) for name, bases in found.items()}


def is_common(model: Model | Circuit, gain: str) -> bool:
    """Whether a gain can be given as values of parameters, which hold in every population: then its lanes run together.

    It is so where every population that has a parameter of the gain scales it, from the same value, and none spreads it
    over its neurons. Otherwise each factor is a circuit of its own, :meth:`Circuit.scaled`.
    """
    circuit = circuit_of(model)
    populations = circuit.populations.values()
    for base in groups(model)[gain]:
        if any(base in rule.parameters.bases for rule in circuit.rules.values()):  # which no gain scales
            return False
        owners = [one for one in populations if base in one.model.parameters.bases]
        if any(base not in one.model.gains.get(gain, ()) or _spreads(one, base) for one in owners):
            return False
        tables = [{key: one.model.parameters[key].si for key in one.model.entries(base)} for one in owners]
        if any(t.keys() != tables[0].keys() or any(not np.array_equal(t[k], tables[0][k]) for k in t) for t in tables):
            return False
    return True


def _spreads(population: Population, base: str) -> bool:
    """Whether neurons of a population have values of their own of a parameter, or of one that follows it."""
    return any(re.search(rf"\b{base}\b", f"{name} {value}") for name, value in population.parameters.items())
