"""Plan: one run made concrete. Plain arrays, everything random already drawn; every engine reads the same Plan.

A single cell is a plan of one population of size one, its lanes the instances; a chain is one of such populations whose
wires lead forward. No synapse leads from one instance to another: neuron k of instance r is lane r × size + k of its
population.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np

from nmdasim.model.identity import digest
from nmdasim.model.model import Model
from nmdasim.plan.plastic import Plastic
from nmdasim.quantities import steps


def nearest_steps(seconds: np.ndarray, dt: float) -> np.ndarray:
    """Return times in whole steps: what is due within half a step of t acts at t, as in NEURON."""
    return np.ceil(seconds / dt - 0.5 - 1e-9).astype(np.int64)


def whole_steps(seconds: np.ndarray, dt: float) -> np.ndarray:
    """Return times in whole steps, as :func:`nearest_steps`; what was due before acts at 0."""
    return np.maximum(nearest_steps(seconds, dt), 0)


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Synaptic events, sorted by table, then time.

    Parameters
    ----------
    time
        Seconds from the start of the run, shape (events,).
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
        """Join ``(times, port, table, weight)`` parts and sort them by table, time, then port."""
        if not parts:
            return cls(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        times = [np.ravel(np.asarray(part[0], dtype=float)) for part in parts]
        port, table, weight = (np.repeat(np.array([p[k] for p in parts]), [len(t) for t in times]) for k in (1, 2, 3))
        return cls.sorted(np.concatenate(times), port, table, weight)

    @classmethod
    def sorted(cls, time: np.ndarray, port: np.ndarray, table: np.ndarray, weight: np.ndarray) -> Self:
        """Return events given in any order."""
        order = np.lexsort((port, time, table))
        return cls(time[order], port[order], table[order], np.asarray(weight, dtype=float)[order])

    def of(self, table: int) -> Self:
        """Return the events of one table, in time order."""
        own = slice(np.searchsorted(self.table, table), np.searchsorted(self.table, table + 1))
        return type(self)(self.time[own], self.port[own], self.table[own], self.weight[own])

    def steps(self, dt: float) -> np.ndarray:
        """Return the step at which each event acts."""
        return whole_steps(self.time, dt)

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
        Window edges in seconds from the start of the run, shape (windows + 1,).
    summaries
        (probe, kind) pairs reduced over each window.
    """

    traces: tuple[Probe, ...] = ()
    sample: float = 1e-4
    windows: tuple[float, ...] = ()
    summaries: tuple[tuple[Probe, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Held:
    """What a population holds at the end of a run besides its states.

    Parameters
    ----------
    ready
        1 outside the refractory period, shape (lanes,).
    wait
        Steps of the refractory period that are left, shape (lanes,).
    pending
        Spikes on their way: time in seconds from the end, the lane in place of a table.
    """

    ready: np.ndarray
    wait: np.ndarray
    pending: Arrivals = field(default_factory=lambda: Arrivals.gather([]))


@dataclass(frozen=True, eq=False)
class Cells:
    """One population over all its lanes.

    Parameters
    ----------
    model
        What each neuron is.
    lanes
        Number of lanes: instances × `size`.
    parameters, initial
        SI values, each (lanes or 1, compartments or 1).
    arrivals
        Synaptic events from outside the circuit.
    table
        Event table of each lane, shape (lanes,).
    duration, dt
        Seconds.
    name, size
        Of the population; neurons of one instance.
    method
        Integration method; ``""`` is the engine's default.
    tolerance
        Relative tolerance of an adaptive engine.
    threads
        Threads an engine may use; 0 is all cores.
    recording
        What is kept.
    begin
        Whole steps that were taken before this run, in those that it goes on from: time is ``begin·dt`` at its start.
    held
        What the run that it goes on from left besides the states; None for a fresh start.
    moving
        States that may differ from 0 at the start, here or in a run that this one goes on from.
    keys
        What each lane's random numbers follow from, 48 bits, shape (lanes,); empty where the model draws none.
    """

    model: Model
    lanes: int
    parameters: Mapping[str, np.ndarray]
    initial: Mapping[str, np.ndarray]
    arrivals: Arrivals
    table: np.ndarray
    duration: float
    dt: float
    name: str = ""
    size: int = 1
    method: str = ""
    tolerance: float = 1e-7
    threads: int = 0
    recording: Recording = field(default_factory=Recording)
    begin: int = 0
    held: Held | None = None
    moving: frozenset[str] = frozenset()
    keys: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def steps(self) -> int:
        """Number of steps of `dt`."""
        return steps(self.duration, self.dt)

    @property
    def origin(self) -> float:
        """Time at the start of the run, in seconds."""
        return self.begin * self.dt

    @property
    def sampled_steps(self) -> int:
        """Steps between two samples of a trace; samples are taken at whole multiples of them."""
        return max(1, round(self.recording.sample / self.dt))

    @property
    def sampled(self) -> np.ndarray:
        """Times of the samples of a trace, in seconds."""
        every = self.sampled_steps
        return np.arange(-(-self.begin // every), -(-(self.begin + self.steps) // every)) * every * self.dt

    def lane(self, index: int) -> Self:
        """Return a single lane."""

        def row(values: np.ndarray) -> np.ndarray:
            return values[index : index + 1] if values.shape[0] > 1 else values

        held = self.held
        if held is not None:
            held = Held(row(held.ready), row(held.wait), held.pending)
        return dataclasses.replace(
            self,
            lanes=1,
            parameters={name: row(values) for name, values in self.parameters.items()},
            initial={name: row(values) for name, values in self.initial.items()},
            table=self.table[index : index + 1],
            keys=row(self.keys) if self.keys.size else self.keys,
            held=held,
        )

    @property
    def identity(self) -> dict[str, Any]:
        """Everything of it that moves a number."""
        kept = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name != "threads"}
        return kept | {"model": self.model.digest, "moving": sorted(self.moving)}


@dataclass(frozen=True, eq=False)
class Wire:
    """The synapses of one projection, over all instances of the circuit.

    Parameters
    ----------
    pre, post, port
        Index of the source (populations, then inputs), of the population, and of its port.
    source, target
        Lanes, shape (synapses,), sorted by source.
    weight
        SI, shape (synapses,) or (1,).
    delay
        Seconds from the end of the step of the spike, shape (synapses,) or (1,).
    plastic
        What its synapses hold, where they have equations of their own; its actions are then what an event does.
    """

    pre: int
    post: int
    port: int
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    plastic: Plastic | None = None

    def delay_steps(self, dt: float) -> np.ndarray:
        """Return the delays in whole steps."""
        return whole_steps(self.delay, dt)


@dataclass(frozen=True, eq=False)
class Volley:
    """What one input fires: steps from the start of the run, ascending, and lanes (instance × size + fibre)."""

    step: np.ndarray
    lane: np.ndarray
    lanes: int


@dataclass(frozen=True, eq=False)
class Plan:
    """One run of a cell or a circuit.

    Parameters
    ----------
    instances
        Copies of the circuit (what varies × seeds) that run beside each other.
    cells
        Populations.
    inputs
        What fibres fire.
    wires
        Synapses.
    """

    instances: int
    cells: tuple[Cells, ...]
    inputs: tuple[Volley, ...] = ()
    wires: tuple[Wire, ...] = ()

    @property
    def first(self) -> Cells:
        """A population, for what all share: step, duration, method, threads."""
        return self.cells[0]

    @property
    def runs_in_turn(self) -> bool:
        """Whether populations can run in turn.

        Every wire then leads from an input or an earlier population, and its synapses have no state, which would change
        with the spikes of both.
        """
        forward = all(wire.pre < wire.post or wire.pre >= len(self.cells) for wire in self.wires)
        return forward and all(wire.plastic is None for wire in self.wires)

    @property
    def is_chain(self) -> bool:
        """Whether it is a single cell, or single cells that run in turn."""
        return self.runs_in_turn and not self.inputs and all(cells.size == 1 for cells in self.cells)

    @property
    def sources(self) -> list[int]:
        """Lanes of each population, then of each input."""
        return [cells.lanes for cells in self.cells] + [volley.lanes for volley in self.inputs]

    def instance_lanes(self, total: int, part: range) -> np.ndarray:
        """Return the lanes of some instances in a population, or input, of `total` lanes."""
        size = total // self.instances
        return np.arange(part.start * size, part.stop * size)

    @cached_property
    def digest(self) -> str:
        """Hash of everything that determines the numbers of this run on a given engine."""
        parts = [cells.identity for cells in self.cells]
        return digest({"instances": self.instances, "cells": parts, "inputs": self.inputs, "wires": self.wires})


@dataclass(frozen=True, eq=False)
class Outcome:
    """What an engine returns of one population, plain arrays.

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
        Lanes whose numbers are no longer finite, in whatever state.
    final
        Every state at the end as the engine holds it, shape (lanes, compartments); NaN where it was not followed.
    held
        What it holds besides.
    synapses
        What the synapses onto these lanes hold at the end, by wire: every variable, and ``lastupdate``, the start of
        the step of the last spike, each (synapses,).
    """

    spike_lane: np.ndarray
    spike_time: np.ndarray
    summaries: tuple[np.ndarray, ...] = ()
    traces: tuple[np.ndarray, ...] = ()
    trace_time: np.ndarray = field(default_factory=lambda: np.empty(0))
    broken: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    final: Mapping[str, np.ndarray] = field(default_factory=dict)
    held: Held | None = None
    synapses: Mapping[int, Mapping[str, np.ndarray]] = field(default_factory=dict)

    def spikes_of(self, lane: int) -> np.ndarray:
        """Return the spike times of one lane, in seconds."""
        return self.spike_time[np.searchsorted(self.spike_lane, lane) : np.searchsorted(self.spike_lane, lane + 1)]
