"""Trials as data, and every rival held against every trial: fitted on CRPS alone, predicting the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest, plainly
from nmdasim.model.model import Model
from nmdasim.parameters import read_table
from nmdasim.treatment.given import regimen_of
from nmdasim.treatment.run import simulate
from nmdasim.treatment.slow import fitted, names, slow_model
from nmdasim.treatment.states import states

_TABLE = "trials"
#: A patient changes little or not whose pain falls by less than this share (a choice of this library).
_LITTLE = 0.2
#: Standard errors within which a prediction counts as met.
_MET = 2.0


@dataclass(frozen=True)
class Measure:
    """One number of a trial: of an arm (``drug`` or ``placebo``), at a day from the start, with its standard error."""

    what: str
    arm: str
    day: float
    value: float
    sd: float


@dataclass(frozen=True)
class Trial:
    """A trial: state and regimen that stand for it here, what was given and seen in words, numbers, source.

    Parameters
    ----------
    name, title
        What it is called.
    state, regimen
        Names.
    patients
        How many took part; 0 where that is not known here.
    given, seen
        In words.
    source, verified
        Key of the reference, and whether it was read in the source itself.
    fitted
        Whether rivals were fitted to it.
    measures
        Numbers; none where the abstract has none.
    """

    name: str
    title: str
    state: str
    regimen: str
    patients: int
    given: str
    seen: str
    source: str
    verified: bool
    fitted: bool
    measures: tuple[Measure, ...]

    def __str__(self) -> str:
        many = f" (n = {self.patients})" if self.patients else ""
        lines = [f"{self.name}: {self.title}{many}", f"  given: {self.given}", f"  seen: {self.seen}"]
        status = "verified" if self.verified else "unverified"
        return "\n".join([*lines, f"  source: {self.source}, {status}", DISCLAIMER])


@cache
def trials() -> dict[str, Trial]:
    """Return every trial by name."""
    return {name: _trial(name, row) for name, row in read_table(_TABLE).items()}


def trial(name: str) -> Trial:
    """Return a trial by name.

    Raises
    ------
    InputError
        If there is no such trial.
    """
    known = trials()
    if name not in known:
        raise InputError(f"unknown trial {name!r}{nearest(name, known)}")
    return known[name]


def _trial(name: str, row: Mapping[str, Any]) -> Trial:
    own = {key: value for key, value in row.items() if key != "measures"}
    return Trial(name=name, measures=tuple(Measure(**one) for one in row.get("measures", ())), **own)


@plainly
def compare(
    some: Iterable[Trial | str] | None = None,
    models: Sequence[Model | str] | None = None,
    *,
    patients: int = 500,
    seed: int = 0,
) -> xr.Dataset:
    """Run every rival on every trial, and set what it says beside what was seen.

    Parameters
    ----------
    some
        Trials or their names; all by default.
    models
        Slow models or their names; all by default.
    patients, seed
        Virtual patients of each arm, the same for every rival.

    Returns
    -------
    xarray.Dataset
        Over ``measure``: ``seen`` and ``sd``, with ``trial``, ``what``, its ``scale``, ``arm``, ``day`` and ``fitted``
        as coordinates;
        over (model, measure) besides: ``predicted``, ``error`` in standard errors, and ``met`` where that is within 2.
        Over ``model``: ``free_parameters`` (fitted to CRPS), ``log_likelihood`` (normal) of the measures that were not
        fitted, ``mean_error`` (root of the mean square, in standard errors) and ``missed``, likewise.
    """
    chosen = [trial(one) if isinstance(one, str) else one for one in (trials() if some is None else some)]
    rivals = [slow_model(one) if isinstance(one, str) else one for one in (models or names())]
    rows = [(one, measure) for one in chosen for measure in one.measures]
    if not rows:
        raise InputError("none of these trials has a number; they are compared in words")
    predicted = np.array([[predict(rival, *row, patients, seed) for row in rows] for rival in rivals])
    seen, sd = (np.array([getattr(measure, key) for _, measure in rows]) for key in ("value", "sd"))
    error = (predicted - seen) / sd
    new = np.array([not one.fitted for one, _ in rows])
    both, likely = ("model", "measure"), -0.5 * error**2 - np.log(sd * np.sqrt(2 * np.pi))
    scores = {
        "free_parameters": ("model", [len(fitted(rival)) for rival in rivals]),
        "log_likelihood": ("model", likely[:, new].sum(axis=1)),
        "mean_error": (
            "model",
            np.sqrt((error[:, new] ** 2).mean(axis=1)) if new.any() else np.full(len(rivals), np.nan),
        ),
        "missed": ("model", (np.abs(error[:, new]) > _MET).sum(axis=1)),
    }
    labels = {key: ("measure", [getattr(measure, key) for _, measure in rows]) for key in ("what", "arm", "day")}
    return xr.Dataset(
        {
            "seen": ("measure", seen),
            "sd": ("measure", sd),
            "predicted": (both, predicted),
            "error": (both, error, {"long_name": "predicted less seen, in standard errors"}),
            "met": (both, np.abs(error) <= _MET),
            **scores,
        },
        coords={
            "model": [rival.name for rival in rivals],
            "trial": ("measure", [one.name for one, _ in rows]),
            "fitted": ("measure", ~new),
            "scale": ("measure", [_READ[measure.what][2] for _, measure in rows]),
            **labels,
        },
        attrs=_told(chosen, rivals, patients, seed),
    )


def _told(chosen: list[Trial], rivals: list[Model], patients: int, seed: int) -> dict[str, Any]:
    guessed = {name for rival in rivals for name in fitted(rival) if not rival.parameters[name].verified}
    return {
        "subjects": patients,
        "seed": seed,
        "unverified_parameters": " ".join(sorted(guessed | {"probe", "pain", "placebo_relief"})),
        "references": " ".join(dict.fromkeys(one.source for one in chosen)),
        "in_words": "\n".join(f"{one.name}: {one.seen}" for one in chosen if not one.measures),
        "disclaimer": DISCLAIMER,
    }


def predict(model: Model, one: Trial, measure: Measure, patients: int = 500, seed: int = 0) -> float:
    """Return what a slow model says of one number of a trial, its placebo response included."""
    if measure.what not in _READ:
        raise InputError(f"measure {measure.what!r} of {one.name}{nearest(measure.what, _READ)}")
    read, every, _ = _READ[measure.what]
    given = regimen_of(one.regimen).scaled(1.0 if measure.arm == "drug" else 0.0)
    until = f"{measure.day} day"
    return read(
        one, given, {"model": model, "until": until, "every": every or until, "patients": patients, "seed": seed}
    )


def _pain(one: Trial, given: Any, options: Mapping[str, Any]) -> xr.DataArray:
    """Return pain over (patient, time) as a share of that before."""
    return simulate(one.state, given, placebo=True, **options).patient_pain / states(one.state).number("pain")


def _mean(one: Trial, given: Any, options: Mapping[str, Any]) -> float:
    return states(one.state).number("pain") * _relative(one, given, options)


def _relative(one: Trial, given: Any, options: Mapping[str, Any]) -> float:
    return float(_pain(one, given, options)[:, -1].mean())


def _halved(one: Trial, given: Any, options: Mapping[str, Any]) -> float:
    return float((_pain(one, given, options)[:, -1] < 0.5).mean())


def _unchanged(one: Trial, given: Any, options: Mapping[str, Any]) -> float:
    return float((_pain(one, given, options)[:, -1] > 1 - _LITTLE).mean())


def _area(one: Trial, given: Any, options: Mapping[str, Any]) -> float:
    return float(_pain(one, given, options).mean() / _pain(one, given.scaled(0), options).mean())


#: How each kind of number is read, how often pain is read for it (once, at its day, where nothing is said), its scale.
_READ: dict[str, tuple[Callable[[Trial, Any, Mapping[str, Any]], float], str, str]] = {
    "mean pain": (_mean, "", "0 none to 10 worst"),
    "mean pain, relative to before": (_relative, "", "1 as before"),
    "share with more than half of the pain gone": (_halved, "", "of patients, 0 to 1"),
    "share with little or no change": (_unchanged, "", "of patients, 0 to 1"),
    "area of pain, relative to placebo": (_area, "12 h", "1 as placebo"),
}
