"""Run single cells and feed-forward chains: what is asked → plans → labelled result."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.plan import memory
from nmdasim.plan.plan import Arrivals, Link, Outcome, Plan, Recording
from nmdasim.plan.recorded import probe, recorded, state_probes, summarised, summary_probes
from nmdasim.plan.values import initial_values, parameter_values
from nmdasim.protocols import WindUp
from nmdasim.run.axes import Axis, columns, coordinate, lengths
from nmdasim.run.options import Options

_LOG = logging.getLogger("nmdasim")


@dataclass(frozen=True)
class Run:
    """Cells that run together under one protocol."""

    labels: Mapping[str, Any]
    plans: tuple[Plan, ...]
    links: tuple[Link, ...]
    protocol: Any


def prepare(
    model: Model | Circuit, labels: Mapping[str, Any], protocol: Any, axes: list[Axis], options: Options, length: float
) -> Run:
    """Make one variant of a protocol concrete: a plan for each cell, and what passes between them."""
    lanes = math.prod(lengths(axes).values())
    spikes = sum(memory.spikes(cell, lanes, length) for cell in cells_of(model).values())
    memory.check(8 * lanes * (2 * len(axes) + 1) + spikes, f"{lanes:,} lanes of {model.name}")
    values = columns(axes)
    seeds, drawn = np.unique(values.pop("seed"), return_inverse=True)
    cells = cells_of(model)
    parts: dict[str, list[Any]] = {name: [] for name in cells}
    streams = [np.random.default_rng(np.random.SeedSequence(int(value))) for value in seeds]
    sources = (*(protocol if isinstance(protocol, tuple) else (protocol,)), *options.baths)
    table, rows = _rows(sources, drawn, len(seeds))
    edges = np.searchsorted(rows[:, 0], np.arange(len(seeds) + 1))
    for rng, first, end in zip(streams, edges, edges[1:], strict=False):
        for k, source in enumerate(sources):
            reached = first + np.flatnonzero(rows[first:end, 1 + k])
            for population, port, times, weight in source.arrivals(model, rng):
                index = list(cells[population].ports).index(port)
                parts[population] += [(times, index, int(row), weight) for row in reached]
    links = _links(model, protocol, streams, rows[:, 0])
    plans = tuple(
        _plan(
            cell,
            values,
            Arrivals.gather(parts[name]),
            table,
            lanes,
            protocol,
            options,
            _BySeed(streams, drawn),
            length,
            output=not isinstance(model, Circuit) or name == model.output,
        )
        for name, cell in cells.items()
    )
    return Run(labels, plans, links, protocol)


def _rows(sources: Sequence[Any], drawn: np.ndarray, seeds: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the row of events of every lane, and of every row, by seed, its seed and whether each source reaches it.

    Lanes of one seed share a row, but for sources that address some lanes only.
    """
    addressed = [getattr(source, "lanes", None) for source in sources]
    if all(chosen is None for chosen in addressed):
        return drawn, np.column_stack([np.arange(seeds), np.ones((seeds, len(sources)), dtype=int)])
    reach = np.ones((len(drawn), len(sources)), dtype=int)
    for k, (source, chosen) in enumerate(zip(sources, addressed, strict=True)):
        if chosen is None:
            continue
        if beyond := [lane for lane in chosen if lane >= len(drawn)]:
            raise ModelError(
                f"events on port {source.port!r} address lane {beyond[0]}; this run has the lanes 0 to {len(drawn) - 1}"
            )
        reach[:, k] = np.isin(np.arange(len(drawn)), chosen)
    rows, table = np.unique(np.column_stack([drawn, reach]), axis=0, return_inverse=True)
    return table.ravel(), rows


