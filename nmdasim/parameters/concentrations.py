"""Concentrations of drugs as they are written: molar or by mass, total or free, of the racemate or of an enantiomer.

This is the one place that reads them. What comes out is free drug at the receptor, in µM: free = total × unbound share.
Text says what it is after its unit, ``"100 ng/ml total"``; a molar concentration without a word is free, one by mass is
refused, since publications report plasma in ng/ml as total. A word that names a relative, ``"100 ng/ml total S"``, is
turned into the concentration that occupies the channel equally, by the ratio of K_i.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError
from nmdasim.parameters import drugs
from nmdasim.parameters.tables import Table
from nmdasim.quantities import QuantityLike

FREE, TOTAL = "free", "total"
_SHORT = {"s": "s_ketamine", "r": "r_ketamine", "racemic": "ketamine", "rac": "ketamine"}
_MOLAR, _MASS = (get_dimensions(quantities.parse_unit(unit)) for unit in ("uM", "ng/ml"))


def free(given: Any, drug: str = "ketamine", *, basis: str = "", table: Table = drugs.TABLE) -> Any:
    """Return free drug in µM, whatever way its concentration is written.

    Parameters
    ----------
    given
        Text such as ``"0.3 uM"`` or ``"100 ng/ml total S"``, a quantity, a list or array of these, or a DataArray with
        ``units``.
    drug
        Name of the drug; of one that is in no table only molar free concentrations are taken.
    basis
        ``"free"`` or ``"total"``: what a concentration is that does not say it. By default molar ones are free, and
        ones by mass have to say it.
    table
        Another table of drugs, by path.

    Returns
    -------
    Quantity or xarray.DataArray
        Molar, in the shape of `given`. What is molar and free already comes back as it was given.

    Raises
    ------
    InputError
        If a concentration by mass does not say what it is, or the drug has no bound fraction, molar mass or affinity
        by which to convert.
    UnitError
        If it is no concentration.
    """
    try:
        return _free(given, drug, basis, table)
    except UnitError as error:
        raise UnitError(str(error) if str(error).startswith(drug) else f"{drug}: {error}") from None


def _free(given: Any, drug: str, basis: str, table: Table) -> Any:
    if isinstance(given, xr.DataArray):
        return _labelled(given, drug, basis, table)
    if isinstance(given, list | tuple) and any(isinstance(one, str | Quantity) for one in given):
        parts = [free(one, drug, basis=basis, table=table) for one in given]
        if all(one is part for one, part in zip(given, parts, strict=True)):
            return given
        return Quantity([float(molar(part, drug)) for part in parts], dim=_MOLAR)
    return _one(given, drug, basis, table)


def total(given: Any, drug: str = "ketamine", *, unit: str = "uM") -> Any:
    """Return the total concentration, free and bound, of which a concentration is the free part.

    Parameters
    ----------
    given, drug
        As in :func:`free`; what does not say it is free.
    unit
        A molar unit, or one of mass per volume such as ``"ng/ml"``: the dimension that is returned.

    Raises
    ------
    InputError, UnitError
        As :func:`free`.
    """
    found = free(given, drug, basis=FREE)
    values = found if isinstance(found, xr.DataArray) else molar(found, drug)
    entry = drugs.find(drug)
    factor = 1 / _number(entry, "unbound", f"{given}")
    if not any(quantities.same_dimension(unit, known) for known in ("uM", "ng/ml")):
        raise UnitError(f"unit = {unit!r} is none of a concentration; give one such as 'uM' or 'ng/ml'")
    if get_dimensions(quantities.parse_unit(unit)) is _MASS:
        factor = factor * _number(entry, "molar_mass", f"{given}") * quantities.parse_unit("kg/mol")
    if isinstance(values, xr.DataArray):
        told = {"units": unit, "long_name": f"total {entry.name}"}
        return values.copy(data=_in(values, factor, unit)).assign_attrs(told)
    return Quantity(values * factor)


def named(name: str, given: Any) -> Any:
    """Return what was given for a quantity: of one that is the concentration of a drug, free drug; else as it is."""
    return free(given, name) if name in drugs.entries() else given


def _one(given: QuantityLike, drug: str, basis: str, table: Table) -> Any:
    """Return one quantity or array as free and molar."""
    text, said, other = _words(given) if isinstance(given, str) else (given, "", "")
    try:
        value = quantities.quantity(text)
    except UnitError as error:
        if not (said or other):
            return given  # for whoever asked for the number to refuse by its name
        raise UnitError(f"{drug}: {error}") from None
    if get_dimensions(value) not in (_MOLAR, _MASS):
        if said or other:
            quantities.si(value, "uM", name=drug)
        return value if said or other else given
    if get_dimensions(value) is _MOLAR and (said or basis) in ("", FREE) and not other:
        return value if said else given
    told = f"{drug} = {given}"
    return value * _factor(value, drugs.find(drug, table), said or basis, other, told)


def _factor(value: Quantity, entry: drugs.Entry, basis: str, other: str, told: str) -> Any:
    """Return what turns a concentration into free drug in mol/m³; `told` is how a message begins."""
    source = drugs.find(other) if other else entry
    factor: Any = 1.0
    if get_dimensions(value) is _MASS:
        if not basis:
            raise InputError(f"{told}: a concentration by mass is total or free; write which, as in '100 ng/ml total'")
        factor = 1 / (_number(source, "molar_mass", told) * quantities.parse_unit("kg/mol"))
    if basis == TOTAL:
        factor = factor * _number(source, "unbound", told)
    if source.key != entry.key:
        factor = factor * _affinity(entry, told) / _affinity(source, told)
    return factor


def _words(given: str) -> tuple[str, str, str]:
    """Return a text without the words behind its unit, and what they say: free or total, and the name of a drug."""
    names = {drugs.plain(s): e.key for e in drugs.entries().values() for s in e.spellings} | _SHORT
    rest, said, other = given.split(), "", ""
    while len(rest) > 1:
        word = drugs.plain(rest[-1])
        if word in (FREE, TOTAL) and not said:
            said = word
        elif word in names and not other and any(c.isalpha() for c in "".join(rest[:-1])):  # behind a unit
            other = names[word]
        else:
            break
        rest.pop()
    return (" ".join(rest), said, other) if said or other else (given, "", "")


def molar(given: QuantityLike, drug: str) -> Quantity:
    """Return a molar concentration as a quantity, checked."""
    return Quantity(quantities.si(given, "uM", name=drug), dim=_MOLAR)


def _number(entry: drugs.Entry, name: str, told: str) -> float:
    found = entry.parameter(name)
    if found is None:
        raise InputError(f"{told}: {_LACKS[name].format(entry.name)}")
    return float(found.si)


_LACKS = {
    "unbound": "no bound fraction of {} is known; give its free concentration, as in '1 uM free'",
    "molar_mass": "no molar mass of {} is known; give its concentration in uM",
}


def _affinity(entry: drugs.Entry, told: str) -> float:
    found = drugs.affinity(entry.key, entry.table)
    if found is None:
        raise InputError(f"{told}: no K_i of {entry.name} is known by which to compare; give the drug itself")
    return float(found.si)


def _labelled(given: xr.DataArray, drug: str, basis: str, table: Table) -> xr.DataArray:
    unit = str(given.attrs.get("units", ""))
    if not unit or get_dimensions(quantities.parse_unit(unit)) not in (_MOLAR, _MASS):
        return given
    one = quantities.parse_unit(unit)
    if get_dimensions(one) is _MASS and not basis:
        raise InputError(
            f"{drug} is a course in {unit}, total or free; nmdasim.pharmacology.free(course) makes free drug of a total"
        )
    if get_dimensions(one) is _MOLAR and basis in ("", FREE):
        return given
    entry = drugs.find(drug, table)
    factor = _factor(one, entry, basis, "", f"{drug} in {unit}")
    told = {"units": "uM", "long_name": f"free {entry.name}"}
    return given.copy(data=_in(given, factor, "uM")).assign_attrs(told)


def _in(given: xr.DataArray, factor: Any, unit: str) -> np.ndarray:
    values = given.values * quantities.parse_unit(str(given.attrs["units"])) * factor
    return quantities.in_unit(values, unit)
