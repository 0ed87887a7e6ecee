"""The one verb: model + protocol + drug → labelled result."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import engines, quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, ModelError, OverflowedError
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.plan.plan import Plan
from nmdasim.protocols import Events, WindUp
from nmdasim.protocols import course as courses
from nmdasim.receptors.dosing import drugs_of, medicated
from nmdasim.run import cells as simulate_cells
from nmdasim.run import network as simulate_network
from nmdasim.run.axes import Axis, columns, lengths, parameter_axes, place, seed_axis
from nmdasim.run.options import Options, step_of

Protocol = WindUp | Events | Sequence[Events] | Mapping[str, Any] | None


def simulate(
    model: Model | Circuit,
    protocol: Protocol = None,
    *,
    drugs: Mapping[str, Any] | None = None,
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
    drugs
        Free concentrations at the receptor by name of the drug, ``{"memantine": [0, 1]*uM}``: any blocker of the
        table, however it is written, in any model with NMDA receptors. Its dimension has the drug's key as name.
    ketamine, mg
        Concentrations, ``ketamine`` short for ``drugs={"ketamine": …}``; an array becomes a dimension of that name. An
        ``xarray.DataArray`` over ``time``, both with units, is a concentration that varies during the run, along
        straight lines from value to value; time 0 is the start of the run, and outside of its times the course is held.
        Its times are moved to the nearest step; times closer than that are refused. Record ``"ketamine"`` to see it.
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
        as a list instead, see :func:`nmdasim.run.network.label`.

    Raises
    ------
    ModelError, UnitError, ValueError
        Before any work starts, for anything that is unknown, of the wrong dimension or out of range, and for a run
        that does not fit into memory. What a run needs is said beforehand by the logger ``nmdasim`` (level INFO).
    """
    model, doses = medicated(model, drugs, ketamine)
    step = step_of(model, dt)
    given = dict(parameters or {}) | doses | ({} if mg is None else {"mg": mg})
    model, still, baths = courses.follow(model, given, step)
    axes = [*parameter_axes(model, still), seed_axis(seed)]
    lengths(axes)
    options = Options.read(
        model, step, block=block, initial=initial or {}, method=method, engine=engine, threads=threads, record=record,
        sample=sample, tolerance=tolerance, baths=baths,
    )  # fmt: skip
    if isinstance(model, Circuit) and model.is_network:
        return _simulate_network(model, protocol, axes, options, duration, progress)
    variants = _variants(model, protocol, duration)
    runs = [
        simulate_cells.prepare(model, labels, variant, axes, options, length) for labels, variant, length in variants
    ]
    for run in runs:
        for plan in run.plans:
            engines.check(plan, engine)
    simulate_cells.announce(model, runs)
    parts = []
    for k, run in enumerate(runs):
        report = (lambda share, k=k: progress((k + share) / len(runs))) if progress else None
        outcomes = engines.run_feedforward(run.plans, run.links, engine, report)
        _warn_of_broken([lane for outcome in outcomes for lane in outcome.broken], run.plans[0].lanes, "lanes", axes)
        parts.append(simulate_cells.label(model, run, axes, outcomes, options.record))
    result = simulate_cells.join(parts)
    result.attrs |= _provenance(model, protocol, axes, options)
    for bath in baths:
        result.attrs |= courses.origin(result.attrs, bath.attrs)
    return result


def _simulate_network(
    circuit: Circuit,
    sources: Any,
    axes: list[Axis],
    options: Options,
    duration: Any,
    progress: Callable[[float], None] | None,
) -> xr.Dataset:
    if duration is None:
        raise InputError("give a duration, as in simulate(circuit, duration='1 second')")
    length = float(quantities.si(duration, "ms", name="duration"))
    if length <= 0:
        raise InputError(f"duration = {duration}; a run is longer than 0")
    if sources is not None:
        if not isinstance(sources, Mapping):
            raise ModelError(f"{circuit.name} is driven by its inputs; give {{input: source}} to replace some of them")
        circuit = circuit.driven(**sources)
    if any(axis.dim for axis in axes):
        raise ModelError(f"{circuit.name}: parameters that vary together run on single cells and chains, no networks")
    values = columns(axes)
    seeds = [int(value) for value in values.pop("seed")]
    made = simulate_network.network(circuit, values, seeds, length, options)
    outcomes = simulate_network.run(made, options.engine, progress)
    _warn_of_broken(simulate_network.failed(made, outcomes), made.instances, "instances", axes, depth=4)
    result = simulate_network.label(circuit, made, outcomes, axes, options.record)
    result.attrs |= _provenance(circuit, sources, axes, options)
    return result


def plan(model: Model, protocol: Protocol = None, *, parameters: Mapping[str, Any], duration: Any, dt: Any) -> Plan:
    """Return the plan of a single model without running it; `duration` and `dt` may be plain seconds."""
    second = quantities.unit("second")
    length, step = (x * second if isinstance(x, float) else x for x in (duration, dt))
    axes = [*parameter_axes(model, parameters), Axis("seed", np.asarray(0))]
    options = Options.read(model, step_of(model, step))
    _, chosen, seconds = _variants(model, protocol, length)[0]
    return simulate_cells.prepare(model, {}, chosen, axes, options, seconds).plans[0]


def _variants(model: Model | Circuit, protocol: Protocol, duration: Any) -> list[tuple[Mapping[str, Any], Any, float]]:
    """Return (labels, protocol, seconds) for every combination of array arguments of the protocol."""
    given = None if duration is None else float(quantities.si(duration, "ms", name="duration"))
    if given is not None and given <= 0:
        raise InputError(f"duration = {duration}; a run is longer than 0")
    if isinstance(protocol, WindUp):
        return [(labels, one, given or one.duration) for labels, one in protocol.variants()]
    if given is None:
        raise InputError("give a duration, as in simulate(model, duration='200 ms')")
    events = () if protocol is None else (protocol,) if isinstance(protocol, Events) else tuple(protocol)
    return [({}, events, given)]


def _warn_of_broken(broken: Iterable[int], total: int, what: str, axes: list[Axis], *, depth: int = 3) -> None:
    """Name the lanes, or instances, whose numbers overflowed; the others stand."""
    lanes = sorted({int(lane) for lane in broken})
    if not lanes:
        return
    values = columns(axes)
    where = "; ".join(place(axes, values, lane) for lane in lanes[:5])
    more = f" and {len(lanes) - 5} more" if len(lanes) > 5 else ""
    message = f"{len(lanes)} of {total} {what} overflowed ({where}{more}); try a smaller dt"
    if len(lanes) == total:
        raise OverflowedError(message)
    warnings.warn(f"{message}. Their results are NaN, 'failed' marks them.", RuntimeWarning, stacklevel=depth)


def _provenance(model: Model | Circuit, protocol: Protocol, axes: list[Axis], options: Options) -> dict[str, Any]:
    cells = cells_of(model)
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
        "drugs": " ".join(drugs_of(model)),
        "protocol": repr(protocol),
        "output": model.output if isinstance(model, Circuit) else "",
        "nmdasim_version": version("nmdasim"),
        "courses": "; ".join(map(str, options.baths)),
        "disclaimer": DISCLAIMER,
    }
