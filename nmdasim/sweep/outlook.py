"""What a sweep will take, from a few lanes run before it starts: whether it runs at all, time, room on the disk."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.quantities import brief, several
from nmdasim.readout import windows
from nmdasim.run.simulate import simulate
from nmdasim.sweep import kept
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import StoreError

#: Neurons of the pilot: enough for both the kernel's blocks and a rate that means something. An instance of a network
#: is costly: there are as many as have so many neurons together, and at least one.
_PILOT = {"kernel": 128}
#: Seconds of a pilot from which on it may have compiled, and so is timed again.
_COMPILED = 0.5
#: Windows of a train that the pilot runs through.
_WINDOWS = 2
#: Bytes held of one drawn number at the height of drawing (measured), and from how many bytes on that is said.
_HELD, _TOLD = 24, 100_000_000


@dataclass(frozen=True)
class Outlook:
    """What a sweep is about to do: printed before it starts.

    Parameters
    ----------
    lanes, chunks
        Of the whole sweep.
    left
        Lanes that are still to be run.
    seconds
        Estimated time, from a pilot of a few lanes.
    bytes
        Size of the results before compression.
    memory
        Bytes that the samples, drawn all at once, take of memory.
    """

    size: str
    lanes: int
    chunks: int
    left: int
    seconds: float
    bytes: int
    workers: str
    memory: int = 0

    @classmethod
    def of(cls, what: Sweep, before: int, rate: float, workers: int, scheduler: str, threads: int) -> Outlook:
        """Return the outlook of a sweep of which some lanes are done, from the seconds that the pilot took of each."""
        left = what.lanes - before
        cores = threads or os.cpu_count() or 1
        seconds = rate * left * what.seconds * (cores / workers if workers else 1)
        held = _HELD * len(what.samples) * len(what.samples.ranges) if what.samples else 0
        place = (
            several(workers, "worker")
            if workers
            else f"the cluster at {scheduler}, were it this machine"
            if scheduler
            else several(cores, "thread")
        )
        return cls(what.shown_size(), what.lanes, what.chunks, left, seconds, what.bytes, place, held)

    def __str__(self) -> str:
        rest = f", {self.lanes - self.left:,} already done" if self.left < self.lanes else ""
        return (
            f"{self.size} = {several(self.lanes, 'lane')} in {several(self.chunks, 'chunk')}{rest}; about "
            f"{_time(self.seconds)} on {self.workers}, at most {_size(self.bytes)} of storage"
            + (f", {_size(self.memory)} of memory for the samples" if self.memory > _TOLD else "")
        )


def pilot(what: Sweep, threads: int, said: Sequence[str] = ()) -> tuple[xr.Dataset, float]:
    """Run a few lanes with the model's own parameters: whether the sweep can be run, its units, and its rate.

    Returns the read-outs, and the seconds that a simulated second of one lane takes on all threads. The read-outs warn
    of what is `said` of the windows of the sweep; what there is to say of the pilot's own, which are cut, is left out.
    """
    lanes = max(_PILOT.get(what.engine, 1) // what.neurons, 1)
    seconds = _length(what)
    options = {name: getattr(what, name) for name in ("block", "dt", "method", "engine")}
    options |= {"parameters": {key: _row(what, key, lanes) for key in _keys(what)}, "threads": threads}
    options |= {"seed": xr.DataArray(np.arange(lanes) % 20, dims="lane")}

    def once() -> tuple[xr.Dataset, float]:
        began = time.perf_counter()
        found = simulate(what.model, what.first, duration=seconds * quantities.unit("second"), **options)
        return found, time.perf_counter() - began

    result, took = once()
    if what.engine == "kernel" and took > _COMPILED:
        result, took = once()
    cores = threads or os.cpu_count() or 1
    busy = min(lanes, cores) / cores  # an instance runs on one thread
    found = kept.read(what.model, what.readouts, result)
    cut = windows.reservations(result) if "pulse_time" in result else []
    for part in (found, *found.data_vars.values()):
        lines = [line for line in str(part.attrs.pop("warnings", "")).splitlines() if line not in cut]
        part.attrs |= windows.warned({"warnings": "\n".join(lines)} if lines else {}, list(said))
    return found, took * busy / (lanes * seconds)


def _length(what: Sweep) -> float:
    """Return the seconds that the pilot runs: the first lane's, of a long train its first pulses."""
    given = what.duration
    whole = what.first.duration if given is None else quantities.number(given, "ms", name="duration")
    return float(min([whole, *what.first.windows[_WINDOWS : _WINDOWS + 1]]))


def _keys(what: Sweep) -> list[str]:
    """Return the parameters that the axes set."""
    found: dict[str, None] = {}
    for axis in what.varied:
        if axis.name != "seed" and axis.name not in what.done_to.varies:
            found |= dict.fromkeys(what.scaled(axis.name) if what.is_gain(axis.name) else what.entries(axis.name))
    return list(found)


def _row(what: Sweep, key: str, lanes: int) -> xr.DataArray:
    parameter = next(owner.parameters[key] for owner in what.owners if key in owner.parameters)
    return xr.DataArray(np.full(lanes, parameter.number), dims="lane", attrs={"units": parameter.unit})


def check_room(path: Path, what: Sweep, chunks: int) -> None:
    """Refuse what is left to do if the disk has no room for it."""
    where = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    free = shutil.disk_usage(where).free
    needed = what.bytes * chunks // what.chunks
    if needed > free:
        raise StoreError(
            f"what is left, {several(chunks, 'chunk')}, needs up to {_size(needed)} "
            f"and {_size(free)} are free at {where}; "
            "keep fewer read-outs, take larger chunks, or take another disk"
        )


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{brief(count, 3)} {unit}"
        count /= 1000
    raise AssertionError
