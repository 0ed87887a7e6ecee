"""Reference engine: SciPy's LSODA on the same equations, as accurately as asked.

Integration restarts at every event, at every spike that resets, and at the end of every refractory period; spikes are
located by bisection on the dense output. The right-hand side and its banded Jacobian are generated from the model.
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
from nmdasim.engines import compiled, feedforward
from nmdasim.engines.layout import Layout, layout
from nmdasim.engines.rhs import Source, axial_rates, write
from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import System
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Arrivals, Cells, Held, Outcome, Plan, Probe

_LOG = logging.getLogger("nmdasim")
_LONGEST_STEP = 0.01  # seconds; keeps a step from passing over a spike
#: Share of t below which a step counts as stuck, and so many in a row as a solution that runs off to infinity.
_SHORTEST_STEP, _PATIENCE = 1e-14, 100
_SAMPLE = 1e-4  # seconds between the points at which an extremum is sought


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    first = plan.first
    if first.method not in ("", "lsoda"):
        raise ModelError(f"method {first.method!r}; the reference engine has 'lsoda' only")
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
    lanes = [
        _Lane(problem, cells.lane(k), lambda share, k=k: report((k + share) / cells.lanes)).run()  # type: ignore[misc]
        for k in range(cells.lanes)
    ]
    times = [np.asarray(lane.spikes) for lane in lanes]
    count = range(len(cells.recording.summaries))
    return Outcome(
        spike_lane=np.repeat(np.arange(cells.lanes), [len(t) for t in times]),
        spike_time=np.concatenate(times),
        summaries=tuple(np.stack([lane.summaries[j] for lane in lanes]) for j in count),
        traces=tuple(np.stack([lane.traces[:, j] for lane in lanes]) for j in range(len(cells.recording.traces))),
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

    @classmethod
    def of(cls, plan: Cells) -> _Problem:
        recording = plan.recording
        probes = [*recording.traces, *(probe for probe, _ in recording.summaries)]
        moving = plan.moving | set(plan.model.initial)
        return _problem(plan.model, frozenset((p.variable, p.compartment) for p in probes), frozenset(moving))

    @cached_property
    def functions(self) -> tuple[Any, Any]:
        module = compiled.load(self.source.text)
        return module.rhs, module.jacobian

    @cached_property
    def constants(self) -> tuple[Any, ...]:
        return tuple(evaluator([e for _, e in group]) for group in self.source.constants)

    def index(self, state: str, compartment: int) -> int:
        return self.source.index[state, compartment]

    def expressions(self, texts: tuple[str, ...]) -> Callable[[Mapping[str, Any]], list[np.ndarray]]:
        return evaluator([self.system.substitute(text, self.names) for text in texts])


@by_structure(maxsize=64)
def _problem(model: Model, kept: frozenset[tuple[str, int]], start: frozenset[str]) -> _Problem:
    folded = layout(model, start, [k for k in kept if k[0] != "v"])
    return _Problem(model.system, (*model.parameters.bases, "t", "weight", "area"), folded, write(model, folded))


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
        self.spikes: list[float] = []
        self.broken = False
        self.ready, self.wait = True, -np.inf
        if plan.held is not None:
            self.ready, left = bool(plan.held.ready[0]), float(plan.held.wait[0])
            self.wait = plan.origin + left * plan.dt if left > 0 else self.wait
        self.sampled = plan.sampled if plan.recording.traces else np.empty(0)
        self.traces = np.full((len(self.sampled), len(plan.recording.traces)), np.nan)
        windows = max(len(plan.recording.windows) - 1, 0)
        self.summaries = [np.full(windows, np.nan) for _ in plan.recording.summaries]

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
        states = {s: y[k] for (s, c), k in self.problem.source.index.items() if c == compartment}
        missing = dict.fromkeys(set(self.model.system.states) - set(states), 0.0)
        parameters = {n: v.ravel()[0] for n, v in self._values([compartment]).items()}
        return parameters | missing | states | {"t": t, "weight": weight}

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
        """Integrate to `end`, or to a spike that resets or begins a refractory period; return the time reached."""
        rhs, jacobian = self.problem.functions
        active = 1.0 if start >= self.wait else 0.0
        arguments = (self.constants, *self.rates, active)
        band = self.problem.source.band
        packed = np.zeros((2 * band + 1, len(self.y)))

        def jac(t: float, y: np.ndarray) -> np.ndarray:
            packed[:] = 0.0
            jacobian(t, y, packed, band, *arguments)
            return packed

        solver = LSODA(
            lambda t, y: rhs(t, y, *arguments),
            start,
            self.y,
            end,
            max_step=_LONGEST_STEP,
            rtol=self.plan.tolerance,
            atol=self.plan.tolerance * self.problem.source.scales,
            jac=jac,
            lband=band,
            uband=band,
        )
        stuck = 0
        while solver.status == "running":
            before = solver.y.copy()
            message = solver.step()
            stuck = stuck + 1 if solver.t - solver.t_old <= _SHORTEST_STEP * abs(solver.t) else 0
            if solver.status == "failed" or stuck > _PATIENCE or not np.all(np.isfinite(solver.y)):
                _LOG.info("%s: no finite solution beyond %g s (%s)", self.model.name, solver.t, message or "overflow")
                self.broken, self.y = True, np.full_like(self.y, np.nan)
                return float(solver.t)
            spike = self._spike(solver, before)
            stop = spike is not None and (self.model.reset is not None or self._duration > 0)
            reached = spike if stop and spike is not None else solver.t
            if self.plan.recording.traces or self.plan.recording.summaries:
                self._record(solver, solver.t_old, reached)
            if stop:
                self.y = np.array(solver.dense_output()(reached))
                self._reset(reached)
                return float(reached)
        self.y = solver.y.copy()
        return end

    # --- spikes ---

    @cached_property
    def _duration(self) -> float:
        refractory = self.model.refractory
        return (
            0.0
            if refractory is None or isinstance(refractory, str)
            else float(quantities.si(refractory, "ms", name="r"))
        )

    def _holds(self, text: str, t: float, y: np.ndarray) -> bool:
        return bool(self.problem_expressions((text,))(self._scope(self.model.spike_site, t, y))[0])

    def _spike(self, solver: LSODA, before: np.ndarray) -> float | None:
        """Return the time of a spike within the last step, and keep account of refractoriness."""
        if self.model.threshold is None:
            return None
        above = self._fires(solver.t, solver.y)
        if not self.ready:
            blocked = self._holds(str(self.model.refractory), solver.t, solver.y)
            self.ready = not blocked
            return None
        if not above or solver.t_old < self.wait:
            return None
        low, high = solver.t_old, solver.t
        if not self._fires(low, before):
            dense = solver.dense_output()
            while high - low > 1e-10:
                middle = 0.5 * (low + high)
                low, high = (low, middle) if self._fires(middle, dense(middle)) else (middle, high)
        self.spikes.append(high)
        if isinstance(self.model.refractory, str):
            self.ready = False
        self.wait = high + self._duration if self._duration else self.wait
        return float(high)

    @cached_property
    def _level(self) -> tuple[int, float] | None:
        """State index and level of a threshold of the form ``state > number``, the quick case."""
        condition = self.model.system.substitute(str(self.model.threshold), self.model.parameters.bases)
        if isinstance(condition, sp.StrictGreaterThan | sp.GreaterThan) and condition.lhs.is_Symbol:
            site = self.model.spike_site
            if condition.rhs.is_number and (condition.lhs.name, site) in self.problem.source.index:
                return self.problem.index(condition.lhs.name, site), float(condition.rhs)
        return None

    def _fires(self, t: float, y: np.ndarray) -> bool:
        if self._level is not None:
            return bool(y[self._level[0]] > self._level[1])
        return self._holds(str(self.model.threshold), t, y)

    def _reset(self, now: float) -> None:
        site = self.model.spike_site
        for part in filter(str.strip, (self.model.reset or "").replace("\n", ";").split(";")):
            left, _, right = part.partition("=")
            sign = left.strip()[-1] if left.strip()[-1] in "+-*/" else ""
            state = left.strip().rstrip("+-*/ ")
            text = f"{state} {sign} ({right})" if sign else right
            value = self.problem_expressions((text,))(self._scope(site, now, self.y))[0]
            self.y[self.problem.index(state, site)] = float(value)

    # --- recording ---

    def _record(self, solver: LSODA, start: float, end: float) -> None:
        recording = self.plan.recording
        dense = solver.dense_output()
        if recording.traces:
            times = self.sampled
            a, b = np.searchsorted(times, start - 1e-12), np.searchsorted(times, end - 1e-12)
            if b > a:
                values = dense(np.clip(times[a:b], start, end))
                self.traces[a:b] = np.stack([self._probe(p, values) for p in recording.traces], axis=1)
        if recording.summaries:
            times = np.append(np.arange(np.ceil(start / _SAMPLE), np.ceil(end / _SAMPLE)) * _SAMPLE, end)
            self._summarise(times, dense(np.clip(times, start, end)))

    def _probe(self, probe: Probe, values: np.ndarray) -> np.ndarray:
        key = (probe.variable, probe.compartment)
        if key in self.problem.source.index:
            return values[self.problem.index(*key)]
        return np.zeros(values.shape[1])

    def _summarise(self, times: np.ndarray, values: np.ndarray) -> None:
        edges = np.asarray(self.plan.recording.windows) + self.plan.origin
        window = np.searchsorted(edges, times + 1e-9, side="right") - 1
        inside = (window >= 0) & (window < len(edges) - 1)
        for (probe, kind), kept in zip(self.plan.recording.summaries, self.summaries, strict=True):
            trace = self._probe(probe, values)
            for w in np.unique(window[inside]):
                part = trace[window == w]
                if kind == "start":
                    kept[w] = part[0] if np.isnan(kept[w]) else kept[w]
                else:
                    kept[w] = np.fmax(kept[w], part.max()) if kind == "max" else np.fmin(kept[w], part.min())
