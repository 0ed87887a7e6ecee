"""Run a circuit of populations: what is asked → one Network → labelled result."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import engines, quantities
from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluate
from nmdasim.model.circuit import Circuit
from nmdasim.model.population import Population
from nmdasim.plan import memory
from nmdasim.plan.plan import Arrivals, Outcome, Plan, Recording
from nmdasim.plan.recorded import probe, recorded, state_probes
from nmdasim.plan.values import draw, initial_values, parameter_values
from nmdasim.plan.wiring import Network, stream, synapses, volleys, wires
from nmdasim.run import synapses as synaptic
from nmdasim.run.axes import Axis, coordinate, lengths
from nmdasim.run.options import Options

_LOG = logging.getLogger("nmdasim")


def network(
    circuit: Circuit, columns: Mapping[str, np.ndarray], seeds: Sequence[int], length: float, options: Options
) -> Network:
    """Make a run of a circuit concrete.

    Parameters
    ----------
    circuit
        A network.
    columns
        Parameters that vary, one value per instance, shape (instances,).
    seeds
        Seed of each instance.
    length
        Seconds.
    options
        Step, method, start, initial values, recording and threads, as `simulate` collects them.
    """
    circuit.check_step(options.dt)
    plans = []
    for name, population in circuit.populations.items():
        lanes = population.size * len(seeds)
        cell = population.model
        values, start = _values(name, population, columns, seeds, options)
        wanted = _traced(circuit, name, options.record)
        traces = tuple(dict.fromkeys(s for p in wanted for s in state_probes(cell, p)))
        recording = Recording(traces, max(options.sample, options.dt))
        nothing = Arrivals.gather([])
        plans.append(
            Plan(cell, lanes, values, start, nothing, np.zeros(lanes, np.int64), length, options.dt, options.method,
                 options.tolerance, options.threads, recording)
        )  # fmt: skip
    _announce(circuit, plans, len(seeds))
    return Network(
        len(seeds),
        tuple(circuit.populations),
        tuple(plans),
        volleys(circuit, seeds, length, options.dt),
        wires(circuit, seeds, options.dt, plans, columns),
    )


def _announce(circuit: Circuit, plans: Sequence[Plan], instances: int) -> None:
    """Say what is about to run and what it needs of memory; refuse what cannot fit."""
    needed = sum(map(memory.need, plans)) + memory.synapses(instances * synapses(circuit))
    what = f"{instances:,} instances of {circuit.name}"
    memory.check(needed, what, "run fewer at a time")
    size = max(needed / 1e6, 0.1)
    _LOG.info("%s, %s steps of %.4g ms, about %.3g MB", what, f"{plans[0].steps:,}", plans[0].dt * 1e3, size)


def _traced(circuit: Circuit, name: str, record: Sequence[str]) -> list[Any]:
    """Return the probes of one population; a variable is recorded wherever there is one of that name."""
    found, errors = [], []
    for variable in synaptic.split(circuit, record)[0]:
        known = []
        for population, cell in circuit.cells.items():
            try:
                known.append((population, probe(cell, variable)))
            except ModelError as error:
                errors.append(error)
        if not known:
            raise errors[-1]
        found += [p for population, probes in known if population == name for p in probes]
    return found


_Values = dict[str, np.ndarray]


def _values(
    name: str, population: Population, columns: Mapping[str, np.ndarray], seeds: Sequence[int], options: Options
) -> tuple[_Values, _Values]:
    """Return parameters and initial values of every neuron of every instance; what all lanes share is one row."""
    cell, lanes = population.model, population.size * len(seeds)
    rng = _ByInstance([stream(seed, f"population {name}") for seed in seeds])
    own = {key: _parameter(population, key, value, rng, lanes) for key, value in population.parameters.items()}
    entries = {key: value for base, value in own.items() for key in cell.entries(base)}
    for column, values in columns.items():
        alike = np.all(values == values[0])
        chosen = values[:1] if alike else np.repeat(values, population.size)
        entries |= dict.fromkeys(cell.parameters.entries(column), chosen)
    given = dict(cell.starts.get(options.start, {})) | dict(population.initial)
    given |= {k: v for k, v in options.initial.items() if k in cell.system.states}
    start = {k: _start(k, v, population.size, len(seeds)) for k, v in given.items()}
    parameters = parameter_values(cell, entries)
    return parameters, initial_values(cell, parameters, start, rng, lanes)


@dataclass(frozen=True)
class _ByInstance:
    """Draws for lanes: each instance from its own stream, so that it starts as it would alone."""

    streams: Sequence[np.random.Generator]

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        own = (size[0] // len(self.streams), size[1])
        return np.concatenate([rng.standard_normal(own) for rng in self.streams])

    def random(self, size: tuple[int, int]) -> np.ndarray:
        own = (size[0] // len(self.streams), size[1])
        return np.concatenate([rng.random(own) for rng in self.streams])


def _start(state: str, value: Any, size: int, instances: int) -> Any:
    """Return an initial value: an expression, one value, one a neuron, or (instances, neurons)."""
    if isinstance(value, str):
        return value
    table = np.asarray(quantities.quantity(value), dtype=float)
    if table.size == 1:
        return table.ravel()
    if table.shape not in ((size,), (instances, size)):
        raise ModelError(
            f"initial {state} has shape {table.shape}; give one value, one for each of {size} neurons, or "
            f"({instances}, {size}) for the instances too"
        )
    return np.broadcast_to(table, (instances, size)).ravel()


def _parameter(population: Population, name: str, value: Any, rng: _ByInstance, lanes: int) -> np.ndarray:
    """Return one value, or one for each neuron of every instance, in SI units."""
    cell = population.model
    unit = cell.parameters.unit_of(name.partition(".")[0])
    if isinstance(value, str) and "rand" in value:
        text, draws = draw(value, name, rng, (lanes, 1))
        expression = cell.system.substitute(text, (*cell.parameters.bases, *draws))
        needed = {s.name for s in expression.free_symbols}
        known = {base: cell.values(base) for base in cell.parameters.bases if base in needed}
        return np.broadcast_to(evaluate(expression, {**known, **draws}), (lanes, 1))[:, 0]
    values = np.ravel(quantities.si(value, unit, name=name))
    return values if len(values) == 1 else np.tile(values, len(rng.streams))


def run(made: Network, engine: str, report: Callable[[float], None] | None) -> list[Outcome]:
    """Run a network after refusing what its engine cannot render."""
    for plan in made.plans:
        engines.check(plan, engine)
    return engines.run_network(made, engine, report)


def failed(made: Network, outcomes: Sequence[Outcome]) -> np.ndarray:
    """Return the instances in which a neuron's numbers overflowed; no synapse leads from there to another."""
    sizes = [plan.lanes // made.instances for plan in made.plans]
    return np.unique(np.concatenate([o.broken // size for o, size in zip(outcomes, sizes, strict=True)]))


def label(
    circuit: Circuit, made: Network, outcomes: Sequence[Outcome], axes: Sequence[Axis], record: Sequence[str]
) -> xr.Dataset:
    """Return the result of a circuit.

    Parameters
    ----------
    circuit, made, outcomes
        What was run and what came out.
    axes
        What varies between instances.
    record
        Recorded names.

    Returns
    -------
    xarray.Dataset
        ``spike_time`` (spike; ms) with ``spike_neuron``, ``spike_lane`` (instance, in the order of the dimensions) and
        ``spike_population``; ``spike_count`` and ``rate`` (population, …; Hz); traces as ``<population>_<variable>``
        (…, neuron of that population, time); what synapses hold at the end, see :mod:`nmdasim.run.synapses`. Where an instance overflowed, ``failed`` (…) marks it: its spikes are
        left out, its counts and traces are NaN.
    """
    data = xr.Dataset(coords={axis.name: coordinate(axis) for axis in axes} | {"population": list(made.names)})
    varied, shape = list(lengths(axes)), list(lengths(axes).values())
    instances = math.prod(shape)
    sizes = np.array([population.size for population in circuit.populations.values()])
    counts = np.zeros((len(sizes), instances), dtype=np.int64)
    for k, (outcome, size) in enumerate(zip(outcomes, sizes, strict=True)):
        counts[k] = np.bincount(outcome.spike_lane // size, minlength=instances)
    data["size"] = ("population", sizes, {"units": "1", "long_name": "neurons"})
    data["spike_count"] = (["population", *varied], counts.reshape(-1, *shape), {"units": "1", "long_name": "spikes"})
    length = made.plans[0].steps * made.plans[0].dt
    data["rate"] = data["spike_count"] / data["size"] / length
    data["rate"].attrs = {"units": "Hz", "long_name": "mean rate of a neuron"}
    lane = [outcome.spike_lane for outcome in outcomes]
    times = np.concatenate([outcome.spike_time for outcome in outcomes]) * 1e3
    data["spike_time"] = ("spike", times, {"units": "ms", "long_name": "spike time"})
    columns = {
        "spike_neuron": np.concatenate([x % size for x, size in zip(lane, sizes, strict=True)]),
        "spike_lane": np.concatenate([x // size for x, size in zip(lane, sizes, strict=True)]),
        "spike_population": np.repeat(np.arange(len(sizes)), [len(x) for x in lane]),
    }
    for name, column in columns.items():
        data[name] = ("spike", column, {"units": "1"})
    for plan, outcome, (name, population) in zip(made.plans, outcomes, circuit.populations.items(), strict=True):
        for p in _traced(circuit, name, record):
            values, unit = recorded(plan, outcome, p)
            shapes = plan.model.morphology
            region = next(r for r, c in shapes.regions.items() if p.compartment in c)
            place = "" if len(shapes) == 1 else f"_{region}"
            data["time"] = ("time", outcome.trace_time * 1e3, {"units": "ms"})
            table = np.broadcast_to(values, (plan.lanes, len(outcome.trace_time)))
            table = table.reshape(*shape, population.size, -1)
            data[f"{name}_{p.variable}{place}"] = ([*varied, f"neuron_{name}", "time"], table, {"units": unit})
    data = synaptic.label(data, made, outcomes, lengths(axes), record)
    broken = failed(made, outcomes)
    return _mark_failed(data, np.isin(np.arange(instances), broken).reshape(shape), varied) if len(broken) else data


def _mark_failed(data: xr.Dataset, where: np.ndarray, dims: Sequence[str]) -> xr.Dataset:
    """Leave out the spikes of instances that overflowed, and put NaN for what is counted or traced there."""
    data = data.isel(spike=~where.ravel()[data["spike_lane"].values])
    data["failed"] = (dims, where, {"long_name": "numbers overflowed; nothing here holds"})
    for name, values in data.drop_vars("failed").data_vars.items():
        if set(dims) <= set(values.dims):
            data[name] = values.where(~data["failed"])
    return data
