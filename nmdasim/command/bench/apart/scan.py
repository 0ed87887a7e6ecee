"""W0 as one would write it in plain JAX: exponential Euler over arrays of lanes, in a ``lax.scan`` over steps."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nmdasim.command.bench.apart import Program, serve
from nmdasim.command.bench.plans import shortened
from nmdasim.command.bench.timing import seconds_of
from nmdasim.command.bench.works import named

#: In mV, ms, mS/cm² and µF/cm², as everywhere in this file.
G_NA, G_K, G_L = 120.0, 36.0, 0.3
E_NA, E_K, E_L, E_E = 50.0, -77.0, -54.3, 0.0


def main(name: str, seconds: float, dt: float, precision: str) -> Program:
    """Run W0 in "float64" or "float32"."""
    jax.config.update("jax_enable_x64", precision == "float64")
    jax.config.update("jax_platform_name", "cpu")
    made = shortened(named(name), seconds, dt=dt)
    lanes = jnp.asarray(made.parameters["g_e"][:, 0] / 10)  # S/m² → mS/cm²
    run = partial(_run, steps=made.steps, dt=made.dt * 1e3)
    begun = time.perf_counter()
    counts = np.asarray(run(lanes).block_until_ready())
    ready = time.perf_counter() - begun
    return lambda: (seconds_of(lambda: run(lanes).block_until_ready()), 0.0, counts), ready


@partial(jax.jit, static_argnames=("steps", "dt"))
def _run(g_e: Any, steps: int, dt: float) -> Any:
    v = jnp.full_like(g_e, -65.0)
    start = (v, *(a / (a + b) for a, b in _rates(v)), jnp.zeros_like(g_e, dtype=int))
    done, _ = jax.lax.scan(lambda state, _: (_step(state, g_e, dt), None), start, length=steps)
    return done[-1]


def _step(state: tuple[Any, ...], g_e: Any, dt: float) -> tuple[Any, ...]:
    """Every state takes an exponential step with the others as they were."""
    v, m, h, n, count = state
    na, k = G_NA * m**3 * h, G_K * n**4
    g = na + k + G_L + g_e
    new_v = _towards(v, (na * E_NA + k * E_K + G_L * E_L + g_e * E_E) / g, g, dt)
    gates = [_towards(x, a / (a + b), a + b, dt) for x, (a, b) in zip((m, h, n), _rates(v), strict=True)]
    return new_v, *gates, count + ((v <= 0) & (new_v > 0))


def _towards(x: Any, end: Any, rate: Any, dt: float) -> Any:
    return end + (x - end) * jnp.exp(-rate * dt)


def _rates(v: Any) -> list[tuple[Any, Any]]:
    """Return alpha and beta of m, h and n (1/ms)."""
    return [
        (1 / _exprel(-(v + 40) / 10), 4 * jnp.exp(-(v + 65) / 18)),
        (0.07 * jnp.exp(-(v + 65) / 20), 1 / (1 + jnp.exp(-(v + 35) / 10))),
        (0.1 / _exprel(-(v + 55) / 10), 0.125 * jnp.exp(-(v + 65) / 80)),
    ]


def _exprel(x: Any) -> Any:
    """(exp(x) − 1)/x, 1 at 0."""
    safe = jnp.where(jnp.abs(x) < 1e-6, 1.0, x)
    return jnp.where(jnp.abs(x) < 1e-6, 1 + x / 2, jnp.expm1(safe) / safe)


if __name__ == "__main__":
    serve(main)
