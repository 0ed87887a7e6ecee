"""The machine that measures: its CPU, how wide its vectors are, what LLVM calls it, and what it charges."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nmdasim.command.bench.timing import ROUNDS, seconds_of
from nmdasim.engines.kernel.machine import Processor

#: Features of a CPU, the widest first, and the bits of a vector that they mean.
_WIDTHS = {"avx512f": 512, "avx": 256, "sse2": 128, "neon": 128}


def line() -> str:
    """Return the machine in one line."""
    own = Processor.own()
    bits = width(own.features)
    vectors = f"vectors of {bits} bits" if bits else "no vectors known"
    return f"{_name()} (LLVM: {own.name}), {vectors}, {platform.system()}, Python {platform.python_version()}"


def width(features: str) -> int:
    """Return the bits of the widest vector among LLVM's features of a CPU, such as "+avx2,-avx512f"; 0 if unknown."""
    has = set(features.split(","))
    return next((bits for name, bits in _WIDTHS.items() if f"+{name}" in has), 0)


def _name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf-8").splitlines() if info.exists() else []
    named = [text.partition(":")[2].strip() for text in lines if text.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()


def prices(times: int = 20_000) -> dict[str, float]:
    """Return nanoseconds of an exponential, a division and any other operation, each in a loop of its own.

    Numbers lie in the first-level cache, in double precision; each loop runs `times` times over 256 of them.
    """
    loops = _loops()
    return {name: _price(loop, each, times) for name, (loop, each) in loops.items()}


def _price(loop: Callable[[np.ndarray, np.ndarray, int], None], each: int, times: int) -> float:
    x, y = np.linspace(0.1, 0.9, 256), np.ones(256)
    loop(x, y, 1)
    best = min(seconds_of(lambda: loop(x, y, times)) for _ in range(ROUNDS + 2))
    return 1e9 * best / (times * x.size * each)


def _loops() -> dict[str, tuple[Any, int]]:
    """Return the loops, and how many operations each does for a number; Numba compiles them."""
    from numba import njit  # a warm start of the kernel needs no Numba

    from nmdasim.engines.kernel.vmath import FASTMATH, exp64

    fast = njit(fastmath=FASTMATH, error_model="numpy")

    @fast
    def exponentials(x: np.ndarray, y: np.ndarray, times: int) -> None:
        for _ in range(times):
            for l in range(x.size):  # noqa: E741
                y[l] = exp64(x[l])

    @fast
    def divisions(x: np.ndarray, y: np.ndarray, times: int) -> None:
        for _ in range(times):
            for l in range(x.size):  # noqa: E741
                y[l] = 1.0 / (x[l] + y[l])

    @fast
    def arithmetic(x: np.ndarray, y: np.ndarray, times: int) -> None:
        for _ in range(times):
            for l in range(x.size):  # noqa: E741
                v, a, b, c, d = x[l], y[l], x[l] + 0.1, y[l] + 0.2, x[l] + 0.3
                for _ in range(8):
                    a, b, c, d = a * v + b, b * v + c, c * v + d, d * v + a
                y[l] = a + b + c + d

    return {"exponentials": (exponentials, 1), "divisions": (divisions, 1), "other": (arithmetic, 70)}
