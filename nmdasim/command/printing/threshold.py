"""What ``nmdasim threshold`` prints and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from nmdasim.command.printing.tables import NARROW
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot import reflex as plot_reflex
from nmdasim.plot.look import style
from nmdasim.quantities import brief, converted, several
from nmdasim.readout import columns, files

_STRENGTH = "Strength is a factor on every synapse of the volley; 1 is the published one."


def answer(found: xr.Dataset) -> dict[str, Any]:
    """Return what JSON says: the median threshold and the mean recruitment curve of every concentration."""
    return {
        "model": found.attrs["model"],
        "runs": [
            {
                "ketamine_um": float(converted(one.ketamine.values, one.ketamine.units, "uM")),
                "strength": float(one.threshold.median()),
                "recruitment": {
                    "strength": [float(x) for x in one.strength],
                    "spikes": [float(x) for x in one.spikes.mean("seed")],
                },
            }
            for k in range(found.sizes["ketamine"])
            for one in [found.isel(ketamine=k)]
        ],
        "disclaimer": DISCLAIMER,
    }


def as_json(found: xr.Dataset) -> str:
    """Return the answer as one JSON object."""
    return json.dumps(answer(found))


def figure(found: xr.Dataset, *, slide: bool) -> Figure:
    """Return the figure; as a slide, recruitment alone under what was found."""
    if slide:
        with style("slide"):
            ax = plot_reflex.recruitment(found)
    else:
        ax = plot_reflex.threshold(found)[0]
    drawn = ax.get_figure(root=True)
    assert drawn is not None
    return drawn


def save(found: xr.Dataset, folder: Path, *, slide: bool = False) -> None:
    """Write ``threshold.png``, ``.svg``, ``.csv``, ``.nc`` and the curves ``recruitment.csv`` into `folder`."""
    notes = [found.attrs["disclaimer"], _STRENGTH]
    table, curves = (found[name].to_dataframe().reset_index() for name in ("threshold", "spikes"))
    named = columns.named(found)
    text = files.as_csv(curves.rename(columns=named), notes)
    more = {"recruitment.csv": lambda path: path.write_text(text, encoding="utf-8")}
    drawn = figure(found, slide=slide)
    files.save(folder, "threshold", drawn, table.rename(columns=named), found, notes, more)


def show(found: xr.Dataset, folder: Path | None = None) -> None:
    """Print a table: a row a concentration, the threshold and the spikes at some multiples of it."""
    times = (1.0, 1.2, 2.0, 5.0)
    title = f"Threshold of {found.attrs['model']}, and spikes beyond"
    columns = ("free ketamine", "threshold\n(strength)", *(f"{k:g} ×\n(spikes)" for k in times))
    table = Table(*columns, title=title, **NARROW)
    for dose, run in zip(found.ketamine, answer(found)["runs"], strict=True):
        curve = run["recruitment"]
        spikes = np.interp([k * run["strength"] for k in times], curve["strength"], curve["spikes"])
        told = (brief(number, 3) for number in (run["strength"], *spikes))
        table.add_row(f"{brief(float(dose))} {dose.units}", *told)
    console = Console()
    console.print(table)
    draws = several(found.sizes["seed"], "latency draw")
    said = f"Median threshold of {draws}, and the mean of their spikes at multiples of it."
    console.print(said, _STRENGTH, highlight=False)
    console.print(DISCLAIMER, style="dim")
    if folder is not None:
        saved = "Saved threshold.png, .svg, .csv, .nc and recruitment.csv in"
        console.print(f"{saved} {folder}/", highlight=False, markup=False)
