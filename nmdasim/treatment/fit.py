"""Fitting a slow model to the CRPS curve, the one set of data that a rival may see; everything else is prediction.

The curve is that of the empirical model at weeks 1, 2, 4, 8 and 12. Its error is that of the trial's means at week 1,
0.5 of 5.45. Parameters are searched by drawing: many sets at once, as patients, in rounds that close in on the best. A
parameter's interval is what it spans among all sets that are likely (χ² within 3.84 of the best).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nmdasim.errors import InputError, nearest, plainly
from nmdasim.model.model import Model
from nmdasim.pharmacology.subjects import Subjects
from nmdasim.treatment.given import kinetics, regimen_of
from nmdasim.treatment.patients import Patients
from nmdasim.treatment.run import Lane, course_of
from nmdasim.treatment.slow import INPUTS, check, slow_model
from nmdasim.treatment.states import states

WEEKS = (1, 2, 4, 8, 12)
#: Standard error of relief at each week: that of the trial's mean at week 1, relative to placebo.
ERROR = 0.1
#: χ² by which a likely set may lie above the best, 95 %.
_LIKELY = 3.84


@dataclass(frozen=True, eq=False)
class Fit:
    """What a fit found.

    Parameters
    ----------
    values, low, high
        Best value and ends of the interval by parameter, SI.
    relief, target
        At the weeks of :data:`WEEKS`.
    chi2
        Of the best set.
    """

    values: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    relief: np.ndarray
    target: np.ndarray
    chi2: float


def relief_of(model: Model | str, values: Mapping[str, np.ndarray], state: str = "crps") -> np.ndarray:
    """Return relief at :data:`WEEKS` after the 100-hour course for sets of parameters (SI), shape (set, week)."""
    chosen = check(slow_model(model) if isinstance(model, str) else model)
    count = len(next(iter(values.values()))) if values else 1
    own = {name: np.full(count, float(p.si)) for name, p in chosen.parameters.items()}
    if unknown := set(values) - set(own):
        raise InputError(f"{chosen.name} has no parameter {sorted(unknown)[0]!r}; it has {', '.join(own)}")
    one, everyone = np.ones(count), np.ones(count, dtype=bool)
    people = Patients(Subjects(70.0 * one), own | dict(values), everyone, everyone)
    given = regimen_of("crps_100_hours")
    times = np.concatenate([[0.0], 168.0 * np.array(WEEKS)])
    return course_of(Lane(states(state), given, chosen, kinetics(given)), people, times, None).slow[:, 1:]


def _check(model: Model, between: Mapping[str, tuple[float, float]]) -> None:
    own = [name for name in model.parameters if name not in INPUTS]
    if not between:
        raise InputError(f"no parameter of {model.name} to fit; give one or more of {', '.join(own)}")
    if unknown := [name for name in between if name not in own]:
        raise InputError(f"{model.name} has no parameter {unknown[0]!r} to fit{nearest(unknown[0], own)}")
    for name, ends in between.items():
        if np.shape(ends) != (2,) or not 0 < ends[0] < ends[1] < np.inf:
            raise InputError(f"{name} = {ends}; it is searched between two values, the lower above 0, as in (1, 10)")


@plainly
def fit(
    model: Model | str, between: Mapping[str, tuple[float, float]], *, draws: int = 400, rounds: int = 8, seed: int = 0
) -> Fit:
    """Fit some parameters of a slow model to the CRPS curve.

    Parameters
    ----------
    model
        A slow model.
    between
        Parameters that are free, one or more, and the values (SI) between which they are searched, log-uniformly.
    draws, rounds
        Sets of a round, and rounds.
    seed
        Seed of the draws.

    Raises
    ------
    InputError
        If no parameter is free, there is none of that name, or a range does not rise from above 0.
    """
    _check(slow_model(model) if isinstance(model, str) else model, between)
    rng, names = np.random.default_rng(np.random.SeedSequence(seed)), list(between)
    low, high = np.log(np.array([between[name] for name in names])).T
    target = relief_of("dahan2011", {})[0]
    sets, chi2, found = np.empty((0, len(names))), np.empty(0), np.empty((0, len(WEEKS)))
    for k in range(rounds):
        if k == 0:
            drawn = rng.uniform(low, high, (draws, len(names)))
        else:
            best = sets[np.argsort(chi2)[: draws // 10]]
            width = np.maximum(best.std(axis=0), 1e-3)
            drawn = best[rng.integers(len(best), size=draws)] + width * rng.standard_normal((draws, len(names)))
            drawn = np.clip(drawn, low, high)
        relief = relief_of(model, dict(zip(names, np.exp(drawn).T, strict=True)))
        sets, found = np.concatenate([sets, drawn]), np.concatenate([found, relief])
        chi2 = np.concatenate([chi2, (((relief - target) / ERROR) ** 2).sum(axis=1)])
    top = int(np.argmin(chi2))
    likely = np.exp(sets[chi2 <= chi2[top] + _LIKELY])
    return Fit(
        dict(zip(names, np.exp(sets[top]).tolist(), strict=True)),
        dict(zip(names, likely.min(axis=0).tolist(), strict=True)),
        dict(zip(names, likely.max(axis=0).tolist(), strict=True)),
        found[top],
        target,
        float(chi2[top]),
    )
