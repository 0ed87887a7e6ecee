"""The command ``nmdasim check-nmodl DIR``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmdasim.command import progress
from nmdasim.command.options import Json


def check_nmodl(
    folder: Annotated[Path, typer.Argument(help="Folder with .mod files; those below it are read too.", metavar="DIR")],
    json: Json = False,
) -> None:
    """Load every .mod file of a folder; where NEURON is installed, compare each current with NEURON's own.

    A file is data to nmdasim: nothing in it is executed, and VERBATIM is refused. NEURON, though, makes C of a file and
    runs it. So it is asked only about files that load here, which hold no C of their own, in a folder of its own that
    is gone afterwards.

    Both are clamped to the same potentials, with TABLE off; they agree within 1e-6 of the largest current.

    Example: `nmdasim check-nmodl mods --json`
    """
    from nmdasim.command.printing import nmodl as printing
    from nmdasim.exchange.nmodl.check import checked

    with progress.shown("check-nmodl"):
        answer = checked(folder)
    printing.answer(answer, json)
