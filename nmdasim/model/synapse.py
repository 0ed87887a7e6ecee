"""Synapse: equations, statements at spikes and parameters of the synapses of one projection, checked on construction.

The text is Brian2's, as its documentation prints it. A name that ends with ``_post`` or ``_pre`` belongs to the neuron
after or before the synapse, and so does a bare name that the synapse does not have (then to the one after).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import sympy as sp
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER, SUBEXPRESSION
from brian2.units import second
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError, NmdasimError, answering, nearest
from nmdasim.language.functions import CONSTANTS, FUNCTIONS
from nmdasim.language.linear import solved
from nmdasim.language.reader import read, symbol
from nmdasim.model import unread
from nmdasim.model.check import IDENTIFIER, Dimensions, conventional
from nmdasim.model.identity import digest
from nmdasim.model.parameter import ParameterSet

_STATEMENT = re.compile(r"\s*([A-Za-z]\w*)\s*([-+*/]?)=\s*([^=].*?)\s*")
_FLAGS = {DIFFERENTIAL_EQUATION: {"event-driven", "clock-driven"}, PARAMETER: {"constant"}, SUBEXPRESSION: set()}
_RESERVED = {"i", "j", "N", "t", "dt", "delay", "lastupdate", "weight"}
_BUILT_IN = {"t", "rand", "randn", "and", "or", "not", "True", "False", *FUNCTIONS, *CONSTANTS}


@dataclass(frozen=True)
class Statement:
    """One assignment at a spike: ``name = text``, or with an operator, ``name += text``."""

    name: str
    operator: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} {self.operator}= {self.text}"


@answering
@dataclass(frozen=True, eq=False, repr=False)
class Synapse:
    """What a synapse is, as a frozen value.

    Parameters
    ----------
    name
        Name of the rule.
    equations
        Brian2-language text: variables (``w : 1``), differential equations that are advanced at spikes
        (``(event-driven)``; linear, and closed among themselves) or every step (``(clock-driven)``, or no flag), and
        subexpressions.
    parameters
        Quantities, texts or :class:`Parameter`; one value for all synapses of a run. What differs between synapses is
        a variable.
    initial
        Initial values of variables and states: quantities, arrays over the pairs of a projection, or expressions with
        ``rand()`` and ``randn()``, parameters, and initial values of either neuron (``"rho_post"``). Left out: 0.
    on_pre, on_post
        What a spike that arrives, and a spike of the neuron after the synapse, does: assignments in the order in which
        they are carried out. A state of the neuron after the synapse is only added to, ``v_post += w``.
    references
        Keys in ``references.bib``.
    description
        One line for listings.

    Raises
    ------
    ModelError
        With the name of the rule and the line, if units do not match, or for what is no part of the language: summed
        variables, stochastic terms, event-driven equations that have no closed form.
    """

    name: str
    equations: str
    parameters: ParameterSet = field(default_factory=ParameterSet)
    initial: Mapping[str, Any] = field(default_factory=dict)
    on_pre: str = ""
    on_post: str = ""
    references: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, ParameterSet):
            object.__setattr__(self, "parameters", ParameterSet(self.parameters))
        try:
            _check(self)
        except NmdasimError as error:
            raise ModelError(f"synapse {self.name}: {error}") from None

    @cached_property
    def text(self) -> Equations:
        """The equations as Brian2 reads them."""
        return unread.equations(self.equations)

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """What every synapse holds: variables and states."""
        return tuple(name for name, eq in self.text.items() if eq.type != SUBEXPRESSION)

    @cached_property
    def event_driven(self) -> tuple[str, ...]:
        """States that are advanced at spikes."""
        return tuple(name for name, eq in self.text.items() if "event-driven" in eq.flags)

    @cached_property
    def continuous(self) -> tuple[str, ...]:
        """States that are advanced every step."""
        return tuple(
            n for n, eq in self.text.items() if eq.type == DIFFERENTIAL_EQUATION and n not in self.event_driven
        )

    @cached_property
    def names(self) -> frozenset[str]:
        """Every name of its own: variables, states, subexpressions and parameters."""
        return frozenset((*self.text.names, *self.parameters))

    def statements(self, which: str) -> tuple[Statement, ...]:
        """Return the assignments of ``"pre"`` or ``"post"`` in order."""
        found = []
        for line in filter(str.strip, re.split(r"[;\n]", re.sub(r"#.*", "", getattr(self, f"on_{which}")))):
            match = _STATEMENT.fullmatch(line)
            if match is None:
                raise ModelError(f"on_{which}: {line.strip()!r} is no assignment, such as 'w = clip(w + A, 0, 1)'")
            found.append(Statement(match[1], match[2], match[3]))
        return tuple(found)

    def sent(self, statement: Statement) -> str:
        """Return the state of the neuron after the synapse to which a statement adds; empty if it sets its own."""
        return "" if statement.name in self.names else statement.name.removesuffix("_post")

    def outside(self, text: str) -> set[str]:
        """Return the names in an expression that are no part of the synapse or the language."""
        return {n for n in IDENTIFIER.findall(text) if n not in {*self.names, *_BUILT_IN} and unread.name(n, ())}

    def expression(self, text: str, others: Iterable[str] = ()) -> sp.Expr:
        """Read an expression, its own subexpressions substituted; `others` are names of the neurons that it may use."""
        names = {*self.names, *others, *self.outside(text), "t", "weight"}
        inner = {symbol(eq.varname): eq.expr.code for eq in self.text.ordered if eq.type == SUBEXPRESSION}
        known: dict[sp.Symbol, sp.Expr] = {}
        for name, code in inner.items():
            known[name] = read(code, names | self.outside(code)).xreplace(known)
        return read(text, names).xreplace(known)

    def dimensions(self) -> dict[str, Dimension]:
        """Return the dimension of every name of its own."""
        own = {name: get_dimensions(quantities.parse_unit(p.unit)) for name, p in self.parameters.items()}
        return own | {name: eq.dim for name, eq in self.text.items()}

    def unit_of(self, name: str) -> str:
        """Return a unit in which a variable, subexpression or parameter is shown."""
        if name in self.parameters:
            return self.parameters[name].unit
        return conventional(self.text[name].dim)

    def replace(self, /, **parameters: Any) -> Self:
        """Return this rule with other parameter values."""
        unknown = next((name for name in parameters if name not in self.parameters), None)
        if unknown is not None:
            raise ModelError(f"synapse {self.name} has no parameter {unknown!r}{nearest(unknown, self.parameters)}")
        changed = {name: self.parameters[name].replace(value, name) for name, value in parameters.items()}
        return dataclasses.replace(self, parameters=self.parameters | changed)

    @cached_property
    def digest(self) -> str:
        """Hash of everything that determines its behaviour."""
        numbers = {name: p.value for name, p in self.parameters.items()}
        return digest([self.equations, numbers, self.initial, self.on_pre, self.on_post])

    def __repr__(self) -> str:
        lines = [line.strip() for line in self.equations.strip().splitlines() if line.strip()]
        for which in ("pre", "post"):
            lines += [f"on {which}: {statement}" for statement in self.statements(which)]
        return "\n  ".join([f"Synapse {self.name!r} ({quantities.several(len(self.parameters), 'parameter')})", *lines])


def check_units(rule: Synapse, outer: Mapping[str, Dimension], *, known: bool = True) -> None:
    """Check every line whose names are known: all of them, or only those without a neuron's (`known` false)."""
    scope = Dimensions(rule.dimensions() | {"t": second.dim} | dict(outer))

    def expect(text: str, dimension: Dimension, line: str) -> None:
        missing = sorted(rule.outside(text) - set(outer))
        if missing and known:
            raise ModelError(f"{line}: {missing[0]!r} is not defined{nearest(missing[0], [*rule.names, *outer])}")
        if not missing:
            scope.expect(text, dimension, line)

    for name, eq in rule.text.items():
        if eq.expr is not None:
            slope = eq.type == DIFFERENTIAL_EQUATION
            left = f"d{name}/dt" if slope else name
            expect(eq.expr.code, eq.dim / second.dim if slope else eq.dim, f"{left} = {eq.expr.code}")
    for name, value in rule.initial.items():
        if isinstance(value, str) and name in rule.text:
            expect(value, rule.text[name].dim, f"initial {name} = {value}")
    for which in ("pre", "post"):
        for statement in rule.statements(which):
            line = f"on_{which}: {statement}"
            target = rule.dimensions().get(statement.name, outer.get(statement.name))
            if target is None and known:
                names = [*rule.names, *outer]
                raise ModelError(f"{line}: {statement.name!r} is not defined{nearest(statement.name, names)}")
            if target is not None:
                expect(statement.text, DIMENSIONLESS if statement.operator in ("*", "/") else target, line)


