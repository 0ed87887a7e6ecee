"""What happens at an event: the ports, and the spike rule as a small machine of WATCH and net_send."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy.logic.boolalg import And, Boolean, Not, Or

from nmdasim import quantities
from nmdasim.engines.layout import Group
from nmdasim.engines.neuron.named import Named
from nmdasim.engines.neuron.printer import NmodlPrinter
from nmdasim.engines.neuron.spelling import Spelling
from nmdasim.errors import ModelError
from nmdasim.language.functions import clip, exprel, sign
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.plan.firing import firing

#: What whoever runs it gives, with what is said of it.
GIVEN = {
    "origin": "time at the start of the run (s)",
    "site": "1 in the compartment that fires",
    "ready_start": "1 outside the refractory period at the start",
    "wait_start": "what is left of it then (ms)",
}
#: And what it keeps: whether held states move, whether the threshold counts, how long a pause is and when it ends,
#: whether it fires without end.
OWN = (*GIVEN, "active", "armed", "wait", "until", "endless")

_BEGIN, _FIRE, _READY, _ARM = 1, 2, 3, 4


def margin(condition: Boolean) -> sp.Expr:
    """Return a number that is above 0 where a condition holds, without a function that NMODL must be taught."""
    if isinstance(condition, And | Or):
        parts = [margin(part) for part in condition.args]
        found = parts[0]
        for part in parts[1:]:
            apart = sp.Abs(found - part, evaluate=False)
            found = (found + part + (apart if isinstance(condition, Or) else -apart)) / 2
        return found
    if isinstance(condition, Not):
        return -margin(condition.args[0])
    if isinstance(condition, sp.Gt | sp.Ge):
        return condition.lhs - condition.rhs
    if isinstance(condition, sp.Lt | sp.Le):
        return condition.rhs - condition.lhs
    if condition in (sp.true, sp.false):
        return sp.Integer(1 if condition == sp.true else -1)
    raise ModelError(f"the condition {condition} cannot be watched in NEURON; write it with <, >, and, or, not")


class Receive:
    """The NET_RECEIVE clause of a group.

    Parameters
    ----------
    model, group, named
        What is rendered, and its equations.
    spelled, own
        Spelling of names, and of what the clause itself needs.
    """

    def __init__(self, model: Model, group: Group, named: Named, spelled: Spelling, own: Mapping[str, str]):
        self.model, self.group, self.named, self.spelled, self.own = model, group, named, spelled, own
        self.names = (*model.parameters.bases, *model.system.states, "t", "weight", "area")
        self.fires = model.threshold is not None and model.spike_site in group.compartments
        self.rule = firing(model)
        self.threshold = self.rule.threshold.xreplace(named.known)
        condition = self.rule.condition
        self.condition = None if condition is None else condition.xreplace(named.known)
        #: Watched outside any clause, where there are no local names.
        self.watched = NmodlPrinter(self._inline).doprint

    def _inline(self, name: str) -> str:
        if name == self.model.potential and not self.model.is_point:
            return "(1e-3*v)"
        return f"({self.own['origin']} + 1e-3*t)" if name == "t" else self.spelled(name)

    def read(self, text: str) -> sp.Expr:
        """Read the text of what an event or a reset does."""
        return self.named.read(text, self.names)

    @property
    def expressions(self) -> list[sp.Expr]:
        """Everything that the clause reads."""
        found = [symbol(s) + e for _, _, increments in self._ports() for s, e in increments]
        if self.fires:
            found += [self.threshold, *(self.read(text) for _, text in self.rule.resets)]
            found += [] if self.condition is None else [self.condition]
            found += [self._whole(self.model.refractory)] if isinstance(self.model.refractory, str) else []
        return [*found, *self.named.needed(found).values()]

    def _whole(self, text: str) -> sp.Expr:
        """Read the text of what is watched outside any clause, every subexpression substituted."""
        return self.model.system.substitute(text, self.names).xreplace(self.named.known)

    def _ports(self) -> list[tuple[int, str, list[tuple[str, sp.Expr]]]]:
        return [
            (k, name, [(s, self.read(text)) for s, text in port.increments() if s in self.group.states])
            for k, (name, port) in enumerate(self.model.ports.items())
            if port.compartment in self.group.compartments
        ]

    def initial(self) -> list[str]:
        """Return lines of INITIAL."""
        own = self.own
        lines = [f"    {own['active']} = 1", f"    {own['until']} = -1", f"    {own['endless']} = 0"]
        lines.append(f"    {own['armed']} = 0")
        if self.fires:
            lines.append(f"    if ({own['site']} > 0.5) {{ net_send(0, {_BEGIN}) }}")
        return lines

    def clause(self) -> str:
        """Return the clause; none where nothing arrives and nothing fires."""
        ports = [p for p in self._ports() if p[2]]
        branches = [self._arrivals(ports)] if ports else []
        branches += self._spikes() if self.fires else []
        if not branches:
            return ""
        return "NET_RECEIVE (weight, port) {\n    INITIAL { }\n" + "\n".join(branches) + "\n}"

    def _arrivals(self, ports: list[tuple[int, str, list[tuple[str, sp.Expr]]]]) -> str:
        inner = []
        for k, name, increments in ports:
            sums = self._set([(s, symbol(s) + amount) for s, amount in increments], "            ")
            inner.append(f"        if (port == {k}) {{ : {name}\n{sums}\n        }}")
        return "    if (flag == 0) {\n" + "\n".join(inner) + "\n    }"

    def _set(self, values: list[tuple[str, sp.Expr]], indent: str) -> str:
        """Return lines that set states, at once, to new values."""
        needed = self.named.needed([e for _, e in values])
        free = {s.name for e in (*needed.values(), *(e for _, e in values)) for s in e.free_symbols}
        volts, seconds = self.spelled(self.model.potential), self.spelled("t")
        local = [self.spelled(f"new {s}") for s, _ in values]
        head, lines = [*map(self.spelled, needed), *local], []
        if self.model.potential in free and not self.model.is_point:
            head.append(volts)
            lines.append(f"{volts} = 1e-3*v")
        if "t" in free:
            head.append(seconds)
            lines.append(f"{seconds} = {self.own['origin']} + 1e-3*t")
        own = NmodlPrinter(self._arriving).doprint
        lines += [f"{self.spelled(name)} = {own(e)}" for name, e in needed.items()]
        lines += [f"{new} = {own(e)}" for new, (_, e) in zip(local, values, strict=True)]
        for new, (s, _) in zip(local, values, strict=True):
            membrane = s == self.model.potential and not self.model.is_point
            lines.append(f"v = 1e3*{new}" if membrane else f"{self.spelled(s)} = {new}")
        return "\n".join(indent + line for line in [f"LOCAL {', '.join(head)}", *lines])

    def _arriving(self, name: str) -> str:
        return "weight" if name == "weight" else self.spelled(name)

    # --- the spike rule ---

    def _holds(self, condition: Boolean) -> str:
        return self.watched(self._checked(margin(condition)))

    def _checked(self, found: sp.Expr) -> sp.Expr:
        if met := found.atoms(exprel, clip, sign):
            raise ModelError(
                f"{self.model.name}: {type(next(iter(met))).__name__}() in the spike rule cannot be watched in NEURON; "
                "write the threshold without it, or take engine='kernel'"
            )
        return found

    def _spikes(self) -> list[str]:
        own, threshold = self.own, self._holds(self.threshold)
        ready, wait = own["ready_start"], own["wait_start"]
        begin = [
            f"if ({ready} > 0.5 && {wait} <= 0) {{",
            f"    net_send(0, {_ARM})",
            "} else {",
            *self._pause(wait),
            "}",
        ]
        arm = [
            f"{own['active']} = 1",
            f"{own['armed']} = 1",
            f"if ({threshold} > 0) {{ net_send(0, {_FIRE}) }} else {{ WATCH ({threshold} > 0) {_FIRE} }}",
        ]
        fire = [f"if ({own['armed']} > 0.5) {{", "    net_event(t)", *self._resets(), *self._after(), "}"]
        return [
            _branch(_BEGIN, "the run begins", begin),
            _branch(_FIRE, "it fires", fire),
            _branch(_READY, "the refractory period is over", [f"net_send(0, {_ARM})"]),
            _branch(_ARM, "the threshold counts", arm),
        ]

    def _resets(self) -> list[str]:
        """Return lines that set states one after the other, each in a scope of its own."""
        lines = []
        for state, text in self.rule.resets:
            if state in self.group.states:
                lines += ["    if (1) {", self._set([(state, self.read(text))], " " * 8), "    }"]
        return [line for part in lines for line in part.split("\n")]

    def _pause(self, wait: str) -> list[str]:
        """Return lines that begin a pause: of `wait` ms, or until the refractory condition is over."""
        own = self.own
        lines = [f"    {own['active']} = 0", f"    {own['armed']} = 0"]
        if self.condition is not None:
            return [*lines, f"    WATCH ({self._holds(sp.Not(self.condition))} > 0) {_READY}"]
        return [*lines, f"    {own['until']} = t + {wait}", f"    net_send({wait}, {_READY})"]

    def _after(self) -> list[str]:
        """Return lines for the time after a spike: a pause, or none, in which case it must not fire again at once."""
        own = self.own
        # Without a reset the condition stands on its border here, where CVODE has located the spike: it holds.
        still = f"{self._holds(self.threshold)} > 0" if self.rule.resets else "1 > 0"
        none = f"if ({still}) {{ {own['endless']} = 1 }} else {{ net_send(0, {_ARM}) }}"
        paused, lines = self._pause(own["wait"]), []
        if self.model.refractory is None:
            paused = []
        elif self.condition is not None:
            if self.condition == self.threshold and not self.rule.resets:
                return paused
            free = f"{self._holds(self.condition)} <= 0"
        else:
            free = f"{own['wait']} <= 0"
            lines = [f"    {own['wait']} = 1e3*({self._period()})"]
        if not paused:
            return [f"    {own['armed']} = 0", f"    {none}"]
        inner = [f"    {line}" for line in paused]
        return [
            *lines,
            f"    if ({free}) {{",
            f"        {own['armed']} = 0",
            f"        {none}",
            "    } else {",
            *inner,
            "    }",
        ]

    def _period(self) -> str:
        """Return the refractory period in seconds."""
        given = self.model.refractory
        if isinstance(given, str):
            return str(self.watched(self._whole(given)))
        return repr(float(quantities.si(given, "ms", name="refractory")))


def _branch(flag: int, said: str, lines: list[str]) -> str:
    body = "\n".join(f"        {line}" for line in lines)
    return f"    if (flag == {flag}) {{ : {said}\n{body}\n    }}"
