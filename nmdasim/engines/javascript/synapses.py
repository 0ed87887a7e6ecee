"""Synapses with a state of their own: the module of one wire, which ``runtime/learning.js`` calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from nmdasim.engines.form import algebra
from nmdasim.engines.javascript.printer import ScriptPrinter
from nmdasim.engines.javascript.rendered import Rendered
from nmdasim.engines.javascript.writer import helpers
from nmdasim.engines.kernel.plastic import split
from nmdasim.engines.kernel.printer import spelled
from nmdasim.language.functions import exprel
from nmdasim.language.linear import ELAPSED, solved
from nmdasim.language.reader import symbol
from nmdasim.model.attached import Assign, Attached, Send

_DT = symbol("_dt")


@dataclass(frozen=True, eq=False)
class SynapseWriter:
    """Writes the module of one wire.

    Parameters
    ----------
    attached
        Its rule.
    post, pre
        Modules of its neurons; `pre` is None for an input.
    """

    attached: Attached
    post: Rendered
    pre: Rendered | None

    @cached_property
    def _used(self) -> set[str]:
        return set()

    @cached_property
    def _places(self) -> dict[str, str]:
        """Where the value of each name is found for synapse ``j``."""
        found = {n: f"s.value[{k}][j]" for k, n in enumerate(self.attached.variables)}
        found |= {n: f"s.constant[{k}][j]" for k, n in enumerate(self.attached.rule.parameters)}
        for side, module in {"_pre": self.pre, "_post": self.post}.items():
            if module is None:
                continue
            states, parameters = split(self.attached, side)
            where = self._compartment(side)
            for name in states:  # one that has no place is 0 throughout
                place = module.lane.slots[where].get(name)
                found[name + side] = "0.0" if place is None else f"s.{side[1:]}[s.{side[1:]}At[j] + {place}]"
            found |= {n + side: f"s.{side[1:]}Constant[{k}][j]" for k, n in enumerate(parameters)}
        return found

    def _compartment(self, side: str) -> int:
        before = self.attached.pre
        return before.spike_site if side == "_pre" and before else self.attached.compartment

    def _print(self, expression: sp.Expr) -> str:
        explicit = algebra.explicit_exponentials(algebra.with_bernoulli(expression))
        return str(ScriptPrinter({}, self._used).doprint(explicit))

    def _loads(self, lines: Sequence[str]) -> dict[str, str]:
        words = set(re.findall(r"[A-Za-z_]\w*", "\n".join(lines)))
        return {name: place for name, place in self._places.items() if spelled(name) in words}

    def _steps(self) -> list[str]:
        """Return the function that takes the continuous states over one step."""
        rates = {name: self.attached.rates[name] for name in self.attached.rule.continuous}
        after = [symbol(n) + _DT * rate * exprel(_DT * rate.diff(symbol(n))) for n, rate in rates.items()]
        temporaries, reduced = algebra.shared([algebra.explicit_exponentials(e) for e in after], "s")
        lines = [f"const {spelled(s.name)} = {self._print(e)};" for s, e in temporaries]
        lines += [f"const new_{n} = {self._print(e)};" for n, e in zip(rates, reduced, strict=True)]
        used = self._loads([*lines, *map(spelled, rates)])
        places, heads = _hoisted(used)
        body = [*(f"const {spelled(n)} = {place};" for n, place in places.items()), *lines]
        body += [f"{places[n]} = new_{n};" for n in rates]
        loop = [*heads, "for (let j = 0; j < count; j++) {", *("  " + line for line in body), "}"] if rates else []
        comment = "// One step of the states that move by themselves, of all synapses."
        return ["", comment, "export function steps(s, count, t, dt) {", *("  " + line for line in loop), "}"]

    def _event(self, which: str) -> list[str]:
        """Return what an event does to synapse ``j``."""
        rule, lines, stored = self.attached.rule, list[str](), dict.fromkeys(self.attached.rule.event_driven)
        if rule.event_driven:
            closed = solved({name: self.attached.rates[name] for name in rule.event_driven})
            lines.append(f"const {spelled(ELAPSED.name)} = t - s.last[j];")
            lines += [f"const new_{name} = {self._print(e)};" for name, e in closed.items()]
            lines += [*(f"{spelled(name)} = new_{name};" for name in closed), "s.last[j] = t;"]
        for action in self.attached.actions(which):
            match action:
                case Assign(name, value):
                    lines.append(f"{spelled(name)} = {self._print(value)};")
                    stored[name] = None
                case Send(port, weight):
                    number = list(self.attached.post.ports).index(port)
                    lines.append(f"s.send(j, {number}, {self._print(weight)}, slot);")
        used = self._loads([*lines, *map(spelled, stored)])
        load = [f"{'let' if n in stored else 'const'} {spelled(n)} = {place};" for n, place in used.items()]
        return [*load, *lines, *(f"{self._places[n]} = {spelled(n)};" for n in stored)]

    @property
    def text(self) -> str:
        """The module."""
        rule = self.attached.rule
        parts = self._steps()
        for name, which in (("arrive", "pre"), ("answer", "post")):
            if which == "post" and not rule.statements("post"):
                parts += ["", "export const answer = null;"]
                continue
            told = "an arriving event does" if which == "pre" else "a spike of the neuron after it does"
            parts += ["", f"// What {told} to synapse j.", f"export function {name}(s, j, t, slot) {{"]
            parts += [*("  " + line for line in self._event(which)), "}"]
        head = [
            "// Synapses with a state. Generated by nmdasim; SI units.",
            "",
            f"export const name = {json.dumps(rule.name)};",
            f"export const variables = {json.dumps(list(self.attached.variables))};",
            f"export const parameters = {json.dumps(list(rule.parameters))};",
            f"export const preParameters = {json.dumps(list(split(self.attached, '_pre')[1]) if self.pre else [])};",
            f"export const postParameters = {json.dumps(list(split(self.attached, '_post')[1]))};",
            f"export const eventDriven = {json.dumps(bool(rule.event_driven))};",
        ]
        return "\n".join([*head, *helpers(self._used), *parts]) + "\n"


def _hoisted(used: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return places whose rows are taken out of the loop over synapses, and the lines that take them."""
    rows = dict.fromkeys(row for place in used.values() for row in re.findall(r"s\.\w+(?:\[\d+\])?(?=\[)", place))
    rows |= dict.fromkeys(row for place in used.values() for row in re.findall(r"s\.\w+At", place))
    locals_ = {row: re.sub(r"\W+", "_", row.removeprefix("s.")).strip("_") for row in rows}
    places = dict(used)
    for row in sorted(rows, key=len, reverse=True):
        places = {n: place.replace(f"{row}[", f"{locals_[row]}[") for n, place in places.items()}
    return places, [f"const {local} = {row};" for row, local in locals_.items()]
