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

import sympy as sp

from nmdasim.engines.form import algebra
from nmdasim.engines.kernel import loop, machine
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
    def begin(self) -> str:
        return f"{self.row}*stride"

    @property
    def here(self) -> str:
        return f"{self.table}[{self.begin} + j]"

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
        return {} if self.varied else {n: f"constant[{k}]" for k, n in enumerate(self.attached.rule.parameters)}

    @cached_property
    def _places(self) -> dict[str, _Place]:
        """Where everything else is found."""
        kernels = {"_post": self.post} | ({"_pre": self.pre} if self.pre else {})
        found = {n: _Place("value", k) for k, n in enumerate(self.attached.variables)}
        elsewhere = {n + side: text for side, kernel in kernels.items() for n, text in self._states(side, kernel)}
        if self.varied:
            count = len(self.attached.rule.parameters)
            elsewhere |= {
                n: f"constant[instance[j]*{count} + {k}]" for k, n in enumerate(self.attached.rule.parameters)
            }
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

    def _used(self, lines: Sequence[str]) -> tuple[dict[str, str], dict[str, _Place]]:
        """Return where the shared parameters in use are, and the places of the other names in use."""
        words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        shared = {spelled(n): where for n, where in self._shared.items() if spelled(n) in words}
        return shared, {n: place for n, place in self._places.items() if spelled(n) in words}

    def steps(self) -> tuple[list[str], list[str]]:
        """Return the function that takes the continuous states over one step, and how it is called."""
        rates = {name: self.attached.rates[name] for name in self.attached.rule.continuous}
        if not rates:
            return [], []
        after = [symbol(n) + _DT * rate * exprel(_DT * rate.diff(symbol(n))) for n, rate in rates.items()]
        temporaries, reduced = algebra.shared([algebra.explicit_exponentials(e) for e in after], "s")
        lines = [f"{spelled(s.name)} = {self._print(e)}" for s, e in temporaries]
        lines += [f"new_{n} = {self._print(e)}" for n, e in zip(rates, reduced, strict=True)]
        shared, used = self._used([*lines, *map(spelled, rates)])
        gathered = [f"{place.here} = {place.elsewhere}" for place in used.values() if place.elsewhere]
        each = [f"{spelled(n)} = {place.view}[j]" for n, place in used.items()]
        each += [*lines, *(f"{used[n].view}[j] = new_{n}" for n in rates)]
        rows = {place.view: f"{place.table}[{place.begin}:]" for place in used.values()}
        kinds = ["vectors: whole", "t: real", "dt: real", *(f"{n}: real" for n in shared)]
        taken = ", ".join([*kinds, *(f"{n}: reals" for n in rows)])
        given = ", ".join(["s[S_VECTORS]", "t", "dt", *shared.values(), *rows.values()])
        written = [f"def steps({taken}):", *_indented(_loop("vectors*VECTOR", each))]
        return written, [*_loop("s[S_SYNAPSES]", gathered), f"steps({given})"]

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
                    row = f"(n + 1) % slots*s[S_PORTS] + {k}"
                    lines += [
                        f"row = {row}",
                        f"ring[s[S_RING] + row*s[S_PADDED] + target[j]] += {self._print(weight)}",
                        "arrived[s[S_ARRIVED] + row] = True",
                    ]
        shared, used = self._used([*lines, *map(spelled, stored)])
        load = [f"{spelled(n)} = {place.value}" for n, place in used.items()]
        before = [f"{name} = {where}" for name, where in shared.items()]
        return before, [*load, *lines, *(f"{self._places[n].here} = {spelled(n)}" for n in stored)]

    @cached_property
    def entry(self) -> int:
        """The address of the wire's compiled function; wires of one source share it."""
        return machine.functions(self.text)["act"]

    @property
    def text(self) -> str:
        """The source of the wire's functions."""
        steps, stepping = self.steps()
        phases = [stepping]
        for around, which in ((_ARRIVE, "pre"), (_ANSWER, "post")):
            before, each = self.event(which)
            wanted = which == "pre" or self.attached.rule.statements("post")
            phases.append([*before, *_within(around, each)] if wanted else [])
        body = [line for k, lines in enumerate(phases) for line in _phase(k, lines)]
        return _MODULE.format(
            vector=loop.VECTOR,
            columns=loop.columns("S", loop.SYNAPSES),
            steps="\n".join(steps),
            rows="singles" if self.post.single else "doubles",
            body="\n".join(_indented(body)),
        )


def _loop(count: str, lines: Sequence[str]) -> list[str]:
    return [f"for j in range({count}):", *_indented(lines)] if lines else []


def _phase(k: int, lines: Sequence[str]) -> list[str]:
    return [f"if phase == {k}:", *_indented(lines or ["pass"])]


def _within(around: str, each: Sequence[str]) -> list[str]:
    """Return a loop over events with the lines of one synapse in it."""
    lines = around.strip().splitlines()
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    return [*lines[:-1], *(" " * depth + line for line in each)]


def _indented(lines: Sequence[str]) -> list[str]:
    return ["    " + line for line in lines]


_ARRIVE = """
for d in range(s[S_DELAYS]):
    h = (n - delay[d] + s[S_SLOTS]) % s[S_SLOTS]
    for k in range(fired_count[h]):
        begin = d*(s[S_SOURCES] + 1) + fired[h*s[S_ROOM] + k]
        for j in range(row_of[begin], row_of[begin + 1]):
            ...
"""
_ANSWER = """
for k in range(first, found):
    if spike_population[k] == s[S_POST] and spike_lane[k] < s[S_LANES]:
        for m in range(back_row[spike_lane[k]], back_row[spike_lane[k] + 1]):
            j = back[m]
            ...
"""
#: Synapses reckon in double precision, whatever that of the neurons' numbers is.
_MODULE = '''"""Synapses with a state. Generated; SI units."""

real = float64
VECTOR = {vector}
{columns}


{steps}


def act(
    phase: whole, n: whole, dt: real, s: wholes, held: wholes, numbers: reals, state: {rows}, ring: {rows},
    arrived: marks, slots: whole, spike_lane: wholes, spike_population: wholes, first: whole, found: whole,
) -> whole:
    t = n*dt
    stride = s[S_VECTORS]*VECTOR
    source = held[s[S_SOURCE]:]
    target = held[s[S_TARGET]:]
    pre_at = held[s[S_PRE_AT]:]
    post_at = held[s[S_POST_AT]:]
    back_row = held[s[S_BACK_ROW]:]
    back = held[s[S_BACK]:]
    instance = held[s[S_INSTANCE]:]
    delay = held[s[S_DELAY]:]
    row_of = held[s[S_ROWS]:]
    fired = held[s[S_FIRED]:]
    fired_count = held[s[S_FIRED_COUNT]:]
    value = numbers[s[S_VALUE]:]
    last = numbers[s[S_LAST]:]
    constant = numbers[s[S_CONSTANT]:]
    pre_constant = numbers[s[S_PRE_CONSTANT]:]
    post_constant = numbers[s[S_POST_CONSTANT]:]
    near = numbers[s[S_NEAR]:]
{body}
    return 0
'''
