"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nmdasim.plan.spread import bounds, held
from nmdasim.plot.conditions import alone, asked, conditions, is_drug, key, legend, varied, what
from nmdasim.plot.look import look, style
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.rings import rings
from nmdasim.plot.style import axes_of, caption, check_known, drawn, from_zero, headline, new_figure
from nmdasim.quantities import brief, several
from nmdasim.readout import measures

#: What a train leaves.
TRAIN = Need("nm.simulate(neuron, nm.WindUp())", "pulse_time spike_count")
_ANY = Need("nm.simulate(neuron, nm.WindUp())")
_MEASURED = Need("nm.measures.windup(result)", "late")
_RUN = Need('nm.simulate(neuron, …, record="v")', "spike_count")


#: How often the first answer the last one has to be, to be called growing.
_GROWTH = 1.2


@draws(TRAIN)
def windup(result: xr.Dataset, axes: Any = None) -> np.ndarray:
    """Draw a wind-up run: spikes per pulse, the raster of each lane, and what else a model keeps of a pulse in a unit.

    The peak of calcium, which hardly changes from pulse to pulse, is left out; what does change, the memory between the
    pulses, is drawn by :func:`nmdasim.plot.memory`.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under any protocol with windows, of a cell, a chain or a network.
    axes
        Axes to draw into, one a panel; a new figure by default.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Spikes per pulse, raster, summaries.
    """
    measured = measures.windup(result) if axes is not None else measures.measured(result)  # else the caption warns
    kept = _summaries(result)
    with drawn():
        if axes is None:
            axes = _panels(result, kept)
            figure = axes[0].figure
            headline(figure, f"{says(measured)} ({what(result)})")
            caption(figure, measured)
        raster(result, axes[1])
        for name, ax in zip(kept, axes[2:], strict=False):
            summary(result, name, ax)
        counts(result, measured, axes[0])  # at last: its legend wants to know the layout
    return np.asarray(axes)


def _panels(result: xr.Dataset, kept: list[str]) -> np.ndarray:
    """Return the Axes of a new figure: as high as a style has it, and higher where many rows have to be named."""
    line, rows = look().font / 72, len(key(result)[1])  # inches
    wide, high = look().sized((11, 7.2 + 2.5 * len(kept)))
    heights = [max(3.0, (8 + rows / 3) * line), max(1.7, 1.4 * rows * line), *[max(1.9, 5 * line)] * len(kept)]
    least = sum(heights) + (14 + 4 * len(kept)) * line  # with titles, names of axes and the caption
    figure = new_figure(figsize=(wide, max(high, least)), layout="constrained")
    return np.asarray(figure.subplots(len(heights), 1, height_ratios=heights))


@draws(TRAIN)
def slide(result: xr.Dataset, message: str = "") -> Axes:
    """Draw a wind-up run as one panel in the style ``"slide"``: large type, spikes per pulse, the message as title.

    Parameters
    ----------
    result
        As of :func:`windup`.
    message
        What the figure says; read from the result by default.
    """
    measured = measures.measured(result)
    with style("slide"), drawn():
        ax = axes_of(None, (13.33, 7.5))
        counts(result, measured, ax)
        draws = measured.sizes.get("seed", 1)
        ax.set_title(message or f"{says(measured)} ({what(result)})", fontsize=1.3 * look().font, wrap=True)
        caption(ax.figure, measured, notes=[f"Means; bars {held(draws)}."] * (draws > 1))
    return ax


def says(measured: xr.Dataset) -> str:
    """Return what a wind-up run shows, in one line: how the answer grows, and what the largest dose takes from it."""
    if not measured.late.any() and measured.early.any():
        return "Every spike comes within 100 ms of its pulse"
    mean = measured[["late", "index"]].mean("seed") if "seed" in measured.dims else measured[["late", "index"]]
    mean = asked(mean)
    (least, _, first), *_, (most, _, last) = [*conditions(mean)] * 2  # the same where there is one
    if not np.isfinite([lane.late[k] for lane in (first, last) for k in (0, -1)]).all():
        return "The same pulse, again and again"
    if least == most:
        return _alone(first, f" at {least}" * bool(least))
    dims = varied(mean)
    if all(is_drug(mean, d) and float(first[d]) == 0 for d in dims) and _grows(first):
        return f"{most[0].upper()}{most[1:]}: {_left(first, last)}"
    pulse = "The same pulse" if mean.sizes["pulse"] > 1 else "One pulse"
    return f"{pulse}: {_answer(first)} at {least}; {_answer(last)} at {most}"


