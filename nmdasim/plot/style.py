"""How every figure looks, and what stands under it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import FuncFormatter

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest
from nmdasim.parameters import bibliography
from nmdasim.parameters.drugs import written
from nmdasim.plot.look import look
from nmdasim.run.provenance import drugs_given

_Entry = TypeVar("_Entry")
#: Letters to an inch in type of one point.
_DENSITY = 122.0
#: Lines of a caption for which a figure has room.
_ROOM = 6
#: Share of the height of the Axes between a legend and the lines below it.
_GAP = 0.03
#: Share of an axis of time that lies before the first moment.
_BEFORE = 0.015
#: Share of a side that the name of its axis takes at most.
_FULL = 0.97


def drawn() -> Any:
    """Return the context in which figures are drawn: the settings of the style that was chosen."""
    return plt.rc_context(look().rc)


def new_figure(*, figsize: tuple[float, float], **options: Any) -> Figure:
    """Return a figure of pyplot, to be seen in notebooks and by ``show``; one to be saved where no backend loads.

    It has the inches that it needs, and the shape that its style has.
    """
    size = look().shaped(figsize)
    try:
        return plt.figure(figsize=size, **options)
    except ImportError:  # of a screen that is not there, of a notebook that started this program
        return Figure(figsize=size, **options)


def axes_of(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return the Axes given, or those of a new figure."""
    return new_figure(figsize=look().sized(size), layout="constrained").subplots() if ax is None else ax


def headline(figure: Figure | SubFigure, text: str) -> None:
    """Put what a figure of several panels shows above all of them, in large type, in as many rows as it needs."""
    figure.suptitle(kept(text), fontsize=1.25 * look().font, fontweight="bold", x=0.01, ha="left", wrap=True)


def kept(text: str) -> str:
    """Return a text in which a number stays in one row with the unit or the noun after it."""
    return re.sub(r"(?<=\d) (?=\w)", "\N{NO-BREAK SPACE}", text)


def from_zero(ax: Axes) -> None:
    """Begin the y axis at 0, or below it as far as markers at its foot need to keep clear of the numbers beneath."""
    low, high = min(ax.dataLim.y0, 0.0), ax.get_ylim()[1]
    ax.set_ylim(bottom=low - 0.05 * (high - low) if ax.dataLim.y0 < 0.02 * high else 0)


def span(times: np.ndarray) -> tuple[float, float]:
    """Return the ends of an axis of time: what is given at the very start stands clear of the other axis."""
    return float(times[0] - _BEFORE * (times[-1] - times[0])), float(times[-1])


def in_rows(entries: Sequence[_Entry], columns: int) -> list[_Entry]:
    """Return entries of a legend such that one is beside the next: it is filled column by column, and read by rows."""
    return [entry for column in range(columns) for entry in entries[column::columns]]


def clear(ax: Axes) -> None:
    """Make the y axis longer until the legend, which is in its upper part, lies above all that is drawn."""
    key, figure = ax.get_legend(), ax.get_figure(root=True)
    if key is None or figure is None:
        return
    figure.draw_without_rendering()  # the layout is found: how high the Axes are
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    share = min(1 - (key.get_window_extent().y0 - ax.bbox.y0) / ax.bbox.height + _GAP, 0.7)
    ax.set_ylim(low, low + (high - low) / (1 - share))
    ax.set_yticks(ticks)


def named_within(*axes: Axes) -> None:
    """Break the names of x and y axes that are longer than their side into rows; called when all else is there."""
    figure = axes[0].get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # the layout is found
    for ax in axes:
        for axis, side in ((ax.xaxis, "width"), (ax.yaxis, "height")):
            if _broken(axis, side):
                figure.draw_without_rendering()  # with the rows of this name


def _broken(axis: Axis, side: str) -> bool:
    """Break the name of an axis into rows that its side has room for; return whether that was needed."""
    text = kept(axis.label.get_text())
    letters = len(text)
    longest = max(map(len, text.split()), default=0)
    while getattr(axis.label.get_window_extent(), side) > _FULL * getattr(axis.axes.bbox, side) and letters > longest:
        letters -= 1
        axis.label.set_text(textwrap.fill(text, letters, break_long_words=False))
    return letters < len(text)


def plain_log(axis: Axis) -> None:
    """Write the decades of a logarithmic axis as numbers that anyone reads: 0.1, 1, 10."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))


def plain(text: object) -> str:
    """Return a user's text as a label: no mathematics, no control characters."""
    shown = "".join(c if c.isprintable() else "�" for c in str(text))
    return shown.replace("$", r"\$")


