"""What a neuron remembers between pulses: its CAN channels, its dendrite, and the calcium that writes both."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from nmdasim.errors import InputError
from nmdasim.plot.conditions import alone, beside, conditions, legend, what
from nmdasim.plot.look import cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.rings import rings
from nmdasim.plot.style import caption, drawn, from_zero, headline, new_figure

_MADE = 'nm.simulate(neuron, nm.WindUp(), record=nm.plot.MEMORY, sample="1 ms")'
_RESULT, _TRAIN = Need(_MADE), Need(_MADE, "pulse_time spike_count")


#: What must be recorded: the gate, the potential and the calcium of the dendrite.
RECORD = ("m_can_dendrite", "v_dendrite", "ca_dendrite")
#: The potential between the pulses is the mean of this long before each: spikes and what follows them average out.
_BEFORE_MS = 100.0


@draws(_RESULT)
def memory(result: xr.Dataset, axes: Any = None) -> np.ndarray:
    """Draw what is left of the pulses before, at the moment just before each pulse, beside the calcium that comes in.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under a train, with ``record=nm.plot.MEMORY`` and a `sample` of at
        most 1 ms.
    axes
        Three Axes to draw into; a new figure by default.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Open share of the CAN channels and dendritic potential before each pulse; total calcium after it.

    Raises
    ------
    InputError
        If one of the three was not recorded, as in a model that has none of them.
    """
    traces = remembered(result)
    panels = (
        ("gate", "CAN gate\nbefore the pulse", "open share of the channels"),
        ("dendrite", "Dendrite\nbefore the pulse", "mean of the last 100 ms, mV"),
        ("calcium", "Calcium\nafter the pulse", f"total over the pulse, {traces.calcium.units}"),
    )
    with drawn():
        own = axes is None
        if own:
            figure = new_figure(figsize=look().scaled((13.3, 5)), layout="constrained")
            axes = figure.subplots(1, 3)
            message = "Between the pulses a neuron remembers: channels stay open, the dendrite stays excited"
            headline(figure, f"{message}\n({what(alone(result))})")
            caption(figure, result)
        rows = list(conditions(traces))
        for ax, (name, title, unit) in zip(axes, panels, strict=True):
            for (label, _, lane), cue in zip(rows, cues(len(rows)), strict=True):
                values = lane[name].mean("seed") if "seed" in lane[name].dims else lane[name]
                ax.plot(lane.pulse, values, label=label, clip_on=False, **cue.dotted)
            ax.set(title=title, xlabel="pulse", ylabel=unit)
            ax.locator_params("x", integer=True)
            if name != "dendrite":
                from_zero(ax)
            rings(ax)
        (beside if own else legend)(axes[0], traces)
    return np.asarray(axes)


def check_recorded(result: xr.Dataset, figure: str = "memory") -> None:
    """Refuse a result without what the memory is read from.

    Raises
    ------
    InputError
        If a gate, the potential or the calcium of the dendrite is not in it, or no pulse.
    """
    model = result.attrs.get("model", "this result")
    if missing := [name for name in RECORD if name not in result]:
        raise InputError(
            f"this figure needs the CAN gate m_can, the potential v and the calcium ca of a compartment 'dendrite', "
            f"which the neurons wdr, delrocq2023 and aguiar2010 have; of {model} {', '.join(missing)} "
            f"{'was' if len(missing) == 1 else 'were'} not recorded: if it has them, simulate with "
            "record=nm.plot.MEMORY, sample='1 ms', else draw what you recorded with nm.plot.trace(result, 'v')"
        )
    _TRAIN.check(result, figure)


def remembered(result: xr.Dataset) -> xr.Dataset:
    """Return gate and potential just before each pulse, and the calcium of its window: what :func:`memory` draws.

    Raises
    ------
    InputError
        If one of them was not recorded.
    """
    check_recorded(result)
    if result.pulse_time.ndim > 1:
        raise InputError("pulses at several rates in one result; draw the memory of one rate at a time")
    time, step = result.time.values, float(result.time[1] - result.time[0])
    start, end = result.pulse_time.values, result.window_end.values
    before = np.clip(np.searchsorted(time, start) - 1, 0, len(time) - 1)
    gate, v, ca = (result[name] for name in RECORD)
    rest = float(ca.isel(time=int(before[0])).mean())
    inside = [ca.isel(time=(time >= a) & (time < b)) for a, b in zip(start, end, strict=True)]
    ahead = [v.isel(time=(time > a - _BEFORE_MS) & (time < a)).mean("time") for a in start]
    total = xr.concat([(part - rest).sum("time") * step / 1e3 for part in inside], dim="pulse")
    found = xr.Dataset(
        {"gate": gate.isel(time=("pulse", before)).drop_vars("time"), "dendrite": xr.concat(ahead, "pulse")}
    )
    found = found.assign(calcium=total.assign_attrs(units=f"{ca.units}·s"))
    return found.assign_coords(pulse=result.pulse.values).assign(late=found.gate)
