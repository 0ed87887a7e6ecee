"""The command ``nmdasim threshold``: the smallest volley that fires a neuron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from nmdasim.command import names, progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out, concentrations
from nmdasim.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def threshold(
    model: Annotated[
        str, typer.Option(help="wdr, delrocq2023 or aguiar2010.", autocompletion=names.complete_neuron)
    ] = "wdr",
    ketamine: Annotated[
        str, typer.Option(help="Free ketamine at the receptor, equilibrated: '0 uM,1 uM', or '100 ng/ml total'.")
    ] = "0 uM",
    criterion: Annotated[float, typer.Option(help="Spikes after the stimulus that count as a response.")] = 1,
    largest: Annotated[float, typer.Option(help="Strength up to which the threshold is sought.")] = 4.0,
    seed: Annotated[int, typer.Option(help="First draw of latencies.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of draws: seeds SEED, SEED+1, …")] = 5,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Find the smallest strength of a volley that fires a neuron, and how many spikes stronger ones bring.

    Strength is a factor on the weights of every synapse of the volley, C and Aδ; 1 is the published one. Given are the
    median threshold and the mean spikes over the draws.

    Examples
    --------
    - `nmdasim threshold --ketamine "0 uM,1 uM" --out out`
    - `nmdasim threshold --ketamine "0 uM,1 uM" --show --slide`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import threshold as printing
    from nmdasim.readout import files
    from nmdasim.studies import reflex

    if out is not None:
        files.check_folder(out)
    if seed < 0 or repeats < 1:
        raise InputError(f"seed = {seed}, repeats = {repeats}; a seed is 0 or more, repeats 1 or more")
    doses = concentrations("ketamine", ketamine)
    with progress.shown("threshold"):
        found: xr.Dataset = reflex.threshold(
            names.neuron(model),
            ketamine=doses,
            seeds=range(seed, seed + repeats),
            criterion=criterion,
            largest=largest,
        )
    if out is not None:
        printing.save(found, out, slide=slide)
    if show:
        opened(printing.figure(found, slide=slide), "threshold", out)
    print(printing.as_json(found)) if json else printing.show(found, out)
