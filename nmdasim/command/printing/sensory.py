"""What ``nmdasim sensory`` prints and saves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot import sensitization as plot_sensory
from nmdasim.readout import files


def as_json(answer: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(answer)


def save(before: xr.Dataset, after: xr.Dataset, folder: Path) -> None:
    """Write figure, table and result."""
    figure = plot_sensory.stimulus_response({"naive": before, "this state": after})[0].get_figure(root=True)
    assert figure is not None
    tables = [d.spikes.to_dataframe().reset_index().assign(circuit=n) for n, d in (("naive", before), ("this", after))]
    files.save(folder, "sensory", figure, pd.concat(tables), after, [DISCLAIMER])


def show(answer: dict[str, Any], folder: Path | None) -> None:
    """Print a table."""
    console = Console()
    table = Table(title=f"Dorsal-horn circuit, {answer['state']}: spikes of a projection neuron")
    for column in ("share of fibres", "touch, spikes", "noxious, spikes", "touch, naive", "noxious, naive"):
        table.add_column(column, justify="right")
    curves = [own[kind]["spikes"] for own in (answer, answer["naive"]) for kind in ("touch", "noxious")]
    for x, *spikes in zip(answer["touch"]["intensity"], *curves, strict=True):
        table.add_row(f"{x:g}", *(f"{n:.1f}" for n in spikes))
    console.print(table)
    least = answer["touch"]["threshold"]
    found = "none" if least is None else f"{least:g}"
    console.print(f"touch threshold {found}, allodynia index {answer['allodynia_index']:.2f}")
    console.print(f"hyperalgesia index {answer['hyperalgesia_index']:.2f}")
    if folder is not None:
        console.print(f"saved in {folder}", markup=False)
    console.print(answer["disclaimer"], style="dim")