def _plan(
    cell: Model, columns: Mapping[str, np.ndarray], arrivals: Arrivals, table: np.ndarray, lanes: int, protocol: Any,
    options: Options, draws: _BySeed, length: float, *, output: bool,
) -> Plan:  # fmt: skip
    overrides = {key: values for name, values in columns.items() for key in cell.parameters.entries(name)}
    values = parameter_values(cell, overrides)
    given = dict(cell.starts.get(options.start, {})) | dict(options.initial)
    start = initial_values(cell, values, given, draws, lanes)
    wanted = [p for name in options.record for p in probe(cell, name)] if output else []
    traces = tuple(dict.fromkeys(state for p in wanted for state in state_probes(cell, p)))
    windows = protocol.windows if output and isinstance(protocol, WindUp) else ()
    kept = summary_probes(cell) if windows else ()
    recording = Recording(traces, max(options.sample, options.dt), windows, kept)
    return Plan(cell, lanes, values, start, arrivals, table, length, options.dt, options.method, options.tolerance,
                options.threads, recording)  # fmt: skip


@dataclass(frozen=True)
class _BySeed:
    """Draws for lanes: one row a seed, so that a lane starts as it would alone."""

    streams: Sequence[np.random.Generator]
    table: np.ndarray

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        return np.stack([stream.standard_normal(size[1]) for stream in self.streams])[self.table]

    def random(self, size: tuple[int, int]) -> np.ndarray:
        return np.stack([stream.random(size[1]) for stream in self.streams])[self.table]


def _links(
    model: Model | Circuit, protocol: Any, streams: list[np.random.Generator], seed_of: np.ndarray
) -> tuple[Link, ...]:
    """Return the projections with their delays drawn for each row, or taken from the protocol's latency table."""
    if not isinstance(model, Circuit):
        return ()
    order = list(model.populations)
    links = []
    for projection in model.projections:
        latency = projection.bundle
        given = getattr(protocol, "latencies", {}).get(latency.table)
        if given is not None:
            row = np.atleast_2d(quantities.si(given, "ms", name=f"latencies of {latency.table}"))
            if row.shape != (1, latency.synapses):
                raise InputError(
                    f"latencies of {latency.table} have shape {row.shape}; {model.name} keeps one fixed delay for each "
                    f"of its {latency.synapses} relay synapses: give one row or one column of {latency.synapses}"
                )
            delays = np.repeat(row, len(streams), axis=0)
        else:
            delays = np.stack([latency.draw(1, rng)[0] for rng in streams])
        ports = list(model.populations[projection.post].ports)
        contacts = tuple((ports.index(c.port), c.seconds) for c in projection.contacts)
        links.append(Link(order.index(projection.pre), order.index(projection.post), contacts, delays[seed_of]))
    return tuple(links)


def announce(model: Model | Circuit, runs: Sequence[Run]) -> None:
    """Say what is about to run and what it needs of memory; refuse what cannot fit."""
    plans = [plan for run in runs for plan in run.plans]
    needed, first = sum(map(memory.need, plans)), plans[0]
    what = f"{first.lanes * len(runs):,} lanes of {model.name}"
    traced = any(plan.recording.traces for plan in plans)
    memory.check(needed, what, "run fewer lanes at a time" + ", trace fewer variables or sample less" * traced)
    _LOG.info(
        "%s, %s steps of %.4g ms, about %.3g MB", what, f"{first.steps:,}", first.dt * 1e3, max(needed / 1e6, 0.1)
    )


# --- from outcomes to a Dataset --------------------------------------------------------------------------------------


def label(
    model: Model | Circuit, run: Run, axes: list[Axis], outcomes: Sequence[Outcome], record: Iterable[str]
) -> xr.Dataset:
    """Return the result of one variant: spikes, per-pulse summaries and traces over the axes, each with its unit."""
    sizes = lengths(axes)
    dims, shape = list(sizes), list(sizes.values())
    data = xr.Dataset(coords={axis.name: coordinate(axis) for axis in axes})
    tables = [_spike_table(outcome, plan.lanes) for outcome, plan in zip(outcomes, run.plans, strict=True)]
    width = max(table.shape[1] for table in tables)
    padded = [np.pad(t, ((0, 0), (0, width - t.shape[1])), constant_values=np.nan) for t in tables]
    counts = [np.sum(np.isfinite(table), axis=1) for table in tables]
    extra = ["population"] if isinstance(model, Circuit) else []
    lead = [len(tables)] if extra else []
    if extra:
        data["population"] = ("population", list(cells_of(model)))
    times, number = (np.stack(padded), np.stack(counts)) if extra else (padded[0], counts[0])
    data["spike"] = ("spike", np.arange(1, width + 1))
    data["spike_time"] = (
        [*extra, *dims, "spike"],
        times.reshape((*lead, *shape, width)),
        _MS | {"long_name": "spike time"},
    )
    data["spike_count"] = ([*extra, *dims], number.reshape((*lead, *shape)), {"units": "1", "long_name": "spikes"})
    _mark_failed(data, outcomes, dims, shape)
    plan, outcome = run.plans[-1], outcomes[-1]
    _add_summaries(data, plan, outcome, dims, shape)
    _add_traces(data, plan, outcome, record, dims, shape)
    for name, value in run.labels.items():
        data = data.assign_coords({name: value}).expand_dims(name)
        data[name].attrs = {"units": "Hz" if name == "frequency" else "1"}
    return data


