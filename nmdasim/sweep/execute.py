"""Running a sweep: chunks on this machine's threads or on Dask workers, one writer."""

from __future__ import annotations

import dataclasses
import itertools
import logging
import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, NmdasimError
from nmdasim.protocols import WindUp
from nmdasim.run.simulate import simulate
from nmdasim.sweep import chunks
from nmdasim.sweep.extra import need
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import Store, StoreError, check, open_store

_LOG = logging.getLogger("nmdasim")
#: Lanes of the pilot: enough for both the kernel's blocks and a rate that means something.
_PILOT = {"kernel": 128}
#: Chunks on their way to a worker, for each of its threads.
_AHEAD = 2


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
    """

    size: str
    lanes: int
    chunks: int
    left: int
    seconds: float
    bytes: int
    workers: str

    def __str__(self) -> str:
        rest = f", {self.lanes - self.left:,} already done" if self.left < self.lanes else ""
        return (
            f"{self.size} = {self.lanes:,} lanes in {self.chunks:,} chunks{rest}; about {_time(self.seconds)} on "
            f"{self.workers}, at most {_size(self.bytes)} of storage"
        )


@dataclass(frozen=True)
class Summary:
    """What a sweep did, in lanes: all, finished, finished before it began, failed; and how long it took."""

    lanes: int
    done: int
    resumed: int
    failed: int
    seconds: float
    notes: tuple[str, ...]


def sweep(
    what: Sweep,
    store: str | Path,
    *,
    resume: bool = False,
    workers: int = 0,
    scheduler: str = "",
    threads: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Run a sweep into a Zarr store and return it, opened.

    Numbers are the same bit for bit for any number of threads or workers and after any interruption, on one kind of
    processor with one set of versions; both are in the attributes of the store.

    Parameters
    ----------
    what
        The sweep.
    store
        Path of the store, a folder.
    resume
        Finish a store that is there; nothing finished is run again.
    workers
        Dask workers to start on this machine, one thread each; 0 runs on the threads of this process. A script that
        starts workers keeps its calls under ``if __name__ == "__main__":``.
    scheduler
        Address of a Dask scheduler to join instead, ``"tcp://node:8786"``.
    threads
        Threads of this process; 0 is all cores.
    progress
        Called with the lanes that are done and all lanes, after every chunk.

    Returns
    -------
    xarray.Dataset
        The read-outs over the axes, ``status``, and provenance in ``attrs``; ``xarray.open_zarr(store)`` gives the
        same. Chunks in which something failed are listed by :func:`nmdasim.sweep.failures`.

    Raises
    ------
    StoreError
        If the store is there (without `resume`), belongs to another sweep, is in use, or cannot be written.
    InputError
        For anything that is wrong with the sweep, before any work starts.
    """
    run(what, Path(store), resume=resume, workers=workers, scheduler=scheduler, threads=threads, progress=progress)
    return xr.open_zarr(store)


