"""Figures that a command is asked to show: written where they stay, and opened with what the system opens pictures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Show = Annotated[bool, typer.Option("--show", help="Open the figure.")]
Slide = Annotated[
    bool, typer.Option("--slide", help="The figure as a slide: one panel, large type, the message as its title.")
]


def opened(figure: Figure, name: str, folder: Path | None) -> Path:
    """Open a figure; say on standard error where it lies.

    Parameters
    ----------
    figure, name
        The figure, and the name of its file without ending.
    folder
        Where ``--out`` has written it; a new temporary folder by default.
    """
    from nmdasim.readout import files

    path = (folder or Path(tempfile.mkdtemp(prefix="nmdasim-"))) / f"{name}.png"
    if folder is None:
        files.write_whole(path, lambda draft: figure.savefig(draft, format="png"))
    try:
        failed = typer.launch(str(path))
    except OSError:  # nothing on this machine opens pictures
        failed = 1
    print(f"figure: {path}{' (nothing opened it; open it yourself)' if failed else ''}", file=sys.stderr)
    return path
