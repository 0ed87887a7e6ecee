"""Figures of a population of models: ranges that are kept, losses as a fan, parallel coordinates, what decides."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Patch

from nmdasim.errors import InputError
from nmdasim.plot.look import cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import axes_of, caption, told
from nmdasim.quantities import brief, pretty, several
from nmdasim.readout.populations import loss, narrowing, places

_FOUND = Need("nm.studies.population_of_models(…)", "draw kept")
_RANKED = Need("nm.studies.populations.rank_correlations(…)", "parameter correlation low high")


#: Lines of parallel coordinates: more hide each other.
_LINES = 300
#: Share by which a range has to be narrower for it to be told.
_LEAST = 0.01
#: What tells tables of bars apart without colour.
_HATCHES = ("", "////", "....", "xxxx", "----")
#: Letters of a line beside a colour bar.
_WIDTH = 32
#: Quantiles between which a fan is filled, from the outside.
_FAN = ((0.05, 0.95), (0.25, 0.75))


@draws(_FOUND)
def accepted_ranges(found: xr.Dataset, chosen: xr.DataArray | None = None, ax: Axes | None = None) -> Axes:
    """Draw where in its range each parameter lies in the kept draws: 5–95 %, quartiles, median.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    chosen
        Which of the kept draws are drawn beside all of them, shape (kept draws,); its ``long_name`` says which.
    ax
        Axes to draw into; a new figure by default.
    """
    names, where = places(found)
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (9, 2.6 + 0.5 * len(names)))
        kept, beside = cues(4)[1], cues(4)[3]
        groups = {"kept": (where, kept, 0.0 if chosen is None else -0.15)}
        if chosen is not None:
            some = np.asarray(chosen.values, dtype=bool)
            groups[str(chosen.attrs.get("long_name", "chosen"))] = (where[some], beside, 0.2)
        for label, (part, cue, shift) in groups.items():
            rows = np.arange(len(names)) + shift
            low, first, middle, third, high = np.quantile(part, [0.05, 0.25, 0.5, 0.75, 0.95], axis=0)
            ax.hlines(rows, low, high, color=cue.colour, lw=1.2, linestyle="-" if cue is kept else cue.line)
            ax.hlines(rows, first, third, color=cue.colour, lw=6, alpha=0.6)
            ax.plot(middle, rows, cue.marker, color=cue.colour, label=f"{label}: {several(len(part), 'draw')}")
        ax.set_yticks(
            range(len(names)), [f"{name}  {_reach(found, name)}" for name in names], fontsize=0.77 * look().font
        )
        ax.set(xlim=(-0.02, 1.02), ylim=(len(names) - 0.4, -0.6), xlabel="place in the range that was drawn from")
        ax.legend(frameon=False, loc="lower right", bbox_to_anchor=(1, 1), fontsize=0.77 * look().font)
        if own:
            ax.set_title(_narrowed(found), loc="left", pad=22 + 14 * len(groups), wrap=True)
            told = "Mark: median of the draws; thick line: half of them; thin line: nine tenths."
            uneven = "Shares are drawn to sum to 1, so they lie low whatever the data say."
            caption(ax.figure, found, notes=[_counted(found), told, *[uneven] * bool(found.attrs.get("shares"))])
    return ax


def _narrowed(found: xr.Dataset) -> str:
    """Return which range the data narrow most, against what was drawn: a share is drawn unevenly."""
    narrower = narrowing(found)
    most = max(narrower, key=lambda name: narrower[name])
    if narrower[most] < _LEAST:
        return "The data narrow no range"
    return f"The data narrow {most} most ({100 * narrower[most]:.0f}\N{NO-BREAK SPACE}%)"


@draws(_FOUND)
def fan(
    found: xr.Dataset,
    answer: str = "index",
    ax: Axes | None = None,
    *,
    beside: Mapping[str, float] | None = None,
    colour: str = "",
) -> Axes:
    """Draw the loss of an answer over the dose: median, half and nine tenths of the kept draws.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    answer
        A read-out whose loss it holds.
    ax
        Axes to draw into; a new figure by default.
    beside
        Losses in per cent to draw as lines, by their label.
    colour
        Of the fan; that of the style by default.
    """
    colour = colour or look().shades[1]
    values, dose = loss(found, answer).values, found.attrs["dose"]
    doses = found[dose].values
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (8, 5.5))
        key: list[Artist] = []
        for depth, (low, high) in enumerate(_FAN, 1):  # each lies on those before it, and is as dark as all of them
            edges = np.nanquantile(values, [low, high], axis=0)
            ax.fill_between(doses, *edges, color=colour, alpha=0.25, lw=0)
            share = f"{100 * (high - low):.0f} % of the models"
            key.append(Patch(facecolor=colour, alpha=1 - 0.75**depth, linewidth=0, label=share))
        ax.plot(doses, np.nanmedian(values, axis=0), "o-", color=colour, label="median")
        for (label, value), style in zip((beside or {}).items(), ("--", ":", "-.") * 10, strict=False):
            ax.axhline(value, color="0.2", ls=style, lw=1.4, label=label)
        ax.axhline(0, color="0.7", lw=0.8)
        if np.all(doses > 0):
            ax.set_xscale("log")
            ax.set_xticks(doses, [brief(value, 6) for value in doses])
            ax.minorticks_off()
        ax.set(xlabel=_dose_label(found), ylabel=f"loss of {answer}, %")
        ax.legend(handles=[*key, *ax.get_legend_handles_labels()[0]], frameon=False, fontsize=0.77 * look().font)
        if own:
            drug = told(dose, found[dose].attrs)
            last = f"{brief(doses[-1], 6)} {found[dose].attrs.get('units', '')} {drug}"
            low, middle, high = np.nanquantile(values[:, -1], [0.05, 0.5, 0.95])
            span = f"{low:.0f} to {high:.0f} % in nine tenths"
            took = f"{last} takes {middle:.0f} % of the {answer} in the median model ({span})"
            ax.set_title(took, loc="left", wrap=True)
            caption(ax.figure, found, notes=[_counted(found)])
    return ax


@draws(_FOUND)
def parallel(found: xr.Dataset, values: xr.DataArray, ax: Axes | None = None, *, seed: int = 0) -> Axes:
    """Draw kept draws as lines over their parameters, coloured by an answer.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    values
        An answer over the kept draws, such as the loss at one dose; of many draws some are taken at random.
    ax
        Axes to draw into; a new figure by default.
    seed
        Seed of that choice.
    """
    names, where = places(found)
    if values.dims != ("draw",) or values.sizes["draw"] != len(where):
        raise InputError(f"the answer has shape {dict(values.sizes)}; give one number for each of {len(where)} draws")
    y = np.asarray(values.values, dtype=float)
    defined = np.flatnonzero(np.isfinite(y))
    some = np.random.default_rng(seed).permutation(defined)[:_LINES]
    some = some[np.argsort(np.abs(y[some] - np.median(y[some])))]  # the rare ones above
    x = np.arange(len(names))
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (max(8, 0.9 * len(names)), 7))
        lines = LineCollection([np.column_stack([x, row]) for row in where[some]], cmap="viridis", alpha=0.5, lw=1)
        lines.set_array(y[some])
        lines.set_clim(*np.quantile(y[defined], [0.05, 0.95]))
        ax.add_collection(lines)
        bar = ax.figure.colorbar(lines, ax=ax)
        told = f"{values.attrs.get('long_name', values.name)}, {values.attrs.get('units', '1')}{_at(found, values)}"
        bar.set_label(textwrap.fill(told, _WIDTH))
        ax.set_xticks(x, names, rotation=40, ha="right", fontsize=0.77 * look().font)
        ax.set(xlim=(-0.2, len(names) - 0.8), ylim=(-0.02, 1.02), ylabel="place in its range")
        if own:
            said = f"{len(where):,} sets of parameters meet the same data"
            drawn = "all" if len(some) == len(where) else f"{len(some):,} of them"
            ax.set_title(f"{said}: {drawn}, coloured by what follows", loc="left", wrap=True)
            told = "A line a set. Where one colour keeps to one end of an axis, that parameter matters."
            caption(ax.figure, found, notes=[_counted(found), told])
    return ax


@draws(_RANKED)
def deciding(correlations: xr.Dataset | Mapping[str, xr.Dataset], ax: Axes | None = None) -> Axes:
    """Draw partial rank correlations with their intervals, largest first; tables differ in colour and in hatch.

    Parameters
    ----------
    correlations
        From :func:`nmdasim.studies.populations.rank_correlations`; several by label, with the same parameters.
    ax
        Axes to draw into; a new figure by default.
    """
    tables = {"": correlations} if isinstance(correlations, xr.Dataset) else correlations
    first = next(iter(tables.values()))
    names = first.parameter.values[np.argsort(-np.abs(first.correlation.values))]
    height = 0.8 / len(tables)
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (8.5, 2.4 + 0.4 * len(names) * max(1, len(tables) / 2)))
        for k, (label, table) in enumerate(tables.items()):
            part = table.sel(parameter=names)
            rows = np.arange(len(names)) + height * (k - (len(tables) - 1) / 2)
            spread = np.abs([part.correlation - part.low, part.high - part.correlation])
            often: dict[str, Any] = {"color": look().shades[1 + k], "hatch": _HATCHES[k % len(_HATCHES)]}
            often |= {"edgecolor": look().ground, "linewidth": 0}
            ax.barh(rows, part.correlation, height * 0.9, xerr=spread, ecolor="0.4", label=label, **often)
        ax.set_yticks(range(len(names)), list(names), fontsize=0.77 * look().font)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.axvline(0, color="0.3", lw=0.8)
        ax.set(xlabel=f"partial rank correlation with {first.attrs['of']}", xlim=(-1, 1))
        if any(tables):
            ax.legend(frameon=False, fontsize=0.77 * look().font)
        if own:
            ax.set_title(f"{names[0]} decides most about {first.attrs['of']}", loc="left", wrap=True)
            told = "Of ranks, with those of all other parameters taken out: 0 is no link. Lines: 95 % intervals."
            caption(ax.figure, *tables.values(), notes=[told])
    return ax


def _reach(found: xr.Dataset, name: str) -> str:
    ranges: dict[str, Any] = json.loads(found.attrs["ranges"])
    return f"({' – '.join(pretty(str(end)) for end in ranges[name])})" if name in ranges else "(share)"


def _at(found: xr.Dataset, values: xr.DataArray) -> str:
    """Return the dose that an answer belongs to, where it is of one."""
    dose = found.attrs.get("dose", "")
    if dose not in values.coords or values[dose].ndim:
        return ""
    unit = found[dose].attrs.get("units", "")
    return f", at {brief(float(values[dose]), 6)} {unit} {found[dose].attrs.get('long_name', dose)}"


def _dose_label(found: xr.Dataset) -> str:
    dose = found[found.attrs["dose"]]
    unit = dose.attrs.get("units", "1")
    return f"{dose.attrs.get('long_name', dose.name)}{'' if unit in ('1', '') else f', {unit}'}"


def _counted(found: xr.Dataset) -> str:
    kept, draws = int(found["kept"].sum()), found.sizes["draw"]
    of = f"{several(draws, 'draw')} of {several(len(places(found)[0]), 'parameter')}"
    return f"{found.attrs['model']}: {kept:,} of {of} {'meets' if kept == 1 else 'meet'} the data."
