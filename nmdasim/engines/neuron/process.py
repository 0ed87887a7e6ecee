"""One run of NEURON in a process of its own, whose state ends with it: data go through files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np

from nmdasim.engines.neuron import build, rendered
from nmdasim.engines.neuron.job import job, probes, sampled
from nmdasim.plan.firing import endless
from nmdasim.plan.plan import Cells, Held, Outcome, Plan, Probe

_Arrays = Mapping[str, np.ndarray]
RUNNER = Path(__file__).with_name("runner.py")


def run_apart(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run a plan in a new process and return what each population did."""
    found, files = rendered.of_populations(plan)
    with tempfile.TemporaryDirectory(prefix="nmdasim_neuron_") as name:
        folder = Path(name)
        build.library(files, folder)
        (folder / "plan.json").write_text(json.dumps(job(plan, found)))
        shutil.copy(RUNNER, folder / "run.py")
        _watch(folder, report)
        with np.load(folder / "result.npz") as arrays:
            return _outcomes(plan, dict(arrays))


def _watch(folder: Path, report: Callable[[float], None]) -> None:
    """Run to the end, handing on the share that is done."""
    command = [sys.executable, "run.py"]
    with (
        (folder / "said").open("w") as said,
        subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            for line in process.stdout:
                word, _, number = line.partition(" ")
                if word == "share":
                    report(float(number))
            status = process.wait()
        finally:
            if process.poll() is None:  # stopped by the user, say
                process.kill()
    if status:
        raise RuntimeError(f"NEURON stopped (status {status}):\n{(folder / 'said').read_text()[-3000:]}")
    report(1.0)


def _outcomes(plan: Plan, arrays: _Arrays) -> list[Outcome]:
    place, outcomes, steps = 0, [], sampled(plan) + plan.first.begin
    for k, cells in enumerate(plan.cells):
        count = len(probes(cells))
        values = [arrays[f"traces_{place + j}"] for j in range(count)]
        outcomes.append(_outcome(cells, arrays, k, dict(zip(probes(cells), values, strict=True)), steps))
        place += count
    return outcomes


def _outcome(cells: Cells, arrays: _Arrays, k: int, samples: Mapping[Probe, np.ndarray], steps: np.ndarray) -> Outcome:
    kept, final = arrays[f"kept_{k}"], arrays[f"final_{k}"]
    if cells.model.threshold is not None and kept[:, 2].any():
        raise endless(cells.model)
    lane, time = arrays[f"spike_lane_{k}"], cells.origin + arrays[f"spike_ms_{k}"] * 1e-3
    order = np.lexsort((time, lane))
    wanted = steps % cells.sampled_steps == 0
    followed = np.isfinite(final) | np.isnan(final).all(axis=0)  # NaN in every lane: folded away
    return Outcome(
        spike_lane=lane[order],
        spike_time=time[order],
        summaries=tuple(
            _reduced(samples[p], steps * cells.dt - cells.origin, cells.recording.windows, kind)
            for p, kind in cells.recording.summaries
        ),
        traces=tuple(samples[p][:, wanted] for p in cells.recording.traces),
        trace_time=cells.sampled if cells.recording.traces else np.empty(0),
        broken=np.flatnonzero(~followed.all(axis=(1, 2))),
        final={state: final[:, j] for j, state in enumerate(cells.model.system.states)},
        held=_held(cells, kept),
    )


def _held(cells: Cells, kept: np.ndarray) -> Held:
    """Return what is left of refractory periods: a condition, or steps to wait."""
    if cells.model.threshold is None:
        return Held(np.ones(cells.lanes), np.zeros(cells.lanes))
    waiting = np.rint(kept[:, 1] * 1e-3 / cells.dt)
    return Held(np.where(waiting > 0, 1.0, kept[:, 0]), waiting)


def _reduced(values: np.ndarray, time: np.ndarray, edges: tuple[float, ...], kind: str) -> np.ndarray:
    """Return (lanes, windows): the value at the start of each, or its extremum; NaN where the run ends before."""
    starts = np.searchsorted(time, np.asarray(edges) - 1e-9)
    found = np.full((len(values), len(edges) - 1), np.nan)
    for k, (a, b) in enumerate(pairwise(starts)):
        if a < values.shape[1]:
            found[:, k] = values[:, a] if kind == "start" else getattr(values[:, a:b], kind)(axis=1)
    return found
