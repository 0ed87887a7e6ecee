"""What ``nmdasim sensory`` prints and saves."""

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

from nmdasim.command.printing.tables import signed
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot import sensitization as plot_sensory
from nmdasim.plot.look import style
from nmdasim.quantities import brief, pretty, split
from nmdasim.readout import columns, files, measures


def as_json(answer: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(answer)


def figure(answer: Mapping[str, Any], before: xr.Dataset, after: xr.Dataset, *, slide: bool) -> Figure:
    """Return the figure, or the slide: the naive circuit beside the one that was asked for, which is named."""
    asked = f"{answer['state']}{_dose(after)}"
    touched, hurt = answer["allodynia_index"], answer["hyperalgesia_index"]
    same = f"{of_touch(after)} ({asked})"
    says = "Touch comes to hurt" if touched > 0 else "Pain hurts more" if hurt > 0.05 else same
    shown = {"naive": before} if asked == "naive" else {"naive, no drug": before, asked: after}
    return drawn_as(shown, says, slide=slide)


def of_touch(found: xr.Dataset) -> str:
    """Return whether touch brings projection neurons to fire, as a person would say it."""
    return f"Touch {'comes to hurt' if bool(measures.threshold(found.mean('seed')).notnull()) else 'does not hurt'}"


def _dose(found: xr.Dataset) -> str:
    """Return the free ketamine that a run was given, for its name; nothing where there was none."""
    numbers = json.loads(found.attrs.get("parameters", "{}"))
    texts = (text for name, text in numbers.items() if name.rpartition(".")[2] == "ketamine")
    text = next(texts, "0 uM")
    number, unit = split(text)
    return "" if number == 0 else f", {brief(number)} {pretty(unit)} free ketamine"


def drawn_as(responses: Mapping[str, xr.Dataset], message: str, *, slide: bool) -> Figure:
    """Return the figure of responses by label; as a slide, one panel of what touch does."""
    if slide:
        with style("slide"):
            only = {label: found.sel(kind=["touch"]) for label, found in responses.items()}
            (ax,) = plot_sensory.stimulus_response(only, message=message)
    else:
        ax = plot_sensory.stimulus_response(responses, message=message)[0]
    drawn = ax.get_figure(root=True)
    assert drawn is not None
    return drawn


def save(
    answer: Mapping[str, Any], before: xr.Dataset, after: xr.Dataset, folder: Path, *, slide: bool = False
) -> None:
    """Write figure, table and result."""
    drawn = figure(answer, before, after, slide=slide)
    tables = [rows(found).assign(circuit=name) for name, found in (("naive", before), ("this", after))]
    files.save(folder, "sensory", drawn, pd.concat(tables), after, [DISCLAIMER])


def rows(found: xr.Dataset) -> pd.DataFrame:
    """Return one row per kind of stimulus, intensity, seed and free concentration."""
    return found.spikes.to_dataframe().reset_index().rename(columns=columns.named(found))


def show(answer: dict[str, Any], after: xr.Dataset, folder: Path | None) -> None:
    """Print a table; `after` is what was asked for, with its drug."""
    console = Console()
    table = Table(title=f"Dorsal-horn circuit, {answer['state']}{_dose(after)}: spikes of a projection neuron")
    for column in (
        "share of fibres",
        "touch, spikes",
        "noxious, spikes",
        "naive: touch, spikes",
        "naive: noxious, spikes",
    ):
        table.add_column(column, justify="right")
    curves = [own[kind]["spikes"] for own in (answer, answer["naive"]) for kind in ("touch", "noxious")]
    for x, *spikes in zip(answer["touch"]["intensity"], *curves, strict=True):
        table.add_row(f"{x:g}", *(f"{n:.1f}" for n in spikes))
    console.print(table)
    least = answer["touch"]["threshold"]
    found = "none" if least is None else f"{least:g} of the fibres"
    console.print(f"touch threshold {found}, allodynia index {signed(answer['allodynia_index'], 2)}")
    console.print(f"hyperalgesia index {signed(answer['hyperalgesia_index'], 2)}")
    console.print(answer["disclaimer"], style="dim")
    if folder is not None:
        console.print(f"Saved sensory.png, .svg, .csv and .nc in {folder}/", highlight=False, markup=False)
