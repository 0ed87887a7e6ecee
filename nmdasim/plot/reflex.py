"""Figures of a reflex test: the threshold for one volley over the dose, and what stronger volleys recruit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nmdasim.plot.broken import log_with_zero
from nmdasim.plot.look import Cue, cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.rings import rings
from nmdasim.plot.style import axes_of, caption, drawn, headline, new_figure, plain_log
from nmdasim.quantities import brief, several

_FOUND = Need("nm.studies.reflex.threshold(neuron)", "threshold spikes strength")


_STRENGTH = "strength of the volley (1: as published)"


@draws(_FOUND)
def threshold(found: xr.Dataset) -> np.ndarray:
    """Draw the recruitment of every dose, and beside it, where there are several, the threshold over the dose.

    Parameters
    ----------
    found
        A result of :func:`nmdasim.studies.reflex.threshold`.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Recruitment; threshold.
    """
    panels = 2 if found.threshold.sizes.get("ketamine", 1) > 1 else 1
    with drawn():
        size = (13, 6) if panels == 2 else (8.5, 6)
        figure = new_figure(figsize=look().scaled(size), layout="constrained")
        axes = figure.subplots(1, panels, squeeze=False)[0]
        recruitment(found, axes[0])
        if panels == 2:
            _over_dose(found, axes[1])
        headline(figure, says(found))
        caption(figure, found, notes=[_spread(found)])
    return np.asarray(axes)


@draws(_FOUND)
def recruitment(found: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the spikes after one volley over its strength, the mean of all draws; an upright line is a threshold.

    Parameters
    ----------
    found
        A result of :func:`nmdasim.studies.reflex.threshold`.
    ax
        Axes to draw into; a new figure by default.
    """
    with drawn():
        own, ax = ax is None, axes_of(ax, (8.5, 6))
        for label, cue, one in _doses(found):
            ax.plot(one.strength, one.spikes.mean("seed"), label=label, clip_on=False, **cue.dotted)
            ax.axvline(float(one.threshold.median()), ymax=0.4, linewidth=0.5 * look().line, zorder=0, **cue.plain)
        ax.set(xscale="log", xlabel=_STRENGTH, ylabel="spikes after one volley", title="Recruitment")
        ax.set_ylim(0, 1.05 * max(ax.get_ylim()[1], 1.0))
        rings(ax)
        plain_log(ax.xaxis)
        if "ketamine" in found.dims:
            ax.legend(frameon=False, title="free ketamine", handlelength=3.2, loc="upper left")
        if own:
            ax.set_title(says(found), wrap=True)
            caption(ax.figure, found, notes=[_spread(found)])
    return ax


def _over_dose(found: xr.Dataset, ax: Axes) -> None:
    dose, every = found.ketamine.values, found.threshold.transpose("ketamine", "seed")
    zero = log_with_zero(ax, dose[dose > 0])[0] if np.any(dose == 0) else 0.0
    if not zero:
        ax.set_xscale("log")
        plain_log(ax.xaxis)
    at = np.where(dose == 0, zero, dose)
    colour = look().shades[1]
    ax.plot(np.repeat(at, every.sizes["seed"]), every.values.ravel(), "o", color=colour, alpha=0.4, label="draws")
    ax.plot(at, every.median("seed"), "_", color=colour, markersize=7 * look().line, label="median")
    ax.set(xlabel=f"free ketamine, {found.ketamine.units}", ylabel="threshold, strength", title="Threshold")
    ax.set_ylim(0, 1.15 * max(float(every.max()), 1e-9))
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.legend(frameon=False, loc="lower right")


def _doses(found: xr.Dataset) -> Iterator[tuple[str, Cue, xr.Dataset]]:
    if "ketamine" not in found.dims:
        yield "", cues(1)[0], found
        return
    for k, cue in zip(np.argsort(found.ketamine.values), cues(found.sizes["ketamine"]), strict=True):
        one = found.isel(ketamine=k)
        yield f"{brief(float(one.ketamine))} {found.ketamine.units}", cue, one


def says(found: xr.Dataset) -> str:
    """Return what a search shows, in one line: the threshold, or what the largest dose makes of it."""
    least = np.atleast_1d(found.threshold.median("seed").values)
    answered = "is answered" if found.attrs["criterion"] == 1 else f"brings {brief(found.attrs['criterion'])} spikes"
    if "ketamine" not in found.dims or len(least) == 1:
        return f"One volley {answered} from strength {brief(round(float(least[0]), 3))} on"
    dose, unit = found.ketamine.values, found.ketamine.units
    ends = np.argmin(dose), np.argmax(dose)
    low, high = (f"{brief(float(dose[end]))} {unit}" for end in ends)
    return f"At {high} free ketamine the threshold is {least[ends[1]] / least[ends[0]]:.2f} × that at {low}"


def _spread(found: xr.Dataset) -> str:
    draws = several(found.sizes["seed"], "latency draw")
    return f"{found.attrs['model']}: mean spikes and median threshold (upright lines) of {draws}."
