"""How every figure looks, and what stands under it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.parameters import bibliography

STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "lines.linewidth": 2.2,
    "figure.dpi": 110,
    "savefig.bbox": "tight",
}
SHADES = ("#1b1b1b", "#7b3fa0", "#c0549d", "#e8853d", "#f0b429", "#8aa63f", "#3f8f8a")
#: Letters to an inch at the size of a caption.
_DENSITY = 12.5


def new_figure(**options: Any) -> Figure:
    """Return a figure of pyplot, to be seen in notebooks and by ``show``; one to be saved where no backend loads."""
    try:
        return plt.figure(**options)
    except ImportError:  # of a screen that is not there, of a notebook that started this program
        return Figure(**options)


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the Axes given, or those of a new figure."""
    return new_figure(figsize=size, layout="constrained").subplots() if ax is None else ax


def plain(text: object) -> str:
    """Return a user's text as a label: no mathematics, no control characters."""
    shown = "".join(c if c.isprintable() else "�" for c in str(text))
    return shown.replace("$", r"\$")


class Told(Protocol):
    """Anything that says in its attributes what made it, as results of the library do."""

    @property
    def attrs(self) -> Mapping[Any, Any]:
        """What made it."""


def caption(figure: Figure | SubFigure, *standing: Told, notes: Iterable[str] = ()) -> None:
    """Write under a figure the disclaimer, and what it stands on.

    Parameters
    ----------
    figure
        The figure.
    standing
        Results that are drawn in it; of their attributes it names, where they are there, the preset with its sampling
        site and source, how an interval was drawn, the parameters whose source is not verified or that are assumed,
        how the block of the receptors started, and warnings.
    notes
        Further sentences.
    """
    attrs = [result.attrs for result in standing]
    lines = [DISCLAIMER, *_distinct(map(origin, attrs)), *_distinct(map(_interval, attrs))]
    if names := unverified(attrs):
        lines.append(f"Unverified or assumed parameters: {', '.join(names)}.")
    lines += _distinct(map(_start, attrs))
    lines += _distinct(line for one in attrs for line in str(one.get("warnings", "")).splitlines())
    width = int(_DENSITY * figure.bbox.width / figure.dpi)
    text = "\n".join(textwrap.fill(line, width) for line in (*lines, *notes))
    figure.supxlabel(text, fontsize=9, color="0.35", x=0.01, ha="left")


def unverified(attrs: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return the parameters behind results that are not verified or are assumed, each once, whatever its region.

    The concentration of a drug is the user's, and needs no source.
    """
    drugs = {drug for one in attrs for drug in str(one.get("drugs", "")).split()}
    names = (name.partition(".")[0] for one in attrs for name in str(one.get("unverified_parameters", "")).split())
    return _distinct(name for name in names if name.removesuffix("_start") not in drugs)


def origin(attrs: Mapping[Any, Any]) -> str:
    """Return preset, sampling site and source of a concentration as a sentence; nothing where there is none."""
    if "preset" not in attrs:
        return ""
    sources = [short(key) for key in str(attrs.get("source", "")).split(", ") if key]
    source = f"; source: {', '.join(sources)}" if sources else ""
    return f"Preset {attrs['preset']}; sampling site: {attrs['site']}{source}."


def told(name: str, attrs: Mapping[Any, Any]) -> str:
    """Return how a figure calls a quantity: a concentration of a drug says that it is free."""
    return f"free {name}" if str(attrs.get("long_name", "")).startswith("free ") else name


def short(key: str) -> str:
    """Return a reference as a reader knows it: ``"Perez-Ruixo 2021"``."""
    entry = bibliography().get(key, "")
    author = re.search(r"author\s*=\s*\{([^,}]+?)(?:,| and |\})", entry)
    year = re.search(r"year\s*=\s*\{(\d+)\}", entry)
    return f"{author[1] if author else key.capitalize()} {year[1] if year else ''}".strip()


def _start(attrs: Mapping[Any, Any]) -> str:
    if attrs.get("block", "none") == "none":
        return ""
    drugs = ", ".join(str(attrs.get("drugs", "")).replace("_", "-").split()) or "drug"
    return f"{drugs[0].upper()}{drugs[1:]} block at the start: {attrs['block']}."


def _interval(attrs: Mapping[Any, Any]) -> str:
    if "interval" not in attrs:
        return ""
    people = f"{attrs['subjects']} people drawn, seed {attrs['seed']}"
    return f"Interval: {attrs['interval']}, {people}; their spread: {attrs.get('spread', '')}."


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]
