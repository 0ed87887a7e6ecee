"""Which parameter matters: Sobol indices of a sampled sweep, and how two axes act together."""

from __future__ import annotations

import json

import numpy as np
import scipy
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError


def sensitivity(data: xr.Dataset, readout: str, *, resamples: int = 200) -> xr.Dataset:
    """Return Sobol indices of a read-out.

    The first-order index of a parameter is the share of the read-out's variance that it explains alone; the total index
    adds all in which it has a part. What draws of the seeds add to the variance is averaged out first.

    Parameters
    ----------
    data
        A store whose :class:`~nmdasim.Samples` have the method ``"sensitivity"``.
    readout
        Name of a read-out over ``sample`` (and ``seed``, which is averaged over).
    resamples
        Bootstrap samples of the 95 % intervals.

    Returns
    -------
    xarray.Dataset
        ``first`` and ``total`` over ``parameter``, each with ``_low`` and ``_high``.

    Raises
    ------
    InputError
        If the samples are of another method, lanes are missing or failed, or the read-out does not vary.

    References
    ----------
    Saltelli et al. (2010) Comput. Phys. Commun. 181:259–270; the estimator is :func:`scipy.stats.sobol_indices`.
    """
    design = json.loads(data.attrs.get("samples", "{}"))
    if design.get("method") != "sensitivity":
        raise InputError("Sobol indices need samples of the method 'sensitivity'")
    values = data[readout].mean("seed", skipna=False) if "seed" in data[readout].dims else data[readout]
    if values.dims != ("sample",):
        raise InputError(
            f"{readout} has the dimensions {', '.join(map(str, values.dims))}; choose one value of each but sample"
        )
    n, names = design["points"], design["parameters"]
    f = np.asarray(values.values, dtype=float)
    if len(f) != n * (2 + len(names)) or not np.all(np.isfinite(f)):
        raise InputError(
            f"{readout}: {int(np.sum(~np.isfinite(f)))} of {len(f)} samples are missing or failed; all are needed"
        )
    if np.ptp(f) == 0:
        raise InputError(f"{readout} is {f[0]:g} in every sample; there is no variance to share out")
    parts = {"f_A": f[None, :n], "f_B": f[None, n : 2 * n], "f_AB": f[2 * n :].reshape(len(names), 1, n)}
    found = scipy.stats.sobol_indices(func=parts, n=n)
    spread = found.bootstrap(n_resamples=resamples)
    columns = {
        "first": found.first_order,
        "first_low": spread.first_order.confidence_interval.low,
        "first_high": spread.first_order.confidence_interval.high,
        "total": found.total_order,
        "total_low": spread.total_order.confidence_interval.low,
        "total_high": spread.total_order.confidence_interval.high,
    }
    table = {name: ("parameter", np.ravel(column)) for name, column in columns.items()}
    return xr.Dataset(table, coords={"parameter": names}, attrs=dict(data.attrs) | {"readout": readout})


def interaction(values: xr.DataArray, first: str, second: str) -> xr.Dataset:
    """Tabulate a read-out over two axes, and what their effects together differ from the sum of both.

    Where a lane is missing or failed the mean is NaN, and so is what it has a part in.

    Parameters
    ----------
    values
        A read-out; every dimension but the two is averaged over.
    first, second
        Names of the two dimensions.

    Returns
    -------
    xarray.Dataset
        ``mean``; ``additive``, the table that the two averages would give if effects added up; and ``interaction``,
        their difference (the interaction contrasts of a two-way analysis of variance).
    """
    if not isinstance(values, xr.DataArray):
        raise InputError(
            "interaction takes one read-out over two axes, as nm.measures.windup(result)['index']; this is of type "
            f"{type(values).__name__}"
        )
    if missing := {first, second} - set(map(str, values.dims)):
        raise InputError(
            f"the read-out has the dimensions {', '.join(map(str, values.dims))}, no {', '.join(sorted(missing))}"
        )
    mean = values.astype(float).mean([dim for dim in values.dims if dim not in (first, second)], skipna=False)
    along, across, whole = (mean.mean(dims, skipna=False) for dims in (first, second, None))
    additive = along + across - whole
    mean, additive = mean.transpose(first, second), additive.transpose(first, second)
    attrs = values.attrs | {"disclaimer": DISCLAIMER}
    return xr.Dataset({"mean": mean, "additive": additive, "interaction": mean - additive}, attrs=attrs)
