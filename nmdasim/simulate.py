"""The one verb: model + protocol + drug → labelled result."""

from __future__ import annotations

import json
import logging
import math
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import courses, engines, simulate_network
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.engines import memory
from nmdasim.model import units
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model, ModelError, nearest, step_limit
from nmdasim.model.plan import (
    Arrivals,
    Link,
    Outcome,
    Plan,
    Probe,
    Recording,
    initial_values,
    parameter_values,
    probe,
    state_probes,
)
from nmdasim.model.symbols import evaluate
from nmdasim.protocols import Events, WindUp

Protocol = WindUp | Events | Sequence[Events] | Mapping[str, Any] | None

_LOG = logging.getLogger("nmdasim")


@dataclass(frozen=True)
class Axis:
    """A named quantity that may vary: SI values, one per position, the unit in which they are shown, its dimension.

    Quantities with the same `dim` vary together, and those without one along a dimension of their own name.
    """

    name: str
    values: np.ndarray
    unit: str = "1"
    dim: str = ""

    @property
    def dimension(self) -> str:
        """Name of the dimension along which it varies; empty for a single value."""
        return (self.dim or self.name) if self.values.ndim else ""


class OverflowedError(ModelError):
    """A run of which no lane is left."""


def simulate(
    model: Model | Circuit,
    protocol: Protocol = None,
    *,
    ketamine: Any = None,
    mg: Any = None,
    block: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
    duration: Any = None,
    dt: Any = None,
    method: str = "",
    engine: str = engines.DEFAULT,
    threads: int = 0,
    seed: int | Sequence[int] | xr.DataArray = 0,
    record: Iterable[str] = (),
    sample: Any = None,
    tolerance: float = 1e-7,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Run a model under a protocol and return a labelled result.

    Parameters
    ----------
    model
        A :class:`Model`, or a :class:`Circuit`: a feed-forward chain, or a network of populations.
    protocol
        :class:`WindUp`, or one or several :class:`Events`; array arguments become dimensions. A network takes its
        inputs' names and new sources, ``{"touch": nm.Poisson(...)}``.
    ketamine, mg
        Concentrations; an array becomes a dimension of that name. An ``xarray.DataArray`` over ``time``, both with
        units, is a concentration that varies during the run, along straight lines from value to value; time 0 is the
        start of the run, and outside of its times the course is held. Its times are moved to the nearest step; times
        closer than that are refused. Record ``"ketamine"`` to see it.
    block
        Which of the model's starts to take: ``"equilibrated"`` (long exposure before the run; the default where the
        model has it) or ``"washin"`` (drug present from time 0, nothing bound yet).
    parameters
        Other values of parameters, by name; arrays become dimensions (their outer product). An ``xarray.DataArray``
        with one dimension and ``units`` in its attributes varies along that dimension, together with every other one
        that has it: rows of a table in place of an outer product.
    initial
        Other initial values.
    duration
        Length of the run; a wind-up train brings its own.
    dt, method, engine, threads
        Step, scheme, engine and number of threads (0: all cores).
    seed
        One seed, or several, which become a dimension (or share one, as a DataArray). Lanes of one seed share their
        drawn latencies.
    record
        Variables to trace: ``"v"`` (every compartment), ``"v_soma"``.
    sample
        Sampling interval of traces; 0.1 ms or one step, whichever is larger.
    tolerance
        Relative tolerance of the ``reference`` engine.
    progress
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    xarray.Dataset
        ``spike_time`` (…, spike; ms, padded with NaN), ``spike_count`` (…), the protocol's per-pulse summaries
        (…, pulse) and the recorded traces (…, time), each with units; provenance in ``attrs``. A network has its spikes
        as a list instead, see :func:`nmdasim.simulate_network.label`.

    Raises
    ------
    ModelError, UnitError, ValueError
        Before any work starts, for anything that is unknown, of the wrong dimension or out of range, and for a run
        that does not fit into memory. What a run needs is said beforehand by the logger ``nmdasim`` (level INFO).
    """
    drugs = {name: value for name, value in (("ketamine", ketamine), ("mg", mg)) if value is not None}
    step = _step(model, dt)
    model, still, baths = courses.follow(model, dict(parameters or {}) | drugs, step)
    axes = [*parameter_axes(model, still), seed_axis(seed)]
    _sizes(axes)
    if threads < 0:
        raise ValueError(f"threads = {threads}; give 1 or more, or 0 for all cores")
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance = {tolerance:g}; a relative tolerance lies between 0 and 1")
    start = _choose_start(model, block)
    options = _Options(start, _initial(model, initial or {}), step, method, engine, threads, tuple(record),
                       _sample(sample), tolerance, baths)  # fmt: skip
    if isinstance(model, Circuit) and model.is_network:
        return _simulate_network(model, protocol, axes, options, duration, progress)
    variants = _variants(model, protocol, duration)
    runs = [_prepare(model, labels, variant, axes, options, length) for labels, variant, length in variants]
    for run in runs:
        for plan in run.plans:
            engines.check(plan, engine)
    _announce(model, runs)
    parts = []
    for k, run in enumerate(runs):
        report = (lambda share, k=k: progress((k + share) / len(runs))) if progress else None
        outcomes = engines.run_feedforward(run.plans, run.links, engine, report)
        _warn_of_broken([lane for outcome in outcomes for lane in outcome.broken], run.plans[0].lanes, "lanes", axes)
        parts.append(_label(model, run, axes, outcomes, options.record))
    result = _join(parts)
    result.attrs |= _provenance(model, protocol, axes, options)
    for bath in baths:
        result.attrs |= courses.origin(result.attrs, bath.attrs)
    return result


def _simulate_network(
    circuit: Circuit,
    sources: Any,
    axes: list[Axis],
    options: _Options,
    duration: Any,
    progress: Callable[[float], None] | None,
) -> xr.Dataset:
    if duration is None:
        raise ValueError("give a duration, as in simulate(circuit, duration='1 second')")
    length = float(units.si(duration, "ms", name="duration"))
    if length <= 0:
        raise ValueError(f"duration = {duration}; a run is longer than 0")
    if sources is not None:
        if not isinstance(sources, Mapping):
            raise ModelError(f"{circuit.name} is driven by its inputs; give {{input: source}} to replace some of them")
        circuit = circuit.driven(**sources)
    if any(axis.dim for axis in axes):
        raise ModelError(f"{circuit.name}: parameters that vary together run on single cells and chains, no networks")
    columns = _columns(axes)
    seeds = [int(value) for value in columns.pop("seed")]
    made = simulate_network.network(circuit, columns, seeds, length, options)
    outcomes = simulate_network.run(made, options.engine, progress)
    _warn_of_broken(simulate_network.failed(made, outcomes), made.instances, "instances", axes, depth=4)
    dims = {axis.name: _coordinate(axis) for axis in axes}
    result = simulate_network.label(circuit, made, outcomes, dims, options.record, _shown)
    result.attrs |= _provenance(circuit, sources, axes, options)
    return result


def _shown(plan: Plan, outcome: Outcome, wanted: Probe) -> tuple[np.ndarray, str]:
    unit = _variable_unit(plan.model, wanted.variable)
    return units.in_unit(_trace(plan, outcome, wanted), unit), units.pretty(unit)


def plan(model: Model, protocol: Protocol = None, *, parameters: Mapping[str, Any], duration: Any, dt: Any) -> Plan:
    """Return the plan of a single model without running it; `duration` and `dt` may be plain seconds."""
    second = units.unit("second")
    length, step = (x * second if isinstance(x, float) else x for x in (duration, dt))
    axes = [*parameter_axes(model, parameters), Axis("seed", np.asarray(0))]
    options = _Options(_choose_start(model, None), {}, _step(model, step), "", engines.DEFAULT, 0, (), 1e-4, 1e-7)
    _, chosen, seconds = _variants(model, protocol, length)[0]
    return _prepare(model, {}, chosen, axes, options, seconds).plans[0]


# --- what is asked ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Options:
    start: str
    initial: Mapping[str, Any]
    dt: float
    method: str
    engine: str
    threads: int
    record: tuple[str, ...]
    sample: float
    tolerance: float
    baths: tuple[courses.Course, ...] = ()


@dataclass(frozen=True)
class _Run:
    labels: Mapping[str, Any]
    plans: tuple[Plan, ...]
    links: tuple[Link, ...]
    protocol: Any


def _cells(model: Model | Circuit) -> dict[str, Model]:
    return model.cells if isinstance(model, Circuit) else {"": model}


def parameter_axes(model: Model | Circuit, given: Mapping[str, Any]) -> list[Axis]:
    """Return one axis per parameter; a scalar has values of shape () and no dimension.

    Raises
    ------
    ModelError, UnitError, ValueError
        For a parameter that there is not, a value of the wrong dimension, an empty list, or a table.
    """
    cells = _cells(model)
    known = {key for cell in cells.values() for key in (*cell.parameters, *cell.parameters.bases)}
    axes = []
    for name, value in given.items():
        if name not in known:
            raise ModelError(f"{model.name} has no parameter {name!r}{nearest(name, sorted(known))}")
        owner = next(cell for cell in cells.values() if cell.parameters.entries(name))
        unit = owner.parameters[owner.parameters.entries(name)[0]].unit
        values = units.si(_with_units(name, value), unit, name=name)
        if values.ndim > 1 or values.size == 0:
            raise ValueError(f"{name} has shape {values.shape}; give one value, or a list of one or more")
        axes.append(Axis(name, values, unit, _shared(value)))
    return axes


def seed_axis(seed: Any) -> Axis:
    """Return the axis of the seeds.

    Raises
    ------
    ValueError
        If a seed is no whole number from 0 upward.
    """
    seeds = np.asarray(seed)
    if seeds.ndim > 1 or not seeds.size or not np.issubdtype(seeds.dtype, np.integer) or np.any(seeds < 0):
        raise ValueError(f"seed = {seed!r}; a seed is a whole number from 0 upward, or a list of them")
    return Axis("seed", seeds, dim=_shared(seed))


def _shared(value: Any) -> str:
    return str(value.dims[0]) if isinstance(value, xr.DataArray) and value.ndim else ""


def _with_units(name: str, value: Any) -> Any:
    if not isinstance(value, xr.DataArray):
        return value
    if "units" not in value.attrs:
        raise ValueError(f"{name} has no units; set .attrs['units'], as in 'uM', or '1' for a plain number")
    return value.values * units.parse_unit(str(value.attrs["units"]))


def _sizes(axes: Iterable[Axis]) -> dict[str, int]:
    """Return the dimensions and their lengths."""
    sizes: dict[str, int] = {}
    for axis in axes:
        if axis.values.ndim and sizes.setdefault(axis.dimension, axis.values.size) != axis.values.size:
            raise ValueError(
                f"{axis.name} has {axis.values.size} values along {axis.dimension}, another parameter "
                f"{sizes[axis.dimension]}; what varies together has one length"
            )
    return sizes


def _columns(axes: Sequence[Axis]) -> dict[str, np.ndarray]:
    """Return the value of every axis in every lane: the outer product of the dimensions."""
    sizes = _sizes(axes)
    lanes = math.prod(sizes.values())
    place = dict(zip(sizes, np.indices(tuple(sizes.values())).reshape(len(sizes), lanes), strict=True))
    return {
        axis.name: axis.values[place[axis.dimension]] if axis.values.ndim else np.full(lanes, axis.values)
        for axis in axes
    }


def _choose_start(model: Model | Circuit, block: str | None) -> str:
    names = list(dict.fromkeys(name for cell in _cells(model).values() for name in cell.starts))
    if block is None:
        return names[0] if names else ""
    if block not in names:
        raise ModelError(f"block = {block!r}; {model.name} has {', '.join(names) or 'no alternative starts'}")
    return block


def _initial(model: Model | Circuit, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check other initial values: of states that there are, text or of the state's dimension."""
    states = {name: cell for cell in _cells(model).values() for name in cell.system.states}
    for name, value in given.items():
        if name not in states:
            raise ModelError(f"{model.name} has no state {name!r}{nearest(name, sorted(states))}")
        if not isinstance(value, str):
            units.si(value, states[name].unit_of(name), name=f"initial {name}")
    return dict(given)


