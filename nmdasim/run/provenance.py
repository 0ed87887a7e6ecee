"""What a result says of its origin: enough to make it again, and one identity that changes with any of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model.circuit import Circuit, owners_of
from nmdasim.model.identity import digest, versions
from nmdasim.model.parameter import STATE, Parameter
from nmdasim.model.spelling import spell
from nmdasim.parameters import drugs
from nmdasim.protocols import course as courses
from nmdasim.quantities import best_unit, brief, in_unit, pretty, quantity
from nmdasim.receptors.dosing import drugs_of
from nmdasim.run.axes import Axis
from nmdasim.run.prepare import Run
from nmdasim.run.question import Question

#: How the block started where a run went on from another: a drug of that run may still be in the receptors.
_WENT_ON = "as the run before left it"

#: A factor that `scaled` wrote behind the source of a parameter.
_FACTOR = re.compile(r" × ([\d.e+-]+)")


def provenance(asked: Question, runs: Sequence[Run], given: Any) -> dict[str, Any]:
    """Return the attributes of a result.

    Parameters
    ----------
    asked, runs
        What was asked, and the plans that were made of it.
    given
        The protocol as it was given.
    """
    circuit, options = asked.circuit, asked.options
    attrs: dict[str, Any] = {
        "model": circuit.name,
        "model_digest": model_digest(circuit),
        "identity": identity(asked, runs),
        "parameters": json.dumps(_numbers(asked)),
        "changed": "; ".join(changed(circuit, {axis.name for axis in asked.axes})),
        "varied": " ".join(axis.name for axis in [*asked.grid, *asked.axes] if axis.values.ndim),
        "engine": options.engine,
        "method": options.method or "default",
        "dt_ms": options.dt * 1e3,
        "sample_ms": options.sample * 1e3,
        "tolerance": options.tolerance if options.engine == "reference" else "",
        "block": _WENT_ON if options.start and asked.start else options.start or "none",
        "drugs": " ".join(drugs_of(circuit)),
        "drugs_before": " ".join(drugs_given(asked.start.result.attrs)) if asked.start else "",
        "initial": json.dumps({name: _brief(value) for name, value in options.initial.items()}),
        "duration_s": " ".join(dict.fromkeys(f"{run.plan.first.duration:.12g}" for run in runs)),
        "begin_s": runs[0].plan.first.origin,
        "goes_on_from": str(asked.start.result.attrs.get("identity", "")) if asked.start else "",
        "protocol": spell(given),
        "record": " ".join(options.record),
        "output": circuit.output,
        "courses": "; ".join(map(str, options.baths)),
        "versions": json.dumps(versions()),
        "nmdasim_version": versions()["nmdasim"],
        "disclaimer": DISCLAIMER,
    }
    none = {axis.name for axis in asked.axes if axis.values.ndim and not np.any(axis.values)}
    left = attrs["drugs_before"].split()
    attrs["drugs_given"] = " ".join(drug for drug in drugs_given(attrs) if drug in left or drug not in none)
    attrs |= sources(circuit)
    known = drugs.entries()
    caveats = [known[key].text("caveat") for key in drugs_of(circuit) if key in known]
    if said := [text for text in (*caveats, getattr(next(asked.variants())[1], "caveat", "")) if text]:
        attrs["warnings"] = "\n".join(said)
    for bath in options.baths:
        attrs |= courses.origin(attrs, bath.attrs)
    return attrs


def drugs_given(attrs: Mapping[Any, Any]) -> list[str]:
    """Return the drugs that a run was given, or one before it: those at another concentration than 0, or at several."""
    drugs = str(attrs.get("drugs", "")).split()
    if "drugs_given" in attrs or "parameters" not in attrs:
        return str(attrs.get("drugs_given", attrs.get("drugs", ""))).split()
    numbers = {name.rpartition(".")[2]: text for name, text in json.loads(attrs["parameters"]).items()}
    varied = str(attrs.get("varied", "")).split()
    follows = str(attrs.get("courses", ""))
    before = str(attrs.get("drugs_before", attrs["drugs"] if attrs.get("block") == _WENT_ON else "")).split()
    return [
        drug
        for drug in drugs
        if drug in before or drug in varied or drug in follows or not numbers.get(drug, "0").startswith("0 ")
    ]


def identity(asked: Question, runs: Sequence[Run]) -> str:
    """Return the digest of everything that moves a number of the result."""
    options = asked.options
    plans = [(run.points, run.plan.digest) for run in runs]
    return digest({"plans": plans, "engine": options.engine, "record": options.record, "versions": versions()})


def model_digest(circuit: Circuit) -> str:
    """Return the digest of a single cell, or of a circuit with all its populations and projections."""
    alone = circuit.cells.get("")
    return alone.digest if alone is not None else circuit.digest


def _numbers(asked: Question) -> dict[str, str]:
    """Return the value of every parameter as it acted: one that was given, not the model's own."""
    given = {axis.name: axis for axis in asked.axes}
    found = {}
    for name, cell in owners_of(asked.circuit).items():
        for key, p in cell.parameters.items():
            axis = given.get(key) or given.get(key.partition(".")[0])
            own = f"{p.number:.12g} {p.unit}".strip() if p.si.ndim == 0 else f"array {digest(p.si)}"
            found[f"{name}.{key}" if name else key] = own if axis is None else _spelled(axis)
    return found


