"""A group of compartments as one NMODL file: a point process that carries the whole membrane of its compartment.

Currents, states and what arrives stand in one instance, so that an event may move any state. Inside everything is in SI
units; at the border volts become mV, seconds ms and amperes nA, by factors that are written out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

import sympy as sp

from nmdasim.engines.layout import Group
from nmdasim.engines.neuron import receive
from nmdasim.engines.neuron.named import Named
from nmdasim.engines.neuron.printer import FUNCTIONS, NmodlPrinter
from nmdasim.engines.neuron.spelling import Spelling
from nmdasim.model.model import Model

#: Of the section in which a point neuron sits, in um2; nothing depends on it.
AREA = 100.0
_WIDTH = 110


@dataclass(frozen=True)
class Mechanism:
    """One file, and the names in it.

    Parameters
    ----------
    name
        Of the point process, and of the file.
    text
        NMODL.
    compartments
        Where it sits.
    states, starts, parameters
        Spelling of each state, of the parameter that holds its start, and of each parameter that it reads.
    own
        Spelling of what belongs to the spike rule and the clock, by what it is.
    """

    name: str
    text: str
    compartments: tuple[int, ...]
    states: Mapping[str, str]
    starts: Mapping[str, str]
    parameters: Mapping[str, str]
    own: Mapping[str, str]


def mechanism(model: Model, group: Group, name: str, remark: Callable[[str], tuple[str, str]]) -> Mechanism:
    """Write the file of one group.

    Parameters
    ----------
    model, group
        What is rendered.
    name
        Of the point process.
    remark
        Gives the default of a parameter, and what stands beside it as a comment.
    """
    return _Writer(model, group, name).write(remark)


class _Writer:
    def __init__(self, model: Model, group: Group, name: str):
        self.model, self.group, self.name = model, group, name
        self.named = Named.of(model, group)
        self.states = tuple(s for s in group.states if model.is_point or s != model.potential)
        self.spelled = Spelling((name, *self.states))
        self.own = {key: self.spelled.free(key) for key in receive.OWN}
        self.volts, self.seconds = self.spelled.free("vm"), self.spelled.free("seconds")
        self.state_names = {s: self.spelled(s) for s in self.states}
        if not model.is_point:
            self.spelled.same(model.potential, self.volts)
        self.spelled.same("t", self.seconds)
        self.spelled.same("area", self.spelled.free("area_m2"))
        self.print = NmodlPrinter(self.spelled).doprint
        self.events = receive.Receive(model, group, self.named, self.spelled, self.own)

    def write(self, remark: Callable[[str], tuple[str, str]]) -> Mechanism:
        model, spelled = self.model, self.spelled
        free = {s.name for e in chain(self._expressions(), self.events.expressions) for s in e.free_symbols}
        free |= set() if model.is_point else {"area"}
        parameters = {n: spelled(n) for n in sorted(free & {*model.parameters.bases, "Cm", "area"})}
        self.starts = {s: spelled.free(f"{s}_start") for s in self.states}
        body = "\n\n".join(filter(None, [self._breakpoint(), self._derivative(), self.events.clause()]))
        text = "\n\n".join(
            [
                self._head(),
                self._neuron(parameters),
                self._declared(parameters, remark),
                self._initial(),
                body,
                *(text for function, text in FUNCTIONS.items() if f"{function}(" in body),
            ]
        )
        states = {s: self.state_names[s] for s in self.states}
        return Mechanism(self.name, text + "\n", self.group.compartments, states, self.starts, parameters, self.own)

    def _expressions(self) -> Iterable[sp.Expr]:
        rates = self.named.rates.values()
        slopes = [self.named.slope(rate, state) for state, rate in self.named.rates.items()]
        return chain(rates, slopes, self.named.needed([*rates, *slopes]).values())

    # --- head ---

    def _head(self) -> str:
        model = self.model
        where = [r for r, members in model.morphology.regions.items() if {*members} & {*self.group.compartments}]
        membrane = (
            f"The model gives d{model.potential}/dt, not a current, so that {model.potential} is a STATE; the v of the "
            "section stands still."
            if model.is_point
            else "The voltage is NEURON's own; i is the model's current density times the area of the compartment."
        )
        return (
            f"TITLE {model.name}: {', '.join(where)}\n\nCOMMENT\n{model.description or model.name}\n\n"
            "SI units inside (V, s, A, S, mol/m3 = mM); at the border v is in mV, t in ms and i in nA, outward.\n"
            f"{membrane}\n"
            "x' = F_x + J_x*(x - A_x): F_x is dx/dt at A_x, where x stands now, and J_x its slope there, so that\n"
            "cnexp takes a linearised exponential step (exact where dx/dt is linear in x) and CVODE has the Jacobian.\n"
            "Equations are per second; 1e-3 makes them per millisecond.\nENDCOMMENT\n\nUNITSOFF"
        )

    def _neuron(self, parameters: Mapping[str, str]) -> str:
        ranged = [*parameters.values(), *self.starts.values(), *self.own.values()]
        lines = _wrapped("    RANGE ", ranged)
        current = "" if self.model.is_point else "\n    NONSPECIFIC_CURRENT i"
        return f"NEURON {{\n    THREADSAFE\n    POINT_PROCESS {self.name}{current}\n{lines}\n}}"

    def _declared(self, parameters: Mapping[str, str], remark: Callable[[str], tuple[str, str]]) -> str:
        lines = []
        for name, spelled in parameters.items():
            value, comment = remark(name)
            lines.append(f"    {spelled} = {value}" + (f" : {comment}" if comment else ""))
        lines += [f"    {spelled} = 0" for spelled in self.starts.values()]
        lines += [f"    {self.own[key]} = 0 : {said}" for key, said in receive.GIVEN.items()]
        kept = " ".join(self.own[key] for key in receive.OWN if key not in receive.GIVEN)
        states = _wrapped("    ", self.state_names.values(), " ")
        state = f"\n\nSTATE {{\n{states}\n}}" if self.states else ""
        return "PARAMETER {{\n{}\n}}\n\nASSIGNED {{\n    v{} {}\n}}{}".format(
            "\n".join(lines), "" if self.model.is_point else " i", kept, state
        )

    def _initial(self) -> str:
        lines = [f"    {self.state_names[s]} = {self.starts[s]}" for s in self.states]
        return "INITIAL {\n" + "\n".join(lines + self.events.initial()) + "\n}"

    # --- equations ---

    def _named(self, expressions: Iterable[sp.Expr]) -> tuple[list[str], list[str]]:
        """Return the local names, and their lines, on which expressions depend."""
        expressions = list(expressions)
        needed = self.named.needed(expressions)
        names = {s.name for e in chain(expressions, needed.values()) for s in e.free_symbols}
        local, lines = [], []
        if self.model.potential in names and not self.model.is_point:
            local.append(self.volts)
            lines.append(f"    {self.volts} = 1e-3*v")
        if "t" in names:
            local.append(self.seconds)
            lines.append(f"    {self.seconds} = {self.own['origin']} + 1e-3*t")
        for name, value in needed.items():
            local.append(self.spelled(name))
            lines.append(f"    {self.spelled(name)} = {self.print(value)}")
        return local, lines

    def _breakpoint(self) -> str:
        solve = ["    SOLVE states METHOD cnexp"] if self.states else []
        if self.model.is_point:
            return "BREAKPOINT {\n" + "\n".join(solve) + "\n}"
        rate = self.named.rates[self.model.potential]
        local, lines = self._named([rate])
        current = f"    i = -1e9*{self.spelled('area')}*({self.print(rate)})"
        return "BREAKPOINT {\n" + "\n".join([*_local(local), *solve, *lines, current]) + "\n}"

    def _derivative(self) -> str:
        if not self.states:
            return ""
        rates = {s: self.named.rates[s] for s in self.states}
        slopes = {s: self.named.slope(rate, s) for s, rate in rates.items()}
        local, lines = self._named([*rates.values(), *slopes.values()])
        first, last = [], []
        for state, rate in rates.items():
            x = self.state_names[state]
            active = f"*{self.own['active']}" if state in self.model.system.held else ""
            f, j, a = (self.spelled.free(f"{kind}_{state}") for kind in "FJA")
            first.append(f"    {f} = 1e-3*({self.print(rate)}){active}")
            local.append(f)
            if slopes[state] == 0:
                last.append(f"    {x}' = {f}")
                continue
            first += [f"    {j} = shallow(1e-3*({self.print(slopes[state])}){active})", f"    {a} = {x}"]
            local += [j, a]
            last.append(f"    {x}' = {f} + {j}*({x} - {a})")
        return "DERIVATIVE states {\n" + "\n".join([*_local(local), *lines, *first, *last]) + "\n}"


def _local(names: Iterable[str]) -> list[str]:
    names = list(names)
    return ["    LOCAL " + _wrapped("", names, ", ").replace("\n", ",\n        ")] if names else []


def _wrapped(begin: str, names: Iterable[str], comma: str = ", ") -> str:
    """Return a list of names on lines of their own where it is long, each begun anew."""
    lines, line = [], ""
    for name in names:
        if line and len(begin) + len(line) + len(name) > _WIDTH:
            lines.append(begin + line)
            line = ""
        line += (comma if line else "") + name
    return "\n".join([*lines, begin + line])
