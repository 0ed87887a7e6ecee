"""How well the one-variable block of neurons (:mod:`nmdasim.receptors.trapping`) follows a full scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from nmdasim.errors import InputError
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import system
from nmdasim.quantities import QuantityLike
from nmdasim.receptors import bench, magnesium
from nmdasim.receptors.blockers import Blocker, block
from nmdasim.receptors.scheme import Scheme


def follow(
    scheme: Scheme,
    drug: Blocker,
    concentration: QuantityLike,
    *,
    v: QuantityLike = "-60 mV",
    mg: QuantityLike = "1 mM",
    **train: Any,
) -> xr.Dataset:
    """Compare the reduction used in neurons with the full scheme during a train of glutamate pulses.

    The reduction is driven by the activation of the same scheme without the drug, a = open/open_max, as a neuron's is
    by its own synapse.

    Parameters
    ----------
    scheme
        A scheme without the drug, in which magnesium blocks fast (``free = "B_mg"``).
    drug
        The drug.
    concentration
        Its concentration, present from the start with nothing bound.
    v, mg
        Holding potential and magnesium.
    train
        ``pulses``, ``frequency`` and ``before`` of :func:`nmdasim.receptors.bench.train`.

    Returns
    -------
    xarray.Dataset
        ``full`` and ``reduced`` (time): the share of receptors that hold the drug.
    """
    if "B_mg" not in scheme.free:
        raise InputError(f"{scheme.name} has magnesium as states; the reduction goes with the fast block B_mg")
    with_drug = block(scheme, drug)
    bath: dict[str, Any] = {"v": v, "mg": mg, drug.key: concentration}
    full = bench.train(with_drug, drug.key, **bath, **train)
    alone = bench.train(with_drug, drug.key, **(bath | {drug.key: "0 uM"}), **train)
    seconds = full.time.values / 1e3
    without_mg = scheme.open(alone.occupancy.sel(state=list(scheme.states)).values, v=v, mg="0 mM")
    activation = without_mg / float(with_drug.parameters["open_max"].si)
    data = xr.Dataset(coords={"time": full.time}, attrs=full.attrs)
    named = {"units": "1", "long_name": f"share of receptors that hold {drug.name}"}
    data["full"] = ("time", full.blocked.values, named)
    data["reduced"] = ("time", _integrate(with_drug, drug, bath, seconds, activation), named)
    data["activation"] = ("time", activation, {"units": "1", "long_name": "agonist-bound activation"})
    return data


def _integrate(
    scheme: Scheme, drug: Blocker, bath: Mapping[str, Any], seconds: np.ndarray, activation: np.ndarray
) -> np.ndarray:
    """Integrate the reduction's own equations over a given activation."""
    names = (*scheme.parameters.bases, "a_nmda")
    text = system(magnesium.EQUATION + drug.equations(), names)
    states = list(text.derivatives)
    slope = evaluator([text.derivatives[name] for name in states])
    fixed = scheme.values(**bath)

    def rhs(t: float, y: np.ndarray) -> list[float]:
        now = {**fixed, **dict(zip(states, y, strict=True)), "a_nmda": np.interp(t, seconds, activation)}
        return [float(x) for x in slope(now)]

    found = solve_ivp(
        rhs,
        (seconds[0], seconds[-1]),
        np.zeros(len(states)),
        t_eval=seconds,
        method="LSODA",
        rtol=1e-8,
        atol=1e-11,
        max_step=0.02,
    )
    return np.asarray(found.y.sum(axis=0))
