"""How well the one-variable block of neurons (:mod:`nmdasim.receptors.trapping`) follows a full scheme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from nmdasim.errors import InputError, plainly
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import system
from nmdasim.quantities import QuantityLike
from nmdasim.receptors import bench, magnesium, trapping
from nmdasim.receptors.blockers import Blocker, block
from nmdasim.receptors.exact import blocked
from nmdasim.receptors.scheme import Scheme


@plainly
def follow(
    scheme: Scheme,
    drug: Blocker | Sequence[Blocker],
    concentration: Any,
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
        The drug, or several that compete for the pore.
    concentration
        Its free concentration, present from the start with nothing bound; of several drugs a list.
    v, mg
        Holding potential and magnesium.
    train
        ``pulses``, ``frequency`` and ``before`` of :func:`nmdasim.receptors.bench.train`.

    Returns
    -------
    xarray.Dataset
        ``full`` and ``reduced`` (time): the share of receptors that hold the drug; of several, (drug, time).
    """
    if "B_mg" not in scheme.free:
        raise InputError(f"{scheme.name} has magnesium as states; the reduction goes with the fast block B_mg")
    drugs, doses = ([drug], [concentration]) if isinstance(drug, Blocker) else (list(drug), list(concentration))
    with_drugs = scheme
    for one in drugs:
        with_drugs = block(with_drugs, one)
    bath: dict[str, Any] = {"v": v, "mg": mg, **{one.key: dose for one, dose in zip(drugs, doses, strict=True)}}
    full = bench.train(with_drugs, drugs[0].key, **bath, **train)
    alone = bench.train(with_drugs, drugs[0].key, **(bath | dict.fromkeys((d.key for d in drugs), "0 uM")), **train)
    seconds = full.time.values / 1e3
    without_mg = scheme.open(alone.occupancy.sel(state=list(scheme.states)).values, v=v, mg="0 mM")
    activation = without_mg / float(with_drugs.parameters["open_max"].si)
    data = xr.Dataset(coords={"time": full.time}, attrs=full.attrs)
    dims = ("time",) if isinstance(drug, Blocker) else ("drug", "time")
    data["full"] = (dims, _shaped([blocked(full, with_drugs, one.key).values for one in drugs], dims))
    data["reduced"] = (dims, _shaped(_integrate(with_drugs, drugs, bath, seconds, activation), dims))
    data["activation"] = ("time", activation, {"units": "1", "long_name": "agonist-bound activation"})
    if len(dims) > 1:
        data["drug"] = [one.key for one in drugs]
    for name in ("full", "reduced"):
        names = " or ".join(one.name for one in drugs)
        data[name].attrs = {"units": "1", "long_name": f"share of receptors that hold {names}"}
    return data


def _shaped(rows: Sequence[np.ndarray], dims: tuple[str, ...]) -> np.ndarray:
    return np.stack(rows) if len(dims) > 1 else np.asarray(rows[0])


def _integrate(
    scheme: Scheme, drugs: Sequence[Blocker], bath: Mapping[str, Any], seconds: np.ndarray, activation: np.ndarray
) -> list[np.ndarray]:
    """Integrate the reduction's own equations over a given activation; return the share that holds each drug."""
    names = (*scheme.parameters.bases, "a_nmda")
    held = {drug.key: drug.escapes for drug in drugs}
    text = system(magnesium.EQUATION + trapping.equations(held), names)
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
    solved = dict(zip(states, found.y, strict=True))
    share = evaluator([text.substitute(trapping.held(drug.key, held), states) for drug in drugs])
    return [np.asarray(each) for each in share(solved)]
