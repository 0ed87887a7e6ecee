"""What the names of a file are called in a model: as in NEURON, ``gnabar_hh``; ions and ``v`` are everyone's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.refusal import NmodlError
from nmdasim.exchange.nmodl.units import Unit, Units, spelled

#: What NEURON has inside and outside the cell unless it is told otherwise, in mM, and its reversal potentials in mV.
_INSIDE = {"na": 10.0, "k": 54.4, "ca": 5e-5}
_OUTSIDE = {"na": 140.0, "k": 2.5, "ca": 2.0}
_REVERSAL = {"na": 50.0, "k": -77.0, "ca": 132.4579341637009}
#: NEURON's temperature in °C and the diameter of its sections in µm, unless it is told otherwise.
CELSIUS, DIAMETER = 6.3, 500.0


@dataclass(frozen=True)
class IonVariable:
    """A variable that an ion shares between mechanisms.

    Parameters
    ----------
    name
        As the file has it, ``cai``.
    kind
        ``"current"``, ``"reversal"`` or ``"concentration"``.
    unit
        In which NEURON has it.
    default
        What NEURON has it unless it is told otherwise.
    """

    name: str
    ion: str
    kind: str
    unit: str
    default: float


def ion_variable(name: str, ion: nodes.Ion) -> IonVariable:
    """Return what a name of USEION is.

    Raises
    ------
    NmodlError
        If it is no variable of that ion.
    """
    known = {
        f"i{ion.name}": ("current", "mA/cm**2", 0.0),
        f"e{ion.name}": ("reversal", "mV", _REVERSAL.get(ion.name, 0.0)),
        f"{ion.name}i": ("concentration", "mM", _INSIDE.get(ion.name, 1.0)),
        f"{ion.name}o": ("concentration", "mM", _OUTSIDE.get(ion.name, 1.0)),
    }
    if name not in known:
        raise NmodlError(f"{name} is no variable of the ion {ion.name}; there are {', '.join(known)}", ion.place)
    kind, unit, default = known[name]
    return IonVariable(name, ion.name, kind, unit, default)


def ion_variables(file: nodes.File) -> dict[str, IonVariable]:
    """Return every variable that a file shares with an ion."""
    return {name: ion_variable(name, ion) for ion in file.ions for name in (*ion.reads, *ion.writes)}


def units_of(file: nodes.File) -> Units:
    """Return the units that a file knows."""
    units = Units()
    for alias, stands_for, place in file.units:
        units = units.with_alias(alias, stands_for, place)
    return units


class Called:
    """What the names of a file are called."""

    def __init__(self, file: nodes.File):
        self.suffix = "" if file.name == "nothing" else file.name
        self.taken: set[str] = set()
        self.known: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return what a name of the file's own is called: with its mechanism behind it, and once only."""
        if name not in self.known:
            base = "_".join(filter(None, [*name.strip().split("_"), *self.suffix.split("_")])) or "x"
            base = base if base[0].isalpha() else f"x{base}"
            base = f"n{base}" if base.startswith("xi") else base
            free, count = base, 1
            while free in self.taken:
                count += 1
                free = f"{base}_{count}"
            self.taken.add(free)
            self.known[name] = free
        return self.known[name]


def per(name: str, unit: str) -> str:
    """Return the number that a quantity is in a unit, ``v/mV``, as text."""
    if unit in ("", "1"):
        return name
    return f"{name}/{unit}" if unit.isidentifier() else f"{name}/({unit})"


def in_brian(unit: Unit) -> str:
    """Return the unit of a parameter as Brian2's equations spell it; ``"1"`` where it is a number to them."""
    text = spelled(unit)
    return "1" if unit.is_number and not unit.moles else text


#: Units that the language spells otherwise than :mod:`nmdasim.quantities` does.
_EQUATION_WORDS = {"pS": "psiemens", "S": "siemens", "V": "volt", "A": "amp", "M": "molar", "Hz": "hertz"}


def equation_unit(unit: str) -> str:
    """Return a unit of a parameter in the words that equations read."""
    words: list[str] = []
    for part in _words(unit):
        words.append(_EQUATION_WORDS.get(part, part))
    return "".join(words)


def _words(unit: str) -> Iterable[str]:
    word = ""
    for letter in unit:
        if letter.isalnum() or letter in "._":
            word += letter
        else:
            yield from filter(None, [word])
            word = ""
            yield letter
    yield from filter(None, [word])
