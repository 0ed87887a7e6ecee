"""A synapse where it stands: between the neurons of one projection, every name resolved, every unit checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import sympy as sp
from brian2.units import Quantity, second
from brian2.units.fundamentalunits import Dimension, get_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError, nearest
from nmdasim.language.reader import symbol
from nmdasim.model.check import IDENTIFIER, dimensions
from nmdasim.model.model import Model
from nmdasim.model.population import Population
from nmdasim.model.port import Port
from nmdasim.model.synapse import Synapse, check_units

if TYPE_CHECKING:
    from nmdasim.model.circuit import Projection


@dataclass(frozen=True)
class Assign:
    """A variable of the synapse takes a value."""

    name: str
    value: sp.Expr


@dataclass(frozen=True)
class Send:
    """A port of the neuron after the synapse receives an event of a weight."""

    port: str
    weight: sp.Expr


@dataclass(frozen=True, eq=False)
class Attached:
    """A rule between two neurons.

    Expressions are over the synapse's own names, and ``<name>_post`` and ``<name>_pre`` for states and parameters of
    the neurons.

    Parameters
    ----------
    rule
        The synapse.
    pre, post
        The neurons; `pre` is None for an input.
    port
        The port that an arriving event opens before `on_pre` is carried out; empty for none.
    weight
        What the weight of that event is: a variable or subexpression of the rule; ``"weight"``, a number of each pair;
        or empty where the port does not read one.
    number
        The dimension of that number.
    """

    rule: Synapse
    pre: Model | None
    post: Model
    port: str = ""
    weight: str = ""
    number: Dimension | None = None

    @classmethod
    def of(cls, link: Projection, populations: Mapping[str, Population]) -> Attached:
        """Return the synapse of a projection, whose populations exist."""
        assert link.synapse is not None
        pre = populations[link.pre].model if link.pre in populations else None
        number = None if link.number is None else get_dimensions(quantities.quantity(link.number))
        weight = str(link.weight or "") if number is None else "weight"
        return cls(link.synapse, pre, populations[link.post].model, link.port, weight, number)

    def checked(self) -> Self:
        """Return itself.

        Raises
        ------
        ModelError
            With the name of the rule and the line that does not fit the neurons.
        """
        try:
            self._check()
        except ModelError as error:
            raise ModelError(f"synapse {self.rule.name}: {error}") from None
        return self

    @property
    def compartment(self) -> int:
        """The compartment of `post` whose variables it sees, that of its port."""
        return self.post.ports[self.port].compartment if self.port in self.post.ports else 0

    @cached_property
    def outer(self) -> dict[str, tuple[str, str]]:
        """For every name of the neurons that text may use, the neuron's own name and ``"_post"`` or ``"_pre"``."""
        found = {n: (n, "_post") for n in self._dimensions["_post"] if n not in self.rule.names}
        return found | {n + side: (n, side) for side, known in self._dimensions.items() for n in known}

    @cached_property
    def _dimensions(self) -> dict[str, dict[str, Dimension]]:
        """The dimension of every name of the neurons."""
        sides = {"_post": self.post} | ({"_pre": self.pre} if self.pre else {})
        return {side: {n: d for n, d in dimensions(model).items() if n != "t"} for side, model in sides.items()}

    @property
    def variables(self) -> tuple[str, ...]:
        """What every synapse holds."""
        return (*self.rule.variables, "weight") if self.weight == "weight" else self.rule.variables

    def expression(self, text: str, others: Iterable[str] = ()) -> sp.Expr:
        """Read an expression down to states, variables and parameters; `others` are further names."""
        found = self.rule.expression(text, (*self.outer, *others))
        return found.xreplace({s: self._outer_value(s.name) for s in found.free_symbols if s.name in self.outer})

    def _outer_value(self, name: str) -> sp.Expr:
        own, side = self.outer[name]
        model = self.post if side == "_post" or self.pre is None else self.pre
        value = model.system.subexpressions.get(own, symbol(own))
        return value.xreplace({s: symbol(s.name + side) for s in value.free_symbols if s.name != "t"})

    @cached_property
    def rates(self) -> dict[str, sp.Expr]:
        """d(state)/dt of every state."""
        return {
            n: self.expression(self.rule.text[n].expr.code) for n in (*self.rule.continuous, *self.rule.event_driven)
        }

    def actions(self, which: str) -> list[Assign | Send]:
        """Return what a spike does, in order."""
        found: list[Assign | Send] = []
        if which == "pre" and self.port:
            found.append(Send(self.port, self.expression(self.weight) if self.weight else sp.Integer(1)))
        for statement in self.rule.statements(which):
            value, old = self.expression(statement.text), symbol(statement.name)
            if state := self.rule.sent(statement):
                found.append(Send(adding(state, self.compartment), -value if statement.operator == "-" else value))
                continue
            changed = {"": value, "+": old + value, "-": old - value, "*": old * value, "/": old / value}
            found.append(Assign(statement.name, changed[statement.operator]))
        return found

    @cached_property
    def seen(self) -> dict[str, tuple[str, ...]]:
        """States and parameters of the neuron that equations and statements read, by ``"_post"`` and ``"_pre"``."""
        actions = [a.value if isinstance(a, Assign) else a.weight for w in ("pre", "post") for a in self.actions(w)]
        symbols = set().union(*(e.free_symbols for e in (*self.rates.values(), *actions)))
        names = sorted(s.name for s in symbols)
        return {side: tuple(n.removesuffix(side) for n in names if n.endswith(side)) for side in ("_post", "_pre")}

    def spelled(self, text: str, suffix: str = "_syn") -> str:
        """Return text with every name unambiguous: those of the synapse with `suffix`, others with their neuron's."""

        def one(name: str) -> str:
            if name in self.rule.names:
                return name + suffix
            own, side = self.outer.get(name, (name, ""))
            return own + side

        return IDENTIFIER.sub(lambda match: one(match[0]), text)

    def _check(self) -> None:
        known = {name: self._dimensions[side][own] for name, (own, side) in self.outer.items()}
        check_units(self.rule, {"t": second.dim} | known)
        for which in ("pre", "post"):
            for statement in self.rule.statements(which):
                state = self.rule.sent(statement)
                if state and state not in self.post.system.states:
                    states = self.post.system.states
                    raise ModelError(
                        f"on_{which}: {statement}: {self.post.name} has no state {state!r}{nearest(state, states)}"
                    )
        if self.weight not in ("", "weight") and self.weight not in self.rule.names:
            raise ModelError(
                f"weight = {self.weight!r} is no variable of it{nearest(self.weight, self.rule.text.names)}"
            )
        if self.port == "" and self.weight:
            raise ModelError("a weight belongs to a port; without one, on_pre says what an event adds")

    @property
    def unit_weight(self) -> Quantity | None:
        """1 in the dimension of the weight that an event has, for the port to be checked."""
        if not self.weight:
            return None
        return Quantity(1.0, dim=self.rule.dimensions()[self.weight] if self.number is None else self.number)


def adding(state: str, compartment: int) -> str:
    """Return the name of the port through which a statement adds to a state."""
    return f"+{state}" + (f"@{compartment}" if compartment else "")


def with_ports(populations: Mapping[str, Population], links: tuple[Projection, ...]) -> dict[str, Population]:
    """Return the populations of a circuit with a port for every state to which a statement of a synapse adds."""
    made = dict(populations)
    for link in links:
        if link.synapse is None or link.post not in made:
            continue
        cell = made[link.post].model
        where = cell.ports[link.port].compartment if link.port in cell.ports else 0
        states = [link.synapse.sent(s) for which in ("pre", "post") for s in link.synapse.statements(which)]
        new = {adding(s, where): Port(f"{s} += weight", where) for s in states if s in cell.system.states}
        if not set(new) <= set(cell.ports):
            model = dataclasses.replace(cell, ports={**cell.ports, **new})
            made[link.post] = dataclasses.replace(made[link.post], model=model)
    return made
