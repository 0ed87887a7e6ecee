"""Units of NMODL: what they measure, how large they are, and how Brian2's language spells them.

As NEURON has it, a mole is a number: molar is 1/liter, Faraday's constant is in coulombs. Beside that, here is counted
how often a unit says molar, for outside a file a concentration is one of substance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from nmdasim import quantities
from nmdasim.errors import UnitError
from nmdasim.exchange.nmodl.refusal import NmodlError, Place

_E, _AVOGADRO, _BOLTZMANN = 1.602176634e-19, 6.02214076e23, 1.380649e-23  # exact: the SI of 2019
#: Metre, kilogram, second, ampere, kelvin.
_BASE = ("m", "kg", "s", "A", "K")
_SPELLED = ("metre", "kilogram", "second", "amp", "kelvin")


@dataclass(frozen=True)
class Unit:
    """A unit.

    Parameters
    ----------
    factor
        Its size in SI units.
    powers
        Powers of metre, kilogram, second, ampere and kelvin.
    moles
        How often it says molar, above the fraction line.
    """

    factor: float = 1.0
    powers: tuple[float, ...] = (0, 0, 0, 0, 0)
    moles: float = 0

    def __mul__(self, other: Unit) -> Unit:
        powers = tuple(a + b for a, b in zip(self.powers, other.powers, strict=True))
        return Unit(self.factor * other.factor, powers, self.moles + other.moles)

    def __pow__(self, power: float) -> Unit:
        return Unit(self.factor**power, tuple(a * power for a in self.powers), self.moles * power)

    @property
    def is_number(self) -> bool:
        """Whether it measures nothing."""
        return not any(self.powers)

    @cached_property
    def text(self) -> str:
        """Its dimension in Brian2's language, in SI base units; ``"1"`` for a number."""
        named = [*zip(_SPELLED, self.powers, strict=True), ("mole", self.moles)]
        above = [name if p == 1 else f"{name}**{p:g}" for name, p in named if p > 0]
        below = [f"/{name}" if p == -1 else f"/{name}**{-p:g}" for name, p in named if p < 0]
        return ("*".join(above) or "1") + "".join(below)


def _of(factor: float = 1.0, moles: float = 0, /, **powers: float) -> Unit:
    return Unit(factor, tuple(powers.get(name, 0) for name in _BASE), moles)


