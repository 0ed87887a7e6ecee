"""The command ``nmdasim pk``: from doses to concentrations."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command import progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out
from nmdasim.errors import InputError

if TYPE_CHECKING:
    import xarray as xr

    from nmdasim.pharmacology import Cohort, Regimen

#: Most times at which the spread of a cohort is read.
_MOST_TIMES = 5001
#: The options that fill the columns of a dose.
_OPTIONS = {"AMT": "--dose", "UNIT": "--dose", "DUR": "--over", "RATE": "--over", "ROUTE": "--route"}


def pk(
    events: Annotated[Path | None, typer.Option(help="CSV: ID TIME AMT RATE DUR II ADDL SS EVID ROUTE WT.")] = None,
    dose: Annotated[str, typer.Option(help="One dose: '35 mg' or '0.5 mg/kg'.")] = "",
    route: Annotated[str, typer.Option(help="iv, im, nasal, oral or sublingual.")] = "iv",
    over: Annotated[str, typer.Option(help="Length of an infusion, such as '40 min'.")] = "",
    schedule: Annotated[str, typer.Option(help="A published schedule; an unknown name lists them.")] = "",
    drug: Annotated[str, typer.Option(help="ketamine, s-ketamine or r-ketamine; the preset's own by default.")] = "",
    preset: Annotated[str, typer.Option(help="clements2, domino3, leiden3 or janssen; by route by default.")] = "",
    weight: Annotated[str, typer.Option(help="Body weight of subjects without WT; 70 kg by default.")] = "",
    every: Annotated[str, typer.Option(help="Time between outputs.")] = "",
    until: Annotated[str, typer.Option(help="Last output; 6 h after the last dose by default.")] = "",
    people: Annotated[int, typer.Option(help="People drawn for the interval.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of that draw.")] = 0,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Pharmacokinetics: from doses to total plasma and effect-site concentrations of ketamine.

    Every result names the preset, its sampling site and its source.

    Examples
    --------
    - `nmdasim pk --dose "0.5 mg/kg" --over "40 min" --out out`
    - `nmdasim pk --dose "56 mg" --route nasal --json`
    - `nmdasim pk --events doses.csv --preset leiden3 --every "5 min" --until "24 h"`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.pharmacology import Cohort
    from nmdasim.readout import files

    if out is not None:
        files.check_folder(out)
    if people < 1:
        raise InputError(f"people = {people}; give a whole number, 1 or more")
    regimen = _regimen(events, dose, schedule, route=route, over=over, drug=drug)
    options = {"every": every, "until": until, "preset": preset, "weight": weight}
    with progress.shown("concentrations"):
        course, around = computed(regimen, Cohort(people, seed=seed), **options)
    from nmdasim.command.printing import pk as printing  # figures and statistics: a slip above is told before them

    if out is not None:
        printing.save(regimen, course, around, out, slide=slide)
    if show:
        opened(printing.figure(regimen, course, around, slide=slide), "pk", out)
    print(printing.as_json(regimen, course, around)) if json else printing.show(regimen, course, around, out)


def computed(
    regimen: Regimen, cohort: Cohort, *, every: str = "", until: str = "", **options: str
) -> tuple[xr.Dataset, xr.Dataset | None]:
    """Return the typical time course, and the spread of a cohort about it: none where the subjects are many.

    Options are the `preset` and `weight` of :func:`nmdasim.pharmacology.time_course`; an empty text is its default.
    """
    from nmdasim import quantities
    from nmdasim.pharmacology import spread, time_course
    from nmdasim.plot.pharmacokinetics import MOST

    given: dict[str, Any] = {name: value for name, value in options.items() if value}
    course = time_course(regimen, every=every or None, until=until or None, **given)
    if len(regimen.ids) > MOST:
        return course, None
    hours = course.time.values[:: -(-course.sizes["time"] // _MOST_TIMES)]
    return course, spread(regimen, hours * quantities.unit("hour"), cohort, **given)


def _named(dose: str, route: str, over: str) -> str:
    """Return what is given as one line, with the space between number and unit that may have been left out."""
    from nmdasim.quantities import brief, split

    given, *length = (f"{brief(number)} {unit}" for number, unit in map(split, filter(None, (dose, over))))
    return " ".join((given, route, *(f"over {one}" for one in length)))


def _regimen(events: Path | None, dose: str, schedule: str, *, route: str, over: str, drug: str) -> Regimen:
    from nmdasim import pharmacology
    from nmdasim.pharmacology.columns import EventError

    if sum((events is not None, bool(dose), bool(schedule))) != 1:
        raise InputError("say what is given, in one way: --events FILE.csv, --dose '35 mg' or --schedule NAME")
    if dose:
        try:
            given = pharmacology.dose(dose, route, over=over or None)
        except EventError as error:  # it names a column of a table
            named = _OPTIONS.get(error.column, error.column)
            raise InputError(str(error).replace(error.column, named, 1)) from None
        return pharmacology.Regimen((given,), drug, _named(dose, route, over))
    if over:
        raise InputError("--over belongs to --dose; a table or a schedule has its own durations")
    most = pharmacology.MOST_DOSES
    regimen = pharmacology.schedule(schedule) if events is None else pharmacology.Regimen.from_csv(events, most)
    if drug and regimen.drug and pharmacology.drug(drug).name != regimen.drug:
        raise InputError(f"--drug {drug}: the {'schedule' if schedule else 'table'} says {regimen.drug}")
    return dataclasses.replace(regimen, drug=drug or regimen.drug)
