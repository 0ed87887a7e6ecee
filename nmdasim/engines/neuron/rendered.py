"""A model as NMODL files: one for each group of compartments that share their equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.engines.layout import Layout, layout
from nmdasim.engines.neuron.mechanism import Mechanism, mechanism
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Plan


@dataclass(frozen=True)
class Rendered:
    """The mechanisms of a model; each compartment has one."""

    mechanisms: tuple[Mechanism, ...]

    def of(self, compartment: int) -> Mechanism:
        """Return the mechanism of a compartment."""
        return next(m for m in self.mechanisms if compartment in m.compartments)

    @property
    def files(self) -> dict[str, str]:
        """Text of each file by name."""
        return {f"{m.name}.mod": m.text for m in self.mechanisms}


def check(model: Model) -> None:
    """Refuse what NMODL or this rendering cannot say, by name."""
    if model.stochastic:
        raise ModelError(
            f"{model.name} draws at random during the run (xi, or rand() in its reset); the neuron engine renders no "
            "noise, take engine='kernel' or 'brian2'"
        )
    if model.system.held and len(model.morphology) > 1:
        raise ModelError(
            f"{model.name}: 'unless refractory' in a tree; the neuron engine renders it in point neurons, take "
            "engine='kernel'"
        )


def of_populations(plan: Plan, *, for_people: bool = False) -> tuple[list[Rendered], dict[str, str]]:
    """Return what a run needs, for each population and as files; populations of one model share theirs.

    The files hold no value of a parameter, so that one compiled form serves all, unless they are for people to read.
    """
    found: list[Rendered] = []
    files: dict[str, str] = {}
    for k, cells in enumerate(plan.cells):
        one = _of(cells, "", for_people)
        if any(files.get(name, text) != text for name, text in one.files.items()):
            one = _of(cells, f"p{k}_", for_people)
        files |= one.files
        found.append(one)
    return found, files


def _of(cells: Cells, prefix: str, for_people: bool) -> Rendered:
    recording, model = cells.recording, cells.model
    probes = [*recording.traces, *(probe for probe, _ in recording.summaries)]
    kept = frozenset((p.variable, p.compartment) for p in probes if p.variable != model.potential)
    start = frozenset(cells.moving | set(model.initial))
    if for_people:
        return _render(model, layout(model, start, kept), prefix, lambda where: lambda n: _remark(model, n, where[0]))
    return _rendered(model, kept, start, prefix)


@by_structure(maxsize=64)
def _rendered(model: Model, kept: frozenset[tuple[str, int]], start: frozenset[str], prefix: str) -> Rendered:
    return _render(model, layout(model, start, kept), prefix, lambda group: lambda name: ("0", ""))


def of_model(model: Model) -> Rendered:
    """Return the files for people: with the values of parameters, their units and where they come from."""
    check(model)
    start = frozenset(model.initial) | {s for begin in model.starts.values() for s in begin}
    return _render(model, layout(model, start), "", lambda where: lambda name: _remark(model, name, where[0]))


_Remark = Callable[[str], tuple[str, str]]


def _render(model: Model, folded: Layout, prefix: str, remark: Callable[[tuple[int, ...]], _Remark]) -> Rendered:
    base = "".join(c if c.isascii() and c.isalnum() else "_" for c in f"{prefix}{model.name}")
    base = base if base[0].isalpha() else f"m{base}"
    several = len(folded.groups) > 1
    return Rendered(
        tuple(
            mechanism(model, group, f"{base}_{_where(model, group.compartments)}{k}" if several else base, r)
            for k, group in enumerate(folded.groups)
            for r in (remark(group.compartments),)
        )
    )


def _where(model: Model, compartments: tuple[int, ...]) -> str:
    """Return the name of the region in which a group lies, where it is one."""
    found = [name for name, members in model.morphology.regions.items() if {*members} & {*compartments}]
    return f"{found[0]}_" if len(found) == 1 and found[0].isidentifier() and found[0].isascii() else ""


def _remark(model: Model, name: str, compartment: int) -> tuple[str, str]:
    """Return the SI value of a parameter in a compartment, and its unit, published value and source."""
    if name == "area" and name not in model.parameters.bases:
        return repr(float(model.morphology.areas[compartment])), "m2, of the compartment"
    values = model.values(name)
    value = float(np.ravel(values[0])[compartment if values.shape[1] > 1 else 0])
    region = next(r for r, members in model.morphology.regions.items() if compartment in members)
    key = f"{name}.{region}" if f"{name}.{region}" in model.parameters else name
    parameter = model.parameters[key] if key in model.parameters else model.parameters[model.entries(name)[0]]
    number, unit = float(quantities.in_unit(value, parameter.unit)), parameter.unit
    standing = "unverified" if parameter.status == "recalled" else parameter.status
    said = [f"{number:.6g} {unit}".strip(), *(x for x in (parameter.description, parameter.source, standing) if x)]
    return repr(value), " ".join("; ".join(said).split()).encode("ascii", "replace").decode()