def _step(model: Model | Circuit, dt: Any) -> float:
    value = float(units.si(model.dt if dt is None else dt, "ms", name="dt"))
    for cell in (model, *_cells(model).values()):
        step_limit(cell, value)
    return value


def _sample(sample: Any) -> float:
    value = 1e-4 if sample is None else float(units.si(sample, "ms", name="sample"))
    if value <= 0:
        raise ValueError(f"sample = {sample}; a sampling interval is above 0")
    return value


def _variants(model: Model | Circuit, protocol: Protocol, duration: Any) -> list[tuple[Mapping[str, Any], Any, float]]:
    """Return (labels, protocol, seconds) for every combination of array arguments of the protocol."""
    given = None if duration is None else float(units.si(duration, "ms", name="duration"))
    if given is not None and given <= 0:
        raise ValueError(f"duration = {duration}; a run is longer than 0")
    if isinstance(protocol, WindUp):
        return [(labels, one, given or one.duration) for labels, one in protocol.variants()]
    if given is None:
        raise ValueError("give a duration, as in simulate(model, duration='200 ms')")
    events = () if protocol is None else (protocol,) if isinstance(protocol, Events) else tuple(protocol)
    return [({}, events, given)]


# --- from what is asked to plans -------------------------------------------------------------------------------------


