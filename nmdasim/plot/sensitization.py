"""Figures of the dorsal-horn circuit; every function takes and returns matplotlib Axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from nmdasim.model.circuit import Circuit
from nmdasim.plot.style import SHADES, STYLE, axes_of, caption, new_figure

_TITLES = {"touch": "Touch", "pinprick": "Pinprick", "noxious": "Noxious stimulus"}
_COURSES = (
    ("rho_time", "Strength of synapses", "ρ"),
    ("E_anion", "Anion reversal", "E anion, mV"),
    ("nmda_gain", "NMDA receptors", "NMDA gain"),
)
_NAMES = {
    "touch": "touch (Aβ)",
    "adelta": "Aδ fibres",
    "c": "C fibres",
    "excitatory": "excitatory\ninterneurons",
    "inhibitory": "inhibitory\ninterneurons",
    "projection": "projection\nneurons",
}
_INHIBITS = "#b22222"


def stimulus_response(responses: Mapping[str, xr.Dataset], axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Draw stimulus–response curves, one panel a kind of stimulus; mean and 95 % interval over seeds.

    Parameters
    ----------
    responses
        Results of :func:`nmdasim.studies.sensitization.stimulus_response` by label.
    axes
        One per kind; made if not given.
    """
    kinds = [str(kind) for kind in next(iter(responses.values())).kind.values]
    with plt.rc_context(STYLE):
        own = axes is None
        if axes is None:
            size = (5.8 * len(kinds), 5.6)
            figure = new_figure(figsize=size, layout="constrained")
            made = figure.subplots(1, len(kinds), squeeze=False)
            caption(figure, *responses.values())
            axes = list(made[0])
        for ax, kind in zip(axes, kinds, strict=True):
            for (colour, width), (label, response) in zip(_lines(len(responses)), responses.items(), strict=True):
                spikes = response.spikes.sel(kind=kind)
                low, high = spikes.quantile(0.025, "seed"), spikes.quantile(0.975, "seed")
                ax.plot(
                    response.intensity, spikes.mean("seed"), "o-", lw=width, ms=width + 4, color=colour, label=label
                )
                ax.fill_between(response.intensity, low, high, color=colour, alpha=0.15, lw=0)
            ax.set(title=_TITLES.get(kind, kind), xlabel="share of the fibres recruited", ylabel="spikes of a neuron")
            ax.set_ylim(0, max(ax.get_ylim()[1], 1.0))
        _legend(axes[0], own=own)
    return list(axes)


def conditioning(results: Mapping[str, xr.Dataset], axes: Sequence[Axes] | None = None) -> list[Axes]:
    """Draw what a train leaves behind: ρ, the anion reversal and the NMDA gain over time.

    Each line is the mean of all neurons and seeds, with the 95 % interval over seeds; the train is shaded.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.studies.sensitization.condition` by label.
    axes
        Three; made if not given.
    """
    with plt.rc_context(STYLE):
        own = axes is None
        if axes is None:
            figure = new_figure(figsize=(14, 5.6), layout="constrained")
            made = figure.subplots(1, 3)
            caption(figure, *results.values())
            axes = list(made)
        for ax, (name, title, label) in zip(axes, _COURSES, strict=True):
            for (colour, width), (key, result) in zip(_lines(len(results)), results.items(), strict=True):
                course = result[name].mean("neuron")
                low, high = course.quantile(0.025, "seed"), course.quantile(0.975, "seed")
                ax.plot(course.time / 1e3, course.mean("seed"), lw=width, color=colour, label=key)
                ax.fill_between(course.time / 1e3, low, high, color=colour, alpha=0.15, lw=0)
            ends = {float(r.attrs["train_end_s"]) for r in results.values()}
            if len(ends) == 1:
                end = ends.pop()
                ax.axvspan(1.0, end, color="0.92", zorder=0, lw=0)
                ax.text(
                    (1 + end) / 2, 0.97, "train", transform=ax.get_xaxis_transform(), ha="center", va="top", fontsize=12
                )
            ax.set(title=title, xlabel="time, s", ylabel=label)
            ax.margins(x=0.01)
        axes[0].set_ylim(-0.02, 1.02)
        _legend(axes[0], own=own)
    return list(axes)


