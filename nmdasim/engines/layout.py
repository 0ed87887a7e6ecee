"""Which equations matter in which compartment.

A density that is structurally absent from a region folds to zero; a state that starts at zero and that nothing drives
stays zero; what no membrane, spike rule or recording depends on is dropped. Compartments in which the same remains form
a group. Specialised regions (an axon without calcium, a dendrite without sodium) so come out of the equations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp

from nmdasim.language.reader import symbol
from nmdasim.model.model import Model


@dataclass(frozen=True)
class Group:
    """Compartments that share their equations.

    Parameters
    ----------
    compartments
        Indices, ascending.
    derivatives
        d(state)/dt of each live state; axial current is not part of it.
    subexpressions
        Subexpressions, folded likewise.
    opaque
        The derivatives with the currents that feed other states kept as symbols ``_frozen_<name>``.
    noise
        Factors of the white noises of each live state that has any.
    """

    compartments: tuple[int, ...]
    derivatives: Mapping[str, sp.Expr]
    subexpressions: Mapping[str, sp.Expr]
    opaque: Mapping[str, sp.Expr]
    noise: Mapping[str, Mapping[str, sp.Expr]] = field(default_factory=dict)

    @property
    def states(self) -> tuple[str, ...]:
        """Live states."""
        return tuple(self.derivatives)


@dataclass(frozen=True)
class Layout:
    """A model's compartments by group; it holds the equations, not the model."""

    groups: tuple[Group, ...]

    @cached_property
    def slots(self) -> dict[tuple[str, int], tuple[int, int]]:
        """(state, compartment) → (group, position in the group)."""
        return {
            (state, compartment): (g, position)
            for g, group in enumerate(self.groups)
            for state in group.states
            for position, compartment in enumerate(group.compartments)
        }


def layout(model: Model, start: Iterable[str], kept: Iterable[tuple[str, int]] = ()) -> Layout:
    """Fold a model.

    Parameters
    ----------
    model
        What is to be rendered.
    start
        States that may start away from zero.
    kept
        (state, compartment) pairs that must stay because they are recorded.
    """
    moving, kept = set(start), set(kept)
    folded = {c: _fold(model, c, moving, {s for s, where in kept if where == c}) for c in range(len(model.morphology))}
    signatures: dict[object, list[int]] = {}
    for compartment, (derivatives, *_, noise) in folded.items():
        factors = tuple((state, *part.items()) for state, part in noise.items())
        signatures.setdefault((*derivatives.items(), factors), []).append(compartment)
    return Layout(tuple(Group(tuple(where), *folded[where[0]]) for where in signatures.values()))


_Folded = tuple[dict[str, sp.Expr], dict[str, sp.Expr], dict[str, sp.Expr], dict[str, dict[str, sp.Expr]]]


def _fold(model: Model, compartment: int, moving: set[str], kept: set[str]) -> _Folded:
    """Return derivatives of the live states, subexpressions, opaque derivatives and noise of one compartment."""
    system = model.system
    zero = {symbol(name): sp.Integer(0) for name in absent(model, compartment)}
    derivatives = {name: expr.xreplace(zero) for name, expr in system.derivatives.items()}
    noise = {name: {xi: e.xreplace(zero) for xi, e in factors.items()} for name, factors in system.noise.items()}
    driven = {
        state for port in model.ports.values() if port.compartment == compartment for state, _ in port.increments()
    }
    if compartment == model.spike_site and model.reset:
        driven |= set(system.states)
    driven |= {name for name, factors in noise.items() if any(factors.values())}
    still = set(system.states) - moving - driven - kept - {model.potential}
    while True:
        silent = {symbol(name): sp.Integer(0) for name in still}
        wakes = {name for name in still if derivatives[name].xreplace(silent) != 0}
        if not wakes:
            break
        still -= wakes
    zero |= silent
    derivatives = {name: expr.xreplace(silent) for name, expr in derivatives.items() if name not in still}
    subexpressions = {name: expr.xreplace(zero) for name, expr in system.subexpressions.items()}
    needed = _needed(model, derivatives, compartment, kept & set(derivatives))
    live = {name: derivatives[name] for name in derivatives if name in needed}
    opaque = {name: model.opaque_system.derivatives[name].xreplace(zero) for name in live}
    return live, subexpressions, opaque, {name: noise[name] for name in live if name in noise}


def absent(model: Model, compartment: int) -> list[str]:
    """Return parameters that have entries for other regions only."""
    region = next(name for name, where in model.morphology.regions.items() if compartment in where)
    keys = set(model.parameters)
    return [base for base in model.parameters.bases if base not in keys and f"{base}.{region}" not in keys]


def _read_by_events(model: Model, compartment: int) -> set[str]:
    """Return the names that the spike rule and the ports of one compartment read."""
    texts = [text for port in model.ports.values() if port.compartment == compartment for _, text in port.increments()]
    if compartment == model.spike_site:
        texts += [text for text in (model.threshold, model.refractory) if isinstance(text, str)]
    names = (*model.parameters.bases, "t", "weight", "area")
    return {s.name for text in texts for s in model.system.substitute(text, names).free_symbols}


def _needed(model: Model, derivatives: Mapping[str, sp.Expr], compartment: int, kept: set[str]) -> set[str]:
    """Return the states on which the membrane, the spike rule or a recording depends."""
    names = set(derivatives)
    free = {name: {s.name for s in expr.free_symbols} & names for name, expr in derivatives.items()}
    needed = ({model.potential} | kept | _read_by_events(model, compartment)) & names
    if model.is_point or (compartment == model.spike_site and model.reset):
        return names
    while more := {other for name in needed for other in free[name]} - needed:
        needed |= more
    return needed
