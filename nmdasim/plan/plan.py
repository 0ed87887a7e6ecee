"""Plan: one run made concrete. Plain arrays, everything random already drawn; every engine reads the same Plan."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from nmdasim.model.model import Model
from nmdasim.quantities import steps

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
    synapses
        What the synapses onto these lanes hold at the end, by wire: every variable, and ``lastupdate``, the start of the
        step of the last spike, each (synapses,).
    """

    spike_lane: np.ndarray
    spike_time: np.ndarray
    summaries: tuple[np.ndarray, ...] = ()
    traces: tuple[np.ndarray, ...] = ()
    trace_time: np.ndarray = field(default_factory=lambda: np.empty(0))
    broken: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    synapses: Mapping[int, Mapping[str, np.ndarray]] = field(default_factory=dict)

    def spikes_of(self, lane: int) -> np.ndarray:
        """Return the spike times of one lane, in seconds."""
        return self.spike_time[np.searchsorted(self.spike_lane, lane) : np.searchsorted(self.spike_lane, lane + 1)]