def pressure(
    rates: Mapping[str, xr.Dataset], published: Mapping[str, float] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the rate of projection neurons under sustained pressure as bars, mean and 95 % interval over seeds.

    Parameters
    ----------
    rates
        Results of :func:`nmdasim.studies.sensitization.sustained` by label.
    published
        Rates in Hz of a published network to set beside them, by the same labels.
    ax
        Axes; made if not given.
    """
    published = published or {}
    with plt.rc_context(STYLE):
        if ax is None:
            figure = new_figure(figsize=(9, 5.6), layout="constrained")
            ax = figure.subplots()
            caption(figure, *rates.values())
        places = np.arange(len(rates))
        own = [data.rate.sel(population="projection") for data in rates.values()]
        mean = np.array([float(rate.mean()) for rate in own])
        span = [[abs(float(rate.quantile(q)) - m) for rate, m in zip(own, mean, strict=True)] for q in (0.025, 0.975)]
        width = 0.38 if published else 0.6
        bars = ax.bar(places, mean, width, yerr=span, capsize=5, color=SHADES[1], label="this circuit")
        ax.bar_label(bars, fmt="%.1f", padding=4)
        if published:
            values = [published.get(label, np.nan) for label in rates]
            beside = ax.bar(places + width + 0.02, values, width, color="0.7", label="published network")
            ax.bar_label(beside, labels=["" if np.isnan(v) else f"{v:g}" for v in values], padding=4)
            ax.legend(frameon=False)
        ax.set_xticks(places + (width / 2 if published else 0), list(rates))
        ax.set(title="Projection neurons under sustained pressure", ylabel="spikes per second")
        ax.set_ylim(0, 1.12 * max(ax.get_ylim()[1], 1.0))
    return ax


def circuit(drawn: Circuit, ax: Axes | None = None) -> Axes:
    """Draw a circuit: inputs on the left, populations on the right, an arrow for every projection, inhibition red."""
    own, ax = ax is None, axes_of(ax, (11, 6))
    places = {name: (0.0, -1.5 * k) for k, name in enumerate(drawn.inputs)}
    inner = [name for name in drawn.populations if name != drawn.output]
    places |= {name: (1.0, 0.4 - 3.8 * k) for k, name in enumerate(inner)} | {drawn.output: (2.0, -1.5)}
    for pre, post in dict.fromkeys((p.pre, p.post) for p in drawn.projections):
        inhibits = any(p.port in ("gaba", "inh") for p in drawn.projections if (p.pre, p.post) == (pre, post))
        style = {
            "arrowstyle": "-|>",
            "mutation_scale": 22,
            "lw": 2.6,
            "shrinkA": 50,
            "shrinkB": 58,
            "color": _INHIBITS if inhibits else "0.4",
        }
        ax.annotate("", places[post], places[pre], arrowprops=style)
    sizes = {name: source.size for name, source in {**drawn.populations, **drawn.inputs}.items()}
    for name, (x, y) in places.items():
        box = {"boxstyle": "round,pad=0.5", "fc": "white", "lw": 1.8}
        text = f"{sizes[name]} {_NAMES.get(name, name)}"
        ax.text(x, y, text, ha="center", va="center", fontsize=15, bbox=box, zorder=5)
    ax.set_title("Grey: excites. Red: inhibits.", loc="left", fontsize=15, fontweight="bold")
    ax.set(xlim=(-0.35, 2.35), ylim=(min(y for _, y in places.values()) - 0.7, 0.9))
    ax.set_axis_off()
    if own:
        caption(ax.figure)
    return ax


def _lines(number: int) -> list[tuple[Any, float]]:
    """Return a colour and a width for each line, the first the widest, so that lines on top of one another show."""
    shades = SHADES if number <= len(SHADES) else plt.get_cmap("plasma")(np.linspace(0, 0.9, number))
    return [(shades[k], width) for k, width in enumerate(np.linspace(6.5, 2.8, number) if number > 1 else [3.5])]


def _legend(ax: Any, *, own: bool) -> None:
    """Name the lines: above the panels of a figure of ours, else in the Axes given."""
    handles, labels = ax.get_legend_handles_labels()
    if own:
        columns = len(labels) if len(labels) < 4 else (len(labels) + 1) // 2
        ax.figure.legend(handles, labels, loc="outside upper left", ncols=columns, frameon=False, fontsize=13)
    else:
        ax.legend(frameon=False)
