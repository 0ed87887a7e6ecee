"""Writes the kernel of a model: one readable Python file, compiled by Numba.

Lanes go in blocks of ``W``. All of a block lives in one array of rows of W numbers; each compartment owns a record of
consecutive rows: v, F, D (membrane), its states, and the constants that differ between lanes. Time runs outside,
compartments inside it, lanes innermost and free of branches, so that LLVM turns the lane loops into SIMD. Short loops
run to ``width``, which is W as an argument: with a known count LLVM would unroll them into scalar code first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from nmdasim import quantities
from nmdasim.engines.kernel import algebra
from nmdasim.engines.kernel.printer import Printer, spelled
from nmdasim.engines.kernel.steps import DT, SCHEMES, H, Scheme, Step
from nmdasim.engines.layout import Group, Layout
from nmdasim.errors import ModelError
from nmdasim.language.functions import floor
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.model.port import Port

#: Rows that every record begins with: membrane potential, right-hand side and diagonal of the membrane's system.
HEAD = ("v", "_F", "_D")


@dataclass(frozen=True)
class Record:
    """Layout of one group's records and constants.

    Parameters
    ----------
    rows
        Row names: head, live states, frozen currents, constants that differ between lanes.
    scalars, varied
        Expressions of the constants that all lanes share, and of those that differ; in the order of their names.
    """

    group: Group
    rows: tuple[str, ...]
    scalars: tuple[tuple[str, sp.Expr], ...]
    varied: tuple[tuple[str, sp.Expr], ...]


@dataclass(frozen=True)
class Source:
    """A generated kernel and what its caller must lay out for it.

    Parameters
    ----------
    text
        Python source.
    records
        One per group.
    width
        Lanes per block.
    spare
        Rows at the end of a block: ``ready`` (refractoriness), ``spike``, and the constants of ports and spike rule.
    events
        (compartment, constants) of ports, reset and threshold, one row each; they hold where the event does.
    """

    text: str
    records: tuple[Record, ...]
    width: int
    spare: int
    events: tuple[tuple[int, tuple[sp.Expr, ...]], ...]
    scheme: Scheme


def write(layout: Layout, method: str, varied: Iterable[str], *, single: bool = False, network: bool = False) -> Source:
    """Write the kernel of a model.

    Parameters
    ----------
    layout
        The folded model.
    method
        Name of the scheme.
    varied
        Parameters that differ between lanes; every other is a scalar argument.
    single
        Single precision.
    network
        Write one step of every block of a population, fed by delay buffers, in place of a whole run of one block.
    """
    model, scheme, varied = layout.model, SCHEMES[method], frozenset(varied)
    printer = Printer(single)
    groups = [
        _Group(model, g, group, scheme.step(model, group), varied, printer) for g, group in enumerate(layout.groups)
    ]
    rule = _Rule(model, layout, printer, staggered=scheme.staggered)
    records = tuple(g.record() for g in groups)
    width = _width(records, rule.spare)
    header = _HEADER.format(real="float32" if single else "float64", bits=32 if single else 64, width=width,
                            name=model.name, method=method, rows="{rows}")  # fmt: skip
    body = _point(groups[0], rule) if model.is_point else _tree(layout, groups, scheme, rule)
    passes = [] if model.is_point else [line for g in groups for line in g.functions()]
    parts = {"body": _indent(body, 2), "spike": _indent(rule.finish(), 2)}
    if network:
        main = _STEP.format(width=width, receive=_indent(rule.receive(), 2), **parts)
    else:
        main = _ADVANCE.format(deliver=_indent(rule.deliver(), 4), **parts)
    text = header + "\n".join(passes) + main
    count = max([len(r.rows) for r in records] + [rule.spare]) + 1
    rows = [f"R{k} = unsigned({k * width})" for k in range(count)]
    rows += [f"O{c} = unsigned({o})" for c, o in enumerate(_offsets(records, len(model.morphology), width))]
    end = sum(len(r.rows) * len(r.group.compartments) for r in records) * width
    rows += [f"WAIT, READY, SPIKE = unsigned({end}), unsigned({end + width}), unsigned({end + 2 * width})",
             "SPARE = READY"]  # fmt: skip
    text = text.replace("{rows}", "\n".join(rows))
    return Source(text, records, width, rule.spare, rule.constants(), scheme)


def _point(group: _Group, rule: _Rule) -> list[str]:
    """Return one step of a point neuron, the spike rule in the loop that moves it last."""
    head, tail = rule.admit(), rule.watch()
    if not group.passes["after"]:
        return ["hits = 0", *group.code("before", head, tail)]
    return ["hits = 0", *group.code("before", head), *group.code("after", tail=tail)]


def _tree(layout: Layout, groups: Sequence[_Group], scheme: Scheme, rule: _Rule) -> list[str]:
    """Return one step of a tree: states and currents by group, the membrane as a whole, then the spike rule."""
    return [
        *_short(rule.admit()),
        *(g.call("before") for g in groups if g.passes["before"]),
        *_solve(scheme, layout.model.morphology.parents, _capacity_rows(layout, groups)),
        *(g.call("after") for g in groups if g.passes["after"]),
        "hits = 0",
        *_short(rule.watch()),
    ]


def _short(lines: Sequence[str]) -> list[str]:
    """Return a loop of few instructions over the lanes."""
    return ["for l in range(width):", *("    " + line for line in lines)] if lines else []


class _Group:
    """The loops of one group."""

    def __init__(self, model: Model, index: int, group: Group, step: Step, varied: frozenset[str], printer: Printer):
        self.model, self.index, self.group, self.varied, self.printer = model, index, group, varied, printer
        states = group.states
        frozen = tuple(name for name in step.before if name.startswith("_frozen_"))
        moving = {symbol(name) for name in (*states, *frozen, *(f"_new_{n}" for n in states), "t", "_active")}
        self.constants = algebra.Constants(frozenset(moving))
        self.passes = {
            "before": {name: self._prepare(e) for name, e in step.before.items()},
            "after": {name: self._prepare(e) for name, e in step.after.items()},
        }
        self.states = (*HEAD, *(s for s in states if s != "v"), *frozen)
        #: Name of 1/Cm where lanes differ in it: then axial rates do too.
        self.capacity = self.constants.hoist(1 / symbol("Cm")).name if {"Cm"} & varied and not model.is_point else ""

    def _prepare(self, expression: sp.Expr) -> sp.Expr:
        return self.constants.hoist(algebra.with_bernoulli(expression))

    def _differs(self, expression: sp.Expr) -> bool:
        return bool({s.name for s in expression.free_symbols} & self.varied)

    def record(self) -> Record:
        named = [(s.name, e) for e, s in self.constants.names.items()]
        varied = tuple((name, e) for name, e in named if self._differs(e))
        scalars = tuple((name, e) for name, e in named if not self._differs(e))
        return Record(self.group, (*self.states, *(name for name, _ in varied)), scalars, varied)

    def functions(self) -> list[str]:
        """Return the passes as functions of their own: Numba compiles several short ones sooner than a long one."""
        lines = []
        for which in (name for name, assignments in self.passes.items() if assignments):
            lines += ["", "", _DECORATOR, f"def {self.call(which)}:"]
            lines += ["    " + line for line in self.code(which)]
        return lines

    def call(self, which: str) -> str:
        """Return the call of a pass, which is its signature too."""
        return f"{which}_{self.index}(a, ks, t, compartments, record_offset, scalar_offset)"

    def code(self, which: str, head: Sequence[str] = (), tail: Sequence[str] = ()) -> list[str]:
        """Return the loops of one pass; `head` and `tail` are lines for the lane loop to begin and end with."""
        assignments = self.passes[which]
        if not assignments:
            return []
        record = self.record()
        lines, used = _statements(assignments, self.printer)
        rows = {name: k for k, name in enumerate(record.rows)}
        where = lambda name: f"a[o + R{rows[name]} + l]"  # noqa: E731
        loads = [f"{spelled(name)} = {where(name)}" for name in rows if spelled(name) in used]
        stores = [f"{where(_row(name))} = {_value(name)}" for name in assignments]
        loads += ["active = a[READY + l]"] if "active" in used else []
        scalars = [
            f"{spelled(name)} = ks[scalars_at + {k}]" for k, (name, _) in enumerate(record.scalars) if spelled(name) in used
        ]
        scalars = [f"scalars_at = scalar_offset[{self.index}] + c*{len(record.scalars)}", *scalars] if scalars else []
        where_to = "O0" if self.model.is_point else f"record_offset[{self.index}] + unsigned(c)*R{len(record.rows)}"
        return [
            f"for c in range(compartments[{self.index}]):  # {', '.join(self.group.states)}",
            f"    o = {where_to}",
            *("    " + line for line in scalars),
            "    for l in range(W):",
            *("        " + line for line in (*head, *loads, *lines, *stores, *tail)),
        ]


def _row(name: str) -> str:
    return "_D" if name == "_J" else name


def _value(name: str) -> str:
    return spelled(f"_new_{name}")


def _statements(assignments: Mapping[str, sp.Expr], printer: Printer) -> tuple[list[str], set[str]]:
    """Return the lines that compute ``new_<name>`` for each assignment, and the names they read."""
    explicit = [_explicit(name, e) for name, e in assignments.items()]
    powers, rewritten = algebra.share_exponentials(explicit)
    temporaries, reduced = algebra.shared(rewritten, "s")
    definitions = dict(powers) | dict(temporaries)
    lines: list[str] = []
    emitted: set[sp.Symbol] = set()

    def emit(expression: sp.Expr) -> None:
        for s in sorted(expression.free_symbols, key=lambda s: s.name):
            if s in definitions and s not in emitted:
                emitted.add(s)
                emit(definitions[s])
                lines.append(f"{spelled(s.name)} = {printer.doprint(definitions[s])}")

    for name, expression in zip(assignments, reduced, strict=True):
        emit(expression)
        lines.append(f"{_value(name)} = {printer.doprint(expression)}")
    used = set(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
    return lines, used


def _explicit(name: str, expression: sp.Expr) -> sp.Expr:
    """Spell out exponentials; a state's update becomes one quotient (F and J share theirs with each other)."""
    explicit = algebra.explicit_exponentials(expression)
    return explicit if name in ("_F", "_J") else algebra.one_division(explicit)


