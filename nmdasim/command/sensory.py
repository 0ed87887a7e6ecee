"""The command ``nmdasim sensory``: touch and noxious stimuli on the dorsal-horn circuit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command import progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out, drawn_seeds, one_concentration, told_free
from nmdasim.errors import InputError, nearest

if TYPE_CHECKING:
    import xarray as xr

    from nmdasim.model.circuit import Circuit


#: A repeat takes a second or so, twice.
_MOST_REPEATS = 10_000


def sensory(
    state: Annotated[
        str, typer.Option(help="naive, potentiated, disinhibited, sensitized, or a pain state as crps.")
    ] = "naive",
    ketamine: Annotated[
        str, typer.Option(help="Free ketamine at the receptor, or '100 ng/ml total'; equilibrated.")
    ] = "0 uM",
    seed: Annotated[int, typer.Option(help="First seed of wiring and latencies.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of seeds: SEED, SEED+1, …")] = 5,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Test a dorsal-horn circuit with touch and with noxious stimuli of five strengths.

    Both indices compare with the naive circuit without drug, which is answered too: allodynia is the fall of the touch
    threshold, hyperalgesia the gain of the noxious response. States are ρ and the anion reversal at the start; all
    else is at rest.

    Example: `nmdasim sensory --state sensitized --ketamine "1 uM" --json`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import sensory as printing
    from nmdasim.readout import files

    if out is not None:
        files.check_folder(out)
    with progress.shown("sensory") as report:
        answer, before, after = computed(state, ketamine, seed, repeats, report)
    if out is not None:
        printing.save(answer, before, after, out, slide=slide)
    if show:
        opened(printing.figure(answer, before, after, slide=slide), "sensory", out)
    print(printing.as_json(answer)) if json else printing.show(answer, after, out)


def computed(
    state: str, ketamine: str, seed: int, repeats: int, report: Callable[[float], None] | None = None
) -> tuple[dict[str, Any], xr.Dataset, xr.Dataset]:
    """Return the answer as JSON names it, and the responses of the naive circuit and of the one asked for."""
    from nmdasim.disclaimer import DISCLAIMER
    from nmdasim.studies import sensitization as study

    circuit, rho = in_state(state)
    one_concentration(ketamine)  # refuses several before anything runs
    seeds = drawn_seeds(seed, repeats, _MOST_REPEATS)
    naive, none = study.in_state("naive")[0], told_free(ketamine)[1]
    before = study.stimulus_response(naive, ketamine=none, seed=seeds, progress=_half(report, 0))
    after = study.stimulus_response(circuit, rho=rho, ketamine=ketamine, seed=seeds, progress=_half(report, 1))
    answer = told(state, before, after)
    return answer | {"naive": told("naive", before, before), "disclaimer": DISCLAIMER}, before, after


def in_state(name: str) -> tuple[Circuit, float]:
    """Return the circuit in a state of the study, or in a pain state, and its ρ.

    Raises
    ------
    InputError
        If there is no such state.
    """
    from nmdasim.studies import sensitization as study
    from nmdasim.treatment.states import names, states

    known = tuple(dict.fromkeys((*study.STATES, *names())))
    if name not in known:
        raise InputError(f"unknown state {name!r}{nearest(name, known)}")
    return study.in_state(name) if name in study.STATES else (states(name).circuit(), states(name).rho)


def told(state: str, before: xr.Dataset, after: xr.Dataset) -> dict[str, Any]:
    """Return what JSON says of one state: responses, thresholds, and the indices against the naive state."""
    from nmdasim.readout import measures

    answer: dict[str, Any] = {"state": state}
    mean = after.mean("seed")
    for kind in ("touch", "noxious"):
        least = float(measures.threshold(mean, kind))
        answer[kind] = {
            "intensity": [float(x) for x in mean.intensity],
            "spikes": [float(x) for x in mean.spikes.sel(kind=kind)],
            "threshold": None if math.isnan(least) else least,
        }
    was = before.mean("seed")
    answer["allodynia_index"] = float(measures.allodynia_index(was, mean))
    answer["hyperalgesia_index"] = float(measures.hyperalgesia_index(was, mean))
    return answer


def _half(report: Callable[[float], None] | None, done: int) -> Callable[[float], None] | None:
    """Return what reports the progress of one of two runs."""
    return None if report is None else lambda share: report((done + share) / 2)
