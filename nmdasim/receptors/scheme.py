"""Kinetic scheme: states, the transitions between them, and which of them conduct.

With p the row of state probabilities and Q the generator (Q[i, j] the rate from state i to state j, rows summing to 0),

    dp/dt = p Q.

A scheme is a value. It renders itself to equations in Brian2's language (every engine), to its generator as an array
(exact responses, see :mod:`nmdasim.receptors.exact`) and to a drawing (:func:`nmdasim.plot.windup.receptor.scheme`).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any, Self

import numpy as np
import scipy

from nmdasim import quantities
from nmdasim.errors import ModelError, nearest, plainly
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import System, system
from nmdasim.model import html
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.parameters import concentrations
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.stationary import stationary

_LINE = re.compile(r"\s*(\w+)\s*(<->|->)\s*(\w+)\s*:\s*(.+?)\s*")
#: Conditions of a scheme that are no parameters, with the value they have when nothing is said.
_DEFAULTS = {"v": "-60 mV", "glutamate": "0 mM"}
#: Volts beyond which no membrane holds.
LARGEST_VOLTAGE = 0.3


@dataclass(frozen=True)
class Transition:
    """One arrow: from `source` to `target` at `rate`, an expression in Brian2's language with the unit of Hz."""

    source: str
    target: str
    rate: str

    @classmethod
    def parse(cls, line: str) -> tuple[Self, ...]:
        """Read ``"A <-> B: forward, backward"`` or ``"A -> B: rate"``."""
        match = _LINE.fullmatch(line)
        rates = [rate.strip() for rate in match[4].split(",")] if match else []
        if match is None or len(rates) != {"<->": 2, "->": 1}[match[2]]:
            raise ModelError(f"cannot read {line!r}; write 'A <-> B: forward, backward' or 'A -> B: rate'")
        forward = cls(match[1], match[3], rates[0])
        return (forward,) if len(rates) == 1 else (forward, cls(match[3], match[1], rates[1]))


