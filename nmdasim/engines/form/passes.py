"""What one step computes in the compartments of a group: its record of rows and constants, and its passes.

The record of a compartment is a row of numbers, one per lane, for each of: potential, F, D (of the tree), its other
states, and the constants that differ between lanes. Constants that all lanes share stand apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from nmdasim.engines.form import algebra
from nmdasim.engines.form.methods import GUESS, Step
from nmdasim.engines.form.statements import Code, Draw, Flag, Here, Let, Load, Place, Put, Shared, names
from nmdasim.engines.layout import Group
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model

#: Rows that follow the potential, with which every record begins: right-hand side and diagonal of the tree's system.
HEAD = ("_F", "_D")


@dataclass(frozen=True)
class Record:
    """Layout of one group's records and constants.

    Parameters
    ----------
    rows
        Row names: head, live states, frozen currents, constants that differ between lanes.
    scalars, varied
        Expressions of the constants that all lanes share, and of those that differ; in the order of their names.
    """

    group: Group
    rows: tuple[str, ...]
    scalars: tuple[tuple[str, sp.Expr], ...]
    varied: tuple[tuple[str, sp.Expr], ...]


@dataclass(frozen=True)
class Pass:
    """Assignments in every compartment of a group.

    Parameters
    ----------
    shared
        Constants that all lanes of a compartment share; they are loaded once for all lanes.
    code
        What each lane does: loads, new values, stores.
    """

    shared: Code
    code: Code


@dataclass(frozen=True)
class Moves:
    """What one step does in the compartments of a group.

    Parameters
    ----------
    before, after
        Passes before the membrane of a tree is solved and once it has its new value; None where nothing is assigned.
    capacity
        Name of the constant 1/Cm where lanes differ in it, for axial rates then do too; empty otherwise.
    """

    record: Record
    before: Pass | None
    after: Pass | None
    capacity: str


def moves(model: Model, group: Group, step: Step, varied: frozenset[str]) -> Moves:
    """Return what one step of a method does in a group, given the parameters that differ between lanes."""
    states = group.states
    frozen = tuple(name for name in step.before if name.startswith("_frozen_"))
    noises = sorted({xi for factors in group.noise.values() for xi in factors})
    moving = (*states, *frozen, *(f"_new_{name}" for name in (*states, *step.before)), *noises, "t", "_active")
    constants = algebra.Constants(frozenset(map(symbol, moving)))
    before, after = (
        {name: constants.hoist(algebra.with_bernoulli(e)) for name, e in assignments.items()}
        for assignments in (step.before, step.after)
    )
    capacity = constants.hoist(1 / symbol("Cm")).name if "Cm" in varied and not model.is_point else ""
    record = _record(group, (*state_rows(group, model.potential), *frozen), constants, varied)
    draws: dict[str, Place] = {xi: Draw("normal", k) for k, xi in enumerate(noises)}
    potential = symbol(model.potential)
    first, second = (_pass(part, record, potential, draws) for part in (before, after))
    return Moves(record, first, second, capacity)


def state_rows(group: Group, potential: str) -> list[str]:
    """Return the rows with which a group's records begin: the potential, the head and the other live states."""
    return [potential, *HEAD, *(name for name in group.states if name != potential)]


def _record(group: Group, first: tuple[str, ...], constants: algebra.Constants, varied: frozenset[str]) -> Record:
    named = [(s.name, e) for e, s in constants.names.items()]
    differing = tuple((name, e) for name, e in named if names(e) & varied)
    scalars = tuple((name, e) for name, e in named if not names(e) & varied)
    return Record(group, (*first, *(name for name, _ in differing)), scalars, differing)


def _pass(
    assignments: Mapping[str, sp.Expr], record: Record, potential: sp.Symbol, draws: Mapping[str, Place]
) -> Pass | None:
    if not assignments:
        return None
    values = _values(assignments, potential)
    read = {name for value in values for name in names(value.value)}
    rows: dict[str, Place] = {**{name: Here(name) for name in record.rows}, "_active": Flag.READY, **draws}
    shared: dict[str, Place] = {name: Shared(name) for name, _ in record.scalars}
    loads = [Load(name) for name in rows if name in read]
    kept = [name for name in assignments if not name.startswith(GUESS)]
    stores = [Put(Here("_D" if name == "_J" else name), symbol(f"_new_{name}")) for name in kept]
    return Pass(
        Code.over([Load(name) for name in shared if name in read], shared), Code.over([*loads, *values, *stores], rows)
    )


def _values(assignments: Mapping[str, sp.Expr], potential: sp.Symbol) -> list[Let]:
    """Return the assignments of ``_new_<name>``, each after the shared subexpressions that it needs."""
    explicit = [_explicit(name, e, potential) for name, e in assignments.items()]
    powers, rewritten = algebra.share_exponentials(explicit, potential)
    temporaries, reduced = algebra.shared(rewritten, "s")
    definitions = {s.name: e for s, e in (*powers, *temporaries)}
    values: list[Let] = []
    done: set[str] = set()

    def define(expression: sp.Expr) -> None:
        for name in sorted(names(expression) & set(definitions) - done):
            if name not in done:  # another that came before may have needed it
                done.add(name)
                define(definitions[name])
                values.append(Let(name, definitions[name]))

    for name, expression in zip(assignments, reduced, strict=True):
        define(expression)
        values.append(Let(f"_new_{name}", expression))
    return values


def _explicit(name: str, expression: sp.Expr, potential: sp.Symbol) -> sp.Expr:
    """Spell out exponentials; a state's update becomes one quotient (F and J share theirs with each other)."""
    explicit = algebra.explicit_exponentials(expression, potential)
    return explicit if name in ("_F", "_J") else algebra.one_division(explicit)