_MOLAR = _of(1e3, 1, m=-3)
_NAMED: dict[str, Unit] = {
    "m": _of(m=1), "meter": _of(m=1), "metre": _of(m=1), "micron": _of(1e-6, m=1), "angstrom": _of(1e-10, m=1),
    "g": _of(1e-3, kg=1), "gm": _of(1e-3, kg=1), "gram": _of(1e-3, kg=1), "kg": _of(kg=1),
    "s": _of(s=1), "sec": _of(s=1), "second": _of(s=1), "minute": _of(60, s=1), "hour": _of(3600, s=1),
    "hz": _of(s=-1), "Hz": _of(s=-1), "hertz": _of(s=-1), "coul": _of(s=1, A=1), "coulomb": _of(s=1, A=1),
    "C": _of(s=1, A=1), "A": _of(A=1), "amp": _of(A=1), "ampere": _of(A=1),
    "V": _of(m=2, kg=1, s=-3, A=-1), "volt": _of(m=2, kg=1, s=-3, A=-1),
    "ohm": _of(m=2, kg=1, s=-3, A=-2), "mho": _of(m=-2, kg=-1, s=3, A=2), "siemens": _of(m=-2, kg=-1, s=3, A=2),
    "S": _of(m=-2, kg=-1, s=3, A=2), "F": _of(m=-2, kg=-1, s=4, A=2), "farad": _of(m=-2, kg=-1, s=4, A=2),
    "J": _of(m=2, kg=1, s=-2), "joule": _of(m=2, kg=1, s=-2), "N": _of(m=1, kg=1, s=-2), "nt": _of(m=1, kg=1, s=-2),
    "newton": _of(m=1, kg=1, s=-2), "watt": _of(m=2, kg=1, s=-3), "K": _of(K=1), "kelvin": _of(K=1),
    "degK": _of(K=1), "degC": _of(K=1), "celsius": _of(K=1), "l": _of(1e-3, m=3), "liter": _of(1e-3, m=3),
    "litre": _of(1e-3, m=3), "cc": _of(1e-6, m=3), "M": _MOLAR, "molar": _MOLAR,
    "mole": _of(_AVOGADRO), "mol": _of(_AVOGADRO), "faraday": _of(_E * _AVOGADRO, s=1, A=1), "e": _of(_E, s=1, A=1),
    "k": _of(_BOLTZMANN, m=2, kg=1, s=-2, K=-1), "boltzmann": _of(_BOLTZMANN, m=2, kg=1, s=-2, K=-1),
    "avogadro": _of(_AVOGADRO), "pi": _of(math.pi), "radian": _of(), "rad": _of(), "degree": _of(math.pi / 180),
    "dyne": _of(1e-5, m=1, kg=1, s=-2), "cal": _of(4.184, m=2, kg=1, s=-2), "percent": _of(0.01),
}  # fmt: skip
_PREFIXES = {"giga": 1e9, "mega": 1e6, "kilo": 1e3, "deci": 0.1, "centi": 1e-2, "milli": 1e-3, "micro": 1e-6,
             "nano": 1e-9, "pico": 1e-12, "femto": 1e-15, "G": 1e9, "k": 1e3, "d": 0.1, "c": 1e-2, "m": 1e-3,
             "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}  # fmt: skip
_SUBSTANCE = {"M", "molar", "mM", "uM", "nM", "pM"}


@dataclass(frozen=True)
class Units:
    """The units of one file: those that everyone knows, and its own."""

    own: Mapping[str, Unit] = field(default_factory=dict)

    def read(self, text: str, place: Place) -> Unit:
        """Return the unit that a text such as ``mA/cm2``, ``/ms``, ``10-8 cm`` or ``mol-1 s`` stands for.

        Raises
        ------
        NmodlError
            If it is no unit.
        """
        made = Unit()
        for k, part in enumerate(text.replace("*", " ").split("/")):
            for word in _parts(part):
                made *= self._word(word, text, place) ** (-1 if k else 1)
        return made

    def _word(self, word: str, text: str, place: Place) -> Unit:
        letters = word.rstrip("0123456789")
        if not letters or not letters[0].isalpha():
            return _of(_power(word, text, place))
        power = float(word[len(letters) :] or 1)
        for name in (letters, letters.removesuffix("s")):
            if (found := self._name(name)) is not None:
                return found**power
        raise NmodlError(f"unknown unit {letters!r} in ({text}); units are written as in (mV), (S/cm2), (mM)", place)

    def _name(self, name: str) -> Unit | None:
        if name in self.own:
            return self.own[name]
        if name in _NAMED:
            return _NAMED[name]
        if name in _PREFIXES and len(name) > 1:
            return _of(_PREFIXES[name])
        for prefix, factor in _PREFIXES.items():
            rest = name.removeprefix(prefix)
            if rest not in ("", name) and (found := self.own.get(rest, _NAMED.get(rest))) is not None:
                return _of(factor) * found
        return None

    def with_alias(self, alias: str, stands_for: str, place: Place) -> Units:
        """Return these units with one more, ``(mM) = (milli/liter)``."""
        if alias == "1" or not alias:
            return self
        said = self.read(stands_for, place)
        is_substance = alias in _SUBSTANCE or alias.endswith("molar")
        if is_substance and not said.moles and said.powers == _MOLAR.powers:
            substance = said.factor / (_AVOGADRO if said.factor > _AVOGADRO / 1e9 else 1)
            said = Unit(substance, said.powers, 1)
        return Units({**self.own, alias: said})


def _parts(part: str) -> list[str]:
    """Return the units and numbers of a product; a hyphen joins units, and belongs to the power of a number."""
    words = []
    for word in part.split():
        if word[0].isdigit() or word[0] in ".-+":
            words.append(word)
        else:
            words += [one for one in word.split("-") if one]
    return words


def _power(word: str, text: str, place: Place) -> float:
    """Return a number, ``1000``, ``1e-3`` or ``10-8``, which is 10·10⁻⁸."""
    for sign in "+-":
        mantissa, found, exponent = word[1:].partition(sign)
        if found and exponent.isdigit() and "e" not in word.lower():
            word = f"{word[0]}{mantissa}e{sign}{exponent}"
    try:
        return float(word)
    except ValueError:
        raise NmodlError(f"{word!r} in the unit ({text}) is not understood", place) from None


_USUAL = ("mV", "ms", "S/cm**2", "mS/cm**2", "uS", "nS", "pS", "S", "mA/cm**2", "nA", "mM", "uM", "nM", "um", "cm",
          "1/ms", "1/second", "1/mV", "1/(mM*ms)", "cm/second", "kelvin", "um**2", "um**3", "pS/um**2", "mM/ms",
          "1/(mV*ms)", "nM", "M", "second", "uA/cm**2", "V", "pA", "um**2/ms", "1/mM", "coulomb", "uF/cm**2",
          "Mohm", "Hz", "mA", "A/cm**2", "uM/ms", "1/(uM*ms)", "kHz")  # fmt: skip


def spelled(unit: Unit) -> str:
    """Return a unit in the words of Brian2's language, ``"S/cm**2"``, or its SI base units with a factor."""
    if unit.is_number and not unit.moles:
        return "1" if unit.factor == 1 else f"{unit.factor!r}"
    for name in _USUAL:
        known = quantities.parse_unit(name)
        if math.isclose(float(known), unit.factor, rel_tol=1e-12) and quantities.same_dimension(name, unit.text):
            return name
    try:
        quantities.parse_unit(unit.text)
    except UnitError:
        return ""
    return unit.text if unit.factor == 1 else f"{unit.factor!r}*{unit.text}"
