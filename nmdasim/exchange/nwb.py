"""NWB, Neurodata Without Borders: a result as a file that validates, and units of a file as a recording.

Spikes are rows of the table of units, in seconds, one a neuron and lane, with what varied as columns; recorded
variables are TimeSeries of the acquisition, in an SI unit with their conversion; pulses are an interval table (Rübel
et al. 2022, eLife 11:e78362).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, need, plainly
from nmdasim.exchange import lanes
from nmdasim.exchange.recording import MOST, Recording, recording
from nmdasim.readout.files import write_whole

EXTRA = "nwb"
#: Names that NWB recommends for SI units.
_SI = {"V": "volts", "A": "amperes", "S": "siemens", "Hz": "hertz", "s": "seconds", "F": "farads", "": "1"}


@plainly
def to_nwb(result: xr.Dataset, path: str | Path, *, session_start: datetime | None = None) -> Path:
    """Write a result as an NWB file.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate`.
    path
        The file, ``….nwb``.
    session_start
        NWB asks for a date; a simulation has none of its own, so it is by default that of writing. It must say its
        time zone.

    Returns
    -------
    pathlib.Path
        The file: ``units`` (spike times in s; ``lane``, ``population``, ``neuron`` and a column per varied quantity,
        whose unit is in the column's description), ``acquisition`` (what was recorded, one channel a lane and neuron,
        in SI with its conversion), ``intervals/pulses``. Session description and notes say that it is simulated, from
        which model, with every parameter and its unit.

    Raises
    ------
    InputError
        If pynwb is not installed, `result` is no result, or the file cannot be written.
    """
    file = Path(path)
    if file.suffix.lower() != ".nwb":
        raise InputError(f"{file}: the name of an NWB file ends in .nwb")
    pynwb, h5py, said = need("pynwb", EXTRA), need("h5py", EXTRA), lanes.origin(result)
    begun = session_start or datetime.now(UTC)
    if begun.tzinfo is None:
        raise InputError(f"session_start = {begun}; give its time zone, datetime(…, tzinfo=UTC)")
    held = pynwb.NWBFile(
        session_description=f"SIMULATED by nmdasim {said['nmdasim_version']}, model {said['model']}: no recording",
        identifier=said["identity"],
        session_start_time=begun,
        protocol=said.get("protocol", ""),
        notes=lanes.as_json(result),
        source_script="nmdasim.simulate",
        source_script_file_name="nmdasim",
    )
    parts = list(lanes.lanes(result))
    _units(held, parts)
    _traces(pynwb, held, result, parts)
    _pulses(pynwb, held, parts)

    def write(draft: Path) -> None:
        # An open file, for pynwb warns of a path that does not end in .nwb, as that of a draft does not.
        with h5py.File(draft, "w") as opened, pynwb.NWBHDF5IO(file=opened, mode="w") as io:
            io.write(held)

    write_whole(file, write)
    return file


def _units(held: Any, parts: list[lanes.Lane]) -> None:
    varied = parts[0].labels
    held.add_unit_column("lane", "lane of the simulation, counted from 0 in the order of its dimensions")
    held.add_unit_column("population", "population of the neuron; empty for a single cell")
    held.add_unit_column("neuron", "number of the neuron in its population")
    for name, (_, unit) in varied.items():
        held.add_unit_column(f"varied_{name}", f"{name} of this lane, in {unit}")
    for lane in parts:
        if lane.failed:
            continue
        own = {f"varied_{name}": value for name, (value, _) in lane.labels.items()}
        for train in lane.trains:
            held.add_unit(
                spike_times=train.times / 1e3,
                obs_intervals=[[lane.begin / 1e3, lane.end / 1e3]],
                lane=lane.index,
                population=train.population,
                neuron=train.neuron,
                **own,
            )


def _traces(pynwb: Any, held: Any, result: xr.Dataset, parts: list[lanes.Lane]) -> None:
    if not parts[0].traces:
        return
    times = result.time.values / 1e3
    rate = (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else 1.0
    for k, first in enumerate(parts[0].traces):
        table = np.concatenate([lane.traces[k].values for lane in parts], axis=1)
        name, conversion = _si(first.unit)
        where = "; ".join(f"{lane.index}: {lanes.told(lane.labels)}" for lane in parts[:1000] if lane.labels)
        held.add_acquisition(
            pynwb.TimeSeries(
                name=first.name,
                data=table,
                unit=name,
                conversion=conversion,
                rate=float(rate),
                starting_time=float(times[0]),
                description=f"simulated {first.name} in {first.unit}; a column a lane and neuron",
                comments=f"lanes: {where or '0'}",
            )
        )


def _si(unit: str) -> tuple[str, float]:
    """Return the name of the SI unit of a label, and how many of it one of the label's is."""
    plain = unit.replace("µ", "u").replace("²", "**2").replace("³", "**3").replace("·", "*")
    value = quantities.parse_unit(plain)
    base = quantities.describe_dimension(value.dim) if hasattr(value, "dim") else ""
    if base not in _SI and quantities.in_unit(1.0, base or "1") != 1.0:
        base = quantities.base_units(value.dim)
    return _SI.get(base, base), float(value)


def _pulses(pynwb: Any, held: Any, parts: list[lanes.Lane]) -> None:
    """Write the windows of the protocol: once where all lanes share them, else each lane's own."""
    if not any(len(lane.pulses) for lane in parts):
        return
    same = all(np.array_equal(lane.pulses, parts[0].pulses) for lane in parts)
    table = pynwb.epoch.TimeIntervals(name="pulses", description="each pulse, to the next")
    table.add_column("pulse", "number of the pulse, from 1")
    table.add_column("lane", "lane, -1 for all")
    for lane in parts[:1] if same else parts:
        for k, (begin, end) in enumerate(lane.pulses / 1e3, 1):
            table.add_row(start_time=begin, stop_time=end, pulse=k, lane=-1 if same else lane.index)
    held.add_time_intervals(table)


def read(path: Path) -> Recording:
    """Read the table of units of an NWB file; its stimuli are the starts of its trials, or of what is called pulses."""
    pynwb = need("pynwb", EXTRA)
    with _opened(pynwb, path) as held:
        units = held.units
        if units is None or "spike_times" not in units.colnames:
            raise InputError(f"{path}: there are no spike times in it (no table of units)")
        if (count := len(units.spike_times_index.target.data)) > MOST:
            raise InputError(f"{path}: {count:,} spikes are more than {MOST:,}; read a part")
        names = [f"unit {key}" for key in units.id[:]]
        trains = {name: np.asarray(units.get_unit_spike_times(k)) for k, name in enumerate(names)}
        observed = []
        if "obs_intervals" in units.colnames:
            observed = [np.asarray(units.get_unit_obs_intervals(k)).reshape(-1, 2) for k in range(len(names))]
        edges = np.concatenate(observed) if observed else np.empty((0, 2))
        begin, end = (float(edges.min()), float(edges.max())) if edges.size else (None, None)
        intervals = held.intervals or {}
        table = held.trials if held.trials is not None else intervals.get("pulses")
        stimuli = None if table is None else np.asarray(table["start_time"][:], dtype=float)
    return recording(trains, begin, end, str(path), stimuli)


@contextmanager
def _opened(pynwb: Any, path: Path) -> Iterator[Any]:
    """Open an NWB file for reading, and say in one line what is wrong with it."""
    try:
        with pynwb.NWBHDF5IO(str(path), mode="r", load_namespaces=True) as io:
            yield io.read()
    except InputError:
        raise
    except Exception as error:  # HDF5, hdmf and pynwb raise many kinds
        why = " ".join(f"{type(error).__name__}: {error}".split())[:160]
        raise InputError(f"{path}: cannot be read as NWB ({why}); is it whole?") from None