def changed(circuit: Circuit, given: Iterable[str] = ()) -> list[str]:
    """Return what a user made other in a circuit, each once: ``["nmda × 0", "K_mg 3 mM"]``.

    What was `given` to the run stands in its coordinates; a drug of which there is none is no change.
    """
    found: dict[str, None] = {}
    varied, dosed = {*given}, {*drugs_of(circuit)}
    for cell in owners_of(circuit).values():
        named = {base: gain for gain, bases in getattr(cell, "gains", {}).items() for base in bases}
        for key, p in cell.parameters.items():
            base = key.partition(".")[0]
            if {key, base} & varied or (base in dosed and not np.any(p.si)):
                continue
            if p.source in ("user", STATE):
                found[f"{key} {_own(p)}"] = None
            elif factors := _FACTOR.findall(p.source):
                found[f"{named.get(base, base)} × {brief(math.prod(map(float, factors)), 6)}"] = None
    return list(found)


def _own(p: Parameter) -> str:
    return f"{brief(float(p.number), 6)} {pretty(p.unit)}".removesuffix(" 1").strip() if p.si.ndim == 0 else "by neuron"


def _spelled(axis: Axis) -> str:
    if axis.values.ndim:
        return f"varied: {axis.values.size} values, digest {digest(axis.values)}"
    return f"{float(in_unit(axis.values, axis.unit)):.12g} {axis.unit}".strip()


def _brief(value: Any) -> str:
    """Return an initial value as text: one number in its own unit, of an array a digest."""
    if isinstance(value, str) or np.ndim(value):
        return spell(value) if np.ndim(value) else str(value)
    number = quantity(value)
    unit = best_unit(number)
    return f"{float(in_unit(number, unit)):.12g} {unit}".strip()


def sources(circuit: Circuit) -> dict[str, str]:
    """Return the references behind a circuit, and the parameters that nobody verified in their source."""
    cells = owners_of(circuit)
    own = [(key, p) for cell in cells.values() for key, p in cell.parameters.items() if p.source != "user"]
    unverified = sorted({key for key, p in own if p.status != "verified"})
    cited = [p.source for cell in cells.values() for p in cell.parameters.values()]
    keys = dict.fromkeys([*circuit.references, *(key for c in cells.values() for key in c.references), *cited])
    return {
        "unverified_parameters": " ".join(unverified),
        "references": " ".join(key for key in keys if key and key not in ("user", STATE)),
    }
