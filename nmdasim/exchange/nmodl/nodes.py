"""What an NMODL file consists of once it is parsed: expressions, statements, blocks. Frozen values, nothing runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from nmdasim.exchange.nmodl.refusal import Place

_NOWHERE = Place()


@dataclass(frozen=True)
class Number:
    """A number; its unit is a remark to the reader and changes nothing."""

    value: float
    unit: str = field(default="", compare=False)


@dataclass(frozen=True)
class Name:
    """A name, or an element of an array."""

    name: str
    index: Expression | None = None
    place: Place = field(default=_NOWHERE, compare=False)


@dataclass(frozen=True)
class Operation:
    """An operator between its operands; ``-`` and ``!`` may have one."""

    operator: str
    operands: tuple[Expression, ...]


@dataclass(frozen=True)
class Call:
    """A function of some arguments."""

    name: str
    arguments: tuple[Expression, ...]
    place: Place = field(default=_NOWHERE, compare=False)


@dataclass(frozen=True)
class Choice:
    """One value where a condition holds, and another elsewhere."""

    condition: Expression
    then: Expression
    otherwise: Expression


Expression: TypeAlias = Number | Name | Operation | Call | Choice


@dataclass(frozen=True)
class Assign:
    """``target = value``; with a prime, ``target' = value``."""

    target: Name
    value: Expression
    primes: int = 0


@dataclass(frozen=True)
class If:
    """Statements that are carried out where a condition holds, and those that are elsewhere."""

    condition: Expression
    then: Body
    otherwise: Body
    place: Place


@dataclass(frozen=True)
class Loop:
    """``FROM name = first TO last BY step``."""

    name: str
    first: Expression
    last: Expression
    step: Expression
    body: Body
    place: Place


@dataclass(frozen=True)
class CallStatement:
    """A procedure called."""

    call: Call


@dataclass(frozen=True)
class Local:
    """Names that live within a body; the length of an array, or 0."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Solve:
    """``SOLVE block METHOD method``, or STEADYSTATE."""

    block: str
    method: str
    steady: bool
    place: Place


@dataclass(frozen=True)
class Reaction:
    """``~ left <-> right (forward, backward)``; without `right` or `backward` something only comes or goes."""

    left: tuple[tuple[float, Name], ...]
    right: tuple[tuple[float, Name], ...]
    forward: Expression
    backward: Expression
    kind: str
    place: Place


@dataclass(frozen=True)
class Conserve:
    """``CONSERVE sum = total``."""

    total: Expression
    value: Expression
    place: Place


@dataclass(frozen=True)
class Compartment:
    """``COMPARTMENT volume { states }``, for each of an index where one is named."""

    index: str
    volume: Expression
    states: tuple[str, ...]
    place: Place


@dataclass(frozen=True)
class Starting:
    """``INITIAL`` inside ``NET_RECEIVE``: what a connection begins with."""

    body: Body


@dataclass(frozen=True)
class Unread:
    """Something that may stand in a file and is refused where it would be carried out."""

    what: str
    place: Place


@dataclass(frozen=True)
class Ignored:
    """Something that changes nothing here."""

    what: str
    place: Place


Statement: TypeAlias = (
    Assign | If | Loop | CallStatement | Local | Solve | Reaction | Conserve | Compartment | Starting | Unread | Ignored
)
Body: TypeAlias = tuple["Statement", ...]


@dataclass(frozen=True)
class Declared:
    """A name of PARAMETER, CONSTANT, ASSIGNED or STATE, with its value and unit as they are written."""

    name: str
    value: float | None
    unit: str
    place: Place
    length: str = ""


@dataclass(frozen=True)
class Routine:
    """A block that bears a name: FUNCTION, PROCEDURE, DERIVATIVE, KINETIC; NET_RECEIVE, INITIAL, BREAKPOINT."""

    kind: str
    name: str
    arguments: tuple[str, ...]
    body: Body
    place: Place
    units: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ion:
    """A line USEION."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    valence: float | None
    place: Place


@dataclass(frozen=True)
class File:
    """A whole file.

    Parameters
    ----------
    kind
        ``"SUFFIX"``, ``"POINT_PROCESS"`` or ``"ARTIFICIAL_CELL"``.
    name, name_place
        Name of the mechanism, and where it stands.
    units
        Aliases of UNITS, as they are written: alias and what it stands for.
    unit_constants
        Constants that are a unit in terms of another: name, unit, in which.
    routines
        Every block with statements, by name; BREAKPOINT, INITIAL and NET_RECEIVE under these words.
    """

    kind: str
    name: str
    name_place: Place
    title: str
    ions: tuple[Ion, ...]
    nonspecific: tuple[str, ...]
    electrode: tuple[str, ...]
    ranges: tuple[str, ...]
    pointers: tuple[tuple[str, Place], ...]
    units: tuple[tuple[str, str, Place], ...]
    unit_constants: tuple[tuple[str, str, str, Place], ...]
    parameters: tuple[Declared, ...]
    assigned: tuple[Declared, ...]
    states: tuple[Declared, ...]
    defined: tuple[tuple[str, float], ...]
    locals: tuple[tuple[str, str], ...]
    routines: dict[str, Routine]
    ignored: tuple[Ignored, ...]
