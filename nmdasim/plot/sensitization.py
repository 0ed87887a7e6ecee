"""Figures of the dorsal-horn circuit; every function takes and returns matplotlib Axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from nmdasim.model.circuit import Circuit
from nmdasim.plan.spread import bounds, held
from nmdasim.plot.look import Cue, cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import axes_of, caption, drawn, in_rows, new_figure

_RESPONSE = Need("nm.studies.sensitization.stimulus_response(circuit)", "kind intensity spikes seed")
_CONDITIONED = Need("nm.studies.sensitization.condition(circuit)", "time rho_time E_anion nmda_gain seed")
_PRESSED = Need("nm.studies.sensitization.sustained(circuit)", "population rate seed")
_CIRCUIT = Need("nm.circuits.dorsal_horn()", kind=Circuit)


_TITLES = {"touch": "Touch", "pinprick": "Pinprick", "noxious": "Noxious stimulus"}
_COURSES = (
    ("rho_time", "Strength of synapses", "ρ (0: naive, 1: most)"),
    ("E_anion", "Anion reversal", "anion reversal, mV"),
    ("nmda_gain", "NMDA receptors", "NMDA gain (1: naive)"),
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
#: Room that a line of a legend takes beside its words, in widths of its type.
_KEY = 6.2


@draws(_RESPONSE)
def stimulus_response(
    responses: Mapping[str, xr.Dataset], axes: Sequence[Axes] | None = None, *, message: str = ""
) -> list[Axes]:
    """Draw stimulus–response curves, one panel a kind of stimulus; mean over seeds, with bars.

    Bars hold 95 % of the seeds; of fewer than 20 they go from the lowest to the highest.

    Curves stand a little beside one another, so that none hides another or its bar.

    Parameters
    ----------
    responses
        Results of :func:`nmdasim.studies.sensitization.stimulus_response` by label.
    axes
        One per kind; made if not given.
    message
        What the figure says, above all panels.
    """
    kinds = [str(kind) for kind in next(iter(responses.values())).kind.values]
    with drawn():
        own = axes is None
        if axes is None:
            size = look().sized((max(5.8 * len(kinds), 8.5), 6.2))
            made = new_figure(figsize=size, layout="constrained").subplots(1, len(kinds), squeeze=False)
            axes = list(made[0])
        for ax, kind in zip(axes, kinds, strict=True):
            _curves(responses, kind, ax)
        if own:
            caption(axes[0].figure, *responses.values(), notes=_spread(responses))
        _legend(axes[0], own=own, message=message)
    return list(axes)


def _curves(responses: Mapping[str, xr.Dataset], kind: str, ax: Axes) -> None:
    for k, (cue, (label, response)) in enumerate(zip(cues(len(responses)), responses.items(), strict=True)):
        spikes = response.spikes.sel(kind=kind)
        at = response.intensity + 0.012 * (k - (len(responses) - 1) / 2)
        mean = spikes.mean("seed")
        ax.plot(at, mean, label=label, clip_on=False, zorder=3 + k, **cue.dotted)
        ax.vlines(
            at,
            *bounds(spikes.transpose("seed", ...).values),
            color=cue.colour,
            linewidth=0.7 * look().line,
            alpha=0.6,
            zorder=2,
        )
    ax.set(title=_TITLES.get(kind, kind), xlabel="share of the fibres recruited", ylabel="spikes of a neuron")
    top = max(ax.get_ylim()[1], 1.0)
    ax.set_ylim(-0.03 * top, top)
    ax.set_xticks(np.asarray(next(iter(responses.values())).intensity))


def _spread(results: Mapping[str, xr.Dataset]) -> list[str]:
    """Return what bars and bands hold; nothing where there is one seed."""
    seeds = min(result.sizes.get("seed", 1) for result in results.values())
    return [f"Mean of {seeds} seeds (wiring and latencies); bars and bands {held(seeds, 'seeds')}."] * (seeds > 1)


@draws(_CONDITIONED)
def conditioning(
    results: Mapping[str, xr.Dataset], axes: Sequence[Axes] | None = None, *, message: str = ""
) -> list[Axes]:
    """Draw what a train leaves behind: ρ, the anion reversal and the NMDA gain over time.

    Each line is the mean of all neurons and seeds, in a band that holds 95 % of the seeds, or, of fewer than 20,
    all of them; the train is shaded.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.studies.sensitization.condition` by label.
    axes
        Three; made if not given.
    message
        What the figure says, above all panels.
    """
    with drawn():
        own = axes is None
        if axes is None:
            figure = new_figure(figsize=look().sized((14, 5.8)), layout="constrained")
            made = figure.subplots(1, 3)
            caption(figure, *results.values(), notes=_spread(results))
            axes = list(made)
        for ax, (name, title, label) in zip(axes, _COURSES, strict=True):
            for cue, (key, result) in zip(cues(len(results)), results.items(), strict=True):
                course = result[name].mean("neuron")
                ax.plot(course.time / 1e3, course.mean("seed"), label=key, **cue.plain)
                if result.sizes["seed"] > 1:
                    _band(ax, course, cue)
            ends = {float(r.attrs["train_end_s"]) for r in results.values()}
            if len(ends) == 1:
                _train(ax, ends.pop())
            ax.set(title=title, xlabel="time, s", ylabel=label)
            ax.margins(x=0.01, y=0.06)
        axes[0].set_ylim(-0.04, 1.02)
        _legend(axes[0], own=own, message=message)
    return list(axes)


def _band(ax: Axes, course: xr.DataArray, cue: Cue) -> None:
    low, high = bounds(course.transpose("seed", ...).values)
    colours: dict[str, Any] = {
        "facecolor": mpl.colors.to_rgba(cue.colour, 0.13),
        "edgecolor": mpl.colors.to_rgba(cue.colour, 0.6),
    }
    ax.fill_between(course.time / 1e3, low, high, linewidth=0.8, **colours)


def _train(ax: Axes, end: float) -> None:
    ax.axvspan(1.0, end, color=look().faint, alpha=0.5, zorder=0, lw=0)
    middle, foot = (1 + end) / 2, ax.get_xaxis_transform()
    ax.text(middle, 0.97, "train", transform=foot, ha="center", va="top", fontsize=0.9 * look().font)


@draws(_PRESSED)
def pressure(
    rates: Mapping[str, xr.Dataset],
    published: Mapping[str, float] | None = None,
    ax: Axes | None = None,
    *,
    message: str = "",
) -> Axes:
    """Draw the rate of projection neurons under sustained pressure as bars, mean and interval over seeds.

    Parameters
    ----------
    rates
        Results of :func:`nmdasim.studies.sensitization.sustained` by label.
    published
        Rates in Hz of a published network to set beside them, by the same labels.
    ax
        Axes; made if not given.
    message
        What the figure says, as its title.
    """
    published = published or {}
    with drawn():
        if ax is None:
            figure = new_figure(figsize=look().sized((9, 5.6)), layout="constrained")
            ax = figure.subplots()
            caption(figure, *rates.values(), notes=_spread(rates))
        places = np.arange(len(rates))
        own = [data.rate.sel(population="projection") for data in rates.values()]
        mean = np.array([float(rate.mean()) for rate in own])
        span = np.abs(np.transpose([bounds(rate.values.ravel()) for rate in own]) - mean)
        width = 0.38 if published else 0.6
        first, second = look().shades[1], look().shades[4]
        bars = ax.bar(places, mean, width, yerr=span, capsize=5, color=first, ecolor=look().quiet, label="this circuit")
        ax.bar_label(bars, fmt="%.1f", padding=4)
        if published:
            values = [published.get(label, np.nan) for label in rates]
            beside = ax.bar(places + width + 0.02, values, width, color=second, hatch="//", label="published network")
            ax.bar_label(beside, labels=["" if np.isnan(v) else f"{v:g}" for v in values], padding=4)
            ax.legend(frameon=False)
        ax.set_xticks(places + (width / 2 if published else 0), list(rates))
        ax.set_title(message or "Projection neurons under sustained pressure", wrap=True)
        ax.set_ylabel("spikes per second\nof a projection neuron")
        ax.set_ylim(0, 1.12 * max(ax.get_ylim()[1], 1.0))
    return ax


@draws(_CIRCUIT)
def circuit(given: Circuit, ax: Axes | None = None, *, message: str = "") -> Axes:
    """Draw a circuit: inputs on the left, populations on the right; an arrow excites, a bar at the end inhibits.

    Parameters
    ----------
    given
        The circuit.
    ax
        Axes; made if not given.
    message
        What the figure says, as its title.
    """
    with drawn():
        own, ax = ax is None, axes_of(ax, (12, 6.6))
        inner = [name for name in given.populations if name != given.output]
        places = {name: (0.0, -1.5 * k) for k, name in enumerate(given.inputs)}
        places |= {name: (1.0, 0.4 - 3.8 * k) for k, name in enumerate(inner)} | {given.output: (2.0, -1.5)}
        ax.set(xlim=(-0.35, 2.35), ylim=(min(y for _, y in places.values()) - 0.7, 0.9))
        ax.set_axis_off()
        sizes = {name: source.size for name, source in {**given.populations, **given.inputs}.items()}
        box = {"boxstyle": "round,pad=0.5", "fc": look().ground, "ec": look().ink, "lw": 1.8}
        kind: dict[str, Any] = {"ha": "center", "va": "center", "bbox": box, "zorder": 5, "fontsize": 1.1 * look().font}
        boxes = {
            name: ax.text(*place, f"{sizes[name]} {_NAMES.get(name, name)}", **kind) for name, place in places.items()
        }
        ax.figure.canvas.draw()  # only then are the boxes as large as their words, and arrows can end at them
        for pre, post in dict.fromkeys((p.pre, p.post) for p in given.projections):
            inhibits = any(p.port in ("gaba", "inh") for p in given.projections if (p.pre, p.post) == (pre, post))
            bent = post == given.output and pre in inner  # it comes from above or below, clear of what is on the left
            _arrow(ax, places[pre], places[post], boxes[pre], boxes[post], inhibits=inhibits, bent=bent)
        key = "arrow: excites; bar at the end, dashed: inhibits"
        ax.set_title(f"{message or given.name}\n({key})", loc="left", fontsize=1.1 * look().font, fontweight="bold")
        if own:
            caption(ax.figure)
    return ax


def _arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    source: Text,
    target: Text,
    *,
    inhibits: bool,
    bent: bool,
) -> None:
    """Draw a line from the edge of one box to the edge of another; a bent one leaves sideways and comes upright."""
    patch = FancyArrowPatch(
        start,
        end,
        arrowstyle="|-|,widthA=0,widthB=0.5" if inhibits else "-|>",
        connectionstyle="angle,angleA=0,angleB=90,rad=60" if bent else "arc3",
        mutation_scale=30 if inhibits else 24,
        patchA=source.get_bbox_patch(),
        patchB=target.get_bbox_patch(),
        shrinkA=0,
        shrinkB=2 if inhibits else 0,
        linewidth=2.6,
        linestyle=(0, (5, 2)) if inhibits else "-",
        joinstyle="miter",  # the tip is sharp, and touches
        color=_INHIBITS if inhibits else look().quiet,
        zorder=6,  # drawn after the boxes, which only then are where this drawing has them
    )
    ax.add_patch(patch)


def _legend(ax: Any, *, own: bool, message: str = "") -> None:
    """Name the lines: above the panels of a figure of ours, else in the Axes given."""
    handles, labels = ax.get_legend_handles_labels()
    if own:
        size = 0.95 * look().font
        wide = size / 72 * sum(0.6 * len(label) + _KEY for label in labels)  # of one row, in inches
        columns = len(labels) if wide < ax.figure.get_figwidth() and sum(map(len, labels)) < 60 else 2
        place = {"loc": "outside upper left", "ncols": columns, "frameon": False, "handlelength": 3.4}
        large = {"size": 1.25 * look().font, "weight": "bold"}
        titled = {"title": message, "title_fontproperties": large, "alignment": "left"} if message else {}
        rows = (in_rows(entries, columns) for entries in (handles, labels))
        ax.figure.legend(*rows, fontsize=size, **place, **titled)
    else:
        ax.legend(frameon=False, handlelength=3.4)