def _mark_failed(data: xr.Dataset, outcomes: Sequence[Outcome], dims: list[str], shape: list[int]) -> None:
    broken = np.concatenate([outcome.broken for outcome in outcomes])
    if not len(broken):
        return
    failed = np.zeros(int(np.prod(shape)), dtype=bool)
    failed[broken.astype(int)] = True
    data["failed"] = (dims, failed.reshape(shape), {"long_name": "numbers overflowed; nothing here holds"})
    for name in ("spike_time", "spike_count"):
        data[name] = data[name].where(~data["failed"])


_MS = {"units": "ms"}


def _spike_table(outcome: Outcome, lanes: int) -> np.ndarray:
    """Return spike times in ms as (lanes, most spikes), padded with NaN."""
    counts = np.bincount(outcome.spike_lane, minlength=lanes)
    table = np.full((lanes, max(counts.max(initial=0), 1)), np.nan)
    rank = np.arange(len(outcome.spike_lane)) - np.repeat(np.cumsum(counts) - counts, counts)
    table[outcome.spike_lane, rank] = outcome.spike_time * 1e3
    return table


def _add_summaries(data: xr.Dataset, plan: Plan, outcome: Outcome, dims: list[str], shape: list[int]) -> None:
    if not plan.recording.windows:
        return
    edges = np.asarray(plan.recording.windows) * 1e3
    data["pulse"] = ("pulse", np.arange(1, len(edges)))
    data["pulse_time"] = ("pulse", edges[:-1], _MS | {"long_name": "time of the pulse"})
    data["window_end"] = ("pulse", edges[1:], _MS | {"long_name": "time of the next pulse"})
    for (name, summary), values in zip(plan.model.summaries.items(), summarised(plan, outcome), strict=True):
        shown = quantities.in_unit(values, summary.unit)
        attrs = {"units": quantities.pretty(summary.unit), "long_name": summary.long_name}
        data[name] = ([*dims, "pulse"], shown.reshape(*shape, -1), attrs)


def _add_traces(
    data: xr.Dataset, plan: Plan, outcome: Outcome, record: Iterable[str], dims: list[str], shape: list[int]
) -> None:
    wanted = [p for name in record for p in probe(plan.model, name)]
    if not wanted:
        return
    data["time"] = ("time", outcome.trace_time * 1e3, _MS)
    shapes = plan.model.morphology
    for p in wanted:
        region = next(r for r, c in shapes.regions.items() if p.compartment in c)
        centred = p.compartment == shapes.centre(region)
        place = "" if len(shapes) == 1 else f"_{region}" if centred else f"_{p.compartment}"
        values, unit = recorded(plan, outcome, p)
        table = np.broadcast_to(values, (plan.lanes, len(outcome.trace_time))).reshape(*shape, -1)
        data[p.variable + place] = ([*dims, "time"], table, {"units": unit})


def join(parts: list[xr.Dataset]) -> xr.Dataset:
    """Combine the variants of a protocol along their own dimensions."""
    if len(parts) == 1:
        return parts[0]
    longest = {
        dim: max((part[dim] for part in parts), key=len) for dim in ("spike", "pulse", "time") if dim in parts[0]
    }
    aligned = [part.reindex({dim: index.values for dim, index in longest.items()}) for part in parts]
    joined = xr.combine_by_coords(aligned, combine_attrs="override", data_vars="all")
    assert isinstance(joined, xr.Dataset)
    for dim, index in longest.items():
        joined[dim].attrs = index.attrs
    return joined
