"""Runs a form in plain Python, one lane, statement by statement: what any writer of another language has to do."""

import functools
import math

import numpy as np
import sympy as sp

from nmdasim.engines.form import form
from nmdasim.engines.form.statements import EventConstant, Fire, Flag, Here, Let, Load, Put, Rate, Row, Shared
from nmdasim.engines.layout import layout
from nmdasim.language.evaluation import evaluator
from nmdasim.model.model import Model

SIGNS = {"=": lambda a, b: b, "+=": lambda a, b: a + b, "-=": lambda a, b: a - b,
         "*=": lambda a, b: a * b, "/=": lambda a, b: a / b}  # fmt: skip


def near(x):
    return abs(x) < 1e-9


FUNCTIONS = {
    "bern_e": lambda x, e: 1 - x / 2 if near(x) else x / (e - 1),
    "bern_m": lambda x, e: 1 - x / 2 if near(x) else x * e / (1 - e),
    "bern_top": lambda x, factor: 1 - x / 2 if near(x) else x * factor,
    "bern_bottom": lambda x, bottom: 1.0 if near(x) else bottom,
    "dbern_e": lambda x, e, b: -0.5 + x / 6 if abs(x) < 1e-5 else (1 - b * e) / (e - 1),
    "exprel_e": lambda x, e: 1 + x / 2 if near(x) else (e - 1) / x,
    "dexprel_e": lambda x, e: 0.5 + x / 3 if abs(x) < 1e-5 else (e * (x - 1) + 1) / x**2,
    "clip": lambda x, low, high: min(max(x, low), high),
    "truth": float,
    "magnitude": abs,
    "floor": math.floor,
    "ceil": math.ceil,
    "sign": np.sign,
    "remainder": lambda x, y: x % y,
}


@functools.cache
def compiled(expression):
    names = sorted(s.name for s in expression.free_symbols)
    symbols = [sp.Symbol(name, real=True) for name in names]
    return names, sp.lambdify(symbols, expression, modules=[FUNCTIONS, "math"])


class Machine:
    """One lane of a plan; `varied` are parameters that it keeps in rows, as if lanes differed in them."""

    def __init__(self, plan, method, varied=()):
        model: Model = plan.model
        self.plan, start = plan, {*model.initial, *(s for begin in model.starts.values() for s in begin)}
        self.form = form(model, layout(model, start), method, varied)
        self.now = {"_dt": plan.dt}
        self.numbers = {Flag.WAIT: 0.0, Flag.READY: 1.0, Flag.SPIKE: 0.0}
        for record in self.form.records:
            for c in record.group.compartments:
                self.numbers |= {Row(name, c): self._of(plan.initial.get(name), c) for name in record.rows}
        if self.form.membrane:
            self._axial(model.morphology, "Cm" in varied)

    @staticmethod
    def _of(values, compartment):
        return 0.0 if values is None else float(values[0, compartment if values.shape[1] > 1 else 0])

    def _axial(self, shape, varied):
        given = [1.0 if varied else self._of(self.plan.parameters["Cm"], c) for c in range(len(shape))]
        capacity = [each * area for each, area in zip(given, shape.areas, strict=True)]
        for c, (g, parent) in enumerate(zip(shape.conductances, shape.parents, strict=True)):
            children = [k for k, p in enumerate(shape.parents) if p == c]
            self.numbers[Rate("up", c)] = g / capacity[c]
            self.numbers[Rate("down", c)] = g / capacity[parent] if c else 0.0
            self.numbers[Rate("axial", c)] = (g + sum(shape.conductances[k] for k in children)) / capacity[c]

    def constants(self, h):
        """Evaluate the constants for a state step `h`."""
        given = {"_h": h, "_dt": self.plan.dt}

        def values(named, compartment):
            scope = {name: self._of(v, compartment) for name, v in self.plan.parameters.items()} | given
            return dict(zip((name for name, _ in named), evaluator([e for _, e in named])(scope), strict=True))

        for record in self.form.records:
            for c in record.group.compartments:
                self.numbers |= {(Shared(name), c): float(v) for name, v in values(record.scalars, c).items()}
                self.numbers |= {Row(name, c): float(v) for name, v in values(record.varied, c).items()}
        for c, named in self.form.events.constants:
            self.numbers |= {EventConstant(name, c): float(v) for name, v in values(named, c).items()}

    def run(self, code, here=None, local=None):
        """Carry out statements; return the locals."""
        local = {} if local is None else local
        for statement in code.statements:
            match statement:
                case Load(name):
                    local[name] = self.numbers[self._key(code.places[name], here)]
                case Let(name, value, sign):
                    local[name] = SIGNS[sign](local.get(name), self._value(value, code, here, local))
                case Put(place, value, sign, held):
                    key, share = self._key(place, here), self.numbers[Flag.READY] if held else 1.0
                    self.numbers[key] = SIGNS[sign](self.numbers[key], share * self._value(value, code, here, local))
                case Fire(value):
                    self.numbers[Flag.SPIKE] = self._value(value, code, here, local)
        return local

    @staticmethod
    def _key(place, here):
        match place:
            case Here(name):
                return Row(name, here)
            case Shared():
                return place, here
        return place

    def _value(self, expression, code, here, local):
        names, function = compiled(expression)
        known = self.now | local
        return float(
            function(*(known[n] if n in known else self.numbers[self._key(code.places[n], here)] for n in names))
        )

    def step(self, n, arriving=()):
        """Take step `n`, in which ports are given by (index, weight); return whether the lane fires."""
        events, membrane = self.form.events, self.form.membrane
        self.now["t"] = n * self.plan.dt
        for port, weight in arriving:
            self.now["weight"] = weight
            self.run(events.inlets[port].code)
        self.run(events.rule.admit)
        self._passes("before")
        if membrane:
            step = {membrane.step.name: self._value(membrane.step.value, membrane.code, None, {})}
            self.run(membrane.code, local=step)
        self._passes("after")
        self.run(events.rule.watch)
        fired = events.rule.spikes and self.numbers[Flag.SPIKE] > 0.5
        if fired:
            self.run(events.rule.fired)
        return fired

    def _passes(self, which):
        for group in self.form.groups:
            if one := getattr(group, which):
                for c in group.record.group.compartments:
                    self.run(one.code, c, self.run(one.shared, c))
