"""The machine that measures: its CPU, how wide its vectors are, what LLVM calls it, and what it charges."""

from __future__ import annotations

import platform
from pathlib import Path

import numpy as np

from nmdasim.command.bench.timing import ROUNDS, seconds_of
from nmdasim.engines.kernel import machine

#: Features of a CPU, the widest first, and the bits of a vector that they mean.
_WIDTHS = {"avx512f": 512, "avx": 256, "sse2": 128, "neon": 128}


def line() -> str:
    """Return the machine in one line."""
    own = machine.Processor.own()
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
    return {name: _price(name, each, times) for name, each in (("exponentials", 1), ("divisions", 1), ("other", 70))}


def _price(loop: str, each: int, times: int) -> float:
    x, y = np.linspace(0.1, 0.9, 256), np.ones(256)
    run, places = machine.function(_LOOPS, loop, float), [machine.begins(row, float) for row in (x, y)]
    run(1, *places)
    best = min(seconds_of(lambda: run(times, *places)) for _ in range(ROUNDS + 2))
    return 1e9 * best / (times * x.size * each)


#: Over 256 numbers each, in the language of generated kernels; the last does 70 operations for a number.
_LOOPS = """
real = float64


def exponentials(times: whole, x: reals, y: reals) -> whole:
    for k in range(times):
        for l in range(256):
            y[l] = exp(x[l])
    return 0


def divisions(times: whole, x: reals, y: reals) -> whole:
    for k in range(times):
        for l in range(256):
            y[l] = 1.0/(x[l] + y[l])
    return 0


def other(times: whole, x: reals, y: reals) -> whole:
    for k in range(times):
        for l in range(256):
            v = x[l]
            a0 = y[l]
            b0 = v + 0.1
            c0 = a0 + 0.2
            d0 = v + 0.3
{rounds}
            y[l] = a8 + b8 + c8 + d8
    return 0
""".format(
    rounds="\n".join(
        f"            {to}{k + 1} = {to}{k}*v + {of}{k}" for k in range(8) for to, of in ("ab", "bc", "cd", "da")
    )
)
