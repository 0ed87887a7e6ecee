"""What decides the answer of a population of models: rank correlations, variance shares, what a part has in common."""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.stats import ks_2samp, norm, rankdata

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, need
from nmdasim.quantities import several
from nmdasim.readout import measures
from nmdasim.readout.populations import places

#: Fewer draws than this beyond one a parameter say nothing of a correlation.
_FEWEST = 10


def rank_correlations(found: xr.Dataset, values: xr.DataArray, level: float = 0.95) -> xr.Dataset:
    """Return the partial rank correlation of an answer with every drawn parameter.

    It is the correlation of the ranks of both, after what the ranks of all other parameters explain linearly has been
    taken from each. Of shares, which sum to 1, the others are not held: where one rises they fall.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    values
        An answer over the kept draws, such as one dose of ``loss(found, "index")``; undefined ones are left out.
    level
        Of the interval, by Fisher's z with as many draws fewer as there are other parameters.

    Returns
    -------
    xarray.Dataset
        ``correlation``, ``low`` and ``high`` over ``parameter``, and the number of draws in ``attrs["draws"]``.

    Raises
    ------
    InputError
        If there are too few draws, or the answer does not vary.

    References
    ----------
    Marino et al. (2008) J. Theor. Biol. 254:178–196.
    """
    names, x, y = _table(found, values)
    ranks = np.column_stack([rankdata(column) for column in x.T])
    shares = set(found.attrs["shares"].split())
    correlation = np.empty(len(names))
    for j, name in enumerate(names):
        held = [k for k, other in enumerate(names) if k != j and not (name in shares and other in shares)]
        correlation[j] = _partial(ranks[:, j], rankdata(y), ranks[:, held])
    spread = norm.ppf((1 + level) / 2) / np.sqrt(len(y) - 3 - (len(names) - 1))
    z = np.arctanh(np.clip(correlation, -1 + 1e-15, 1 - 1e-15))
    columns = {"correlation": correlation, "low": np.tanh(z - spread), "high": np.tanh(z + spread)}
    return _indexed(names, columns, values, len(y))


def _partial(x: np.ndarray, y: np.ndarray, held: np.ndarray) -> float:
    """Return the correlation of what is left of x and y after the best linear combination of others."""
    others = np.column_stack([np.ones(len(x)), held])
    rest = [v - others @ np.linalg.lstsq(others, v, rcond=None)[0] for v in (x, y)]
    return float(np.corrcoef(*rest)[0, 1])


def given_data_indices(found: xr.Dataset, values: xr.DataArray, resamples: int = 100) -> xr.Dataset:
    """Return the share of the variance of an answer that every parameter explains alone, from the kept draws.

    First-order Sobol indices by the Fourier method on reordered draws, which asks for no design of its own. The kept
    draws are a part of the box in which parameters go together; of two that do, each may stand for the other.

    Parameters
    ----------
    found, values
        As of :func:`rank_correlations`.
    resamples
        Bootstrap samples of the 95 % intervals.

    Returns
    -------
    xarray.Dataset
        ``first``, ``low`` and ``high`` over ``parameter``.

    Raises
    ------
    InputError
        As :func:`rank_correlations`, and without SALib, which is of the extra ``sweep``.

    References
    ----------
    Plischke (2010) Reliab. Eng. Syst. Saf. 95:354–360; the estimator is SALib's ``rbd_fast``.
    """
    need("SALib", "sweep")
    method = need("SALib.analyze.rbd_fast", "sweep")
    names, x, y = _table(found, values)
    problem = {"num_vars": len(names), "names": names, "bounds": [[0.0, 1.0]] * len(names)}
    told = method.analyze(problem, x, y, num_resamples=resamples, seed=0)
    first, spread = np.asarray(told["S1"]), np.asarray(told["S1_conf"])
    columns = {"first": first, "low": first - spread, "high": first + spread}
    return _indexed(names, columns, values, len(y))


def sobol_indices(found: xr.Dataset, readout: str, resamples: int = 200) -> xr.Dataset:
    """Return first-order and total Sobol indices of a read-out without drug, over the whole box.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models` with ``sampling="sensitivity"``.
    readout
        A read-out that every draw has, such as ``"index"``.
    resamples
        As of :func:`nmdasim.readout.measures.sensitivity`, which computes them.

    Raises
    ------
    InputError
        As that.
    """
    return measures.sensitivity(found.rename(draw="sample"), readout, resamples=resamples)


def in_common(found: xr.Dataset, chosen: xr.DataArray) -> xr.Dataset:
    """Compare chosen draws with the other kept ones, parameter by parameter.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    chosen
        Which of the kept draws, shape (kept draws,), as of :func:`nmdasim.readout.populations.losing` at a dose.

    Returns
    -------
    xarray.Dataset
        Over ``parameter``: ``chosen_low``, ``chosen``, ``chosen_high`` (quartiles) and ``others`` (median), each as a
        place in the range from 0 to 1; and ``distance``, the largest between the two cumulated distributions
        (Kolmogorov & Smirnov), signed: above 0 where the chosen are higher.

    Raises
    ------
    InputError
        If all or none are chosen.
    """
    own = np.asarray(chosen.values, dtype=bool)
    if own.all() or not own.any():
        raise InputError(f"{own.sum()} of {own.size} kept draws are chosen; there is nothing to compare")
    names, where = places(found)
    part, rest = where[own], where[~own]
    low, middle, high = np.quantile(part, [0.25, 0.5, 0.75], axis=0)
    tests = [ks_2samp(part[:, j], rest[:, j]) for j in range(len(names))]
    signs = np.where(middle >= np.median(rest, axis=0), 1, -1)
    columns = {
        "chosen_low": low,
        "chosen": middle,
        "chosen_high": high,
        "others": np.median(rest, axis=0),
        "distance": signs * np.array([test.statistic for test in tests]),
    }
    return _indexed(names, columns, chosen, int(own.sum()))


def _table(found: xr.Dataset, values: xr.DataArray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return the names of parameters, their values and an answer, of the draws of which it is defined."""
    if values.dims != ("draw",):
        raise InputError(f"the answer has the dimensions {', '.join(map(str, values.dims))}; choose one dose of it")
    names, where = places(found)
    y = np.asarray(values.values, dtype=float)
    if len(y) != len(where):
        raise InputError(
            f"the answer has {several(len(y), 'draw')}, and {len(where)} are kept; take it of the kept ones"
        )
    defined = np.isfinite(y)
    if (number := int(defined.sum())) < len(names) + _FEWEST:
        raise InputError(f"{several(number, 'draw')} for {several(len(names), 'parameter')}; draw more")
    if np.ptp(y[defined]) == 0:
        raise InputError(f"the answer is {y[defined][0]:g} in every draw; nothing decides it")
    return names, where[defined], y[defined]


def _indexed(names: list[str], columns: dict[str, np.ndarray], of: xr.DataArray, draws: int) -> xr.Dataset:
    told = {name: ("parameter", column) for name, column in columns.items()}
    attrs = dict(of.attrs) | {"draws": draws, "disclaimer": DISCLAIMER, "of": str(of.attrs.get("long_name", of.name))}
    return xr.Dataset(told, coords={"parameter": names}, attrs=attrs)
