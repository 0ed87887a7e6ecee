"""The drug in the patients: the exact course of pharmacology, joined to further linear states, in one system.

Plasma follows from doses by the linear system of :mod:`nmdasim.pharmacology`. What follows plasma linearly (the effect
site of pain relief, and a slow model that is linear) becomes more rows of the same matrix, so it is as exact, and no
output grid or step plays a part.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from nmdasim.errors import InputError
from nmdasim.pharmacology.compartments import System, build
from nmdasim.pharmacology.presets import Preset, number
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.solve import Inputs, Solution
from nmdasim.pharmacology.subjects import Subjects
from nmdasim.pharmacology.timeline import inputs

#: kg/m³ in 1 ng/ml.
_SI = 1e-6


@dataclass(frozen=True, eq=False)
class Follower:
    """Linear states that follow plasma: dy/dt = A·y + b·C, with C in kg/m³.

    Parameters
    ----------
    names
        Of the states.
    matrix
        A in 1/s, shape (patient, state, state).
    input
        b in (unit of y)/s per kg/m³, shape (patient, state).
    start
        y at the beginning, shape (patient, state).
    """

    names: tuple[str, ...]
    matrix: np.ndarray
    input: np.ndarray
    start: np.ndarray

    def scaled(self, factor: float) -> Follower:
        """Return the same states, following `factor` times plasma."""
        return dataclasses.replace(self, input=self.input * factor)


def effect_site(patients: int) -> Follower:
    """Return the effect site of pain relief: it follows plasma with the half-life of Olofsen et al. 2012, in kg/m³."""
    rate = np.full((patients, 1), np.log(2) / (number("effect_site", "half_life_pain", "h") * 3600))
    return Follower(("pain_site",), -rate[:, :, None], rate, np.zeros((patients, 1)))


@dataclass(frozen=True, eq=False)
class Body:
    """Plasma and what follows it, at every time.

    Parameters
    ----------
    solution
        Of the joined system.
    readout
        Weights of its states: plasma in ng/ml, then each state that follows in its own unit.
    states
        Names of its states.
    """

    solution: Solution
    readout: np.ndarray
    states: tuple[str, ...]

    def at(self, times_h: np.ndarray) -> np.ndarray:
        """Return plasma (ng/ml) and the states that follow, shape (patient, time, 1 + states)."""
        return self.solution.at(times_h, self.readout)

    def stretch(self, k: int) -> Stretch:
        """Return the course after edge `k`, for an integrator."""
        return Stretch(self, k)

    @cached_property
    def edges_h(self) -> np.ndarray:
        """Times at which something is given, begins or ends."""
        return self.solution.inputs.times

    def state_at(self, time_h: float) -> dict[str, np.ndarray]:
        """Return every state of the system just after a time by name, each of shape (patient,)."""
        everything = np.broadcast_to(np.eye(len(self.states)), self.solution.matrix.shape)
        return dict(zip(self.states, _values(self.solution, time_h, everything).T, strict=True))


@dataclass(frozen=True, eq=False)
class Stretch:
    """Plasma and what follows it between two edges."""

    body: Body
    k: int

    def at(self, time_h: float) -> np.ndarray:
        """Return plasma (ng/ml) and the states that follow at one time, shape (patient, 1 + states)."""
        solution = self.body.solution
        elapsed = np.array([time_h - solution.inputs.times[self.k]])
        rate = solution.inputs.rates[self.k]
        return solution.flow(solution.starts[self.k], rate, elapsed, self.body.readout)[:, 0]


def _values(solution: Solution, time_h: float, readout: np.ndarray) -> np.ndarray:
    k = int(np.searchsorted(solution.inputs.times, time_h + 1e-9, side="right")) - 1
    elapsed = np.array([max(time_h - solution.inputs.times[k], 0.0)])
    return solution.flow(solution.starts[k], solution.inputs.rates[k], elapsed, readout)[:, 0]


def join(
    regimen: Regimen, preset: Preset, subjects: Subjects, followers: list[Follower], after: Segment | None = None
) -> Body:
    """Return the body of some patients under a regimen.

    Parameters
    ----------
    regimen
        Of one subject.
    preset
        Pharmacokinetics.
    subjects
        The patients.
    followers
        What follows plasma.
    after
        Where an earlier run stopped: doses up to then are past, and every state goes on from it.

    Raises
    ------
    InputError
        If the earlier run had other states.
    """
    system, scale = _extended(build(preset, subjects), followers)
    given = inputs(regimen, system)
    offset = len(system.states) - sum(len(one.names) for one in followers)
    if after is None:
        given.jumps[0, :, offset:] += np.concatenate([one.start for one in followers], axis=1) / scale[:, None]
    else:
        given = _from(given, after, system.states)
    return _reduced(system, given, offset)


@dataclass(frozen=True, eq=False)
class Segment:
    """Where a run stopped: its time, and every state of the body by name, each of shape (patient,)."""

    time_h: float
    states: dict[str, np.ndarray]

    def without(self, names: Iterable[str]) -> Segment:
        """Return the same without some states."""
        left = set(self.states) - set(names)
        return Segment(self.time_h, {name: self.states[name] for name in self.states if name in left})


def _extended(system: System, followers: list[Follower]) -> tuple[System, np.ndarray]:
    """Return the system with the states that follow, in mg: as much as makes their concentration in V1."""
    scale = system.readout[:, 0, 0] * _SI
    own, more = len(system.states), [name for one in followers for name in one.names]
    size = own + len(more)
    matrix = np.zeros((system.subjects.count, size, size))
    matrix[:, :own, :own] = system.matrix
    place = own
    for one in followers:
        rows = slice(place, place + len(one.names))
        matrix[:, rows, rows] = one.matrix * 3600
        matrix[:, rows, 0] = one.input * 3600
        place += len(one.names)
    readout = np.zeros((system.subjects.count, 1 + len(more), size))
    readout[:, 0, :own] = system.readout[:, 0]
    for k in range(len(more)):
        readout[:, 1 + k, own + k] = scale
    states = (*system.states, *more)
    return dataclasses.replace(system, states=states, matrix=matrix, readout=readout), scale


def _from(given: Inputs, after: Segment, states: tuple[str, ...]) -> Inputs:
    """Return what is still to be given, with all that was left at the stop put in at once."""
    k = int(np.searchsorted(given.times, after.time_h + 1e-9, side="right")) - 1
    left = np.zeros_like(given.jumps[0])
    for place, name in enumerate(states):
        left[:, place] = after.states.get(name, 0.0)
    unknown = set(after.states) - set(states)
    if unknown:
        raise InputError(
            f"start: it holds {', '.join(sorted(unknown))}; go on with the model and preset it was run with"
        )
    later = slice(k + 1, None)
    return Inputs(
        np.concatenate([[after.time_h], given.times[later]]),
        np.concatenate([[False], given.resets[later]]),
        np.concatenate([left[None], given.jumps[later]]),
        given.rates[k:],
    )


def _reduced(system: System, given: Inputs, offset: int) -> Body:
    """Leave out the states that stay empty, and those that nothing that is read depends on."""
    flows = (system.matrix != 0).any(axis=0)
    filled = (given.jumps != 0).any(axis=(0, 1)) | (given.rates != 0).any(axis=(0, 1))
    needed = (system.readout != 0).any(axis=(0, 1))
    for _ in system.states:
        filled = filled | (flows & filled).any(axis=1)
        needed = needed | (flows.T & needed).any(axis=1)
    place = np.arange(len(system.states))
    keep = np.flatnonzero((filled & needed) | (place >= offset) | (place == 0))
    matrix = system.matrix[:, keep[:, None], keep]
    some = Inputs(given.times, given.resets, given.jumps[..., keep], given.rates[..., keep])
    names = tuple(system.states[k] for k in keep)
    return Body(Solution(matrix, some), system.readout[..., keep], names)
