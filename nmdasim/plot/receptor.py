"""Figures of the receptor bench. Every function takes results (and Axes) and returns Axes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from nmdasim.plot import bands
from nmdasim.plot.style import STYLE, Told, axes_of, caption, new_figure
from nmdasim.receptors import hill
from nmdasim.receptors.exact import provenance
from nmdasim.receptors.scheme import Scheme

_SHADES = ("#1b1b1b", "#7b3fa0", "#e8853d", "#3f8f8a", "#c0549d", "#8aa63f", "#f0b429", "#4a6fb5")
_SIZE = (9.0, 5.5)
_OPEN, _SHUT, _HELD = "#f0b429", "#e9e4ee", "#b9a3cc"


def _finish(ax: Axes, results: Sequence[Told], *, own: bool) -> Axes:
    """Write under a figure of its own what it stands on."""
    if own:
        caption(ax.figure, *results)
    return ax


def pulse(
    results: Sequence[xr.Dataset], ax: Axes | None = None, *, labels: Sequence[str] = (), relative: bool = False
) -> Axes:
    """Draw responses to a pulse of glutamate, one line a result; dots mark peak and 1/e.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.receptors.bench.pulse`.
    ax
        Axes; a new figure by default.
    labels
        One a result; the name of its scheme by default.
    relative
        Draw every response relative to its peak, on a logarithmic axis of time.
    """
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, _SIZE)
        for k, result in enumerate(results):
            name = labels[k] if labels else str(result.attrs["scheme"])
            colour = _SHADES[k % len(_SHADES)]
            when, peak = float(result.time_to_peak), float(result.peak_open)
            scale = peak if relative and peak > 0 else 1.0
            ax.plot(result.time, result.open / scale, color=colour, label=name)
            peak /= scale
            ax.plot([when, when + float(result.decay_1e)], [peak, peak / math.e], "o", color=colour, markersize=7)
        if len(results) == 1 and not relative:
            text = f"peak {peak:.3g} after {when:.3g} ms,\n1/e after another {float(result.decay_1e):.4g} ms"
            ax.annotate(text, (when, peak), xytext=(40, -8), textcoords="offset points", va="top")
        ax.set(
            title="A pulse of glutamate at time 0 opens NMDA receptors", xlabel="time, ms", ylabel="open probability"
        )
        spans = [float(r.time_to_peak + 4 * r.decay_1e) for r in results if np.isfinite(r.decay_1e)]
        ax.set_xlim(0, min(max(spans, default=np.inf), max(float(r.time[-1]) for r in results)))
        ax.set_ylim(bottom=0)
        if relative:
            ax.set(xscale="log", ylabel="open probability, relative to the peak")
            ax.set_xlim(left=0.5)
        ax.legend(frameon=False)
    return _finish(ax, results, own=own)


def iv(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the steady current against voltage, one line a magnesium concentration."""
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, _SIZE)
        for k, bath in enumerate(result.mg.values):
            ax.plot(result.v, result.current.sel(mg=bath), color=_SHADES[k], label=f"{bath:g} mM Mg")
        ax.axhline(0, color="0.7", linewidth=1, zorder=0)
        ax.axvline(0, color="0.7", linewidth=1, zorder=0)
        ax.set(
            title="Magnesium plugs the pore of a cell at rest",
            xlabel="holding potential, mV",
            ylabel=f"current, {result.current.units}",
        )
        ax.legend(frameon=False, loc="upper left")
    return _finish(ax, [result], own=own)


def block_voltage(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the share that a drug blocks against voltage, one line a magnesium concentration."""
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, _SIZE)
        for k, bath in enumerate(result.mg.values):
            ax.plot(result.v, 100 * result.blocked.sel(mg=bath), color=_SHADES[k], label=f"{bath:g} mM Mg")
        title = f"{result.attrs['concentration']} {result.attrs['drug']} and magnesium compete for the pore"
        ax.set(title=title, xlabel="holding potential, mV", ylabel="receptors blocked in the long run, %")
        ax.set_ylim(0, 100)
        ax.legend(frameon=False)
    return _finish(ax, [result], own=own)


def onset(results: Mapping[str, xr.Dataset], axes: Any = None) -> np.ndarray:
    """Draw the block that builds up over a train of pulses: open probability above, share blocked below.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.receptors.bench.train` by label.
    axes
        Two Axes; a new figure by default.
    """
    with plt.rc_context(STYLE):
        own = axes is None
        upper, lower = _two() if own else axes
        for k, (label, result) in enumerate(results.items()):
            upper.plot(result.time / 1e3, result.open, color=_SHADES[1 + k], label=label, linewidth=1.6)
            lower.plot(result.time / 1e3, 100 * result.blocked, color=_SHADES[1 + k], label=label)
        upper.set(title="Each pulse opens fewer receptors …", ylabel="open probability")
        lower.set(title="… because the drug enters only while they are open", xlabel="time, s", ylabel="blocked, %")
        lower.set_ylim(bottom=0)
        upper.set_ylim(bottom=0)
        lower.legend(frameon=False)
        if own:
            caption(upper.figure, *results.values())
    return np.asarray([upper, lower])


def recovery(results: Mapping[str, xr.Dataset], ax: Axes | None = None) -> Axes:
    """Draw the share that stays blocked after a drug is removed, relative to the moment of removal.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.receptors.bench.recovery` by label; a label that ends in ``"without agonist"`` is
        drawn dashed, in the colour of its pair.
    ax
        Axes; a new figure by default.
    """
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, _SIZE)
        drugs = list(dict.fromkeys(label.partition(",")[0] for label in results))
        for label, result in results.items():
            share = 100 * result.blocked / float(result.blocked[0])
            colour = _SHADES[1 + drugs.index(label.partition(",")[0])]
            style = "--" if label.endswith("without agonist") else "-"
            ax.plot(result.time / 1e3, share, style, color=colour, label=label)
        ax.set(
            title="A trapped drug leaves only through open channels",
            xlabel="time since the drug was removed, s",
            ylabel="block that is left, %",
        )
        ax.set_ylim(0, 105)
        ax.legend(frameon=False)
    return _finish(ax, list(results.values()), own=own)


def inhibition(results: Sequence[xr.Dataset], ax: Axes | None = None) -> Axes:
    """Draw inhibition curves with their Hill fits, one colour a subtype (or drug), filled by magnesium."""
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, (9, 6))
        kinds = list(dict.fromkeys(_kind(r) for r in results))
        baths = list(dict.fromkeys(str(r.attrs["mg"]) for r in results))
        for result in results:
            colour, bath = _SHADES[kinds.index(_kind(result))], baths.index(str(result.attrs["mg"]))
            dose = result.concentration.values
            fitted = hill.fit(dose, result.response.values)
            fine = np.geomspace(dose[0], dose[-1], 300)
            label = f"{_kind(result)}, {result.attrs['mg']}: {float(result.ic50):.2g} µM"
            ax.plot(fine, 100 * fitted(fine), "-" if bath == 0 else "--", color=colour, label=label)
            face = colour if bath == 0 else "white"
            ax.plot(dose[::3], 100 * result.response[::3], "o", color=colour, markerfacecolor=face, markersize=6)
        ax.axhline(50, color="0.8", linewidth=1, zorder=0)
        drugs = ", ".join(dict.fromkeys(str(r.attrs["drug"]) for r in results))
        ax.set(
            title=f"Inhibition by {drugs} at {results[0].attrs['v']}",
            xscale="log",
            xlabel=f"free {drugs}, µM",
            ylabel="current, % of control",
        )
        ax.set_ylim(0, 105)
        ax.legend(frameon=False, fontsize=11, loc="upper right", title="subtype, Mg: IC50, free", alignment="left")
        if drugs == "ketamine":
            bands.across(ax)
    return _finish(ax, results, own=own)


def _kind(result: xr.Dataset) -> str:
    name = str(result.attrs["subtype"])
    return f"Glu{name.removeprefix('Glu')}" if name.startswith("Glu") else f"GluN{name}" if len(name) == 2 else name


# --- a scheme as a graph ---------------------------------------------------------------------------------------------


def scheme(given: Scheme, ax: Axes | None = None) -> Axes:
    """Draw a scheme: states, transitions, what conducts (gold) and what holds something in its pore (violet).

    The way from rest to the open state runs from left to right; states off that way stand above it; a sheet of states
    with an ion or a drug in the pore is drawn below, a second one above. Small schemes have rates along the arrows.
    """
    with plt.rc_context(STYLE):
        where = layout(given)
        points = np.array(list(where.values()))
        low, high = points.min(axis=0), points.max(axis=0)
        size = 1.35 * (high - low) + (2.4, 2.0)
        own, ax = ax is None, axes_of(ax, (float(max(size[0], 7)), float(max(size[1], 3.2))))
        pairs = {tuple(sorted((t.source, t.target))) for t in given.transitions}
        for a, b in sorted(pairs):
            _arrow(given, ax, where, a, b, write=len(given.states) <= 6)
        for state, (x, y) in where.items():
            colour = _OPEN if state in given.conducting else _HELD if state in given.occupied else _SHUT
            ax.plot(x, y, "o", markersize=38, color=colour, markeredgecolor="#1b1b1b", markeredgewidth=1.6, zorder=3)
            ax.text(x, y, _short(given, state), ha="center", va="center", fontsize=13, zorder=4)
        _sheet_names(given, ax, where)
        ax.set(
            xlim=(low[0] - 0.6, high[0] + 0.6), ylim=(low[1] - 0.55, high[1] + 0.6), aspect="equal", title=given.name
        )
        ax.axis("off")
    if own:
        caption(ax.figure, xr.Dataset(attrs=provenance(given)))
    return ax


def layout(given: Scheme) -> dict[str, tuple[float, float]]:
    """Return where each state of a scheme is drawn."""
    base = [state for state in given.states if state not in given.occupied]
    neighbours = {s: [t.target for t in given.transitions if t.source == s and t.target in base] for s in base}
    main = _way(neighbours, given.rest, next(iter(given.conducting)))
    where = {state: (1.5 * k, 0.0) for k, state in enumerate(main)}
    pending = [s for s in base if s not in where]
    while pending:
        for state in list(pending):
            anchor = next((n for n in neighbours[state] if n in where), None)
            if anchor is not None:
                where[state] = (where[anchor][0], where[anchor][1] + 1.15)
                pending.remove(state)
    gap, depth = 1.35, max(y for _, y in where.values())
    for k, members in enumerate(sheets(given).values()):
        for state, origin in members.items():
            x, y = where[origin]
            below = gap + (k // 2) * (depth + gap)
            where[state] = (x, depth + below + y) if k % 2 else (x, -below - y)
    return where


def sheets(given: Scheme) -> dict[str, dict[str, str]]:
    """Return, by what sits in the pore, the occupied states and the free state that each is a copy of."""
    base = sorted((s for s in given.states if s not in given.occupied), key=len, reverse=True)
    found: dict[str, dict[str, str]] = {}
    for state in given.occupied:
        origin = next((b for b in base if state.startswith(f"{b}_")), base[0])
        found.setdefault(state.removeprefix(f"{origin}_"), {})[state] = origin
    return found


def _way(neighbours: Mapping[str, Sequence[str]], start: str, end: str) -> list[str]:
    """Return the shortest way between two states."""
    ways = [[start]]
    seen = {start}
    while ways[0][-1] != end:
        way = ways.pop(0)
        ways += [[*way, n] for n in neighbours[way[-1]] if n not in seen]
        seen |= set(neighbours[way[-1]])
    return ways[0]


def _short(given: Scheme, state: str) -> str:
    return next((f"{o}*" for m in sheets(given).values() for s, o in m.items() if s == state), state)


def _sheet_names(given: Scheme, ax: Axes, where: Mapping[str, tuple[float, float]]) -> None:
    for name, members in sheets(given).items():
        x, y = min((where[s] for s in members), key=lambda place: (place[0], abs(place[1])))
        label = name.replace("_escapable", ", escapable").replace("mg", "Mg").replace("_", "-")
        ax.text(x - 0.45, y, f"{label} *", ha="right", va="center", fontsize=13, color="#7b3fa0")


def _arrow(given: Scheme, ax: Axes, where: Mapping[str, tuple[float, float]], a: str, b: str, *, write: bool) -> None:
    rates = {(t.source, t.target): t.rate for t in given.transitions if {t.source, t.target} == {a, b}}
    start, end = (a, b) if where[a] <= where[b] else (b, a)
    both = len(rates) == 2
    style = "<|-|>" if both else "-|>" if (start, end) in rates else "<|-"
    hidden = any(_between(where[start], where[end], place) for s, place in where.items() if s not in (a, b))
    patch = FancyArrowPatch(
        where[start],
        where[end],
        arrowstyle=style,
        mutation_scale=13,
        shrinkA=21,
        shrinkB=21,
        connectionstyle="arc3,rad=0.28" if hidden else "arc3",
        color="#1b1b1b",
        linewidth=1.4,
        zorder=2,
    )
    ax.add_patch(patch)
    if not write:
        return
    middle = np.mean([where[start], where[end]], axis=0)
    upright = where[start][0] == where[end][0]
    for pair, above in (((start, end), True), ((end, start), False)):
        if pair in rates:
            text = rates[pair].replace("*", "·").replace("glutamate", "Glu")
            if upright:
                arrow = "↑" if above else "↓"
                ax.text(
                    middle[0] + 0.08, middle[1] + (0.1 if above else -0.1), f"{arrow} {text}", fontsize=12, va="center"
                )
            else:
                arrow = f"{text} →" if above else f"← {text}"
                ax.text(
                    middle[0],
                    middle[1] + (0.12 if above else -0.14),
                    arrow,
                    fontsize=12,
                    ha="center",
                    va="bottom" if above else "top",
                )


def _between(start: tuple[float, float], end: tuple[float, float], place: tuple[float, float]) -> bool:
    """Whether a place lies on the straight line between two others."""
    along, off = np.subtract(end, start), np.subtract(place, start)
    share = float(off @ along) / float(along @ along)
    return 0 < share < 1 and float(np.linalg.norm(off - share * along)) < 0.3


def _two() -> np.ndarray:
    return np.asarray(new_figure(figsize=(9, 7.5), layout="constrained").subplots(2, 1, sharex=True))
