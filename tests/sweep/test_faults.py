"""Faults on a real store, by real signals and limits: nothing finished is lost, nothing wrong is kept."""

import dataclasses
import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import distributed
import numpy as np
import pytest
import xarray as xr
from distributed.utils import get_mp_context
from short import bits

import nmdasim as nm
from nmdasim.command.app import main
from nmdasim.sweep import distant, execute, reading


def journal(path):
    file = path / ".sweep" / "journal.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")] if file.exists() else []


def start(specification, store, *options):
    command = [sys.executable, "-m", "nmdasim", "sweep", str(specification), "--out", str(store), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.005)


def forked(specification, store, prepare):
    """Start a sweep in a process of its own, forked from one that has loaded the library, and give it what it says."""
    with distant.forked():
        made = get_mp_context().Process(target=sweeping, args=(specification, store, prepare))
        made.start()
    return made


def sweeping(specification, store, prepare):
    """Be that process."""
    prepare()
    with said(store).open("w") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
    sys.argv = ["nmdasim", "sweep", str(specification), "--out", str(store)]
    main()


def said(store):
    """Where a forked process writes what it says."""
    return store.with_suffix(".txt")


def listen():
    """Take signals as a process on a terminal does, whatever the tests themselves were started by."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def full():
    """Let no file grow longer than a journal of some chunks, as on a disk that fills."""
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (11_000, 11_000))


def ended(process):
    """Return the status of a forked process that ends by itself."""
    process.join(60)
    return process.exitcode


def stopped_midway(specification, store, sign):
    """Run a sweep in a process of its own and send it a signal while it works on its third chunk or later."""
    process = forked(specification, store, listen)
    wait_for(lambda: len(journal(store)) >= 2 or process.exitcode is not None)
    os.kill(process.pid, sign)
    return ended(process), said(store).read_text(), journal(store)


def at_once(specification):
    """Return a sweep in one chunk."""
    what = reading.read(specification)
    return dataclasses.replace(what, chunk=int(np.prod(list(what.sizes.values()))))


def test_a_process_killed_in_a_chunk_loses_that_chunk_only(specification, tmp_path):
    spec = specification(points=20, chunk=4)
    status, _, before = stopped_midway(spec, tmp_path / "s.zarr", signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert 2 <= len(before) < 20
    kept = xr.open_zarr(tmp_path / "s.zarr").status.values
    assert np.sum(kept == 1) >= 4 * len(before)
    summary = execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True)
    assert (summary.lanes, summary.done, summary.resumed) == (80, 80, 4 * len(before))
    after = journal(tmp_path / "s.zarr")
    assert after[: len(before)] == before
    assert sorted(entry["chunk"] for entry in after) == list(range(20))
    assert bits(xr.open_zarr(tmp_path / "s.zarr")) == bits(nm.sweep(at_once(spec), tmp_path / "whole.zarr"))


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(specification, tmp_path):
    spec = specification(points=20, chunk=4)
    status, told, before = stopped_midway(spec, tmp_path / "s.zarr", signal.SIGINT)
    assert status == 1
    assert f"stopped: {len(before)} of 20 chunks are finished and kept; again with --resume" in told
    assert "Traceback" not in told
    assert execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True).resumed == 4 * len(before)


def test_a_full_disk_stops_the_sweep_and_keeps_what_was_finished(specification, tmp_path):
    """The limit is on the size of a file, which the journal reaches after a few chunks as a disk would fill."""
    spec = specification(points=70, chunk=4)
    nm.sweep(at_once(spec), tmp_path / "whole.zarr")  # which leaves the kernel in the cache
    status = ended(forked(spec, tmp_path / "s.zarr", full))
    told, done = said(tmp_path / "s.zarr").read_text(), journal(tmp_path / "s.zarr")
    assert status == 2
    assert 2 <= len(done) < 70
    assert f"cannot be written (File too large); {len(done)} of 70 chunks are finished and kept" in told
    assert "Traceback" not in told
    summary = execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True)
    assert summary.resumed == 4 * len(done)
    assert bits(xr.open_zarr(tmp_path / "s.zarr")) == bits(xr.open_zarr(tmp_path / "whole.zarr"))


def test_no_space_left_is_said_and_leaves_no_torn_chunk(small, tmp_path, monkeypatch):
    path, sync = tmp_path / "s.zarr", os.fsync

    def full(descriptor):
        if Path(f"/proc/self/fd/{descriptor}").readlink().name == "early.draft":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    def fill(done, lanes):
        monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(ValueError, match=r"chunk 1 cannot be written \(No space left on device\); 1 of 3 chunks"):
        nm.sweep(small(), path, progress=fill)
    kept = xr.open_zarr(path)
    assert np.nansum(kept.status) == 8
    assert np.isnan(kept.early.values[2:]).all()
    assert list((path / ".sweep").glob("*.draft")) == []
    monkeypatch.undo()
    assert bits(nm.sweep(small(), path, resume=True)) == bits(nm.sweep(small(), tmp_path / "whole.zarr"))


@pytest.mark.slow
def test_a_killed_worker_loses_nothing_and_dask_gives_the_same_bits(small, tmp_path):
    sweep = small(axes=dict(ketamine=np.geomspace(0.1, 10, 40) * nm.uM, seed=range(4)), chunk=8)
    whole = bits(nm.sweep(sweep, tmp_path / "whole.zarr"))
    killed = []
    with (
        distant.forked(),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())

        def kill(done, lanes):
            if not killed:
                killed.append(pids[0])
                os.kill(pids[0], signal.SIGKILL)

        data = nm.sweep(sweep, tmp_path / "s.zarr", scheduler=cluster.scheduler_address, progress=kill)
        wait_for(lambda: pids[0] not in client.run(os.getpid).values())
    assert killed == pids[:1]
    assert bits(data) == whole
    assert sorted(entry["chunk"] for entry in journal(tmp_path / "s.zarr")) == list(range(20))


@contextmanager
def running(command):
    """Run a process that ends with the block, however that ends."""
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
def test_a_lost_scheduler_is_one_clear_line_and_what_was_finished_is_kept(specification, tmp_path):
    spec = specification(points=60, chunk=8)
    made = "import distributed.cli.{0} as d; d.main()"
    options = ["--port", "0", "--scheduler-file", str(tmp_path / "at.json"), "--no-dashboard"]
    with running([sys.executable, "-c", made.format("dask_scheduler"), *options]) as scheduler:
        at = tmp_path / "at.json"
        wait_for(lambda: at.exists() and at.read_text().rstrip().endswith("}"))  # it is there before it is written
        address = json.loads(at.read_text())["address"]
        worker = [sys.executable, "-c", made.format("dask_worker"), address, "--nthreads", "1", "--no-nanny"]
        with (
            running([*worker, "--no-dashboard"]),
            start(spec, tmp_path / "s.zarr", "--scheduler", address) as process,
        ):
            wait_for(lambda: len(journal(tmp_path / "s.zarr")) >= 2 or process.poll() is not None)
            scheduler.kill()
            _, told = process.communicate(timeout=120)
    done = journal(tmp_path / "s.zarr")
    assert process.returncode == 2, told
    assert f"the Dask scheduler is lost; {len(done)} of 30 chunks are finished and kept" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True).resumed == 8 * len(done)


@pytest.mark.slow
def test_the_command_starts_workers_that_end_with_it_and_load_nothing_from_the_folder_of_the_user(
    specification, tmp_path
):
    (tmp_path / "tarfile.py").write_text("raise SystemExit('a file of the user was run')")
    spec, store = specification(points=60, chunk=12), tmp_path / "s.zarr"
    command = [Path(sys.executable).with_name("nmdasim"), "sweep", spec, "--out", store, "--workers", "2"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=listen,  # noqa: PLW1509
    )
    wait_for(lambda: journal(store) or process.poll() is not None)
    os.killpg(process.pid, signal.SIGINT)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "240 lanes in 20 chunks; about" in told
    assert "on 2 workers" in told
    assert told.splitlines()[-2].startswith(f"stopped: {len(journal(store))} of 20 chunks are finished and kept")
    assert not any(word in told for word in ("Traceback", "Process", "was run"))
    nm.sweep(reading.read(spec), store, resume=True, workers=2)
    assert bits(xr.open_zarr(store)) == bits(nm.sweep(at_once(spec), tmp_path / "whole.zarr"))


def test_workers_are_forked_where_that_is_safe_and_a_method_of_the_user_is_kept():
    method = "distributed.worker.multiprocessing-method"
    with distant.forked():
        assert dask.config.get(method) == ("forkserver" if sys.platform == "linux" else "spawn")
    assert dask.config.get(method) == "spawn"
    with dask.config.set({method: "fork"}), distant.forked():
        assert dask.config.get(method) == "fork"


def test_no_scheduler_at_an_address_is_one_clear_line(small, tmp_path, monkeypatch):
    monkeypatch.setattr(distant, "_PATIENCE", 1)  # s
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        nm.sweep(small(), tmp_path / "s.zarr", scheduler="tcp://127.0.0.1:1")
