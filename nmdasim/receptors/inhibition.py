"""How much of the current a drug takes: against its concentration, and against voltage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, plainly
from nmdasim.parameters import concentrations as written
from nmdasim.parameters import drugs
from nmdasim.quantities import QuantityLike
from nmdasim.receptors import hill
from nmdasim.receptors.blockers import block, blocker, ic50
from nmdasim.receptors.coordinates import coordinate
from nmdasim.receptors.subtypes import Subtype, mixture


@plainly
def curve(
    drug: str,
    subtype: str | Mapping[str, float] = "2A",
    *,
    v: QuantityLike = "-66 mV",
    mg: QuantityLike = "0 mM",
    concentrations: QuantityLike | None = None,
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
        Free drug, above 0 (or text that says total); by default 25 from a hundredth to a hundred times the IC50.

    Returns
    -------
    xarray.Dataset
        ``response`` (concentration), the current relative to control; ``ic50`` in the unit of the concentrations,
        ``hill``, and their 95 % intervals.
    """
    parts = mixture(subtype)
    if concentrations is None:
        middle = np.exp(np.mean([np.log(float(ic50(drug, kind.name, v, mg))) for kind, _ in parts]))
        concentrations = middle * np.logspace(-2, 2, 25) * quantities.unit("mM")
    free = written.free(concentrations, blocker(drug).key)
    dose = np.atleast_1d(quantities.si(free, "uM", name="concentrations"))
    total, control = np.zeros_like(dose), 0.0
    for kind, share in parts:
        scheme = block(kind.scheme(), blocker(drug, kind.name))
        key = blocker(drug, kind.name).key
        fixed = {"v": v, "mg": mg, "glutamate": "1 mM"}
        with_drug = fixed | {key: dose * quantities.unit("mM")}
        total += share * scheme.open(scheme.steady(**with_drug), **with_drug)
        control += share * float(scheme.open(scheme.steady(**fixed), **fixed))
    axis = coordinate("concentration", dose, free, "uM", f"free {drug}")
    return _label(drug, subtype, (v, mg), axis, total / control)


def _label(drug: str, subtype: Any, bath: tuple[Any, Any], dose: Any, response: np.ndarray) -> xr.Dataset:
    data = xr.Dataset(coords={"concentration": dose})
    found, unit = hill.fit(data.concentration.values, response), {"units": data.concentration.units}
    data["response"] = ("concentration", response, {"units": "1", "long_name": "current relative to control"})
    data["ic50"] = ((), found.ic50, unit)
    data["hill"] = ((), found.hill, {"units": "1"})
    data["ic50_interval"] = ("bound", list(found.ic50_interval), unit)
    data["hill_interval"] = ("bound", list(found.hill_interval), {"units": "1"})
    data["bound"] = ["low", "high"]
    held = {
        name: f"{float(quantities.in_unit(quantities.number(value, unit, name=name), unit)):g} {unit}"
        for name, value, unit in (("v", bath[0], "mV"), ("mg", bath[1], "mM"))
    }
    return data.assign_attrs(_attrs(drug, mixture(subtype)), subtype=str(subtype), **held)


def _attrs(drug: str, parts: Sequence[tuple[Subtype, float]]) -> dict[str, str]:
    """Return the provenance of a curve: what it stands on, and which of that is not verified."""
    own = ("P_open", "K_mg") if len(parts) > 1 else ("K_mg",)
    rows = [(key, kind[key]) for kind, _ in parts for key in own]
    rows += [row for kind, _ in parts for row in blocker(drug, kind.name).parameters.items()]
    used = [(key, p) for key, p in rows if p.source != "user"]
    return {
        "drug": drug,
        "unverified_parameters": " ".join(dict.fromkeys(key for key, p in used if p.status != "verified")),
        "references": " ".join(dict.fromkeys(p.source.split(" ")[0] for _, p in used)),
        "warnings": drugs.find(blocker(drug).key).text("caveat"),
        "disclaimer": DISCLAIMER,
    }


@plainly
def against_voltage(
    drug: str, concentration: QuantityLike, v: QuantityLike, mg: QuantityLike = "1 mM", subtype: str = "2A"
) -> xr.Dataset:
    """Return the share of receptors that a drug blocks in the long run, against voltage.

    Parameters
    ----------
    drug, concentration
        The drug, and how much of it is free (or text that says total).
    v
        Voltages, shape (voltages,).
    mg
        Magnesium, one or several concentrations.
    subtype
        ``"2A"`` …

    Returns
    -------
    xarray.Dataset
        ``ic50`` (mg, v) in µM and ``blocked`` (mg, v) = C/(C + IC50).
    """
    volts, baths = (np.atleast_1d(quantities.si(x, u, name=n)) for x, u, n in ((v, "mV", "v"), (mg, "mM", "mg")))
    dose = quantities.number(written.free(concentration, blocker(drug).key), "uM", name=drug)
    if dose < 0:
        raise InputError(f"{drug} = {concentration}; a concentration is not negative")
    half = ic50(drug, subtype, volts * quantities.unit("volt"), baths[:, None] * quantities.unit("mM"))
    data = xr.Dataset(
        coords={
            "mg": coordinate("mg", baths, mg, "mM", "magnesium"),
            "v": coordinate("v", volts, v, "mV", "holding potential"),
        }
    )
    data["ic50"] = (("mg", "v"), quantities.in_unit(half, "uM"), {"units": "µM", "long_name": f"IC50 of {drug}"})
    data["blocked"] = (("mg", "v"), dose / (dose + half), {"units": "1", "long_name": f"share blocked by {drug}"})
    return data.assign_attrs(
        _attrs(drug, mixture(subtype)),
        concentration=f"{float(quantities.in_unit(dose, 'uM')):g} µM free",
        subtype=subtype,
    )
