"""What ``nmdasim trials`` prints and saves."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Column, Table

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot import treatment as plot_treatment
from nmdasim.plot.look import style
from nmdasim.quantities import several
from nmdasim.readout import files
from nmdasim.treatment import Trial

_SCORES = ("free_parameters", "log_likelihood", "mean_error", "missed")


def as_json(chosen: Sequence[Trial], found: xr.Dataset | None) -> str:
    """Return the JSON object: trials with what each rival predicts, and the scores."""
    told = [dataclasses.asdict(one) | {"measures": _measures(one, found)} for one in chosen]
    scores = {} if found is None else {str(m): _scores(found.sel(model=m)) for m in found.model.values}
    return json.dumps({"trials": told, "scores": scores, "disclaimer": DISCLAIMER})


def _measures(one: Trial, found: xr.Dataset | None) -> list[dict[str, Any]]:
    if found is None or not one.measures:
        return []
    mine = found.isel(measure=(found.trial == one.name).values)
    return [
        dataclasses.asdict(measure)
        | {"predicted": {str(m): float(mine.predicted.sel(model=m)[k]) for m in found.model.values}}
        | {"met": {str(m): bool(mine.met.sel(model=m)[k]) for m in found.model.values}}
        for k, measure in enumerate(one.measures)
    ]


def _scores(one: xr.Dataset) -> dict[str, float | None]:
    numbers = {name: float(one[name]) for name in _SCORES}
    return {name: None if math.isnan(value) else value for name, value in numbers.items()}


def figure(found: xr.Dataset, *, slide: bool = False) -> Figure:
    """Return the figure, or the slide."""
    with style("slide") if slide else nullcontext():
        drawn = plot_treatment.trials(found).get_figure(root=True)
    assert drawn is not None
    return drawn


def save(found: xr.Dataset, folder: Path, *, slide: bool = False) -> None:
    """Write ``trials.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`."""
    columns = ["trial", "what", "scale", "arm", "day", "seen", "sd", "fitted", "predicted", "error", "met"]
    rows = found[["seen", "sd", "predicted", "error", "met"]].to_dataframe().reset_index()
    files.save(folder, "trials", figure(found, slide=slide), rows[["model", *columns]], found, [DISCLAIMER])


def show(chosen: Sequence[Trial], found: xr.Dataset | None, folder: Path | None) -> None:
    """Print each trial, then what was seen beside what each rival says."""
    console = Console(highlight=False)
    for one in chosen:
        console.print(str(one).replace(DISCLAIMER, "").strip(), markup=False)
    if found is not None:
        console.print(_table(found))
        for model in found.model.values:
            console.print(_sentence(found.sel(model=model)), markup=False)
        told = "Models are on the scale of what was seen; a miss lies beyond 2 standard errors."
        console.print(f"{told} Scores count what was not fitted.", style="dim")
    console.print(DISCLAIMER, style="bold")
    if folder is not None and found is not None:
        console.print(f"Saved trials.png, .svg, .csv and .nc in {folder}/")


def _table(found: xr.Dataset) -> Table:
    """Return what was seen beside what each rival says, in 80 columns: a line a number, those of a measure together."""
    models = [str(name) for name in found.model.values]
    shown = Table("measure (scale)", Column("seen ± standard error", max_width=13), *models, show_edge=False)
    measure = ""
    for k in range(found.sizes["measure"]):
        row = found.isel(measure=k)
        said = [f"{float(row.predicted[m]):.2f}{'' if bool(row.met[m]) else ' miss'}" for m in range(len(models))]
        fitted = " (fitted)" if bool(row.fitted) else ""
        of = f"{row.trial.item()}{fitted}: {row.what.item()} ({row.scale.item()})"
        if of != measure:
            shown.add_section()
            shown.add_row(of)
            measure = of
        when = plot_treatment.moment(float(row.day))
        shown.add_row(f"  {row.arm.item()}, {when}", f"{float(row.seen):.2f} ± {float(row.sd):.2f}", *said)
    return shown


def _sentence(one: xr.Dataset) -> str:
    free, missed, of = int(one.free_parameters), int(one.missed), int((~one.fitted).sum())
    if not of:
        return f"{one.model.item()}: {several(free, 'free parameter')}; all of this was fitted, nothing is scored."
    error = f"root mean square error {float(one.mean_error):.1f} standard errors"
    score = f"log-likelihood {float(one.log_likelihood):.1f}, {error}"
    return f"{one.model.item()}: {several(free, 'free parameter')}; {score}, {missed} of {of} missed."
