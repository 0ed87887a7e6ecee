"""What ``nmdasim threshold`` prints."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr
from rich.console import Console
from rich.table import Table

from nmdasim.command.printing.tables import NARROW
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.quantities import brief, converted, several


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


def show(found: xr.Dataset) -> None:
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
    console.print(said, "Strength is a factor on every synapse of the volley; 1 is the published one.", highlight=False)
    console.print(DISCLAIMER, style="dim")
