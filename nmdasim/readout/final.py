"""Where a run ended: a state of its output, one number an instance."""

from __future__ import annotations

import json

import xarray as xr

from nmdasim.errors import InputError, nearest
from nmdasim.run.segments import slots


def final(result: xr.Dataset, state: str, population: str | None = None) -> xr.DataArray:
    """Return the value of a state at the end of a run: the mean of the neurons and of their compartments that have it.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate`.
    state
        Name of the state.
    population
        Population of a circuit; its output by default.

    Returns
    -------
    xarray.DataArray
        SI values over the dimensions of the result.

    Raises
    ------
    InputError
        If the result does not say how it ended, or has no such population or state.
    """
    if "final_state" not in result:
        raise InputError("this result does not hold how it ended; run it on an engine that says so, as the kernel")
    cells = json.loads(result.attrs["final_layout"])["cells"]
    own = result.attrs["output"] if population is None else population
    states = {cell["name"]: cell["states"] for cell in cells}
    if own not in states:
        raise InputError(f"no population {own!r}; there are {', '.join(states)}")
    if state not in states[own]:
        raise InputError(f"no state {state!r}{nearest(state, states[own])}")
    return result["final_state"].isel(slot=slots(cells, own, state)).mean("slot")
