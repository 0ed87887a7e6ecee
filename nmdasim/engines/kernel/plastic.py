"""Synapses with a state of their own: the function of one wire, generated, which the loop over time calls by address.

Each step ends with them, in Brian2's order: continuous states of all wires, then all arriving events, then what spikes
of the neurons after the synapses do. Event-driven states are advanced in closed form from the last event of their
synapse. What a wire's arrays are, :mod:`nmdasim.engines.kernel.synaptic` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from nmdasim.engines import compiled
from nmdasim.engines.kernel import algebra
from nmdasim.engines.kernel.batches import Kernel
from nmdasim.engines.kernel.printer import Printer, spelled
from nmdasim.language.functions import exprel
from nmdasim.language.linear import ELAPSED, solved
from nmdasim.language.reader import symbol
from nmdasim.model.attached import Assign, Attached, Send

_DT = symbol("_dt")


def split(attached: Attached, side: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
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
        shared = {n: f"constant[0, {k}]" for k, n in enumerate(rule.parameters)}
        own = {n: f"value[{k}, j]" for k, n in enumerate(self.attached.variables)}
        if self.varied:
            own |= {n: f"constant[instance[j], {k}]" for k, n in enumerate(rule.parameters)}
            shared = {}
        for side, kernel in (("_post", self.post), ("_pre", self.pre)):
            if kernel is not None:
                own |= self._neuron(side, kernel)
        return shared, own

    def _neuron(self, side: str, kernel: Kernel) -> dict[str, str]:
        states, parameters = split(self.attached, side)
        where = self.attached.compartment if side == "_post" else kernel.model.spike_site
        found = {n + side: f"{side[1:]}_constant[{k}, j]" for k, n in enumerate(parameters)}
        for name in states:
            live = (name, where) in kernel.folded.slots
            place = f"state[{side[1:]}_at[j] + {kernel.offset(name, where)}]" if live else "0.0"
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
        store = [f"value[{rows[n]}, j] = {spelled(n)}" for n in stored]
        return before, [*load, *lines, *store]

    @cached_property
    def scattered(self) -> tuple[str, ...]:
        """Names whose values lie elsewhere for every synapse: states of neurons, parameters that differ."""
        found = [name for name, where in self._loads[1].items() if where.startswith(("state", "constant"))]
        return tuple(found)

    def steps(self) -> list[str]:
        """Return the loops that take the continuous states over one step.

        What lies scattered is brought together first: then the loop over synapses becomes SIMD.
        """
        rates = {name: self.attached.rates[name] for name in self.attached.rule.continuous}
        if not rates:
            return []
        slopes = {name: rate.diff(symbol(name)) for name, rate in rates.items()}
        after = [symbol(n) + _DT * rate * exprel(_DT * slopes[n]) for n, rate in rates.items()]
        temporaries, reduced = algebra.shared([algebra.explicit_exponentials(e) for e in after], "s")
        lines = [f"{spelled(s.name)} = {self._printer.doprint(e)}" for s, e in temporaries]
        lines += [f"new_{n} = {self._printer.doprint(e)}" for n, e in zip(rates, reduced, strict=True)]
        shared, own = self._loads
        words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        used = [name for name in own if spelled(name) in words or name in rates]
        together = {n: f"near[{k}, j]" for k, n in enumerate(self.scattered)}
        gather = [f"{together[n]} = {own[n]}" for n in used if n in together]
        places = {n: re.sub(r"(\w+)\[(\d+), j\]", r"\1_\2", together.get(n, own[n])) for n in used}
        views = [f"{place} = {re.sub(r'_(?=[0-9]+$)', '[', place)}]" for place in dict.fromkeys(places.values())]
        each = [f"{spelled(n)} = {place}[j]" for n, place in places.items() if spelled(n) in words]
        each += [*lines, *(f"{places[n]}[j] = new_{n}" for n in rates)]
        before = [f"{spelled(n)} = {where}" for n, where in shared.items() if spelled(n) in words]
        loops = [*_loop("s.synapses", gather), *_loop("np.uint64(s.synapses)", each)]
        return [*before, *views, *loops]

    def event(self, which: str) -> tuple[list[str], list[str]]:
        """Return what an event does to synapse ``j``, as `_around` does."""
        rule, lines = self.attached.rule, []
        stored = dict.fromkeys(rule.event_driven)
        if rule.event_driven:
            closed = solved({name: self.attached.rates[name] for name in rule.event_driven})
            lines += [f"{spelled(ELAPSED.name)} = t - last[j]"]
            lines += [f"new_{name} = {self._print(e)}" for name, e in closed.items()]
            lines += [f"{spelled(name)} = new_{name}" for name in closed] + ["last[j] = t"]
        for action in self.attached.actions(which):
            match action:
                case Assign(name, value):
                    lines.append(f"{spelled(name)} = {self._print(value)}")
                    stored[name] = None
                case Send(port, weight):
                    k = list(self.attached.post.ports).index(port)
                    row = f"(n + 1) % slots * s.ports + {k}"
                    lines += [f"row = {row}", f"ring[s.ring + row * s.padded + target[j]] += {self._print(weight)}",
                              "arrived[s.arrived + row] = True"]  # fmt: skip
        return self._around(lines, stored)

    def text(self, real: str) -> str:
        """Return the source of the wire's one function, in the precision of its neurons, and its entry by address."""
        phases = [("steps", [], self.steps())]
        for which, around in (("pre", _ARRIVE), ("post", _ANSWER)):
            before, each = self.event(which)
            body = [*before, *_lines(around, each)] if which == "pre" or self.attached.rule.on_post else []
            phases.append((which, before, body))
        body = [line for k, (_, _, lines) in enumerate(phases) for line in _phase(k, lines)]
        return _MODULE.format(body=_indent(body, 1), variables=len(self.attached.variables), real=real, **self._rows())

    def _rows(self) -> dict[str, int]:
        """Return how many rows of constants there are."""
        counts = {side: len(split(self.attached, side)[1]) for side in ("_pre", "_post")}
        return {"near": len(self.scattered), "parameters": len(self.attached.rule.parameters), "pre": counts["_pre"], "post": counts["_post"]}


