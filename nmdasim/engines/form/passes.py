"""What one step computes in the compartments of a group: its record of rows and constants, and its passes.

The record of a compartment is a row of numbers, one per lane, for each of: v, F, D (membrane), its states, and the
constants that differ between lanes. Constants that all lanes share stand apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from nmdasim.engines.form import algebra
from nmdasim.engines.form.methods import Step
from nmdasim.engines.form.statements import Code, Draw, Flag, Here, Let, Load, Place, Put, Shared, names
from nmdasim.engines.layout import Group
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model

#: Rows that every record begins with: membrane potential, right-hand side and diagonal of the membrane's system.
HEAD = ("v", "_F", "_D")


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
    moving = (*states, *frozen, *(f"_new_{name}" for name in states), *noises, "t", "_active")
    constants = algebra.Constants(frozenset(map(symbol, moving)))
    before, after = (
        {name: constants.hoist(algebra.with_bernoulli(e)) for name, e in assignments.items()}
        for assignments in (step.before, step.after)
    )
    capacity = constants.hoist(1 / symbol("Cm")).name if "Cm" in varied and not model.is_point else ""
    record = _record(group, frozen, constants, varied)
    draws = {xi: Draw("normal", k) for k, xi in enumerate(noises)}
    return Moves(record, _pass(before, record, draws), _pass(after, record, draws), capacity)


def state_rows(group: Group) -> list[str]:
    """Return the rows with which a group's records begin: the head and the live states."""
    return [*HEAD, *(name for name in group.states if name != "v")]


def _record(group: Group, frozen: tuple[str, ...], constants: algebra.Constants, varied: frozenset[str]) -> Record:
    named = [(s.name, e) for e, s in constants.names.items()]
    differing = tuple((name, e) for name, e in named if names(e) & varied)
    scalars = tuple((name, e) for name, e in named if not names(e) & varied)
    return Record(group, (*state_rows(group), *frozen, *(name for name, _ in differing)), scalars, differing)


def _pass(assignments: Mapping[str, sp.Expr], record: Record, draws: Mapping[str, Draw]) -> Pass | None:
    if not assignments:
        return None
    values = _values(assignments)
    read = {name for value in values for name in names(value.value)}
    rows: dict[str, Place] = {**{name: Here(name) for name in record.rows}, "_active": Flag.READY, **draws}
    shared: dict[str, Place] = {name: Shared(name) for name, _ in record.scalars}
    loads = [Load(name) for name in rows if name in read]
    stores = [Put(Here("_D" if name == "_J" else name), symbol(f"_new_{name}")) for name in assignments]
    return Pass(
        Code.over([Load(name) for name in shared if name in read], shared), Code.over([*loads, *values, *stores], rows)
    )


def _values(assignments: Mapping[str, sp.Expr]) -> list[Let]:
    """Return the assignments of ``_new_<name>``, each after the shared subexpressions that it needs."""
    explicit = [_explicit(name, e) for name, e in assignments.items()]
    powers, rewritten = algebra.share_exponentials(explicit)
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


def _explicit(name: str, expression: sp.Expr) -> sp.Expr:
    """Spell out exponentials; a state's update becomes one quotient (F and J share theirs with each other)."""
    explicit = algebra.explicit_exponentials(expression)
    return explicit if name in ("_F", "_J") else algebra.one_division(explicit)
