"""The command ``nmdasim receptor pulse|steady|inhibition``: the patch bench."""

from __future__ import annotations

from typing import Annotated

import typer

from nmdasim.command import progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out


def _check_voltage(voltage: str) -> str:
    """Refuse a potential by the name of its option; the library calls it v."""
    from nmdasim.receptors.scheme import held

    held(voltage, "--voltage")
    return voltage


app = typer.Typer(
    help="Patch one NMDA receptor: a pulse of glutamate, a steady bath, a drop of a channel blocker.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_Scheme = Annotated[str, typer.Option(help="Kinetic scheme, such as clements1992; an unknown name lists them.")]
_DEFAULT = "clements1992"
_Mg = Annotated[str, typer.Option(help="Magnesium outside.")]
_Voltage = Annotated[str, typer.Option(help="Holding potential.", callback=_check_voltage)]
_Glutamate = Annotated[str, typer.Option(help="Glutamate.")]


@app.command()
def pulse(
    scheme: _Scheme = _DEFAULT,
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

    Example: `nmdasim receptor pulse --glutamate "1 mM" --duration "1 ms"`
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
    given, length, bath, held = map(printing.written, (glutamate, duration, mg, voltage))
    printing.answer(answer, result.attrs, json, f"{given} × {length}, Mg {bath}, {held}", saved)


@app.command()
def steady(
    scheme: _Scheme = _DEFAULT,
    mg: _Mg = "1 mM",
    voltage: _Voltage = "-60 mV",
    glutamate: _Glutamate = "1 mM",
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Keep glutamate on for ever; the open probability with and without magnesium, and their ratio.

    Example: `nmdasim receptor steady --scheme kampa2004 --mg "1 mM" --voltage "-40 mV"`
    """
    from nmdasim.command.printing import receptor as printing
    from nmdasim.readout import files
    from nmdasim.receptors import bench, schemes

    if out is not None:
        files.check_folder(out)
    result = bench.steady(schemes.scheme(scheme), v=voltage, mg=mg, glutamate=glutamate)
    names = {"open": "open_with_mg", "open_without_mg": "open_without_mg", "ratio": "ratio"}
    answer = {key: printing.number(result[name]) for key, name in names.items()}
    saved = ""
    if out is not None:
        saved = printing.save(result, "steady", out, slide=slide)
    if show:
        opened(printing.figure(result, "steady", slide=slide), "steady", out)
    given, bath, held = map(printing.written, (glutamate, mg, voltage))
    conditions = f"{scheme}, glutamate {given}, Mg {bath}, {held}"
    printing.answer(answer, result.attrs, json, conditions, saved)


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
    bath, held = map(printing.written, (mg, voltage))
    printing.answer({"ic50_um": half}, result.attrs, json, f"{drug}, GluN{subtype}, Mg {bath}, {held}", saved)