def check_known(name: str, there: Iterable[Any], what: str, none: str) -> None:
    """Refuse a name of something that a result does not have.

    Parameters
    ----------
    name, there
        The name, and those that there are.
    what, none
        What it is a name of, as in ``"recorded variable"``; what to say where there is none at all.

    Raises
    ------
    InputError
        If it is not among them.
    """
    names = [str(one) for one in there]
    if name not in names:
        raise InputError(f"no {what} {name!r}{nearest(name, names) if names else f'; {none}'}")


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
    attrs = [_drawn_of(result) for result in standing]
    lines = [DISCLAIMER, *_distinct(map(origin, attrs)), *_distinct(map(_interval, attrs))]
    if names := unverified(attrs):
        lines.append(f"Unverified or assumed parameters: {', '.join(names)}.")
    lines += _started(attrs)
    lines += _distinct(line for one in attrs for line in str(one.get("warnings", "")).splitlines())
    own = look()
    width = int(_DENSITY / own.caption * figure.bbox.width / figure.dpi)
    text = "\n".join(textwrap.fill(line, width) for line in (*lines, *notes))
    beyond = text.count("\n") + 1 - _ROOM
    if beyond > 0 and isinstance(figure, Figure):  # a long caption makes the figure higher, not its axes lower
        wide, high = figure.get_size_inches()
        figure.set_size_inches(*own.shaped((wide, high + beyond * own.caption * 1.2 / 72)))
    figure.supxlabel(text, fontsize=own.caption, color=own.quiet, x=0.01, ha="left")


def _drawn_of(result: Told) -> Mapping[Any, Any]:
    """Return what made a result, without the drugs that the lanes chosen of it were not given."""
    coords, attrs = getattr(result, "coords", {}), result.attrs
    left = str(attrs.get("drugs_before", attrs.get("drugs", ""))).split()
    chosen = [drug for drug in drugs_given(attrs) if drug in left or drug not in coords or np.any(coords[drug])]
    return {**attrs, "drugs_given": " ".join(chosen)} if "drugs" in attrs else attrs


def unverified(attrs: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return the parameters behind results that are not verified or are assumed, each once, whatever its region.

    The concentration of a drug is the user's, and needs no source; what belongs to a drug that is nowhere given moved
    no number.
    """
    drugs = {drug for one in attrs for drug in str(one.get("drugs", "")).split()}
    used = {drug for one in attrs for drug in drugs_given(one)}
    names = (name.partition(".")[0] for one in attrs for name in str(one.get("unverified_parameters", "")).split())
    return _distinct(
        name for name in names if name.removesuffix("_start") not in drugs and (_of(name, used) or not _of(name, drugs))
    )


def _of(name: str, drugs: Iterable[str]) -> bool:
    return any(f"_{drug}_" in f"{name}_" for drug in drugs)


def origin(attrs: Mapping[Any, Any]) -> str:
    """Return preset, sampling site and source of a concentration as a sentence; nothing where there is none."""
    if "preset" not in attrs:
        return ""
    # That a source is unclear stands among the warnings, as a sentence.
    sources = [short(key) for key in str(attrs.get("source", "")).split(", ") if key and "unclear" not in key]
    source = f"; source: {', '.join(sources)}" if sources else ""
    return f"Preset {attrs['preset']}; sampling site: {attrs['site']}{source}."


def told(name: str, attrs: Mapping[Any, Any]) -> str:
    """Return how a figure calls a quantity: a concentration of a drug says that it is free."""
    return f"free {written(name)}" if str(attrs.get("long_name", "")).startswith("free ") else name


def short(key: str) -> str:
    """Return a reference as a reader knows it: ``"Perez-Ruixo 2021"``."""
    entry = bibliography().get(key, "")
    author = re.search(r"author\s*=\s*\{([^,}]+?)(?:,| and |\})", entry)
    year = re.search(r"year\s*=\s*\{(\d+)\}", entry)
    return f"{author[1] if author else key.capitalize()} {year[1] if year else ''}".strip()


def _started(attrs: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Return a sentence for each way in which the block of the receptors started, with the drugs that were given."""
    starts: dict[str, list[str]] = {}
    for one in attrs:
        names = [written(drug) for drug in drugs_given(one)] or ["drug"] * (not one.get("drugs"))
        if names and one.get("block", "none") != "none":
            starts.setdefault(str(one["block"]), []).extend(names)
    texts = ((", ".join(_distinct(names)), how) for how, names in starts.items())
    return [f"{names[0].upper()}{names[1:]} block at the start: {how}." for names, how in texts]


def persons(number: int) -> str:
    """Return a number of people in words, ``"1 person"`` or ``"200 people"``."""
    return "1 person" if number == 1 else f"{number} people"


def _interval(attrs: Mapping[Any, Any]) -> str:
    if "interval" not in attrs:
        return ""
    people = f"{persons(attrs['subjects'])} drawn, seed {attrs['seed']}"
    spread = attrs.get("spread", "")
    if not isinstance(spread, str):  # a factor on the differences that stand in the tables
        said = "" if spread == 1 else f"; their differences × {spread:g}"
    else:
        said = f"; their spread: {re.sub(r'[a-z]+[0-9]{4}[a-z]*', lambda key: short(key[0]), spread)}"
    return f"Interval: {attrs['interval']}, {people}{said}."


def _distinct(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text]