def _check(rule: Synapse) -> None:
    _equations(rule)
    for which in ("pre", "post"):
        for statement in rule.statements(which):
            _statement(rule, statement, f"on_{which}: {statement}")
    check_units(rule, {}, known=False)
    for name, value in rule.initial.items():
        if name not in rule.variables:
            raise ModelError(f"initial value of {name!r}: no such variable{nearest(name, rule.variables)}")
        if not isinstance(value, str):
            quantities.si(value, rule.text[name].dim, name=f"initial {name}")
        elif own := sorted(set(IDENTIFIER.findall(value)) & set(rule.text.names)):
            raise ModelError(f"initial {name} = {value}: it may depend on parameters and neurons, not on {own[0]}")
    _closed(rule)


def _equations(rule: Synapse) -> None:
    twice = sorted(set(rule.parameters) & set(rule.text.names))
    if twice:
        raise ModelError(f"{', '.join(twice)} defined twice: as a parameter and in the equations")
    for name, parameter in rule.parameters.items():
        if "." in name or parameter.si.ndim:
            raise ModelError(f"parameter {name}: one value for all synapses; what differs between them is a variable")
    for name, eq in rule.text.items():
        if "summed" in eq.flags:
            raise ModelError(f"{name} is (summed); sums over synapses cannot be said, add to a state at spikes instead")
        extra = sorted(set(eq.flags) - _FLAGS[eq.type])
        if extra:
            allowed = ", ".join(sorted(_FLAGS[eq.type])) or "none here"
            raise ModelError(f"{name}: the flag ({extra[0]}) cannot be said; there is {allowed}")
        if eq.expr is not None and _random(eq.expr.code):
            raise ModelError(f"{name}: stochastic terms (xi, rand()) cannot be said; a synapse is deterministic")

    for name in (*rule.text.names, *rule.parameters):
        if name in _RESERVED or name.endswith(("_pre", "_post")):
            raise ModelError(f"{name!r} is a name of the language; a synapse's own has another, without _pre or _post")