def _capacity_rows(layout: Layout, groups: Sequence[_Group]) -> list[str]:
    """Return, for each compartment, the factor that makes an axial rate of its lane: 1/Cm where lanes differ in it."""
    rows = {
        c: f"*a[O{c} + R{g.record().rows.index(g.capacity)} + l]" if g.capacity else ""
        for g in groups
        for c in g.group.compartments
    }
    return [rows[c] for c in range(len(layout.model.morphology))]


def _solve(scheme: Scheme, parents: Sequence[int], factors: Sequence[str]) -> list[str]:
    """Solve (1 - γ dt J) k = F over the tree by elimination from the leaves, then move v.

    One loop over the lanes, written out compartment by compartment, so that it becomes SIMD as a whole. ``up[i]`` and
    ``down[i]`` are the axial rates into compartment i from its parent and back; ``axial[i]`` is their sum around i.
    """
    n = len(parents)
    children = range(n - 1, 0, -1)
    up = [f"up[{i}]{factors[i]}" for i in range(n)]
    down = [f"down[{i}]{factors[p]}" for i, p in enumerate(parents)]
    lines = [f"v{i}, f{i} = a[O{i} + l], a[O{i} + R1 + l]" for i in range(n)]
    for i in range(1, n):
        lines += [f"d = v{parents[i]} - v{i}", f"f{i} += {up[i]}*d", f"f{parents[i]} -= {down[i]}*d"]
    lines += [f"d{i} = one + g*(axial[{i}]{factors[i]} - a[O{i} + R2 + l])" for i in range(n)]
    for i in children:
        p = parents[i]
        lines += [f"r{i} = one/d{i}", f"m{i} = g*{down[i]}*r{i}", f"d{p} -= m{i}*(g*{up[i]})", f"f{p} += m{i}*f{i}"]
    back = ["f0 *= r0", *(f"f{i} = (f{i} + g*{up[i]}*f{p})*r{i}" for i, p in enumerate(parents) if i)]
    lines += ["r0 = one/d0", *back]
    if scheme.second_solve:
        lines += [f"v{i} += g*f{i}" for i in range(n)]
        lines += [f"f{parents[i]} += m{i}*f{i}" for i in children] + back
    lines += [f"a[O{i} + l] = v{i} + {'(dt - g)' if scheme.second_solve else 'dt'}*f{i}" for i in range(n)]
    return [f"g = real({scheme.gamma!r})*dt", "for l in range(W):", *("    " + line for line in lines)]


