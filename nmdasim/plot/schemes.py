"""A kinetic scheme as a graph: states spelled out in boxes, and the rate of every transition along its arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from nmdasim.plot.look import look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import caption, drawn, new_figure
from nmdasim.receptors.exact import provenance
from nmdasim.receptors.scheme import Scheme

_SCHEME = Need("nm.receptors.scheme(name)", kind=Scheme)


#: Fills of states that conduct, are shut, or hold something in the pore; what is written on them is black.
_OPEN, _SHUT, _HELD = "#f2c14e", "#f1eef5", "#c9b5dd"
_INK = "#1b1b1b"
#: Distances in inches: from state to state, from a state to one off the way, and from sheet to sheet.
_ACROSS, _UP, _SHEET = 2.7, 1.7, 1.9
#: Room for the title, in the same inches.
_TITLE = 0.6
#: Type for which those inches are made, in points, and the size relative to it of words and of names of sheets.
_FONT, _WORDS, _SHEETS = 13, 11 / 13, 12 / 13
#: How far an arrow past other states bends, relative to half its length.
_BULGE = 0.5
#: The same along a row.
_BOW = 0.3


@draws(_SCHEME)
def scheme(given: Scheme, ax: Axes | None = None) -> Axes:
    """Draw a scheme: states in words, transitions with their rates, what conducts (gold) and what is plugged (violet).

    The way from rest to the open state runs from left to right; states off that way stand above it, or before it where
    what is in the pore leaves from them too; a sheet of states with an ion or a drug in the pore is drawn below, a
    second one above.
    """
    with drawn():
        where = layout(given)
        points = np.array(list(where.values()))
        low, high = points.min(axis=0) - (1.7, 0.7), points.max(axis=0) + np.array([_margin(given, where), 0.7])
        if _laddered(given):  # room for arrows that pass over other states
            low[1], high[1] = low[1] - 0.6, high[1] + 0.6
        high[1] += _TITLE
        own, larger = ax is None, look().font / _FONT  # the figure is as much larger as its type
        if ax is None:
            size = larger * max(high[0] - low[0], 8.5), larger * (high[1] - low[1] + 0.9)
            ax = new_figure(figsize=size, layout="constrained").subplots()
        words, boxes = spelled(given), {}
        ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), aspect="equal")
        ax.set_title(_says(given), y=1.0, pad=0, va="top")  # inside the Axes, whose height is that of its states
        ax.axis("off")
        for state, place in where.items():
            colour = _OPEN if state in given.conducting else _HELD if state in given.occupied else _SHUT
            edge = 3.0 if state in given.conducting else 1.4
            box = {"boxstyle": "round,pad=0.45", "fc": colour, "ec": _INK, "lw": edge}
            kind: dict[str, Any] = {
                "ha": "center",
                "va": "center",
                "fontsize": _WORDS * look().font,
                "color": _INK,
                "bbox": box,
                "zorder": 3,
            }
            boxes[state] = ax.text(*place, words[state], **kind)
        ax.figure.canvas.draw()  # only then are the boxes as large as their words, and arrows can end at them
        for a, b in sorted({(min(t.source, t.target), max(t.source, t.target)) for t in given.transitions}):
            _arrow(given, ax, where, boxes, *((a, b) if where[a] <= where[b] else (b, a)))
        _sheet_names(given, ax, where)
    if own:
        caption(ax.figure, xr.Dataset(attrs=provenance(given)))
    return ax


def _says(given: Scheme) -> str:
    """Return what a scheme shows: how many glutamates open it, and that something sits in its pore."""
    number = max(_bound(given)[state] for state in given.conducting)
    opens = f"{given.name}: opens (gold) with {number} glutamate bound"
    return f"{opens}\nViolet: something sits in the pore" if given.occupied else opens


def _bound(given: Scheme) -> dict[str, int]:
    """Return how many glutamates each state has bound whose pore is free, in the order of their distance from rest."""
    bound, pending = {given.rest: 0}, [given.rest]
    while pending:
        state = pending.pop(0)
        for t in given.transitions:
            if t.source == state and t.target not in given.occupied and t.target not in bound:
                bound[t.target] = bound[state] + ("glutamate" in t.rate)
                pending.append(t.target)
    return bound


def spelled(given: Scheme) -> dict[str, str]:
    """Return every state in words: open, shut with so many glutamates, desensitised; with * what is in the pore."""
    binding = {t.target for t in given.transitions if "glutamate" in t.rate}
    words = {}
    for state, number in _bound(given).items():
        shut = f"closed,\n{number or 'no'} glutamate" if state in binding | {given.rest} else "desensitised"
        words[state] = "open" if state in given.conducting else shut
    for members in sheets(given).values():
        words |= {state: f"{words[origin]} *" for state, origin in members.items()}
    copies = {state: origin for members in sheets(given).values() for state, origin in members.items()}
    return {state: f"{text}\n({copies.get(state, state)})" for state, text in words.items()}


def layout(given: Scheme) -> dict[str, tuple[float, float]]:
    """Return where each state of a scheme is drawn."""
    neighbours = _neighbours(given)
    where = {state: (_ACROSS * k, 0.0) for k, state in enumerate(_way(given))}
    pending = [s for s in _bound(given) if s not in where]
    if _laddered(given):  # all in one row: every state then stands straight above its copies
        where |= {state: (-_ACROSS * (k + 1), 0.0) for k, state in enumerate(pending)}
        pending = []
    while pending:
        for state in list(pending):
            anchor = next((n for n in neighbours[state] if n in where), None)
            if anchor is not None:
                where[state] = (where[anchor][0], where[anchor][1] + _UP)
                pending.remove(state)
    gap, depth = _SHEET, max(y for _, y in where.values())
    for k, members in enumerate(sheets(given).values()):
        for state, origin in members.items():
            x, y = where[origin]
            below = gap + (k // 2) * (depth + gap)
            where[state] = (x, depth + below + y) if k % 2 else (x, -below - y)
    return where


def _laddered(given: Scheme) -> bool:
    """Whether what is in the pore comes and goes in states off the way from rest to open, too."""
    joined, main = {frozenset((t.source, t.target)) for t in given.transitions}, _way(given)
    pairs = [pair for members in sheets(given).values() for pair in members.items()]
    return any(frozenset((copy, origin)) in joined for copy, origin in pairs if origin not in main)


def sheets(given: Scheme) -> dict[str, dict[str, str]]:
    """Return, by what sits in the pore, the occupied states and the free state that each is a copy of."""
    base = sorted((s for s in given.states if s not in given.occupied), key=len, reverse=True)
    found: dict[str, dict[str, str]] = {}
    for state in given.occupied:
        origin = next((b for b in base if state.startswith(f"{b}_")), base[0])
        found.setdefault(state.removeprefix(f"{origin}_"), {})[state] = origin
    return found


def _way(given: Scheme) -> list[str]:
    """Return the shortest way from rest to the open state."""
    neighbours, end = _neighbours(given), next(iter(given.conducting))
    ways = [[given.rest]]
    seen = {given.rest}
    while ways[0][-1] != end:
        way = ways.pop(0)
        ways += [[*way, n] for n in neighbours[way[-1]] if n not in seen]
        seen |= set(neighbours[way[-1]])
    return ways[0]


def _neighbours(given: Scheme) -> dict[str, list[str]]:
    """Return where each state leads whose pore is free, among such states."""
    free = [state for state in given.states if state not in given.occupied]
    return {s: [t.target for t in given.transitions if t.source == s and t.target in free] for s in free}


def _sheet_names(given: Scheme, ax: Axes, where: Mapping[str, tuple[float, float]]) -> None:
    for name, members in sheets(given).items():
        x, y = min((where[s] for s in members), key=lambda place: (place[0], abs(place[1])))
        label = name.replace("_escapable", ",\nescapable").replace("mg", "Mg").replace("_", "-")
        ax.text(
            x - 0.75,
            y,
            f"* {label}\nin the\npore",
            ha="right",
            va="center",
            fontsize=_SHEETS * look().font,
            fontweight="bold",
        )


def _margin(given: Scheme, where: Mapping[str, tuple[float, float]]) -> float:
    """Return the room that the rates beside the last column of states need."""
    last = max(x for x, _ in where.values())
    upright = [t.rate for t in given.transitions if where[t.source][0] == where[t.target][0] == last]
    return 0.8 + 0.085 * max((len(_rate(given, rate)) for rate in upright), default=0)


def _rate(given: Scheme, rate: str) -> str:
    """Return a rate as it is written along an arrow: the drug is named once, by its sheet."""
    for name in sheets(given):
        rate = rate.replace(f"_{name.removesuffix('_escapable')}", "")
    return rate.replace("*", "·").replace("glutamate", "Glu").replace("open_max", "p_max")


def _arrow(
    given: Scheme, ax: Axes, where: Mapping[str, tuple[float, float]], boxes: Mapping[str, Text], start: str, end: str
) -> None:
    rates = {(t.source, t.target): t.rate for t in given.transitions if {t.source, t.target} == {start, end}}
    style = "<|-|>" if len(rates) == 2 else "-|>" if (start, end) in rates else "<|-"
    others = [place for state, place in where.items() if state not in (start, end)]
    hidden = any(_between(where[start], where[end], place) for place in others)
    patch = FancyArrowPatch(
        where[start],
        where[end],
        arrowstyle=style,
        mutation_scale=15,
        patchA=boxes[start].get_bbox_patch(),
        patchB=boxes[end].get_bbox_patch(),
        shrinkA=2,
        shrinkB=2,
        connectionstyle=f"arc3,rad={_bend(where[start], where[end])}" if hidden else "arc3",
        color=look().ink,
        linewidth=1.6,
        zorder=4,  # drawn after the boxes, which only then are where this drawing has them
    )
    ax.add_patch(patch)
    middle = np.mean([where[start], where[end]], axis=0)
    upright = where[start][0] == where[end][0]
    for pair, ahead in (((start, end), True), ((end, start), False)):
        if pair not in rates:
            continue
        text = _rate(given, rates[pair])
        if hidden and not upright:
            side = -np.sign(_bend(where[start], where[end]))
            y = middle[1] + side * _BOW * abs(where[end][0] - where[start][0]) / 2 + (0.12 if ahead else -0.14)
            ax.text(
                middle[0],
                y,
                f"{text} →" if ahead else f"← {text}",
                fontsize=_WORDS * look().font,
                ha="center",
                va="center",
            )
        elif hidden:
            x = middle[0] + _BULGE * abs(where[end][1] - where[start][1]) / 2
            y = middle[1] + (0.13 if ahead else -0.13)
            ground = {"facecolor": look().ground, "linewidth": 0, "pad": 1}
            ax.text(
                x - 0.1,
                y,
                f"{'↑' if ahead else '↓'} {text}",
                fontsize=_WORDS * look().font,
                va="center",
                bbox=ground,
                zorder=4.5,
            )
        elif upright:
            y = middle[1] + (0.13 if ahead else -0.13)
            ax.text(middle[0] + 0.1, y, f"{'↑' if ahead else '↓'} {text}", fontsize=_WORDS * look().font, va="center")
        else:
            y, va = middle[1] + (0.1 if ahead else -0.12), "bottom" if ahead else "top"
            ax.text(
                middle[0], y, f"{text} →" if ahead else f"← {text}", fontsize=_WORDS * look().font, ha="center", va=va
            )


def _bend(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return how an arrow past other states bends: to the right of a column; above a row, below one that is low."""
    if start[0] == end[0]:
        return _BULGE
    return _BOW if start[1] < 0 else -_BOW


def _between(start: tuple[float, float], end: tuple[float, float], place: tuple[float, float]) -> bool:
    """Whether a place lies on the straight line between two others."""
    along, off = np.subtract(end, start), np.subtract(place, start)
    share = float(off @ along) / float(along @ along)
    return 0 < share < 1 and float(np.linalg.norm(off - share * along)) < 0.3
