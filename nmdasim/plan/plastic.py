"""What the synapses of one wire hold besides their connections, where they have a state of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nmdasim.language.evaluation import evaluate
from nmdasim.language.linear import ELAPSED, solved
from nmdasim.model.attached import Attached


@dataclass(frozen=True, eq=False)
class Plastic:
    """Synapses with equations.

    Parameters
    ----------
    label
        What they are called.
    attached
        Their rule, between its neurons.
    parameters
        SI values of the rule's parameters, each (instances or 1,).
    instance
        Instance of each synapse, shape (synapses,).
    initial
        SI values of every variable, each (synapses,), in the order of the wire.
    last
        Start of the step of the last spike of each synapse in an earlier run, in seconds; None for a fresh start.
    flight
        Spikes of an earlier run that are on their way: lane of the source, steps since it fired; shape (2, spikes).
    """

    label: str
    attached: Attached
    parameters: Mapping[str, np.ndarray]
    instance: np.ndarray
    initial: Mapping[str, np.ndarray]
    last: np.ndarray | None = None
    flight: np.ndarray = field(default_factory=lambda: np.empty((2, 0), np.int64))

    @property
    def varied(self) -> bool:
        """Whether parameters differ between instances."""
        return any(len(values) > 1 for values in self.parameters.values())

    @property
    def of_synapses(self) -> dict[str, np.ndarray]:
        """The parameters of each synapse, or of all."""
        return {name: values[self.instance] if len(values) > 1 else values for name, values in self.parameters.items()}

    def at(self, time: float, held: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return every variable at a time, given what synapses hold: event-driven states as of ``lastupdate``."""
        found, rule = dict(held), self.attached.rule
        if rule.event_driven:
            scope = {**self.of_synapses, **held, ELAPSED.name: time - held["lastupdate"]}
            closed = solved({name: self.attached.rates[name] for name in rule.event_driven})
            found |= {name: np.broadcast_to(evaluate(e, scope), self.instance.shape) for name, e in closed.items()}
        return found