def _prepare(
    model: Model | Circuit, labels: Mapping[str, Any], protocol: Any, axes: list[Axis], options: _Options, length: float
) -> _Run:
    lanes = math.prod(_sizes(axes).values())
    spikes = sum(memory.spikes(cell, lanes, length) for cell in _cells(model).values())
    memory.check(8 * lanes * (2 * len(axes) + 1) + spikes, f"{lanes:,} lanes of {model.name}")
    columns = _columns(axes)
    seeds, table = np.unique(columns.pop("seed"), return_inverse=True)
    cells = _cells(model)
    parts: dict[str, list[Any]] = {name: [] for name in cells}
    streams = [np.random.default_rng(np.random.SeedSequence(int(value))) for value in seeds]
    for row, rng in enumerate(streams):
        for single in (*(protocol if isinstance(protocol, tuple) else (protocol,)), *options.baths):
            for population, port, times, weight in single.arrivals(model, rng):
                parts[population].append((times, list(cells[population].ports).index(port), row, weight))
    links = _links(model, protocol, streams)
    plans = tuple(
        _plan(
            cell,
            columns,
            Arrivals.gather(parts[name]),
            table,
            lanes,
            protocol,
            options,
            streams,
            length,
            output=not isinstance(model, Circuit) or name == model.output,
        )
        for name, cell in cells.items()
    )
    return _Run(labels, plans, links, protocol)


