"""What commands print and save: JSON objects, tables and files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from rich import box
from rich.console import Console
from rich.table import Column, Table

from nmdasim import quantities
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.readout import files, measures

#: Tables without frames: a terminal of 80 columns shows them whole.
_NARROW: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 0)}


def _lanes(data: xr.Dataset) -> Iterator[xr.Dataset]:
    for dose in range(data.sizes["ketamine"]):
        for seed in range(data.sizes["seed"]):
            yield data.isel(ketamine=dose, seed=seed)


def windup_runs(result: xr.Dataset) -> list[dict[str, Any]]:
    """Return one record per concentration and seed, with the keys of ``nmdasim windup --json``."""
    measured = measures.windup(result)
    start, end = float(result.pulse_time[0]), float(result.window_end[0])
    return [
        {
            "model": result.attrs["model"],
            "engine": result.attrs["engine"],
            "dt_ms": result.attrs["dt_ms"],
            "frequency_hz": round(1e3 / (end - start), 9),
            "ketamine_um": float(lane.ketamine),
            "block": result.attrs["block"],
            "seed": int(lane.seed),
            "early": lane.early.values.astype(int).tolist(),
            "late": lane.late.values.astype(int).tolist(),
            "input": int(lane["input"]),
            "index": int(lane["index"]),
            "ratio": _number(lane.ratio),
            "ca_peak_um": summary.ca_peak.values.round(6).tolist(),
            "blocked": summary.blocked.values.round(9).tolist(),
        }
        for lane, summary in zip(_lanes(measured), _lanes(result), strict=True)
    ]


def _number(value: Any) -> float | None:
    number = float(value)
    return round(number, 6) if math.isfinite(number) else None


def windup_json(result: xr.Dataset) -> str:
    """Return the JSON object of ``nmdasim windup``."""
    return json.dumps({"runs": windup_runs(result), "disclaimer": result.attrs["disclaimer"]})


def windup_table(result: xr.Dataset) -> pd.DataFrame:
    """Return one row per concentration, seed and pulse."""
    rows = []
    for run in windup_runs(result):
        constant = {
            key: run[key] for key in ("model", "engine", "dt_ms", "frequency_hz", "ketamine_um", "block", "seed")
        }
        columns = zip(run["early"], run["late"], run["ca_peak_um"], run["blocked"], strict=True)
        for pulse, (early, late, calcium, blocked) in enumerate(columns, 1):
            rows.append(constant | {"pulse": pulse, "early_spikes": early, "late_spikes": late,
                                    "ca_peak_um": calcium, "blocked": blocked})  # fmt: skip
    return pd.DataFrame(rows)


def save_windup(result: xr.Dataset, folder: Path) -> None:
    """Write ``windup.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from nmdasim import plot  # noqa: PLC0415

    figure = plot.windup(result)[0].figure
    files.save(folder, "windup", figure, windup_table(result), result, [result.attrs["disclaimer"]])


def print_windup(result: xr.Dataset, folder: Path | None) -> None:
    """Print the wind-up of every concentration: mean over seeds, and the range of the middle 95 % of them."""
    measured = measures.windup(result)
    console = Console()
    title = f"Wind-up of {result.attrs['model']} · {result.attrs['engine']} · dt {result.attrs['dt_ms']:g} ms"
    table = Table("ketamine", "first", "last 3", "index", "ratio", title=title, **_NARROW)
    counts = []
    for k, dose in enumerate(measured.ketamine.values):
        lane = measured.isel(ketamine=k)
        last = lane.late.isel(pulse=slice(-3, None)).mean("pulse")
        cells = [_spread(values) for values in (lane["input"], last, lane["index"], lane.ratio)]
        table.add_row(f"{dose:g} µM", *cells)
        counts.append(f"{dose:g} µM: " + " ".join(f"{value:.3g}" for value in lane.late.mean("seed").values))
    console.print(table)
    if measured.sizes["seed"] > 1:
        console.print(f"Mean (2.5 to 97.5 % of {measured.sizes['seed']} latency draws).", style="dim")
    console.print("Late spikes after each pulse", *counts, sep="\n  ", highlight=False)
    if result.attrs["block"] != "none":
        console.print(f"Ketamine block at the start: {result.attrs['block']}.")
    console.print(result.attrs["disclaimer"], style="dim")
    if folder is not None:
        console.print(f"Saved windup.png, .svg, .csv and .nc in {folder}/", highlight=False)


def _spread(values: xr.DataArray) -> str:
    numbers = np.asarray(values.values, dtype=float)
    numbers = numbers[np.isfinite(numbers)]
    if not len(numbers):
        return "–"
    if len(numbers) == 1:
        return f"{numbers[0]:.3g}"
    low, high = np.quantile(numbers, [0.025, 0.975])
    return f"{numbers.mean():.3g} ({low:.3g}–{high:.3g})"


def parameter_rows(model: Model | Circuit) -> list[dict[str, Any]]:
    """Return one record per parameter: name, value, unit, source, kind, status, description.

    Of a circuit also the numbers that it was built from, their section in place of a population.
    """
    cells = {name: cell.parameters for name, cell in cells_of(model).items()}
    built = model.numbers if isinstance(model, Circuit) else {}
    return [
        {
            "population": population,
            "name": name,
            "value": float(p.number),
            "unit": quantities.pretty(p.unit),
            "bounds": list(p.bounds) if p.bounds else None,
            "source": p.source,
            "kind": p.kind,
            "status": p.status,
            "description": p.description,
        }
        for population, parameters in (*built.items(), *cells.items())
        for name, p in parameters.items()
    ]


def parameters_json(model: Model | Circuit) -> str:
    """Return the JSON object of ``nmdasim parameters``."""
    return json.dumps({"model": model.name, "parameters": parameter_rows(model)})


def print_parameters(model: Model | Circuit) -> None:
    """Print the parameters of a model as a table, of a circuit as one for each population."""
    rows = parameter_rows(model)
    keys = ("name", "value", "unit", "source", "kind", "status", "description")
    for population in dict.fromkeys(row["population"] for row in rows):
        columns = (Column(key, overflow="fold", no_wrap=key in ("name", "source")) for key in keys)
        table = Table(*columns, title=population or None, **_NARROW)
        for row in rows:
            if row["population"] == population:
                cells = [f"{row[key]:.6g}" if key == "value" else row[key] for key in keys]
                table.add_row(*cells, style="yellow" if row["status"] == "unverified" else None)
        Console().print(table)


def bench_json(result: dict[str, Any]) -> str:
    """Return the JSON object of ``nmdasim bench``."""
    return json.dumps(result)


def print_bench(result: dict[str, Any]) -> None:
    """Print the rows of a benchmark."""
    table = Table(
        "work",
        "engine",
        "CPU s",
        "compile s",
        "M lane-steps / CPU s",
        "kernel is × faster",
        "largest count difference",
        "lanes that differ by more than 1",
    )
    for row in result["rows"]:
        rate = row["lane_steps_per_cpu_second"] / 1e6
        cells = [
            f"{row['cpu_seconds']:.3g}",
            f"{row['compile_seconds']:.3g}",
            f"{rate:.3g}",
            f"{1 / row['ratio_to_kernel']:.3g}",
        ]
        differ = f"{row['lanes_that_differ']} of {row['lanes']}"
        table.add_row(row["work"], row["engine"], *cells, str(row["max_count_difference"]), differ)
    console = Console()
    console.print(table)
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    console.print(f"{result['machine']}; {versions}. One thread.", style="dim")
