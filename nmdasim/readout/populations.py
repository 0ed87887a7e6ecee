"""What a population of models says: losses of the kept draws, quantiles, which share loses how much."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from nmdasim.errors import InputError, nearest

#: Quantiles that are told of unless others are asked for.
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def kept(found: xr.Dataset) -> xr.Dataset:
    """Return the draws that meet all bands."""
    return found.isel(draw=np.flatnonzero(found["kept"].values))


def loss(found: xr.Dataset, answer: str) -> xr.DataArray:
    """Return the loss of an answer of the kept draws in per cent, over ``draw`` and the dose.

    Raises
    ------
    InputError
        If there is none.
    """
    known = found.attrs["answers"].split() if found.attrs["dose"] else []
    if answer not in known:
        raise InputError(f"no loss of {answer!r}{nearest(answer, known)}")
    return kept(found)[f"{answer}_loss"]


def quantiles(found: xr.Dataset, answer: str = "index", at: Sequence[float] = QUANTILES) -> xr.DataArray:
    """Return quantiles over the kept draws of the loss of an answer in per cent, over ``quantile`` and the dose."""
    values = loss(found, answer)
    told: xr.DataArray = values.quantile(list(at), "draw", skipna=True, keep_attrs=True)
    return told.assign_attrs(values.attrs | {"defined": int(values.notnull().all(found.attrs["dose"]).sum())})


def losing(
    found: xr.Dataset, least: float, spared: Mapping[str, float] | None = None, answer: str = "index"
) -> xr.DataArray:
    """Return which kept draws lose at least `least` per cent of an answer, over ``draw`` and the dose.

    Parameters
    ----------
    found
        From :func:`nmdasim.studies.population_of_models`.
    least
        Per cent.
    spared
        Answers that are spared, and the most that each may lose, ``{"input": 10}``.
    answer
        The answer.
    """
    chosen = loss(found, answer) >= least
    for name, most in (spared or {}).items():
        chosen &= loss(found, name) <= most
    rest = "".join(f", and at most {most:g} % of {name}" for name, most in (spared or {}).items())
    return chosen.assign_attrs(units="1", long_name=f"lose {least:g} % of {answer} or more{rest}")


def share_losing(
    found: xr.Dataset, least: float, spared: Mapping[str, float] | None = None, answer: str = "index"
) -> xr.DataArray:
    """Return the share of the kept draws of which :func:`losing` is true, over the dose."""
    share: xr.DataArray = losing(found, least, spared, answer).mean("draw")
    return share.assign_attrs(units="1", long_name=f"share of plausible models that lose at least {least:g} %")


def places(found: xr.Dataset) -> tuple[list[str], np.ndarray]:
    """Return the drawn parameters, and where each kept draw lies in what was drawn of each.

    The places reach from 0 to 1, on the scale that was drawn from, and have the shape (kept draws, parameters).
    """
    names, every = _placed(found)
    return names, every[found["kept"].values.astype(bool)]


def narrowing(found: xr.Dataset) -> dict[str, float]:
    """Return by what share the middle nine tenths of each parameter are narrower in the kept draws than in all."""
    names, every = _placed(found)
    whole, own = (np.subtract(*np.quantile(part, [0.95, 0.05], axis=0)) for part in (every, places(found)[1]))
    return dict(zip(names, (1 - own / np.maximum(whole, np.finfo(float).tiny)).tolist(), strict=True))


def _placed(found: xr.Dataset) -> tuple[list[str], np.ndarray]:
    """Return the drawn parameters, and where each draw lies, shape (draws, parameters)."""
    names = found.attrs["parameters_drawn"].split()
    scales = json.loads(found.attrs.get("samples", "{}")).get("log", [])
    columns = []
    for name in names:
        values = (np.log if name in scales else np.asarray)(found[name].values)
        columns.append((values - values.min()) / max(float(np.ptp(values)), np.finfo(float).tiny))
    return names, np.stack(columns, axis=1)
