"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from nmdasim.plot.look import Cue, cues, look, style
from nmdasim.plot.style import axes_of, caption, check_known, drawn, new_figure, told
from nmdasim.quantities import brief, several
from nmdasim.readout import measures


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
            first = 2 if look().size else 1.5  # a slide has no more height for more panels
            size, heights = look().sized((11, 7.2 + 2.5 * len(kept))), [first] + [1] * (1 + len(kept))
            figure = new_figure(figsize=size, layout="constrained")
            axes = figure.subplots(len(heights), 1, height_ratios=heights)
            figure.suptitle(
                f"{says(measured)} ({_what(result)})", fontsize=1.25 * look().font, fontweight="bold", x=0.01, ha="left"
            )
            caption(figure, measured)
        counts(result, measured, axes[0])
        if look().size:
            _lower(axes[0])
        raster(result, axes[1])
        for name, ax in zip(kept, axes[2:], strict=False):
            summary(result, name, ax)
    return np.asarray(axes)


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
        ax.set_title(message or says(measured), fontsize=1.3 * look().font, wrap=True)
        caption(ax.figure, measured, notes=[f"Means; bars hold 95 % of {draws} draws."] * (draws > 1))
    return ax


def says(measured: xr.Dataset) -> str:
    """Return what a wind-up run shows, in one line: how the answer grows, and what the largest dose takes from it."""
    mean = measured[["late", "index"]].mean("seed") if "seed" in measured.dims else measured[["late", "index"]]
    mean = mean.isel({dim: 0 for dim, size in mean["index"].sizes.items() if size == 1})
    doses = [str(name) for name in mean["index"].dims if told(str(name), measured[name].attrs) != name]
    if len(doses) == mean["index"].ndim == 1 and float(mean["index"][0]) > 0 and float(mean[doses[0]][0]) == 0:
        left = float(mean["index"][-1] / mean["index"][0])
        dose = measured[doses[0]]
        most = f"{told(doses[0], dose.attrs)}, {brief(float(mean[doses[0]][-1]))} {dose.units}"
        return f"{most[0].upper()}{most[1:]}: {100 * left:.0f} % of wind-up is left"
    if mean["index"].ndim:
        return "The same pulse, again and again"
    first, last = (float(mean.late[k]) for k in (0, -1))
    if not np.isfinite([first, last]).all():
        return "The same pulse, again and again"
    how = "a growing answer" if last > 1.2 * first else "no wind-up"
    return f"The same pulse, {how}: {first:.0f} → {several(round(last), 'spike')}"


def counts(result: xr.Dataset, measured: xr.Dataset, ax: Axes) -> Axes:
    """Draw late spikes per pulse, one line per condition; of several seeds their mean, in bars that hold 95 %."""
    rows = list(conditions(measured))
    for k, (label, cue, lane) in enumerate(rows):
        late = lane.late if "seed" in lane.late.dims else lane.late.expand_dims("seed")
        mean = late.mean("seed")
        ax.plot(lane.pulse, mean, label=label, clip_on=False, **cue.dotted)
        seen = late.dropna("pulse", how="all")
        if late.sizes["seed"] > 1 and seen.sizes["pulse"]:
            ends = seen.quantile([0.025, 0.975], "seed")
            at = seen.pulse + 0.006 * lane.sizes["pulse"] * (k - (len(rows) - 1) / 2)
            ax.vlines(at, *ends.values, color=cue.colour, alpha=0.55, linewidth=0.6 * look().line)
    draws = measured.sizes.get("seed", 1)
    spread = f" (mean; bars hold 95 % of {draws} draws)" if draws > 1 else ""
    ax.set(title=f"Spikes after each pulse{spread}", xlabel="pulse", ylabel="spikes, 100 ms to next pulse")
    ax.set_ylim(0, 1.07 * max(ax.dataLim.y1, 1))  # the highest marker stays clear of the title
    if measured.sizes["pulse"] <= 20:
        ax.set_xticks(measured.pulse)
    if len(rows) > 1:
        ax.legend(frameon=False, ncols=1 if len(rows) <= 4 else 2, handlelength=3.2)
    return ax