def _random(text: str) -> bool:
    return any(name in ("rand", "randn", "xi") or name.startswith("xi_") for name in IDENTIFIER.findall(text))


def _statement(rule: Synapse, statement: Statement, line: str) -> None:
    if _random(statement.text):
        raise ModelError(f"{line}: stochastic terms (xi, rand()) cannot be said; a synapse is deterministic")
    if statement.name in rule.variables:
        return
    if statement.name in rule.names:
        raise ModelError(
            f"{line}: {statement.name} is no variable of the synapse; there are {', '.join(rule.variables)}"
        )
    if statement.name.endswith("_pre"):
        raise ModelError(f"{line}: a synapse does not write to the neuron before it")
    if statement.operator not in ("+", "-"):
        raise ModelError(f"{line}: a synapse adds to a state of the neuron after it, as in '{statement.name} += w'")


def _closed(rule: Synapse) -> None:
    """Refuse event-driven equations that depend on what changes between spikes, the reverse, or without closed form."""
    if not rule.event_driven:
        return
    for name in rule.continuous:
        late = sorted({s.name for s in _rate(rule, name).free_symbols} & set(rule.event_driven))
        if late:
            raise ModelError(f"d{name}/dt depends on {late[0]}, which is event-driven; make that (clock-driven)")
    rates = {name: _rate(rule, name) for name in rule.event_driven}
    still = {symbol(n) for n in (*rule.variables, *rule.parameters) if n not in rule.continuous}
    for name, rate in rates.items():
        moving = sorted(s.name for s in rate.free_symbols - still)
        if moving:
            raise ModelError(
                f"d{name}/dt is event-driven and depends on {moving[0]}, which changes between spikes; "
                "make it (clock-driven)"
            )
    solved(rates)


def _rate(rule: Synapse, name: str) -> sp.Expr:
    return rule.expression(rule.text[name].expr.code)