class _Rule:
    """Ports, threshold, reset and refractoriness."""

    def __init__(self, model: Model, layout: Layout, printer: Printer, *, staggered: bool):
        self.model, self.layout, self.printer, self._staggered = model, layout, printer, staggered
        self._constants: dict[int, algebra.Constants] = {}
        site = model.spike_site
        self._threshold = None if model.threshold is None else self._read(model.threshold, site)
        self._blocked, self._wait = self._refractory(site)
        self._ports = [self._port(port) for port in model.ports.values()]
        self._reset = self._statements(model.reset) if model.reset else []
        named = [(c, s.name) for c, constants in self._constants.items() for s in constants.names.values()]
        self._spare_row = {key: k + 2 for k, key in enumerate(named)}
        self.spare = len(named) + 2

    def constants(self) -> tuple[tuple[int, tuple[sp.Expr, ...]], ...]:
        return tuple((compartment, tuple(constants.names)) for compartment, constants in self._constants.items())

    def _hoist(self, expression: sp.Expr, compartment: int) -> sp.Expr:
        states = {symbol(s) for s in self.model.system.states} | {symbol("t"), symbol("weight")}
        constants = self._constants.setdefault(compartment, algebra.Constants(frozenset(states)))
        return constants.hoist(algebra.with_bernoulli(expression))

    def _read(self, text: str, compartment: int) -> sp.Expr:
        """Read an expression as it holds in one compartment, where a state that is folded away is 0."""
        expression = self.model.system.substitute(text, (*self.model.parameters.bases, "t", "weight", "area"))
        gone = {s for s in self.model.system.states if (s, compartment) not in self.layout.slots}
        return self._hoist(expression.xreplace({symbol(s): sp.Integer(0) for s in gone}), compartment)

    def _refractory(self, site: int) -> tuple[sp.Expr | None, sp.Expr | None]:
        """Return the refractory condition, or the refractory period in whole steps, counted as Brian2 counts them."""
        given = self.model.refractory
        if given is None:
            return None, None
        if isinstance(given, str) and self.model.refractory_condition:
            return self._read(given, site), None
        period = (
            self._read(given, site) if isinstance(given, str) else float(quantities.si(given, "ms", name="refractory"))
        )
        return None, self._hoist(floor(period / DT + sp.Float(1e-3)), site)

    def _row(self, state: str, compartment: int) -> str:
        group, _ = self.layout.slots[state, compartment]
        return f"a[O{compartment} + R{_state_rows(self.layout.groups[group]).index(state)} + l]"

    def _print(self, expression: sp.Expr, compartment: int) -> str:
        """Print an expression with its states and constants read from their rows."""
        text = self.printer.doprint(algebra.explicit_exponentials(expression))
        names = {
            spelled(s): self._row(s, compartment)
            for s in self.model.system.states
            if (s, compartment) in self.layout.slots
        }
        names |= {spelled(n): f"a[SPARE + R{k} + l]" for (c, n), k in self._spare_row.items() if c == compartment}
        return re.sub(r"[A-Za-z_]\w*", lambda m: names.get(m[0], m[0]), text)

    def _port(self, port: Port) -> list[tuple[str, sp.Expr]]:
        return [
            (state, self._early(state, port.compartment) * self._read(expression, port.compartment))
            for state, expression in port.increments()
            if (state, port.compartment) in self.layout.slots
        ]

    def _early(self, state: str, compartment: int) -> sp.Expr:
        """Return the factor that carries an event at t back to t + dt/2 - h, where a staggered state lives."""
        if state == "v" or not self._staggered:
            return sp.Integer(1)
        group = self.layout.groups[self.layout.slots[state, compartment][0]]
        slope = group.derivatives[state].diff(symbol(state))
        moving = {symbol(s) for s in self.model.system.states} | {symbol("t")}
        if slope.free_symbols & moving:
            return sp.Integer(1)
        return self._hoist(sp.exp(slope * (DT / 2 - H)), compartment)

    def deliver(self) -> list[str]:
        lines: list[str] = []
        for k, effects in enumerate(self._ports):
            compartment = list(self.model.ports.values())[k].compartment
            lines.append(f"{'el' if k else ''}if port == {k}:")
            for state, e in effects:
                gate = "a[READY + l]*" if state in self.model.system.held else ""
                lines.append(f"    {self._row(state, compartment)} += {gate}({self._print(e, compartment)})")
            lines += [] if effects else ["    pass"]
        return lines or ["pass"]

    def receive(self) -> list[str]:
        """Return lines that add what has arrived in a step: ``incoming`` holds, per port, summed weights or counts."""
        moved = {symbol(state) for effects in self._ports for state, _ in effects}
        lines: list[str] = []
        for k, effects in enumerate(self._ports):
            compartment = list(self.model.ports.values())[k].compartment
            sums = []
            for state, effect in effects:
                if not adds_up(effect) or effect.free_symbols & moved:
                    raise ModelError(
                        f"{self.model.name}: port {list(self.model.ports)[k]!r} does not add in proportion to weight "
                        "or number of events, so those of a step cannot be summed; run it with engine='brian2'"
                    )
                each = effect if symbol("weight") in effect.free_symbols else effect * symbol("weight")
                gate = "a[READY + l]*" if state in self.model.system.held else ""
                sums.append(f"        {self._row(state, compartment)} += {gate}({self._print(each, compartment)})")
            if sums:
                lines += [f"if arrived[{k}]:", "    for l in range(width):",
                          f"        weight = incoming[{k}, base + l]", *sums]  # fmt: skip
        return lines

    def _statements(self, text: str) -> list[tuple[str, str, sp.Expr]]:
        found = []
        for part in filter(str.strip, re.split(r"[;\n]", text)):
            match = re.fullmatch(r"\s*([A-Za-z]\w*)\s*([+\-*/]?=)\s*(.+?)\s*", part)
            if match is None or match[1] not in self.model.system.states:
                raise ModelError(f"{self.model.name}: the kernel cannot render the reset {part!r}; use engine='brian2'")
            found.append((match[1], match[2], self._read(match[3], self.model.spike_site)))
        return found

    def admit(self) -> list[str]:
        """Return lines for a lane: it is ready again once its refractory condition is over."""
        if self._blocked is None:
            return []
        blocked = self._print(self._blocked, self.model.spike_site)
        return [f"a[READY + l] = max(a[READY + l], real(0.0) if {blocked} else one)"]

    def watch(self) -> list[str]:
        """Return lines for a lane: whether it fires, and the countdown of its refractory period."""
        if self._threshold is None:
            return []
        factor = "" if self.model.refractory is None else "*a[READY + l]"
        lines = [
            f"spike = (one if {self._print(self._threshold, self.model.spike_site)} else real(0.0)){factor}",
            "a[SPIKE + l] = spike",
            "hits |= bits(spike)",
        ]
        return lines + (self._count_down("a[WAIT + l]") if self._wait is not None else [])

    def _count_down(self, start: str) -> list[str]:
        return [f"wait = {start} - one", "a[WAIT + l] = wait", "a[READY + l] = one if wait < half else real(0.0)"]

    def finish(self) -> list[str]:
        """Return the lines that note spikes and reset the lanes that fired."""
        if self._threshold is None:
            return []
        where = self.model.spike_site
        lines = [f"{self._row(state, where)} {sign} {self._print(e, where)}" for state, sign, e in self._reset]
        lines += ["a[READY + l] = real(0.0)"] if self._blocked is not None else []
        lines += self._count_down(self._print(self._wait, where)) if self._wait is not None else []
        return [
            "if hits:",
            "    for l in range(W):",
            "        if a[SPIKE + l] > half:",
            "            if found < spike_step.shape[0]:",
            "                spike_step[found] = n + 1",
            "                spike_lane[found] = l",
            "            found += 1",
            *("            " + line for line in lines),
        ]


