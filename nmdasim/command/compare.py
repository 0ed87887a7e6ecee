"""The command ``nmdasim compare``: naive beside another state, without beside with drug."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command import progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out, drawn_seeds, one_concentration, told_free
from nmdasim.command.sensory import in_state, told
from nmdasim.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

_MOST_REPEATS = 10_000


def compare(
    state: Annotated[
        str,
        typer.Option(
            help="potentiated, disinhibited, sensitized, or a pain state as crps; naive compares doses alone."
        ),
    ] = "sensitized",
    ketamine: Annotated[
        str, typer.Option(help="Free ketamine at the receptor, or '100 ng/ml total'; equilibrated. 0 uM: none.")
    ] = "1 uM",
    seed: Annotated[int, typer.Option(help="First seed of wiring and latencies.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of seeds: SEED, SEED+1, …")] = 5,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Put the naive circuit beside a sensitized one, each without and with ketamine: one table, one figure.

    Example: `nmdasim compare --state sensitized --ketamine "3 uM" --show`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import compare as printing
    from nmdasim.readout import files

    if out is not None:
        files.check_folder(out)
    with progress.shown("compare") as report:
        answer, responses = computed(state, ketamine, drawn_seeds(seed, repeats, _MOST_REPEATS), report)
    if out is not None:
        printing.save(responses, out, slide=slide)
    if show:
        opened(printing.figure(responses, slide=slide), "compare", out)
    print(printing.as_json(answer)) if json else printing.show(answer, out)


def computed(
    state: str, ketamine: str, seeds: range, report: Callable[[float], None] | None = None
) -> tuple[dict[str, Any], dict[str, xr.Dataset]]:
    """Return the answer as JSON names it, and the responses of every case by its label, naive without drug first."""
    from nmdasim.disclaimer import DISCLAIMER
    from nmdasim.studies import sensitization as study

    dose = one_concentration(ketamine)
    in_state(state)  # refuses a name that it does not know before anything runs
    said, none = told_free(ketamine)
    drugs = {"": none} | ({f", {said}": ketamine} if dose else {})
    cases = [(one, label, drug) for one in dict.fromkeys(("naive", state)) for label, drug in drugs.items()]
    if len(cases) == 1:
        raise InputError("naive without drug alone is no comparison; give another --state, or --ketamine '1 uM'")
    responses = {}
    for k, (one, label, drug) in enumerate(cases):
        circuit, rho = in_state(one)
        step = None if report is None else _part(report, k, len(cases))
        found = study.stimulus_response(circuit, rho=rho, ketamine=drug, seed=seeds, progress=step)
        responses[f"{one}{label}"] = found
    before = responses["naive"]
    told_of = [told(label, before, found) | {"case": label} for label, found in responses.items()]
    listed = [{key: case[key] for key in case if key != "state"} for case in told_of]
    return {"state": state, "ketamine_um": dose, "cases": listed, "disclaimer": DISCLAIMER}, responses


def _part(report: Callable[[float], None], k: int, count: int) -> Callable[[float], None]:
    return lambda share: report((k + share) / count)
