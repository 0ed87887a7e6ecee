"""A mechanism of NEURON's under voltage clamp, in a process of its own: a question on standard input, answers out.

Run by path; it knows nothing of the rest of the library. The clamp is a membrane so large that no current moves it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

#: Capacitance in µF/cm² that holds the potential through any current.
_HELD = 1e15


def _cell(h: Any, asked: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Return the section, its middle, and where the mechanism's own variables are."""
    section = h.Section(name="clamped")
    section.L, section.diam, section.nseg, section.cm = 100.0, asked["diam"], 1, _HELD
    middle = section(0.5)
    if asked["probe"]:
        section.insert("nmdasimprobe")
    if asked["point"]:
        return section, middle, getattr(h, asked["suffix"])(middle)
    section.insert(asked["suffix"])
    return section, middle, middle


def _read(middle: Any, owner: Any, asked: dict[str, Any]) -> dict[str, float]:
    """Return what is asked for, now."""
    tail = "" if asked["point"] else f"_{asked['suffix']}"
    values = {name: float(getattr(owner, name + tail)) for name in asked["own"]}
    values |= {name: float(getattr(owner if asked["point"] else middle, name)) for name in asked["ionic"]}
    for name, (array, k) in asked["elements"].items():
        values[name] = float(getattr(owner, array + tail)[k])
    return values


def _connected(h: Any, owner: Any, asked: dict[str, Any]) -> list[Any]:
    """Return the connection that brings events; it begins where the run does, so it has to be there before."""
    if not asked["events"]:
        return []
    connection = h.NetCon(None, owner)
    connection.weight[0] = asked["weight"]
    return [connection]


def run(h: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Return currents at the times that are asked for, and what NEURON takes ions to be."""
    _, middle, owner = _cell(h, asked)
    h.celsius = asked["celsius"]
    if hasattr(h, f"usetable_{asked['suffix']}"):
        setattr(h, f"usetable_{asked['suffix']}", 0)
    solver = h.CVode()
    solver.active(0 if asked["fixed"] else 1)
    if not asked["fixed"]:
        solver.rtol(1e-10)
        solver.atol(1e-13)
        solver.maxstep(5)
    h.dt = asked["dt"]
    kept = _connected(h, owner, asked)
    h.finitialize(asked["steps"][0][1])
    for connection in kept:
        for time in asked["events"]:
            connection.event(time)
    ions = {name: float(getattr(middle, name)) for name in asked["ions"]}
    rows = []
    for begin, potential, samples in asked["steps"]:
        if begin > 0:
            middle.v = potential
            if not asked["fixed"]:
                solver.re_init()
        for time in samples:
            _reach(h, solver, asked, time)
            h.fcurrent()
            rows.append(_read(middle, owner, asked))
    del kept
    return {"rows": rows, "ions": ions}


def _reach(h: Any, solver: Any, asked: dict[str, Any], time: float) -> None:
    """Go on to a time."""
    if not asked["fixed"]:
        solver.solve(time)
        return
    while h.t < time - asked["dt"] / 2:
        h.fadvance()


def answer(h: Any, asked: dict[str, Any]) -> dict[str, Any]:
    """Return what a question comes to, or why NEURON has no answer; not every method steps with CVODE."""
    told = ""
    for fixed in [asked["fixed"]] if asked["fixed"] else [False, True]:
        try:
            return run(h, asked | {"fixed": fixed})
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
    return {"fault": told}


def main() -> None:
    """Answer every question."""
    from neuron import h  # noqa: PLC0415

    given = json.load(sys.stdin)
    h.nrn_load_dll(given["library"])
    for asked in given["questions"]:
        sys.stdout.write("\nANSWER " + json.dumps(answer(h, asked)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
