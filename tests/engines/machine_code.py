"""Compiles a kernel or a function of the vector maths afresh, for any processor, and counts what its code does."""

import re
from collections import Counter

import numpy as np
from brian2_examples import EXAMPLES

import nmdasim as nm
from nmdasim.engines.kernel import machine
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.run.simulate import plan

_X86 = re.compile(r"^\s+v?(add|sub|mul|div|max|min|sqrt|fn?m(?:add|sub)\d*)(pd|sd)\s", re.MULTILINE)
_ARM = re.compile(
    r"^\s+f(add|sub|mul|div|max|min|maxnm|minnm|sqrt|madd|msub|nmadd|nmsub|mla|mls)\s+(v\d+\.2d|d\d+)", re.MULTILINE
)


def census(assembly):
    """Count double-precision instructions by operation: ``packed`` on several lanes, ``scalar`` on one."""
    counts = {"packed": Counter(), "scalar": Counter()}
    for operation, width in _X86.findall(assembly) or _ARM.findall(assembly):
        kind = "packed" if width == "pd" or ".2d" in width else "scalar"
        counts[kind][re.sub(r"\d|nm$", "", operation)] += 1
    return counts


def kernel(model, varied, events, cpu, *, vectorise=True):
    """Return the machine code and the Python source of a model's kernel."""
    made = Kernel.of(plan(model, events, parameters=varied, duration=0.001, dt=1e-4))
    chosen = (machine.Processor(cpu, "") if cpu else machine.Processor.own()).machine()
    code = chosen.emit_assembly(machine.optimised(made.source.text, chosen, vectorise=vectorise))
    return code, made.source.text


OVER = """
real = {real}


def over(count: whole, {rows}: reals) -> whole:
    for l in range(count):
        {last}[l] = {name}({given})
    return 0
"""


def over(name, arguments=1, real=np.float64):
    """Return the source of a function of the vector maths over arrays."""
    rows = ["x", "y", "z"][: arguments + 1]
    given = ", ".join(f"{row}[l]" for row in rows[:-1])
    return OVER.format(real=np.dtype(real).name, rows=": reals, ".join(rows), last=rows[-1], name=name, given=given)


def applied(name, *given, real=np.float64):
    """Return a function of the vector maths of arrays, compiled as kernels are."""
    given = [np.ascontiguousarray(values, dtype=real) for values in given]
    found = np.empty_like(given[0])
    run = machine.function(over(name, len(given), real), "over", real)
    run(found.size, *(machine.begins(row, real) for row in (*given, found)))
    return found


def assembly(source):
    """Return the machine code of a source for this processor."""
    chosen = machine.Processor.own().machine()
    return chosen.emit_assembly(machine.optimised(source, chosen))


def lane_loops(source):
    """Return the text of the loops over all lanes of a generated source."""
    found, depth = [], None
    for line in source.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None and indent > depth:
            found.append(line)
        else:
            depth = indent if line.strip() == "for l in range(width):" else None
    return "\n".join(found)


def instructions(name, cpu="", *, vectorise=True):
    """Return the census of a neuron's kernel on a processor, this one by default, and what its lane loops ask for."""
    if name == "wdr":
        given = nm.neurons.wdr(), {"ketamine": np.arange(3) * nm.uM}, nm.WindUp(pulses=1)
    else:
        example = EXAMPLES[name]()
        given = example.model, example.varied, example.events
    text, source = kernel(*given, cpu, vectorise=vectorise)
    loops = lane_loops(source)
    asked = {"div": len(re.findall(r"[^/]/[^/]", loops)), "max": len(re.findall(r"\bexp\(", loops))}
    return census(text) | {"asked": asked}
