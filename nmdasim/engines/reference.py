"""Reference engine: SciPy's LSODA on the same equations, as accurately as asked.

Integration restarts at every event, at every spike that resets, at the end of every refractory period, and wherever a
condition on time in the equations turns; spikes are located by bisection on the dense output. The right-hand side and
its banded Jacobian are generated from the model.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import sympy as sp
from scipy.integrate import LSODA

from nmdasim import quantities
from nmdasim.engines import breaks, feedforward
from nmdasim.engines.kernel.machine import begins, function
from nmdasim.engines.layout import Layout, layout
from nmdasim.engines.recorder import Recorder
from nmdasim.engines.rhs import Source, axial_rates, write
from nmdasim.engines.watch import Watch
from nmdasim.errors import ModelError, closest
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import System
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.firing import Firing, endless, firing
from nmdasim.plan.plan import Arrivals, Cells, Held, Outcome, Plan

_LOG = logging.getLogger("nmdasim")
_LONGEST_STEP = 0.01  # seconds; keeps a step from passing over a spike
#: Share of t below which a step counts as stuck, and so many in a row as a solution that runs off to infinity.
_SHORTEST_STEP, _PATIENCE = 1e-14, 100
#: Share of dt below which spikes count as one on another; the same number in a row is a neuron that fires without end.
_APART = 1e-3
#: Seconds from a turn of a condition on time at which the equations are read on its own side.
_INSIDE = 1e-12


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    first = plan.first
    if first.method not in ("", "lsoda"):
        near = closest(first.method, ["lsoda"])
        raise ModelError(f"method {first.method!r}; the reference engine has 'lsoda' only{near}")
    if not 1e-13 <= first.tolerance <= 1e-2:
        raise ModelError(f"tolerance {first.tolerance:g}; the reference engine takes 1e-13 to 1e-2")
    if noisy := [cells.model.name for cells in plan.cells if cells.model.stochastic]:
        raise ModelError(
            f"{', '.join(noisy)} draws at random (xi, or rand() in its reset), and an adaptive step cannot "
            "follow noise; take engine='kernel' or 'brian2'"
        )
    if any(wire.plastic for wire in plan.wires):
        raise ModelError("the reference engine renders no synapses with a state; take engine='kernel' or 'brian2'")
    if not plan.runs_in_turn:
        raise ModelError(
            "the reference engine runs populations one after the other, and this circuit leads back to an "
            "earlier one; take engine='kernel' or 'brian2'"
        )


def run(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run the populations in turn, their lanes one after the other."""
    check(plan)
    return feedforward.run(plan, _cells, report)


def _cells(cells: Cells, report: Callable[[float], None]) -> Outcome:
    problem = _Problem.of(cells)
    with np.errstate(all="ignore"):  # a lane that overflows is marked
        lanes = [
            _Lane(problem, cells.lane(k), lambda share, k=k: report((k + share) / cells.lanes)).run()  # type: ignore[misc]
            for k in range(cells.lanes)
        ]
    times = [np.asarray(lane.spikes) for lane in lanes]
    count = range(len(cells.recording.summaries))
    return Outcome(
        spike_lane=np.repeat(np.arange(cells.lanes), [len(t) for t in times]),
        spike_time=np.concatenate(times),
        summaries=tuple(np.stack([lane.recorder.summaries[j] for lane in lanes]) for j in count),
        traces=tuple(
            np.stack([lane.recorder.traces[:, j] for lane in lanes]) for j in range(len(cells.recording.traces))
        ),
        trace_time=cells.sampled if cells.recording.traces else np.empty(0),
        broken=np.flatnonzero([lane.broken for lane in lanes]),
        final=_final(cells, problem, lanes),
        held=Held(np.array([float(lane.ready) for lane in lanes]), np.array([lane.waiting for lane in lanes])),
    )


def _final(cells: Cells, problem: _Problem, lanes: Sequence[_Lane]) -> dict[str, np.ndarray]:
    found = {s: np.full((cells.lanes, len(cells.model.morphology)), np.nan) for s in cells.model.system.states}
    for (state, compartment), k in problem.source.index.items():
        found[state][:, compartment] = [lane.y[k] for lane in lanes]
    return found


