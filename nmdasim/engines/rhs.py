"""Writes the right-hand side and the banded Jacobian of a model as generated functions, in full precision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np
import sympy as sp

from nmdasim.engines.form import algebra
from nmdasim.engines.kernel.printer import Printer, spelled
from nmdasim.engines.layout import Group, Layout
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.model.sizes import SIZES


@dataclass(frozen=True)
class Source:
    """Generated text and what its caller must know.

    Parameters
    ----------
    text
        Source with ``rhs`` and ``jacobian``, see :mod:`nmdasim.engines.kernel.translate`.
    folded
        The layout it renders.
    constants
        Per group, (name, expression) of what depends on parameters alone.
    parents
        Index of each compartment's parent, -1 for the root.
    sizes
        Typical size of each state, for absolute tolerances: conductances and currents are tiny numbers in SI units.
    """

    text: str
    folded: Layout
    constants: tuple[tuple[tuple[str, sp.Expr], ...], ...]
    parents: tuple[int, ...]
    sizes: Mapping[str, float]

    @cached_property
    def index(self) -> dict[tuple[str, int], int]:
        """(state, compartment) → position in the state vector; compartments follow one another."""
        group_of = {c: group for group in self.folded.groups for c in group.compartments}
        keys = [(state, c) for c in sorted(group_of) for state in group_of[c].states]
        return {key: k for k, key in enumerate(keys)}

    @cached_property
    def starts(self) -> list[int]:
        """Position of each compartment's first state."""
        return _starts(self.folded)

    @cached_property
    def band(self) -> int:
        """Half-width of the Jacobian's band."""
        sizes = [len(g.states) - 1 for g in self.folded.groups]
        reach = [self.starts[i] - self.starts[p] for i, p in enumerate(self.parents) if p >= 0]
        return max([*sizes, *reach])

    @cached_property
    def scales(self) -> np.ndarray:
        """Size of each number of the state vector."""
        return np.array([self.sizes[state] for state, _ in self.index])


def _starts(folded: Layout) -> list[int]:
    sizes = {c: len(group.states) for group in folded.groups for c in group.compartments}
    return [0, *accumulate(sizes[c] for c in sorted(sizes))][:-1]


def axial_rates(model: Model, parameters: Mapping[str, np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return parents and axial rates (1/s) into each compartment from its parent, and back."""
    shape = model.morphology
    parents = np.asarray(shape.parents)
    if model.is_point:
        return parents, np.zeros(1), np.zeros(1)
    capacity = np.broadcast_to(parameters["Cm"][0], len(shape)) * np.asarray(shape.areas)
    g = np.asarray(shape.conductances)
    return parents, g / capacity, g / capacity[parents]


def write(model: Model, folded: Layout) -> Source:
    """Write the right-hand side and Jacobian of a folded model."""
    index_of = _starts(folded)
    parts, offset = [], 0
    for k, group in enumerate(folded.groups):
        parts.append(_group(model, group, f"group{k}", offset))
        offset += len(parts[-1][2]) * len(group.compartments)
    rhs, jacobian = "\n".join(text for text, _, _ in parts), "\n".join(text for _, text, _ in parts)
    numbers = sum(len(group.states) * len(group.compartments) for group in folded.groups)
    rows = [("starts", index_of)]
    rows += [(f"group{k}", [index_of[c] for c in group.compartments]) for k, group in enumerate(folded.groups)]
    tables = "\n".join(f"{name} = {tuple(where)}" for name, where in rows)
    text = _TEMPLATE.format(rhs=rhs, jacobian=jacobian, tables=tables, numbers=numbers, compartments=len(index_of))
    sizes = {state: SIZES.get(model.unit_of(state), 1.0) for state in model.system.states}
    return Source(text, folded, tuple(c for _, _, c in parts), model.morphology.parents, sizes)


def _group(model: Model, group: Group, where: str, offset: int) -> tuple[str, str, tuple[tuple[str, sp.Expr], ...]]:
    """Return the loops over one group's compartments for both functions, and its constants.

    `where` names the row of places at which the states of a compartment begin, `offset` is that of its constants.
    """
    states, held, potential = group.states, model.system.held, symbol(model.potential)
    constants = algebra.Constants(frozenset({symbol(s) for s in (*states, "t", "_active")}))
    rates = {
        s: constants.hoist(algebra.with_bernoulli(e * symbol("_active") if s in held else e))
        for s, e in group.derivatives.items()
    }
    slopes = {
        (row, column): slope
        for row, rate in rates.items()
        for column in states
        if (slope := rate.diff(symbol(column))) != 0
    }
    names = [name.name for name in constants.names.values()]
    head = [
        f"    for position in range({len(group.compartments)}):",
        f"        o = {where}[position]",
        *(
            f"        {spelled(name)} = constants[{offset} + position*{len(names)} + {k}]"
            for k, name in enumerate(names)
        ),
        *(f"        {spelled(state)} = y[o + {k}]" for k, state in enumerate(states)),
    ]
    rhs = [*head, *_lines(rates.values(), potential, [f"out[o + {k}]" for k in range(len(states))])]
    order = {s: k for k, s in enumerate(states)}
    targets = [f"packed[(band + {order[r] - order[c]})*numbers + o + {order[c]}]" for r, c in slopes]
    jacobian = [*head, *_lines(slopes.values(), potential, targets)]
    return "\n".join(rhs), "\n".join(jacobian), tuple((s.name, e) for e, s in constants.names.items())


def _lines(expressions: Any, potential: sp.Symbol, targets: list[str]) -> list[str]:
    explicit = [algebra.explicit_exponentials(e, potential) for e in expressions]
    temporaries, reduced = algebra.shared(explicit, "s")
    printer = Printer(single=False)
    lines = [f"        {spelled(s.name)} = {printer.doprint(e)}" for s, e in temporaries]
    return lines + [f"        {t} = {printer.doprint(e)}" for t, e in zip(targets, reduced, strict=True)]


_TEMPLATE = '''"""Right-hand side and Jacobian of a model. Generated; SI units."""

real = float64
strict = True
numbers = {numbers}
{tables}


def rhs(
    t: real, y: reals, out: reals, constants: reals, parent: wholes, up: reals, down: reals, active: real
) -> whole:
{rhs}
    for i in range(1, {compartments}):
        a = starts[i]
        p = starts[parent[i]]
        d = y[p] - y[a]
        out[a] += up[i]*d
        out[p] -= down[i]*d
    return 0


def jacobian(
    t: real, y: reals, packed: reals, band: whole,
    constants: reals, parent: wholes, up: reals, down: reals, active: real,
) -> whole:
{jacobian}
    for i in range(1, {compartments}):
        a = starts[i]
        p = starts[parent[i]]
        packed[band*numbers + a] -= up[i]
        packed[band*numbers + p] -= down[i]
        packed[(band + a - p)*numbers + p] += up[i]
        packed[(band + p - a)*numbers + a] += down[i]
    return 0
'''
