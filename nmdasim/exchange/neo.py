"""Neo: a result as a Block that Elephant reads, and spike trains of a Block as a recording.

A lane is a Segment, a neuron a SpikeTrain, a recorded variable an AnalogSignal in its own unit, the pulses an Epoch.
The objects are those of Neo (Garcia et al. 2014, Front. Neuroinform. 8:10).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, need
from nmdasim.exchange import lanes
from nmdasim.exchange.recording import Recording, recording

EXTRA = "neo"
#: Formats that are read through Neo by the end of a file's name; none of their readers executes what it reads.
READERS = {
    ".nix": "NixIO",
    ".mat": "NeoMatlabIO",
    ".smr": "Spike2IO",
    ".smrx": "CedIO",
    ".abf": "AxonIO",
    ".plx": "PlexonIO",
    ".nex": "NeuroExplorerIO",
    ".nev": "BlackrockIO",
}


def to_neo(result: xr.Dataset) -> Any:
    """Return a result as a ``neo.Block``.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate`.

    Returns
    -------
    neo.Block
        One Segment a lane, annotated with ``lane``, ``failed`` and, per varied quantity, its value and
        ``unit_of_<name>``. In it one SpikeTrain a neuron (ms; silent ones too; annotated with ``population`` and
        ``neuron``), one AnalogSignal a recorded variable (its own unit, one channel a neuron), and of a train the
        Epoch ``pulses``. Provenance stands in the annotations of the Block.

    Raises
    ------
    InputError
        If Neo is not installed, or `result` is no result.
    """
    neo = need("neo", EXTRA)
    said = lanes.origin(result)
    block = neo.Block(name=said["model"], description=f"simulated by nmdasim: {said.get('protocol', '')}", **said)
    for lane in lanes.lanes(result):
        block.segments.append(_segment(neo, result, lane))
    return block


def _segment(neo: Any, result: xr.Dataset, lane: lanes.Lane) -> Any:
    pq = need("quantities", EXTRA)
    labels = {name: value for name, (value, _) in lane.labels.items()}
    labels |= {f"unit_of_{name}": unit for name, (_, unit) in lane.labels.items() if unit != "1"}
    segment = neo.Segment(
        name=lanes.told(lane.labels) or "lane 0", index=lane.index, lane=lane.index, failed=lane.failed, **labels
    )
    for train in lane.trains if not lane.failed else ():
        segment.spiketrains.append(
            neo.SpikeTrain(
                train.times * pq.ms,
                t_start=lane.begin * pq.ms,
                t_stop=lane.end * pq.ms,
                name=f"{train.population} {train.neuron}".strip(),
                population=train.population,
                neuron=train.neuron,
            )
        )
    if lane.traces and not lane.failed:
        times = result.time.values
        step = (times[-1] - times[0]) / max(len(times) - 1, 1)
        for trace in lane.traces:
            segment.analogsignals.append(
                neo.AnalogSignal(
                    _in_their_unit(pq, trace.values, trace.unit),
                    t_start=times[0] * pq.ms,
                    sampling_period=(step or 1.0) * pq.ms,
                    name=trace.name,
                )
            )
    if len(lane.pulses):
        begin, end = lane.pulses.T
        labels_of = np.array([str(k) for k in range(1, len(begin) + 1)])
        segment.epochs.append(
            neo.Epoch(begin * pq.ms, durations=(end - begin) * pq.ms, labels=labels_of, name="pulses")
        )
    return segment


def _in_their_unit(pq: Any, values: np.ndarray, unit: str) -> Any:
    """Return numbers as a quantity of the package ``quantities``, in SI base units where it does not know theirs."""
    plain = unit.replace("µ", "u").replace("²", "**2").replace("³", "**3").replace("·", "*")
    dimension = get_dimensions(quantities.parse_unit(plain))
    si = pq.dimensionless
    for symbol, base in (("m", pq.m), ("kg", pq.kg), ("s", pq.s), ("A", pq.A), ("K", pq.K), ("mol", pq.mol)):
        si = si * base ** dimension.get_dimension(symbol)
    whole = pq.Quantity(quantities.converted(values, plain, "1") if plain == "1" else _si(values, plain), si.units)
    try:
        return whole.rescale(pq.dimensionless if plain == "1" else plain)
    except (LookupError, ValueError, SyntaxError):
        return whole


def _si(values: np.ndarray, unit: str) -> np.ndarray:
    return np.asarray(values, dtype=float) * float(quantities.parse_unit(unit))


def from_neo(data: Any, *, name: str = "") -> Recording:
    """Return the spike trains of a ``neo.Block``, Segment, SpikeTrain or a list of these as a recording.

    Times are converted from the unit that each train says. Trains of several segments stay apart.

    Raises
    ------
    InputError
        If Neo is not installed, or there is no spike train.
    """
    neo = need("neo", EXTRA)
    trains: dict[str, np.ndarray] = {}
    begins, ends, stimuli = [], [], []
    for segment, train in _found(neo, data):
        label = (train.name or f"train {len(trains)}") + (f" [{segment}]" if segment else "")
        key = label if label not in trains else f"{label} ({len(trains)})"
        trains[key] = np.asarray(train.times.rescale("s"), dtype=float)
        begins.append(float(train.t_start.rescale("s")))
        ends.append(float(train.t_stop.rescale("s")))
    if not trains:
        raise InputError(f"{name or type(data).__name__}: there is no spike train in it")
    for segment in [data] if isinstance(data, neo.Segment) else getattr(data, "segments", []):
        stimuli += [np.asarray(one.times.rescale("s"), dtype=float) for one in (*segment.events, *segment.epochs)]
    return recording(trains, min(begins), max(ends), name or "neo", stimuli[0] if len(stimuli) == 1 else None)


def _found(neo: Any, data: Any) -> list[tuple[str, Any]]:
    match data:
        case neo.SpikeTrain():
            return [("", data)]
        case neo.Segment():
            return [("", train) for train in data.spiketrains]
        case neo.Block():
            several = len(data.segments) > 1
            return [
                (str(segment.name or k) if several else "", train)
                for k, segment in enumerate(data.segments)
                for train in segment.spiketrains
            ]
        case list() | tuple():
            return [pair for one in data for pair in _found(neo, one)]
    raise InputError(f"a {type(data).__name__} is nothing of Neo; give a Block, a Segment or a SpikeTrain")


def read(path: Path) -> Recording:
    """Read a file by the reader that Neo has for the end of its name, one of :data:`READERS`."""
    neo = need("neo", EXTRA)
    kind = READERS[path.suffix.lower()]
    mode = {"mode": "ro"} if kind == "NixIO" else {}
    reader = None
    try:
        reader = getattr(neo.io, kind)(filename=str(path), **mode)
        blocks = reader.read()
    except Exception as error:  # Neo's readers raise whatever their format does
        why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise InputError(f"{path}: cannot be read as Neo's {kind} ({why})") from None
    finally:
        getattr(reader, "close", lambda: None)()
    return from_neo(list(blocks), name=str(path))
