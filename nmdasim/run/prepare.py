"""What is asked → plans: one for all variants of a protocol that last equally long, their lanes beside each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.check import uses_weight
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.model.model import Model
from nmdasim.model.population import named
from nmdasim.plan import firing, memory
from nmdasim.plan.plan import Arrivals, Cells, Plan, Probe, Recording, nearest_steps
from nmdasim.plan.recorded import probe, state_probes, summary_probes
from nmdasim.plan.wiring import volleys, wires
from nmdasim.protocols.protocol import Arrival
from nmdasim.run import learned
from nmdasim.run import synapses as synaptic
from nmdasim.run.axes import columns
from nmdasim.run.options import Options
from nmdasim.run.question import Question
from nmdasim.run.values import keys, population_values


@dataclass(frozen=True)
class Run:
    """A plan, and which variants of the protocol its lanes are, in the order of the grid of variants."""

    circuit: Circuit
    plan: Plan
    points: tuple[int, ...]
    windows: tuple[float, ...] = ()


def prepare(asked: Question) -> list[Run]:
    """Make plans: one for all variants of one length and with the same windows.

    Raises
    ------
    InputError
        If no duration is known, or windows do not follow one another.
    """
    groups: dict[Any, list[tuple[int, Any]]] = {}
    for place, one in asked.variants():
        length = asked.duration if asked.duration is not None else one.duration
        if length is None:
            raise InputError("give a duration, as in simulate(model, duration='200 ms')")
        windows = _windows(one.windows, asked.options.dt)
        groups.setdefault((float(length), windows), []).append((place, one))
    return [_run(asked, group, length, windows) for (length, windows), group in groups.items()]


def _windows(given: Sequence[float], dt: float) -> tuple[float, ...]:
    """Return the edges of windows, checked: an engine with a fixed step goes through them one by one."""
    edges = tuple(float(edge) for edge in given)
    short = np.flatnonzero(~(np.diff(nearest_steps(np.nan_to_num(edges), dt)) >= 1))
    if len(short):
        one, other = edges[short[0]], edges[short[0] + 1]
        raise InputError(
            f"a window of the protocol goes from {one:g} s to {other:g} s; edges increase, by a step of "
            f"{dt * 1e3:g} ms or more"
        )
    return edges


def _run(asked: Question, group: Sequence[tuple[int, Any]], length: float, windows: tuple[float, ...]) -> Run:
    """Make the plan of some variants: instance v × every + k is the kth lane of the vth of them."""
    circuit, options, every = asked.circuit, asked.options, asked.every
    lanes = every * len(group)
    spikes = sum(memory.spikes(p.model, lanes * p.size, length) for p in circuit.populations.values())
    memory.check(8 * lanes * (2 * len(asked.axes) + 1) + spikes, counted(circuit, lanes), "run fewer at a time")
    values = {name: np.tile(column, len(group)) for name, column in columns(asked.axes).items()}
    seeds = [int(seed) for seed in values.pop("seed")]
    places = np.concatenate([place * every + np.arange(every) for place, _ in group])
    drawn = _Drawn.of(circuit, [one for _, one in group], seeds, every, options.baths)
    arriving = drawn.arrivals(circuit, places, every * math.prod(axis.values.size for axis in asked.grid))
    fixed = {axis.name for axis in asked.axes if not axis.values.ndim}
    overrides = {name: column[:1] if name in fixed else column for name, column in values.items()}
    begin = asked.start.begin if asked.start else 0
    cells = []
    for name, population in circuit.populations.items():
        rows = asked.start.rows(places) if asked.start else None
        parameters, initial = population_values(name, population, overrides, seeds, places, asked)
        moving = frozenset(state for state, start in initial.items() if np.any(start != 0))
        held = None
        if asked.start is not None and rows is not None:
            initial, held, before = asked.start.resume(name, population, rows, initial)
            moving |= before
        table, events = arriving[name]
        cells.append(
            Cells(
                population.model,
                lanes * population.size,
                parameters,
                initial,
                events,
                np.repeat(table, population.size),
                length,
                options.dt,
                name,
                population.size,
                options.method,
                options.tolerance,
                options.threads,
                _recording(circuit, name, options, windows),
                begin,
                held,
                moving,
                keys(name, population, seeds),
            )
        )
        firing.check(cells[-1])
    fired = volleys(drawn.inputs(circuit), seeds, length, options.dt)
    wired = wires(circuit, seeds, drawn.bundles(), cells, overrides, options.threads)
    if asked.start is not None:
        sizes = [part.size for part in (*circuit.populations.values(), *circuit.inputs.values())]
        wired = learned.resumed(wired, sizes, asked.start.result, asked.start.rows(places))
    return Run(circuit, Plan(lanes, tuple(cells), fired, wired), tuple(place for place, _ in group), windows)


def counted(circuit: Circuit, number: int) -> str:
    """Return a number of runs in words: lanes of single cells and chains, instances of networks."""
    single = all(population.size == 1 for population in circuit.populations.values())
    return f"{quantities.several(number, 'lane' if single else 'instance')} of {circuit.name}"


# --- what is recorded ------------------------------------------------------------------------------------------------


def traced(circuit: Circuit, name: str, record: Sequence[str]) -> list[Probe]:
    """Return the probes of one population.

    A variable of a network is recorded wherever there is one of that name, of single cells in the output.

    Raises
    ------
    ModelError
        If no population has it.
    """
    alone = all(population.size == 1 for population in circuit.populations.values())
    cells = {circuit.output: circuit.cells[circuit.output]} if alone else circuit.cells
    found: list[Probe] = []
    for variable in synaptic.split(circuit, record)[0]:
        known, errors = {}, []
        for population, cell in cells.items():
            try:
                known[population] = probe(cell, variable)
            except ModelError as error:
                errors.append(error)
        if not known:
            raise errors[-1]
        found += known.get(name, [])
    return found


def _recording(circuit: Circuit, name: str, options: Options, windows: tuple[float, ...]) -> Recording:
    cell = circuit.cells[name]
    probes = traced(circuit, name, options.record)
    states = tuple(dict.fromkeys(state for p in probes for state in state_probes(cell, p)))
    kept = _summaries(circuit, cell) if name == circuit.output else ()
    return Recording(states, max(options.sample, options.dt), windows if kept else (), kept if windows else ())


def _summaries(circuit: Circuit, cell: Model) -> tuple[tuple[Probe, str], ...]:
    """Return the per-window read-outs of a cell that runs alone or last in a chain."""
    if any(population.size > 1 for population in circuit.populations.values()):
        return ()
    return summary_probes(cell)


# --- what is drawn ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Drawn:
    """What arrives, for each variant and seed: drawn once, and shared by all lanes of both.

    Parameters
    ----------
    protocols
        The variants.
    which
        For each instance, the index of its draw.
    every
        Instances of one variant.
    draws
        What arrives from outside, and the delays of each bundle by its place among the projections.
    """

    protocols: Sequence[Any]
    which: np.ndarray
    every: int
    draws: Sequence[tuple[list[Arrival], dict[int, np.ndarray]]]

    @classmethod
    def of(
        cls, circuit: Circuit, protocols: Sequence[Any], seeds: Sequence[int], every: int, baths: Sequence[Any]
    ) -> _Drawn:
        known, first = np.unique(seeds, return_inverse=True)
        which = np.repeat(np.arange(len(protocols)), every) * len(known) + first
        draws = []
        for one in protocols:
            for seed in known:
                rng = np.random.default_rng(np.random.SeedSequence(int(seed)))
                parts = [_arrival(circuit, *part) for source in (one, *baths) for part in source.arrivals(circuit, rng)]
                draws.append((parts, _delays(circuit, one, rng)))
        return cls(protocols, which, every, draws)

    def inputs(self, circuit: Circuit) -> list[Mapping[str, Any]]:
        """Return the sources behind the circuit's inputs, for every instance."""
        found = [circuit.driven(**one.sources(circuit)).inputs for one in self.protocols]
        return [sources for sources in found for _ in range(self.every)]

    def bundles(self) -> dict[int, np.ndarray]:
        """Return the delays of each bundle in seconds, shape (instances, synapses)."""
        return {k: np.stack([delays[k] for _, delays in self.draws])[self.which] for k in self.draws[0][1]}

    def arrivals(self, circuit: Circuit, places: np.ndarray, total: int) -> dict[str, tuple[np.ndarray, Arrivals]]:
        """Return the event table of every instance, and the events, of every population."""
        table, rows = self._rows(places, total)
        parts: dict[str, list[Any]] = {name: [] for name in circuit.populations}
        for row, (draw, reached) in enumerate(rows):
            for one, reaches in zip(self.draws[draw][0], reached, strict=True):
                if reaches:
                    port = list(circuit.cells[one.population].ports).index(one.port)
                    parts[one.population].append((one.times, port, row, one.weight or 0.0))
        return {name: (table, Arrivals.gather(found)) for name, found in parts.items()}

    def _rows(self, places: np.ndarray, total: int) -> tuple[np.ndarray, list[tuple[int, tuple[bool, ...]]]]:
        """Return the table of every instance; of every table, its draw and whether each part of that reaches it.

        Lanes of one draw share a table, but for events that address some lanes only.
        """
        rows: dict[tuple[int, tuple[bool, ...]], int] = {}
        addressed = any(part.lanes is not None for parts, _ in self.draws for part in parts)
        whole = [(k, (True,) * len(parts)) for k, (parts, _) in enumerate(self.draws)]
        if not addressed:
            return self.which, whole
        table = np.empty(len(self.which), dtype=np.int64)
        for k, (draw, place) in enumerate(zip(self.which, places, strict=True)):
            parts = self.draws[draw][0]
            for part in parts:
                _check_lanes(part, total)
            key = int(draw), tuple(part.lanes is None or int(place) in part.lanes for part in parts)
            table[k] = rows.setdefault(key, len(rows))
        return table, list(rows)


