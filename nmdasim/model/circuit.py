"""Circuit: populations of models and the projections between them.

So far a feed-forward chain of single cells: each projection leads from an earlier population to a later one, and an
engine runs them one after the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from nmdasim.model.check import ModelError
from nmdasim.model.model import Model, nearest
from nmdasim.model.ports import Afferents, Contact, Latency


@dataclass(frozen=True)
class Projection:
    """Every spike of `pre` reaches `post` through a bundle of synapses.

    Parameters
    ----------
    pre, post
        Population names; `pre` comes before `post`.
    contacts
        The ports that each synapse opens in `post`.
    latency
        Delay of each synapse.
    """

    pre: str
    post: str
    contacts: tuple[Contact, ...]
    latency: Latency


@dataclass(frozen=True, eq=False, repr=False)
class Circuit:
    """A feed-forward circuit of single cells.

    Parameters
    ----------
    name
        Name of the circuit.
    populations
        Models by name, in feed-forward order; the last is the output.
    projections
        Between populations.
    afferents
        Fibre bundles; each contact names its population.
    references, dt, dt_max, description
        As for :class:`Model`.

    Raises
    ------
    ModelError
        If a projection or an afferent names a population or port that does not exist, or runs backwards.
    """

    name: str
    populations: Mapping[str, Model]
    projections: tuple[Projection, ...] = ()
    afferents: Afferents = field(default_factory=dict)
    references: tuple[str, ...] = ()
    dt: Any = "0.1 ms"
    dt_max: Any = "1 ms"
    description: str = ""

    def __post_init__(self) -> None:
        order = list(self.populations)
        for link in self.projections:
            if not {link.pre, link.post} <= set(order) or order.index(link.pre) >= order.index(link.post):
                raise ModelError(f"{self.name}: projection {link.pre} → {link.post} must lead forward in {order}")
            for contact in link.contacts:
                self._port(link.post, contact.port)
        for afferent in self.afferents.values():
            for contact in afferent.contacts:
                self._port(contact.population, contact.port)

    def _port(self, population: str, port: str) -> None:
        if population not in self.populations:
            raise ModelError(f"{self.name}: no population {population!r}; there are {', '.join(self.populations)}")
        ports = self.populations[population].ports
        if port not in ports:
            raise ModelError(f"{self.name}: {population} has no port {port!r}; it has {', '.join(ports)}")

    def replace(self, **parameters: Any) -> Self:
        """Return this circuit with other parameter values, in every population that has them."""
        return self._each("parameter", parameters, lambda cell, name, value: cell.replace(**{name: value}))

    def scaled(self, **factors: float) -> Self:
        """Return this circuit with named gains multiplied, in every population that has them."""
        return self._each("gain", factors, lambda cell, name, value: cell.scaled(**{name: value}))

    def _each(self, kind: str, changes: Mapping[str, Any], change: Callable[[Model, str, Any], Model]) -> Self:
        cells = dict(self.populations)
        for name, value in changes.items():
            known = {p: c.gains if kind == "gain" else c.parameters.bases for p, c in cells.items()}
            owners = [p for p, names in known.items() if name.partition(".")[0] in names]
            if not owners:
                every = sorted({n for names in known.values() for n in names})
                raise ModelError(f"{self.name} has no {kind} {name!r}{nearest(name, every)}")
            for population in owners:
                cells[population] = change(cells[population], name, value)
        return dataclasses.replace(self, populations=cells)

    @property
    def output(self) -> str:
        """Name of the population whose response is measured."""
        return list(self.populations)[-1]

    def __repr__(self) -> str:
        cells = ", ".join(f"{name} ({len(model.morphology)} compartments)" for name, model in self.populations.items())
        links = "\n  ".join(f"{p.pre} → {p.post}: {p.latency.synapses} synapses" for p in self.projections)
        return f"Circuit {self.name!r} of {cells}\n  {links}"