def _plan(
    cell: Model, columns: Mapping[str, np.ndarray], arrivals: Arrivals, table: np.ndarray, lanes: int, protocol: Any,
    options: _Options, streams: list[np.random.Generator], length: float, *, output: bool,
) -> Plan:  # fmt: skip
    overrides = {key: values for name, values in columns.items() for key in cell.parameters.entries(name)}
    values = parameter_values(cell, overrides)
    given = dict(cell.starts.get(options.start, {})) | dict(options.initial)
    start = initial_values(cell, values, given, _BySeed(streams, table), lanes)
    wanted = [p for name in options.record for p in probe(cell, name)] if output else []
    traces = tuple(dict.fromkeys(state for p in wanted for state in state_probes(cell, p)))
    windows = protocol.windows if output and isinstance(protocol, WindUp) else ()
    kept = tuple((probe(cell, f"{s.variable}_{s.region}")[0], s.kind) for s in cell.summaries.values() if windows)
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


def _links(model: Model | Circuit, protocol: Any, streams: list[np.random.Generator]) -> tuple[Link, ...]:
    """Return the projections with their delays drawn, or taken from the protocol's latency table."""
    if not isinstance(model, Circuit):
        return ()
    order = list(model.populations)
    links = []
    for projection in model.projections:
        latency = projection.bundle
        given = getattr(protocol, "latencies", {}).get(latency.table)
        if given is not None:
            row = np.atleast_2d(units.si(given, "ms", name=f"latencies of {latency.table}"))
            if row.shape != (1, latency.synapses):
                raise ValueError(
                    f"latencies of {latency.table} have shape {row.shape}; {model.name} keeps one fixed delay for each "
                    f"of its {latency.synapses} relay synapses: give one row or one column of {latency.synapses}"
                )
            delays = np.repeat(row, len(streams), axis=0)
        else:
            delays = np.stack([latency.draw(1, rng)[0] for rng in streams])
        ports = list(model.populations[projection.post].ports)
        contacts = tuple((ports.index(c.port), c.seconds) for c in projection.contacts)
        links.append(Link(order.index(projection.pre), order.index(projection.post), contacts, delays))
    return tuple(links)