def raster(result: xr.Dataset, ax: Axes) -> Axes:
    """Draw every spike, one row per condition (the first seed), in it one line a neuron of the output."""
    dims = {dim: n for dim, n in result.spike_count.sizes.items() if dim != "population"}
    lanes = np.arange(np.prod([*dims.values()], dtype=int)).reshape([*dims.values()])
    rows = list(conditions(result.assign(lane=([*dims], lanes))))
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
    ax.set(title=f"Spikes{which} (grey lines: pulses)", xlabel="time, s")
    ax.set_yticks(range(len(rows)), [label or "control" for label, _, _ in rows])
    ax.invert_yaxis()
    return ax


def _lower(ax: Axes) -> None:
    """Make room in a panel that a slide leaves low: a short name of its axis, the legend in rows above the lines."""
    ax.set_ylabel("late spikes")
    lines, labels = ax.get_legend_handles_labels()
    if len(lines) > 1:
        rows = -(-len(lines) // 3)
        ax.set_ylim(0, ax.get_ylim()[1] * (1 + 0.25 * rows))
        words = [label.split() for label in labels]
        shared = next((k for k, some in enumerate(zip(*words, strict=False)) if len(set(some)) > 1), 0)
        short = [labels[0], *(" ".join(some[shared:]) for some in words[1:])]
        ax.legend(lines, short, frameon=False, ncols=3, loc="upper left")


def _summaries(result: xr.Dataset) -> list[str]:
    """Return the names of what the model keeps of every pulse in a unit, but the peak of calcium."""
    kept = {str(name): values for name, values in result.data_vars.items() if "pulse" in values.dims}
    units = {name: v.attrs.get("units", "1") for name, v in kept.items() if name not in _EDGES}
    return [name for name, unit in units.items() if unit != "1" and (name, unit) != ("ca_peak", "µM")]


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
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))  # what is below 0, as a potential, stays in sight
    if result.sizes["pulse"] <= 20:
        ax.set_xticks(result.pulse)
    return ax


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
        ax.set(xlabel="time, s", ylabel=f"{variable}, {result[variable].units}".removesuffix(", 1"))
        if len(ax.lines) > 1:
            ax.legend(frameon=False)
        if own:
            caption(ax.figure, result)
    return ax


def _what(result: xr.Dataset) -> str:
    """Return the model and the rate of its pulses."""
    start = result.pulse_time.values
    rate = "" if start.ndim > 1 or len(start) < 2 else f", {brief(1e3 / (start[1] - start[0]))} Hz"
    return f"{result.attrs['model']}{rate}"


def conditions(data: xr.Dataset) -> Iterator[tuple[str, Cue, xr.Dataset]]:
    """Yield (label, cue, data) for every combination of what varies but the seed, numbers from the smallest up."""
    dims = [d for d in (data["late"] if "late" in data else data["spike_count"]).dims if d not in _OWN]
    if not dims:
        yield "", cues(1)[0], data
        return
    stacked = data.sortby([d for d in dims if np.issubdtype(data[d].dtype, np.number)]).stack(condition=dims)
    for k, cue in enumerate(cues(stacked.sizes["condition"])):
        lane = stacked.isel(condition=k)
        yield ", ".join(_told(str(dim), lane[dim]) for dim in dims), cue, lane


def _told(name: str, value: xr.DataArray) -> str:
    """Return the value of a varied quantity with its name and unit."""
    if not np.issubdtype(value.dtype, np.number):
        return f"{name} {value.item()}"
    return f"{told(name, value.attrs)} {brief(float(value))} {value.attrs.get('units', '')}".removesuffix(" 1").strip()


#: Edges of the windows, which are no summaries, and the peak of calcium, which is flat.
_EDGES = {"pulse_time", "window_end"}
_OWN = {"pulse", "seed", "spike", "time", "population"}