def _alone(lane: xr.Dataset, at: str) -> str:
    """Return what one condition shows."""
    if lane.sizes["pulse"] < 2:
        return f"One pulse{at}: {_answer(lane)}"
    some = "hardly any wind-up" if float(lane.late[-1]) > float(lane.late[0]) else "no wind-up"
    return f"The same pulse{at}, {'a growing answer' if _grows(lane) else some}: {_answer(lane)}"


def _left(none: xr.Dataset, most: xr.Dataset) -> str:
    """Return what a dose leaves of wind-up, and of the first answer where it leaves all of that."""
    left = round(100 * float(most["index"] / none["index"]))
    if left <= 0:
        return "no wind-up is left"
    if left < 100:
        return f"{left} % of wind-up is left"
    was, now = (round(float(lane.late[0])) for lane in (none, most))
    turns = "falls" if now < was else "rises"
    return f"wind-up is not reduced{f', the first answer {turns} from {was} to {now} spikes' * (was != now)}"


def _grows(lane: xr.Dataset) -> bool:
    """Return whether the last answer is clearly larger than the first, and those between add to that."""
    return float(lane.late[-1]) > _GROWTH * float(lane.late[0]) and float(lane["index"]) > 0


def _answer(lane: xr.Dataset) -> str:
    """Return the first and the last count."""
    first, last = (float(lane.late[k]) for k in (0, -1))
    if lane.sizes["pulse"] > 1 and round(first) == round(last) and first != last:
        return f"{brief(first, 3)} → {brief(last, 3)} spikes"
    return f"{first:.0f} → " * (lane.sizes["pulse"] > 1) + several(round(last), "spike")


@draws(_ANY, _MEASURED)
def counts(result: xr.Dataset, measured: xr.Dataset, ax: Axes) -> Axes:
    """Draw late spikes per pulse, one line per condition; of several seeds their mean, with bars.

    Bars hold 95 % of the seeds; of fewer than 20 they go from the lowest to the highest.
    """
    rows = list(conditions(measured))
    for k, (label, cue, lane) in enumerate(rows):
        late = lane.late if "seed" in lane.late.dims else lane.late.expand_dims("seed")
        mean = late.mean("seed")
        ax.plot(lane.pulse, mean, label=label, clip_on=False, **cue.dotted)
        seen = late.dropna("pulse", how="all")
        if late.sizes["seed"] > 1 and seen.sizes["pulse"]:
            at = seen.pulse + 0.006 * lane.sizes["pulse"] * (k - (len(rows) - 1) / 2)
            ax.vlines(
                at,
                *bounds(seen.transpose("seed", "pulse").values),
                color=cue.colour,
                alpha=0.55,
                linewidth=0.6 * look().line,
            )
    draws = measured.sizes.get("seed", 1)
    spread = f" (mean; bars {held(draws)})" if draws > 1 else ""
    ax.set(xlabel="pulse", ylabel="spikes, 100 ms\nto next pulse")
    ax.set_title(f"Spikes after each pulse{spread}", wrap=True)
    ax.set_ylim(top=1.07 * max(ax.dataLim.y1, 1))  # the highest marker stays clear of the title
    from_zero(ax)
    rings(ax)
    _whole_ticks(ax, measured.sizes["pulse"])
    legend(ax, measured)
    return ax


def _whole_ticks(ax: Axes, pulses: int) -> None:
    """Write the numbers of pulses from the first on, and whole spikes where there are several."""
    step = 1 if pulses <= 20 else next(s * 10**k for k in range(9) for s in (5, 10, 20) if pulses <= 12 * s * 10**k)
    ax.set_xticks([1, *range(max(step, 2), pulses + 1, step)])
    if ax.get_ylim()[1] >= 4:
        ax.yaxis.set_major_locator(MaxNLocator(integer=True))


