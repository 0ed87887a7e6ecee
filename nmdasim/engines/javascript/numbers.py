"""What a module computes from parameters, as text: the constants of a step, and the states at the start."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sympy as sp

from nmdasim.engines.form.statements import Rate
from nmdasim.engines.javascript.lane import Lane
from nmdasim.engines.javascript.printer import ScriptPrinter
from nmdasim.engines.kernel.printer import spelled
from nmdasim.language.noise import drawn
from nmdasim.language.system import system
from nmdasim.model.model import Model


def names(model: Model) -> list[str]:
    """Return the parameters of a lane in order: that of number k in compartment c is p[k·compartments + c]."""
    return [*model.parameters.bases, *(() if "area" in model.parameters.bases else ("area",))]


def _loads(model: Model, expressions: Iterable[sp.Expr]) -> list[str]:
    """Return lines that take from ``p`` the parameters that some expressions read, in compartment ``c``."""
    read = {s.name for e in expressions for s in e.free_symbols}
    count = len(model.morphology)
    return [f"const {spelled(n)} = p[{k * count} + c];" for k, n in enumerate(names(model)) if n in read]


def constants(model: Model, lane: Lane, used: set[str]) -> list[str]:
    """Return the function of a lane's constants."""
    printer = ScriptPrinter({}, used)
    lines, calls = list[str](), list[str]()
    for g, record in enumerate(lane.form.records):
        if not record.scalars:
            continue
        puts = [f"a[r + {lane.here(name, g)}] = {printer.doprint(e)};" for name, e in record.scalars]
        body = [*_loads(model, [e for _, e in record.scalars]), *puts]
        lines += ["", f"function constants_{g}(a, r, p, c, h, dt) {{", *("  " + line for line in body), "}"]
        where = record.group.compartments
        calls += [f"constants_{g}(a, o + {lane.begins[c]}, p, {c}, h, dt);" for c in where]
    for k, (site, part) in enumerate(lane.form.events.constants):
        spots = {key.name: at for key, at in lane.constants.items() if key.compartment == site}
        puts = [f"a[o + {spots[name]}] = {printer.doprint(e)};" for name, e in part]
        body = [*_loads(model, [e for _, e in part]), *puts]
        lines += ["", f"function event_constants_{k}(a, o, p, c, h, dt) {{", *("  " + line for line in body), "}"]
        calls.append(f"event_constants_{k}(a, o, p, {site}, h, dt);")
    if lane.form.membrane:
        lines += _rates(model, lane)
        calls.append("axial_rates(a, o, p);")
    parameters = json.dumps(names(model))
    return [
        "",
        "// Parameters of a lane: number k in compartment c is p[k*compartments + c].",
        f"export const parameters = {parameters};",
        *lines,
        "",
        "// What parameters alone tell, for a step h of the states and dt of the membrane.",
        "export function constants(a, o, p, h, dt) {",
        *("  " + call for call in calls),
        "}",
    ]


def _rates(model: Model, lane: Lane) -> list[str]:
    """Return the function of the axial rates (1/s): conductances of the tree over capacities of its membrane."""
    shape = model.morphology
    first, n = lane.rate(Rate("up", 0)), len(shape)
    capacity = names(model).index("Cm") * n
    return [
        "",
        f"const parents = {json.dumps(list(shape.parents))};",
        "// Conductances to the parents and areas of the membrane come with the lane's parameters: p ends with them.",
        "function axial_rates(a, o, p) {",
        f"  const g = {len(names(model)) * n}, area = {names(model).index('area') * n};",
        f"  const up = o + {first}, down = up + {n}, total = down + {n};",
        f"  for (let c = 0; c < {n}; c++) {{",
        f"    a[up + c] = p[g + c]/(p[{capacity} + c]*p[area + c]);",
        f"    a[down + c] = c ? p[g + c]/(p[{capacity} + parents[c]]*p[area + parents[c]]) : 0;",
        "    a[total + c] = a[up + c];",
        "  }",
        f"  for (let c = 1; c < {n}; c++) a[total + parents[c]] += a[down + c];",
        "}",
    ]


def starts(model: Model, lane: Lane, used: set[str]) -> list[str]:
    """Return the functions that begin a lane, one for each named start and ``""`` for none.

    A plain number comes in as ``given``, and so does a state that is set from outside, before any computed value; a
    state that is drawn at random has to come from outside.
    """
    order = {"": {}, **model.starts}
    lines, table, drawing = list[str](), list[str](), set[str]()
    for k, (name, own) in enumerate(order.items()):
        texts = {**model.initial, **own}
        drawing |= {state for state, value in texts.items() if isinstance(value, str) and drawn(value, "x")[1]}
        body = _start(model, texts, drawing, used)
        lines += ["", f"function begin_{k}(p, c, given) {{", *("  " + line for line in body), "}"]
        table.append(f"  {json.dumps(name)}: begin_{k},")
    return [
        *lines,
        "",
        "// Ways to begin: states in compartment c from parameters; plain numbers of the model are `given`.",
        "export const starts = {",
        *table,
        "};",
        f"export const drawn = {json.dumps(sorted(drawing))};",
    ]


def _start(model: Model, texts: Mapping[str, Any], drawing: set[str], used: set[str]) -> list[str]:
    """Return lines that compute initial values, each after those that it needs, and return them."""
    equations = system(model.equations, (*model.parameters.bases, "Cm", "area"))
    known = (*model.parameters.bases, "area")
    pending = {
        state: equations.substitute(value, known)
        for state, value in texts.items()
        if isinstance(value, str) and state not in drawing
    }
    plain = [state for state in equations.states if state not in pending]
    lines = [*_loads(model, pending.values()), "const t = 0;"]
    lines += [f"const {spelled(state)} = given.{state} ?? 0;" for state in plain]
    printer = ScriptPrinter({}, used)
    while pending:
        ready = [s for s, e in pending.items() if not {x.name for x in e.free_symbols} & set(pending)]
        for state in ready:
            lines.append(f"const {spelled(state)} = given.{state} ?? {printer.doprint(pending.pop(state))};")
    result = ", ".join(f"{state}: {spelled(state)}" for state in equations.states)
    return [*lines, f"return {{ {result} }};"]
