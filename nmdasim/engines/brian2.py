"""Brian2 engine: a Plan as Brian2 objects. What touches Brian2's internals is in the files brian2*.py.

A point neuron becomes a NeuronGroup of lanes. A chain becomes one SpatialNeuron that holds every lane end to end, with
no axial conductance from one lane to the next.

Each step follows Brian2's order: states by a linearised exponential step (y += dt·f·exprel(dt·∂f/∂y), exact where the
equation is linear), then, for a chain, the membrane by backward Euler with the exact slope of the membrane current.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any

import brian2 as b2
import numpy as np
import sympy as sp

from nmdasim import quantities
from nmdasim.engines import brian2_output as output
from nmdasim.engines import brian2_process as process
from nmdasim.engines import brian2_rules as rules
from nmdasim.engines import brian2_shares as shares_of
from nmdasim.engines import feedforward
from nmdasim.engines.brian2_rules import exponential_step
from nmdasim.engines.form.methods import shares
from nmdasim.engines.printing import PlainPrinter
from nmdasim.errors import ModelError, closest
from nmdasim.language.reader import symbol
from nmdasim.model import brian2_out
from nmdasim.model.check import check_dimensions, declarations, dimensions
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Outcome, Plan, Wire

METHODS = ("euler", "rk2", "rk4", "heun", "exponential_euler", "exact")
#: Those of them that take white noise.
NOISY = ("euler", "heun")
_text = PlainPrinter().doprint


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    for cells in plan.cells:
        _check(cells)


def _check(cells: Cells) -> None:
    model = cells.model
    if not model.is_point and not model.morphology.is_chain:
        raise ModelError(
            f"{model.name} is a branched tree; the brian2 engine runs point neurons and chains, use engine='reference'"
        )
    if not model.is_point and (held := sorted(model.system.held)):
        raise ModelError(
            f"{model.name} holds {', '.join(held)} in the refractory period of a tree, which Brian2's trees do not; "
            "use engine='kernel' or 'reference'"
        )
    allowed = NOISY if model.stochastic else METHODS
    if cells.method and cells.method not in allowed:
        raise ModelError(
            f"method {cells.method!r}; the brian2 engine has, for {model.name}, its default and "
            f"{', '.join(allowed)}{closest(cells.method, allowed)}"
        )


def run(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run single cells and their chains in turn, a network as one Brian2 network."""
    check(plan)
    if plan.is_chain:
        return feedforward.run(plan, lambda cells, share: _together(Plan(cells.lanes, (cells,)), share)[0], report)
    resumed = dataclasses.replace(plan, cells=tuple(feedforward.resumed(cells) for cells in plan.cells))
    return feedforward.with_pending(plan, _together(resumed, report))


