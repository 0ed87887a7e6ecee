"""The command line of the pharmacokinetics: ``nmdasim pk``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmdasim.command.options import Json, Out
from nmdasim.errors import InputError

if TYPE_CHECKING:
    from nmdasim.pharmacology import Regimen


def pk(
    events: Annotated[Path | None, typer.Option(help="CSV: ID TIME AMT RATE DUR II ADDL SS EVID ROUTE WT.")] = None,
    dose: Annotated[str, typer.Option(help="One dose: '35 mg' or '0.5 mg/kg'.")] = "",
    route: Annotated[str, typer.Option(help="iv, im, nasal or oral.")] = "iv",
    over: Annotated[str, typer.Option(help="Length of an infusion, such as '40 min'.")] = "",
    schedule: Annotated[str, typer.Option(help="A published schedule; an unknown name lists them.")] = "",
    drug: Annotated[str, typer.Option(help="ketamine, s-ketamine or r-ketamine; the preset's own by default.")] = "",
    preset: Annotated[str, typer.Option(help="clements2, domino3, leiden3 or janssen; by route by default.")] = "",
    weight: Annotated[str, typer.Option(help="Body weight of subjects without WT; 70 kg by default.")] = "",
    every: Annotated[str, typer.Option(help="Time between outputs.")] = "",
    until: Annotated[str, typer.Option(help="Last output; 6 h after the last dose by default.")] = "",
    people: Annotated[int, typer.Option(help="People drawn for the interval.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of that draw.")] = 0,
    json: Json = False,
    out: Out = None,
) -> None:
    """Pharmacokinetics: from doses to plasma and effect-site concentrations of ketamine.

    Every result names the preset, its sampling site and its source.

    Examples
    --------
    - `nmdasim pk --dose "0.5 mg/kg" --over "40 min" --out out`
    - `nmdasim pk --dose "56 mg" --route nasal --json`
    - `nmdasim pk --events doses.csv --preset leiden3 --every "5 min" --until "24 h"`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command import report_pk  # noqa: PLC0415
    from nmdasim.pharmacology import Cohort  # noqa: PLC0415
    from nmdasim.readout import files  # noqa: PLC0415

    if out is not None:
        files.check_folder(out)
    regimen = _regimen(events, dose, schedule, route=route, over=over, drug=drug)
    options = {"every": every, "until": until, "preset": preset, "weight": weight}
    course, around = report_pk.run(regimen, Cohort(people, seed=seed), **options)
    if out is not None:
        report_pk.save_pk(regimen, course, around, out)
    if json:
        print(report_pk.pk_json(regimen, course, around))
    else:
        report_pk.print_pk(regimen, course, around, out)


def _regimen(events: Path | None, dose: str, schedule: str, *, route: str, over: str, drug: str) -> Regimen:
    from nmdasim import pharmacology  # noqa: PLC0415

    if sum((events is not None, bool(dose), bool(schedule))) != 1:
        raise InputError("say what is given, in one way: --events FILE.csv, --dose '35 mg' or --schedule NAME")
    if dose:
        given = pharmacology.dose(dose, route, over=over or None)
        return pharmacology.Regimen((given,), drug, f"{dose} {route}{f' over {over}' if over else ''}")
    if over:
        raise InputError("--over belongs to --dose; a table or a schedule has its own durations")
    regimen = pharmacology.schedule(schedule) if events is None else pharmacology.Regimen.from_csv(events)
    if drug and regimen.drug and pharmacology.drug(drug).name != regimen.drug:
        raise InputError(f"--drug {drug}: the {'schedule' if schedule else 'table'} says {regimen.drug}")
    return dataclasses.replace(regimen, drug=drug or regimen.drug)
