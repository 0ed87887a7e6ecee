"""Brian2 engine: a Plan as Brian2 objects. Everything that touches Brian2's internals is in this file.

A point neuron becomes a NeuronGroup of lanes. A chain becomes one SpatialNeuron that holds every lane end to end, with
no axial conductance from one lane to the next.

Each step follows Brian2's order: states by a linearised exponential step (y += dt·f·exprel(dt·∂f/∂y), exact where the
equation is linear), then, for a chain, the membrane by backward Euler with the exact slope of the membrane current.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import brian2 as b2
import numpy as np
import sympy as sp

from nmdasim import quantities
from nmdasim.engines.printing import PlainPrinter
from nmdasim.errors import ModelError
from nmdasim.language.reader import symbol
from nmdasim.model.check import check_dimensions, declarations
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Outcome, Plan, Probe
from nmdasim.plan.wiring import Network, Wire

METHODS = ("euler", "rk2", "rk4", "heun", "exponential_euler", "exact")
_text = PlainPrinter().doprint


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    model = plan.model
    if not model.is_point and not model.morphology.is_chain:
        raise ModelError(f"{model.name} is a branched tree; the brian2 engine runs point neurons and chains, "
                         "use engine='reference'")  # fmt: skip
    allowed = METHODS if model.is_point else ()
    if plan.method and plan.method not in allowed:
        raise ModelError(f"method {plan.method!r}; the brian2 engine has, for {model.name}, its default"
                         + (f" and {', '.join(allowed)}" if allowed else " only"))  # fmt: skip


def run(plan: Plan, report: Callable[[float], None]) -> Outcome:
    """Run every lane in one Brian2 network."""
    check(plan)
    b2.defaultclock.dt = plan.dt * b2.second
    group = _point(plan) if plan.model.is_point else _chain(plan)
    monitors = [_monitor(group, plan, p, k) for k, p in enumerate(_probes(plan))]
    spikes = [b2.SpikeMonitor(group, name="nmdasim_spikes")] if plan.model.threshold else []
    network = b2.Network(group, *_input(group, plan), *monitors, *spikes)
    progress = {"report": lambda elapsed, done, start, total: report(done), "report_period": 1 * b2.second}
    network.run(plan.steps * plan.dt * b2.second, namespace={}, **progress)
    return _outcome(plan, spikes, dict(zip(_probes(plan), monitors, strict=True)))


def run_network(network: Network, report: Callable[[float], None]) -> list[Outcome]:
    """Run the populations of a circuit as one Brian2 network."""
    first = network.plans[0]
    for plan in network.plans:
        check(plan)
    b2.defaultclock.dt = first.dt * b2.second
    groups = [
        (_point if plan.model.is_point else _chain)(plan, f"nmdasim_population_{k}")
        for k, plan in enumerate(network.plans)
    ]
    inputs = [
        # Brian2 delivers after the state update, hence one step earlier; what is due at 0 acts from dt on.
        b2.SpikeGeneratorGroup(
            v.lanes, v.lane, np.maximum(v.step - 1, 0) * first.dt * b2.second, name=f"nmdasim_input_{k}"
        )
        for k, v in enumerate(network.inputs)
    ]
    synapses = [_wire(network, wire, [*groups, *inputs], k) for k, wire in enumerate(network.wires) if len(wire.source)]
    spikes = [[b2.SpikeMonitor(g, name=f"nmdasim_spikes_{k}")] if p.model.threshold else []
              for k, (g, p) in enumerate(zip(groups, network.plans, strict=True))]  # fmt: skip
    monitors = [
        {p: _monitor(g, plan, p, f"{k}_{j}") for j, p in enumerate(_probes(plan))}
        for k, (g, plan) in enumerate(zip(groups, network.plans, strict=True))
    ]
    parts = [*groups, *inputs, *synapses, *(s for m in spikes for s in m), *(m for d in monitors for m in d.values())]
    progress = {"report": lambda elapsed, done, start, total: report(done), "report_period": 1 * b2.second}
    b2.Network(*parts).run(first.steps * first.dt * b2.second, namespace={}, **progress)
    return [_outcome(*one) for one in zip(network.plans, spikes, monitors, strict=True)]


def _wire(network: Network, wire: Wire, sources: list[Any], k: int) -> Any:
    """Return the synapses of one projection; a chain's spikes and events each have a compartment."""
    post = network.plans[wire.post]
    model, port = post.model, list(post.model.ports.values())[wire.port]
    unit = _weight_unit(model, port.increments())
    effect = re.sub(r"\bweight\b", "nmdasim_weight", "\n".join(f"{s} += {e}" for s, e in port.increments()))
    declared = f"nmdasim_weight : {unit} (constant)" if "nmdasim_weight" in effect else ""
    synapses = b2.Synapses(
        sources[wire.pre], sources[wire.post], declared, on_pre=effect, namespace={}, name=f"nmdasim_wire_{k}"
    )
    pre = network.plans[wire.pre].model if wire.pre < len(network.plans) else None
    i = wire.source * len(pre.morphology) + pre.spike_site if pre else wire.source
    synapses.connect(i=i, j=wire.target * len(model.morphology) + port.compartment)
    if declared:
        synapses.variables["nmdasim_weight"].get_value()[:] = np.broadcast_to(wire.weight, len(i))
    synapses.pre.delay = np.broadcast_to(wire.delay, len(i)) * post.dt * b2.second
    return synapses


