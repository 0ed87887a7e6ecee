"""Synapses with a state of their own: the function of one wire, generated, which the loop over time calls by address.

Each step ends with them, in Brian2's order: continuous states of all wires, then all arriving events, then what spikes
of the neurons after the synapses do. Event-driven states are advanced in closed form from the last event of their
synapse. What a wire's arrays are, :mod:`nmdasim.engines.kernel.synaptic` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy as sp

from nmdasim.engines import compiled
from nmdasim.engines.form import algebra
from nmdasim.engines.kernel.compiled_model import Kernel
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


@dataclass(frozen=True)
class _Place:
    """Where a name's value for synapse ``j`` is: in a row of a table over synapses, or elsewhere.

    What is elsewhere is brought into its row before a loop that is to become SIMD.
    """

    table: str
    row: int
    elsewhere: str = ""

    @property
    def value(self) -> str:
        return self.elsewhere or self.here

    @property
    def here(self) -> str:
        return f"{self.table}[{self.row}, j]"

    @property
    def view(self) -> str:
        return f"{self.table}_{self.row}"


@dataclass(frozen=True, eq=False)
class Writer:
    """Writes the function of one wire.

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
    def _shared(self) -> dict[str, str]:
        """Where parameters are found that all synapses share."""
        return {} if self.varied else {n: f"constant[0, {k}]" for k, n in enumerate(self.attached.rule.parameters)}

    @cached_property
    def _places(self) -> dict[str, _Place]:
        """Where everything else is found."""
        kernels = {"_post": self.post} | ({"_pre": self.pre} if self.pre else {})
        found = {n: _Place("value", k) for k, n in enumerate(self.attached.variables)}
        elsewhere = {n + side: text for side, kernel in kernels.items() for n, text in self._states(side, kernel)}
        if self.varied:
            elsewhere |= {n: f"constant[instance[j], {k}]" for k, n in enumerate(self.attached.rule.parameters)}
        for side in kernels:
            names = split(self.attached, side)[1]
            found |= {n + side: _Place(f"{side[1:]}_constant", k) for k, n in enumerate(names)}
        return found | {n: _Place("near", k, text) for k, (n, text) in enumerate(elsewhere.items())}

    def _states(self, side: str, kernel: Kernel) -> Iterator[tuple[str, str]]:
        """Yield the neuron's states that are read, each with its place among the numbers of all populations."""
        before = self.attached.pre
        where = before.spike_site if side == "_pre" and before else self.attached.compartment
        for name in split(self.attached, side)[0]:
            live = (name, where) in kernel.slots  # else it is 0 throughout
            yield name, f"state[{side[1:]}_at[j] + {kernel.offset(name, where)}]" if live else "0.0"

    @property
    def scattered(self) -> int:
        """Rows for what is brought together before the steps."""
        return sum(place.table == "near" for place in self._places.values())

    def _print(self, expression: sp.Expr) -> str:
        explicit = algebra.explicit_exponentials(algebra.with_bernoulli(expression))
        return str(Printer(single=False).doprint(explicit))

    def _used(self, lines: Sequence[str]) -> tuple[list[str], dict[str, _Place]]:
        """Return lines that load the shared parameters in use, and the places of the other names in use."""
        words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        shared = [f"{spelled(n)} = {where}" for n, where in self._shared.items() if spelled(n) in words]
        return shared, {n: place for n, place in self._places.items() if spelled(n) in words}

    def steps(self) -> list[str]:
        """Return the loops that take the continuous states over one step."""
        rates = {name: self.attached.rates[name] for name in self.attached.rule.continuous}
        if not rates:
            return []
        after = [symbol(n) + _DT * rate * exprel(_DT * rate.diff(symbol(n))) for n, rate in rates.items()]
        temporaries, reduced = algebra.shared([algebra.explicit_exponentials(e) for e in after], "s")
        lines = [f"{spelled(s.name)} = {self._print(e)}" for s, e in temporaries]
        lines += [f"new_{n} = {self._print(e)}" for n, e in zip(rates, reduced, strict=True)]
        shared, used = self._used([*lines, *map(spelled, rates)])
        gathered = [f"{place.here} = {place.elsewhere}" for place in used.values() if place.elsewhere]
        each = [f"{spelled(n)} = {place.view}[j]" for n, place in used.items()]
        each += [*lines, *(f"{used[n].view}[j] = new_{n}" for n in rates)]
        views = [f"{place.view} = {place.table}[{place.row}]" for place in used.values()]
        return [*shared, *views, *_loop("s.synapses", gathered), *_loop("np.uint64(s.synapses)", each)]

    def event(self, which: str) -> tuple[list[str], list[str]]:
        """Return lines for before the loop over synapses, and what an event does to synapse ``j``."""
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
                    lines += [
                        f"row = {row}",
                        f"ring[s.ring + row * s.padded + target[j]] += {self._print(weight)}",
                        "arrived[s.arrived + row] = True",
                    ]
        shared, used = self._used([*lines, *map(spelled, stored)])
        load = [f"{spelled(n)} = {place.value}" for n, place in used.items()]
        return shared, [*load, *lines, *(f"{self._places[n].here} = {spelled(n)}" for n in stored)]

    @cached_property
    def entry(self) -> int:
        """The address of the wire's compiled function; wires of one source share it."""
        return int(compiled.load(self.text).entry.address)

    @property
    def text(self) -> str:
        """The source of the wire's one function."""
        rule, phases = self.attached.rule, [self.steps()]
        for around, which in ((_ARRIVE, "pre"), (_ANSWER, "post")):
            before, each = self.event(which)
            phases.append([*before, *_within(around, each)] if which == "pre" or rule.statements("post") else [])
        body = [line for k, lines in enumerate(phases) for line in _phase(k, lines)]
        return _MODULE.format(
            body=_indent(body, 1),
            real=np.dtype(self.post.real).name,
            variables=len(self.attached.variables),
            parameters=len(rule.parameters),
            near=self.scattered,
            pre=len(split(self.attached, "_pre")[1]),
            post=len(split(self.attached, "_post")[1]),
        )


