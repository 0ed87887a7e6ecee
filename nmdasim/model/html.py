"""Models, parameters and circuits as a notebook shows them; text of a user is escaped throughout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from brian2.units import Quantity

from nmdasim import quantities
from nmdasim.language import latex

if TYPE_CHECKING:
    from nmdasim.model.circuit import Circuit
    from nmdasim.model.mechanism import Mechanism
    from nmdasim.model.model import Model
    from nmdasim.model.parameter import Parameter

#: Rows of a table that are written out.
_MOST = 200


def title(name: object, *about: object) -> str:
    """Return a heading, and what is said of it in lighter words."""
    more = " · ".join(escape(str(one)) for one in about if str(one))
    return f"<p><b>{escape(str(name))}</b>{' ' + more if more else ''}</p>"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table, numbers with six digits; of many rows the first."""
    rows = list(rows)
    head = "".join(f"<th style='text-align:left'>{escape(one)}</th>" for one in heads)
    cells = ("".join(f"<td style='text-align:left'>{escape(_cell(cell))}</td>" for cell in row) for row in rows[:_MOST])
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    more = f"<p>… and {len(rows) - _MOST:,} more</p>" if len(rows) > _MOST else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: object) -> str:
    if isinstance(value, Quantity):
        return quantities.shown(value)
    return f"{value:g}" if isinstance(value, float) else quantities.zeroed(str(value))


def folded(summary: object, body: str) -> str:
    """Return what opens when it is asked for."""
    return f"<details><summary>{escape(str(summary))}</summary>{body}</details>"


def parameters(given: Mapping[str, Parameter], groups: Mapping[str, Iterable[str]] | None = None) -> str:
    """Return parameters in their groups with units; sources and statuses are folded away below each.

    Parameters
    ----------
    given
        The parameters by name.
    groups
        Bare names by group; by default parameters are grouped by the region in which they hold. A parameter is shown
        in the first of its groups, and what no group has at the end.
    """
    parts = []
    for group, names in _grouped(given, groups).items():
        own = {name: given[name] for name in names}
        values = table(
            ("parameter", "value", "unit", "description"),
            ((name, _number(p), quantities.pretty(p.unit), p.description) for name, p in own.items()),
        )
        origins = table(
            ("parameter", "source", "kind", "status"),
            ((name, p.source or "none", p.kind, p.status) for name, p in own.items()),
        )
        head = f"{group}: {quantities.several(len(own), 'parameter')}"
        parts.append(folded(head, values + folded("sources and statuses", origins)))
    return "".join(parts)


def _grouped(given: Mapping[str, Parameter], groups: Mapping[str, Iterable[str]] | None) -> dict[str, list[str]]:
    wanted = {base: group for group, bases in reversed(list((groups or {}).items())) for base in bases}
    found: dict[str, list[str]] = {group: [] for group in groups or {}}
    for name in given:
        base, _, region = name.partition(".")
        found.setdefault((region or "everywhere") if groups is None else wanted.get(base, "others"), []).append(name)
    return {group: names for group, names in found.items() if names}


def _number(one: Parameter) -> str:
    return quantities.brief(float(one.number), 6) if one.si.ndim == 0 else quantities.several(one.si.size, "value")


def mechanism(one: Mechanism) -> str:
    """Return a mechanism: its equations, and folded below them parameters and ports."""
    head = title(one.name, "mechanism", f"at {', '.join(one.at)}" if one.at else "")
    own = parameters(one.parameters, {one.name: one.parameters.bases})
    return f"<div>{head}{_equations(one)}{own}{_ports(one.ports)}</div>"


def _equations(one: Mechanism | Model) -> str:
    return f"$${escape(latex.equations(one.equations, one.parameters.bases), quote=False)}$$"


def _ports(effects: Mapping[str, str]) -> str:
    return folded("ports", table(("port", "an event adds"), effects.items())) if effects else ""


def model(one: Model) -> str:
    """Return a model: its equations, and folded below them parameters, inputs and fibres."""
    where = "point neuron" if one.is_point else quantities.several(len(one.morphology), "compartment")
    groups = {part.name: part.parameters.bases for part in one.mechanisms} or None
    parts = [
        title(one.name, where, one.description),
        _equations(one),
        folded(quantities.several(len(one.parameters), "parameter"), parameters(one.parameters, groups)),
    ]
    rule = [("threshold", one.threshold), ("reset", one.reset), ("refractory", one.refractory)]
    if any(said is not None for _, said in rule):
        parts.append(folded("spike rule", table(("", "rule"), ((n, s) for n, s in rule if s is not None))))
    parts.append(_ports({name: port.effect for name, port in one.ports.items()}))
    if one.fibres:
        rows = (
            (name, ", ".join(c.port for c in f.contacts), f.synapses, f.latency, f.spread)
            for name, f in one.fibres.items()
        )
        parts.append(folded("fibres", table(("fibres", "ports", "synapses", "latency", "spread"), rows)))
    return f"<div>{''.join(parts)}</div>"


def circuit(one: Circuit) -> str:
    """Return a circuit: its populations and projections, and folded below them each model."""
    cells = table(
        ("population", "neurons", "model"), ((name, p.size, p.model.name) for name, p in one.populations.items())
    )
    links = table(("from", "to", "opens"), ((p.pre, p.post, ", ".join(p.opens)) for p in one.projections))
    inputs = table(("input", "fibres", "kind"), ((n, s.size, type(s).__name__) for n, s in one.inputs.items()))
    models = {p.model.name: p.model for p in one.populations.values()}
    parts = [title(one.name, "circuit", one.description), cells]
    parts += [folded(quantities.several(len(one.projections), "projection"), links)] if one.projections else []
    parts += [folded(quantities.several(len(one.inputs), "input"), inputs)] if one.inputs else []
    parts += [folded(f"model {name}", model(cell)) for name, cell in models.items()]
    parts += [folded(f"numbers: {name}", parameters(own)) for name, own in one.numbers.items() if len(own)]
    return f"<div>{''.join(parts)}</div>"
