"""The command ``nmdasim trials``: trials as data, and what the rival slow models say of them."""

from __future__ import annotations

from typing import Annotated

import typer

from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out


def trials(
    name: Annotated[str, typer.Argument(help="One trial; all of them by default.")] = "",
    patients: Annotated[int, typer.Option(help="Virtual patients of each arm.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of their draw.")] = 0,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Trials: what was given, what was seen, and what each rival slow model says, misses beside hits.

    Rivals were fitted to the CRPS curve alone; all else is prediction.

    Examples
    --------
    - `nmdasim trials`
    - `nmdasim trials noppers2011fm --json`
    - `nmdasim trials pickering2020 --show --slide`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import treatment
    from nmdasim.command.printing import trials as printing
    from nmdasim.readout import files

    if out is not None:
        files.check_folder(out)
    chosen = [treatment.trial(name)] if name else list(treatment.trials().values())
    measured = [one for one in chosen if one.measures]
    found = treatment.compare(measured, patients=patients, seed=seed) if measured else None
    if out is not None and found is not None:
        printing.save(found, out, slide=slide)
    if show and found is not None:
        opened(printing.figure(found, slide=slide), "trials", out)
    print(printing.as_json(chosen, found)) if json else printing.show(chosen, found, out)