def run(
    what: Sweep,
    path: Path,
    *,
    resume: bool = False,
    workers: int = 0,
    scheduler: str = "",
    threads: int = 0,
    announce: Callable[[Outlook], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Run a sweep into a store; see :func:`sweep`."""
    need("dask")
    if workers < 0 or threads < 0:
        raise InputError(f"workers = {workers}, threads = {threads}; give 0 or more")
    if workers and scheduler:
        raise InputError("give workers to start here, or a scheduler to join, not both")
    check(path, what, resume=resume)
    pilot, rate = _pilot(what, threads)
    if not path.exists():
        _check_room(path, what, what.chunks)
    began = time.perf_counter()
    with open_store(path, what, pilot, resume=resume) as store:
        _check_room(path, what, len(store.missing))
        for note in store.notes:
            _LOG.warning("%s", note)
        before = store.lanes
        if announce:
            announce(_outlook(what, before, rate, workers, scheduler, threads))
        _finish(store, workers, scheduler, threads, progress or (lambda done, lanes: None))
        seconds = time.perf_counter() - began
        return Summary(what.lanes, store.lanes, before, store.failed, seconds, tuple(store.notes))


def _finish(store: Store, workers: int, scheduler: str, threads: int, progress: Callable[[int, int], None]) -> None:
    """Run what is missing; whatever stops it, what is finished is in the store."""
    todo = store.missing
    distant = bool(workers or scheduler)
    found = _distant(store.sweep, todo, workers, scheduler) if distant else _local(store.sweep, todo, threads)
    try:
        for number, chunk in found:
            if isinstance(chunk, str):
                store.notes.append(f"chunk {number} {chunk}; resume runs it again")
                _LOG.warning("%s", store.notes[-1])
                continue
            store.write(number, chunk)
            progress(store.lanes, store.sweep.lanes)
    except NmdasimError:
        raise
    except ConnectionError as error:
        raise StoreError(f"{error}; {store.kept} are finished and kept: start a scheduler, then resume") from None
    except (KeyboardInterrupt, Exception):  # a fault of ours goes on with its traceback
        told = "stopped: %s are finished and kept; again with --resume (resume=True) for the rest"
        _LOG.warning(told, store.kept)
        raise
    finally:
        found.close()


def _local(what: Sweep, todo: Sequence[int], threads: int) -> Any:
    for number in todo:
        yield number, chunks.run(what, number, threads)


# --- Dask ------------------------------------------------------------------------------------------------------------


def _distant(what: Sweep, todo: Sequence[int], workers: int, scheduler: str) -> Any:
    """Yield chunks as workers finish them. Workers compute only: what a lost one had is done again elsewhere."""
    distributed = need("distributed")
    content = pickle.dumps(what)
    queue = iter(todo)
    numbers: dict[Any, int] = {}
    if not todo:
        return
    with _client(distributed, min(workers, len(todo)), scheduler) as client:
        arriving = distributed.as_completed()

        def send(count: int) -> None:
            for number in itertools.islice(queue, count):
                future = client.submit(
                    _work, content, number, pure=False, key=f"chunk-{what.digest}-{number}-{os.getpid()}"
                )
                numbers[future.key] = number
                arriving.add(future)

        send(_ahead(client))
        for future in arriving:
            number = numbers.pop(future.key)
            with _said(distributed):
                try:
                    result = future.result()
                except distributed.KilledWorker:
                    result = "lost every worker that took it up"
            yield number, result
            future.release()
            with _said(distributed):
                send(max(1, _ahead(client) - len(numbers)))


@contextmanager
def _said(distributed: Any) -> Iterator[None]:
    """Turn what Dask raises when its scheduler is gone into one error."""
    try:
        yield
    except (distributed.comm.CommClosedError, CancelledError):
        raise ConnectionError("the Dask scheduler is lost") from None


def _ahead(client: Any) -> int:
    return max(_AHEAD * sum(client.nthreads().values()), 1)


def _work(content: bytes, number: int) -> chunks.Chunk:
    """Run one chunk on a worker, on one thread: Dask has a task for each of its own."""
    return chunks.run(_unpacked(content), number, threads=1)


@lru_cache(2)
def _unpacked(content: bytes) -> Sweep:
    found: Sweep = pickle.loads(content)
    return found


@contextmanager
def _client(distributed: Any, workers: int, scheduler: str) -> Iterator[Any]:
    if scheduler:
        try:
            client = distributed.Client(scheduler, timeout="5s")
        except (OSError, ValueError) as error:
            raise StoreError(
                f"no Dask scheduler answers at {scheduler} ({error}); start one by 'dask scheduler'"
            ) from None
        with _quiet("distributed.client"), client:
            yield client
        return
    with (
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, silence_logs=logging.CRITICAL, **_NO_DASHBOARD
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


#: Without an address Dask takes port 8787 all the same, and warns where that is taken, as by a second sweep.
_NO_DASHBOARD: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep back the log of a library that tells what we say in one line."""
    log = logging.getLogger(name)
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


# --- before it starts ------------------------------------------------------------------------------------------------


def _pilot(what: Sweep, threads: int) -> tuple[xr.Dataset, float]:
    """Run a few lanes with the model's own parameters: whether the sweep can be run, its units, and its rate.

    Returns the read-outs, and the seconds that a simulated second of one lane takes on all threads.
    """
    lanes = _PILOT.get(what.engine, 1)
    protocol, duration = what.protocol, what.duration
    if isinstance(protocol, WindUp):
        chosen = {name: what.axes[name][0] for name in ("frequency", "pulses") if name in what.axes}
        protocol = dataclasses.replace(protocol, **chosen)
        protocol = dataclasses.replace(protocol, pulses=min(int(protocol.pulses), 2))
    parameters = {key: _row(what, key, lanes) for key in _keys(what)}
    seeds = xr.DataArray(np.arange(lanes) % 20, dims="lane")

    def once() -> tuple[xr.Dataset, float]:
        began = time.perf_counter()
        found = simulate(
            what.model,
            protocol,
            parameters=parameters,
            seed=seeds,
            block=what.block,
            duration=duration,
            dt=what.dt,
            method=what.method,
            engine=what.engine,
            threads=threads,
        )
        return found, time.perf_counter() - began

    result, seconds = once()  # which compiles
    if what.engine == "kernel":
        result, seconds = once()
    simulated = (
        protocol.duration if isinstance(protocol, WindUp) else quantities.number(duration, "ms", name="duration")
    )
    return chunks.readouts(what, result), seconds / (lanes * simulated)


def _keys(what: Sweep) -> list[str]:
    found: dict[str, None] = {}
    for axis in what.varied:
        if axis.name not in ("seed", "frequency", "pulses"):
            found |= dict.fromkeys(what.scaled(axis.name) if what.is_gain(axis.name) else what.entries(axis.name))
    return list(found)


def _row(what: Sweep, key: str, lanes: int) -> xr.DataArray:
    parameter = next(cell.parameters[key] for cell in what.cells if key in cell.parameters)
    return xr.DataArray(np.full(lanes, parameter.number), dims="lane", attrs={"units": parameter.unit})


def _check_room(path: Path, what: Sweep, chunks: int) -> None:
    """Refuse what is left to do if the disk has no room for it."""
    where = next(parent for parent in (path, *path.absolute().parents) if parent.exists())
    free = shutil.disk_usage(where).free
    needed = what.bytes * chunks // what.chunks
    if needed > free:
        raise StoreError(
            f"{chunks:,} chunks take up to {_size(needed)} and {_size(free)} are free at {where}; "
            "keep fewer read-outs, take larger chunks, or take another disk"
        )


def _outlook(what: Sweep, before: int, rate: float, workers: int, scheduler: str, threads: int) -> Outlook:
    left = what.lanes - before
    cores = threads or os.cpu_count() or 1
    seconds = rate * left * _mean_duration(what) * (cores / workers if workers else 1)
    place = (
        f"{workers} workers"
        if workers
        else f"the cluster at {scheduler}, were it this machine"
        if scheduler
        else f"{cores} threads"
    )
    return Outlook(what.shown_size(), what.lanes, what.chunks, left, seconds, what.bytes, place)


def _mean_duration(what: Sweep) -> float:
    """Return the mean simulated seconds of a lane."""
    if not isinstance(what.protocol, WindUp):
        return quantities.number(what.duration, "ms", name="duration")
    if what.duration is not None:
        return quantities.number(what.duration, "ms", name="duration")
    chosen = {name: what.axes[name] for name in ("frequency", "pulses") if name in what.axes}
    return float(np.mean([one.duration for _, one in dataclasses.replace(what.protocol, **chosen).variants()]))


def _time(seconds: float) -> str:
    if seconds < 100:
        return f"{max(seconds, 1):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if count < 1000 or unit == "TB":
            return f"{count:.3g} {unit}"
        count /= 1000
    raise AssertionError