def source(model: Model) -> str:
    """Return the generated right-hand side and Jacobian."""
    start = frozenset(model.initial) | {s for begin in model.starts.values() for s in begin}
    return f"# {model.name}\n{_problem(model, frozenset(), start).source.text}"


@dataclass(frozen=True, eq=False)
class _Problem:
    """A model's structure made ready for SciPy."""

    system: System
    names: tuple[str, ...]
    folded: Layout
    source: Source
    rule: Firing

    @classmethod
    def of(cls, plan: Cells) -> _Problem:
        recording = plan.recording
        probes = [*recording.traces, *(probe for probe, _ in recording.summaries)]
        moving = plan.moving | set(plan.model.initial)
        return _problem(plan.model, frozenset((p.variable, p.compartment) for p in probes), frozenset(moving))

    @cached_property
    def functions(self) -> tuple[Any, Any]:
        rhs, jacobian = (function(self.source.text, name, np.float64) for name in ("rhs", "jacobian"))
        return rhs, jacobian

    @cached_property
    def constants(self) -> tuple[Any, ...]:
        return tuple(evaluator([e for _, e in group]) for group in self.source.constants)

    def index(self, state: str, compartment: int) -> int:
        return self.source.index[state, compartment]

    def expressions(self, texts: tuple[str, ...]) -> Callable[[Mapping[str, Any]], list[np.ndarray]]:
        return evaluator([self.system.substitute(text, self.names) for text in texts])

    @cached_property
    def breaks(self) -> breaks.Breaks:
        return breaks.Breaks.of(self.system, [self.rule.threshold, self.rule.condition])


@by_structure(maxsize=64)
def _problem(model: Model, kept: frozenset[tuple[str, int]], start: frozenset[str]) -> _Problem:
    folded = layout(model, start, [k for k in kept if k[0] != model.potential])
    names = (*model.parameters.bases, "t", "weight", "area")
    return _Problem(model.system, names, folded, write(model, folded), firing(model))


