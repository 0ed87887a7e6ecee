"""Figures of the receptor bench. Every function takes results (and Axes) and returns Axes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D

from nmdasim.parameters.drugs import written
from nmdasim.plot import bands
from nmdasim.plot.look import cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.schemes import layout, scheme, sheets
from nmdasim.plot.style import Told, axes_of, caption, drawn, from_zero, in_rows, kept, new_figure, plain_log
from nmdasim.quantities import brief, converted, pretty, split
from nmdasim.receptors import hill

_PULSE = Need("nm.receptors.bench.pulse(scheme)", "time open peak_open time_to_peak decay_1e")
_IV = Need("nm.receptors.bench.iv_curve(scheme, voltages, magnesium)", "v mg current")
_STEADY = Need("nm.receptors.bench.steady(scheme)", "v mg open ratio")
_BLOCK = Need("nm.receptors.inhibition.against_voltage(drug, concentration, voltages)", "v mg blocked")
_TRAIN = Need("nm.receptors.bench.train(scheme, drug)", "time open blocked")
_RECOVERY = Need("nm.receptors.bench.recovery(scheme, drug, concentration)", "time blocked")
_CURVE = Need("nm.receptors.inhibition.curve(drug, subtype)", "concentration response ic50")


__all__ = [
    "block_voltage",
    "coinciding",
    "inhibition",
    "iv",
    "layout",
    "onset",
    "pulse",
    "recovery",
    "scheme",
    "sheets",
    "steady",
]

_SIZE = (9.0, 5.5)
#: Curves that stay this close, in % of control, are named together.
_COINCIDE = 3.0


def _finish(ax: Axes, results: Sequence[Told], *, own: bool) -> Axes:
    """Write under a figure of its own what it stands on."""
    if own:
        caption(ax.figure, *results)
    return ax


@draws(_PULSE)
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
    with drawn():
        own, ax = ax is None, axes_of(ax, _SIZE)
        for k, (result, cue) in enumerate(zip(results, cues(len(results)), strict=True)):
            name = labels[k] if labels else str(result.attrs["scheme"])
            when, peak = float(result.time_to_peak), float(result.peak_open)
            scale = peak if relative and peak > 0 else 1.0
            ax.plot(result.time, result.open / scale, label=name, **cue.plain)
            peak /= scale
            ax.plot([when, when + float(result.decay_1e)], [peak, peak / math.e], "o", color=cue.colour)
        if len(results) == 1 and not relative and peak > 0:
            fallen = f",\n1/e after another {brief(float(result.decay_1e))} ms" if np.isfinite(result.decay_1e) else ""
            text = f"peak {brief(peak, 3)} after {brief(when, 3)} ms{fallen}"
            ax.annotate(text, (when, peak), xytext=(40, -8), textcoords="offset points", va="top")
        held = list(dict.fromkeys(_held(result) for result in results))
        title = "A pulse of glutamate at time 0 opens NMDA receptors"
        ax.set(xlabel="time, ms", ylabel="open probability")
        ax.set_title(f"{title}\n({held[0]})" if len(held) == 1 else title)
        spans = [float(r.time_to_peak + 4 * r.decay_1e) for r in results if np.isfinite(r.decay_1e)]
        ax.set_xlim(0, min(max(spans, default=np.inf), max(float(r.time[-1]) for r in results)))
        ax.set_ylim(bottom=0)
        if relative:
            ax.set(xscale="log", ylabel="open probability, relative to the peak")
            plain_log(ax.xaxis)
            ax.set_xlim(left=0.5)
        ax.legend(frameon=False)
    return _finish(ax, results, own=own)


def _held(result: xr.Dataset) -> str:
    """Return under what a receptor was given its pulse: glutamate, voltage, magnesium, drugs."""
    parts = [
        f"{brief(float(result.glutamate.max()))} {result.glutamate.units} glutamate",
        f"{brief(float(result.v[0]))} {result.v.units}",
    ]
    given = {"mg": json.loads(result.attrs["parameters"]).get("mg")} | json.loads(result.attrs["conditions"])
    for name, text in given.items():
        if text is not None and name not in ("v", "glutamate"):
            number, unit = split(text)
            parts.append(f"{brief(number)} {pretty(unit)} {'Mg' if name == 'mg' else written(name)}")
    return ", ".join(parts).replace(" -", " −")


@draws(_IV)
def iv(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the steady current against voltage, one line a magnesium concentration."""
    with drawn():
        own, ax = ax is None, axes_of(ax, _SIZE)
        for bath, cue in zip(result.mg.values, cues(result.sizes["mg"]), strict=True):
            ax.plot(result.v, result.current.sel(mg=bath), label=f"{brief(bath, 6)} {result.mg.units} Mg", **cue.plain)
        ax.axhline(0, color=look().faint, linewidth=1, zorder=0)
        ax.axvline(0, color=look().faint, linewidth=1, zorder=0)
        ax.set(
            title="Magnesium plugs the pore of a cell at rest",
            xlabel=f"holding potential, {result.v.units}",
            ylabel=f"current, {result.current.units}",
        )
        ax.legend(frameon=False, loc="upper left")
    return _finish(ax, [result], own=own)