def _together(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run all populations in one Brian2 network, on a clock of its own."""
    first, clock = plan.first, b2.Clock(dt=plan.first.dt * b2.second, name="nmdasim_clock")
    groups = [
        (_point if cells.model.is_point else _chain)(cells, clock, f"nmdasim_population_{k}")
        for k, cells in enumerate(plan.cells)
    ]
    inputs = [
        # Brian2 delivers after the state update, hence one step earlier; what is due at 0 acts from dt on.
        b2.SpikeGeneratorGroup(
            v.lanes,
            v.lane,
            (first.begin + np.maximum(v.step - 1, 0)) * first.dt * b2.second,
            clock=clock,
            name=f"nmdasim_input_{k}",
        )
        for k, v in enumerate(plan.inputs)
    ]
    wires = {k: wire for k, wire in enumerate(plan.wires) if rules.fires(plan, wire)}
    synapses = {k: _wire(plan, wire, [*groups, *inputs], k) for k, wire in wires.items()}
    both = list(zip(groups, plan.cells, strict=True))
    events = [part for k, (g, cells) in enumerate(both) for part in _input(g, cells, clock, k)]
    spikes = [
        [b2.SpikeMonitor(g, name=f"nmdasim_spikes_{k}")] if cells.model.threshold else []
        for k, (g, cells) in enumerate(both)
    ]
    monitors = [
        {p: output.monitor(g, cells, p, f"{k}_{j}") for j, p in enumerate(output.probes(cells))}
        for k, (g, cells) in enumerate(both)
    ]
    watching = [*(s for found in spikes for s in found), *(m for found in monitors for m in found.values())]
    guards = [
        output.guard(g, cells.lanes, clock, f"nmdasim_guard_{k}")
        for k, (g, cells) in enumerate(both)
        if not cells.model.is_point
    ]
    watched = [shares_of.watch(g, cells, clock, f"nmdasim_shares_{k}") for k, (g, cells) in enumerate(both)]
    guards += [operation for operations, _ in watched for operation in operations]
    network = b2.Network(*groups, *inputs, *synapses.values(), *events, *watching, *guards)
    network.t_ = first.origin
    progress = {"report": lambda elapsed, done, start, total: report(done), "report_period": 1 * b2.second}
    try:
        # Of numbers that overflow nothing is said here: their lane is marked at the end.
        with process.seeded(plan), process.unsearched(), np.errstate(all="ignore"):
            network.run(first.steps * first.dt * b2.second, namespace={}, **progress)
    except b2.BrianObjectException as error:
        if not any(cells.method for cells in plan.cells):
            raise
        raise _cannot(plan, error) from None
    left = [lanes for _, lanes in watched]
    outcomes = [output.outcome(*part) for part in zip(groups, plan.cells, spikes, monitors, left, strict=True)]
    return rules.held(plan, outcomes, synapses)


def _cannot(plan: Plan, error: Exception) -> ModelError:
    """Return what to say where Brian2 does not get through with the method that was asked for."""
    causes = [error]
    while (cause := causes[-1].__cause__) is not None and isinstance(cause, Exception):
        causes.append(cause)
    cells = next(cells for cells in plan.cells if cells.method)
    return ModelError(
        f"method {cells.method!r} on {cells.model.name}: Brian2 says {' '.join(str(causes[-1]).split())!r}; "
        "take 'rk4', or leave the method out"
    )


def _wire(network: Plan, wire: Wire, sources: list[Any], k: int) -> Any:
    """Return the synapses of one projection; a chain's spikes and events each have a compartment."""
    if wire.plastic is not None:
        return rules.synapses(network, wire, wire.plastic, sources, f"nmdasim_wire_{k}")
    post = network.cells[wire.post]
    model, port = post.model, list(post.model.ports.values())[wire.port]
    unit = _weight_unit(model, port.increments())
    effect = re.sub(r"\bweight\b", "nmdasim_weight", "\n".join(f"{s} += {e}" for s, e in port.increments()))
    declared = f"nmdasim_weight : {unit} (constant)" if "nmdasim_weight" in effect else ""
    synapses = b2.Synapses(
        sources[wire.pre], sources[wire.post], declared, on_pre=effect, namespace={}, name=f"nmdasim_wire_{k}"
    )
    pre = network.cells[wire.pre].model if wire.pre < len(network.cells) else None
    i = wire.source * len(pre.morphology) + pre.spike_site if pre else wire.source
    synapses.connect(i=i, j=wire.target * len(model.morphology) + port.compartment)
    if declared:
        synapses.variables["nmdasim_weight"].get_value()[:] = np.broadcast_to(wire.weight, len(i))
    synapses.pre.delay = np.broadcast_to(wire.delay_steps(post.dt), len(i)) * post.dt * b2.second
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
    text, updater = (_equations(model) if model.is_point else _membrane(model)), _states(model)
    return f"# equations\n{text.strip()}\n{_declared(model)}\n\n# state update, in SI units\n{updater}\n"


# --- equations -------------------------------------------------------------------------------------------------------


def _declared(model: Model, skip: tuple[str, ...] = ()) -> str:
    bases = [base for base in model.parameters.bases if base not in skip]
    return declarations(tuple((base, model.parameters.unit_of(base)) for base in bases))


@by_structure(maxsize=64)
def _equations(model: Model) -> str:
    """Return a model's equations; those that are 0/0 somewhere as they are written, as this library reads them."""
    rewritten, lines = model.system.rewritten, []
    if not rewritten:
        return model.equations
    for name, eq in b2.Equations(model.equations).items():
        rate = name in model.system.derivatives
        left, unit = f"d{name}/dt" if rate else name, quantities.base_units(eq.dim)
        right = "" if eq.expr is None else f" = {eq.expr.code}"
        if name in rewritten:
            found = (model.system.derivatives if rate else model.system.subexpressions)[name]
            right = f" = ({_with_units(model, found)})*({unit}){'/second' if rate else ''}"
        lines.append(f"{left}{right} : {unit}" + (f" ({', '.join(eq.flags)})" if eq.flags else ""))
    return "\n".join(lines)


def _with_units(model: Model, expression: sp.Expr) -> str:
    """Return text of an expression in SI units, each name in it divided by its unit."""
    names = {s: sp.Symbol(f"({s.name}/({_unit(model, s.name)}))") for s in expression.free_symbols}
    return str(_text(expression.xreplace(names)))


@by_structure(maxsize=64)
def _states(model: Model) -> str:
    """Return abstract code, in SI units, for one linearised exponential step of every state but a cable's v."""
    names = [name for name in model.system.states if model.is_point or name != model.potential]
    rates = {name: model.system.derivatives[name] for name in names}
    whole = {name: shares(model, name) & set(names[:k]) for k, name in enumerate(names)}
    return exponential_step(rates, model.system.held, model.system.noise, whole)


def _updater(model: Model) -> Callable[..., str]:
    text = _states(model)  # Brian2 keeps every updater that it was given, so this one must not hold the model
    return lambda equations, variables=None, method_options=None: text


def _membrane(model: Model) -> str:
    """Return the equations of a cable: the membrane current linearised around v at the start of the step."""
    slope = model.system.subexpressions["Im"].diff(symbol(model.potential))
    rate = f"({_with_units(model, slope)})*siemens/meter**2"
    equations = _equations(model)
    lines = [
        f"nmdasim_I_membrane = {b2.Equations(equations)['Im'].expr.code} : amp/meter**2",
        "nmdasim_v_start = v : volt (constant over dt)",
        "nmdasim_I_start = nmdasim_I_membrane : amp/meter**2 (constant over dt)",
        f"nmdasim_slope_start = {rate} : siemens/meter**2 (constant over dt)",
        "Im = nmdasim_I_start + nmdasim_slope_start*(v - nmdasim_v_start) : amp/meter**2",
    ]
    kept = [line for line in equations.splitlines() if line.split("=")[0].strip() != "Im"]
    return "\n".join([*kept, *lines])


def _unit(model: Model, name: str) -> str:
    return quantities.base_units(dimensions(model)[name])


# --- groups ----------------------------------------------------------------------------------------------------------


def _spike_rule(plan: Cells) -> dict[str, Any]:
    model = plan.model
    refractory, reset = model.refractory, [text] if (text := brian2_out.reset(model)) else []
    if refractory is not None and not isinstance(refractory, str):
        refractory = float(quantities.si(refractory, "ms", name="refractory")) * b2.second
    elif output.timed(model):  # Brian2 would read it at every step; what counts is the spike
        reset.append(f"{output.PERIOD} = {refractory}")
        refractory = output.PERIOD
    if output.may_not_end(model):
        pause = f" and not ({model.refractory})" if model.refractory_condition else ""
        reset.append(f"{output.AGAIN} += int(({model.threshold}){pause})")
    return {
        "threshold": model.threshold,
        "reset": "\n".join(reset) or None,
        "refractory": False if refractory is None else refractory,
    }


def _own(model: Model) -> str:
    """Return the declarations of what the engine keeps of the spike rule."""
    period = f"\n{output.PERIOD} : second" if output.timed(model) else ""
    return period + (f"\n{output.AGAIN} : 1" if output.may_not_end(model) else "")


def _point(plan: Cells, clock: Any, name: str) -> Any:
    model = plan.model
    needs_area = "area" not in model.parameters.bases
    text = f"{_equations(model)}\n{_declared(model)}{_own(model)}" + (
        "\narea : meter**2 (constant)" if needs_area else ""
    )
    group = b2.NeuronGroup(
        plan.lanes,
        text,
        method=plan.method or _updater(model),
        namespace={},
        name=name,
        clock=clock,
        **_spike_rule(plan),
    )
    _fill(group, plan, dict(plan.parameters) | dict(plan.initial))
    output.resume(group, plan)
    return group


def _chain(plan: Cells, clock: Any, name: str) -> Any:
    model, shape = plan.model, plan.model.morphology
    n = plan.lanes * len(shape)
    rule = _spike_rule(plan)
    if rule["threshold"]:
        rule["threshold"] = f"({rule['threshold']}) and nmdasim_site > 0.5"
    group = b2.SpatialNeuron(
        b2.Section(n=n, diameter=np.ones(n + 1) * b2.um, length=np.ones(n) * b2.um),
        f"{_membrane(model)}\n{_declared(model, skip=('Cm',))}\nnmdasim_site : 1 (constant)"
        f"\n{output.BROKEN} : 1{_own(model)}",
        method=plan.method or _updater(model),
        Ri=1 * b2.ohm * b2.meter,
        namespace={},
        name=name,
        clock=clock,
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
    output.resume(group, plan)
    return group


def _fill(group: Any, plan: Cells, values: dict[str, np.ndarray]) -> None:
    shape = (plan.lanes, len(plan.model.morphology))
    for name, array in values.items():
        if name in group.variables:
            group.variables[name].get_value()[:] = np.broadcast_to(array, shape).ravel()


# --- input -----------------------------------------------------------------------------------------------------------


def _input(group: Any, plan: Cells, clock: Any, index: int) -> list[Any]:
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
        len(sources),
        source.ravel(),
        (plan.begin + keys[:, 3]) * plan.dt * b2.second,
        clock=clock,
        name=f"nmdasim_events_{index}",
    )
    synapses = b2.Synapses(generator, group, *_effects(plan.model), namespace={}, name=f"nmdasim_synapses_{index}")
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
