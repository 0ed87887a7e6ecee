"""How people differ: mean and interval of the plasma concentration in a cohort drawn about the typical values."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nmdasim.errors import plainly
from nmdasim.pharmacology.course import time_course
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.subjects import Cohort
from nmdasim.plan.spread import bounds, inside
from nmdasim.quantities import QuantityLike


@plainly
def spread(
    regimen: Regimen, times: QuantityLike, cohort: Cohort, *, preset: str = "", weight: QuantityLike | None = None
) -> xr.Dataset:
    """Return mean and 95 % interval over a cohort, drawn anew from the same seed for each subject's regimen.

    Parameters
    ----------
    regimen, preset, weight
        As in :func:`time_course`.
    times
        When to read plasma.
    cohort
        People drawn about the typical values.

    Returns
    -------
    xarray.Dataset
        ``plasma`` (ng/ml) over ``statistic`` (mean, low, high), (subject and) ``time``; ``cmax``, ``tmax`` (min) and
        ``auc_inf`` over ``statistic`` (and subject); low and high bound 95 % of the people, or all where they
        are fewer than 20.
    """
    parts = [
        _summary(time_course(one, times, preset=preset, weight=weight, cohort=cohort))
        for one in regimen.subjects().values()
    ]
    if len(parts) == 1:
        return parts[0]
    return xr.concat(parts, "subject", combine_attrs="override").assign_coords(subject=list(regimen.ids))


def _summary(people: xr.Dataset) -> xr.Dataset:
    people = people if "subject" in people.dims else people.expand_dims("subject")
    found = {name: _statistics(people[name]) for name in ("plasma", "cmax", "tmax", "auc_inf")}
    data = xr.Dataset(found, coords={"statistic": ["mean", "low", "high"]})
    return data.assign_attrs(people.attrs | {"interval": inside(people.sizes["subject"], "people")})


def _statistics(values: xr.DataArray) -> xr.DataArray:
    found = [values.mean("subject").values, *bounds(values.transpose("subject", ...).values)]
    dims = ("statistic", *(dim for dim in values.dims if dim != "subject"))
    coords = {"time": values.time} if "time" in dims else {}
    return xr.DataArray(np.stack(found), dims=dims, coords=coords, attrs=values.attrs)
