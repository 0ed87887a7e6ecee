"""From outcomes to one labelled Dataset, the same way for cells, chains and networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.model.circuit import Circuit
from nmdasim.model.morphology import Morphology
from nmdasim.plan.plan import Cells, Outcome, Probe
from nmdasim.plan.recorded import recorded, summarised
from nmdasim.run import learned
from nmdasim.run import synapses as synaptic
from nmdasim.run.axes import Axis, coordinate, labelled, lengths, read_as
from nmdasim.run.prepare import Run, traced
from nmdasim.run.question import Question
from nmdasim.run.segments import Final, attach

_MS = {"units": "ms"}


@dataclass(frozen=True)
class Done:
    """A run, what came out of each population, and the place of every instance in the result."""

    run: Run
    outcomes: Sequence[Outcome]
    places: np.ndarray

    @classmethod
    def of(cls, run: Run, outcomes: Sequence[Outcome], every: int) -> Done:
        """Place the instances of a run: those of variant v begin at v × every."""
        return cls(run, outcomes, np.concatenate([v * every + np.arange(every) for v in run.points]))

    @property
    def failed(self) -> np.ndarray:
        """Places of instances in which numbers of a neuron overflowed; no synapse leads from there to another."""
        cells = self.run.plan.cells
        return self.places[
            np.unique(np.concatenate([o.broken // c.size for o, c in zip(self.outcomes, cells, strict=True)]))
        ]


def label(asked: Question, done: Sequence[Done], *, alone: bool) -> xr.Dataset:
    """Return the result.

    Parameters
    ----------
    asked
        What was asked.
    done
        What was run: together they cover every instance.
    alone
        Whether a single cell was asked for, whose result has no dimension of populations.

    Returns
    -------
    xarray.Dataset
        ``spike_count`` (population, …). Of single cells and chains ``spike_time`` (population, …, spike; ms, padded
        with NaN), per-window summaries (…, pulse) and traces (…, time). Of networks ``size`` and ``rate`` (population,
        …; Hz), spikes as a list: ``spike_time`` (spike; ms) with ``spike_neuron``, ``spike_population`` and
        ``spike_lane``, the instance as ``lane`` (…) counts them; traces as
        ``<population>_<variable>`` (…, neuron of that population, time). Where numbers overflowed ``failed`` (…) marks
        it: nothing there holds, and all is NaN.
        ``final_state`` (…, slot) is for ``start=`` of another run.
    """
    axes = [*asked.grid, *asked.axes]
    frame = _Frame(asked.circuit, tuple(axes), frozenset(axis.name for axis in asked.grid), done, alone)
    data = xr.Dataset(coords=labelled(axes) | {axis.name: coordinate(axis) for axis in axes})
    if not alone:
        data["population"] = ("population", list(asked.circuit.populations))
    frame.counts(data)
    frame.table(data) if frame.single else frame.listed(data)
    frame.windows(data)
    frame.traces(data, asked.options.record)
    frame.synapses(data, asked.options.record)
    if all(outcome.final for one in done for outcome in one.outcomes):  # engines need not say how they end
        final = [(d.places, Final.of(d.run.plan.cells, d.outcomes, d.run.plan.instances)) for d in done]
        attach(data, final, frame.dims, {"engine": asked.options.engine, "method": asked.options.method})
        frame.learned(data)
    broken = np.isin(np.arange(frame.instances), np.concatenate([one.failed for one in done]))
    return _without_failed(data, broken.reshape(frame.shape), list(frame.dims)) if broken.any() else data


@dataclass(frozen=True)
class _Frame:
    """The dimensions of a result, and how arrays of the runs fill them."""

    circuit: Circuit
    axes: tuple[Axis, ...]
    grid: frozenset[str]
    done: Sequence[Done]
    alone: bool

    @property
    def dims(self) -> dict[str, int]:
        return lengths(self.axes)

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.dims.values())

    @property
    def instances(self) -> int:
        return math.prod(self.shape)

    @property
    def single(self) -> bool:
        """Whether every population is one neuron."""
        return all(population.size == 1 for population in self.circuit.populations.values())

    def filled(self, parts: Sequence[np.ndarray], *tail: int) -> np.ndarray:
        """Return (…, tail) from one array (instances of the run, up to tail) a run; NaN where a run has nothing."""
        whole = np.full((self.instances, *tail), np.nan)
        for one, part in zip(self.done, parts, strict=True):
            where: tuple[Any, ...] = (one.places, *(slice(n) for n in part.shape[1:]))
            whole[where] = part
        return whole.reshape((*self.shape, *tail))

    def by_population(self, arrays: Sequence[np.ndarray]) -> tuple[list[str], np.ndarray]:
        """Return the leading dimensions, and one array for each population stacked along them."""
        return ([*self.dims], arrays[0]) if self.alone else (["population", *self.dims], np.stack(arrays))

    def of(self, k: int) -> list[tuple[Cells, Outcome]]:
        """Return population k of every run."""
        return [(one.run.plan.cells[k], one.outcomes[k]) for one in self.done]

    # --- spikes ---

    def counts(self, data: xr.Dataset) -> None:
        populations = list(self.circuit.populations.values())
        counts = []
        for k, population in enumerate(populations):
            parts = [np.bincount(o.spike_lane // population.size, minlength=c.lanes // c.size) for c, o in self.of(k)]
            counts.append(self.filled(parts).astype(np.int64))
        dims, number = self.by_population(counts)
        data["spike_count"] = (dims, number, {"units": "1", "long_name": "spikes"})
        if self.single:
            return
        data["size"] = ("population", [p.size for p in populations], {"units": "1", "long_name": "neurons"})
        length = self.filled(
            [np.full(len(one.places), one.run.plan.first.steps * one.run.plan.first.dt) for one in self.done]
        )
        data["rate"] = data["spike_count"] / data["size"] / xr.DataArray(length, dims=list(self.dims))
        data["rate"].attrs = {"units": "Hz", "long_name": "mean rate of a neuron"}

    def table(self, data: xr.Dataset) -> None:
        """Label the spikes of single cells, one row a lane."""
        rows = [[_spike_table(o, c.lanes) for c, o in self.of(k)] for k in range(len(self.circuit.populations))]
        width = max(part.shape[1] for parts in rows for part in parts)
        dims, times = self.by_population([self.filled(parts, width) for parts in rows])
        data["spike"] = ("spike", np.arange(1, width + 1))
        data["spike_time"] = ([*dims, "spike"], times, _MS | {"long_name": "spike time"})

    def listed(self, data: xr.Dataset) -> None:
        """Label the spikes of networks, one entry each."""
        columns: dict[str, list[np.ndarray]] = {"time": [], "neuron": [], "lane": [], "population": []}
        for k in range(len(self.circuit.populations)):
            for one in self.done:
                cells, outcome = one.run.plan.cells[k], one.outcomes[k]
                columns["time"].append(outcome.spike_time * 1e3)
                columns["neuron"].append(outcome.spike_lane % cells.size)
                columns["lane"].append(one.places[outcome.spike_lane // cells.size])
                columns["population"].append(np.full(len(outcome.spike_lane), k))
        for name, parts in columns.items():
            data[f"spike_{name}"] = ("spike", np.concatenate(parts), {"units": "1"})
        data["spike_time"].attrs = _MS | {"long_name": "spike time"}
        names = list(self.circuit.populations)
        data["spike_population"].attrs |= {"flag_values": list(range(len(names))), "flag_meanings": " ".join(names)}
        places = np.arange(self.instances).reshape(self.shape)
        data["lane"] = ([*self.dims], places, {"units": "1", "long_name": "instance, as spike_lane counts them"})

    # --- windows and traces ---

    def windows(self, data: xr.Dataset) -> None:
        """Label the edges of the windows, and what was kept over each; edges by variant where those differ."""
        edges = [np.asarray(one.run.windows) * 1e3 + one.run.plan.first.origin * 1e3 for one in self.done]
        most = max(len(e) for e in edges) - 1
        if most < 1:
            return
        data["pulse"] = ("pulse", np.arange(1, most + 1))
        self._ends(data)
        starts, ends = ([e[where] for e in edges] for where in (slice(None, -1), slice(1, None)))
        for name, parts, text in (
            ("pulse_time", starts, "time of the pulse"),
            ("window_end", ends, "time of the next pulse"),
        ):
            attrs = _MS | {"long_name": text}
            if len(self.done) == 1:
                data[name] = ("pulse", parts[0], attrs)
                continue
            rows = [np.tile(part, (len(one.places), 1)) for part, one in zip(parts, self.done, strict=True)]
            whole = xr.DataArray(self.filled(rows, most), dims=[*self.dims, "pulse"])
            same = dict.fromkeys((dim for dim in self.dims if dim not in self.grid), 0)
            data[name] = whole.isel(same, drop=True).assign_attrs(attrs)
        self._summaries(data, most)

    def _ends(self, data: xr.Dataset) -> None:
        """Label when the run ended; what lies beyond was not observed."""
        seconds = [one.run.plan.first.origin + one.run.plan.first.duration for one in self.done]
        attrs = _MS | {"long_name": "end of the run"}
        if len(set(seconds)) == 1:
            data["run_end"] = ((), seconds[0] * 1e3, attrs)
            return
        whole = self.filled([np.full(len(one.places), s * 1e3) for one, s in zip(self.done, seconds, strict=True)])
        same = dict.fromkeys((dim for dim in self.dims if dim not in self.grid), 0)
        data["run_end"] = xr.DataArray(whole, dims=list(self.dims)).isel(same, drop=True).assign_attrs(attrs)

    def _summaries(self, data: xr.Dataset, most: int) -> None:
        kept = self.of(len(self.circuit.populations) - 1)
        cell = self.circuit.cells[self.circuit.output]
        if not kept[0][0].recording.windows:
            return
        found = [_observed(cells, summarised(cells, outcome)) for cells, outcome in kept]
        for (name, summary), parts in zip(cell.summaries.items(), zip(*found, strict=True), strict=True):
            values = self.filled(parts, most)
            unit = summary.unit or cell.unit_of(summary.variable)
            attrs = {"units": quantities.pretty(unit), "long_name": summary.long_name}
            data[name] = ([*self.dims, "pulse"], quantities.in_unit(values, unit), attrs)

    def traces(self, data: xr.Dataset, record: Sequence[str]) -> None:
        """Label recorded variables; those of networks with the name of their population and a dimension of neurons."""
        for k, (name, population) in enumerate(self.circuit.populations.items()):
            for p in traced(self.circuit, name, record):
                runs = self.of(k)
                times = max((outcome.trace_time for _, outcome in runs), key=len) * 1e3
                data["time"] = ("time", times, _MS)
                found = [recorded(cells, outcome, p) for cells, outcome in runs]
                size = () if self.single else (population.size,)
                parts = [
                    np.broadcast_to(values, (c.lanes, values.shape[-1])).reshape(
                        c.lanes // c.size, *size, values.shape[-1]
                    )
                    for (values, _), (c, _) in zip(found, runs, strict=True)
                ]
                own = [] if self.single else [f"neuron_{name}"]
                where = variable_name(population.model.morphology, p)
                shown = where if self.single else f"{name}_{where}"
                table = self.filled(parts, *size, len(times))
                told = {"long_name": text} if (text := read_as(p.variable, found[0][1])) else {}
                data[shown] = ([*self.dims, *own, "time"], table, {"units": found[0][1]} | told)

    # --- synapses ---

    def synapses(self, data: xr.Dataset, record: Sequence[str]) -> None:
        """Label what recorded synapses hold at the end; what differs in number between instances is padded with NaN."""
        for name in synaptic.split(self.circuit, record)[1]:
            found = [synaptic.recorded(one.run.plan, one.outcomes, name) for one in self.done]
            label = name.rpartition(".")[0]
            width = max(table.shape[1] for part in found for table in part.columns.values())
            for key, unit in found[0].units.items():
                table = self.filled([part.columns[key] for part in found], width)
                data[key] = ([*self.dims, f"synapse_{label}"], table, {"units": unit})

    def learned(self, data: xr.Dataset) -> None:
        """Label what synapses with a state hold at the end, for a run that goes on."""
        for k, wire in enumerate(self.done[0].run.plan.wires):
            if wire.plastic is None:
                continue
            tables = [learned.held(one.run.plan, one.outcomes, k) for one in self.done]
            width = max(values.shape[1] for part in tables for values in part.values())
            flights = [learned.on_their_way(one.run.plan, one.outcomes, k) for one in self.done]
            for one, flight in zip(self.done, flights, strict=True):
                flight[0] = one.places[flight[0]]
            whole = {name: self.filled([part[name] for part in tables], width) for name in tables[0]}
            learned.attach(data, wire.plastic.label, list(self.dims), whole, np.concatenate(flights, axis=1))


def _observed(cells: Cells, values: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return summaries with NaN for what was not observed: an extremum of a window that the run's end cut, a start."""
    edges = np.asarray(cells.recording.windows)
    over, begun = (times <= cells.duration * (1 + 1e-9) for times in (edges[1:], edges[:-1] + cells.dt))
    kinds = [summary.kind for summary in cells.model.summaries.values()]
    return [np.where(begun if k == "start" else over, v, np.nan) for k, v in zip(kinds, values, strict=True)]