def _loop(count: str, lines: Sequence[str]) -> list[str]:
    return [f"for j in range({count}):", *("    " + line for line in lines)] if lines else []


def _phase(k: int, lines: Sequence[str]) -> list[str]:
    return [f"if phase == {k}:", *("    " + line for line in lines or ["pass"])]


def _within(around: str, each: Sequence[str]) -> list[str]:
    """Return a loop over events with the lines of one synapse in it."""
    lines = around.strip().splitlines()
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    return [*lines[:-1], *(" " * depth + line for line in each)]


def _indent(lines: Sequence[str], levels: int) -> str:
    return "\n".join("    " * levels + line for line in lines)


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
from numba import types

from nmdasim.engines.compiled import entry as address_of
from nmdasim.engines.kernel.loop import synapse_arguments
from nmdasim.engines.kernel.vmath import FASTMATH
from nmdasim.engines.kernel.vmath import bern_e64 as bern_e, bern_m64 as bern_m, dbern_e64 as dbern_e
from nmdasim.engines.kernel.vmath import bern_bottom64 as bern_bottom, bern_top64 as bern_top
from nmdasim.engines.kernel.vmath import dexprel_e64 as dexprel_e, exprel_e64 as exprel_e
from nmdasim.engines.kernel.vmath import exp64 as exp, log64 as log, power64 as power
from nmdasim.engines.kernel.vmath import remainder, sign, tanh64 as tanh


def act(
    phase, n, dt, table, which, whole, numbers, state, ring, arrived, slots, spike_lane, spike_population, first, found
):
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


entry = address_of(
    types.int64(*synapse_arguments(types.{real})), fastmath=FASTMATH, error_model="numpy", _nrt=False
)(act)
'''
