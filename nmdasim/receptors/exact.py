"""Exact response of a scheme to conditions that are constant piece by piece, by the matrix exponential.

Within one piece p(t) = p(0)·exp(Q t); nothing is integrated, so the only error is rounding.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr
from scipy.linalg import expm

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, plainly
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.scheme import Scheme

#: Samples that one response may have.
MOST_SAMPLES = 5e6


@dataclass(frozen=True)
class Step:
    """Conditions held for a while.

    Parameters
    ----------
    duration
        Quantity or text.
    conditions
        What differs from the rest of the experiment: ``{"glutamate": "1 mM"}``.
    """

    duration: QuantityLike
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Duration in seconds.

        Raises
        ------
        InputError
            If it is not above 0.
        """
        value = quantities.number(self.duration, "ms", name="duration")
        if value <= 0:
            raise InputError(f"duration = {self.duration}; a step lasts longer than 0 ms")
        return value


@plainly
def respond(
    scheme: Scheme,
    steps: Sequence[Step],
    *,
    start: np.ndarray | None = None,
    sample: QuantityLike = "0.1 ms",
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Return the exact response of a scheme to a sequence of steps.

    Parameters
    ----------
    scheme
        The receptor.
    steps
        What is done to it, in order.
    start
        State probabilities at time 0, shape (states,); by default those after a long time under `conditions`.
    sample
        Largest interval between samples; every step begins and ends on a sample.
    conditions
        Voltage, magnesium, drugs and parameters during all of it, where a step says nothing else.

    Returns
    -------
    xarray.Dataset
        ``occupancy`` (time, state), ``open`` (time): the probability that a receptor conducts, and ``v`` and
        ``glutamate`` (time). A sample at a border belongs to the step that begins there.
    """
    occupancy = scheme.steady(**conditions) if start is None else _probabilities(scheme, start)
    interval = _interval(sample, steps)
    begin = 0.0
    times, rows, opens, held = [], [], [], []
    for index, step in enumerate(steps):
        settings = {**conditions, **step.conditions}
        count = max(1, quantities.steps(step.seconds, interval))
        propagator = _transition(scheme.generator(**settings) * (step.seconds / count))
        block = np.empty((count + 1, len(scheme.states)))
        block[0] = occupancy
        for k in range(count):
            block[k + 1] = block[k] @ propagator
        occupancy = block[-1]
        kept = slice(None) if index == len(steps) - 1 else slice(-1)
        times.append((begin + np.linspace(0, step.seconds, count + 1))[kept])
        rows.append(block[kept])
        opens.append(scheme.open(block, **settings)[kept])
        values = scheme.values(**settings)
        held.append(np.repeat([[float(values["v"]), float(values["glutamate"])]], len(times[-1]), axis=0))
        begin += step.seconds
    time, rows_, opened, held_ = (np.concatenate(parts) for parts in (times, rows, opens, held))
    return _label(scheme, time, rows_, opened, held_).assign_attrs(provenance(scheme, conditions))


def _transition(generator: np.ndarray) -> np.ndarray:
    """Return the matrix exponential; its rows are probabilities, which rounding of large rates must not add to."""
    rows = np.maximum(expm(generator), 0.0)
    return rows / rows.sum(axis=1, keepdims=True)


def _probabilities(scheme: Scheme, start: np.ndarray) -> np.ndarray:
    given = np.asarray(start, dtype=float)
    if given.shape != (len(scheme.states),) or not np.isclose(given.sum(), 1) or given.min() < -1e-12:
        raise InputError(
            f"start = {given}; {scheme.name} has {len(scheme.states)} states, whose probabilities are 0 "
            "or more and sum to 1"
        )
    return given


def _interval(sample: QuantityLike, steps: Sequence[Step]) -> float:
    """Return the sampling interval in seconds, once it is known that the samples fit into memory."""
    interval = quantities.number(sample, "ms", name="sample")
    if interval <= 0:
        raise InputError(f"sample = {sample}; a sampling interval is longer than 0 ms")
    length = sum(step.seconds for step in steps)
    if length / interval > MOST_SAMPLES:
        raise InputError(
            f"{length:g} s sampled every {interval * 1e3:g} ms are more than {MOST_SAMPLES:.0e} samples; "
            "make it shorter, or the sampling interval longer"
        )
    return interval


def _label(scheme: Scheme, time: np.ndarray, rows: np.ndarray, opened: np.ndarray, held: np.ndarray) -> xr.Dataset:
    return xr.Dataset(
        {
            "occupancy": (("time", "state"), rows, {"units": "1", "long_name": "probability of a state"}),
            "open": ("time", opened, {"units": "1", "long_name": "probability that a receptor conducts"}),
            "v": ("time", held[:, 0] * 1e3, {"units": "mV", "long_name": "holding potential"}),
            "glutamate": ("time", held[:, 1], {"units": "mM", "long_name": "glutamate"}),
        },
        coords={"time": ("time", time * 1e3, {"units": "ms"}), "state": list(scheme.states)},
    )


def blocked(result: xr.Dataset, scheme: Scheme, drug: str) -> xr.DataArray:
    """Return the share of receptors that hold a drug, against time.

    Parameters
    ----------
    result
        A response of `scheme`.
    scheme
        A scheme with blocked states.
    drug
        Key of the drug, ``"ketamine"``.
    """
    held = [state for state in scheme.occupied if state.endswith((f"_{drug}", f"_{drug}_escapable"))]
    if not held:
        raise InputError(f"{scheme.name} knows no drug {drug!r}; give it one with block(scheme, blocker(name))")
    share: xr.DataArray = result.occupancy.sel(state=held).sum("state")
    return share.assign_attrs(units="1", long_name=f"share of receptors that hold {drug}")


def provenance(scheme: Scheme, conditions: Mapping[str, Any] | None = None) -> dict[str, str]:
    """Return what a result says about the scheme behind it and the conditions that were set."""
    numbers = {key: f"{p.number:.12g} {p.unit}".strip() for key, p in scheme.parameters.items()}
    unverified = [key for key, p in scheme.parameters.items() if p.status != "verified" and p.source != "user"]
    sources = [p.source.split(" ")[0] for p in scheme.parameters.values()]
    keys = dict.fromkeys([*scheme.references, *sources])
    return {
        "scheme": scheme.name,
        "parameters": json.dumps(numbers),
        "conditions": json.dumps({name: str(value) for name, value in (conditions or {}).items()}),
        "unverified_parameters": " ".join(unverified),
        "references": " ".join(key for key in keys if key and key != "user"),
        "engine": "matrix exponential",
        "nmdasim_version": version("nmdasim"),
        "disclaimer": DISCLAIMER,
    }
