"""Jaxley's ``HH`` and a ``Leak`` to 0 mV, every lane in one ``vmap``."""

from __future__ import annotations

import time
from typing import Any

import jax
import jax.numpy as jnp
import jaxley as jx
import numpy as np
from jaxley.channels import HH, Leak

from nmdasim.command.bench.apart import Program, serve
from nmdasim.command.bench.plans import shortened
from nmdasim.command.bench.timing import seconds_of
from nmdasim.command.bench.works import named

_VALUES = {
    "HH_gNa": 0.12,
    "HH_gK": 0.036,
    "HH_gLeak": 0.0003,
    "HH_eNa": 50.0,
    "HH_eK": -77.0,
    "HH_eLeak": -54.3,
    "Leak_eLeak": 0.0,
    "v": -65.0,
}


def main(name: str, seconds: float, dt: float, precision: str) -> Program:
    """Run W0 in "float64" or "float32"."""
    jax.config.update("jax_enable_x64", precision == "float64")
    jax.config.update("jax_platform_name", "cpu")
    made = shortened(named(name), seconds, dt=dt)
    cell = jx.Cell([jx.Branch(jx.Compartment(), ncomp=1)], parents=[-1])
    cell.insert(HH())
    cell.insert(Leak())
    for key, value in _VALUES.items():
        cell.set(key, value)
    cell.init_states()
    cell.record("v")
    lanes = jnp.asarray(made.parameters["g_e"][:, 0]) / 1e4  # S/m² → S/cm²

    def one(g: Any) -> Any:
        changed = cell.data_set("Leak_gLeak", g, None)
        v = jx.integrate(cell, param_state=changed, delta_t=made.dt * 1e3, t_max=made.steps * made.dt * 1e3)[0]
        return jnp.sum((v[1:] > 0) & (v[:-1] <= 0))

    run = jax.jit(jax.vmap(one))
    begun = time.perf_counter()
    counts = np.asarray(run(lanes).block_until_ready())
    ready = time.perf_counter() - begun
    return lambda: (seconds_of(lambda: run(lanes).block_until_ready()), 0.0, counts), ready


if __name__ == "__main__":
    serve(main)