def adds_up(effect: sp.Expr) -> bool:
    """Whether what an event adds is free of its weight, or in proportion to it."""
    weight = symbol("weight")
    return weight not in effect.free_symbols or (
        sp.simplify(effect.subs(weight, 0)) == 0 and weight not in sp.simplify(effect.diff(weight)).free_symbols
    )


#: Bytes of a block that stay in the first-level cache of any current CPU, with room for what else passes through.
_CACHE = 24_000
_WIDTHS = (128, 64, 32)


def _width(records: Sequence[Record], spare: int) -> int:
    """Return the lanes per block: many for a small model, to share the cost of a step; few for a large one."""
    rows = sum(len(r.rows) * len(r.group.compartments) for r in records) + spare + 1
    return next((width for width in _WIDTHS if rows * width * 8 <= _CACHE), _WIDTHS[-1])


def _offsets(records: Sequence[Record], compartments: int, width: int) -> list[int]:
    """Return where each compartment's record begins."""
    offsets, row = [0] * compartments, 0
    for record in records:
        for compartment in record.group.compartments:
            offsets[compartment] = row * width
            row += len(record.rows)
    return offsets


def _state_rows(group: Group) -> list[str]:
    return [*HEAD, *(s for s in group.states if s != "v")]


def _indent(lines: Sequence[str], levels: int) -> str:
    return "\n".join("    " * levels + line for line in lines)