class _Lane:
    """One lane from beginning to end."""

    def __init__(self, problem: _Problem, plan: Cells, report: Callable[[float], None]):
        self.problem, self.plan, self.report = problem, plan, report
        self.model = plan.model
        self.y = np.zeros(len(problem.source.index))
        for (state, compartment), k in problem.source.index.items():
            values = plan.initial[state][0]
            self.y[k] = values[compartment if len(values) > 1 else 0]
        self.constants = np.concatenate([c.ravel() for c in self._constants()])
        self.rates = axial_rates(plan.model, plan.parameters)
        parents, up, down = self.rates
        self._addresses = (begins(self.constants, float), begins(parents, int), begins(up, float), begins(down, float))
        self.spikes: list[float] = []
        self.broken = False
        self._kept: dict[int, tuple[dict[str, Any], list[tuple[str, int]]]] = {}
        self.ready, self.wait, self.crowd = True, -np.inf, 0
        if plan.held is not None:
            self.ready, left = bool(plan.held.ready[0]), float(plan.held.wait[0])
            self.wait = plan.origin + left * plan.dt if left > 0 else self.wait
        values = {name: v.astype(float) for name, v in plan.parameters.items()}
        self.turns = problem.breaks.times(values, plan.origin, plan.steps, plan.dt)
        self.longest = min(_LONGEST_STEP, plan.dt) if problem.breaks.driven else _LONGEST_STEP
        self.recorder = Recorder(plan, problem.source.index)

    def _constants(self) -> list[np.ndarray]:
        found = []
        for group, evaluate in zip(self.problem.folded.groups, self.problem.constants, strict=True):
            values = self._values(group.compartments)
            shape = (1, len(group.compartments))
            rows = [np.broadcast_to(c, shape)[0] for c in evaluate(values)]
            found.append(np.array(rows).reshape(len(rows), shape[1]).T)
        return found

    def _values(self, compartments: Any) -> dict[str, Any]:
        picked = list(compartments)
        return {n: v[:, picked] if v.shape[1] > 1 else v for n, v in self.plan.parameters.items()}

    def _scope(self, compartment: int, t: float, y: np.ndarray, weight: float = 0.0) -> dict[str, Any]:
        fixed, index = self._known(compartment)
        return {**fixed, **{state: y[k] for state, k in index}, "t": t, "weight": weight}

    def _known(self, compartment: int) -> tuple[dict[str, Any], list[tuple[str, int]]]:
        """Return what stays of a compartment, states that are folded away at 0, and where its states are."""
        if compartment not in self._kept:
            index = [(s, k) for (s, c), k in self.problem.source.index.items() if c == compartment]
            parameters = {n: v.ravel()[0] for n, v in self._values([compartment]).items()}
            self._kept[compartment] = dict.fromkeys(self.model.system.states, 0.0) | parameters, index
        return self._kept[compartment]

    @property
    def waiting(self) -> float:
        """Steps of the refractory period that are left at the end."""
        return max(self.wait - self.plan.origin - self.plan.duration, 0.0) / self.plan.dt

    def run(self) -> _Lane:
        """Integrate between restarts; a lane whose numbers leave the finite ones stops there, and is marked."""
        events: Arrivals = self.plan.arrivals.of(int(self.plan.table[0]))
        begin, end = self.plan.origin, self.plan.origin + self.plan.duration
        times, first = np.unique(np.round(begin + events.time, 12), return_index=True)
        stops = [t for t in times if t < end] + [end]
        now, next_event = begin, 0
        while now < end and not self.broken:
            while next_event < len(times) and times[next_event] <= now:
                last = first[next_event + 1] if next_event + 1 < len(first) else len(events)
                self._deliver(events, int(first[next_event]), int(last), now)
                next_event += 1
            target = stops[next_event] if next_event < len(stops) else end
            if now < self.wait < target:
                target = self.wait
            turn = int(np.searchsorted(self.turns, now, side="right"))
            if turn < len(self.turns) and self.turns[turn] < target:
                target = float(self.turns[turn])
            now = self._integrate(now, target)
            self.report((now - begin) / self.plan.duration)
        return self

    def _deliver(self, events: Any, first: int, last: int, now: float) -> None:
        ports = list(self.model.ports.values())
        for e in range(first, last):
            port = ports[int(events.port[e])]
            increments = port.increments()
            amounts = self.problem_expressions(tuple(text for _, text in increments))(
                self._scope(port.compartment, now, self.y, float(events.weight[e]))
            )
            for (state, _), amount in zip(increments, amounts, strict=True):
                if (state, port.compartment) in self.problem.source.index:
                    self.y[self.problem.index(state, port.compartment)] += float(amount)

    @cached_property
    def problem_expressions(self) -> Callable[[tuple[str, ...]], Any]:
        return cache(self.problem.expressions)

    def _integrate(self, start: float, end: float) -> float:
        """Integrate to `end`, or to where what the equations say changes; return the time reached."""
        rhs, jacobian = self.problem.functions
        active = 1.0 if self.ready and start >= self.wait else 0.0
        inside = min(_INSIDE, 0.25 * (end - start)) if len(self.turns) else 0.0  # on this side of either turn
        first, last = start + inside, end - inside
        arguments = (*self._addresses, active)
        band = self.problem.source.band
        # What goes in and out has places of its own: to ask for the address of an array costs more than most calls.
        given, found, packed = np.empty_like(self.y), np.empty_like(self.y), np.zeros((2 * band + 1, len(self.y)))
        into, out, into_packed = (begins(row, float) for row in (given, found, packed))

        def rate(t: float, y: np.ndarray) -> np.ndarray:
            given[:] = y
            rhs(min(max(t, first), last), into, out, *arguments)
            return found.copy()

        def jac(t: float, y: np.ndarray) -> np.ndarray:
            given[:] = y
            packed[:] = 0.0
            jacobian(min(max(t, first), last), into, into_packed, band, *arguments)
            return packed

        solver = LSODA(
            rate,
            start,
            self.y,
            end,
            max_step=self.longest,
            rtol=self.plan.tolerance,
            atol=self.plan.tolerance * self.problem.source.scales,
            jac=jac,
            lband=band,
            uband=band,
        )
        stuck = 0
        while solver.status == "running":
            message = solver.step()
            stuck = stuck + 1 if solver.t - solver.t_old <= _SHORTEST_STEP * abs(solver.t) else 0
            if solver.status == "failed" or stuck > _PATIENCE or not np.isfinite(solver.y).all():
                _LOG.info("%s: no finite solution beyond %g s (%s)", self.model.name, solver.t, message or "overflow")
                self.broken, self.y = True, np.full_like(self.y, np.nan)
                return float(solver.t)
            stop = self._watch(solver, fresh=solver.t_old == start)
            reached = solver.t if stop is None else stop
            if self.recorder.asked:
                self.recorder.step(solver.dense_output(), solver.t_old, reached)
            if stop is not None:
                self.y = np.array(solver.dense_output()(reached))
                if self.spikes and self.spikes[-1] == reached:
                    self._reset(reached)
                return float(reached)
        self.y = solver.y.copy()
        return end

    # --- spikes ---

    @cached_property
    def _fires(self) -> Watch:
        return self._of(self.problem.rule.threshold)

    @cached_property
    def _free(self) -> Watch | None:
        """What ends a refractory period that is a condition."""
        condition = self.problem.rule.condition
        return None if condition is None else self._of(sp.Not(condition))

    def _of(self, condition: sp.Expr) -> Watch:
        """Return the watch of a condition, which is asked at every step: it looks up only what it reads."""
        read = {s.name for s in condition.free_symbols}
        fixed, index = self._known(self.model.spike_site)
        constants = {name: value for name, value in fixed.items() if name in read}
        places = [(state, k) for state, k in index if state in read]
        return Watch.of(condition, lambda t, y: {**constants, **{state: y[k] for state, k in places}, "t": t})

    @cached_property
    def _stops(self) -> bool:
        """Whether integration begins anew at a spike."""
        return bool(self.model.reset or self.model.system.held) or (
            self.model.refractory is not None and self._free is None
        )

    def _watch(self, solver: LSODA, fresh: bool) -> float | None:
        """Note the spikes within the last step; return the time at which integration must begin anew, if any.

        Of a step no longer than dt that goes on from another its end says enough.
        """
        if self.model.threshold is None or solver.t <= self.wait:
            return None
        sought = self._fires if self.ready or self._free is None else self._free
        if not fresh and solver.t - solver.t_old <= self.plan.dt and not sought.holds(solver.t, solver.y):
            return None
        now, dense = solver.t_old, solver.dense_output()
        while True:
            if not self.ready and self._free is not None:
                free = self._free.first(dense, now, solver.t, self.plan.dt)
                if free is None:
                    return None
                self.ready, now = True, free
                if self.model.system.held and free > solver.t_old:
                    return free
            spike = self._fires.first(dense, now, solver.t, self.plan.dt)
            if spike is None:
                return None
            self.crowd = self.crowd + 1 if self.spikes and spike - self.spikes[-1] < _APART * self.plan.dt else 0
            if self.crowd > _PATIENCE:
                raise endless(self.model)
            self.spikes.append(spike)
            self.ready = self._free is None
            if self._stops:
                return spike
            now = spike

    def _reset(self, now: float) -> None:
        """Reset, and begin the refractory period, whose duration is that at the spike."""
        site, given = self.model.spike_site, self.model.refractory
        for state, text in self.problem.rule.resets:
            value = self.problem_expressions((text,))(self._scope(site, now, self.y))[0]
            self.y[self.problem.index(state, site)] = float(value)
        if given is not None and self._free is None:
            scope = self._scope(site, now, self.y)
            time = (
                self.problem_expressions((given,))(scope)[0]
                if isinstance(given, str)
                else quantities.si(given, "ms", name="refractory")
            )
            self.wait = now + float(time)
        self.ready = self._free is None or self._free.holds(now, self.y)
        if self.ready and now >= self.wait and self._fires.holds(now, self.y):
            raise endless(self.model)