def _weight_unit(model: Model, increments: tuple[tuple[str, str], ...]) -> str:
    """Return the unit of a port's weight: that of the state where the weight is added as it is, else of its share."""
    state, text = next(((s, t) for s, t in increments if re.search(r"\bweight\b", t)), increments[0])
    for unit in (_unit(model, state), "1", "siemens", "amp", "volt"):
        scope = re.sub(r"\bweight\b", f"(1*{unit})", text)
        try:
            check_dimensions(model, scope, state)
        except ModelError:
            continue
        return unit
    raise ModelError(f"{model.name}: the unit of weight in {text!r} cannot be told; add it to a state as it is")


def source(model: Model) -> str:
    """Return the Brian2 equations and the code of one state update."""
    text, updater = (model.equations, _states(model)) if model.is_point else (_membrane(model), _states(model))
    return f"# equations\n{text.strip()}\n{_declared(model)}\n\n# state update, in SI units\n{updater}\n"


# --- equations -------------------------------------------------------------------------------------------------------


def _declared(model: Model, skip: tuple[str, ...] = ()) -> str:
    bases = [base for base in model.parameters.bases if base not in skip]
    return declarations(tuple((base, model.parameters.unit_of(base)) for base in bases))


@by_structure(maxsize=64)
def _states(model: Model) -> str:
    """Return abstract code, in SI units, for one linearised exponential step of every state but a cable's v."""
    equations = model.system.derivatives
    names = [name for name in model.system.states if model.is_point or name != "v"]
    rates = [equations[name] for name in names]
    slopes = [rate.diff(symbol(name)) for name, rate in zip(names, rates, strict=True)]
    shared, reduced = sp.cse([*rates, *slopes], symbols=sp.numbered_symbols("_shared_", real=True))
    lines = [f"{s.name} = {_text(e)}" for s, e in shared]
    for name, rate, slope in zip(names, reduced, reduced[len(names) :], strict=False):
        active = "*int(not_refractory)" if name in model.system.held else ""
        growth = "" if slope == 0 else f"*exprel(dt*({_text(slope)}))"
        lines.append(f"_next_{name} = {name} + dt*({_text(rate)}){growth}{active}")
    return "\n".join(lines + [f"{name} = _next_{name}" for name in names])


def _updater(model: Model) -> Callable[..., str]:
    text = _states(model)  # Brian2 keeps every updater that it was given, so this one must not hold the model
    return lambda equations, variables=None, method_options=None: text


def _membrane(model: Model) -> str:
    """Return the equations of a cable: the membrane current linearised around v at the start of the step."""
    slope = model.system.subexpressions["Im"].diff(symbol("v"))
    with_units = {s: sp.Symbol(f"({s.name}/({_unit(model, s.name)}))") for s in slope.free_symbols}
    rate = f"({_text(slope.xreplace(with_units))})*siemens/meter**2"
    lines = [
        f"nmdasim_I_membrane = {b2.Equations(model.equations)['Im'].expr.code} : amp/meter**2",
        "nmdasim_v_start = v : volt (constant over dt)",
        "nmdasim_I_start = nmdasim_I_membrane : amp/meter**2 (constant over dt)",
        f"nmdasim_slope_start = {rate} : siemens/meter**2 (constant over dt)",
        "Im = nmdasim_I_start + nmdasim_slope_start*(v - nmdasim_v_start) : amp/meter**2",
    ]
    kept = [line for line in model.equations.splitlines() if line.split("=")[0].strip() != "Im"]
    return "\n".join([*kept, *lines])


