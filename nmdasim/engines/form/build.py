"""Puts the form of a folded model together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nmdasim.engines.form.events import Events, events
from nmdasim.engines.form.methods import METHODS, Method
from nmdasim.engines.form.passes import Moves, Record, moves
from nmdasim.engines.form.solve import Solve, solve
from nmdasim.engines.layout import Layout
from nmdasim.model.model import Model


@dataclass(frozen=True)
class Form:
    """One step of a model. It holds no value of a parameter, and nothing of a language.

    Parameters
    ----------
    method
        How a step is taken.
    compartments
        How many there are.
    groups
        What a step does in the compartments of each group.
    membrane
        The membrane of a tree; None for a point neuron, whose potential moves in its group.
    events
        Ports and spike rule.

    Notes
    -----
    A step is: what arrives at ports; ``admit``; every ``before``; the membrane; every ``after``; ``watch``; and
    ``fired`` for the lanes that fired.
    """

    method: Method
    compartments: int
    groups: tuple[Moves, ...]
    membrane: Solve | None
    events: Events

    @property
    def records(self) -> tuple[Record, ...]:
        """Record of each group."""
        return tuple(group.record for group in self.groups)


def form(model: Model, folded: Layout, method: str, varied: Iterable[str]) -> Form:
    """Return the form of a folded model.

    Parameters
    ----------
    method
        Name of the integration method.
    varied
        Parameters that differ between lanes.
    """
    chosen, differing = METHODS[method], frozenset(varied)
    groups = tuple(moves(model, group, chosen.step(model, group), differing) for group in folded.groups)
    count = len(model.morphology)
    membrane = None
    if not model.is_point:
        capacities = {c: group.capacity for group in groups for c in group.record.group.compartments}
        membrane = solve(chosen, model.potential, model.morphology.parents, [capacities[c] for c in range(count)])
    return Form(chosen, count, groups, membrane, events(model, folded, chosen))
