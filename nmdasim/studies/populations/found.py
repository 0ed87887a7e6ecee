"""What a population of models found, as one dataset over its draws."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.readout.standing import standing
from nmdasim.studies.populations.asked import Population
from nmdasim.studies.populations.bands import Bands
from nmdasim.sweep.execute import Summary


@dataclass(frozen=True, eq=False)
class Test:
    """A test: its name and bands, the draws that took it, and their read-outs."""

    name: str
    accept: Bands
    left: np.ndarray
    measured: Mapping[str, np.ndarray]


def assemble(
    what: Population,
    values: Mapping[str, np.ndarray],
    tests: Sequence[Test],
    kept: np.ndarray,
    dosed: xr.Dataset | None,
    attrs: Mapping[str, Any],
    done: Sequence[Summary],
) -> xr.Dataset:
    """Return one dataset over all draws from what the stages found; see :func:`population_of_models`.

    Parameters
    ----------
    values
        What was drawn, in SI units.
    tests
        Of every test the draws that took it and their read-outs.
    kept
        The draws that passed all.
    dosed
        Read-outs of the kept draws under every dose.
    """
    count = len(what.samples)
    data = xr.Dataset(attrs=_attrs(what, attrs, tests, kept, done))
    for name, column in values.items():
        unit = what.factors.unit(what.bare, name) if name in what.samples.ranges else "1"
        shown = quantities.in_unit(column, unit)
        data = data.assign_coords({name: ("draw", shown, {"units": quantities.pretty(unit)})})
    passed = np.zeros(count, dtype=int)
    for k, test in enumerate(tests):
        number = k - (what.multiple is not None)
        ending = "" if number < 1 else f"_{number}"
        for name, found in test.measured.items():
            told = {"units": "1", "long_name": f"{name}, {test.name}"}
            data[f"{name}{ending}"] = _spread(count, test.left, found).assign_attrs(told)
        passed[test.left] = k
    passed[kept] = len(tests)
    data["passed"] = ("draw", passed, {"units": "1", "long_name": "tests that the draw passed"})
    data["kept"] = ("draw", passed == len(tests), {"long_name": "whether the draw meets all bands"})
    if dosed is None:
        return data
    (dose,) = what.doses or {}
    attrs = dosed[dose].attrs | {"long_name": _long(dose)}
    data = data.assign_coords({dose: (dose, dosed[dose].values, attrs)})
    for name in what.answers:
        under = np.full((count, dosed.sizes[dose]), np.nan)
        under[kept] = dosed[name].transpose("draw", dose).values
        control = data[name].values[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            loss = np.where(control > 0, 100 * (1 - under / control), np.nan)
        data[f"{name}_dosed"] = (("draw", dose), under, dosed[name].attrs)
        said = {"units": "%", "long_name": f"loss of {name}"} | standing(data.attrs)
        data[f"{name}_loss"] = (("draw", dose), loss, said)
    return data


def _spread(count: int, left: np.ndarray, values: np.ndarray) -> xr.DataArray:
    whole = np.full(count, np.nan)
    whole[left] = values
    return xr.DataArray(whole, dims="draw")


def _long(dose: str) -> str:
    return f"free {dose} at the receptor" if dose == "ketamine" else dose


def _closed(wanted: Bands) -> dict[str, list[float | None]]:
    """Return bands as JSON knows them: an edge that is open is None."""
    return {name: [edge if math.isfinite(edge) else None for edge in band] for name, band in wanted.items()}


def _attrs(
    what: Population, attrs: Mapping[str, Any], tests: Sequence[Test], kept: np.ndarray, done: Sequence[Summary]
) -> dict[str, Any]:
    told = dict(attrs) | {"disclaimer": DISCLAIMER, "title": what.title}
    steps = [*(len(test.left) for test in tests), len(kept)]
    counts = [
        {"name": test.name, "accept": _closed(test.accept), "tested": steps[k], "passed": steps[k + 1]}
        for k, test in enumerate(tests)
    ]
    design = {"method": what.sampling, "points": what.draws, "seed": what.seed, "log": list(what.log)}
    ranges = {name: [str(edge) for edge in pair] for name, pair in what.ranges.items()}
    told |= {
        "ranges": json.dumps(ranges),
        "shares": " ".join(what.shares),
        "parameters_drawn": " ".join(what.samples.ranges),
        "tests": json.dumps(counts),
        "samples": json.dumps(design | {"parameters": list(what.samples.ranges)}),
        "dose": next(iter(what.doses or {}), ""),
        "answers": " ".join(what.answers),
        "lanes": sum(one.lanes for one in done),
        "resumed": sum(one.resumed for one in done),
        "seconds": sum(one.seconds for one in done),
        "population_digest": what.identity["model_digest"],
    }
    return told
