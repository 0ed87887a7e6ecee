"""What ``nmdasim windup`` prints and saves."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table

from nmdasim.command.printing.tables import NARROW
from nmdasim.parameters.drugs import written
from nmdasim.plan.spread import bounds, inside
from nmdasim.quantities import brief, converted, same_dimension
from nmdasim.readout import columns, files, measures
from nmdasim.readout.block import blocked
from nmdasim.run.provenance import drugs_given

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What the heads mean, under the table.
_READING = (
    "Counted from 100 ms after each pulse. Index: spikes that wind-up added, the sum over all pulses less as many "
    "times the first. Ratio: {} over the first."
)
#: Columns that a model may lack, likewise: without calcium, or without a drug, they are null, and left out of a table.
_PER_PULSE = {columns.name("ca_peak", "µM"): "ca_peak_um", "blocked": "blocked"}
#: Columns that are the same at every pulse, by the key of JSON that they hold.
_CONSTANT = {
    "model": "model",
    "engine": "engine",
    columns.name("dt", "ms"): "dt_ms",
    columns.name("frequency", "Hz"): "frequency_hz",
    "block": "block",
    "seed": "seed",
}


def runs(result: xr.Dataset) -> list[dict[str, Any]]:
    """Return one record per concentration and seed, with the keys of ``nmdasim windup --json``.

    Where drugs beside ketamine were asked for, ``drugs_um`` has the concentration of each in µM.
    """
    measured = measures.measured(result).assign(_summaries(result))
    start, end = float(result.pulse_time[0]), float(result.window_end[0])
    return [
        {
            "model": result.attrs["model"],
            "engine": result.attrs["engine"],
            "dt_ms": result.attrs["dt_ms"],
            "frequency_hz": round(1e3 / (end - start), 9),
            "ketamine_um": _dose(lane),
            "block": result.attrs["block"],
            "seed": int(lane.seed),
            "early": _counts(lane.early),
            "late": _counts(lane.late),
            "input": _count(lane["input"]),
            "index": _count(lane["index"]),
            "ratio": _number(lane.ratio),
            "ca_peak_um": _numbers(lane.ca_peak_um, 6) if "ca_peak_um" in lane else None,
            "blocked": _numbers(lane.blocked, 9) if "blocked" in lane else None,
        }
        | ({"drugs_um": {name: _dose(lane, name) for name in others}} if (others := _others(measured)) else {})
        for lane in _along(measured, *doses(measured), "seed")
    ]


def doses(measured: xr.Dataset) -> list[str]:
    """Return the drugs whose concentrations were asked for, ketamine first, in the order of the result."""
    return sorted((str(dim) for dim in measured["input"].dims if dim != "seed"), key=lambda name: name != "ketamine")


def _others(measured: xr.Dataset) -> list[str]:
    return [name for name in doses(measured) if name != "ketamine"]


def _dose(lane: xr.Dataset, drug: str = "ketamine") -> float:
    found = _micromolar(lane[drug]) if drug in lane.coords else None
    return 0.0 if found is None else float(found)


def _summaries(result: xr.Dataset) -> dict[str, xr.DataArray]:
    """Return what the model has of calcium and block: of subtypes, the block of all their receptors together."""
    peak = result.get("ca_peak")
    found = {"ca_peak_um": None if peak is None else _micromolar(peak), "blocked": blocked(result)}
    return {name: values for name, values in found.items() if values is not None}


def _micromolar(values: xr.DataArray) -> xr.DataArray | None:
    """Return a concentration in µM; None for what is none, whatever its name."""
    unit = values.attrs["units"]
    return values * float(converted(np.ones(()), unit, "uM")) if same_dimension(unit, "uM") else None


def _along(data: xr.Dataset, *names: str) -> Iterator[xr.Dataset]:
    """Go along those of the dimensions that there are, the last fastest."""
    dims = [dim for dim in names if dim in data.dims]
    for place in product(*(range(data.sizes[dim]) for dim in dims)):
        yield data.isel(dict(zip(dims, place, strict=True)))


def _counts(values: xr.DataArray) -> list[int | None]:
    return [_count(value) for value in values.values]


def _count(value: Any) -> int | None:
    """Return a number of spikes; None of what was not observed, as in a lane that overflowed."""
    return int(value) if math.isfinite(value) else None


def _number(value: Any) -> float | None:
    number = float(value)
    return round(number, 6) if math.isfinite(number) else None


def _numbers(values: xr.DataArray, digits: int) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values.values.round(digits)]


def as_json(result: xr.Dataset) -> str:
    """Return the JSON object."""
    return json.dumps({"runs": runs(result), "disclaimer": result.attrs["disclaimer"]})


def table(result: xr.Dataset) -> pd.DataFrame:
    """Return one row per concentration, seed and pulse."""
    parts = []
    for run in runs(result):
        told: dict[str, Any] = {name: run[key] for name, key in _CONSTANT.items()}
        told |= {"pulse": np.arange(1, len(run["late"]) + 1)}
        given = {"ketamine": run["ketamine_um"]} | run.get("drugs_um", {})
        told |= {_column(result, drug): _shown(result, drug, dose) for drug, dose in given.items()}
        told |= {"early_spikes": run["early"], "late_spikes": run["late"]}
        told |= {name: run[key] for name, key in _PER_PULSE.items() if run[key] is not None}
        parts.append(pd.DataFrame(told))
    return pd.concat(parts, ignore_index=True)


def _unit(result: xr.Dataset, drug: str) -> str:
    """Return the unit in which the concentrations of a drug were given."""
    unit = str(result[drug].attrs["units"]) if drug in result.coords else "µM"
    return unit if same_dimension(unit, "uM") else "µM"


def _shown(result: xr.Dataset, drug: str, micromolar: float) -> float:
    dose = float(converted(np.array(micromolar), "uM", _unit(result, drug)))
    return float(f"{dose:.15g}")


def _column(result: xr.Dataset, drug: str) -> str:
    return columns.name(drug, _unit(result, drug), "free")


def figure(result: xr.Dataset, *, slide: bool) -> Figure:
    """Return the figure, or the slide."""
    from nmdasim import plot

    drawn = (plot.slide(result) if slide else plot.windup(result)[0]).get_figure(root=True)
    assert drawn is not None
    return drawn


def save(result: xr.Dataset, folder: Path, *, slide: bool = False) -> None:
    """Write ``windup.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`."""
    drugs = dict.fromkeys(["ketamine", *_others(measures.measured(result))])
    told = (f"{_column(result, drug)} is free {drug} at the receptor." for drug in drugs)
    notes = [result.attrs["disclaimer"], *told]
    files.save(folder, "windup", figure(result, slide=slide), table(result), result, notes)


def show(result: xr.Dataset, folder: Path | None) -> None:
    """Print the wind-up of every concentration: mean over seeds, and what these span."""
    measured = measures.measured(result)
    console = Console()
    title = f"Wind-up of {result.attrs['model']} · {result.attrs['engine']} · dt {brief(result.attrs['dt_ms'], 6)} ms"
    drugs = [name for name in doses(measured) if name in measured.coords]
    heads = [f"free {written(name)}" for name in drugs]
    pulses = min(measured.sizes["pulse"], 3)
    last = f"last {pulses}" if pulses > 1 else "last"
    heads += ["first\n(spikes)", f"{last}\n(spikes)", "index\n(spikes)", "ratio"]
    shown = Table(*heads, title=title, **NARROW)
    counts = []
    for lane in _along(measured, *drugs):
        ending = lane.late.isel(pulse=slice(-3, None)).mean("pulse")
        cells = [_spread(values) for values in (lane["input"], ending, lane["index"], lane.ratio)]
        levels = [f"{brief(float(lane[name]))} {lane[name].units}" for name in drugs]
        shown.add_row(*levels, *cells)
        counts.append(f"{', '.join(levels)}: ".lstrip(": ") + " ".join(map(_count_told, lane.late.mean("seed").values)))
    console.print(shown)
    if measured.sizes["seed"] > 1:
        draws = measured.sizes["seed"]
        console.print(f"Mean ({inside(draws, f'{draws} latency draws')}).", style="dim")
    console.print(_READING.format(f"the mean of the {last}" if pulses > 1 else "the last"), style="dim")
    console.print("Late spikes after each pulse", *counts, sep="\n  ", highlight=False)
    given = drugs_given(result.attrs)
    if given and result.attrs["block"] != "none":
        named = ", ".join(map(written, given))
        console.print(f"{named[0].upper()}{named[1:]} block at the start: {result.attrs['block']}.")
    for line in measured.attrs.get("warnings", "").splitlines():
        console.print(line, style="bold", highlight=False)
    console.print(result.attrs["disclaimer"], style="dim")
    if folder is not None:
        console.print(f"Saved windup.png, .svg, .csv and .nc in {folder}/", highlight=False, markup=False)


def _count_told(value: float) -> str:
    return brief(value, 3) if math.isfinite(value) else "none"


def _spread(values: xr.DataArray) -> str:
    numbers = np.asarray(values.values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return "none"
    if len(numbers) == 1:
        return brief(numbers[0], 3)
    low, high = bounds(numbers)
    return f"{brief(numbers.mean(), 3)} ({brief(low, 3)}–{brief(high, 3)})"
