"""The command ``nmdasim sensory``: touch and noxious stimuli on the dorsal-horn circuit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command.options import Json, Out
from nmdasim.errors import InputError

if TYPE_CHECKING:
    import xarray as xr


def sensory(
    state: Annotated[str, typer.Option(help="naive, potentiated, disinhibited or sensitized.")] = "naive",
    ketamine: Annotated[str, typer.Option(help="Free ketamine at the receptor, equilibrated.")] = "0 uM",
    seed: Annotated[int, typer.Option(help="First seed of wiring and latencies.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of seeds: SEED, SEED+1, …")] = 5,
    json: Json = False,
    out: Out = None,
) -> None:
    """Test a dorsal-horn circuit with touch and with noxious stimuli of five strengths.

    Both indices compare with the naive circuit without drug: allodynia is the fall of the touch threshold,
    hyperalgesia the gain of the noxious response.

    Example: `nmdasim sensory --state sensitized --ketamine "1 uM" --json`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import sensory as printing
    from nmdasim.readout import files

    if out is not None:
        files.check_folder(out)
    answer, before, after = computed(state, ketamine, seed, repeats)
    if out is not None:
        printing.save(before, after, out)
    print(printing.as_json(answer)) if json else printing.show(answer, out)


def computed(state: str, ketamine: str, seed: int, repeats: int) -> tuple[dict[str, Any], xr.Dataset, xr.Dataset]:
    """Return the answer as JSON names it, and the responses of the naive circuit and of the one asked for."""
    from nmdasim import quantities
    from nmdasim.disclaimer import DISCLAIMER
    from nmdasim.readout import measures
    from nmdasim.studies import sensitization as study

    circuit, rho = study.in_state(state)
    free = quantities.si(ketamine, "uM", name="ketamine")
    if free.ndim or free < 0:
        raise InputError(f"ketamine = {ketamine}; give one concentration, 0 or more")
    if seed < 0 or repeats < 1:
        raise InputError(f"seed = {seed}, repeats = {repeats}; a seed is 0 or more, repeats 1 or more")
    seeds = range(seed, seed + repeats)
    before = study.stimulus_response(study.in_state("naive")[0], seed=seeds)
    after = study.stimulus_response(circuit, rho=rho, ketamine=ketamine, seed=seeds)
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
