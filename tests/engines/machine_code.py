"""Compiles a kernel or a function of the vector maths afresh, for any processor, and counts what its code does."""

import re
from collections import Counter

import numba
import numpy as np
from brian2_examples import EXAMPLES

import nmdasim as nm
from nmdasim.engines.kernel import machine, vmath
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


def assembly(function, signature):
    """Compile without a cache: cached code cannot be read."""
    fresh = numba.njit(nogil=True, fastmath=vmath.FASTMATH, error_model="numpy")(function)
    fresh.compile(signature)
    return "".join(fresh.inspect_asm().values())


def over(function, arguments):
    """Return the machine code of `function` over arrays."""
    if arguments == 1:

        def loop(x, y, z):
            for i in range(x.size):
                z[i] = function(x[i])
    else:

        def loop(x, y, z):
            for i in range(x.size):
                z[i] = function(x[i], y[i])

    return assembly(loop, (numba.typeof(np.ones(1)),) * 3)


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
