"""Chunks on Dask workers, started here or joined at a scheduler's address."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import pickle
import platform
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import forkserver
from typing import Any

from nmdasim.errors import need
from nmdasim.model import identity
from nmdasim.model.identity import versions
from nmdasim.sweep import chunks
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import StoreError

#: Chunks on their way to a worker, for each of its threads.
_AHEAD = 2


def distant(what: Sweep, todo: Sequence[int], workers: int, scheduler: str) -> Any:
    """Yield chunks as workers finish them. Workers compute only: what a lost one had is done again elsewhere."""
    distributed = need("distributed", "sweep")
    content = pickle.dumps(what)
    queue = iter(todo)
    numbers: dict[Any, int] = {}
    if not todo:
        return
    with _client(distributed, min(workers, len(todo)), scheduler) as client:
        arriving = distributed.as_completed()

        def send(count: int) -> None:
            for number in itertools.islice(queue, count):
                key = f"chunk-{what.digest}-{number}-{os.getpid()}"
                future = client.submit(_work, content, number, versions(), pure=False, key=key)
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


def _work(content: bytes, number: int, wanted: Mapping[str, str]) -> chunks.Chunk:
    """Run one chunk on a worker, on one thread: Dask has a task for each of its own.

    Raises
    ------
    StoreError
        If this worker would give other numbers; it may have joined after the sweep began.
    """
    if told := differing(wanted, versions()):
        raise StoreError(f"a Dask worker on {platform.node()} has {told}; {_SAME}")
    return chunks.run(_unpacked(content), number, threads=1)


@lru_cache(2)
def _unpacked(content: bytes) -> Sweep:
    found: Sweep = pickle.loads(content)
    return found


_SAME = "give every worker the same environment, or start workers from this one"


def differing(wanted: Mapping[str, str], found: Mapping[str, str]) -> str:
    """Return what differs between the versions here and those of a worker, as text; nothing where nothing does."""
    names = [name for name in wanted if wanted[name] != found.get(name)]
    return ", ".join(f"{name} {found.get(name, 'absent')} in place of {wanted[name]}" for name in names)


def reach(scheduler: str) -> None:
    """Refuse a scheduler that does not answer, and workers whose numbers would not be those of this process.

    Raises
    ------
    StoreError
        Naming the address, or the worker and what differs.
    """
    distributed = need("distributed", "sweep")
    with _client(distributed, 0, scheduler) as client, _said(distributed):
        for address, found in client.run(identity.versions, on_error="return").items():
            told = differing(versions(), found) if isinstance(found, dict) else f"no such nmdasim ({found})"
            if told:
                raise StoreError(f"the Dask worker at {address} has {told}; {_SAME}")


@contextmanager
def _client(distributed: Any, workers: int, scheduler: str) -> Iterator[Any]:
    if scheduler:
        try:
            with _quiet("distributed"):
                with ThreadPoolExecutor(1) as apart:  # a notebook has a loop of its own in this thread
                    apart.submit(asyncio.run, _knock(scheduler)).result()
                client = distributed.Client(scheduler, timeout=_PATIENCE)
        except Exception as error:  # Dask raises what it comes upon: of sockets, of TLS, of an answer that is no Dask's
            secure = "; tls:// needs the certificates that distributed.comm.tls of Dask's configuration names"
            raise StoreError(
                f"no Dask scheduler answers at {scheduler} ({_first_line(error)}); start one by 'dask scheduler'"
                f"{secure if scheduler.startswith('tls') else ''}"
            ) from None
        with _quiet("distributed.client"), client:
            yield client
        return
    with (
        forked(),
        distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, silence_logs=logging.CRITICAL, **_NO_DASHBOARD
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def forked() -> Iterator[None]:
    """Fork what workers start meanwhile, on Linux, from one process that has loaded the library for all of them.

    Elsewhere, or where Dask's configuration names another method, each worker loads it by itself, which takes seconds.
    """
    config = need("dask.config", "sweep")
    if sys.platform != "linux" or config.get(_METHOD) != "spawn":
        yield
        return
    with config.set({_METHOD: "forkserver"}):
        need("distributed.utils", "sweep").get_mp_context().set_forkserver_preload([*_LOADED])
        with _deaf(), _safe_path():
            forkserver.ensure_running()
        yield


@contextmanager
def _deaf() -> Iterator[None]:
    """Have what is started meanwhile not hear Ctrl-C, which ends the sweep; that ends its workers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _safe_path() -> Iterator[None]:
    """Have Python, where it is started meanwhile, load nothing from the folder in which the user happens to be."""
    before = os.environ.get(_SAFE)
    os.environ[_SAFE] = "1"
    try:
        yield
    finally:
        os.environ.pop(_SAFE) if before is None else os.environ.update({_SAFE: before})


_SAFE = "PYTHONSAFEPATH"


#: What workers are started by in Dask's configuration, and what they load.
_METHOD, _LOADED = "distributed.worker.multiprocessing-method", ("distributed.nanny", "distributed.worker", __name__)


#: Without an address Dask takes port 8787 all the same, and warns where that is taken, as by a second sweep.
_NO_DASHBOARD: dict[str, Any] = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}


#: Seconds for a scheduler to answer.
_PATIENCE = 5


async def _knock(scheduler: str) -> None:
    """Greet a scheduler as Dask does; where nobody answers a client would wait for long."""
    comm, security = need("distributed.comm", "sweep"), need("distributed.security", "sweep").Security()
    greeting = comm.connect(scheduler, timeout=_PATIENCE, **security.get_connection_args("client"))
    (await asyncio.wait_for(greeting, _PATIENCE + 1)).abort()


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


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
