"""What a sweep can keep of each lane, and how it is read from a result."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import xarray as xr

from nmdasim import quantities
from nmdasim.model.circuit import Circuit, circuit_of
from nmdasim.model.model import Model
from nmdasim.readout import measures
from nmdasim.readout.final import final
from nmdasim.readout.standing import standing

#: Read-outs of a protocol with windows, as a wind-up train; those that have a value for every window.
_WINDOWED = dict.fromkeys(("early", "late", "late_rate"), True)
_WINDOWED |= dict.fromkeys(("input", "index", "index_rate", "ratio", "slope", "area"), False)
WINDOWED = frozenset(_WINDOWED)
#: What begins the name of a state's value at the end of the run.
FINAL = "final."


def offered(model: Model | Circuit, protocol: Any) -> dict[str, bool]:
    """Return the read-outs that there are, and whether each has a value for every window of the protocol."""
    circuit = circuit_of(model)
    cell = circuit.cells[circuit.output]
    single = all(population.size == 1 for population in circuit.populations.values())
    found = {"spike_count": False} | ({} if single else {"rate": False})
    if protocol.windows:
        found |= _WINDOWED | (dict.fromkeys(cell.summaries, True) if single else {})
    return found | dict.fromkeys((f"{FINAL}{state}" for state in cell.system.states), False)


def told(names: Iterable[str]) -> str:
    """Return read-outs as text, those of final states as one."""
    plain = [name for name in names if not name.startswith(FINAL)]
    return ", ".join([*plain, f"{FINAL}<state>"])


def read(model: Model | Circuit, names: Iterable[str], result: xr.Dataset) -> xr.Dataset:
    """Return read-outs of the output of a model from a result, over ``lane`` (and ``pulse``)."""
    circuit, wanted = circuit_of(model), list(names)
    measured = measures.measured(result) if set(wanted) & set(_WINDOWED) else xr.Dataset()
    data = xr.Dataset(attrs=result.attrs)
    for name in wanted:
        if name.startswith(FINAL):
            values = _final(circuit, name.removeprefix(FINAL), result)
        else:
            values = measured[name] if name in measured else result[name]
        if "population" in values.dims:
            values = values.sel(population=circuit.output, drop=True)
        attrs = values.attrs | standing(result.attrs)
        data[name] = _over_lanes(values).astype(float).assign_attrs(attrs)
    if "failed" in result:
        data["failed"] = _over_lanes(result["failed"])
    return data


def _over_lanes(values: xr.DataArray) -> xr.DataArray:
    """Return values with the dimension of the lanes first, also of a single lane."""
    return (values if "lane" in values.dims else values.expand_dims("lane")).transpose("lane", ...)


def _final(circuit: Circuit, state: str, result: xr.Dataset) -> xr.DataArray:
    """Return a state at the end: the mean over the output's neurons and their compartments that have it."""
    unit = circuit.cells[circuit.output].unit_of(state)
    values = final(result, state)
    shown = values.copy(data=quantities.in_unit(values.values, unit))
    return shown.assign_attrs(units=quantities.pretty(unit), long_name=f"{_symbol(state)} at the end")


def _symbol(state: str) -> str:
    """Return the letter that a state is named by, as ρ for rho."""
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {state}")
    except KeyError:
        return state