_HEADER = '''"""Kernel of {name}, scheme {method}. Generated; SI units."""

from math import acos, asin, atan, cos, cosh, sin, sinh, sqrt, tan

import numpy as np
from numba import njit

from nmdasim.engines.kernel.vmath import FASTMATH
from nmdasim.engines.kernel.vmath import bern_e{bits} as bern_e, bern_m{bits} as bern_m, dbern_e{bits} as dbern_e
from nmdasim.engines.kernel.vmath import bern_bottom{bits} as bern_bottom, bern_top{bits} as bern_top
from nmdasim.engines.kernel.vmath import dexprel_e{bits} as dexprel_e, exprel_e{bits} as exprel_e
from nmdasim.engines.kernel.vmath import bits{bits} as bits, exp{bits} as exp, log{bits} as log, power{bits} as power
from nmdasim.engines.kernel.vmath import remainder, sign, tanh{bits} as tanh

real = f = np.{real}
one, half = real(1.0), real(0.5)
unsigned = np.uint64  # indices without a sign need no wraparound, which would keep loops scalar
W = unsigned({width})
{rows}
'''

_DECORATOR = '@njit(nogil=True, no_cpython_wrapper=True, fastmath=FASTMATH, error_model="numpy")'
_ADVANCE = """

@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def advance(a, ks, h, dt, first, count, layout, axial_rates, events, spikes, traces, windows):
    compartments, record_offset, scalar_offset, width = layout
    up, down, axial = axial_rates
    event_step, event_port, event_lane, event_weight, next_event = events
    spike_step, spike_lane = spikes
    trace_row, trace_mean, trace_every, trace_values = traces
    edges, summary_row, summary_kind, summary_values = windows
    found = 0
    window = np.searchsorted(edges, first) - 1  # one that begins here is opened by the first step
    for n in range(first, first + count):
        t = real(n*dt)
        while next_event < event_step.shape[0] and event_step[next_event] <= n:
            port, weight = event_port[next_event], real(event_weight[next_event])
            low = unsigned(max(event_lane[next_event], 0))
            high = low + unsigned(1)
            if event_lane[next_event] < 0:
                high = W
            for l in range(low, high):
{deliver}
            next_event += 1
        sampled = trace_row.shape[0] > 0 and n % trace_every == 0
        if sampled:
            k = n//trace_every - (first + trace_every - 1)//trace_every
            for j in range(trace_row.shape[0]):
                for l in range(width):
                    trace_values[j, k, l] = a[trace_row[j] + l]
        if window + 1 < edges.shape[0] and n == edges[window + 1]:
            window += 1
            if window < summary_values.shape[1]:
                for j in range(summary_row.shape[0]):
                    for l in range(width):
                        summary_values[j, window, l] = a[summary_row[j] + l]
{body}
        if sampled:
            for j in range(trace_row.shape[0]):
                if trace_mean[j]:
                    for l in range(width):
                        trace_values[j, k, l] = half*(trace_values[j, k, l] + a[trace_row[j] + l])
        if 0 <= window < summary_values.shape[1]:
            for j in range(summary_row.shape[0]):
                if summary_kind[j] > 0:
                    for l in range(width):
                        summary_values[j, window, l] = max(summary_values[j, window, l], a[summary_row[j] + l])
                elif summary_kind[j] < 0:
                    for l in range(width):
                        summary_values[j, window, l] = min(summary_values[j, window, l], a[summary_row[j] + l])
{spike}
    return found, next_event
"""

_STEP = """

@njit(cache=True, nogil=True, fastmath=FASTMATH, error_model="numpy")
def step(blocks, ks, h, dt, n, layout, axial_rates, incoming, arrived, spike_step, spike_lane, found):
    compartments, record_offset, scalar_offset, width = layout
    up, down, axial = axial_rates
    t = real(n*dt)
    for b in range(blocks.shape[0]):
        a = blocks[b]
        base = unsigned(b)*W
        noted = found
{receive}
{body}
{spike}
        for k in range(noted, found):
            spike_lane[k] += b*{width}
    return found
"""
