"""How figures look: on a page, on a slide, on black; lines that a colour-blind eye and a grey print tell apart."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler

from nmdasim.errors import InputError, nearest

#: From dark to light as far as five lines go; hues of violet, orange and teal that red and green blindness leave apart.
_ON_WHITE = ("#1b1b1b", "#5e2a9b", "#c03a83", "#ea7a2c", "#eab11e", "#4f9fd8", "#3f7030")
_ON_BLACK = ("#f4f4f4", "#f5c84c", "#ef8a4a", "#d2529a", "#7f56d0", "#5fb7ee", "#8fc26a")
_LINES: tuple[Any, ...] = ("-", (0, (6, 1.6)), (0, (1, 1)), (0, (6, 1.4, 1, 1.4)), (0, (3, 1)), (0, (9, 2, 2, 2)), "-")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_COMMON: Mapping[str, Any] = {
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "savefig.bbox": "tight",
}


@dataclass(frozen=True)
class Cue:
    """What tells one line from the others: colour, and without colour its dashes and its markers."""

    colour: Any
    line: Any
    marker: str

    @property
    def dotted(self) -> dict[str, Any]:
        """Keywords of a line with a marker at every point."""
        return self.plain | {"marker": self.marker}

    @property
    def plain(self) -> dict[str, Any]:
        """Keywords of a line through many points."""
        return {"color": self.colour, "linestyle": self.line}


@dataclass(frozen=True)
class Look:
    """One style.

    Attributes
    ----------
    name
        What it is called.
    ground, ink
        Colours of the paper and of what is written on it.
    quiet, faint
        Colours of captions, and of lines that only guide the eye.
    shades
        Colours of lines, in the order in which they are used.
    font, caption
        Sizes of type in points.
    line
        Width of a line in points.
    size
        Inches of every figure; that of the function by default.
    """

    name: str
    ground: str = "white"
    ink: str = "black"
    quiet: str = "0.3"
    faint: str = "0.85"
    shades: tuple[str, ...] = _ON_WHITE
    font: float = 13
    caption: float = 10
    line: float = 2.4
    size: tuple[float, float] | None = None

    @property
    def rc(self) -> dict[Any, Any]:
        """Settings of matplotlib."""
        inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")
        grounds = ("figure.facecolor", "axes.facecolor", "savefig.facecolor")
        lines = cycler(color=self.shades[:6]) + cycler(linestyle=list(_LINES[:6]))
        return {
            **_COMMON,
            "font.size": self.font,
            "lines.linewidth": self.line,
            "lines.markersize": 3.2 * self.line,
            "axes.prop_cycle": lines,
            "figure.dpi": 110 if self.size is None else 100,
            **dict.fromkeys(inks, self.ink),
            **dict.fromkeys(grounds, self.ground),
        }

    def cues(self, number: int) -> list[Cue]:
        """Return what tells `number` lines apart; any two differ in dashes or marker, up to 42 in both together."""
        shades: list[Any] = list(self.shades)
        if number > len(shades):
            shades = list(mpl.colormaps["plasma"](np.linspace(0, 0.88, number)))
        kinds = islice(zip(cycle(_LINES[:6]), cycle(_MARKERS), strict=False), number)
        return [Cue(shade, line, mark) for shade, (line, mark) in zip(shades, kinds, strict=False)]

    def scaled(self, size: tuple[float, float]) -> tuple[float, float]:
        """Return the inches in which panels have the room beside this type that `size` has beside that of a page."""
        return self.shaped((size[0] * self.font / LOOKS["paper"].font, size[1] * self.font / LOOKS["paper"].font))

    def sized(self, size: tuple[float, float]) -> tuple[float, float]:
        """Return the inches of a figure for which a function wants `size`."""
        return self.size or size

    def shaped(self, size: tuple[float, float]) -> tuple[float, float]:
        """Return the inches of a figure that needs `size`: of a slide, its shape however much there is to be seen."""
        if self.size is None:
            return size
        larger = max(1.0, size[0] / self.size[0], size[1] / self.size[1])
        return self.size[0] * larger, self.size[1] * larger


LOOKS: Mapping[str, Look] = {
    "paper": Look("paper"),
    "slide": Look("slide", font=20, caption=13, line=4, size=(13.33, 7.5)),
    "dark": Look("dark", "#14161a", "#f4f4f4", "0.75", "0.35", _ON_BLACK),
}
_LOOK: ContextVar[Look] = ContextVar("look", default=LOOKS["paper"])


def style(name: str) -> ExitStack:
    """Choose how figures look from here on, those of the library and your own: ``"paper"``, ``"slide"`` or ``"dark"``.

    As a statement it holds until the next call; in a ``with`` block it holds for that block.

    Parameters
    ----------
    name
        ``"paper"``: for a page, the default; ``"slide"``: 16 to 9, large type, thick lines; ``"dark"``: light on black.

    Raises
    ------
    InputError
        If there is no such style.

    Examples
    --------
    >>> import nmdasim as nm
    >>> with nm.plot.style("slide"):
    ...     nm.plot.look().name
    'slide'
    """
    if name not in LOOKS:
        raise InputError(f"unknown style {name!r}{nearest(name, LOOKS)}")
    before, settings = _LOOK.get(), dict(plt.rcParams)
    changed = LOOKS[name].rc
    _LOOK.set(LOOKS[name])
    plt.rcParams.update(changed)
    stack = ExitStack()
    stack.callback(_LOOK.set, before)
    stack.callback(plt.rcParams.update, {key: settings[key] for key in changed})
    return stack


def look() -> Look:
    """Return the style that figures have now."""
    return _LOOK.get()


def cues(number: int) -> list[Cue]:
    """Return what tells `number` lines apart in the style that figures have now."""
    return look().cues(number)
