"""From a regimen to a rating of pain over weeks: kinetics, acute relief and slow relief on one time axis."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from nmdasim.errors import InputError, plainly
from nmdasim.language.evaluation import evaluate
from nmdasim.model.model import Model
from nmdasim.pharmacology import Regimen, amounts
from nmdasim.pharmacology.course import regular, time_axis
from nmdasim.pharmacology.presets import Preset
from nmdasim.pharmacology.subjects import REFERENCE_KG
from nmdasim.quantities import QuantityLike
from nmdasim.treatment import labels
from nmdasim.treatment.acute import acute
from nmdasim.treatment.body import Segment, effect_site, join
from nmdasim.treatment.given import kinetics, regimen_of
from nmdasim.treatment.integrate import follower, integrate
from nmdasim.treatment.labels import Course
from nmdasim.treatment.patients import Patients, draw
from nmdasim.treatment.slow import RELIEF, check, slow_model, spread_of
from nmdasim.treatment.states import State, states
from nmdasim.treatment.supply import Link, begin, natural

#: Longest course, and most values of a variable (patients × times).
LONGEST_H, _MOST_VALUES = 2 * 365 * 24.0, 20_000_000


@plainly
def simulate(
    state: State | str = "crps",
    regimen: Regimen | str | Path = "crps_100_hours",
    model: Model | str = "dahan2011",
    until: QuantityLike = "12 weeks",
    *,
    every: QuantityLike | None = None,
    patients: int = 200,
    seed: int = 0,
    spread: float = 1.0,
    placebo: bool = False,
    start: xr.Dataset | None = None,
    drug: str = "",
    preset: str = "",
    weight: QuantityLike | None = None,
) -> xr.Dataset:
    """Return what a regimen leads to in a pain state, over days to two years.

    Parameters
    ----------
    state
        naive, acute, neuropathic, crps, fibromyalgia, opioid, or a :class:`State`.
    regimen
        What is given: a regimen, the name of a published schedule, or a file. Amounts are S-ketamine unless it says
        otherwise.
    model
        Slow model: dahan2011, maintained, reset, or a :class:`nmdasim.Model` of your own, see
        :mod:`nmdasim.treatment.slow`.
    until, every
        Last time, and time between outputs; they change no number but where it is read.
    patients, seed, spread
        Virtual patients, the seed of their draw, and a factor on how they differ.
    placebo
        Whether the patients also respond to being treated, as in a trial. By default the drug alone is shown.
    start
        An earlier result to go on from: times go on from its last, doses up to then are past, every state is kept.
    drug, preset, weight
        As of :func:`nmdasim.pharmacology.time_course`; leiden3 (arterial) for S-ketamine by vein.

    Returns
    -------
    xarray.Dataset
        Over ``time_d``: ``plasma`` (ng/ml), ``slow_relief`` and ``acute_relief`` (0 to 1) of the typical patient, and
        ``pain`` (0 to 10, the mean of the patients) between ``pain_low`` and ``pain_high`` (95 % of them). Over
        ``patient`` besides: ``patient_pain``, ``patient_slow_relief`` and ``patient_acute_relief``; ``responds``,
        ``responds_to_placebo``. ``end_state`` is where ``start=`` goes on. Pain is a read-out of this model.

    Raises
    ------
    InputError
        For an unknown state, model, schedule or file, a regimen without doses, a course of more than two years or of
        too many values, or a negative spread.
    """
    given = regimen_of(regimen, drug)
    lane = Lane(
        states(state) if isinstance(state, str) else state,
        given,
        check(slow_model(model) if isinstance(model, str) else model),
        kinetics(given, preset),
    )
    after = None if start is None else labels.segment(start, lane.model.digest, patients, seed, spread)
    times = _times(given, every, until, 0.0 if after is None else after.time_h)
    if patients * len(times) > _MOST_VALUES:
        raise InputError(f"{patients} patients at {len(times)} times are more than {_MOST_VALUES} values; take fewer")
    kg = given.weight_kg(REFERENCE_KG if weight is None else amounts.kilograms(weight))
    people = draw(lane.model, spread_of(lane.model), patients, seed=seed, spread=spread, weight_kg=kg)
    course = course_of(lane, people, times, after)
    told = {"seed": seed, "subjects": patients, "spread": spread, "placebo": int(placebo)}
    data = labels.dataset(lane.state, people, course, placebo)
    return data.assign_attrs(labels.attributes(lane.state, lane.regimen, lane.model, lane.preset, data) | told)


@dataclass(frozen=True, eq=False)
class Lane:
    """What is simulated: a state, a regimen, a slow model, kinetics."""

    state: State
    regimen: Regimen
    model: Model
    preset: Preset

    @property
    def link(self) -> Link:
        """How the drug in plasma is what the models read."""
        return Link.of(self.regimen.drug, self.state)


def _times(regimen: Regimen, every: QuantityLike | None, until: QuantityLike, begin_h: float) -> np.ndarray:
    end = amounts.hours(until, "until", "week")
    if end > LONGEST_H or end <= begin_h:
        raise InputError(f"until = {until}; slow models run from day {begin_h / 24:g} to two years")
    whole = time_axis(regimen, None, until) if every is None else regular(amounts.hours(every, "every"), end)
    return np.append(begin_h, whole[whole > begin_h + 1e-9])


def course_of(lane: Lane, people: Patients, times: np.ndarray, after: Segment | None) -> Course:
    """Return plasma and both reliefs of every patient."""
    link, values = lane.link, dict(people.parameters)
    first, settled = begin(lane.model, lane.state, values)
    values |= settled
    inside = follower(lane.model, values, first)
    followers = [effect_site(people.count)] + ([] if inside is None else [inside.scaled(link.arterial)])
    apart = lane.model.system.states if inside is None else ()
    kept = None if after is None else after.without(apart)
    body = join(lane.regimen, lane.preset, people.subjects, followers, kept)
    read = body.at(times)
    slow, end = read[..., 2:], body.state_at(float(times[-1]))
    if inside is None:
        if after is not None:
            first = np.stack([after.states[name] for name in apart], axis=1)
        slow = integrate(lane.model, body, link.supply(lane.model), values, first, times)
        end |= {name: slow[:, -1, k] for k, name in enumerate(lane.model.system.states)}
    free = link.free(read[..., 1])
    return Course(
        times,
        natural(lane.state, times),
        plasma=read[..., 0],
        slow=_relief(lane, values, slow, read, times),
        acute=acute(lane.state).relief(free),
        free=free,
        end=Segment(float(times[-1]), end),
    )


def _relief(
    lane: Lane, values: dict[str, np.ndarray], slow: np.ndarray, read: np.ndarray, times: np.ndarray
) -> np.ndarray:
    """Return what the slow model says, shape (patient, time)."""
    known = {name: value[:, None] for name, value in values.items()}
    known |= {name: slow[..., k] for k, name in enumerate(lane.model.system.states)}
    expression = lane.model.system.subexpressions[RELIEF]
    wanted = {symbol.name for symbol in expression.free_symbols}
    known |= lane.link.inputs(times, read[..., :2], known, wanted)
    return np.broadcast_to(evaluate(expression, known), read.shape[:2])
