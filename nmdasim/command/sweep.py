"""The command ``nmdasim sweep``: a grid of runs into a store that can be resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmdasim.command.options import Json
from nmdasim.errors import InputError


def sweep(
    specification: Annotated[Path | None, typer.Argument(metavar="SPEC.toml", help="What to run.")] = None,
    out: Annotated[Path | None, typer.Option(metavar="STORE", help="Zarr store to write, a folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish a store that is there.")] = False,
    workers: Annotated[int, typer.Option(help="Dask workers to start here; 0 runs on threads.")] = 0,
    scheduler: Annotated[str, typer.Option(help="Dask scheduler to join, 'tcp://node:8786'.")] = "",
    threads: Annotated[int, typer.Option(help="Threads without Dask; 0 is all cores.")] = 0,
    example: Annotated[bool, typer.Option("--example", help="Print a commented specification and stop.")] = False,
    json: Json = False,
) -> None:
    """Sweep doses, protocols, parameters and seeds into a store that `xarray.open_zarr` opens.

    Examples
    --------
    - `nmdasim sweep --example > doses.toml`
    - `nmdasim sweep doses.toml --out doses.zarr`
    - `nmdasim sweep doses.toml --out doses.zarr --resume --workers 4`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command.printing import sweep as printing
    from nmdasim.sweep import execute, reading

    if example:
        print(reading.EXAMPLE, end="")
        return
    if specification is None or out is None:
        raise InputError("give a specification and --out STORE; 'nmdasim sweep --example' prints a specification")
    what = reading.read(specification)
    with printing.shown(what.lanes) as (announce, progress):
        done = execute.run(
            what,
            out,
            resume=resume,
            workers=workers,
            scheduler=scheduler,
            threads=threads,
            announce=announce,
            progress=progress,
        )
    print(printing.as_json(out, done)) if json else printing.show(out, done)
