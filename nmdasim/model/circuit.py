"""Circuit: populations of models and the projections between them.

A single cell is a circuit of one population of size one, a chain one of such populations whose projections lead
forward.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError, answering, nearest, plainly
from nmdasim.model import html
from nmdasim.model.attached import Attached, with_ports
from nmdasim.model.check import weight_in_range, weight_matches
from nmdasim.model.identity import digest
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.model.population import Population, named
from nmdasim.model.port import Contact, Fibres, Latency
from nmdasim.model.synapse import Synapse
from nmdasim.model.typed import typed
from nmdasim.quantities import QuantityLike

#: What is said of a circuit and moves no number.
_SAID = ("name", "description", "references", "numbers")


@answering
@dataclass(frozen=True, eq=False, repr=False)
class Projection:
    """Synapses from one population, or input, onto another.

    Either `port` with `probability` or `indices`, or, between single cells, a bundle: `contacts` with `latency`.

    Parameters
    ----------
    pre, post
        Names; `pre` may be an input.
    contacts, latency
        The ports that each synapse of a bundle opens in `post`, and its delay, drawn from the seed of the run.
    port
        The port of `post` that a synapse opens.
    weight
        The ``weight`` of that port: one, or one for each pair of `indices`.
    probability
        That a pair of neurons is connected, drawn from the seed of the run.
    indices
        Explicit pairs ``(pre, post)``, each an array; repeated pairs add up.
    delay
        From a spike to its effect: one, or one for each pair of `indices`, at least one step. Without it a spike acts
        at the end of the step in which it falls.
    synapse
        Equations and statements of each synapse. `weight` may then be the name of one of its variables, read when the
        event arrives; without a `port` its `on_pre` says what an event does.
    name
        What the synapses are called where they are recorded, ``"name.w"``; ``pre_post`` by default.
    """

    pre: str
    post: str
    contacts: tuple[Contact, ...] = ()
    latency: Latency | None = None
    port: str = ""
    weight: QuantityLike | None = None
    probability: float | None = None
    indices: tuple[Any, Any] | None = None
    delay: QuantityLike | None = None
    synapse: Synapse | None = None
    name: str = ""

    @plainly
    def __post_init__(self) -> None:
        ways = [self.latency is not None, self.probability is not None, self.indices is not None]
        if sum(ways) != 1 or (self.latency is None) == (not self.port and self.synapse is None):
            raise ModelError(
                f"projection {self.pre} → {self.post}: give port= with probability= or indices=, or "
                "contacts with a latency"
            )
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ModelError(
                f"projection {self.pre} → {self.post}: probability = {self.probability}; it is from 0 to 1"
            )

    def __repr__(self) -> str:
        return typed(self)

    @property
    def label(self) -> str:
        """What its synapses are called."""
        return self.name or f"{self.pre}_{self.post}"

    @property
    def number(self) -> Any:
        """Its weight, where that is a number and no variable of its synapse."""
        named = self.synapse is not None and isinstance(self.weight, str) and self.weight.isidentifier()
        return None if named else self.weight

    @property
    def opens(self) -> tuple[str, ...]:
        """Names of its ports, and of its synapse."""
        return (*(port for port, _ in self.ports), *((self.synapse.name,) if self.synapse else ()))

    @property
    def ports(self) -> tuple[tuple[str, float], ...]:
        """Every port that a synapse opens, and its delay in seconds beyond that of the synapse."""
        if self.latency:
            return tuple((c.port, c.seconds) for c in self.contacts)
        return ((self.port, 0.0),) if self.port else ()


@answering
@dataclass(frozen=True, eq=False, repr=False)
class Circuit:
    """Populations, the projections between them, and what drives them.

    Parameters
    ----------
    name
        Name of the circuit.
    populations
        :class:`Population` values by name; a :class:`Model` is one of size 1. The last is the output.
    projections
        Between populations, and from inputs.
    fibres
        Fibre bundles that a protocol may drive; each contact names its population.
    inputs
        Afferent fibres by name: :class:`Poisson`, :class:`Volleys` or :class:`Events`, projected like a population.
    references, dt, dt_max, description
        As for :class:`Model`.
    numbers
        What the circuit was built from besides the parameters of its cells, by section: sizes, weights, latencies.

    Raises
    ------
    ModelError
        If a projection or a bundle of fibres names a population or port that does not exist, or a pair, weight or
        delay is out of range.
    """

    name: str = "circuit"
    populations: Mapping[str, Any] = field(default_factory=dict)
    projections: tuple[Projection, ...] = ()
    fibres: Mapping[str, Fibres] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    dt: QuantityLike = "0.1 ms"
    dt_max: QuantityLike = "1 ms"
    description: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, ParameterSet] = field(default_factory=dict)

    @plainly
    def __post_init__(self) -> None:
        if not self.populations:
            raise ModelError(f"{self.name}: a circuit has one population or more, each a Population or a Model")
        sized = {name: p if isinstance(p, Population) else Population(p, 1) for name, p in self.populations.items()}
        object.__setattr__(self, "populations", sized)
        if both := sorted(set(self.populations) & set(self.inputs)):
            raise ModelError(f"{self.name}: {', '.join(both)} is a population and an input; each has a name of its own")
        object.__setattr__(self, "populations", with_ports(self.populations, self.projections))
        labels = [link.label for link in self.projections if link.synapse]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ModelError(f"{self.name}: two projections with a synapse are called {twice[0]}; give each a name=")
        for link in self.projections:
            self._check_bundle(link) if link.latency else self._check_link(link)
        for bundle in self.fibres.values():
            for contact in bundle.contacts:
                self._port(contact.population, contact.port)

    @property
    def cells(self) -> dict[str, Model]:
        """The model of each population."""
        return {name: population.model for name, population in self.populations.items()}

    def _check_bundle(self, link: Projection) -> None:
        what = f"{self.name}: projection {link.pre} → {link.post}"
        for name in (link.pre, link.post):
            if named("population", name, self.populations, self.name).size != 1:
                raise ModelError(f"{what}: a bundle joins single cells; give port= with probability= or indices=")
        if list(self.populations).index(link.pre) >= list(self.populations).index(link.post):
            raise ModelError(f"{what} must lead forward in {list(self.populations)}; give port= with indices=")
        for contact in link.contacts:
            self._port(link.post, contact.port)

    @property
    def rules(self) -> dict[str, Synapse]:
        """The synapse of each projection that has one, by its label."""
        return {link.label: link.synapse for link in self.projections if link.synapse is not None}

    def _check_link(self, link: Projection) -> None:
        what = f"{self.name}: projection {link.pre} → {link.post}"
        pre = named("population or input", link.pre, {**self.populations, **self.inputs}, self.name)
        post = named("population", link.post, self.populations, self.name)
        if link.port:
            self._port(link.post, link.port)
        attached = None if link.synapse is None else Attached.of(link, self.populations).checked()
        if link.port:
            weight_matches(post.model, link.port, attached.unit_weight if attached else link.weight, what)
        if link.number is not None:
            weight_in_range(post.model, link.port, link.number, what)
        pairs = None if link.indices is None else [np.asarray(side) for side in link.indices]
        for side, (where, size) in zip(pairs or (), ((link.pre, pre.size), (link.post, post.size)), strict=False):
            whole = np.issubdtype(side.dtype, np.integer) and side.ndim == 1
            if not whole or np.any((side < 0) | (side >= size)):
                raise ModelError(f"{what}: indices of {where} are whole numbers from 0 to {size - 1}")
        if pairs and len(pairs[0]) != len(pairs[1]):
            raise ModelError(f"{what}: indices have {len(pairs[0])} and {len(pairs[1])} entries; give pairs")
        for name, value in (("weight", link.number), ("delay", link.delay)):
            several = 1 if value is None else np.size(quantities.quantity(value))
            if several != 1 and (pairs is None or several != len(pairs[0])):
                raise ModelError(f"{what}: {several} values of {name}; give one, or one for each pair of indices")
        self._check_delay(link, float(quantities.si(self.dt, "ms", name="dt")))

    def _check_delay(self, link: Projection, dt: float) -> None:
        delay = None if link.delay is None else quantities.si(link.delay, "ms", name="delay")
        if delay is not None and np.any(delay) and np.any(delay < dt * (1 - 1e-9)):
            raise ModelError(
                f"{self.name}: projection {link.pre} → {link.post}: delay = {delay.min() * 1e3:g} ms is shorter than "
                f"the step, {dt * 1e3:g} ms; leave it out for none, or take a smaller dt"
            )

    def driven(self, **sources: Any) -> Self:
        """Return this network with other sources behind some of its inputs; each keeps its number of fibres."""
        for name, source in sources.items():
            old = named("input", name, self.inputs, self.name)
            if source.size != old.size:
                raise ModelError(
                    f"{self.name}: input {name} has {quantities.several(old.size, 'fibre')}; given {source.size}"
                )
        return dataclasses.replace(self, inputs={**self.inputs, **sources})

    def weighted(self, **factors: float) -> Self:
        """Return this network with the weights of every projection from a population or input multiplied."""
        for name, factor in factors.items():
            named("population or input", name, {**self.populations, **self.inputs}, self.name)
            if not np.isfinite(factor) or factor < 0:
                raise ModelError(f"{self.name}: weights of {name} × {factor}; a factor is a number from 0 upward")
            fixed = [link for link in self.projections if link.pre == name and link.number is None]
            if fixed:
                raise ModelError(
                    f"{self.name}: {name} → {fixed[0].post} has no weight of its own to scale; scale its gain"
                )
        links = [
            dataclasses.replace(link, weight=quantities.quantity(link.weight) * factors[link.pre])
            if link.pre in factors
            else link
            for link in self.projections
        ]
        return dataclasses.replace(self, projections=tuple(links))

    def check_step(self, dt: float) -> None:
        """Refuse a step (seconds) longer than a delay."""
        for link in self.projections:
            self._check_delay(link, dt)

    def _port(self, population: str, port: str) -> None:
        if population not in self.populations:
            raise ModelError(f"{self.name}: no population {population!r}; there are {', '.join(self.populations)}")
        ports = self.cells[population].ports
        if port not in ports:
            raise ModelError(f"{self.name}: {population} has no port {port!r}; it has {', '.join(ports)}")

    @plainly
    def replace(self, /, **parameters: QuantityLike) -> Self:
        """Return this circuit with other parameter values, in every population that has them."""
        mine = {n: v for n, v in parameters.items() if any(n in rule.parameters for rule in self.rules.values())}
        links = tuple(_with_parameters(link, mine) for link in self.projections)
        cells = {name for cell in self.cells.values() for name in cell.parameters.bases}
        theirs = {n: v for n, v in parameters.items() if n not in mine or n.partition(".")[0] in cells}
        changed = dataclasses.replace(self, projections=links)
        return changed._each("parameter", theirs, lambda cell, name, value: cell.replace(**{name: value}))

    @plainly
    def scaled(self, /, **factors: float) -> Self:
        """Return this circuit with named gains multiplied, in every population that has them."""
        return self._each("gain", factors, lambda cell, name, value: cell.scaled(**{name: value}))

    def _each(self, kind: str, changes: Mapping[str, Any], change: Callable[[Model, str, Any], Model]) -> Self:
        cells = dict(self.populations)
        for name, value in changes.items():
            known = {p: c.gains if kind == "gain" else c.parameters.bases for p, c in self.cells.items()}
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

    @cached_property
    def digest(self) -> str:
        """Hash of everything that determines its behaviour."""
        content = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        return digest({key: content[key] for key in content if key not in _SAID})

    def __repr__(self) -> str:
        cells = ", ".join(f"{population.size} {name}" for name, population in self.populations.items())
        links = "\n  ".join(f"{p.pre} → {p.post} ({', '.join(p.opens)})" for p in self.projections)
        return f"Circuit {self.name!r} of {cells}\n  {links}"

    def _repr_html_(self) -> str:
        return html.circuit(self)


def _with_parameters(link: Projection, given: Mapping[str, Any]) -> Projection:
    if link.synapse is None:
        return link
    own = {name: value for name, value in given.items() if name in link.synapse.parameters}
    return dataclasses.replace(link, synapse=link.synapse.replace(**own)) if own else link


def owners_of(model: Model | Circuit) -> dict[str, Model | Synapse]:
    """Return everything that has parameters, by name: the cells, and the synapses of projections."""
    return {**cells_of(model), **(model.rules if isinstance(model, Circuit) else {})}


def circuit_of(model: Model | Circuit) -> Circuit:
    """Return a circuit, or a single cell as the circuit that it is: one population of size one, without a name."""
    if isinstance(model, Circuit):
        return model
    if not isinstance(model, Model):
        raise ModelError(
            f"model = {model!r} is no model; give one, as nm.neurons.wdr(), nm.Model(...) or nm.Circuit(...)"
        )
    for key, p in model.parameters.items():
        if p.si.ndim:
            raise ModelError(
                f"{model.name}: {key} has {quantities.several(p.si.size, 'value')}, and a cell has one; vary it over "
                f"runs, simulate(…, parameters={{{key!r}: …}}), or over the neurons of a nm.Population"
            )
    return Circuit(
        model.name,
        {"": model},
        fibres=model.fibres,
        references=model.references,
        dt=model.dt,
        dt_max=model.dt_max,
        description=model.description,
    )


def cells_of(model: Model | Circuit) -> dict[str, Model]:
    """Return the cells of a circuit by name, or a single one without a name."""
    return model.cells if isinstance(model, Circuit) else {"": model}