def _unit(model: Model, name: str) -> str:
    known = {"v": "volt", "area": "meter**2", "t": "second"}
    if name in known:
        return known[name]
    if name in model.parameters.bases:
        return declarations(((name, model.parameters.unit_of(name)),)).split(" : ")[1].removesuffix(" (constant)")
    return quantities.base_units(b2.Equations(model.equations)[name].dim)


# --- groups ----------------------------------------------------------------------------------------------------------


def _spike_rule(plan: Plan) -> dict[str, Any]:
    model = plan.model
    refractory = model.refractory
    if refractory is not None and not isinstance(refractory, str):
        refractory = float(quantities.si(refractory, "ms", name="refractory")) * b2.second
    return {
        "threshold": model.threshold,
        "reset": model.reset,
        "refractory": False if refractory is None else refractory,
    }


def _point(plan: Plan, name: str = "nmdasim_cell") -> Any:
    model = plan.model
    needs_area = "area" not in model.parameters.bases
    text = f"{model.equations}\n{_declared(model)}" + ("\narea : meter**2 (constant)" if needs_area else "")
    group = b2.NeuronGroup(
        plan.lanes,
        text,
        method=plan.method or _updater(model),
        namespace={},
        name=name,
        **_spike_rule(plan),
    )
    _fill(group, plan, dict(plan.parameters) | dict(plan.initial))
    return group


def _chain(plan: Plan, name: str = "nmdasim_cell") -> Any:
    model, shape = plan.model, plan.model.morphology
    n = plan.lanes * len(shape)
    rule = _spike_rule(plan)
    if rule["threshold"]:
        rule["threshold"] = f"({rule['threshold']}) and nmdasim_site > 0.5"
    group = b2.SpatialNeuron(
        b2.Section(n=n, diameter=np.ones(n + 1) * b2.um, length=np.ones(n) * b2.um),
        f"{_membrane(model)}\n{_declared(model, skip=('Cm',))}\nnmdasim_site : 1 (constant)",
        method=_updater(model),
        Ri=1 * b2.ohm * b2.meter,
        namespace={},
        name=name,
        **rule,
    )
    # The slope belongs between the states (order 0) and the membrane (order 1) of the same step.
    group.subexpression_updater.when, group.subexpression_updater.order = "groups", 0.5
    _fill(group, plan, dict(plan.parameters) | dict(plan.initial))
    group.nmdasim_site_[model.spike_site :: len(shape)] = 1
    # Brian2 couples neighbours i-1, i by 1/(Ri/r2[i-1] + Ri/r1[i]); with Ri = 1 Ω·m, r1 = r2 = 2g gives g.
    coupling = 2 * np.maximum(shape.conductances, 1e-30)
    group.r_length_1_ = np.tile(coupling, plan.lanes)
    group.r_length_2_ = np.tile(np.append(coupling[1:], 2e-30), plan.lanes)
    return group


def _fill(group: Any, plan: Plan, values: dict[str, np.ndarray]) -> None:
    shape = (plan.lanes, len(plan.model.morphology))
    for name, array in values.items():
        if name in group.variables:
            group.variables[name].get_value()[:] = np.broadcast_to(array, shape).ravel()


# --- input -----------------------------------------------------------------------------------------------------------


def _input(group: Any, plan: Plan) -> list[Any]:
    """Return one spike generator and the synapses that carry every port.

    An event due within half a step of t acts on the state at t, as in NEURON. Brian2 delivers after the state update,
    hence one step earlier; what is due at 0 acts from dt on. Events that share a step come from different sources.
    """
    arrivals = plan.arrivals
    step = np.maximum(np.ceil(arrivals.time / plan.dt - 0.5 - 1e-9).astype(np.int64) - 1, 0)
    weight = np.ascontiguousarray(arrivals.weight, dtype=np.float64).view(np.int64)
    keys = np.stack([arrivals.table, arrivals.port, weight, step], axis=1)[step < plan.steps]
    if not len(keys):
        return []
    keys = keys[np.lexsort(keys.T[::-1])]
    kinds = np.concatenate([keys[:, :3], _rank_of_repeats(keys)[:, None]], axis=1)
    sources, source = np.unique(kinds, axis=0, return_inverse=True)
    generator = b2.SpikeGeneratorGroup(
        len(sources), source.ravel(), keys[:, 3] * plan.dt * b2.second, name="nmdasim_events"
    )
    synapses = b2.Synapses(generator, group, *_effects(plan.model), namespace={}, name="nmdasim_synapses")
    pairs = [(s, lane) for s, row in enumerate(sources) for lane in np.flatnonzero(plan.table == row[0])]
    pre, lanes = np.array(pairs, dtype=int).reshape(-1, 2).T
    where = np.array([port.compartment for port in plan.model.ports.values()])
    port = sources[pre, 1]
    synapses.connect(i=pre, j=lanes * len(plan.model.morphology) + where[port])
    synapses.variables["nmdasim_port"].get_value()[:] = port
    for k in np.unique(port):
        if f"nmdasim_weight_{k}" in synapses.variables:
            synapses.variables[f"nmdasim_weight_{k}"].get_value()[:] = sources[pre, 2].view(np.float64)
    return [generator, synapses]


