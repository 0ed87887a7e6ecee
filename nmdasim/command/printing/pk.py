"""What ``nmdasim pk`` prints and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nmdasim.command.terminal import plain
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.pharmacology import Regimen, bands, preset
from nmdasim.pharmacology.cautions import cautions
from nmdasim.plot import pharmacokinetics as plot_pk
from nmdasim.plot.look import style
from nmdasim.plot.style import origin, short
from nmdasim.quantities import brief, several
from nmdasim.readout import columns, files

_SERIES = {"plasma_ng_ml": "plasma", "effect_site_ng_ml": "effect_site", "metabolite_ng_ml": "metabolite"}
_TOTAL = "Concentrations are total, free and bound, in plasma or in plasma in balance with the effect site."
#: Hours from dose to dose from which on each is a session of its own; after its end a slide shows so many, and of a
#: course that ends sooner at least so many from its start.
_DAY, _AFTER, _LEAST = 24.0, 8.0, 1.0
_NUMBERS = {"cmax_ng_ml": "cmax", "tmax_min": "tmax", "auc_inf_ng_h_ml": "auc_inf"}


def _lanes(data: xr.Dataset) -> list[xr.Dataset]:
    if "subject" not in data.dims:
        return [data]
    return [data.isel(subject=k) for k in range(data.sizes["subject"])]


def _beside(course: xr.Dataset, around: xr.Dataset | None) -> list[xr.Dataset] | list[None]:
    return [None] * len(_lanes(course)) if around is None else _lanes(around)


def records(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None) -> list[dict[str, Any]]:
    """Return one record per subject, with the keys of ``nmdasim pk --json``."""
    return [
        {
            "preset": str(lane.preset.values),
            "site": str(lane.site.values),
            "drug": str(lane.drug.values),
            "weight_kg": float(lane.weight),
            "time_h": lane.time.values.tolist(),
            **{key: lane[name].values.tolist() for key, name in _SERIES.items()},
            **{key: float(lane[name]) for key, name in _NUMBERS.items()},
            **({} if people is None else {"population": _population(people)}),
            "source": preset(str(lane.preset.values)).source,
            "warnings": cautions(part, [preset(str(lane.preset.values))], lane),
            "disclaimer": DISCLAIMER,
        }
        for part, lane, people in zip(regimen.subjects().values(), _lanes(course), _beside(course, around), strict=True)
    ]


def _population(people: xr.Dataset) -> dict[str, Any]:
    numbers = {
        key: {str(s.values): float(people[name].sel(statistic=s)) for s in people.statistic}
        for key, name in _NUMBERS.items()
    }
    return {key: people.attrs[key] for key in ("subjects", "seed", "interval", "spread")} | numbers


def as_json(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None) -> str:
    """Return the JSON object of ``nmdasim pk``; several subjects come as a list ``subjects``."""
    found = records(regimen, course, around)
    if len(found) == 1:
        return json.dumps(found[0])
    named = [{"id": one} | record for one, record in zip(regimen.ids, found, strict=True)]
    return json.dumps({"subjects": named, "disclaimer": DISCLAIMER})


def table(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None) -> pd.DataFrame:
    """Return one row per subject and time; the population's columns are empty where it was not read."""
    parts = []
    for one, lane, people in zip(regimen.ids, _lanes(course), _beside(course, around), strict=True):
        labels = {"id": one, "preset": str(lane.preset.values), "site": str(lane.site.values)}
        named = columns.named(lane)
        series = {named[key]: lane[key].values for key in ("time", *_SERIES.values())}
        part = pd.DataFrame(labels | {"drug": str(lane.drug.values)} | series)
        if people is not None:
            for name in people.statistic.values:
                drawn = pd.Series(people.plasma.sel(statistic=name).values, index=people.time.values)
                column = columns.name(f"plasma_{name}", people.plasma.attrs["units"], "total")
                part[column] = part[named["time"]].map(drawn)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def figure(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None, *, slide: bool) -> Figure:
    """Return the figure; as a slide, the concentrations alone, under what was given and how high it rises.

    Of doses that are days apart a slide shows the hours after the one of the highest concentration.
    """
    if slide:
        with style("slide"):
            shown, number, count = _session(regimen, course)
            people = None if around is None else _cut(around, shown)
            ax = plot_pk.concentration(_cut(course, shown), spread=people)
            ax.set_title(_says(regimen, course), wrap=True)
            if number:
                ax.set_xlabel(f"time after dose {number} of {count}, h")
    else:
        ax = plot_pk.pk(course, around, regimen)[0]
    drawn = ax.get_figure(root=True)
    assert drawn is not None
    return drawn


