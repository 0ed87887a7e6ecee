"""The command line of the receptor bench: ``nmdasim receptor pulse|steady|inhibition``."""

from __future__ import annotations

import json as _json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command.options import Json, Out

if TYPE_CHECKING:
    import xarray as xr

app = typer.Typer(
    help="Patch one NMDA receptor: a pulse of glutamate, a steady bath, a drop of a channel blocker.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Scheme = Annotated[str, typer.Option(help="Kinetic scheme, such as clements1992; an unknown name lists them.")]
_Mg = Annotated[str, typer.Option(help="Magnesium outside.")]
_Voltage = Annotated[str, typer.Option(help="Holding potential.")]
_Glutamate = Annotated[str, typer.Option(help="Glutamate.")]


@app.command()
def pulse(
    scheme: _Scheme,
    glutamate: _Glutamate = "1 mM",
    duration: Annotated[str, typer.Option(help="Length of the pulse.")] = "1 ms",
    mg: _Mg = "0 mM",
    voltage: _Voltage = "-60 mV",
    json: Json = False,
    out: Out = None,
) -> None:
    """Give one square pulse of glutamate; peak open probability, time to peak, decay to 1/e.

    Example: `nmdasim receptor pulse --scheme clements1992 --glutamate "1 mM" --duration "1 ms"`
    """
    from nmdasim.receptors import bench, schemes  # noqa: PLC0415

    result = bench.pulse(schemes.scheme(scheme), glutamate=glutamate, duration=duration, mg=mg, v=voltage)
    names = {"peak_open": "peak_open", "time_to_peak_ms": "time_to_peak", "decay_1e_ms": "decay_1e"}
    answer = {"scheme": scheme} | {key: _number(result[name]) for key, name in names.items()}
    if out is not None:
        _save(result[["open", "glutamate", "v", *names.values()]], "pulse", out)
    _answer(answer, result.attrs, json, f"{glutamate} × {duration}, Mg {mg}, {voltage}")


@app.command()
def steady(
    scheme: _Scheme,
    mg: _Mg = "1 mM",
    voltage: _Voltage = "-60 mV",
    glutamate: _Glutamate = "1 mM",
    json: Json = False,
) -> None:
    """Keep glutamate on for ever; the open probability with and without magnesium, and their ratio.

    Example: `nmdasim receptor steady --scheme kampa2004 --mg "1 mM" --voltage "-40 mV"`
    """
    from nmdasim.receptors import exact, schemes  # noqa: PLC0415

    chosen = schemes.scheme(scheme)
    opened = []
    for bath in (mg, "0 mM"):
        conditions = {"v": voltage, "mg": bath, "glutamate": glutamate}
        opened.append(float(chosen.open(chosen.steady(**conditions), **conditions)))
    ratio = opened[0] / opened[1] if opened[1] > 0 else math.nan
    answer = {"open": opened[0], "open_without_mg": opened[1], "ratio": _number(ratio)}
    _answer(answer, exact.provenance(chosen), json, f"{scheme}, glutamate {glutamate}, Mg {mg}, {voltage}")


@app.command()
def inhibition(
    drug: Annotated[str, typer.Option(help="ketamine, S-ketamine, R-ketamine, norketamine, memantine or MK-801.")],
    subtype: Annotated[str, typer.Option(help="2A, 2B, 2C or 2D.")] = "2A",
    mg: _Mg = "0 mM",
    voltage: _Voltage = "-66 mV",
    json: Json = False,
    out: Out = None,
) -> None:
    """Find the concentration of a channel blocker that takes half of the steady current.

    Example: `nmdasim receptor inhibition --drug ketamine --subtype 2A --mg "1 mM" --voltage "-40 mV"`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import quantities  # noqa: PLC0415
    from nmdasim.receptors import blockers  # noqa: PLC0415
    from nmdasim.receptors import inhibition as curves  # noqa: PLC0415

    half = float(quantities.in_unit(blockers.ic50(drug, subtype, voltage, mg), "uM"))
    result = curves.curve(drug, subtype, v=voltage, mg=mg)
    if out is not None:
        _save(result, "inhibition", out)
    _answer({"ic50_um": half}, result.attrs, json, f"{drug}, GluN{subtype}, Mg {mg}, {voltage}")


def _number(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None


def _answer(answer: dict[str, Any], attrs: Mapping[str, str], json: bool, conditions: str) -> None:
    """Print the numbers, and which of the parameters behind them are not verified."""
    if json:
        print(_json.dumps(answer))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("read-out", "value", title=conditions)
    for name, value in answer.items():
        table.add_row(name, "–" if value is None else value if isinstance(value, str) else f"{value:.5g}")
    console = Console()
    console.print(table)
    if attrs["unverified_parameters"]:
        console.print(_unverified(attrs), style="yellow", highlight=False)
    console.print(attrs["disclaimer"], style="dim")


def _unverified(attrs: Mapping[str, str]) -> str:
    return f"Unverified or assumed parameters: {', '.join(attrs['unverified_parameters'].split())}."


def _save(result: xr.Dataset, name: str, folder: Path) -> None:
    """Write ``<name>.png``, ``.svg``, ``.csv`` and ``.nc`` into `folder`."""
    import matplotlib as mpl  # noqa: PLC0415

    mpl.use("Agg")
    from nmdasim.plot import receptor as plot_receptor  # noqa: PLC0415
    from nmdasim.readout import files  # noqa: PLC0415

    figure = getattr(plot_receptor, name)([result]).figure
    along = "time" if "time" in result.dims else "concentration"
    columns = [str(key) for key, values in result.data_vars.items() if values.dims == (along,)]
    notes = [
        result.attrs["disclaimer"],
        *([_unverified(result.attrs)] if result.attrs["unverified_parameters"] else []),
    ]
    files.save(folder, name, figure, result[columns].to_dataframe()[columns], result, notes)
