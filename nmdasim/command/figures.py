"""Figures that a command is asked to show: written where they stay, and opened with what the system opens pictures."""

from __future__ import annotations

import os
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
    print(f"figure: {path}{_failure(path)}", file=sys.stderr)
    return path


def _failure(path: Path) -> str:
    """Open a picture; return what to say where that fails."""
    if sys.platform == "linux" and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY"))):
        return " (not opened: there is no display; open it yourself)"
    try:
        failed = typer.launch(str(path))
    except OSError:  # nothing on this machine opens pictures
        failed = 1
    return " (nothing opened it; open it yourself)" if failed else ""
