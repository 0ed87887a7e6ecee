"""Populations of neurons, and the afferent fibres that drive a circuit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from nmdasim.errors import ModelError, answering, nearest
from nmdasim.model import html
from nmdasim.model.model import Model
from nmdasim.model.typed import argument, cut
from nmdasim.quantities import QuantityLike, several


@answering
@dataclass(frozen=True, eq=False)
class Population:
    """A number of neurons of one model.

    Parameters
    ----------
    model
        What each neuron is.
    size
        Number of neurons.
    initial, parameters
        Values that replace the model's: a quantity, an array of `size`, or an expression in which ``rand()`` and
        ``randn()`` are drawn for each neuron from the seed of the run.

    Raises
    ------
    ModelError
        If `size` is no whole number above 0, or a name is no state or parameter of the model.
    """

    model: Model
    size: int
    initial: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size_of(self.size, f"population of {self.model.name}")
        for name in self.parameters:
            self.model.entries(name)
        for kind, given in (("initial", self.initial), ("parameter", self.parameters)):
            for name, value in given.items():
                if not isinstance(value, str) and np.size(value) not in (1, self.size):
                    raise ModelError(
                        f"{self.model.name}: {kind} {name} has {several(np.size(value), 'value')} for "
                        f"{several(self.size, 'neuron')}; give one, or one for each"
                    )
        dataclasses.replace(self.model, initial=dict(self.model.initial) | dict(self.initial))

    def _repr_html_(self) -> str:
        given = (("parameter", self.parameters), ("initial value", self.initial))
        rows = [(name, kind, cut(argument(value))) for kind, values in given for name, value in values.items()]
        own = html.table(("name", "what it is", "value"), rows) if rows else ""
        model = html.folded(f"model {self.model.name}", html.model(self.model))
        return f"<div>{html.title('population', several(self.size, 'neuron'), self.model.name)}{own}{model}</div>"

    def replace(self, **parameters: QuantityLike) -> Self:
        """Return this population with other parameter values."""
        kept = {key: value for key, value in self.parameters.items() if key not in parameters}
        return dataclasses.replace(self, model=self.model.replace(**parameters), parameters=kept)

    def scaled(self, **factors: float) -> Self:
        """Return this population with named gains of its model multiplied."""
        return dataclasses.replace(self, model=self.model.scaled(**factors))


def size_of(size: Any, what: str) -> int:
    """Return a number of neurons or fibres, or refuse it."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ModelError(f"{what}: size = {size!r}; a size is a whole number above 0")
    return int(size)


def named(kind: str, name: str, known: Mapping[str, Any], circuit: str) -> Any:
    """Return an entry by name, or raise a ModelError that offers the nearest."""
    if name not in known:
        raise ModelError(f"{circuit} has no {kind} {name!r}{nearest(name, known)}")
    return known[name]