@draws(TRAIN)
def raster(result: xr.Dataset, ax: Axes) -> Axes:
    """Draw every spike, one row per condition (the first seed), in it one line a neuron of the output."""
    dims = {dim: n for dim, n in result.spike_count.sizes.items() if dim != "population"}
    lanes = np.arange(np.prod([*dims.values()], dtype=int)).reshape([*dims.values()])
    rows = list(conditions(result if "lane" in result else result.assign(lane=([*dims], lanes))))
    spikes = measures.spikes(result)
    size = int(result["size"].sel(population=result.attrs["output"])) if "size" in result else 1
    for y, (_, cue, lane) in enumerate(rows):
        own = spikes[spikes.lane == int(lane.lane.isel(seed=0) if "seed" in lane.lane.dims else lane.lane)]
        ax.eventplot(
            [own.time_ms.values[own.neuron.values == neuron] / 1e3 for neuron in range(size)],
            lineoffsets=[y - 0.4 + 0.8 * (neuron + 0.5) / size for neuron in range(size)],
            linelengths=0.8 / size,
            linewidths=0.45 * look().line,
            colors=[cue.colour],
        )
    for pulse in np.unique(result.pulse_time.values[np.isfinite(result.pulse_time.values)]) / 1e3:
        ax.axvline(pulse, color=look().faint, linewidth=1, zorder=0)
    which = " of one draw" if result.sizes.get("seed", 1) > 1 else ""
    heading, values = key(result)
    ax.set_title(f"Spikes{which} ({f'rows: {heading}; ' * bool(heading)}grey lines: pulses)", wrap=True)
    ax.set_xlabel("time, s")
    ax.set_yticks(range(len(rows)) if heading else [], values if heading else [])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    return ax


def _summaries(result: xr.Dataset) -> list[str]:
    """Return the names of what the model keeps of every pulse in a unit, but the peak of calcium."""
    kept = {str(name): values for name, values in result.data_vars.items() if "pulse" in values.dims}
    units = {name: v.attrs.get("units", "1") for name, v in kept.items() if name not in _EDGES}
    return [name for name, unit in units.items() if unit != "1" and (name, unit) != ("ca_peak", "µM")]


@draws(TRAIN)
def summary(result: xr.Dataset, name: str, ax: Axes) -> Axes:
    """Draw what the model keeps of every pulse, such as the peak of dendritic calcium, with its own name and unit.

    Raises
    ------
    InputError
        If it keeps nothing of that name.
    """
    kept = [key for key, values in result.data_vars.items() if "pulse" in values.dims and key not in _EDGES]
    check_known(name, kept, "summary", "this model keeps none of a pulse")
    called = result[name].attrs.get("long_name") or name
    for label, cue, lane in conditions(result):
        values = lane[name].mean("seed") if "seed" in lane[name].dims else lane[name]
        ax.plot(lane.pulse, values, label=label, clip_on=False, **cue.dotted)
    title = f"{called[:1].upper()}{called[1:]} after each pulse"
    ax.set(title=title, xlabel="pulse", ylabel=f"{called}, {result[name].units}")
    from_zero(ax)
    rings(ax)
    if result.sizes["pulse"] <= 20:
        ax.set_xticks(result.pulse)
    return ax


@draws(_RUN)
def trace(result: xr.Dataset, variable: str, ax: Axes | None = None) -> Axes:
    """Draw a recorded variable against time, one line per condition (the first seed).

    Raises
    ------
    InputError
        If no variable of that name was recorded.
    """
    recorded = [key for key, values in result.data_vars.items() if "time" in values.dims]
    check_known(variable, recorded, "recorded variable", "nothing was recorded: simulate with record=[…]")
    with drawn():
        own, ax = ax is None, axes_of(ax, (9, 4.5))
        for label, cue, lane in conditions(result):
            values = lane[variable].isel(seed=0) if "seed" in lane[variable].dims else lane[variable]
            ax.plot(lane.time / 1e3, values, label=label, linewidth=0.5 * look().line, **cue.plain)
        free = "free " * str(result[variable].attrs.get("long_name", "")).startswith("free")
        ax.set(xlabel="time, s", ylabel=f"{free}{variable}, {result[variable].units}".removesuffix(", 1"))
        if own:
            ax.set_title(f"{variable} ({what(alone(result))})", wrap=True)
            caption(ax.figure, result)
        legend(ax, result)
    return ax


#: Edges of the windows, which are no summaries, and the peak of calcium, which is flat.
_EDGES = {"pulse_time", "window_end"}
