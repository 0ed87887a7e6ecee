"""What ``nmdasim population`` prints and saves."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import xarray as xr
from rich.console import Console
from rich.table import Table

from nmdasim.command.printing import sweep
from nmdasim.command.printing.tables import signed
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.plot import populations as drawn
from nmdasim.quantities import brief, several
from nmdasim.readout import populations
from nmdasim.readout.files import write_whole
from nmdasim.studies.populations import deciding


@contextmanager
def watched(name: str, lanes: int) -> Iterator[Any]:
    """Say which stage it is, and how far."""
    print(f"{name}:", file=sys.stderr, flush=True)
    with sweep.shown(lanes) as shown:
        yield shown


def answer(found: xr.Dataset, store: Path) -> dict[str, Any]:
    """Return what was found as plain values."""
    attrs, dose = found.attrs, found.attrs["dose"]
    told: dict[str, Any] = {
        "store": str(store),
        "model": attrs["model"],
        "draws": found.sizes["draw"],
        "kept": int(found["kept"].sum()),
        "tests": json.loads(attrs["tests"]),
        "lanes": int(attrs["lanes"]),
        "resumed": int(attrs["resumed"]),
        "seconds": round(float(attrs["seconds"]), 3),
    }
    if dose:
        told |= {"dose": dose, "dose_unit": found[dose].attrs["units"], "doses": found[dose].values.tolist()}
        told |= {"quantiles": list(populations.QUANTILES)}
        told |= {"loss_percent": {name: _losses(found, name) for name in attrs["answers"].split()}}
        told |= {"rank_correlations": _correlations(found, attrs["answers"].split()[0])}
    return told | {"disclaimer": DISCLAIMER}


def _losses(found: xr.Dataset, name: str) -> list[list[float | None]]:
    """Return the quantiles of a loss for every dose; None where no draw has one."""
    table = populations.quantiles(found, name).transpose(found.attrs["dose"], "quantile").values
    return [[None if math.isnan(value) else round(float(value), 3) for value in row] for row in table]


def _correlations(found: xr.Dataset, name: str) -> list[dict[str, float]]:
    """Return the correlations with a loss for every dose; empty where nothing decides it, or too few draws say."""
    told: list[dict[str, float]] = []
    for value in populations.loss(found, name).transpose(found.attrs["dose"], "draw"):
        try:
            table = deciding.rank_correlations(found, value).correlation
        except InputError:
            told.append({})
        else:
            told.append({str(p): round(float(table.sel(parameter=p)), 4) for p in table.parameter.values})
    return told


def as_json(found: xr.Dataset, store: Path) -> str:
    """Return the JSON object."""
    return json.dumps(answer(found, store))


def save(found: xr.Dataset, store: Path, *, figures: bool) -> tuple[str, ...]:
    """Write the dataset into the store as NetCDF, and figures where they are asked for; return what was written."""
    write_whole(store / "population.nc", lambda draft: found.to_netcdf(draft, engine="netcdf4"))
    if not figures:
        return ("population.nc",)
    axes = {"accepted_ranges": drawn.accepted_ranges(found)}
    if dose := found.attrs["dose"]:
        first = found.attrs["answers"].split()[0]
        last = populations.loss(found, first).isel({dose: -1})
        axes |= {f"loss_{name}": drawn.fan(found, name) for name in found.attrs["answers"].split()}
        axes |= {"parallel": drawn.parallel(found, last)}
    for name, ax in axes.items():
        figure = ax.get_figure(root=True)
        assert figure is not None
        for ending in ("png", "svg"):
            figure.savefig(store / f"{name}.{ending}")
    return ("population.nc", *(f"{name}.png and .svg" for name in axes))


def _edge(value: float | None) -> str:
    return "…" if value is None else brief(value, 6)


def show(found: xr.Dataset, store: Path, written: tuple[str, ...]) -> None:
    """Print tables, and which files were written."""
    console, told = Console(), answer(found, store)
    console.print(
        f"{told['model']}: {told['kept']:,} of {several(told['draws'], 'draw')} "
        f"{'meets' if told['kept'] == 1 else 'meet'} the data; {store}"
    )
    for test in told["tests"]:
        bands = ", ".join(f"{name} {_edge(low)} to {_edge(high)}" for name, (low, high) in test["accept"].items())
        console.print(f"  {test['name']} ({bands}): {test['passed']:,} of {test['tested']:,}")
    if "dose" in told:
        label = str(found[told["dose"]].attrs.get("long_name", told["dose"]))
        for name, rows in told["loss_percent"].items():
            table = Table(title=f"Loss of {name}, %: quantiles of the kept draws")
            table.add_column(f"{label}, {told['dose_unit']}", justify="right")
            for quantile in told["quantiles"]:
                table.add_column(f"{brief(100 * quantile, 6)} %", justify="right")
            for dose, row in zip(told["doses"], rows, strict=True):
                table.add_row(brief(dose, 6), *("–" if value is None else signed(value, 1) for value in row))
            console.print(table)
        last = told["rank_correlations"][-1]
        if last:
            order = sorted(last, key=lambda name: -abs(last[name]))
            named = ", ".join(f"{name} {signed(last[name], 2, plus=True)}" for name in order)
            console.print(f"partial rank correlations at {brief(told['doses'][-1], 6)} {told['dose_unit']}: {named}")
    console.print(DISCLAIMER, style="dim")
    console.print(f"Saved {', '.join(written)} in {store}/", highlight=False, markup=False)