@dataclass(frozen=True, eq=False, repr=False)
class Scheme:
    """A kinetic scheme of a receptor.

    Parameters
    ----------
    name
        Name of the scheme.
    states
        Names of the states.
    transitions
        :class:`Transition` values; rates use ``v``, ``glutamate``, the parameters and the definitions.
    conducting
        Share of the time that the pore of a state is open, an expression, by state; every other state is shut.
    parameters
        Rates, and the concentrations of whatever else is in the bath (``mg``, drugs).
    definitions
        Lines of Brian2 equations that rates may refer to.
    free
        Share of the open pores that a fast blocker leaves free, an expression.
    occupied
        States with an ion or a drug in the pore.
    rest
        The state without agonist; the first by default.
    references
        Keys of the bibliography.
    description
        One line for listings.

    Raises
    ------
    ModelError
        If a name is unknown or given twice, the states are not connected, nothing conducts, units do not match, or a
        rate is negative.
    """

    name: str
    states: tuple[str, ...]
    transitions: tuple[Transition, ...]
    conducting: Mapping[str, str]
    parameters: ParameterSet
    definitions: str = ""
    free: str = "1"
    occupied: tuple[str, ...] = ()
    rest: str = ""
    references: tuple[str, ...] = field(default=())
    description: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rest", self.rest or self.states[0])
        if not isinstance(self.parameters, ParameterSet):
            object.__setattr__(self, "parameters", ParameterSet(self.parameters))
        self._check_names()
        Model(self.name, **self._fields())  # Brian2 checks every unit
        for glutamate in ("0 mM", "1 mM"):
            self.rates(v="[-100, -60, 0, 60] mV", glutamate=glutamate)

    def _check_names(self) -> None:
        if len(set(self.states)) < len(self.states):
            raise ModelError(f"{self.name}: a state is named twice in {', '.join(self.states)}")
        named = {end for t in self.transitions for end in (t.source, t.target)}
        for state in (*named, *self.conducting, *self.occupied, self.rest):
            if state not in self.states:
                raise ModelError(f"{self.name}: there is no state {state!r}; there are {', '.join(self.states)}")
        if not self.conducting:
            raise ModelError(f"{self.name}: no state conducts")
        joined = np.zeros((len(self.states), len(self.states)))
        joined[self._ends] = 1
        count, member = scipy.sparse.csgraph.connected_components(joined, directed=False)
        if count > 1:
            apart = [s for s, m in zip(self.states, member, strict=True) if m != member[0]]
            raise ModelError(
                f"{self.name} is not connected: no transition joins {', '.join(apart)} to {self.states[0]}"
            )

    # --- numbers -----------------------------------------------------------------------------------------------------

    @cached_property
    def _ends(self) -> tuple[np.ndarray, np.ndarray]:
        ends = [(self.states.index(t.source), self.states.index(t.target)) for t in self.transitions]
        source, target = np.array(ends, dtype=int).reshape(-1, 2).T
        return source, target

    @cached_property
    def _system(self) -> System:
        return system(self.definitions, (*self.parameters.bases, "glutamate"))

    def _compiled(self, texts: list[str]) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        names = (*self.parameters.bases, "glutamate", "v")
        function = evaluator([self._system.substitute(text, names) for text in texts])
        return lambda values: np.stack(np.broadcast_arrays(*function(values)), axis=-1)

    @cached_property
    def _rates(self) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        return self._compiled([t.rate for t in self.transitions])

    @cached_property
    def _shares(self) -> Callable[[Mapping[str, np.ndarray]], np.ndarray]:
        return self._compiled([product(self.conducting.get(s, "0"), self.free) for s in self.states])

    def values(self, **conditions: QuantityLike) -> dict[str, np.ndarray]:
        """Return SI values of voltage, glutamate and every parameter under the given conditions.

        Raises
        ------
        ModelError
            If there is no such condition, or a concentration is negative.
        UnitError
            If a condition has the wrong dimension.
        """
        known = {**_DEFAULTS, **self.parameters}
        found = {name: p.si for name, p in self.parameters.items()}
        for name, value in (_DEFAULTS | conditions).items():
            if name not in known:
                raise ModelError(f"{self.name} has no condition {name!r}{nearest(name, known)}")
            unit = "mV" if name == "v" else "mM" if name == "glutamate" else self.parameters[name].unit
            found[name] = quantities.si(_listed(concentrations.named(name, value)), unit, name=name)
            if quantities.same_dimension(unit, "mM") and np.any(found[name] < 0):
                raise ModelError(f"{name} = {value}; a concentration is not negative")
        held(conditions.get("v", _DEFAULTS["v"]))
        return found

    @plainly
    def rates(self, **conditions: QuantityLike) -> np.ndarray:
        """Return the rate of every transition in 1/s, shape (…, transitions); conditions broadcast."""
        columns = self._rates(self.values(**conditions))
        for k in np.flatnonzero(np.any(columns.reshape(-1, columns.shape[-1]) < 0, axis=0)):
            t = self.transitions[k]
            raise ModelError(
                f"{self.name}: the rate {t.source} -> {t.target}, {t.rate} = {columns[..., k].min():g} "
                "per second; a rate is not negative"
            )
        return columns

    @plainly
    def generator(self, **conditions: QuantityLike) -> np.ndarray:
        """Return the generator Q in 1/s, shape (…, states, states); rows sum to 0.

        Parameters
        ----------
        conditions
            ``v``, ``glutamate`` and parameters, as quantities or text; the defaults are -60 mV and no glutamate.
        """
        rates = self.rates(**conditions)
        n = len(self.states)
        matrix = np.zeros((*rates.shape[:-1], n, n))
        for k, (i, j) in enumerate(zip(*self._ends, strict=True)):
            matrix[..., i, j] += rates[..., k]
        matrix[..., np.arange(n), np.arange(n)] = -matrix.sum(axis=-1)
        return matrix

    @plainly
    def steady(self, **conditions: QuantityLike) -> np.ndarray:
        """Return the state probabilities after a very long time from rest, shape (…, states)."""
        generator = self.generator(**conditions)
        flat = generator.reshape(-1, *generator.shape[-2:])
        start = self.states.index(self.rest)
        return np.stack([stationary(matrix, start) for matrix in flat]).reshape(generator.shape[:-1])

    @plainly
    def open(self, occupancy: np.ndarray, **conditions: QuantityLike) -> np.ndarray:
        """Return the probability that a receptor conducts, given state probabilities (…, states)."""
        return np.asarray((occupancy * self._shares(self.values(**conditions))).sum(axis=-1))

    # --- equations ---------------------------------------------------------------------------------------------------

    def equations(self, suffix: str = "nmda", transmitter: str = "0*mM/second") -> str:
        """Return the scheme in Brian2's language.

        ``n_<state>_<suffix>`` counts receptors in a state, in any unit; its share of all of them is the probability
        ``<state>_<suffix>``. An exponential step keeps counts at 0 or above but not their sum; as the equations are
        linear, the sum does not matter, so probabilities sum to 1 and stay between 0 and 1 in every engine that keeps
        counts positive. ``open_<suffix>`` is the probability that a receptor conducts.

        Parameters
        ----------
        suffix
            Ending of every state's name.
        transmitter
            Right-hand side of ``dglutamate/dt``.
        """
        count = {state: f"n_{state}_{suffix}" for state in self.states}
        lines = [*self.definitions.strip().splitlines(), f"dglutamate/dt = {transmitter} : mM"]
        lines.append(f"n_{suffix} = {' + '.join(count.values())} : 1")
        for state in self.states:
            gain = [product(t.rate, count[t.source]) for t in self.transitions if t.target == state]
            loss = [t.rate for t in self.transitions if t.source == state]
            flow = [*gain, f"-{product(' + '.join(loss), count[state])}"] if loss else gain
            lines.append(f"d{count[state]}/dt = {' + '.join(flow).replace('+ -', '- ') or '0*Hz'} : 1")
            lines.append(f"{state}_{suffix} = {count[state]}/n_{suffix} : 1")
        conducting = " + ".join(product(share, f"{state}_{suffix}") for state, share in self.conducting.items())
        lines.append(f"open_{suffix} = {product(self.free, conducting)} : 1")
        return "\n".join(lines) + "\n"

    def mechanism(self, suffix: str = "nmda", transmitter: str = "0*mM/second") -> Mechanism:
        """Return the scheme as a fragment of a model; an event on the port ``glutamate`` adds its weight (mM)."""
        return Mechanism(
            name=self.name,
            equations=self.equations(suffix, transmitter),
            parameters=self.parameters,
            initial={f"n_{self.rest}_{suffix}": 1.0},
            ports={"glutamate": "glutamate += weight"},
            references=self.references,
        )

    @plainly
    def clamped(self, v: QuantityLike = "-60 mV", **conditions: QuantityLike) -> Model:
        """Return a model of receptors in a patch held at `v`, at rest, for any engine.

        A square pulse of glutamate is two events on its port, one of weight +1 mM and one of -1 mM.

        Parameters
        ----------
        v
            Holding potential.
        conditions
            Other values of parameters.
        """
        start = self.steady(v=v, **conditions)
        initial = {f"n_{s}_nmda": float(p) for s, p in zip(self.states, start, strict=True)}
        return Model(f"{self.name}.clamped", **self._fields(v=v, initial=initial)).replace(**conditions)

    def _fields(self, v: QuantityLike = "-60 mV", initial: Mapping[str, float] | None = None) -> dict[str, Any]:
        part = self.mechanism()
        return {
            "equations": part.equations,
            "parameters": part.parameters | {"v": v},
            "initial": initial or part.initial,
            "ports": part.ports,
            "references": part.references,
            "description": self.description,
        }

    def _repr_html_(self) -> str:
        opens = f"{quantities.several(len(self.states), 'state')}, open: {', '.join(self.conducting)}"
        arrows = html.table(("from", "to", "rate (1/s)"), ((t.source, t.target, t.rate) for t in self.transitions))
        defined = (
            html.folded("definitions", f"<pre>{escape(self.definitions.strip())}</pre>") if self.definitions else ""
        )
        own = html.parameters(self.parameters, {"scheme": self.parameters.bases})
        sources = html.title("", f"sources: {', '.join(self.references)}" if self.references else "")
        return f"<div>{html.title(self.name, opens, self.description)}{arrows}{defined}{own}{sources}</div>"

    def __repr__(self) -> str:
        arrows = "\n  ".join(f"{t.source} -> {t.target}: {t.rate}" for t in self.transitions)
        return f"Scheme {self.name!r} of {len(self.states)} states, open: {', '.join(self.conducting)}\n  {arrows}"


def held(v: QuantityLike, name: str = "v") -> np.ndarray:
    """Return holding potentials in volts; no membrane stands more than 300 mV, there exponentials overflow."""
    volts = quantities.si(_listed(v), "mV", name=name)
    if np.any(np.abs(volts) > LARGEST_VOLTAGE):
        raise ModelError(f"{name} = {v}; a membrane is held between -300 mV and 300 mV")
    return volts


def _listed(value: Any) -> Any:
    """Read ``"[-60, 0] mV"`` as a quantity with several values."""
    if isinstance(value, str) and value.startswith("["):
        numbers, _, unit = value[1:].partition("]")
        return [f"{number} {unit}" for number in numbers.split(",")]
    return value


def product(*factors: str) -> str:
    """Return the text of a product, with brackets where needed and without factors of 1."""
    kept = [factor for factor in factors if factor != "1"]
    return "*".join(f"({f})" if _is_sum(f) and len(kept) > 1 else f for f in kept) or "1"


def _is_sum(text: str) -> bool:
    body = ast.parse(text, mode="eval").body
    return isinstance(body, ast.BinOp) and isinstance(body.op, ast.Add | ast.Sub)
