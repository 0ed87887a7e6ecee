"""The command ``nmdasim receptor pulse|steady|inhibition``: the patch bench."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from nmdasim.command import progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out

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
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Give one square pulse of glutamate; peak open probability, time to peak, decay to 1/e.

    Example: `nmdasim receptor pulse --scheme clements1992 --glutamate "1 mM" --duration "1 ms"`
    """
    from nmdasim.command.printing import receptor as printing
    from nmdasim.readout import files
    from nmdasim.receptors import bench, schemes

    if out is not None:
        files.check_folder(out)
    with progress.shown("pulse"):
        result = bench.pulse(schemes.scheme(scheme), glutamate=glutamate, duration=duration, mg=mg, v=voltage)
    names = {"peak_open": "peak_open", "time_to_peak_ms": "time_to_peak", "decay_1e_ms": "decay_1e"}
    answer = {"scheme": scheme} | {key: printing.number(result[name]) for key, name in names.items()}
    saved = ""
    if out is not None:
        saved = printing.save(result[["open", "glutamate", "v", *names.values()]], "pulse", out, slide=slide)
    if show:
        opened(printing.figure(result, "pulse", slide=slide), "pulse", out)
    printing.answer(answer, result.attrs, json, f"{glutamate} × {duration}, Mg {mg}, {voltage}", saved)


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
    from nmdasim.command.printing import receptor as printing
    from nmdasim.receptors import exact, schemes

    chosen = schemes.scheme(scheme)
    opened = []
    for bath in (mg, "0 mM"):
        conditions = {"v": voltage, "mg": bath, "glutamate": glutamate}
        opened.append(float(chosen.open(chosen.steady(**conditions), **conditions)))
    ratio = opened[0] / opened[1] if opened[1] > 0 else math.nan
    answer = {"open": opened[0], "open_without_mg": opened[1], "ratio": printing.number(ratio)}
    printing.answer(answer, exact.provenance(chosen), json, f"{scheme}, glutamate {glutamate}, Mg {mg}, {voltage}")


@app.command()
def inhibition(
    drug: Annotated[str, typer.Option(help="ketamine, S-ketamine, R-ketamine, norketamine, memantine or MK-801.")],
    subtype: Annotated[str, typer.Option(help="2A, 2B, 2C or 2D.")] = "2A",
    mg: _Mg = "0 mM",
    voltage: _Voltage = "-66 mV",
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Find the free concentration of a channel blocker that takes half of the steady current.

    Example: `nmdasim receptor inhibition --drug ketamine --subtype 2A --mg "1 mM" --voltage "-40 mV"`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import quantities
    from nmdasim.command.printing import receptor as printing
    from nmdasim.readout import files
    from nmdasim.receptors import blockers
    from nmdasim.receptors import inhibition as curves

    if out is not None:
        files.check_folder(out)
    with progress.shown("inhibition"):
        half = float(quantities.in_unit(blockers.ic50(drug, subtype, voltage, mg), "uM"))
        result = curves.curve(drug, subtype, v=voltage, mg=mg)
    saved = ""
    if out is not None:
        saved = printing.save(result, "inhibition", out, slide=slide)
    if show:
        opened(printing.figure(result, "inhibition", slide=slide), "inhibition", out)
    printing.answer({"ic50_um": half}, result.attrs, json, f"{drug}, GluN{subtype}, Mg {mg}, {voltage}", saved)
