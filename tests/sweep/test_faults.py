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

import distributed
import numpy as np
import pytest
import xarray as xr
from short import bits

import nmdasim as nm
from nmdasim.sweep import execute, reading


def journal(path):
    file = path / ".sweep" / "journal.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines() if line.endswith("}")] if file.exists() else []


def start(specification, store, *options, **process):
    command = [sys.executable, "-m", "nmdasim", "sweep", str(specification), "--out", str(store), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **process)


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.005)


def listen():
    """Take signals as a process on a terminal does, whatever the tests themselves were started by."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def stopped_midway(specification, store, sign):
    """Run a sweep in a process of its own and send it a signal while it works on its third chunk or later."""
    with start(specification, store, preexec_fn=listen) as process:
        wait_for(lambda: len(journal(store)) >= 2 or process.poll() is not None)
        process.send_signal(sign)
        _, told = process.communicate(timeout=60)
    return process.returncode, told, journal(store)


def test_a_process_killed_in_a_chunk_loses_that_chunk_only(specification, tmp_path):
    spec = specification(points=100, chunk=20)
    status, _, before = stopped_midway(spec, tmp_path / "s.zarr", signal.SIGKILL)
    assert status == -signal.SIGKILL
    assert 2 <= len(before) < 20
    kept = xr.open_zarr(tmp_path / "s.zarr").status.values
    assert np.sum(kept == 1) >= 20 * len(before)
    summary = execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True)
    assert (summary.lanes, summary.done, summary.resumed) == (400, 400, 20 * len(before))
    after = journal(tmp_path / "s.zarr")
    assert after[: len(before)] == before
    assert sorted(entry["chunk"] for entry in after) == list(range(20))
    assert bits(xr.open_zarr(tmp_path / "s.zarr")) == bits(nm.sweep(reading.read(spec), tmp_path / "whole.zarr"))


def test_ctrl_c_stops_cleanly_and_says_how_to_go_on(specification, tmp_path):
    spec = specification(points=100, chunk=20)
    status, told, before = stopped_midway(spec, tmp_path / "s.zarr", signal.SIGINT)
    assert status == 1
    assert f"stopped: {len(before)} of 20 chunks are finished and kept; again with --resume" in told
    assert "Traceback" not in told
    assert execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True).resumed == 20 * len(before)


def test_a_full_disk_stops_the_sweep_and_keeps_what_was_finished(specification, tmp_path):
    """The limit is on the size of a file, which the journal reaches after a few chunks as a disk would fill."""
    spec = specification(points=260, chunk=8)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (11_000, 11_000))

    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    at_once = dataclasses.replace(reading.read(spec), chunk=1040)
    nm.sweep(at_once, tmp_path / "whole.zarr")  # which leaves the kernel in the cache
    with start(spec, tmp_path / "s.zarr", preexec_fn=limit, env=environment) as process:
        _, told = process.communicate(timeout=60)
    done = journal(tmp_path / "s.zarr")
    assert process.returncode == 2
    assert 2 <= len(done) < 130
    assert f"cannot be written (File too large); {len(done)} of 130 chunks are finished and kept" in told
    assert "Traceback" not in told
    summary = execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True)
    assert summary.resumed == 8 * len(done)
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
    spec = specification(points=150, chunk=8)
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
    assert f"the Dask scheduler is lost; {len(done)} of 75 chunks are finished and kept" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True).resumed == 8 * len(done)


@pytest.mark.slow
def test_the_command_starts_workers_of_its_own(specification, tmp_path):
    spec = specification(points=6, chunk=8)
    with start(spec, tmp_path / "s.zarr", "--workers", "2", "--json") as process:
        out, told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert json.loads(out) | {"seconds": 0} == {
        "store": str(tmp_path / "s.zarr"),
        "lanes": 24,
        "done": 24,
        "resumed": 0,
        "failed": 0,
        "seconds": 0,
        "disclaimer": nm.DISCLAIMER,
    }
    assert "24 lanes in 3 chunks; about" in told
    assert "on 2 workers" in told
    assert bits(xr.open_zarr(tmp_path / "s.zarr")) == bits(nm.sweep(reading.read(spec), tmp_path / "whole.zarr"))


def test_no_scheduler_at_an_address_is_one_clear_line(small, tmp_path):
    with pytest.raises(ValueError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1 "):
        nm.sweep(small(), tmp_path / "s.zarr", scheduler="tcp://127.0.0.1:1")
