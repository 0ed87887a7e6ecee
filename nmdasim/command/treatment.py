"""The command ``nmdasim treatment``: from a regimen to relief and pain over weeks."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out


def treatment(
    regimen: Annotated[str, typer.Option(help="A CSV file as for `pk`, or a published schedule by name.")],
    state: Annotated[str, typer.Option(help="naive, acute, neuropathic, crps, fibromyalgia or opioid.")] = "crps",
    model: Annotated[str, typer.Option(help="Slow model: dahan2011, maintained or reset.")] = "dahan2011",
    until: Annotated[str, typer.Option(help="Last output, up to two years.")] = "12 weeks",
    every: Annotated[str, typer.Option(help="Time between outputs.")] = "",
    patients: Annotated[int, typer.Option(help="Virtual patients drawn for mean and interval of pain.")] = 200,
    seed: Annotated[int, typer.Option(help="Seed of that draw.")] = 0,
    spread: Annotated[float, typer.Option(help="Factor on how the patients differ.")] = 1.0,
    placebo: Annotated[bool, typer.Option("--placebo", help="Let patients respond to being treated, too.")] = False,
    drug: Annotated[str, typer.Option(help="What is given, where the file does not say; S-ketamine by default.")] = "",
    preset: Annotated[str, typer.Option(help="Kinetics; leiden3 for S-ketamine by vein.")] = "",
    weight: Annotated[str, typer.Option(help="Body weight, where the file has none; 70 kg by default.")] = "",
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Weeks of treatment: plasma, acute and slow relief, and a read-out of pain with its interval.

    Slow relief is one of several rival models, of which the first is an empirical fit in CRPS. No model here says what
    a person should have.

    Examples
    --------
    - `nmdasim treatment --state crps --regimen crps_100_hours --out out`
    - `nmdasim treatment --state fibromyalgia --regimen fibromyalgia_s_ketamine --until "2 days" --json`
    - `nmdasim treatment --state crps --regimen monthly --until "1 year" --show --slide`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import treatment as library
    from nmdasim.command.printing import treatment as printing
    from nmdasim.readout import files
    from nmdasim.treatment.given import regimen_of

    if out is not None:
        files.check_folder(out)
    given = regimen_of(regimen, drug)
    chosen: dict[str, Any] = {"every": every or None, "weight": weight or None, "preset": preset, "placebo": placebo}
    people: dict[str, Any] = {"patients": patients, "seed": seed, "spread": spread}
    result = library.simulate(state, given, model, until, **people, **chosen)
    if out is not None:
        printing.save(result, given, out, slide=slide)
    if show:
        opened(printing.figure(result, given, slide=slide), "treatment", out)
    print(printing.as_json(result, regimen)) if json else printing.show(result, given, out)