def _arrival(circuit: Circuit, *part: Any) -> Arrival:
    """Return what a protocol brings, checked: whoever wrote it, events have times, and a weight where one acts."""
    one = Arrival(*part)
    cell = named("population", one.population, circuit.populations, circuit.name).model
    what = f"events on port {one.port!r}"
    if one.port not in cell.ports:
        raise ModelError(f"{cell.name} has no port {one.port!r}{nearest(one.port, cell.ports)}")
    if one.weight is None and uses_weight(cell, one.port):
        raise ModelError(f"{what}: {cell.name} adds {cell.ports[one.port].effect!r}; give a weight")
    if not np.all(np.isfinite(one.times)) or np.any(np.asarray(one.times) < 0):
        raise ModelError(f"{what}: times are finite and not negative, in seconds")
    if one.weight is not None and not np.isfinite(one.weight):
        raise ModelError(f"{what}: weight = {one.weight} is not finite; give finite numbers")
    return one


def _check_lanes(part: Arrival, total: int) -> None:
    if beyond := [lane for lane in part.lanes or () if lane >= total]:
        raise ModelError(
            f"events on port {part.port!r} address lane {beyond[0]}; this run has the lanes 0 to {total - 1}"
        )


def _delays(circuit: Circuit, protocol: Any, rng: np.random.Generator) -> dict[int, np.ndarray]:
    """Return the delays of every bundle: drawn, or from the protocol's latency table."""
    bundles = {k: link for k, link in enumerate(circuit.projections) if link.latency is not None}
    return {k: _bundle(circuit, link, protocol, rng) for k, link in bundles.items()}


def _bundle(circuit: Circuit, link: Projection, protocol: Any, rng: np.random.Generator) -> np.ndarray:
    latency = link.latency
    assert latency is not None
    given = getattr(protocol, "latencies", {}).get(latency.table)
    if given is None:
        return latency.draw(1, rng)[0]
    row = np.atleast_2d(quantities.si(given, "ms", name=f"latencies of {latency.table}"))
    if row.shape != (1, latency.synapses):
        raise InputError(
            f"latencies of {latency.table} have shape {row.shape}; {circuit.name} keeps one fixed delay for each "
            f"of its {latency.synapses} relay synapses: give one row or one column of {latency.synapses}"
        )
    return np.asarray(row[0])