def _announce(model: Model | Circuit, runs: Sequence[_Run]) -> None:
    """Say what is about to run and what it needs of memory; refuse what cannot fit."""
    plans = [plan for run in runs for plan in run.plans]
    needed, first = sum(map(memory.need, plans)), plans[0]
    what = f"{first.lanes * len(runs):,} lanes of {model.name}"
    traced = any(plan.recording.traces for plan in plans)
    memory.check(needed, what, "run fewer lanes at a time" + ", trace fewer variables or sample less" * traced)
    _LOG.info(
        "%s, %s steps of %.4g ms, about %.3g MB", what, f"{first.steps:,}", first.dt * 1e3, max(needed / 1e6, 0.1)
    )


def _warn_of_broken(broken: Iterable[int], total: int, what: str, axes: list[Axis], *, depth: int = 3) -> None:
    """Name the lanes, or instances, whose numbers overflowed; the others stand."""
    lanes = sorted({int(lane) for lane in broken})
    if not lanes:
        return
    columns = _columns(axes)
    where = "; ".join(_place(axes, columns, lane) for lane in lanes[:5])
    more = f" and {len(lanes) - 5} more" if len(lanes) > 5 else ""
    message = f"{len(lanes)} of {total} {what} overflowed ({where}{more}); try a smaller dt"
    if len(lanes) == total:
        raise OverflowedError(message)
    warnings.warn(f"{message}. Their results are NaN, 'failed' marks them.", RuntimeWarning, stacklevel=depth)


def _place(axes: list[Axis], columns: Mapping[str, np.ndarray], lane: int) -> str:
    parts = [(axis, units.in_unit(columns[axis.name][lane], axis.unit)) for axis in axes]
    return ", ".join(
        f"{axis.name} = {float(value):g} {units.pretty(axis.unit)}".removesuffix(" 1") for axis, value in parts
    )


# --- from outcomes to a Dataset --------------------------------------------------------------------------------------


