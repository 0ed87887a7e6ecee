"""A model from mechanisms: joining them, placing one in a region, adding and taking out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from nmdasim import quantities
from nmdasim.errors import ModelError, UnitError, nearest
from nmdasim.language import names as text
from nmdasim.language.functions import CONSTANTS, FUNCTIONS
from nmdasim.language.reader import symbol
from nmdasim.language.system import system
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.model.port import Afferent, Port

if TYPE_CHECKING:
    from nmdasim.model.model import Model


def equations(parts: Iterable[Mechanism]) -> str:
    """Join the equations of mechanisms: their inward currents add up to ``Im``, those that carry calcium to ``i_ca``."""
    parts = list(parts)
    densities = [term for part in parts for term in part.densities]
    currents = [f"{term}/area" for part in parts for term in part.currents]
    calcium = [term for part in parts for term in part.calcium] or ["0*amp/meter**2"]
    lines = [part.equations.strip() for part in parts]
    if feeding(parts):
        lines.append(f"i_ca = {' + '.join(calcium)} : amp/meter**2")
    lines.append(f"Im = {' + '.join(densities + currents)} : amp/meter**2")
    return "\n".join(lines) + "\n"


def feeding(parts: Iterable[Mechanism]) -> tuple[str, ...]:
    """Return the summed currents that equations of some mechanism use."""
    return ("i_ca",) if any("i_ca" in text.used(part.equations) for part in parts) else ()


def joined(parts: Sequence[Mechanism], site: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a model that consists of mechanisms, every port in compartment `site`; see `assemble`."""
    given = dict(options)
    morphology = given.setdefault("morphology", Morphology.point())
    parameters = ParameterSet()
    merged: dict[str, dict[str, Any]] = {"initial": {}, "ports": {}, "gains": {}, "starts": {}}
    for part in parts:
        parameters |= part.parameters
        merged["initial"] |= part.initial
        merged["ports"] |= {key: Port(effect, _site(part, morphology, site)) for key, effect in part.ports.items()}
        merged["gains"] |= part.gains
        for name, start in part.starts.items():
            merged["starts"][name] = merged["starts"].get(name, {}) | dict(start)
    fields = {key: value | dict(given.pop(key, {})) for key, value in merged.items()}
    references = [key for part in parts for key in part.references] + list(given.pop("references", ()))
    return {
        "equations": equations(parts),
        "mechanisms": tuple(parts),
        "parameters": (parameters | given.pop("parameters", {})).within(morphology.regions),
        "feeding": feeding(parts),
        "implicit": tuple(state for part in parts for state in part.implicit),
        "references": tuple(dict.fromkeys(references)),
        **fields,
        **given,
    }


def _site(part: Mechanism, morphology: Morphology, otherwise: int) -> int:
    return morphology.centre(part.at[0]) if part.at else otherwise


# --- placing ---------------------------------------------------------------------------------------------------------


def placed(part: Mechanism, at: str | Iterable[str] | None, morphology: Morphology) -> Mechanism:
    """Return a mechanism that sits in some regions: what scales its current densities is given for these alone.

    A parameter that has entries for regions only is zero elsewhere, and so is the current. A current that an event
    opens needs no scale, as events arrive nowhere else.

    Raises
    ------
    ModelError
        If there is no such region, or no parameter scales a density.
    """
    regions = part.at if at is None else (at,) if isinstance(at, str) else tuple(at)
    for region in regions:
        if region not in morphology.regions:
            raise ModelError(f"at = {region!r}: there is no such region{nearest(region, morphology.regions)}")
    if not regions:
        return part
    terms = part.densities if part.ports else (*part.densities, *part.currents)
    scales = {_scale(part, term) for term in terms}
    parameters: dict[str, Parameter] = {}
    for key, p in part.parameters.items():
        base, _, region = key.partition(".")
        if base not in scales or region in regions:
            parameters[key] = p
        elif not region:
            parameters |= {f"{base}.{where}": p for where in regions if f"{base}.{where}" not in part.parameters}
    return dataclasses.replace(part, parameters=ParameterSet(parameters), at=regions)


