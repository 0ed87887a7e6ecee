"""Wind-up at chosen times after a dose: the quasi-static link from a time course to a read-out.

Concentrations move over minutes to hours and a test of wind-up takes seconds, so each test sees one concentration, with
its block equilibrated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.protocols import WindUp
from nmdasim.protocols import course as courses
from nmdasim.readout import measures
from nmdasim.readout.block import blocked
from nmdasim.run.simulate import simulate


@plainly
def windup_time_course(
    levels: xr.DataArray, model: Model | Circuit, protocol: Any = None, *, seeds: int = 20, **options: Any
) -> xr.Dataset:
    """Test wind-up at every time of a concentration, and without drug in the same draws of latencies.

    Parameters
    ----------
    levels
        Free drug at the receptor over the coordinate ``time``, both with ``units``, at the times of the tests, as from
        :func:`nmdasim.pharmacology.free_levels`.
    model, protocol
        Neuron, and any protocol with windows; by default a train of 15 pulses at 1 Hz.
    seeds
        Number of draws of latencies: seeds 0, 1, … .
    **options
        Of :func:`nmdasim.run.simulate`.

    Returns
    -------
    xarray.Dataset
        ``index`` and ``input`` (time, seed), ``index_control`` and ``input_control`` (seed), ``blocked`` (time): share
        of receptors blocked at the first pulse (of a mixture of subtypes, of all together; absent where the model keeps
        none), and ``free`` (time); preset, sampling site and sources of `levels` in
        ``attrs``.

    Raises
    ------
    InputError
        If `levels` has another dimension than time, no time coordinate, no units or units that are not molar; if
        `seeds` is no number of draws.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int | np.integer) or seeds < 1:
        raise InputError(f"seeds = {seeds}; give the number of draws, 1 or more, as in seeds=20")
    if not isinstance(levels, xr.DataArray):
        raise InputError(
            "windup_time_course takes free drug over time, as nm.pharmacology.free_levels gives it; this is of type "
            f"{type(levels).__name__}"
        )
    if levels.dims != ("time",) or "time" not in levels.coords:
        raise InputError(f"levels have the dimensions {levels.dims}; give one concentration over a coordinate time")
    if not ("units" in levels.attrs and "units" in levels.time.attrs):
        raise InputError("levels, or their times, have no units; set .attrs['units'], as in 'uM' and 'h'")
    if quantities.same_dimension(str(levels.attrs["units"]), "ng/ml"):
        raise InputError(
            f"levels in {levels.attrs['units']}: they are free drug in uM, as pharmacology.free_levels gives it; "
            "pharmacology.free(levels) makes it of a total"
        )
    doses = np.concatenate([[0.0], levels.values]) * quantities.parse_unit(str(levels.attrs["units"]))
    starts = {name for cell in cells_of(model).values() for name in cell.starts}
    given = {"block": "equilibrated" if starts else None, "ketamine": doses, "seed": range(seeds)} | options
    result = simulate(model, protocol or WindUp(), **given)
    measured = measures.windup(result)
    found: dict[str, Any] = {}
    for name in ("index", "input"):
        values = measured[name].transpose("ketamine", "seed")
        found |= {name: (("time", "seed"), values.values[1:]), f"{name}_control": ("seed", values.values[0])}
    share = blocked(result)
    if share is not None:
        found["blocked"] = ("time", share.isel(pulse=0).mean("seed").transpose("ketamine").values[1:])
    text = str(levels.attrs.get("long_name", "free drug at the receptor, as given"))
    found |= {"free": ("time", levels.values, {"units": levels.attrs["units"], "long_name": text})}
    coords = {"time": levels.time.variable, "seed": np.arange(seeds)}
    told = courses.origin(result.attrs, levels.attrs) | {"dosing": levels.attrs.get("long_name", "")}
    return xr.Dataset(found, coords=coords, attrs=result.attrs | told)
