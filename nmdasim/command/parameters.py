"""The command ``nmdasim parameters``."""

from __future__ import annotations

from typing import Annotated

import typer

from nmdasim.command import names
from nmdasim.command.options import Json


def parameters(
    model: Annotated[
        str,
        typer.Argument(
            help="A name that `nmdasim models` lists, as wdr; every table of the library without one.",
            autocompletion=names.complete_model,
        ),
    ] = "",
    status: Annotated[
        str, typer.Option(help="Only those: verified, transcribed, derived, assumed or recalled (checked by nobody).")
    ] = "",
    json: Json = False,
) -> None:
    """List the parameters of a model, or of the whole library, with unit, source and standing.

    Examples
    --------
    - `nmdasim parameters wdr`
    - `nmdasim parameters wdr --status recalled`
    - `nmdasim parameters --status recalled`
    - `nmdasim parameters delrocq2023 --json`
    """
    from nmdasim.command.printing import parameters as printing
    from nmdasim.parameters import ledger

    wanted = ledger.checked(status)
    found = printing.rows(names.model(model)) if model else printing.every()
    found = [row for row in found if wanted in ("", row["status"])]
    print(printing.as_json(model, found)) if json else printing.show(found, model, wanted)