def _loop(count: str, lines: Sequence[str]) -> list[str]:
    return [f"for j in range({count}):", *("    " + line for line in lines)] if lines else []


def _phase(k: int, lines: Sequence[str]) -> list[str]:
    return [f"if phase == {k}:", *("    " + line for line in lines or ["pass"])]


def _lines(around: str, each: Sequence[str]) -> list[str]:
    """Return a loop over events with the lines of one synapse in it."""
    lines = around.strip().splitlines()
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    return [*lines[:-1], *(" " * depth + line for line in each)]


def _indent(lines: Sequence[str], levels: int) -> str:
    return "\n".join("    " * levels + line for line in lines)


def entry(writer: Writer) -> int:
    """Return the address of a wire's compiled function; wires of one source share it."""
    return int(compiled.load(writer.text(np.dtype(writer.post.real).name)).entry.address)


_ARRIVE = """
for d in range(s.delays):
    h = (n - delay[d]) % s.slots
    for k in range(fired_count[h]):
        for j in range(row_of[d, fired[h, k]], row_of[d, fired[h, k] + 1]):
            ...
"""
_ANSWER = """
for k in range(first, found):
    if spike_population[k] == s.post and spike_lane[k] < s.lanes:
        for m in range(back_row[spike_lane[k]], back_row[spike_lane[k] + 1]):
            j = back[m]
            ...
"""
_MODULE = '''"""Synapses with a state. Generated; SI units."""

from math import acos, asin, atan, cos, cosh, sin, sinh, sqrt, tan

import numpy as np
from numba import cfunc, types

from nmdasim.engines.kernel.loop import synapse_arguments
from nmdasim.engines.kernel.vmath import FASTMATH
from nmdasim.engines.kernel.vmath import bern_e64 as bern_e, bern_m64 as bern_m, dbern_e64 as dbern_e
from nmdasim.engines.kernel.vmath import bern_bottom64 as bern_bottom, bern_top64 as bern_top
from nmdasim.engines.kernel.vmath import dexprel_e64 as dexprel_e, exprel_e64 as exprel_e
from nmdasim.engines.kernel.vmath import exp64 as exp, log64 as log, power64 as power
from nmdasim.engines.kernel.vmath import remainder, sign, tanh64 as tanh


def act(phase, n, dt, table, which, whole, numbers, state, ring, arrived, slots, spike_lane, spike_population, first, found):
    s, t = table[which], n * dt
    source, target = whole[s.source : s.source + s.synapses], whole[s.target : s.target + s.synapses]
    pre_at, post_at = whole[s.pre_at : s.pre_at + s.synapses], whole[s.post_at : s.post_at + s.synapses]
    back_row, back = whole[s.back_row : s.back_row + s.lanes + 1], whole[s.back : s.back + s.synapses]
    instance, delay = whole[s.instance : s.instance + s.synapses], whole[s.delay : s.delay + s.delays]
    row_of = whole[s.rows : s.rows + s.delays * (s.sources + 1)].reshape((s.delays, s.sources + 1))
    fired = whole[s.fired : s.fired + s.slots * s.room].reshape((s.slots, s.room))
    fired_count = whole[s.fired_count : s.fired_count + s.slots]
    value = numbers[s.value : s.value + {variables} * s.synapses].reshape(({variables}, s.synapses))
    last = numbers[s.last : s.last + s.synapses]
    constant = numbers[s.constant : s.constant + s.sets * {parameters}].reshape((s.sets, {parameters}))
    pre_constant = numbers[s.pre_constant : s.pre_constant + {pre} * s.synapses].reshape(({pre}, s.synapses))
    post_constant = numbers[s.post_constant : s.post_constant + {post} * s.synapses].reshape(({post}, s.synapses))
    near = numbers[s.near : s.near + {near} * s.synapses].reshape(({near}, s.synapses))
{body}
    return 0


entry = cfunc(
    types.int64(*synapse_arguments(types.{real})), cache=True, fastmath=FASTMATH, error_model="numpy"
)(act)
'''
