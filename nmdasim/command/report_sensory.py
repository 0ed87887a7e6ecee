"""What ``nmdasim sensory`` computes, prints and saves."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
import xarray as xr
from rich.console import Console
from rich.table import Table

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.plot import sensitization as plot_sensory
from nmdasim.readout import files, measures
from nmdasim.studies import sensitization as sensory


def run(state: str, ketamine: str, seed: int, repeats: int) -> tuple[dict[str, Any], xr.Dataset, xr.Dataset]:
    """Return the answer as JSON names it, and the responses of the naive circuit and of the one asked for."""
    circuit, rho = sensory.in_state(state)
    free = quantities.si(ketamine, "uM", name="ketamine")
    if free.ndim or free < 0:
        raise InputError(f"ketamine = {ketamine}; give one concentration, 0 or more")
    if seed < 0 or repeats < 1:
        raise InputError(f"seed = {seed}, repeats = {repeats}; a seed is 0 or more, repeats 1 or more")
    seeds = range(seed, seed + repeats)
    before = sensory.stimulus_response(sensory.in_state("naive")[0], seed=seeds)
    after = sensory.stimulus_response(circuit, rho=rho, ketamine=ketamine, seed=seeds)
    answer: dict[str, Any] = {"state": state}
    for kind in ("touch", "noxious"):
        mean = after.mean("seed")
        least = float(measures.threshold(mean, kind))
        answer[kind] = {
            "intensity": [float(x) for x in mean.intensity],
            "spikes": [float(x) for x in mean.spikes.sel(kind=kind)],
            "threshold": None if math.isnan(least) else least,
        }
    answer["allodynia_index"] = float(measures.allodynia_index(before.mean("seed"), after.mean("seed")))
    answer["hyperalgesia_index"] = float(measures.hyperalgesia_index(before.mean("seed"), after.mean("seed")))
    answer["disclaimer"] = DISCLAIMER
    return answer, before, after


def save(before: xr.Dataset, after: xr.Dataset, folder: Path) -> None:
    """Write figure, table and result."""
    mpl.use("Agg")
    figure = plot_sensory.stimulus_response({"naive": before, "this state": after})[0].figure
    tables = [d.spikes.to_dataframe().reset_index().assign(circuit=n) for n, d in (("naive", before), ("this", after))]
    files.save(folder, "sensory", figure, pd.concat(tables), after, [DISCLAIMER])


def show(answer: dict[str, Any], folder: Path | None) -> None:
    """Print a table."""
    console = Console()
    table = Table(title=f"Dorsal-horn circuit, {answer['state']}: spikes of a projection neuron")
    for column in ("share of fibres", "touch", "noxious"):
        table.add_column(column, justify="right")
    for x, a, b in zip(
        answer["touch"]["intensity"], answer["touch"]["spikes"], answer["noxious"]["spikes"], strict=True
    ):
        table.add_row(f"{x:g}", f"{a:.1f}", f"{b:.1f}")
    console.print(table)
    least = answer["touch"]["threshold"]
    found = "none" if least is None else f"{least:g}"
    console.print(f"touch threshold {found}, allodynia index {answer['allodynia_index']:.2f}")
    console.print(f"hyperalgesia index {answer['hyperalgesia_index']:.2f}")
    if folder is not None:
        console.print(f"saved in {folder}")
    console.print(answer["disclaimer"], style="dim")
