"""What a sweep is, spelt out as text: two are the same where their texts are, and what differs can be named."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from nmdasim import quantities
from nmdasim.model.circuit import Circuit, circuit_of, owners_of
from nmdasim.model.identity import digest
from nmdasim.model.model import Model
from nmdasim.model.spelling import spell
from nmdasim.run.axes import Axis, shown
from nmdasim.run.provenance import model_digest

#: What begins the name of a version in an identity.
VERSION = "version of "


def identity(model: Model | Circuit, axes: Iterable[Axis]) -> dict[str, str]:
    """Return a model and axes as flat text; digests stand for what is too long to read."""
    circuit = circuit_of(model)
    found = {"model": circuit.name, "model_digest": model_digest(circuit)}
    for place, owner in owners_of(circuit).items():
        for name, p in owner.parameters.items():
            text = f"{p.number.tolist()} {p.unit}".strip() if p.si.ndim == 0 else digest(p.si)
            found[f"parameter {place}{'.' * bool(place)}{name}"] = text
    for name, one in circuit.populations.items():
        told = {"size": one.size, "parameters": one.parameters, "initial": one.initial}
        found[f"population {name or circuit.name}"] = spell(told)
    for k, link in enumerate(circuit.projections):
        parts = {one.name: getattr(link, one.name) for one in dataclasses.fields(link) if one.name != "synapse"}
        found[f"projection {k} {link.pre} → {link.post}"] = spell({name: v for name, v in parts.items() if _says(v)})
    for label, rule in circuit.rules.items():
        found[f"synapse {label}"] = digest([rule.equations, rule.initial, rule.on_pre, rule.on_post])
    found |= {f"fibres {name}": spell(one) for name, one in circuit.fibres.items()}
    found |= {f"input {name}": spell(one) for name, one in circuit.inputs.items()}
    found["step of the model"] = spell(circuit.dt)
    for axis in axes:
        along = f" along {axis.dim}" if axis.dim else ""
        found[f"axis {axis.name}"] = f"{axis.values.size} values{along}, {ends(axis)}, {digest(axis.values)}"
    return found


def _says(value: Any) -> bool:
    """Whether a part of a projection is given: not None, nor an empty text or tuple."""
    return value is not None and not (isinstance(value, str | tuple) and not value)


def ends(axis: Axis) -> str:
    """Return the first and the last value of an axis, with its unit."""
    first, last = (
        f"{value:g}" if axis.values.dtype.kind in "iuf" else str(value) for value in shown(axis, axis.values[[0, -1]])
    )
    return f"{first} to {last} {quantities.pretty(axis.unit)}".removesuffix(" 1")


def neighbours(left: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    """Name what differs between two identities, ``"name: left → right"``; digests only where nothing else tells."""
    keys = itertools.chain(left, (key for key in right if key not in left))
    found = [f"{k}: {left.get(k, 'absent')} → {right.get(k, 'absent')}" for k in keys if left.get(k) != right.get(k)]
    told = [line for line in found if not line.startswith(("model_digest", VERSION))]
    versions = [line for line in found if line.startswith(VERSION)]
    return [*(told or [line for line in found if line.startswith("model_digest")]), *versions]
