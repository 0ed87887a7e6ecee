"""What each draw is: values of parameters from ranges, factors of groups of them, and shares that sum to 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.sweep.samples import Samples
from nmdasim.sweep.specification import Sweep


@dataclass(frozen=True)
class Factors:
    """What each range does.

    Parameters
    ----------
    sets
        Parameters whose value is what is drawn, by name of the range.
    scales
        Parameters whose value is multiplied by what is drawn.
    base
        SI values of every parameter of both in the model as it is.
    """

    sets: Mapping[str, tuple[str, ...]]
    scales: Mapping[str, tuple[str, ...]]
    base: Mapping[str, float]

    def unit(self, bare: Sweep, name: str) -> str:
        """Return the unit of a range: that of the parameter that it sets; a factor has none."""
        return _parameter(bare, self.sets[name][0]).unit or "1" if name in self.sets else "1"


def factors(bare: Sweep, ranges: Mapping[str, Any], groups: Mapping[str, Iterable[str]]) -> Factors:
    """Find what every range is: a parameter, a gain of the model, or a group named by the user.

    Raises
    ------
    ModelError, UnitError, InputError
        If a name is unknown or two ranges set one parameter, or a range has the wrong dimension.
    """
    sets: dict[str, tuple[str, ...]] = {}
    scales: dict[str, tuple[str, ...]] = {}
    for name, pair in ranges.items():
        if name in groups:
            scales[name] = tuple(key for one in groups[name] for key in _entries(bare, one, f"group {name}: "))
        elif bare.entries(name):
            sets[name] = bare.entries(name)
        elif name in bare.gains:
            scales[name] = bare.scaled(name)
        else:
            raise _unknown(bare, name, "ranges: ", groups)
        unit = "1" if name in scales else _parameter(bare, sets[name][0]).unit
        edges = quantities.si(pair, unit or "1", name=f"range of {name}")
        if name in scales and np.any(edges < 0):
            raise InputError(f"range of {name} = {pair}; a factor is 0 or more")
    if unused := [name for name in groups if name not in ranges]:
        raise InputError(f"group {unused[0]} has no range; give one, as in {unused[0]} = [0.5, 2]")
    setting: dict[str, str] = {}
    for name, keys in sets.items():
        for key in keys:
            if key in setting:
                raise InputError(f"ranges: {name} and {setting[key]} both set {key}; keep one of them")
            setting[key] = name
    own = {key: _value(bare, key) for group in (*sets.values(), *scales.values()) for key in group}
    return Factors(sets, scales, own)


def drawn(samples: Samples, shares: Iterable[str]) -> dict[str, np.ndarray]:
    """Return SI values of every range, shape (draws,); shares are uniform over all that sum to 1."""
    found = {name: np.asarray(column, dtype=float) for name, column in samples.columns().items()}
    if parts := list(shares):
        lengths = np.stack([-np.log1p(-found[name]) for name in parts])  # exponential, so Dirichlet(1, …, 1)
        found |= dict(zip(parts, lengths / lengths.sum(axis=0), strict=True))
    return found


def rows(which: Factors, values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return SI values of every parameter that the draws vary, shape (draws,)."""
    count = len(next(iter(values.values())))
    found = {key: np.full(count, base) for key, base in which.base.items()}
    for name, keys in which.sets.items():
        found |= dict.fromkeys(keys, values[name])
    for name, keys in which.scales.items():
        found |= {key: found[key] * values[name] for key in keys}
    return found


def numbers(bare: Sweep, given: Mapping[str, Any]) -> dict[str, float]:
    """Return SI values of parameters by key; a gain is a factor of the model's own value, which None stands for.

    Raises
    ------
    ModelError, UnitError
        For an unknown parameter or a value of the wrong dimension.
    """
    found = {}
    for name, value in given.items():
        for key in _entries(bare, name, "set: "):
            own = _value(bare, key)
            if value is None:
                found[key] = own
            elif bare.entries(name):
                found[key] = quantities.number(value, _parameter(bare, key).unit or "1", name=name)
            else:
                found[key] = own * quantities.number(value, "1", name=name)
    return found


def units_of(bare: Sweep, key: str) -> str:
    """Return the SI unit of a parameter, as text."""
    return quantities.base_units(get_dimensions(_parameter(bare, key).value))


def _entries(bare: Sweep, name: str, where: str) -> tuple[str, ...]:
    if found := bare.entries(name):
        return found
    if name in bare.gains:
        return bare.scaled(name)
    raise _unknown(bare, name, where)


def _unknown(bare: Sweep, name: str, where: str, groups: Iterable[str] = ()) -> ModelError:
    own = [key for owner in bare.owners for key in owner.parameters]
    known = [*groups, *bare.gains, *own]
    return ModelError(f"{where}{bare.model.name} has no parameter or gain {name!r}{nearest(name, known)}")


def _parameter(bare: Sweep, key: str) -> Any:
    return next(owner.parameters[key] for owner in bare.owners if key in owner.parameters)


def _value(bare: Sweep, key: str) -> float:
    return float(_parameter(bare, key).si)