def _scale(part: Mechanism, term: str) -> str:
    """Return the parameter to which a current is proportional, and that nothing else in the mechanism uses."""
    free = {*text.used(part.equations, term), *part.parameters.bases} - {*FUNCTIONS, *CONSTANTS}
    known = system(part.equations, tuple(sorted(n for n in free if n in part.parameters.bases or not _is_unit(n))))
    current = known.substitute(term, free)
    within = {symbol(name) for name in (*part.densities, *part.currents)}
    others = [e for n, e in {**known.derivatives, **known.subexpressions}.items() if symbol(n) not in within]
    regional = [key.partition(".")[0] for key in part.parameters if "." in key]
    named = [base for members in part.gains.values() for base in members]
    for base in dict.fromkeys((*regional, *named, *part.parameters.bases)):
        own = symbol(base)
        slope = sp.diff(current, own)
        if slope != 0 and not slope.has(own) and current.subs(own, 0) == 0 and not any(e.has(own) for e in others):
            return base
    raise ModelError(
        f"mechanism {part.name!r} cannot sit in a region alone: {term} is proportional to no parameter of its own; "
        "give it one, as in 'I = g*(E - v)' with g among its parameters"
    )


def _is_unit(name: str) -> bool:
    try:
        quantities.unit(name)
    except UnitError:
        return False
    return True


# --- adding and taking out -------------------------------------------------------------------------------------------


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
    site = _site(coming, model.morphology, sites.pop() if len(sites) == 1 else 0)
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


# --- what a model consists of ----------------------------------------------------------------------------------------


def mechanisms_of(model: Model) -> tuple[Mechanism, ...]:
    """Return the mechanisms of a model; equations written in one piece are one mechanism of the model's name.

    Raises
    ------
    ModelError
        If the equations are written in one piece and give ``dv/dt``: to that no current can be added.
    """
    if model.mechanisms and equations(model.mechanisms) == model.equations:
        return model.mechanisms
    own = "".join(c if c.isalnum() else "_" for c in model.name)
    found = text.defined(model.equations)
    if "Im" not in found:
        raise ModelError(
            f"{model.name} gives dv/dt, to which no mechanism can add its current; write the sum of its current "
            "densities as 'Im = … : amp/meter**2' and give the parameter Cm, then with_ and without work on it"
        )
    other: dict[str, str] = {str(name): f"{name}_{own}" for name in ("Im", "i_ca") if name in found}
    return (
        Mechanism(
            model.name,
            text.redefined(model.equations, other),
            densities=(other["Im"],),
            calcium=(other["i_ca"],) if "i_ca" in other else (),
        ),
    )


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
        users = {p.name: used for p in self.parts
                 if (used := sorted(lost & text.used(p.equations, *p.calcium, *_texts(p.initial))))}  # fmt: skip
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
            "afferents": self._afferents(ports),
            "summaries": {k: s for k, s in self.model.summaries.items()
                          if s.variable in self._after or s.variable not in self._before},
            "references": self._references(parameters),
        }  # fmt: skip

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
        theirs: dict[str, Any] = {}
        new: dict[str, Any] = {}
        for target, parts in ((theirs, self.leaving), (new, self.coming)):
            for part in parts:
                target |= part.initial if what == "initial" else part.starts.get(what, {})
        kept = {state: value for state, value in given.items() if self._after.get(state) == "state"
                and not (state in new and state in theirs and str(theirs[state]) == str(value))}  # fmt: skip
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

    def _afferents(self, ports: Mapping[str, Port]) -> dict[str, Afferent]:
        kept = {
            name: dataclasses.replace(afferent, contacts=tuple(c for c in afferent.contacts if c.port in ports))
            for name, afferent in self.model.afferents.items()
        }
        return {name: afferent for name, afferent in kept.items() if afferent.contacts}

    def _references(self, parameters: ParameterSet) -> tuple[str, ...]:
        standing = {key for part in self.parts for key in part.references} | {p.source for p in parameters.values()}
        theirs = {key for part in self.leaving for key in part.references} - standing
        kept = [key for key in self.model.references if key not in theirs]
        return tuple(dict.fromkeys([*kept, *(key for part in self.coming for key in part.references)]))


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
