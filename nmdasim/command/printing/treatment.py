"""What ``nmdasim treatment`` prints and saves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.pharmacology import Regimen
from nmdasim.plot import treatment as plot_treatment
from nmdasim.plot.look import style
from nmdasim.plot.style import origin
from nmdasim.readout import columns, files
from nmdasim.treatment.burden import burden

_SERIES = {
    "time_d": "time_d",
    "plasma_ng_ml": "plasma",
    "slow_relief": "slow_relief",
    "acute_relief": "acute_relief",
    "pain": "pain",
    "pain_low": "pain_low",
    "pain_high": "pain_high",
}


def as_json(result: xr.Dataset, regimen: str) -> str:
    """Return the JSON object; `regimen` is what was asked for."""
    head = {"state": result.attrs["state"], "model": result.attrs["model"], "regimen": regimen}
    series = {key: result[name].values.tolist() for key, name in _SERIES.items()}
    told = {key: result.attrs[key] for key in ("preset", "site", "source", "interval", "readout")}
    warnings = result.attrs["warnings"].splitlines()
    return json.dumps(head | series | told | {"warnings": warnings, "disclaimer": DISCLAIMER})


def table(result: xr.Dataset) -> pd.DataFrame:
    """Return one row per time."""
    named = columns.named(result)
    return pd.DataFrame({named[name]: result[name].values for name in _SERIES.values()})


def figure(result: xr.Dataset, regimen: Regimen, *, slide: bool) -> Figure:
    """Return the figure; as a slide, pain alone under what was given."""
    if slide:
        with style("slide"):
            ax = plot_treatment.pain(result)
            told = ax.get_title(loc="left") or ax.get_title()
            ax.set_title(f"{regimen.name or 'What was given'}\n{told}", wrap=True)
    else:
        ax = plot_treatment.year(result, regimen)[0]
    drawn = ax.get_figure(root=True)
    assert drawn is not None
    return drawn


def save(result: xr.Dataset, regimen: Regimen, folder: Path, *, slide: bool = False) -> None:
    """Write ``treatment.png``, ``.svg``, ``.csv``, ``.nc`` and the dosing rows ``regimen.csv`` into `folder`."""
    drawn = figure(result, regimen, slide=slide)
    files.save(folder, "treatment", drawn, table(result), result, [DISCLAIMER, origin(result.attrs)])
    files.write_whole(folder / "regimen.csv", regimen.to_csv)


def show(result: xr.Dataset, regimen: Regimen, folder: Path | None) -> None:
    """Print what is given, week by week what the model says, the burden, warnings and the disclaimer."""
    console = Console(highlight=False)
    console.print(f"{regimen.name or 'regimen'}, state {result.attrs['state']}, {result.attrs['model']}", markup=False)
    rated = f"pain, 0 to 10 ({result.attrs['interval']})"
    shown = Table("day", "total plasma, ng/ml", "acute relief", "slow relief", rated)
    last = float(result.time_d[-1])
    for day in np.unique(np.round(np.linspace(0, last, 13), 3)):
        at = result.sel(time_d=day, method="nearest")
        pain = f"{float(at.pain):.1f} ({float(at.pain_low):.1f}–{float(at.pain_high):.1f})"
        numbers = f"{float(at.plasma):.0f}", f"{float(at.acute_relief):.2f}", f"{float(at.slow_relief):.2f}"
        shown.add_row(f"{float(at.time_d):.1f}", *numbers, pain)
    console.print(shown)
    console.print(str(burden(regimen, result.attrs["preset"])), markup=False)
    console.print(origin(result.attrs), markup=False)
    for warning in result.attrs["warnings"].splitlines():
        console.print(warning, style="yellow", markup=False)
    console.print(f"Pain is a {result.attrs['readout']}.", style="dim")
    console.print(DISCLAIMER, style="bold")
    if folder is not None:
        console.print(f"Saved treatment.png, .svg, .csv, .nc and regimen.csv in {folder}/")
