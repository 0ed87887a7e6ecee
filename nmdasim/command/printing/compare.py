"""What ``nmdasim compare`` prints and saves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from nmdasim.command.printing.sensory import drawn_as, of_touch, rows
from nmdasim.command.printing.tables import NARROW, signed
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.quantities import brief
from nmdasim.readout import files, measures


def as_json(answer: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(answer)


def figure(responses: Mapping[str, xr.Dataset], *, slide: bool) -> Figure:
    """Return the figure of all cases."""
    return drawn_as(responses, says(responses, slide=slide), slide=slide)


def says(responses: Mapping[str, xr.Dataset], *, slide: bool = False) -> str:
    """Return what the cases show: does touch hurt, and, but on a slide, what does the drug take of pain."""
    state, last = [label for label in responses if "ketamine" not in label][-1], list(responses)[-1]
    hurts, still = (bool(measures.threshold(responses[one].mean("seed")).notnull()) for one in (state, last))
    if last == state:
        return f"{of_touch(responses[state])} ({state})"
    touch = "Touch still hurts" if still else "Touch no longer hurts" if hurts else "Touch does not hurt"
    strongest = {one: responses[one].spikes.sel(kind="noxious").isel(intensity=-1) for one in (state, last)}
    before, after = (float(strongest[one].mean()) for one in (state, last))
    if slide or not before > 0:
        return f"{touch} ({last})"
    change = signed(100 * (after / before - 1), 0, plus=True)
    return f"{touch}, noxious answer {'unchanged' if change == '0' else f'{change} %'} ({last})"


def save(responses: Mapping[str, xr.Dataset], folder: Path, *, slide: bool = False) -> None:
    """Write ``compare.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`."""
    tables = [rows(found).assign(case=label) for label, found in responses.items()]
    every = [found[["spikes"]] for found in responses.values()]  # concentrations of all are in one unit
    result = xr.concat(every, dim="case", combine_attrs="drop_conflicts").assign_coords(case=list(responses))
    files.save(folder, "compare", figure(responses, slide=slide), pd.concat(tables), result, [DISCLAIMER])


def show(answer: dict[str, Any], folder: Path | None) -> None:
    """Print one table: a row a case."""
    console = Console()
    table = Table(title="Dorsal-horn circuit: spikes of a projection neuron, strongest stimulus", **NARROW)
    for column in ("case", "touch\n(spikes)", "noxious\n(spikes)", "touch\nthreshold", "allodynia", "hyperalgesia"):
        table.add_column(column, justify="left" if column == "case" else "right")
    for case in answer["cases"]:
        least = case["touch"]["threshold"]
        spikes = (f"{case[kind]['spikes'][-1]:.1f}" for kind in ("touch", "noxious"))
        indices = (signed(case[f"{name}_index"], 2) for name in ("allodynia", "hyperalgesia"))
        table.add_row(case["case"], *spikes, "none" if least is None else brief(least, 6), *indices)
    console.print(table)
    console.print("Touch threshold: share of the fibres. Indices: against the naive circuit without drug.", style="dim")
    console.print(answer["disclaimer"], style="dim")
    if folder is not None:
        console.print(f"Saved compare.png, .svg, .csv and .nc in {folder}/", highlight=False, markup=False)
