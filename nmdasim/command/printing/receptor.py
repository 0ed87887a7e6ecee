"""What ``nmdasim receptor`` prints and saves."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from rich.text import Text

from nmdasim.command.terminal import plain
from nmdasim.plot import receptor as plot_receptor
from nmdasim.plot.look import style
from nmdasim.quantities import brief, pretty, split
from nmdasim.readout import columns, files

#: What a key of the answer is called in the table.
_WORDS = {
    "scheme": "kinetic scheme",
    "peak_open": "peak open probability",
    "time_to_peak_ms": "time to peak, ms",
    "decay_1e_ms": "decay from the peak to 1/e, ms",
    "open": "open probability, with Mg",
    "open_without_mg": "open probability, without Mg",
    "ratio": "share that Mg leaves",
    "ic50_um": "IC50, µM free",
}


def written(text: str) -> str:
    """Return a quantity that was given as text as it is printed, ``"500uM"`` as ``"500 µM"``."""
    value, unit = split(text)
    return f"{brief(value)} {pretty(unit)}".strip()


def number(value: Any) -> float | None:
    """Return a number as JSON has it: none where it is not finite."""
    given = float(value)
    return given if math.isfinite(given) else None


def answer(
    numbers: Mapping[str, Any], attrs: Mapping[str, str], as_json: bool, conditions: str, saved: str = ""
) -> None:
    """Print the numbers, which of the parameters behind them are not verified, and what was saved.

    The keys of JSON are fixed; where there is a drug, the disclaimer goes to standard error beside it.
    """
    if as_json:
        print(json.dumps(numbers))
        if "drug" in attrs:
            print(attrs["disclaimer"], file=sys.stderr)
        return
    table = Table("read-out", "value", title=Text(plain(conditions).replace(" -", " −")))
    for name, value in numbers.items():
        table.add_row(
            _WORDS[name], "none" if value is None else Text(plain(value)) if isinstance(value, str) else brief(value, 5)
        )
    console = Console()
    console.print(table)
    if attrs["unverified_parameters"]:
        console.print(_unverified(attrs), style="yellow", highlight=False)
    if attrs.get("warnings"):
        console.print(attrs["warnings"], style="yellow", highlight=False, markup=False)
    console.print(attrs["disclaimer"], style="dim")
    if saved:
        console.print(saved, highlight=False, markup=False)


def _unverified(attrs: Mapping[str, str]) -> str:
    return f"Unverified or assumed parameters: {', '.join(attrs['unverified_parameters'].split())}."


def figure(result: xr.Dataset, name: str, *, slide: bool) -> Figure:
    """Return the figure of a read-out, or the slide: both have one panel."""
    with style("slide") if slide else nullcontext():
        draw = getattr(plot_receptor, name)
        drawn = draw(result if name == "steady" else [result]).get_figure(root=True)
    assert isinstance(drawn, Figure)
    return drawn


def save(result: xr.Dataset, name: str, folder: Path, *, slide: bool = False) -> str:
    """Write ``<name>.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`, and return what to say of it."""
    dims = next(dims for dims in (("time",), ("concentration",), ("mg", "v")) if set(dims) <= set(result.dims))
    series = [str(key) for key, values in result.data_vars.items() if values.dims == dims]
    notes = [
        result.attrs["disclaimer"],
        *([_unverified(result.attrs)] if result.attrs["unverified_parameters"] else []),
    ]
    rows = result[series].to_dataframe()[series].reset_index().rename(columns=columns.named(result))
    files.save(folder, name, figure(result, name, slide=slide), rows, result, notes)
    return f"Saved {name}.png, .svg, .csv and .nc in {folder}/"
