"""Synapses with a state of their own: their loops, generated, and the arrays over which they run.

What synapses hold lies in rows over the synapses of a wire, sorted by delay and source. Each step ends with them, in
Brian2's order: continuous states of all wires, then all arriving events, then what spikes of the neurons after the
synapses do. Event-driven states are advanced in closed form from the last event of their synapse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import sympy as sp

from nmdasim.engines.kernel import algebra
from nmdasim.engines.kernel.batches import Kernel
from nmdasim.engines.kernel.printer import Printer, spelled
from nmdasim.language.functions import exprel
from nmdasim.language.linear import ELAPSED, solved
from nmdasim.language.reader import symbol
from nmdasim.model.attached import Assign, Attached, Send
from nmdasim.plan.plan import Cells, Outcome, Plan
from nmdasim.plan.plastic import Plastic

_DT = symbol("_dt")


class Synapses(NamedTuple):
    """What the generated loops of one wire read and write; synapses lie in the order of delay, then source.

    Parameters
    ----------
    row
        First synapse of each (delay, source), and one more at the end of each delay.
    delay
        Steps, each different one once.
    source, target
        Neurons of each synapse, among those of the running instances.
    pre_at, post_at
        Where the rows of those neurons begin in the numbers of their population.
    back_row, back
        Synapses by target: those of neuron i are ``back[back_row[i]:back_row[i + 1]]``.
    value
        Variables, (variables, synapses).
    last
        Start of the step of the last event, in seconds.
    constant, instance
        Parameters, (instances or 1, parameters), and the row that holds for each synapse.
    pre_constant, post_constant
        Parameters of the neurons that equations read, (parameters, synapses).
    fired, fired_count
        Sources that fired, a ring of steps.
    cursor
        The next spike of an input.
    """

    row: np.ndarray
    delay: np.ndarray
    source: np.ndarray
    target: np.ndarray
    pre_at: np.ndarray
    post_at: np.ndarray
    back_row: np.ndarray
    back: np.ndarray
    value: np.ndarray
    last: np.ndarray
    constant: np.ndarray
    instance: np.ndarray
    pre_constant: np.ndarray
    post_constant: np.ndarray
    fired: np.ndarray
    fired_count: np.ndarray
    cursor: np.ndarray


class Population(Protocol):
    """What is asked of a population while it runs."""

    @property
    def kernel(self) -> Kernel: ...
    @property
    def lanes(self) -> np.ndarray: ...
    @property
    def blocks(self) -> np.ndarray: ...


# --- arrays ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Held:
    """The synapses of one wire in some instances, and their place in the order of the wire."""

    wire: int
    synapses: Synapses
    order: np.ndarray

    def kept(self, plastic: Plastic) -> dict[str, np.ndarray]:
        """Return what they hold, in the order of the wire."""
        value, last = np.empty_like(self.synapses.value), np.empty_like(self.synapses.last)
        value[:, self.order], last[self.order] = self.synapses.value, self.synapses.last
        found = dict(zip(plastic.initial, value, strict=True))
        return found | ({"lastupdate": last} if plastic.attached.rule.event_driven else {})


def laid_out(
    network: Plan, k: int, part: range, post: Population, pre: Population | None, fired_first: int
) -> Held:
    """Return the arrays of one wire over some instances; `fired_first` is how much an input fires in the first step."""
    wire, plan = network.wires[k], network.cells[network.wires[k].post]
    plastic = wire.plastic
    assert plastic is not None
    sources = network.instance_lanes(network.sources[wire.pre], part)
    ends = np.searchsorted(wire.source, [sources[0], sources[-1] + 1])
    own = np.arange(*ends)
    steps = np.broadcast_to(wire.delay_steps(plan.dt), len(wire.source))[own]
    delay, which = np.unique(steps, return_inverse=True)
    order = np.argsort(which, kind="stable")
    chosen = own[order]
    source, target = wire.source[chosen] - sources[0], wire.target[chosen] - post.lanes[0]
    count = len(sources)
    row = np.searchsorted(which[order] * count + source, np.arange(len(delay) * count + 1))
    back = np.argsort(target, kind="stable")
    constants = [np.broadcast_to(v, _instances(plastic)) for v in plastic.parameters.values()]
    ring = int(delay.max(initial=0)) + 1
    pre_plan = network.cells[wire.pre] if wire.pre < len(network.cells) else None
    made = Synapses(
        np.stack([row[d * count : (d + 1) * count + 1] for d in range(len(delay))]) if len(delay) else _none(0, count + 1),
        delay.astype(np.int64),
        source.astype(np.int32),
        target.astype(np.int32),
        _places(pre, source) if pre is not None else _none(0),
        _places(post, target),
        np.searchsorted(target[back], np.arange(len(post.lanes) + 1)),
        back.astype(np.int32),
        np.stack([values[chosen] for values in plastic.initial.values()]).reshape(-1, len(chosen)),
        np.full(len(chosen), -plan.dt),
        np.stack(constants, axis=1) if constants else np.zeros((1, 0)),
        plastic.instance[chosen] if plastic.varied else np.zeros_like(chosen),
        _neuron_constants(plastic.attached, "_pre", pre_plan, wire.source[chosen]),
        _neuron_constants(plastic.attached, "_post", plan, wire.target[chosen]),
        np.zeros((ring, max(count, fired_first)), np.int32),
        np.zeros(ring, np.int64),
        np.zeros(1, np.int64),
    )  # fmt: skip
    return Held(k, made, order)


def all_laid_out(
    network: Plan, part: range, running: Sequence[Population], volleys: Sequence[tuple[np.ndarray, np.ndarray]]
) -> list[Held]:
    """Return the arrays of every wire whose synapses have a state; `volleys` are what inputs fire in these instances."""
    found = []
    for k, wire in enumerate(network.wires):
        if wire.plastic is not None:
            own = wire.pre < len(running)
            first = 0 if own else int(np.searchsorted(volleys[wire.pre - len(running)][0], 1, side="right"))
            found.append(laid_out(network, k, part, running[wire.post], running[wire.pre] if own else None, first))
    return found


def arguments(held: Iterable[Held]) -> tuple[Synapses, ...]:
    """Return what the generated loop takes."""
    return tuple(one.synapses for one in held)


def _none(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.int64)


def _instances(plastic: Plastic) -> int:
    return max((len(values) for values in plastic.parameters.values()), default=1)


def _places(population: Population, lanes: np.ndarray) -> np.ndarray:
    """Return where the rows of some neurons begin in the numbers of their population."""
    block, lane = np.divmod(lanes, population.kernel.source.width)
    return np.asarray(block * population.kernel.size + lane, dtype=np.int64)


def _neuron_constants(attached: Attached, side: str, plan: Cells | None, lanes: np.ndarray) -> np.ndarray:
    """Return the neuron's parameters that equations read, over synapses."""
    if plan is None:
        return np.zeros((0, len(lanes)))
    where = attached.compartment if side == "_post" else plan.model.spike_site
    found = [np.zeros((0, len(lanes)))]
    for name in _split(attached, side)[1]:
        table = plan.parameters[name]
        column = table[:, where if table.shape[1] > 1 else 0]
        found.append(np.broadcast_to(column[lanes] if len(column) > 1 else column, (1, len(lanes))))
    return np.concatenate(found)


