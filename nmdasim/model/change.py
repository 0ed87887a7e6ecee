"""What changes in a model when mechanisms come and go: everything that refers to them, and nothing else."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nmdasim.errors import ModelError, nearest
from nmdasim.language import names as text
from nmdasim.model.compose import equations, feeding, mechanisms_of, placed, site_of
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.model.port import Fibres, Port

if TYPE_CHECKING:
    from nmdasim.model.model import Model


def added(
    model: Model,
    mechanism: Mechanism,
    at: str | Iterable[str] | None = None,
    instead: str = "",
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return what changes in a model when a mechanism comes; see :meth:`nmdasim.Model.with_`."""
    parts = list(mechanisms_of(model))
    names = [part.name for part in parts]
    if instead:
        place = _index(model, instead, names)
    elif mechanism.name in names:
        raise ModelError(
            f"{model.name} has a mechanism {mechanism.name!r} already; give the new one another name, or put it in "
            f"the other's place with instead={mechanism.name!r}"
        )
    else:
        place = len(parts)
    given = dataclasses.replace(mechanism, parameters=mechanism.parameters | (parameters or {}))
    coming = placed(given, at, model.morphology)
    leaving = tuple(parts[place : place + 1])
    parts[place : place + 1] = [coming]
    sites = {port.compartment for port in model.ports.values()}
    site = site_of(coming, model.morphology, sites.pop() if len(sites) == 1 else 0)
    return Change(model, tuple(parts), leaving, (coming,), site).fields()


def removed(model: Model, names: Iterable[str]) -> dict[str, Any]:
    """Return what changes in a model when mechanisms go; see :meth:`nmdasim.Model.without`."""
    parts = mechanisms_of(model)
    known = [part.name for part in parts]
    going = {_index(model, name, known) for name in names}
    kept = tuple(part for k, part in enumerate(parts) if k not in going)
    if not kept:
        raise ModelError(f"{model.name} without {', '.join(known)}: nothing would be left")
    return Change(model, kept, tuple(parts[k] for k in sorted(going))).fields()


def _index(model: Model, name: str, known: Sequence[str]) -> int:
    if name not in known:
        raise ModelError(f"{model.name} has no mechanism {name!r}{nearest(name, known)}")
    return known.index(name)


