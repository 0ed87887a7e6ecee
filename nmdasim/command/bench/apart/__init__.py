"""Peers that run in a process of their own, because they keep state or settings for the whole process.

Each module is run as a program: it takes a JSON list and prints a JSON list, CPU seconds of a whole run and of one of
almost no duration, wall seconds until it was ready, and spikes of each lane.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from nmdasim.command.bench.timing import Run

#: One thread for all that asks.
_ALONE = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}


def run(module: str, *arguments: Any) -> tuple[Run, float]:
    """Run a module; return its run, and the wall seconds until it was ready."""
    command = [sys.executable, "-m", f"nmdasim.command.bench.apart.{module}", json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **_ALONE})
    if done.returncode != 0:
        raise RuntimeError(f"{module} failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}")
    whole, fixed, ready, counts = json.loads(done.stdout.strip().splitlines()[-1])
    return Run(whole, np.array(counts), fixed), ready


def answer(program: Callable[..., tuple[float, float, float, np.ndarray]]) -> None:
    """Run a program with the arguments of the command line and print what it returns."""
    whole, fixed, ready, counts = program(*json.loads(sys.argv[1]))
    print(json.dumps([whole, fixed, ready, np.asarray(counts).tolist()]))