def _split(attached: Attached, side: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the states, and the parameters, of a neuron that equations and statements read."""
    model = attached.post if side == "_post" or attached.pre is None else attached.pre
    names = attached.seen[side]
    states = tuple(name for name in names if name in model.system.states)
    return states, tuple(name for name in names if name not in states)


def seen(network: Plan) -> list[frozenset[tuple[str, int]]]:
    """Return for each population the states, with their compartments, that synapses read."""
    found: list[set[tuple[str, int]]] = [set() for _ in network.cells]
    for wire in network.wires:
        if wire.plastic is None:
            continue
        attached = wire.plastic.attached
        found[wire.post] |= {(name, attached.compartment) for name in _split(attached, "_post")[0]}
        if attached.pre is not None:
            found[wire.pre] |= {(name, attached.pre.spike_site) for name in _split(attached, "_pre")[0]}
    return [frozenset(states) for states in found]


def with_synapses(
    outcomes: Sequence[Outcome], network: Plan, held: Iterable[Held], running: Sequence[Population]
) -> list[Outcome]:
    """Add to the outcome of each population what the synapses onto it hold, and its lanes where that overflowed."""
    made = list(outcomes)
    for one in held:
        wire = network.wires[one.wire]
        assert wire.plastic is not None
        outcome, finite = made[wire.post], np.isfinite(one.synapses.value).all(axis=0)
        lanes = running[wire.post].lanes[one.synapses.target[~finite]]
        broken = np.union1d(outcome.broken, lanes).astype(np.int64)
        kept = {**outcome.synapses, one.wire: one.kept(wire.plastic)}
        made[wire.post] = replace(outcome, broken=broken, synapses=kept)
    return made


def joined(parts: Sequence[Outcome]) -> dict[int, dict[str, np.ndarray]]:
    """Put together what the synapses of a population's instances hold."""
    return {
        k: {name: np.concatenate([part.synapses[k][name] for part in parts]) for name in values}
        for k, values in parts[0].synapses.items()
    }


# --- generated text --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Writer:
    """Writes the loops of one wire.

    Parameters
    ----------
    attached
        Its rule.
    post, pre
        Kernels of its neurons; `pre` is None for an input.
    varied
        Whether parameters differ between instances.
    """

    attached: Attached
    post: Kernel
    pre: Kernel | None
    varied: bool

    @cached_property
    def _printer(self) -> Printer:
        return Printer(single=False)

    @cached_property
    def _loads(self) -> tuple[dict[str, str], dict[str, str]]:
        """Where the value of each name is found: for all synapses, and for synapse ``j``."""
        rule = self.attached.rule
        shared = {n: f"s.constant[0, {k}]" for k, n in enumerate(rule.parameters)}
        own = {n: f"s.value[{k}, j]" for k, n in enumerate(self.attached.variables)}
        if self.varied:
            own |= {n: f"s.constant[s.instance[j], {k}]" for k, n in enumerate(rule.parameters)}
            shared = {}
        for side, kernel in (("_post", self.post), ("_pre", self.pre)):
            if kernel is not None:
                own |= self._neuron(side, kernel)
        return shared, own

    def _neuron(self, side: str, kernel: Kernel) -> dict[str, str]:
        states, parameters = _split(self.attached, side)
        where = self.attached.compartment if side == "_post" else kernel.model.spike_site
        found = {n + side: f"s{side}_constant[{k}, j]".replace("s_", "s.") for k, n in enumerate(parameters)}
        for name in states:
            live = (name, where) in kernel.folded.slots
            place = f"{side[1:]}[s.{side[1:]}_at[j] + {kernel.offset(name, where)}]" if live else "0.0"
            found[name + side] = place
        return found

    def _print(self, expression: sp.Expr) -> str:
        return str(self._printer.doprint(algebra.explicit_exponentials(algebra.with_bernoulli(expression))))

    def _around(self, lines: Sequence[str], stored: Iterable[str]) -> tuple[list[str], list[str]]:
        """Return lines to stand before the loop over synapses, and those of one synapse, with what they load and store."""
        shared, own = self._loads
        names = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        rows = {n: k for k, n in enumerate(self.attached.variables)}
        before = [f"{spelled(n)} = {where}" for n, where in shared.items() if spelled(n) in names]
        load = [f"{spelled(n)} = {where}" for n, where in own.items() if spelled(n) in names]
        store = [f"s.value[{rows[n]}, j] = {spelled(n)}" for n in stored]
        return before, [*load, *lines, *store]

    def steps(self) -> list[str]:
        """Return the loop that takes the continuous states over one step."""
        rates = {name: self.attached.rates[name] for name in self.attached.rule.continuous}
        if not rates:
            return []
        slopes = {name: rate.diff(symbol(name)) for name, rate in rates.items()}
        after = [symbol(n) + _DT * rate * exprel(_DT * slopes[n]) for n, rate in rates.items()]
        temporaries, reduced = algebra.shared([algebra.explicit_exponentials(e) for e in after], "s")
        lines = [f"{spelled(s.name)} = {self._printer.doprint(e)}" for s, e in temporaries]
        lines += [f"new_{n} = {self._printer.doprint(e)}" for n, e in zip(rates, reduced, strict=True)]
        lines += [f"{spelled(n)} = new_{n}" for n in rates]
        before, each = self._around(lines, rates)
        return [*before, "for j in range(s.target.shape[0]):", *("    " + line for line in each)]

    def event(self, which: str) -> tuple[list[str], list[str]]:
        """Return what an event does to synapse ``j``, as `_around` does."""
        rule, lines = self.attached.rule, []
        stored = dict.fromkeys(rule.event_driven)
        if rule.event_driven:
            closed = solved({name: self.attached.rates[name] for name in rule.event_driven})
            lines += [f"{spelled(ELAPSED.name)} = t - s.last[j]"]
            lines += [f"new_{name} = {self._print(e)}" for name, e in closed.items()]
            lines += [f"{spelled(name)} = new_{name}" for name in closed] + ["s.last[j] = t"]
        for action in self.attached.actions(which):
            match action:
                case Assign(name, value):
                    lines.append(f"{spelled(name)} = {self._print(value)}")
                    stored[name] = None
                case Send(port, weight):
                    k = list(self.attached.post.ports).index(port)
                    lines += [f"ring[slot, {k}, s.target[j]] += {self._print(weight)}", f"pending[slot, {k}] = True"]
        return self._around(lines, stored)

    def functions(self, name: str) -> str:
        """Return the text of the wire's functions; `name` ends their names."""
        text = ""
        if steps := self.steps():
            text += _STEPS.format(name=name, body=_indent(steps, 1))
        before, each = self.event("pre")
        if each:
            text += _ARRIVE.format(name=name, before=_indent(before, 1), body=_indent(each, 4))
        before, each = self.event("post")
        if self.attached.rule.on_post:
            text += _ANSWER.format(name=name, before=_indent(before, 1), body=_indent(each, 4))
        return text


def _indent(lines: Sequence[str], levels: int) -> str:
    return "\n".join("    " * levels + line for line in lines)


def writers(network: Plan, kernels: Sequence[Kernel]) -> dict[int, Writer]:
    """Return the writer of each wire whose synapses have a state."""
    return {
        k: Writer(
            wire.plastic.attached,
            kernels[wire.post],
            kernels[wire.pre] if wire.pre < len(kernels) else None,
            wire.plastic.varied,
        )
        for k, wire in enumerate(network.wires)
        if wire.plastic is not None
    }


def loop(network: Plan, found: Mapping[int, Writer], populations: int) -> tuple[str, list[str]]:
    """Return functions, and the lines that end a step of the whole circuit: steps, arriving events, answers."""
    if not found:
        return "", []
    text, steps, arrivals, answers = _HEADER, [], [], []
    for place, (k, writer) in enumerate(found.items()):
        wire = network.wires[k]
        text += writer.functions(str(k))
        s, post = f"plastic[{place}]", f"populations[{wire.post}]"
        pre = f"populations[{wire.pre}]" if wire.pre < populations else post
        rows = f"{pre}[0].reshape(-1), {post}[0].reshape(-1)"
        into = f"{post}[4], {post}[5]"
        if writer.attached.rule.continuous:
            steps.append(f"go_on_{k}({s}, n*dt, dt, {rows})")
        if wire.pre < populations:
            arrivals.append(f"note({s}, n, {pre}[7], before_{wire.pre}, found_{wire.pre}, {pre}[8])")
        else:
            arrivals.append(f"note_input({s}, n, volleys[{wire.pre - populations}][0], volleys[{wire.pre - populations}][1])")
        arrivals.append(f"arrive_{k}({s}, n, n*dt, {rows}, {into})")
        if writer.attached.rule.on_post:
            spikes = f"{post}[7], before_{wire.post}, found_{wire.post}, {post}[8]"
            answers.append(f"answer_{k}({s}, n, n*dt, {rows}, {into}, {spikes})")
    return text, [*steps, *arrivals, *answers]


_HEADER = """

from math import acos, asin, atan, cos, cosh, sin, sinh, sqrt, tan

from nmdasim.engines.kernel.vmath import FASTMATH
from nmdasim.engines.kernel.vmath import bern_e64 as bern_e, bern_m64 as bern_m, dbern_e64 as dbern_e
from nmdasim.engines.kernel.vmath import bern_bottom64 as bern_bottom, bern_top64 as bern_top
from nmdasim.engines.kernel.vmath import dexprel_e64 as dexprel_e, exprel_e64 as exprel_e
from nmdasim.engines.kernel.vmath import exp64 as exp, log64 as log, power64 as power
from nmdasim.engines.kernel.vmath import remainder, sign, tanh64 as tanh


@njit(nogil=True, error_model="numpy")
def note(s, n, lane, first, end, lanes):
    h = n % s.fired_count.shape[0]
    count = 0
    for k in range(first, end):
        if lane[k] < lanes:
            s.fired[h, count] = lane[k]
            count += 1
    s.fired_count[h] = count


@njit(nogil=True, error_model="numpy")
def note_input(s, n, step, fibre):
    h = n % s.fired_count.shape[0]
    count, k = 0, s.cursor[0]
    while k < step.shape[0] and step[k] <= n + 1:
        s.fired[h, count] = fibre[k]
        count += 1
        k += 1
    s.cursor[0], s.fired_count[h] = k, count
"""

_STEPS = """

@njit(nogil=True, fastmath=FASTMATH, error_model="numpy")
def go_on_{name}(s, t, dt, pre, post):
{body}
"""

_ARRIVE = """

@njit(nogil=True, fastmath=FASTMATH, error_model="numpy")
def arrive_{name}(s, n, t, pre, post, ring, pending):
    slot = (n + 1) % ring.shape[0]
{before}
    for d in range(s.delay.shape[0]):
        if n < s.delay[d]:
            continue
        h = (n - s.delay[d]) % s.fired_count.shape[0]
        for k in range(s.fired_count[h]):
            for j in range(s.row[d, s.fired[h, k]], s.row[d, s.fired[h, k] + 1]):
{body}
"""

_ANSWER = """

@njit(nogil=True, fastmath=FASTMATH, error_model="numpy")
def answer_{name}(s, n, t, pre, post, ring, pending, lane, first, end, lanes):
    slot = (n + 1) % ring.shape[0]
{before}
    for k in range(first, end):
        if lane[k] < lanes:
            for m in range(s.back_row[lane[k]], s.back_row[lane[k] + 1]):
                j = s.back[m]
{body}
"""
