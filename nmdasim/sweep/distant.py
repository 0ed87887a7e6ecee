"""Chunks on Dask workers, started here or joined at a scheduler's address."""

from __future__ import annotations

import itertools
import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from nmdasim.sweep import chunks
from nmdasim.sweep.extra import need
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import StoreError

#: Chunks on their way to a worker, for each of its threads.
_AHEAD = 2


def distant(what: Sweep, todo: Sequence[int], workers: int, scheduler: str) -> Any:
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
