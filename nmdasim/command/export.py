"""The command ``nmdasim export``: a model in the format of another tool."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nmdasim.command import names
from nmdasim.errors import InputError, nearest

if TYPE_CHECKING:
    from nmdasim.model.circuit import Circuit
    from nmdasim.model.model import Model

#: Writes a model into a folder, and returns the file or folder to begin with.
Write = Callable[["Model | Circuit", Path], Path]


def _neuroml(model: Model | Circuit, folder: Path) -> Path:
    from nmdasim.exchange import to_neuroml

    return to_neuroml(model, folder)  # type: ignore[arg-type]  # a circuit is refused there, by name


#: A format and what writes it.
WRITERS: dict[str, Write] = {"neuroml": _neuroml}


def _complete(incomplete: str) -> list[str]:
    return [name for name in WRITERS if name.startswith(incomplete)]


def export(
    model: names.ModelName,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where it goes; made if there is none.")],
    to: Annotated[str, typer.Option(help=f"{', '.join(WRITERS)}.", autocompletion=_complete)],
) -> None:
    """Write a model in the format of another tool.

    Example: `nmdasim export wdr --to neuroml out/wdr`
    """
    if to not in WRITERS:
        raise InputError(f"--to {to!r}: unknown format{nearest(to, WRITERS)}")
    print(WRITERS[to](names.model(model), folder))