@dataclass(frozen=True)
class Change:
    """Mechanisms that leave a model and one that comes.

    Parameters
    ----------
    model
        The model.
    parts
        Its mechanisms after the change.
    leaving, coming
        What goes, and what comes, already placed.
    site
        Compartment in which ports of what comes arrive.
    """

    model: Model
    parts: tuple[Mechanism, ...]
    leaving: tuple[Mechanism, ...] = ()
    coming: tuple[Mechanism, ...] = ()
    site: int = 0
    _before: Mapping[str, str] = field(init=False)
    _after: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_before", text.defined(self.model.equations) | {"v": "state"})
        object.__setattr__(self, "_after", text.defined(equations(self.parts)) | {"v": "state"})
        self._check_names()

    def _check_names(self) -> None:
        """Refuse a variable that is defined twice, and equations that use one that leaves."""
        held = {name: part for part in self.parts for name in text.defined(part.equations)}
        for part in self.parts:
            twice = [name for name in text.defined(part.equations) if held[name] is not part]
            if twice:
                raise ModelError(
                    f"{self.model.name}: {twice[0]} is defined by {part.name} and by {held[twice[0]].name}; give one "
                    f"another name, as with mechanism.renamed({{'{twice[0]}': '{twice[0]}_2'}})"
                )
        lost = self._before.keys() - self._after.keys()
        users = {
            p.name: used
            for p in self.parts
            if (used := sorted(lost & text.used(p.equations, *p.calcium, *_texts(p.initial))))
        }
        if users:
            gone = ", ".join(dict.fromkeys(name for used in users.values() for name in used))
            raise ModelError(
                f"{self.model.name} without {', '.join(p.name for p in self.leaving)}: {gone} would be missing, which "
                f"{', '.join(users)} use; take these out too, or put a mechanism that defines {gone} in place"
            )

    def fields(self) -> dict[str, Any]:
        """Return the fields of the model after the change."""
        ports = self._ports()
        after = {
            "equations": equations(self.parts),
            "mechanisms": self.parts,
            "ports": ports,
            "initial": self._states("initial", self.model.initial),
            "starts": self._starts(),
            "feeding": (*feeding(self.parts), *(n for n in self.model.feeding if n != "i_ca" and n in self._after)),
            "implicit": self._implicit(),
        }
        parameters = self._parameters(_uses(self.model.__dict__), _uses(self.model.__dict__ | after))
        return after | {
            "parameters": parameters,
            "gains": self._gains(parameters),
            "fibres": self._fibres(ports),
            "summaries": {
                k: s
                for k, s in self.model.summaries.items()
                if s.variable in self._after or s.variable not in self._before
            },
            "references": self._references(parameters),
        }

    def _implicit(self) -> tuple[str, ...]:
        before = {state for part in self.leaving for state in part.implicit}
        kept = (state for state in self.model.implicit if state in self._after and state not in before)
        return tuple(dict.fromkeys([*kept, *(state for part in self.coming for state in part.implicit)]))

    def _ports(self) -> dict[str, Port]:
        theirs = {name: effect for part in self.leaving for name, effect in part.ports.items()}
        new = {name: Port(effect, self.site) for part in self.coming for name, effect in part.ports.items()}
        kept = {}
        for name, port in self.model.ports.items():
            own = port.effect != theirs.get(name, port.effect)  # another effect than that of what leaves
            gone = [state for state, _ in port.increments() if state not in self._after]
            if name in new and name in theirs and not own:
                kept[name] = dataclasses.replace(port, effect=new[name].effect)
            elif name in new and name not in theirs:
                raise ModelError(f"{self.model.name} has a port {name!r} already; give the new one another name")
            elif name in theirs and name not in new:
                continue
            elif gone and len(gone) < len(port.increments()):
                raise ModelError(f"{self.model.name}: port {name!r} adds to {gone[0]}, which would be missing")
            elif not gone:
                kept[name] = port
        return kept | {name: port for name, port in new.items() if name not in kept}

    def _states(self, what: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return initial values of the states that there are: the model's own, then those of what comes."""
        theirs, new = (
            {state: value for part in parts for state, value in _begins(part, what).items()}
            for parts in (self.leaving, self.coming)
        )
        kept = {
            state: value
            for state, value in given.items()
            if self._after.get(state) == "state"
            and not (state in new and state in theirs and str(theirs[state]) == str(value))
        }
        return kept | {state: value for state, value in new.items() if state not in kept}

    def _starts(self) -> dict[str, dict[str, Any]]:
        named = dict.fromkeys([*self.model.starts, *(name for part in self.coming for name in part.starts)])
        found = {name: self._states(name, self.model.starts.get(name, {})) for name in named}
        return {name: start for name, start in found.items() if start or not self.model.starts.get(name, True)}

    def _parameters(self, before: frozenset[str], after: frozenset[str]) -> ParameterSet:
        """Return the model's parameters that still serve, in place of those of what leaves, and those of what comes."""
        theirs = ParameterSet({key: p for part in self.leaving for key, p in part.parameters.items()})
        new = ParameterSet({key: p for part in self.coming for key, p in part.parameters.items()})
        new = new.within(self.model.morphology.regions)
        kept: dict[str, Parameter] = {}
        for key, p in self.model.parameters.items():
            base = key.partition(".")[0]
            published = key in theirs and same(theirs[key], p)
            if published and base in new.bases:
                kept |= {key: new[key]} if key in new else {}
            elif base in after or base not in before:
                kept[key] = p
        own = {key.partition(".")[0] for key in kept if key not in new or kept[key] is not new[key]}
        for base in new.bases:
            mine = {key: new[key] for key in new.entries(base)}
            if base not in own:
                kept |= mine
            elif base not in theirs.bases and not _alike(mine, kept, base):
                raise ModelError(
                    f"{self.model.name} has a parameter {base} already, with another value; leave it out of the new "
                    f"mechanism to share it, or rename it there with mechanism.renamed({{'{base}': '{base}_2'}})"
                )
        return ParameterSet(kept)

    def _gains(self, parameters: ParameterSet) -> dict[str, tuple[str, ...]]:
        theirs = {name: members for part in self.leaving for name, members in part.gains.items()}
        found: dict[str, tuple[str, ...]] = {}
        for name, members in self.model.gains.items():
            if theirs.get(name) != members:
                found[name] = tuple(base for base in members if parameters.entries(base))
        for part in self.coming:
            for name, members in part.gains.items():
                found[name] = tuple(dict.fromkeys([*found.get(name, ()), *members]))
        order = [*(name for name in self.model.gains if name in found), *found]
        return {name: found[name] for name in dict.fromkeys(order) if found[name]}

    def _fibres(self, ports: Mapping[str, Port]) -> dict[str, Fibres]:
        left = {
            name: tuple(c for c in bundle.contacts if c.port in ports) for name, bundle in self.model.fibres.items()
        }
        return {
            name: dataclasses.replace(self.model.fibres[name], port=contacts)
            for name, contacts in left.items()
            if contacts
        }

    def _references(self, parameters: ParameterSet) -> tuple[str, ...]:
        standing = {key for part in self.parts for key in part.references} | {p.source for p in parameters.values()}
        theirs = {key for part in self.leaving for key in part.references} - standing
        kept = [key for key in self.model.references if key not in theirs]
        return tuple(dict.fromkeys([*kept, *(key for part in self.coming for key in part.references)]))


def _begins(part: Mechanism, what: str) -> Mapping[str, Any]:
    return part.initial if what == "initial" else part.starts.get(what, {})


def same(one: Parameter, other: Parameter) -> bool:
    """Whether two parameters have the same value and unit."""
    return one is other or (one.unit == other.unit and bool(np.array_equal(one.si, other.si)))


def _alike(mine: Mapping[str, Parameter], theirs: Mapping[str, Parameter], base: str) -> bool:
    there = {key: p for key, p in theirs.items() if key.partition(".")[0] == base}
    return there.keys() == mine.keys() and all(same(mine[key], there[key]) for key in mine)


def _uses(fields: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that the equations, ports, values and rules of a model use."""
    rules = {rule: fields[rule] for rule in ("threshold", "reset", "refractory")}
    values = [value for each in (fields["initial"], rules, *fields["starts"].values()) for value in _texts(each)]
    return text.used(fields["equations"], *(port.effect for port in fields["ports"].values()), *values) | {"Cm"}


def _texts(values: Mapping[str, Any]) -> list[str]:
    return [value for value in values.values() if isinstance(value, str)]
