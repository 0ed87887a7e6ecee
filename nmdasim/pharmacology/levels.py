"""The link to the receptor: plasma or effect-site concentration → free drug in µM at chosen times.

Free concentration = total × unbound share in plasma × (unbound in nervous tissue / unbound in plasma, taken as 1).
Concentrations change over minutes to hours, a test of wind-up takes seconds: reading the course at chosen times, and
running the neuron at each of them, is the quasi-static form of the link.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from brian2.units import Quantity

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.pharmacology import amounts
from nmdasim.pharmacology.course import regular, time_course
from nmdasim.pharmacology.drugs import drug, potency
from nmdasim.pharmacology.presets import number
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.quantities import QuantityLike

SITES = ("effect_site", "plasma")


@plainly
def every(step: QuantityLike, until: QuantityLike) -> Quantity:
    """Return the times 0, `step`, 2·`step`, … up to `until`: ``every("30 min", "6 h")``."""
    hours = regular(amounts.hours(step, "step"), amounts.hours(until, "until"))
    return Quantity(hours * quantities.unit("hour"))


@plainly
def free_levels(
    regimen: Regimen,
    times: QuantityLike | None = None,
    *,
    site: str = "effect_site",
    racemate_equivalent: bool = False,
    every: QuantityLike | None = None,
    until: QuantityLike | None = None,
    **options: Any,
) -> xr.DataArray:
    """Return the free drug in µM that a regimen brings to the receptor at chosen times.

    ``levels = free_levels(regimen, every="30 min", until="6 h")`` are the concentrations at which to test wind-up every
    30 min for 6 h: ``simulate(neuron, WindUp(), ketamine=levels.values*uM)``.

    Parameters
    ----------
    regimen
        Dosing.
    times, every, until
        When: a list of times, or a regular axis.
    site
        ``"effect_site"``, which follows plasma with a half-life of 6.1 min, or ``"plasma"``.
    racemate_equivalent
        Return the concentration of racemic ketamine that occupies the channel equally, by the ratio of affinities: the
        block of the neurons is parametrised for the racemate.
    **options
        ``preset``, ``weight`` and ``cohort`` of :func:`time_course`.

    Returns
    -------
    xarray.DataArray
        µM over (subject and) ``time`` in h, with the provenance and warnings of the time course.

    Raises
    ------
    InputError
        If the site is unknown, or no unbound share or affinity of the drug is known.
    """
    if site not in SITES:
        raise InputError(f"site = {site!r}; there are {', '.join(SITES)}")
    course = time_course(regimen, times, every=every, until=until, **options)
    return _free(course, site, racemate_equivalent)


def _free(course: xr.Dataset, site: str, racemate_equivalent: bool) -> xr.DataArray:
    ratio = number("effect_site", "unbound_ratio", "1") if site == "effect_site" else 1.0
    drugs = course.drug if "subject" in course.drug.dims else course.drug.expand_dims("subject")
    factors = [
        ratio * float(drug(str(name)).free_micromolar(1.0)) * (potency(str(name)) if racemate_equivalent else 1.0)
        for name in drugs.values
    ]
    shape = {"subject": factors} if "subject" in course.dims else {}
    scale: Any = xr.DataArray(np.array(factors), dims=tuple(shape)) if shape else factors[0]
    levels: xr.DataArray = course[site] * scale
    what = "racemic ketamine that blocks equally" if racemate_equivalent else f"free {course.attrs['drug']}"
    shares = dict.fromkeys(float(drug(str(name)).unbound.si) for name in drugs.values)  # type: ignore[union-attr]
    bound = ", ".join(f"{share:g}" for share in shares)
    text = f"{what}, from {site.replace('_', ' ')}: {bound} of the total concentration is unbound"
    levels.attrs = dict(course.attrs) | {"units": "uM", "long_name": text}
    return levels.rename("free")
