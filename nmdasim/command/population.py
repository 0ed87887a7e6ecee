"""The command ``nmdasim population``: a population of models, and what a drug does to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmdasim.command.options import Json
from nmdasim.errors import InputError


def population(
    specification: Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="What to draw and to ask.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="STORE", help="Folder to write.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish a store that is there.")] = False,
    threads: Annotated[int, typer.Option(help="Threads; 0 is all cores.")] = 0,
    figures: Annotated[bool, typer.Option("--figures", help="Write figures into the store, too.")] = False,
    example: Annotated[bool, typer.Option("--example", help="Print a commented specification and stop.")] = False,
    json: Json = False,
) -> None:
    """Draw models from ranges, keep those that meet data, and ask what free drug at the receptor does to them.

    Examples
    --------
    - `nmdasim population --example > models.toml`
    - `nmdasim population models.toml --out models`
    - `nmdasim population models.toml --out models --resume --figures`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import population as printing
    from nmdasim.studies.populations import reading, stages

    if example:
        print(reading.EXAMPLE, end="")
        return
    if specification is None or out is None:
        raise InputError("give a specification and --out STORE; 'nmdasim population --example' prints a specification")
    found = stages.run(reading.read(specification), out, resume=resume, threads=threads, watch=printing.watched)
    written = printing.save(found, out, figures=figures)
    print(printing.as_json(found, out)) if json else printing.show(found, out, written)
