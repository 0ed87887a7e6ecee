"""Peers that run in a process of their own, because they keep state or settings for the whole process.

Each module is run as a program with a JSON list of arguments. It makes itself ready, says in how many wall seconds,
and for each line that it is sent runs once and prints a JSON list: CPU seconds of a whole run and of one of almost no
duration, and the spikes of each lane.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from nmdasim.command.bench.timing import Run

#: One thread for all that asks.
_ALONE = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}
#: What a module's program returns: runs once, and the wall seconds until it was ready.
Program = tuple[Callable[[], tuple[float, float, np.ndarray]], float]


class Apart:
    """A module in a process of its own, ready to run; it ends with the last reference to it."""

    def __init__(self, module: str, *arguments: Any) -> None:
        self._said = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  (lives as long as the process)
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"nmdasim.command.bench.apart.{module}", json.dumps(arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={**os.environ, **_ALONE},
        )
        self.ready = float(self._answer())

    def run(self) -> Run:
        """Run once."""
        assert self._process.stdin is not None
        print(file=self._process.stdin, flush=True)
        whole, fixed, counts = self._answer()
        return Run(whole, np.array(counts), fixed)

    def _answer(self) -> Any:
        """Return the next line that is an answer: programs also print what they like."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith(_ANSWER):
                return json.loads(line.removeprefix(_ANSWER))
        self._said.seek(0)
        raise RuntimeError(f"{self._module} failed: {(self._said.read().strip().splitlines() or ['no reason'])[-1]}")

    def __del__(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._said):
            if stream is not None:
                stream.close()
        self._process.wait()


_ANSWER = "answer "


def serve(program: Callable[..., Program]) -> None:
    """Make a program ready with the arguments of the command line and run it once for each line that comes in."""
    once, ready = program(*json.loads(sys.argv[1]))
    print(_ANSWER + json.dumps(ready), flush=True)
    for _ in sys.stdin:
        whole, fixed, counts = once()
        print(_ANSWER + json.dumps([whole, fixed, np.asarray(counts).tolist()]), flush=True)
