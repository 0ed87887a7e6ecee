"""What a form is written in: statements about one lane, and the places where its numbers are kept.

Expressions are SymPy's, over symbols by name. Engine symbols begin with an underscore, which no name of a model does. A
symbol that has a place in a :class:`Code` stands for the number kept there; one that has none is a local of the lane,
or what every step knows: ``t``, the step ``_dt``, and the ``weight`` of the event at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import sympy as sp


@dataclass(frozen=True)
class Row:
    """A number of each lane in the record of a compartment."""

    name: str
    compartment: int


@dataclass(frozen=True)
class Here:
    """A number of each lane in the record of the compartment whose turn it is."""

    name: str


@dataclass(frozen=True)
class Shared:
    """A constant of the compartment whose turn it is that all lanes share."""

    name: str


@dataclass(frozen=True)
class EventConstant:
    """A constant of each lane that ports, spike rule or reset read in one compartment."""

    name: str
    compartment: int


class Flag(Enum):
    """A number that each lane keeps beside its records."""

    #: Steps that are left of the refractory period.
    WAIT = "_wait"
    #: 1, or 0 in the refractory period.
    READY = "_ready"
    #: Whether the lane fired in this step.
    SPIKE = "_spike"


@dataclass(frozen=True)
class Rate:
    """An axial rate (1/s): ``up`` from the parent into a compartment, ``down`` back, ``axial`` the sum around it."""

    direction: str
    compartment: int


@dataclass(frozen=True)
class Draw:
    """A random number of each lane and step: ``normal`` or ``uniform``, the same however lanes are run.

    `stream` tells the draws of a step apart; where compartments take their turns, each has its own beside it.
    """

    kind: str
    stream: int


Place = Row | Here | Shared | EventConstant | Flag | Rate | Draw


@dataclass(frozen=True)
class Load:
    """Take a number from its place into a local of the same name."""

    name: str


@dataclass(frozen=True)
class Let:
    """Set a local, or change it: `sign` is ``=``, ``+=`` or ``-=``."""

    name: str
    value: sp.Expr
    sign: str = "="


@dataclass(frozen=True)
class Put:
    """Set what is kept in a place, or change it: `sign` is ``=``, ``+=``, ``-=``, ``*=`` or ``/=``.

    What is `held` is not added in the refractory period.
    """

    place: Row | Here | Flag
    value: sp.Expr
    sign: str = "="
    held: bool = False


@dataclass(frozen=True)
class Fire:
    """Note in ``Flag.SPIKE`` whether the lane fires: `value` is 1 or 0."""

    value: sp.Expr


Statement = Load | Let | Put | Fire


@dataclass(frozen=True)
class Code:
    """Statements for each lane, in order, and the place of every symbol in them that has one."""

    statements: tuple[Statement, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)

    @classmethod
    def over(cls, statements: Iterable[Statement], places: Mapping[str, Place]) -> Code:
        """Return statements with those of `places` that they read, in the order of `places`."""
        kept = tuple(statements)
        read = {name for statement in kept for name in reads(statement)}
        return cls(kept, {name: place for name, place in places.items() if name in read})


def reads(statement: Statement) -> set[str]:
    """Return the names of the symbols that a statement reads."""
    return {statement.name} if isinstance(statement, Load) else names(statement.value)


def names(expression: sp.Expr) -> set[str]:
    """Return the names of the symbols in an expression."""
    return {s.name for s in expression.free_symbols}