@draws(_STEADY)
def steady(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the steady open probability against voltage, without and with magnesium; dots mark the voltage asked for.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.receptors.bench.steady`.
    ax
        Axes; a new figure by default.
    """
    at, held = float(result.attrs["v"].split()[0]), result.attrs["v"].replace("-", "−")
    with drawn():
        own, ax = ax is None, axes_of(ax, _SIZE)
        for bath, cue in zip(result.mg.values, cues(result.sizes["mg"]), strict=True):
            one = result.open.sel(mg=bath)
            ax.plot(result.v, one, label=f"{brief(bath, 6)} {result.mg.units} Mg", **cue.plain)
            ax.plot(at, one.sel(v=at, method="nearest"), cue.marker, color=cue.colour, clip_on=False)
        ratio = float(result.ratio)
        left = f"{result.attrs['mg']} Mg leaves {brief(100 * ratio, 2)} % of the current"
        said = "Nothing opens" if np.isnan(ratio) else left
        ax.set(title=f"{said} at {held}", xlabel="holding potential, mV", ylabel="open probability, steady")
        ax.set_ylim(0, 1.1 * max(float(result.open.max()), 1e-9))
        ax.legend(frameon=False)
    return _finish(ax, [result], own=own)


@draws(_BLOCK)
def block_voltage(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the share that a drug blocks against voltage, one line a magnesium concentration."""
    with drawn():
        own, ax = ax is None, axes_of(ax, _SIZE)
        for bath, cue in zip(result.mg.values, cues(result.sizes["mg"]), strict=True):
            ax.plot(
                result.v, 100 * result.blocked.sel(mg=bath), label=f"{brief(bath, 6)} {result.mg.units} Mg", **cue.plain
            )
        title = f"{result.attrs['concentration']} {result.attrs['drug']} and magnesium compete for the pore"
        ax.set(title=title, ylabel="receptors blocked in the long run, %")
        ax.set_xlabel(f"holding potential, {result.v.units}")
        ax.set_ylim(0, 100)
        ax.legend(frameon=False)
    return _finish(ax, [result], own=own)


@draws(_TRAIN)
def onset(results: Mapping[str, xr.Dataset], axes: Any = None) -> np.ndarray:
    """Draw the block that builds up over a train of pulses: open probability above, share blocked below.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.receptors.bench.train` by label.
    axes
        Two Axes; a new figure by default.
    """
    with drawn():
        own = axes is None
        upper, lower = _two() if own else axes
        for cue, (label, result) in zip(cues(len(results)), results.items(), strict=True):
            upper.plot(result.time / 1e3, result.open, label=label, **cue.plain | {"linewidth": 0.5 * look().line})
            peaks = _peaks(result.open.values)
            upper.plot(result.time[peaks] / 1e3, result.open[peaks], cue.marker, color=cue.colour, clip_on=False)
            lower.plot(result.time / 1e3, 100 * result.blocked, label=label, **cue.plain)
        upper.set(title="Each pulse opens fewer receptors …", ylabel="open probability")
        lower.set(title="… because the drug enters only while they are open", xlabel="time, s", ylabel="blocked, %")
        from_zero(lower)
        from_zero(upper)
        for cue, line in zip(cues(len(results)), lower.lines, strict=True):
            line.set(marker=cue.marker, markevery=(0.05, 0.1), clip_on=False)
        lower.legend(frameon=False, handlelength=3.2)
        if own:
            caption(upper.figure, *results.values())
    return np.asarray([upper, lower])


@draws(_RECOVERY)
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
    with drawn():
        own, ax = ax is None, axes_of(ax, _SIZE)
        drugs = list(dict.fromkeys(label.partition(",")[0] for label in results))
        for label, result in results.items():
            share = 100 * result.blocked / float(result.blocked[0])
            cue = cues(len(drugs))[drugs.index(label.partition(",")[0])]
            style = "--" if label.endswith("without agonist") else "-"
            last: dict[str, Any] = {"marker": cue.marker, "markevery": [-1], "clip_on": False}
            ax.plot(result.time / 1e3, share, style, color=cue.colour, label=label, **last)
        ax.set(
            title="A trapped drug leaves only through open channels",
            xlabel="time since the drug was removed, s",
            ylabel="block that is left, %",
        )
        ax.set_ylim(0, 105)
        ax.legend(frameon=False, handlelength=3.2)
    return _finish(ax, list(results.values()), own=own)


@draws(_CURVE)
def inhibition(results: Sequence[xr.Dataset], ax: Axes | None = None) -> Axes:
    """Draw inhibition curves with their Hill fits: a colour and a marker a subtype, dashes and filling by magnesium.

    Curves that coincide are named together. Concentrations are drawn in µM.
    """
    results = [_micromolar(result) for result in results]
    with drawn():
        own, ax = ax is None, axes_of(ax, (11, 6.8))
        kinds = list(dict.fromkeys(_kind(r) for r in results))
        baths = list(dict.fromkeys(str(r.attrs["mg"]) for r in results))
        keys: list[tuple[Line2D, ...]] = []
        groups = coinciding(results)
        for group in groups:
            keys.append(())
            for result in group:
                cue, bath = cues(len(kinds))[kinds.index(_kind(result))], baths.index(str(result.attrs["mg"]))
                dose = result.concentration.values
                fine = np.geomspace(dose[0], dose[-1], 300)
                fitted = 100 * hill.fit(dose, result.response.values)(fine)
                dots: dict[str, Any] = {
                    "color": cue.colour,
                    "markerfacecolor": cue.colour if bath == 0 else look().ground,
                }
                ax.plot(fine, fitted, "-" if bath == 0 else "--", color=cue.colour)
                ax.plot(dose[::3], 100 * result.response[::3], cue.marker, **dots)
                shape = cue.marker + ("-" if bath == 0 else "--")
                keys[-1] += tuple(ax.plot([], [], shape, **dots))
        ax.axhline(50, color=look().faint, linewidth=1, zorder=0)
        drugs = ", ".join(dict.fromkeys(str(r.attrs["drug"]) for r in results))
        ax.set_title(kept(_halved(results, drugs)), wrap=True)
        ax.set(xscale="log", xlabel=f"free {drugs}, µM", ylabel="current, % of control", ylim=(0, 105))
        plain_log(ax.xaxis)
        legend: dict[str, Any] = {"title": "subtype, Mg: IC50, free drug", "alignment": "left"}
        beside = {tuple: HandlerTuple(ndivide=None, pad=0.4)}  # of curves that coincide, each has its mark
        columns = 2 if own else 1
        labels = in_rows([_named(group) for group in groups], columns)
        wide = 3.2 * max(map(len, keys))
        legend |= {"handles": in_rows(keys, columns), "labels": labels, "ncols": columns, "handler_map": beside}
        legend |= {"fontsize": 0.85 * look().font, "frameon": False, "handlelength": wide if wide < 4 else 0.7 * wide}
        if own:
            ax.figure.legend(loc="outside upper left", **legend)
        else:
            ax.legend(**legend)
        if drugs == "ketamine":
            bands.across(ax)
    return _finish(ax, results, own=own)


def _halved(results: Sequence[xr.Dataset], drugs: str) -> str:
    """Return which concentrations leave half of the current, where they do, at what voltage and magnesium."""
    held, baths = (" or ".join(dict.fromkeys(str(r.attrs[key]) for r in results)) for key in ("v", "mg"))
    at = f"{held.replace('-', '−')}, {baths} Mg"
    drug, halves = f"{drugs[0].upper()}{drugs[1:]}", [float(r.ic50) for r in results]
    if not np.isfinite(halves).all():
        return f"{drug} on NMDA receptors ({at})"
    ends = dict.fromkeys(brief(end, 2) for end in (min(halves), max(halves)))
    return f"{drug}: {' to '.join(ends)} µM leaves half of the NMDA current ({at})"


def _micromolar(result: xr.Dataset) -> xr.Dataset:
    """Return an inhibition curve with its concentrations, and those that were read of them, in µM."""
    unit = result.concentration.units
    for name in ("concentration", "ic50", "ic50_interval"):
        values = result[name]
        there = (values.dims, converted(values.values, unit, "uM"), values.attrs | {"units": "µM"})
        result = result.assign({name: there})
    return result


def coinciding(results: Sequence[xr.Dataset]) -> list[list[xr.Dataset]]:
    """Return inhibition curves in groups: those of one magnesium that a figure cannot tell apart are together."""
    groups: list[list[xr.Dataset]] = []
    for result in results:
        near = next((group for group in groups if all(_close(result, other) for other in group)), None)
        if near is None:
            groups.append([result])
        else:
            near.append(result)
    return groups


def _close(one: xr.Dataset, other: xr.Dataset) -> bool:
    if one.attrs["mg"] != other.attrs["mg"]:
        return False
    dose = one.concentration.values
    first, second = (hill.fit(r.concentration.values, r.response.values)(dose) for r in (one, other))
    return bool(np.abs(100 * (first - second)).max() < _COINCIDE)


def _named(group: Sequence[xr.Dataset]) -> str:
    kinds, halves = ", ".join(map(_kind, group)), ", ".join(brief(float(r.ic50), 2) for r in group)
    return f"{kinds}{' (coincide)' if len(group) > 1 else ''}, {group[0].attrs['mg']}: {halves} µM"


def _kind(result: xr.Dataset) -> str:
    name = str(result.attrs["subtype"])
    return f"Glu{name.removeprefix('Glu')}" if name.startswith("Glu") else f"GluN{name}" if len(name) == 2 else name


def _peaks(values: np.ndarray) -> np.ndarray:
    """Return the places of the answers to the pulses: peaks, but for ripples below a hundredth of the highest."""
    inner = values[1:-1]
    high = (inner > values[:-2]) & (inner >= values[2:]) & (inner > 0.01 * values.max())
    return np.flatnonzero(high) + 1


def _two() -> np.ndarray:
    figure = new_figure(figsize=look().sized((9, 7.5)), layout="constrained")
    return np.asarray(figure.subplots(2, 1, sharex=True))
