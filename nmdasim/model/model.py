"""Model: equations, parameters, morphology, ports and a spike rule, checked on construction."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError, answering, nearest, plainly
from nmdasim.language import latex
from nmdasim.language.noise import drawn
from nmdasim.language.system import System, system
from nmdasim.model import brian2_in, brian2_out, change, check, compose, html, structure, unread
from nmdasim.model.identity import digest
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.model.port import Fibres, Port, Summary
from nmdasim.quantities import QuantityLike

if TYPE_CHECKING:
    from nmdasim.model.circuit import Circuit


#: What is said of a model, and the parts from which its equations were made; neither moves a number.
_SAID = ("name", "description", "references", "mechanisms")


@answering
@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A neuron as a frozen value.

    Parameters
    ----------
    name
        Name of the model.
    equations
        Brian2-language text. A point neuron gives ``dv/dt``; a model with a morphology (or assembled from mechanisms)
        gives the membrane current density ``Im : amp/meter**2``, positive inward, and the parameter ``Cm``.
    parameters
        Quantities, texts or :class:`Parameter`; ``"g.region"`` holds in one region of the morphology. Any mapping is
        accepted and becomes a :class:`ParameterSet`.
    initial
        Initial values: quantities, arrays, or expressions with ``rand()`` and ``randn()``. States left out start at 0.
    threshold, reset, refractory
        Spike rule in Brian2's terms; `refractory` is a duration or a condition.
    membrane
        Name of the state that the kernel moves as the membrane. By default it is the potential that ``Im`` moves, or in
        a point neuron the first state, in the order of the equations, that `threshold` reads; without one the first
        state in volts, or else the first.
    ports
        Named inputs: :class:`Port`, or the text of what one event adds.
    morphology
        Compartments; one by default.
    spike_site
        Compartment in which the threshold is tested.
    fibres
        Bundles of afferent fibres that a protocol may drive, by name: ``{"c": Fibres("exc", 20, latency="200 ms")}``.
    starts
        Named alternatives to `initial` (for example with a drug equilibrated or just washed in).
    gains
        Names under which groups of parameters are scaled.
    summaries
        Per-window read-outs that a protocol may ask for.
    implicit, feeding
        For the method that follows the NEURON simulator: states that the published model solves by backward Euler, and
        currents that feed other states and are computed once a step.
    references
        Keys in ``references.bib`` of the publications it stands on.
    dt, dt_max
        Default step, and the largest one accepted.
    description
        One line for listings.
    mechanisms
        The fragments from which :meth:`assemble` joined the equations, each with the regions in which it sits.

    Raises
    ------
    ModelError
        If units do not match, a symbol is undefined or defined twice, or a port or initial value refers to a state
        that does not exist.
    """

    name: str
    equations: str
    parameters: ParameterSet = field(default_factory=ParameterSet)
    initial: Mapping[str, Any] = field(default_factory=dict)
    threshold: str | None = None
    reset: str | None = None
    refractory: QuantityLike | None = None
    ports: Mapping[str, Any] = field(default_factory=dict)
    morphology: Morphology = field(default_factory=Morphology.point)
    spike_site: int = 0
    fibres: Mapping[str, Fibres] = field(default_factory=dict)
    starts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    gains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    summaries: Mapping[str, Summary] = field(default_factory=dict)
    implicit: tuple[str, ...] = ()
    feeding: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    dt: QuantityLike = "0.1 ms"
    dt_max: QuantityLike = "1 ms"
    membrane: str = ""
    description: str = ""
    mechanisms: tuple[Mechanism, ...] = ()

    @plainly
    def __post_init__(self) -> None:
        ports = {name: p if isinstance(p, Port) else Port(p) for name, p in self.ports.items()}
        object.__setattr__(self, "ports", ports)
        initial = {state: unread.quantity_or_expression(value) for state, value in self.initial.items()}
        object.__setattr__(self, "initial", initial)
        object.__setattr__(self, "refractory", check.duration_or_condition(self.refractory))
        if not isinstance(self.parameters, ParameterSet):
            object.__setattr__(self, "parameters", ParameterSet(self.parameters))
        if not isinstance(self.fibres, Mapping):
            raise ModelError(f"{self.name}: fibres are given by name, as in fibres={{'c': nm.Fibres(…)}}")
        check.model(self)

    @cached_property
    def system(self) -> System:
        """Its equations as SymPy expressions."""
        return system(self.equations, (*self.parameters.bases, "Cm", "area"))

    @cached_property
    def opaque_system(self) -> System:
        """Its equations with the currents that feed other states left as symbols."""
        return system(self.equations, (*self.parameters.bases, "Cm", "area"), self.feeding)

    @property
    def is_point(self) -> bool:
        """Whether it has one compartment and its own ``dv/dt``."""
        return "Im" not in self.system.subexpressions

    @cached_property
    def potential(self) -> str:
        """Name of the state that moves as the membrane."""
        return check.membrane(self)

    @cached_property
    def stochastic(self) -> bool:
        """Whether it draws during a run: white noise in its equations, or ``rand()`` or ``randn()`` in its reset."""
        return bool(self.system.noise or drawn(self.reset or "", "")[1])

    @cached_property
    def refractory_condition(self) -> bool:
        """Whether `refractory` is a condition, and no duration."""
        if not isinstance(self.refractory, str):
            return False
        rule = self.system.substitute(self.refractory, (*self.parameters.bases, "t", "area"))
        return bool(getattr(rule, "is_Boolean", False) or rule.is_Relational)

    def values(self, base: str, overrides: Mapping[str, np.ndarray] | None = None) -> np.ndarray:
        """Return SI values of one parameter as (lanes or 1, compartments or 1).

        Parameters
        ----------
        base
            Bare parameter name.
        overrides
            Entries of `parameters` with values per lane, shape (lanes,).
        """
        entries = {key: self.parameters[key].si for key in self.parameters.entries(base)}
        entries |= {key: value for key, value in (overrides or {}).items() if key in entries}
        columns = {key: np.atleast_1d(value)[:, None] for key, value in entries.items()}
        if set(columns) == {base}:
            return columns[base]
        lanes = max(column.shape[0] for column in columns.values())
        table = np.zeros((lanes, len(self.morphology))) + columns.get(base, 0.0)
        for key, column in columns.items():
            if key != base:
                table[:, list(self.morphology.regions[key.partition(".")[2]])] = column
        return table

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the parameter entries that `name` addresses, or raise a ModelError that offers the nearest."""
        found = self.parameters.entries(name)
        if not found:
            raise ModelError(f"{self.name} has no parameter {name!r}{nearest(name, self.parameters)}")
        return found

    def unit_of(self, name: str) -> str:
        """Conventional unit of a state, subexpression or parameter, for display."""
        if name in self.parameters.bases:
            return self.parameters.unit_of(name)
        return check.display_unit(self.equations, name)

    @plainly
    def replace(self, /, **parameters: QuantityLike) -> Self:
        """Return this model with other parameter values; a bare name sets every region."""
        changed = {
            key: self.parameters[key].replace(value, key)
            for name, value in parameters.items()
            for key in self.entries(name)
        }
        return self._valued(changed)

    @plainly
    def scaled(self, /, **factors: float) -> Self:
        """Return this model with named gains multiplied, ``model.scaled(nmda=0.5)``."""
        changed: dict[str, Parameter] = {}
        for name, factor in factors.items():
            if name not in self.gains:
                raise ModelError(f"{self.name} has no gain {name!r}{nearest(name, self.gains)}")
            if not isinstance(factor, Real) or not np.isfinite(factor) or factor < 0:
                raise ModelError(f"gain {name} = {factor}; a gain is a number from 0 upward")
            for key in (key for base in self.gains[name] for key in self.entries(base)):
                changed[key] = changed.get(key, self.parameters[key]).scaled(factor)
        return self._valued(changed)

    def _valued(self, changed: Mapping[str, Parameter]) -> Self:
        """Return this model with other values of parameters that keep their units: nothing is to be checked anew."""
        twin = object.__new__(type(self))
        twin.__dict__.update({each.name: getattr(self, each.name) for each in dataclasses.fields(self)})
        twin.__dict__.update(parameters=self.parameters | changed, structure=self.structure)
        return twin

    @cached_property
    def structure(self) -> str:
        """Hash of everything that determines generated code; models that differ in parameter values share it."""
        return structure.digest(self)

    @cached_property
    def digest(self) -> str:
        """Hash of everything that determines its behaviour."""
        content = {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}
        content["parameters"] = {key: (p.si, p.unit) for key, p in self.parameters.items()}
        return digest({key: value for key, value in content.items() if key not in _SAID})

    def __repr__(self) -> str:
        where = "point neuron" if self.is_point else quantities.several(len(self.morphology), "compartment")
        lines = [line for line in self.equations.strip().splitlines() if line.strip()]
        return "\n  ".join(
            [f"Model {self.name!r} ({where}, {quantities.several(len(self.parameters), 'parameter')})", *lines]
        )

    def _repr_latex_(self) -> str:
        return f"$${latex.equations(self.equations, self.parameters.bases)}$$"

    def _repr_html_(self) -> str:
        return html.model(self)

    @classmethod
    def assemble(cls, name: str, mechanisms: Iterable[Mechanism], *, site: int = 0, **options: Any) -> Self:
        """Join mechanisms into one model.

        Their inward currents add up to ``Im``, their calcium-carrying currents to ``i_ca``. Parameters of regions that
        the morphology does not have are dropped.

        Parameters
        ----------
        name
            Name of the model.
        mechanisms
            In the order in which their equations are to stand.
        site
            Compartment in which every port arrives.
        options
            Further fields of :class:`Model`; mappings are merged over those of the mechanisms.
        """
        return cls(name=name, **compose.joined(tuple(mechanisms), site, options))

    def with_(
        self,
        mechanism: Mechanism,
        at: str | Iterable[str] | None = None,
        *,
        instead: str = "",
        parameters: Mapping[str, Any] | None = None,
    ) -> Self:
        """Return this model with one more mechanism.

        Parameters
        ----------
        mechanism
            The mechanism. What it calls by the name of a parameter or variable of this model is that one.
        at
            Region, or regions, in which it sits; by default it is everywhere. In a region alone, what scales its
            current densities is given for that region, ``"g_h.dendrite"``, and is zero elsewhere; its ports arrive in
            the middle of the (first) region. Without `at` they arrive where the model's other ports do.
        instead
            Name of a mechanism whose place it takes; what the model itself says of that one's parameters stays.
        parameters
            Values of its parameters, in place of its own or beside them.

        Raises
        ------
        ModelError
            If the model gives ``dv/dt`` (a mechanism's current needs ``Im`` and ``Cm`` to join), has a mechanism, a
            variable or another parameter of the same name, or lacks something that the mechanism uses.
        """
        return dataclasses.replace(self, **change.added(self, mechanism, at, instead, parameters))

    def without(self, *names: str) -> Self:
        """Return this model without some of its mechanisms.

        Their ports, gains and starts go with them, and so do contacts of fibres, summaries and parameters that nothing
        else uses. Everything else stays as it is.

        Raises
        ------
        ModelError
            If there is no such mechanism, or what it defines is used elsewhere.
        """
        return dataclasses.replace(self, **change.removed(self, names))

    @classmethod
    @plainly
    def from_brian2(cls, given: Any, namespace: Mapping[str, Any] | None = None, **options: Any) -> Self:
        """Take a neuron from a script of Brian2.

        Parameters
        ----------
        given
            A ``NeuronGroup``, whose equations, threshold, reset, refractory period, clock and values are taken; or
            equations, as text or ``Equations``.
        namespace
            What names in the text stand for; by default, as in Brian2, the variables where this is called, and before
            them the group's own namespace.
        **options
            Fields of a model, in place of what the group says or beside it: ``name``, ``threshold``, ``reset``,
            ``refractory``, ``initial``, ``ports``; ``parameters`` are added.

        Raises
        ------
        ModelError
            For what has no place in a model, by its name: values that differ between the neurons of a group, functions
            of the user's own, custom events, ``run_regularly``, linked variables, morphologies.

        Examples
        --------
        >>> import brian2 as b2
        >>> tau = 10 * b2.ms
        >>> group = b2.NeuronGroup(1, "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0")
        >>> Model.from_brian2(group).parameters["tau"].value
        10. * msecond
        """
        around = brian2_in.surroundings() if namespace is None else namespace
        return cls(**brian2_in.fields(given, around, options))

    def to_brian2(self, size: int = 1, **options: Any) -> Any:
        """Return a plain ``brian2.NeuronGroup`` of this neuron, with nothing of this library in it.

        Parameters are its variables, each with its unit, so that a script sets them, for a neuron or for all; a port is
        the ``on_pre`` of a ``Synapses``, ``model.ports["exc"].effect``. A morphology is written out, ``v_soma`` and
        ``v_dendrite``; of a model whose ports have compartments, ``flat(model)`` in :mod:`nmdasim.model.flat` has them
        by their names there.

        Parameters
        ----------
        size
            Number of neurons.
        **options
            Of ``NeuronGroup``, such as ``method`` or ``name``; the step is the model's unless ``dt`` or ``clock`` is
            given.

        Raises
        ------
        ModelError
            If Brian2 does not take an option.
        """
        return brian2_out.group(self, size, options)


_SHORTEST = 1e-9  # seconds; a shorter step is a slip of the unit and would never end


def step_limit(model: Model | Circuit, dt: float) -> None:
    """Refuse a step that is not positive or larger than the model allows."""
    limit = float(quantities.si(model.dt_max, "ms", name="dt_max"))
    if not _SHORTEST <= dt <= limit * (1 + 1e-9):
        raise ModelError(
            f"dt = {dt * 1e3:g} ms; {model.name} takes a step above 0 ({_SHORTEST * 1e3:g} ms or more) "
            f"and up to {limit * 1e3:g} ms"
        )