def _session(regimen: Regimen, course: xr.Dataset) -> tuple[tuple[float, float], int, int]:
    """Return the hours that a slide shows, and where these are not all, after which dose of how many they are."""
    doses = sorted((one for one in regimen.written_out().events if one.is_dose), key=lambda one: one.time_h)
    starts = np.array([event.time_h for event in doses])
    whole = float(course.time[0]), float(course.time[-1])
    if "subject" in course.dims or len(doses) < 2 or np.diff(np.append(starts, np.inf)).min() < _DAY:
        return whole, 0, 1
    last = int(np.searchsorted(starts, float(course.tmax) / 60, side="right")) - 1
    end = min(starts[last] + doses[last].over_h + _AFTER, whole[1])
    return ((starts[last], end), last + 1, len(doses)) if end - starts[last] >= _LEAST else (whole, 0, 1)


def _cut(data: xr.Dataset, hours: tuple[float, float]) -> xr.Dataset:
    """Return what lies in these hours, counted from the first of them."""
    part = data.sel(time=slice(*hours))
    return part.assign_coords(time=(part.time - hours[0]).assign_attrs(part.time.attrs))


def _says(regimen: Regimen, course: xr.Dataset) -> str:
    given = regimen.name or "From the dose to plasma and effect site"
    if "subject" in course.dims:
        return given
    highest, when = float(course.cmax), float(course.tmax)
    (start, _), number, _ = _session(regimen, course)
    if not number:
        return f"{given}: {highest:.0f} ng/ml in plasma after {_clock(when)}"
    return f"{given}: up to {highest:.0f} ng/ml in plasma, {_clock(when - 60 * start)} after a dose"


def save(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None, folder: Path, *, slide: bool = False) -> None:
    """Write ``pk.png``, ``.svg``, ``.csv``, ``.nc`` and the dosing rows ``regimen.csv`` into `folder`."""
    drawn, notes = figure(regimen, course, around, slide=slide), [DISCLAIMER, origin(course.attrs), _TOTAL]
    rows, more = table(regimen, course, around), {"regimen.csv": regimen.to_csv}
    files.save(folder, "pk", drawn, rows, _merged(course, around), notes, more)


def _merged(course: xr.Dataset, around: xr.Dataset | None) -> xr.Dataset:
    if around is None:
        return course
    people = around.rename({"time": "time_population"} | {name: f"population_{name}" for name in around.data_vars})
    attrs = {key: people.attrs[key] for key in ("subjects", "seed", "interval", "spread")}
    return course.merge(people.drop_attrs(deep=False)).assign_attrs(course.attrs | attrs)


def show(regimen: Regimen, course: xr.Dataset, around: xr.Dataset | None, folder: Path | None) -> None:
    """Print doses, highest concentration, area, reported bands, warnings and the disclaimer."""
    console = Console(highlight=False)
    console.print(str(regimen).replace(DISCLAIMER, "").strip(), markup=False)
    cohort = "in a cohort" if around is None else f"in a cohort ({around.attrs['interval'].removesuffix(' of people')})"
    shown = Table("subject", "weight", "highest total plasma", "at", "area to infinity", cohort)
    lanes = list(zip(regimen.ids, _lanes(course), _beside(course, around), strict=True))
    for one, lane, people in lanes[:20]:
        numbers = f"{float(lane.cmax):.1f} ng/ml", _clock(float(lane.tmax)), f"{float(lane.auc_inf):.0f} ng·h/ml"
        shown.add_row(Text(plain(one)), f"{float(lane.weight):g} kg", *numbers, _people(people))
    console.print(shown)
    if len(lanes) > 20:
        console.print(f"… and {several(len(lanes) - 20, 'more subject')}.")
    console.print(origin(course.attrs), markup=False)
    reported = "; ".join(f"{band.text} {band.range} ({short(band.source)})" for band in bands())
    console.print(f"As reported, none a target: {reported}.", style="dim", markup=False)
    for warning in course.attrs["warnings"].splitlines():
        console.print(warning, style="yellow", markup=False)
    console.print(DISCLAIMER, style="bold")
    if folder is not None:
        console.print(f"Saved pk.png, .svg, .csv, .nc and regimen.csv in {folder}/", markup=False)


def _clock(minutes: float) -> str:
    """Return a time in the unit in which one would say it."""
    if minutes < 180:
        return f"{minutes:.0f} min"
    return f"{brief(minutes / 60, 3)} h" if minutes < 72 * 60 else f"{brief(minutes / 1440, 3)} days"


def _people(people: xr.Dataset | None) -> str:
    if people is None:
        return "none"
    mean, low, high = np.asarray(people.cmax.values, dtype=float)
    return f"{mean:.0f} ({low:.0f}–{high:.0f}) ng/ml"
