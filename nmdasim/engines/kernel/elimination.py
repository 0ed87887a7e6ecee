"""The membrane of a long tree as text: loops over compartments, where a short tree is written out.

Written out, a step of many compartments is one long straight line: slow to compile, and its numbers fit into no
register. Here one function over lanes takes a compartment out of its parent's row and another puts it back; the numbers
between them stay in the rows ``_F`` and ``_D`` of the compartment and in one row more. What is computed is what
:mod:`nmdasim.engines.form.solve` says, summed in another order.
"""

from __future__ import annotations

from collections.abc import Sequence

from nmdasim.engines.form.solve import Solve
from nmdasim.engines.kernel.memory import Memory

#: Of a compartment and, with ``p``, its parent: potential, right-hand side and diagonal; ``r`` is the inverse of a
#: diagonal, ``m`` the share of a row that goes to the parent's, ``c`` 1/Cm where lanes differ in it.
_FUNCTIONS = """

one = real(1.0)
COUNT = {count}
PARENT = ({parents})
RECORD = ({records})
{capacity}

def eliminate(
    v: reals, f: reals, d: reals, m: reals, vp: reals, fp: reals, dp: reals, {rows}
    g: real, up: real, down: real, axial: real, vectors: whole,
):
    for l in range(vectors*VECTOR):
        apart = vp[l] - v[l]
        right = f[l] + up{own}*apart
        inverse = one/(one + g*(axial{own} - d[l]))
        share = g*down{parent}*inverse
        f[l] = right
        d[l] = inverse
        m[l] = share
        fp[l] += share*right - down{parent}*apart
        dp[l] += share*up{own}


def gather(f: reals, m: reals, fp: reals, vectors: whole):
    for l in range(vectors*VECTOR):
        fp[l] += m[l]*f[l]


def substitute(v: reals, f: reals, r: reals, fp: reals, {row} couple: real, share: real, vectors: whole):
    for l in range(vectors*VECTOR):
        moved = (f[l] + couple{own}*fp[l])*r[l]
        f[l] = moved
        v[l] += share*moved


def root(v: reals, f: reals, r: reals, share: real, vectors: whole):
    for l in range(vectors*VECTOR):
        moved = f[l]*r[l]
        f[l] = moved
        v[l] += share*moved


def invert(d: reals, {row} g: real, axial: real, vectors: whole):
    for l in range(vectors*VECTOR):
        d[l] = one/(one + g*(axial{own} - d[l]))


def solve(a: reals, dt: real, vectors: whole, up: reals, down: reals, axial: reals):
    {step}
    for k in range(1, COUNT):
        i = COUNT - k
        o = RECORD[i]
        p = RECORD[PARENT[i]]
        eliminate(
            a[o + R0:], a[o + R1:], a[o + R2:], a[SPARE + R{spare} + i*W:], a[p + R0:], a[p + R1:], a[p + R2:], {given}
            g, up[i], down[i], axial[i], vectors,
        )
    invert(a[O0 + R2:], {first} g, axial[0], vectors)
{substitute}
"""

#: Back from the root to the leaves, ``share`` of the solution being added to the potentials.
_SUBSTITUTE = """\
    root(a[O0 + R0:], a[O0 + R1:], a[O0 + R2:], {share}, vectors)
    for j{k} in range(1, COUNT):
        o{k} = RECORD[j{k}]
        p{k} = RECORD[PARENT[j{k}]]
        substitute(a[o{k} + R0:], a[o{k} + R1:], a[o{k} + R2:], a[p{k} + R1:], {given} g*up[j{k}], {share}, vectors)
"""

_GATHER = """\
    for q in range(1, COUNT):
        s = COUNT - q
        gather(a[RECORD[s] + R1:], a[SPARE + R{spare} + s*W:], a[RECORD[PARENT[s]] + R1:], vectors)
"""

#: How a step calls it.
CALL = "solve(a, dt, vectors, up, down, axial)"


def functions(memory: Memory, membrane: Solve, step: str) -> str:
    """Return the functions that solve a long tree; `step` is the line that sets ``g``."""
    width, count = memory.width, len(membrane.parents)
    scaled = any(membrane.capacities)
    capacities = [memory.row(name, i) * width for i, name in enumerate(membrane.capacities)] if scaled else []
    back = [_back("g" if membrane.second else "dt", 1, scaled)]
    if membrane.second:
        back += [_GATHER.format(spare=memory.solver), _back("(dt - g)", 2, scaled)]
    return _FUNCTIONS.format(
        count=count,
        parents=_table([0, *membrane.parents[1:]]),
        records=_table([memory.begins[i] * width for i in range(count)]),
        capacity=f"CAPACITY = ({_table(capacities)})" if scaled else "",
        rows="c: reals, cp: reals," if scaled else "",
        row="c: reals," if scaled else "",
        own="*c[l]" if scaled else "",
        parent="*cp[l]" if scaled else "",
        given="a[o + CAPACITY[i]:], a[p + CAPACITY[PARENT[i]]:]," if scaled else "",
        first="a[O0 + CAPACITY[0]:]," if scaled else "",
        spare=memory.solver,
        step=step,
        substitute="".join(back),
    )


def _back(share: str, k: int, scaled: bool) -> str:
    given = f"a[o{k} + CAPACITY[j{k}]:]," if scaled else ""
    return _SUBSTITUTE.format(share=share, k=k, given=given)


def _table(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) + ","