def variable_name(shape: Morphology, p: Probe) -> str:
    """Return a recorded variable with the region whose middle it is from, else with the number of its compartment."""
    if len(shape) == 1:
        return p.variable
    region = next(name for name, where in shape.regions.items() if p.compartment in where)
    return f"{p.variable}_{region if p.compartment == shape.centre(region) else p.compartment}"


def _spike_table(outcome: Outcome, lanes: int) -> np.ndarray:
    """Return spike times in ms as (lanes, most spikes), padded with NaN."""
    counts = np.bincount(outcome.spike_lane, minlength=lanes)
    table = np.full((lanes, max(counts.max(initial=0), 1)), np.nan)
    rank = np.arange(len(outcome.spike_lane)) - np.repeat(np.cumsum(counts) - counts, counts)
    table[outcome.spike_lane, rank] = outcome.spike_time * 1e3
    return table


def _without_failed(data: xr.Dataset, where: np.ndarray, dims: list[str]) -> xr.Dataset:
    """Mark the instances whose numbers overflowed; leave out their spikes, put NaN for all else."""
    attrs: dict[str, Any] = data.attrs
    if "spike_lane" in data:
        data = data.isel(spike=~where.ravel()[data["spike_lane"].values])
    failed = xr.DataArray(where, dims=dims)
    for name, values in data.data_vars.items():
        if set(dims) <= set(values.dims) and name != "lane":
            data[name] = values.where(~failed)
    data["failed"] = (dims, where, {"long_name": "numbers overflowed; nothing here holds"})
    return data.assign_attrs(attrs)
