"""Plan: one run made concrete. Plain arrays, everything random already drawn; every engine reads the same Plan."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Protocol, Self

import numpy as np

from nmdasim.model.check import ModelError
from nmdasim.model.model import Model
from nmdasim.model.symbols import evaluate, evaluator, system
from nmdasim.model.units import in_unit, pretty, same_dimension, steps

_RANDOM = re.compile(r"\b(randn?)\(\)")


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Synaptic events, sorted by time.

    Parameters
    ----------
    time
        Seconds, shape (events,).
    port
        Index into the model's ports, shape (events,).
    table
        Which table each event belongs to, shape (events,); a lane receives the events of its own table.
    weight
        Strength of each event in SI units, the ``weight`` of a port's expression, shape (events,).
    """

    time: np.ndarray
    port: np.ndarray
    table: np.ndarray
    weight: np.ndarray

    @classmethod
    def gather(cls, parts: Sequence[tuple[Any, int, int, float]]) -> Self:
        """Join ``(times, port, table, weight)`` parts and sort them by time, then port."""
        if not parts:
            return cls(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        times = [np.ravel(np.asarray(part[0], dtype=float)) for part in parts]
        columns = [np.repeat(np.array([p[k] for p in parts]), [len(t) for t in times]) for k in (1, 2, 3)]
        time = np.concatenate(times)
        order = np.lexsort((columns[0], time, columns[1]))
        return cls(time[order], *(column[order] for column in columns))

    def of(self, table: int) -> Self:
        """Return the events of one table, in time order."""
        chosen = np.flatnonzero(self.table == table)
        chosen = chosen[np.argsort(self.time[chosen], kind="stable")]
        return type(self)(self.time[chosen], self.port[chosen], self.table[chosen], self.weight[chosen])

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Probe:
    """One variable in one compartment."""

    variable: str
    compartment: int


@dataclass(frozen=True)
class Recording:
    """What a run keeps besides spikes.

    Parameters
    ----------
    traces
        Probes sampled every `sample` seconds; their values at the start of the step.
    sample
        Sampling interval in seconds.
    windows
        Window edges in seconds, shape (windows + 1,).
    summaries
        (probe, kind) pairs reduced over each window.
    """

    traces: tuple[Probe, ...] = ()
    sample: float = 1e-4
    windows: tuple[float, ...] = ()
    summaries: tuple[tuple[Probe, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Plan:
    """One cell over all its lanes.

    Parameters
    ----------
    model
        What is run.
    lanes
        Number of lanes.
    parameters, initial
        SI values, each (lanes or 1, compartments or 1).
    arrivals
        Synaptic events.
    table
        Event table of each lane, shape (lanes,).
    duration, dt
        Seconds.
    method
        Integration scheme; ``""`` is the engine's default.
    tolerance
        Relative tolerance of an adaptive engine.
    threads
        Threads an engine may use; 0 is all cores.
    recording
        What is kept.
    """

    model: Model
    lanes: int
    parameters: Mapping[str, np.ndarray]
    initial: Mapping[str, np.ndarray]
    arrivals: Arrivals
    table: np.ndarray
    duration: float
    dt: float
    method: str = ""
    tolerance: float = 1e-7
    threads: int = 0
    recording: Recording = field(default_factory=Recording)

    @property
    def steps(self) -> int:
        """Number of steps of `dt`."""
        return steps(self.duration, self.dt)

    @property
    def sampled_steps(self) -> int:
        """Steps between two samples of a trace."""
        return max(1, round(self.recording.sample / self.dt))

    def lane(self, index: int) -> Self:
        """Return the plan of a single lane."""

        def row(values: np.ndarray) -> np.ndarray:
            return values[index : index + 1] if values.shape[0] > 1 else values

        return dataclasses.replace(
            self,
            lanes=1,
            parameters={name: row(values) for name, values in self.parameters.items()},
            initial={name: row(values) for name, values in self.initial.items()},
            table=self.table[index : index + 1],
        )

    @cached_property
    def digest(self) -> str:
        """Hash of everything that determines the numbers of this run."""
        h = hashlib.sha256(self.model.digest.encode())
        for mapping in (self.parameters, self.initial):
            for name in sorted(mapping):
                h.update(name.encode() + np.ascontiguousarray(mapping[name]).tobytes())
        for array in (self.arrivals.time, self.arrivals.port, self.arrivals.table, self.arrivals.weight, self.table):
            h.update(np.ascontiguousarray(array).tobytes())
        h.update(repr((self.lanes, self.duration, self.dt, self.method, self.recording)).encode())
        return h.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Link:
    """Spikes of one cell become events of a later one: ``delays`` has shape (tables, synapses)."""

    pre: int
    post: int
    ports: tuple[tuple[int, float], ...]
    delays: np.ndarray


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine returns, plain arrays.

    Parameters
    ----------
    spike_lane, spike_time
        One entry per spike: its lane and its time in seconds, sorted by lane, then time.
    summaries
        One (lanes, windows) array per requested summary.
    traces
        One (lanes, samples) array per probe.
    trace_time
        Seconds, shape (samples,).
    broken
        Lanes whose numbers are no longer finite.
    """

    spike_lane: np.ndarray
    spike_time: np.ndarray
    summaries: tuple[np.ndarray, ...] = ()
    traces: tuple[np.ndarray, ...] = ()
    trace_time: np.ndarray = field(default_factory=lambda: np.empty(0))
    broken: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def spikes_of(self, lane: int) -> np.ndarray:
        """Return the spike times of one lane, in seconds."""
        return self.spike_time[np.searchsorted(self.spike_lane, lane) : np.searchsorted(self.spike_lane, lane + 1)]


#: Concentrations, conductances, capacitances, and their densities.
_NEVER_NEGATIVE = ("mM", "S", "S/cm**2", "F", "F/cm**2")


def parameter_values(model: Model, overrides: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return SI values of every parameter, and of ``area`` where the membrane needs it."""
    values = {base: model.values(base, overrides) for base in model.parameters.bases}
    for base, array in values.items():
        unit = model.parameters.unit_of(base)
        low = [p.bounds[0] for key in model.entries(base) if (p := model.parameters[key]).bounds]
        bounded = (low and min(low) == 0) or any(same_dimension(unit, like) for like in _NEVER_NEGATIVE)
        if bounded and np.any(array < 0):
            raise ModelError(f"{base} = {float(in_unit(array.min(), unit)):g} {pretty(unit)}; it cannot be negative")
    return {"area": np.array([model.morphology.areas])} | values


class Draws(Protocol):
    """What ``rand()`` and ``randn()`` in initial values are drawn from, such as a NumPy generator."""

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        """Draw (lanes, compartments)."""

    def random(self, size: tuple[int, int]) -> np.ndarray:
        """Draw (lanes, compartments)."""


def initial_values(
    model: Model,
    values: Mapping[str, np.ndarray],
    overrides: Mapping[str, Any],
    rng: Draws | np.random.Generator,
    lanes: int,
) -> dict[str, np.ndarray]:
    """Evaluate initial values; expressions may use parameters, subexpressions and other initial values.

    Raises
    ------
    ModelError
        If expressions refer to one another in a circle.
    """
    given = dict(model.initial) | dict(overrides)
    names = (*model.parameters.bases, "area")
    equations = system(model.equations, (*model.parameters.bases, "Cm", "area"))
    done: dict[str, np.ndarray] = {s: np.zeros((1, 1)) for s in equations.states if s not in given}
    pending = {}
    shape = (lanes, len(model.morphology))
    for state, value in given.items():
        if isinstance(value, str):
            text, draws = draw(value, state, rng, shape)
            values = dict(values) | draws
            pending[state] = equations.substitute(text, (*names, *draws))
        else:
            done[state] = np.asarray(value, dtype=float).reshape(-1, 1)
    while pending:
        ready = [s for s, e in pending.items() if not {x.name for x in e.free_symbols} & set(pending)]
        if not ready:
            raise ModelError(f"{model.name}: initial values of {', '.join(pending)} depend on one another")
        for state in ready:
            with np.errstate(all="ignore"):
                result = evaluate(pending.pop(state), {**values, **done, "t": np.zeros((1, 1))})
            done[state] = np.atleast_2d(result)
    _check_start(model, {**values, **done, "t": np.zeros((1, 1))}, done)
    return done


def _check_start(model: Model, values: Mapping[str, np.ndarray], states: Mapping[str, np.ndarray]) -> None:
    """Refuse parameters with which a state, its rate of change or what an event adds to it is not finite."""
    with np.errstate(all="ignore"):
        numbers = zip(_changing(model), _changes(model)({**values, "weight": np.zeros((1, 1))}), strict=True)
    for name, value in [*states.items(), *numbers]:
        if not np.all(np.isfinite(value)):
            raise ModelError(
                f"{model.name}: {name}, its rate of change or what an event adds to it is not finite at the start; "
                "a parameter or an initial value that it depends on is 0 or out of range"
            )


def _changing(model: Model) -> list[str]:
    """Return the state behind each of `_changes`."""
    return [*model.system.derivatives, *(state for port in model.ports.values() for state, _ in port.increments())]


@cache
def _changes(model: Model) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    added = [text for port in model.ports.values() for _, text in port.increments()]
    names = (*model.parameters.bases, "area", "weight", "t")
    return evaluator((*model.system.derivatives.values(), *(model.system.substitute(text, names) for text in added)))


def draw(
    text: str, state: str, rng: Draws | np.random.Generator, shape: tuple[int, int]
) -> tuple[str, dict[str, np.ndarray]]:
    """Replace each ``rand()`` and ``randn()`` by a name and its drawn values."""
    draws: dict[str, np.ndarray] = {}

    def replace(match: re.Match[str]) -> str:
        name = f"drawn_{state}_{len(draws)}"
        draws[name] = rng.standard_normal(shape) if match[1] == "randn" else rng.random(shape)
        return name

    return _RANDOM.sub(replace, text), draws


def state_probes(model: Model, wanted: Probe) -> list[Probe]:
    """Return the states from which a probe can be computed: itself, or what a subexpression depends on."""
    if wanted.variable in model.system.states:
        return [wanted]
    names = {s.name for s in model.system.subexpressions[wanted.variable].free_symbols}
    needed = [state for state in model.system.states if state in names]
    return [Probe(state, wanted.compartment) for state in needed or model.system.states[:1]]


def probe(model: Model, name: str) -> list[Probe]:
    """Resolve a recorded name: a variable everywhere (``"v"``), or in a region's middle (``"v_soma"``).

    Raises
    ------
    ModelError
        If there is no such variable or region.
    """
    variables = {*model.system.states, *model.system.subexpressions}
    if name in variables:
        return [Probe(name, i) for i in range(len(model.morphology))]
    for region in model.morphology.regions:
        if name.endswith(f"_{region}") and name.removesuffix(f"_{region}") in variables:
            return [Probe(name.removesuffix(f"_{region}"), model.morphology.centre(region))]
    regions = ", ".join(model.morphology.regions)
    raise ModelError(
        f"{model.name} has nothing called {name!r} to record; variables are {', '.join(sorted(variables))}, "
        f"each also as NAME_REGION with a region of {regions}"
    )
