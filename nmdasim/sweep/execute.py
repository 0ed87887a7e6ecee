"""Running a sweep: chunks on this machine's threads or on Dask workers, one writer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xarray as xr

from nmdasim.errors import InputError, NmdasimError, need, plainly
from nmdasim.run.stopping import terminable
from nmdasim.sweep import chunks
from nmdasim.sweep.distant import distant, reach
from nmdasim.sweep.outlook import Outlook, check_room, pilot
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import Store, StoreError, check, open_store
from nmdasim.sweep.validation import reservations, validate

_LOG = logging.getLogger("nmdasim")


@dataclass(frozen=True)
class Summary:
    """What a sweep did, in lanes: all, finished, finished before it began, failed; and how long it took."""

    lanes: int
    done: int
    resumed: int
    failed: int
    seconds: float
    notes: tuple[str, ...]


@plainly
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
        Address of a Dask scheduler to join instead, ``"tcp://node:8786"``, or ``tls://`` with the certificates that
        Dask's own configuration names. Its workers have the versions and source of this process, or are refused.
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
    run(what, store, resume=resume, workers=workers, scheduler=scheduler, threads=threads, progress=progress)
    return xr.open_zarr(store)


def run(
    what: Sweep,
    store: str | Path,
    *,
    resume: bool = False,
    workers: int = 0,
    scheduler: str = "",
    threads: int = 0,
    announce: Callable[[Outlook], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Summary:
    """Run a sweep into a store; see :func:`sweep`."""
    need("dask", "sweep")
    if not isinstance(what, Sweep):
        raise InputError(f"nm.sweep runs a nm.Sweep, and {type(what).__name__} is none; make one, nm.Sweep(model, …)")
    if not isinstance(store, str | Path):
        raise InputError(f"a sweep is kept in a folder, as 'doses.zarr'; a {type(store).__name__} names none")
    path = Path(store)
    if workers < 0 or threads < 0:
        raise InputError(f"workers = {workers}, threads = {threads}; give 0 or more")
    if workers and scheduler:
        raise InputError("give workers to start here, or a scheduler to join, not both")
    check(path, what, resume=resume)
    validate(what)
    if scheduler:
        reach(scheduler)
    said = reservations(what)
    for sentence in said:
        _LOG.warning("%s", sentence)
    tried, rate = pilot(what, threads, said)
    if not path.exists():
        check_room(path, what, what.chunks)
    began = time.perf_counter()
    with terminable(), open_store(path, what, tried, resume=resume) as opened:
        check_room(path, what, len(opened.missing))
        for note in opened.notes:
            _LOG.warning("%s", note)
        before = opened.lanes
        if announce:
            announce(Outlook.of(what, before, rate, workers, scheduler, threads))
        _finish(opened, workers, scheduler, threads, progress or (lambda done, lanes: None))
        seconds = time.perf_counter() - began
        return Summary(what.lanes, opened.lanes, before, opened.failed, seconds, tuple(opened.notes))


def _finish(store: Store, workers: int, scheduler: str, threads: int, progress: Callable[[int, int], None]) -> None:
    """Run what is missing; whatever stops it, what is finished is in the store."""
    todo = store.missing
    found = (
        distant(store.sweep, todo, workers, scheduler) if workers or scheduler else _local(store.sweep, todo, threads)
    )
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
