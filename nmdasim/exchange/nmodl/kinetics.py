"""Reactions of a KINETIC block as rates of its states, and what a scheme comes to if it is left alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.algebra import ZERO, names, operation, slope, substituted
from nmdasim.exchange.nmodl.memory import expanded
from nmdasim.exchange.nmodl.nodes import Expression, Name, Number
from nmdasim.exchange.nmodl.refusal import NmodlError

if TYPE_CHECKING:
    from nmdasim.exchange.nmodl.follow import Follower


class Kinetics:
    """The reactions of one block, collected while it is followed."""

    def __init__(self, follower: Follower):
        self.follower = follower
        self.net: dict[str, Expression] = {}
        self.volumes: dict[str, Expression] = {}
        self.kept: list[nodes.Conserve] = []
        self.conserved: list[tuple[Expression, Expression]] = []

    def run(self, routine: nodes.Routine) -> None:
        """Follow a block."""
        follower = self.follower
        outer, follower.on_chemistry = follower.on_chemistry, self.statement
        follower.run(routine)
        follower.on_chemistry = outer

    @property
    def rates(self) -> dict[str, Expression]:
        """d(state)/dt of every state that reacts."""
        return {name: operation("/", flux, self.volumes.get(name, Number(1.0))) for name, flux in self.net.items()}

    def statement(self, one: nodes.Statement) -> None:
        """Follow one statement of chemistry."""
        match one:
            case nodes.Reaction():
                self._reaction(one)
            case nodes.Conserve(total=total, value=value):
                self.conserved.append((self.follower.value(total), self.follower.value(value)))
            case nodes.Compartment():
                self._compartment(one)

    def _compartment(self, one: nodes.Compartment) -> None:
        follower = self.follower
        for state in one.states:
            elements = [n for n in follower.kinds if n == state or (one.index and _element_of(n, state))]
            for name in elements or [state]:
                frame = {one.index: Number(float(name.rpartition("_")[2]))} if one.index and name != state else {}
                follower.memory.frames.append(dict(frame))
                self.volumes[name] = follower.value(one.volume)
                follower.memory.frames.pop()

    def _reaction(self, one: nodes.Reaction) -> None:
        follower = self.follower
        forward = self._product(follower.value(one.forward), one.left)
        backward = self._product(follower.value(one.backward), one.right) if one.kind == "<->" else ZERO
        memory = follower.memory
        forward = memory.defined("f_flux", forward, own=False)
        backward = memory.defined("b_flux", backward, own=False)
        memory.values |= {"f_flux": forward, "b_flux": backward}
        flux = operation("-", forward, backward)
        for sign, side in (("-", one.left), ("+", one.right)):
            for count, reactant in side:
                name = follower.element(reactant)
                if follower.kinds.get(name) == "state":
                    change = operation("*", Number(count), flux)
                    self.net[name] = operation(sign, self.net.get(name, ZERO), change)

    def _product(self, rate: Expression, side: Sequence[tuple[float, Name]]) -> Expression:
        for count, reactant in side:
            amount = operation("^", self.follower.value(reactant), Number(count))
            rate = operation("*", rate, amount)
        return rate

    def eliminated(self, routine: nodes.Routine) -> dict[str, Expression]:
        """Return the states that what is conserved gives, each in terms of the others."""
        found: dict[str, Expression] = {}
        for total, value in self.conserved:
            here = [
                n for n in names(total) if self.follower.kinds.get(n) == "state" and n in self.net and n not in found
            ]
            if not here:
                raise NmodlError("CONSERVE names no state that reacts", routine.place)
            name = here[-1]
            rest, factor = slope(total, name)
            if name in set(names(factor)):
                raise NmodlError("CONSERVE holds a sum of states", routine.place)
            found[name] = operation("/", operation("-", value, rest), factor)
        return found


def _element_of(name: str, array: str) -> bool:
    head, _, tail = name.rpartition("_")
    return head == array and tail.isdigit()


def steady(follower: Follower, routine: nodes.Routine) -> dict[str, Expression]:
    """Return the states of a linear scheme that is left alone.

    Raises
    ------
    NmodlError
        If it is not linear, or nothing is conserved.
    """
    scheme = Kinetics(follower)
    scheme.run(routine)
    states = set(scheme.net)
    definitions = follower.memory.definitions
    gone = {n: expanded(e, definitions, states) for n, e in scheme.eliminated(routine).items()}
    left = [n for n in scheme.net if n not in gone]
    rows = []
    for name in left:
        rate = expanded(scheme.rates[name], definitions, states)
        rows.append(_row(substituted(rate, gone), left, routine))
    solution = _solved(follower, rows, left, routine)
    return solution | {n: substituted(e, solution) for n, e in gone.items()}


def _row(rate: Expression, states: Sequence[str], routine: nodes.Routine) -> list[Expression]:
    """Return the factors of the states in a linear rate, and behind them the negative rest."""
    row = []
    for name in states:
        rate, factor = slope(rate, name)
        if set(names(factor)) & set(states):
            raise NmodlError("SOLVE … STEADYSTATE: the scheme is not linear", routine.place)
        row.append(factor)
    return [*row, operation("-", rate)]


def _solved(
    follower: Follower, rows: list[list[Expression]], states: Sequence[str], routine: nodes.Routine
) -> dict[str, Expression]:
    """Eliminate one state after another; a row whose factor is surely not 0 comes first."""
    size = len(states)

    def kept(e: Expression) -> Expression:
        return follower.memory.defined("steady", e, own=False)

    for k in range(size):
        pivot = next((r for r in range(k, size) if rows[r][k] != ZERO), None)
        if pivot is None:
            raise NmodlError("SOLVE … STEADYSTATE: nothing says how much there is; add CONSERVE", routine.place)
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for r in range(size):
            if r == k or rows[r][k] == ZERO:
                continue
            factor = kept(operation("/", rows[r][k], rows[k][k]))
            rows[r] = [
                kept(operation("-", a, operation("*", factor, b))) if c != k else ZERO
                for c, (a, b) in enumerate(zip(rows[r], rows[k], strict=True))
            ]
    return {name: kept(operation("/", rows[k][-1], rows[k][k])) for k, name in enumerate(states)}
