"""Runs a card through Node, where Node is installed."""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from nmdasim.errors import NodeError

#: The oldest version whose modules the runtime is written for.
_OLDEST = 16
_DRIVER = Path(__file__).parent / "driver.mjs"


class Found:
    """What a run in Node found: a head, and arrays that it says the places of."""

    def __init__(self, content: bytes):
        head, _, self._bytes = content.partition(b"\n")
        self.head: Mapping[str, Any] = json.loads(head)

    def array(self, place: Mapping[str, Any]) -> np.ndarray:
        """Return an array by its place."""
        kind = {"f8": "<f8", "i4": "<i4", "u1": "u1"}[place["dtype"]]
        return np.frombuffer(self._bytes, dtype=kind, count=place["length"], offset=place["at"])


def node() -> str:
    """Return where Node is.

    Raises
    ------
    NodeError
        If there is none, or an old one.
    """
    if (found := shutil.which("node")) is None:
        raise NodeError(
            "engine='javascript' runs through Node, and there is no `node` on PATH; install Node.js "
            f"{_OLDEST} or newer, or take engine='kernel'"
        )
    if (version := _version(found)) < _OLDEST:
        raise NodeError(f"engine='javascript' needs Node.js {_OLDEST} or newer; {found} is version {version}")
    return found


@functools.cache
def _version(path: str) -> int:
    told = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    major = told.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdigit() else 0


def run(card: Mapping[str, Any], report: Callable[[float], None]) -> Found:
    """Run a card.

    Raises
    ------
    NodeError
        If there is no Node.
    """
    program = node()
    with tempfile.TemporaryDirectory(prefix="nmdasim-") as folder:
        given, result = Path(folder) / "card.json", Path(folder) / "result"
        given.write_text(json.dumps(card), encoding="utf-8")
        with (Path(folder) / "errors").open("w+", encoding="utf-8") as errors:
            process = subprocess.Popen(
                [program, str(_DRIVER), str(given), str(result)], stdout=subprocess.PIPE, stderr=errors, text=True
            )
            assert process.stdout is not None
            try:
                for line in process.stdout:
                    report(float(line))
                status = process.wait()
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
            if status:
                errors.seek(0)
                raise RuntimeError(f"Node ended with status {status}: {errors.read().strip()}")
        return Found(result.read_bytes())