def _label(
    model: Model | Circuit, run: _Run, axes: list[Axis], outcomes: Sequence[Outcome], record: Iterable[str]
) -> xr.Dataset:
    sizes = _sizes(axes)
    dims, shape = list(sizes), list(sizes.values())
    data = xr.Dataset(coords={axis.name: _coordinate(axis) for axis in axes})
    tables = [_spike_table(outcome, plan.lanes) for outcome, plan in zip(outcomes, run.plans, strict=True)]
    width = max(table.shape[1] for table in tables)
    padded = [np.pad(t, ((0, 0), (0, width - t.shape[1])), constant_values=np.nan) for t in tables]
    counts = [np.sum(np.isfinite(table), axis=1) for table in tables]
    extra = ["population"] if isinstance(model, Circuit) else []
    lead = [len(tables)] if extra else []
    if extra:
        data["population"] = ("population", list(_cells(model)))
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


def _coordinate(axis: Axis) -> Any:
    values = np.asarray(axis.values if axis.name == "seed" else units.in_unit(axis.values, axis.unit))
    attrs = {"units": units.pretty(axis.unit)}
    return (axis.dimension, values, attrs) if axis.values.ndim else ((), values, attrs)


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
    for (name, summary), values in zip(plan.model.summaries.items(), outcome.summaries, strict=True):
        shown = units.in_unit(values, summary.unit)
        attrs = {"units": units.pretty(summary.unit), "long_name": summary.long_name}
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
        unit = _variable_unit(plan.model, p.variable)
        values = units.in_unit(_trace(plan, outcome, p), unit)
        table = np.broadcast_to(values, (plan.lanes, len(outcome.trace_time))).reshape(*shape, -1)
        data[p.variable + place] = ([*dims, "time"], table, {"units": units.pretty(unit)})


def _trace(plan: Plan, outcome: Outcome, wanted: Probe) -> np.ndarray:
    """Return a recorded state, or a subexpression computed from the recorded states it depends on."""
    recorded = dict(zip(plan.recording.traces, outcome.traces, strict=True))
    if wanted in recorded:
        return recorded[wanted]
    here = wanted.compartment
    values = {name: v[:, [here if v.shape[1] > 1 else 0]] for name, v in plan.parameters.items()}
    values |= {p.variable: trace for p, trace in recorded.items() if p.compartment == here}
    values["t"] = outcome.trace_time[None, :]
    return evaluate(plan.model.system.subexpressions[wanted.variable], values)


def _variable_unit(model: Model, variable: str) -> str:
    return "mV" if variable == "v" else model.unit_of(variable)


def _join(parts: list[xr.Dataset]) -> xr.Dataset:
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


def _provenance(model: Model | Circuit, protocol: Protocol, axes: list[Axis], options: _Options) -> dict[str, Any]:
    cells = _cells(model)
    numbers = {
        f"{name}.{key}" if name else key: f"{p.number:.12g} {p.unit}".strip()
        for name, cell in cells.items()
        for key, p in cell.parameters.items()
    }
    unverified = sorted({key for cell in cells.values() for key, p in cell.parameters.items() if not p.verified})
    sources = [p.source for cell in cells.values() for p in cell.parameters.values()]
    keys = dict.fromkeys([*model.references, *(key for c in cells.values() for key in c.references), *sources])
    return {
        "model": model.name,
        "model_digest": " ".join(cell.digest for cell in cells.values()),
        "parameters": json.dumps(numbers),
        "varied": " ".join(axis.name for axis in axes if axis.values.ndim),
        "unverified_parameters": " ".join(unverified),
        "references": " ".join(key for key in keys if key and key != "user"),
        "engine": options.engine,
        "method": options.method or "default",
        "dt_ms": options.dt * 1e3,
        "block": options.start or "none",
        "protocol": repr(protocol),
        "output": model.output if isinstance(model, Circuit) else "",
        "nmdasim_version": version("nmdasim"),
        "courses": "; ".join(map(str, options.baths)),
        "disclaimer": DISCLAIMER,
    }