def _effects(model: Model) -> tuple[str, str]:
    """Return the synaptic variables, and one statement for all ports: each adds where the event is its own."""
    declared, effects = ["nmdasim_port : integer (constant)"], []
    for k, port in enumerate(model.ports.values()):
        for state, text in port.increments():
            expression = re.sub(r"\bweight\b", f"nmdasim_weight_{k}", text)
            if expression != text:
                declared.append(f"nmdasim_weight_{k} : {_unit(model, state)} (constant)")
            effects.append(f"{state} += int(nmdasim_port == {k})*({expression})")
    return "\n".join(declared), "\n".join(effects)


def _rank_of_repeats(keys: np.ndarray) -> np.ndarray:
    """Count equal consecutive rows from 0."""
    new = np.append(True, np.any(keys[1:] != keys[:-1], axis=1))
    start = np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
    return np.arange(len(keys)) - start


# --- output ----------------------------------------------------------------------------------------------------------


def _probes(plan: Plan) -> list[Probe]:
    recording = plan.recording
    return list(dict.fromkeys([*recording.traces, *(probe for probe, _ in recording.summaries)]))


def _every(plan: Plan, probe: Probe) -> int:
    """Return the steps between samples: as asked for traces, about 0.1 ms for summaries."""
    if probe in plan.recording.traces:
        return plan.sampled_steps
    return max(1, round(1e-4 / plan.dt))


def _monitor(group: Any, plan: Plan, probe: Probe, index: int | str) -> Any:
    where = np.arange(plan.lanes) * len(plan.model.morphology) + probe.compartment
    interval = _every(plan, probe) * plan.dt * b2.second
    return b2.StateMonitor(group, probe.variable, record=where, dt=interval, name=f"nmdasim_trace_{index}")


def _outcome(plan: Plan, spikes: list[Any], monitors: dict[Probe, Any]) -> Outcome:
    lane, time = np.empty(0, dtype=int), np.empty(0)
    if spikes:
        lane = np.asarray(spikes[0].i) // len(plan.model.morphology)
        time = np.asarray(spikes[0].t / b2.second) + plan.dt
        order = np.lexsort((time, lane))
        lane, time = lane[order], time[order]
    values = {p: np.asarray(getattr(m, p.variable), dtype=float) for p, m in monitors.items()}
    broken = [p.variable for p, v in values.items() if not np.all(np.isfinite(v))]
    if broken:
        raise ModelError(f"{plan.model.name}: {', '.join(broken)} is no longer finite; use a smaller dt")
    clock = {p: np.asarray(m.t / b2.second) for p, m in monitors.items()}
    first = next(iter(plan.recording.traces), None)
    return Outcome(
        spike_lane=lane,
        spike_time=time,
        summaries=tuple(
            _reduce(values[p], clock[p], plan.recording.windows, kind) for p, kind in plan.recording.summaries
        ),
        traces=tuple(values[p] for p in plan.recording.traces),
        trace_time=clock[first] if first else np.empty(0),
    )


def _reduce(values: np.ndarray, time: np.ndarray, edges: tuple[float, ...], kind: str) -> np.ndarray:
    """Return (lanes, windows): the value at the start of each, or its extremum; NaN where the run ends before."""
    starts = np.searchsorted(time, np.asarray(edges) - 1e-9)
    found = np.full((len(values), len(edges) - 1), np.nan)
    for k, (a, b) in enumerate(pairwise(starts)):
        if a < values.shape[1]:
            found[:, k] = values[:, a] if kind == "start" else getattr(values[:, a:b], kind)(axis=1)
    return found
