"""Concentration–inhibition curves, and how well the one-variable block of neurons follows a full scheme."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.integrate import solve_ivp

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model import units
from nmdasim.model.symbols import compiled, system
from nmdasim.receptors import bench, hill
from nmdasim.receptors.blockers import Blocker, block, blocker, ic50
from nmdasim.receptors.scheme import Scheme
from nmdasim.receptors.subtypes import mixture


def curve(
    drug: str,
    subtype: str | Mapping[str, float] = "2A",
    *,
    v: Any = "-66 mV",
    mg: Any = "0 mM",
    concentrations: Any = None,
) -> xr.Dataset:
    """Return the inhibition of the steady current by a drug, measured on the full scheme of a subtype, and a Hill fit.

    Parameters
    ----------
    drug
        Name of the drug.
    subtype
        ``"2A"`` …, or a mixture ``{"2A": 0.5, "2C": 0.5}`` of receptors.
    v, mg
        Holding potential and magnesium.
    concentrations
        Of the drug, above 0; by default 25 from a hundredth to a hundred times the IC50.

    Returns
    -------
    xarray.Dataset
        ``response`` (concentration), the current relative to control; ``ic50``, ``hill`` and their 95 % intervals.
    """
    parts = mixture(subtype)
    if concentrations is None:
        middle = np.exp(np.mean([np.log(float(ic50(drug, kind.name, v, mg))) for kind, _ in parts]))
        concentrations = middle * np.logspace(-2, 2, 25) * units.unit("mM")
    dose = np.atleast_1d(units.si(concentrations, "uM", name="concentrations"))
    total, control = np.zeros_like(dose), 0.0
    for kind, share in parts:
        scheme = block(kind.scheme(), blocker(drug, kind.name))
        key = blocker(drug, kind.name).key
        fixed = {"v": v, "mg": mg, "glutamate": "1 mM"}
        with_drug = fixed | {key: dose * units.unit("mM")}
        total += share * scheme.open(scheme.steady(**with_drug), **with_drug)
        control += share * float(scheme.open(scheme.steady(**fixed), **fixed))
    shown = units.in_unit(dose, "uM")
    return _label(drug, subtype, (v, mg), shown, total / control)


def _label(drug: str, subtype: Any, bath: tuple[Any, Any], dose: np.ndarray, response: np.ndarray) -> xr.Dataset:
    found = hill.fit(dose, response)
    data = xr.Dataset(coords={"concentration": ("concentration", dose, {"units": "µM", "long_name": drug})})
    data["response"] = ("concentration", response, {"units": "1", "long_name": "current relative to control"})
    data["ic50"] = ((), found.ic50, {"units": "µM"})
    data["hill"] = ((), found.hill, {"units": "1"})
    data["ic50_interval"] = ("bound", list(found.ic50_interval), {"units": "µM"})
    data["hill_interval"] = ("bound", list(found.hill_interval), {"units": "1"})
    data["bound"] = ["low", "high"]
    kinds = [(kind, blocker(drug, kind.name)) for kind, _ in mixture(subtype)]
    rows = {key: p for kind, agent in kinds for key, p in (*kind.parameters.items(), *agent.parameters.items())}
    unverified = [key for key, p in rows.items() if not p.verified and p.source != "user"]
    references = dict.fromkeys(p.source.split(" ")[0] for p in rows.values() if p.source != "user")
    data.attrs = {"drug": drug, "subtype": str(subtype), "v": str(bath[0]), "mg": str(bath[1]),
                  "unverified_parameters": " ".join(dict.fromkeys(unverified)), "references": " ".join(references),
                  "disclaimer": DISCLAIMER}  # fmt: skip
    return data


def reduction(
    scheme: Scheme, drug: Blocker, concentration: Any, *, v: Any = "-60 mV", mg: Any = "1 mM", **train: Any
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
        raise ValueError(f"{scheme.name} has magnesium as states; the reduction goes with the fast block B_mg")
    with_drug = block(scheme, drug)
    bath = {"v": v, "mg": mg, drug.key: concentration}
    full = bench.train(with_drug, drug.key, **bath, **train)
    free = float(scheme.open(np.eye(len(scheme.states)), v=v, mg=mg).max())
    alone = bench.train(with_drug, drug.key, **(bath | {drug.key: "0 uM"}), **train)
    seconds = full.time.values / 1e3
    largest = float(with_drug.parameters["open_max"].si)
    peak_share = float(scheme.open(np.eye(len(scheme.states)), v=v, mg="0 mM").max())
    activation = alone.open.values / free * peak_share / largest
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
    names = (*scheme.parameters.bases, "a_nmda", "B_mg")
    text = system(scheme.definitions.splitlines()[0] + drug.equations(), names[:-1])
    states = list(text.derivatives)
    slope = compiled([text.derivatives[name] for name in states])
    fixed = scheme.values(**bath)

    def rhs(t: float, y: np.ndarray) -> list[float]:
        now = {**fixed, **dict(zip(states, y, strict=True)), "a_nmda": np.interp(t, seconds, activation)}
        return [float(x) for x in slope(now)]

    found = solve_ivp(rhs, (seconds[0], seconds[-1]), np.zeros(len(states)), t_eval=seconds, method="LSODA",
                      rtol=1e-8, atol=1e-11, max_step=0.02)  # fmt: skip
    return np.asarray(found.y.sum(axis=0))
