"""One neuron as a LEMS component type: parameters, ports, states, and the rule of its spikes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.exchange.lems.expression import Derived, Writer
from nmdasim.language.noise import drawn
from nmdasim.model import check
from nmdasim.model.flat import flat
from nmdasim.model.model import Model
from nmdasim.run.simulate import plan

_PLAIN = {"volt": "voltage", "amp": "current", "siemens": "conductance", "farad": "capacitance", "second": "time"}
#: Names of a cell's own: what its spike rule remembers.
_READY, _ARMED, _SPIKES = "ready_at", "armed", "spikes"
_SHORT = {"kg": "m", "m": "l", "s": "t", "A": "i", "K": "k", "mol": "n", "cd": "j"}


@dataclass(frozen=True, eq=False)
class Cell:
    """A point neuron and what writes it.

    Parameters
    ----------
    model
        The neuron, flat.
    weights
        Weight of each port that takes one.
    dimensions
        Of every name.
    writer
        What writes its expressions.
    """

    model: Model
    weights: Mapping[str, Any]
    dimensions: Mapping[str, Dimension]
    writer: Writer

    @classmethod
    def of(cls, given: Model, weights: Mapping[str, Any]) -> Cell:
        """Return the cell of a model, refused by name where LEMS cannot say it."""
        model = flat(given)
        if model.stochastic:
            what = "white noise (xi)" if model.system.noise else "rand() in its reset"
            raise ModelError(f"{model.name}: LEMS cannot say {what}; take it out, or run it here")
        if texts := [n for n, v in model.initial.items() if isinstance(v, str) and drawn(v, "x")[1]]:
            raise ModelError(f"{model.name}: LEMS cannot say the random initial value of {texts[0]}; give a number")
        takes = [port for port in model.ports if check.uses_weight(model, port)]
        if lacking := [port for port in takes if port not in weights]:
            raise ModelError(
                f"{model.name}: port {lacking[0]!r} takes a weight, which events of LEMS do not carry; "
                f"give weights={{{lacking[0]!r}: '1 nS'}}"
            )
        for port in takes:
            check.weight_matches(model, port, weights[port], "weights")
        dimensions = check.dimensions(model)
        dimensions |= {f"weight_{port}": get_dimensions(quantities.quantity(weights[port])) for port in takes}
        if clash := sorted({_READY, _ARMED, _SPIKES, "spike"} & set(dimensions)):
            raise ModelError(f"{model.name}: {clash[0]} is a name of the spike rule in LEMS; call it otherwise")
        reader = check.Dimensions(dimensions)
        writer = Writer(model.name, frozenset(dimensions), reader.of)
        return cls(model, {port: weights[port] for port in takes}, dimensions, writer)

    @property
    def key(self) -> str:
        """Its name as an identifier."""
        return re.sub(r"\W", "_", self.model.name)

    @property
    def type(self) -> str:
        """Name of the component type."""
        return f"nmdasim_{self.key}"

    @property
    def recorded(self) -> tuple[str, ...]:
        """What a simulation writes: every state, and the number of spikes."""
        return (*self.model.system.states, *([_SPIKES] if self.model.threshold else []))

    @property
    def values(self) -> dict[str, str]:
        """Value of every parameter with its unit."""
        found = {base: self._written(*self._parameter(base)) for base in self.model.parameters.bases}
        for port, weight in self.weights.items():
            value = quantities.quantity(weight)
            found[f"weight_{port}"] = self._written(float(value), quantities.best_unit(value))
        if self._has_area:
            found["area"] = self._written(self.model.morphology.areas[0], "meter**2")
        return found

    @property
    def _has_area(self) -> bool:
        return "area" not in self.model.parameters.bases and bool(re.search(r"\barea\b", self.model.equations))

    def _parameter(self, base: str) -> tuple[float, str]:
        values = np.unique(self.model.values(base))
        if len(values) != 1:
            raise ModelError(
                f"{self.model.name}: parameter {base} has {len(values)} values; a component of LEMS has one"
            )
        return float(values[0]), self.model.parameters.unit_of(base)

    def _written(self, si: float, unit: str) -> str:
        """Return a value with a unit of LEMS: the conventional one where it is a power of ten of SI."""
        scale = float(quantities.parse_unit(unit or "1"))
        power = round(float(np.log10(scale)))
        dimension = get_dimensions(quantities.parse_unit(unit or "1"))
        if dimension is DIMENSIONLESS:
            return repr(si)
        if not np.isclose(scale, 10.0**power, rtol=1e-12):
            return f"{si!r}{_symbol(quantities.base_units(dimension))}"
        return f"{si / 10.0**power:.15g}{_symbol(unit)}"

    def document(self) -> ET.Element:
        """Return the file of the cell."""
        body = self._type()
        root = ET.Element("Lems")
        named = sorted({*self.dimensions.values(), get_dimensions(quantities.unit("second"))}, key=_dimension)
        named += [d.dimension for d in self.writer.needed if d.dimension not in named]
        named += [u for u in map(_of_unit, self.writer.units.values()) if u not in named]
        for dimension in dict.fromkeys(named):
            if dimension is not DIMENSIONLESS:
                powers = {s: f"{dimension.get_dimension(k):g}" for k, s in _SHORT.items() if dimension.get_dimension(k)}
                ET.SubElement(root, "Dimension", {"name": _dimension(dimension)} | powers)
        for unit in self._units():
            power = round(float(np.log10(float(quantities.parse_unit(unit)))))
            of = _dimension(get_dimensions(quantities.parse_unit(unit)))
            ET.SubElement(root, "Unit", symbol=_symbol(unit), dimension=of, power=str(power))
        root.append(body)
        ET.SubElement(root, "Component", self.values, id=self.key, type=self.type)
        return root

    def _units(self) -> list[str]:
        """Return every unit in which a value stands, and SI."""
        given = [self.model.parameters.unit_of(base) for base in self.model.parameters.bases]
        given += [quantities.best_unit(quantities.quantity(weight)) for weight in self.weights.values()]
        given += ["meter**2"] * self._has_area
        held = [get_dimensions(quantities.parse_unit(unit or "1")) for unit in given]
        held += [_of_unit(unit) for unit in self.writer.units.values()]
        base = [quantities.base_units(d) for d in held if d is not DIMENSIONLESS]
        scales = {unit: float(quantities.parse_unit(unit or "1")) for unit in given}
        kept = [
            u for u, s in scales.items() if u not in ("", "1") and np.isclose(s, 10.0 ** round(np.log10(s)), rtol=1e-12)
        ]
        kept = [u for u in kept if get_dimensions(quantities.parse_unit(u)) is not DIMENSIONLESS]
        found = {_symbol(unit): unit for unit in ("s", *base, *kept)}
        return list(found.values())

    def _type(self) -> ET.Element:
        told = f"{self.model.name}: {self.model.description}".rstrip(": ")
        root = ET.Element("ComponentType", name=self.type, description=told)
        names = [
            *self.model.parameters.bases,
            *(f"weight_{port}" for port in self.weights),
            *(["area"] * self._has_area),
        ]
        for name in names:
            entries = self.model.parameters.entries(name)
            source = self.model.parameters[entries[0]] if entries else None
            said = f"{source.description} [{source.source or 'no source'}, {source.status}]".strip() if source else ""
            ET.SubElement(root, "Parameter", name=name, dimension=_dimension(self.dimensions[name]), description=said)
        dynamics = self._dynamics()
        for name, unit in self.writer.units.items():
            of = _of_unit(unit)
            si = f"{float(quantities.unit(unit))!r}{'' if of is DIMENSIONLESS else _symbol(quantities.base_units(of))}"
            ET.SubElement(root, "Constant", name=name, dimension=_dimension(of), value=si)
        for port in self.model.ports:
            ET.SubElement(root, "EventPort", name=port, direction="in")
        if self.model.threshold:
            ET.SubElement(root, "EventPort", name="spike", direction="out")
        for state in self.recorded:
            dimension = self.dimensions.get(state, DIMENSIONLESS)
            ET.SubElement(root, "Exposure", name=state, dimension=_dimension(dimension))
        root.append(dynamics)
        return root

    def _dynamics(self) -> ET.Element:
        """Write states, derived variables (each before it is used), rates, starts, ports and the spike rule."""
        rates, variables = self._equations()
        parts = [self._start(), *self._ports(), *self._spike()]
        root = ET.Element("Dynamics")
        for state in (*self.model.system.states, *self._own()):
            dimension = self.dimensions.get(
                state, get_dimensions(quantities.unit("second")) if state == _READY else DIMENSIONLESS
            )
            exposed = {"exposure": state} if state in self.recorded else {}
            ET.SubElement(root, "StateVariable", {"name": state, "dimension": _dimension(dimension)} | exposed)
        for one in variables:
            _derived(root, one)
        for state, rate in rates.items():
            ET.SubElement(root, "TimeDerivative", variable=state, value=rate)
        root.extend(parts)
        return root

    def _own(self) -> tuple[str, ...]:
        if not self.model.threshold:
            return ()
        return (
            _SPIKES,
            *([_ARMED] if self.model.refractory_condition else [_READY] if self.model.refractory is not None else []),
        )

    def _equations(self) -> tuple[dict[str, str], list[Derived]]:
        text = Equations(self.model.equations)
        rates = {}
        for equation in text.ordered:
            name = equation.varname
            written = self.writer.value(equation.expr.code)
            if equation.type == DIFFERENTIAL_EQUATION:
                rates[name] = f"({written} * {self._active()})" if "unless refractory" in equation.flags else written
            else:
                self.writer.needed.append(Derived(name, equation.dim, written))
        return rates, self.writer.needed

    def _active(self) -> str:
        """Return the name of what is 0 in the refractory period and else 1."""
        if not any(one.name == "active" for one in self.writer.needed) and self._own()[1:]:
            spared, free = (
                (f"{_ARMED} .lt. 0.5", f"{_ARMED} .geq. 0.5")
                if self.model.refractory_condition
                else (f"t .lt. {_READY}", f"t .geq. {_READY}")
            )
            self.writer.needed.append(Derived("active", DIMENSIONLESS, cases=((spared, "0"), (free, "1"))))
        return "active" if self._own()[1:] else "1"

    def _start(self) -> ET.Element:
        """Write initial values as numbers, those that follow from expressions computed here."""
        second = quantities.unit("second")
        cells = plan(self.model, parameters={}, duration=1e-3 * second, dt=quantities.quantity(self.model.dt))
        root = ET.Element("OnStart")
        for state in self.model.system.states:
            value = float(np.asarray(cells.initial[state]).ravel()[0]) if state in cells.initial else 0.0
            ET.SubElement(root, "StateAssignment", variable=state, value=self._constant(value, self.dimensions[state]))
        for state in self._own():
            ET.SubElement(root, "StateAssignment", variable=state, value={_ARMED: "1", _SPIKES: "0"}.get(state, "t"))
        return root

    def _constant(self, si: float, dimension: Dimension) -> str:
        """Return a number with a dimension in an expression: so many of a constant that is one SI unit."""
        size = f"({abs(si)!r} * (0 - 1))" if si < 0 else repr(si)
        if dimension is DIMENSIONLESS:
            return size
        named = next((n for n in ("volt", "amp", "siemens", "second", "molar") if _of_unit(n) is dimension), "")
        if named and float(quantities.unit(named)) == 1:
            self.writer.units[f"unit_{named}"] = named
            return f"({size} * unit_{named})"
        return f"({size} * {self.writer.value(quantities.base_units(dimension))})"

    def _ports(self) -> list[ET.Element]:
        found = []
        for name, port in self.model.ports.items():
            root = ET.Element("OnEvent", port=name)
            for state, text in port.increments():
                spelled = re.sub(r"\bweight\b", f"weight_{name}", text)
                added = self.writer.value(spelled)
                ET.SubElement(root, "StateAssignment", variable=state, value=f"({state} + {added})")
            found.append(root)
        return found

    def _spike(self) -> list[ET.Element]:
        model = self.model
        if not model.threshold:
            return []
        test, found = self.writer.condition(model.threshold), []
        own = self._own()[1:]
        free = {_ARMED: f"{_ARMED} .gt. 0.5", _READY: f"t .geq. {_READY}"}.get(own[0] if own else "", "")
        root = ET.Element("OnCondition", test=f"({test}) .and. ({free})" if free else test)
        for statement in filter(str.strip, re.split(r"[;\n]", model.reset or "")):
            match = check.ASSIGNMENT.fullmatch(statement)
            assert match is not None, statement
            value = self.writer.value(match[3])
            written = f"({match[1]} {match[2]} {value})" if match[2] else value
            ET.SubElement(root, "StateAssignment", variable=match[1], value=written)
        ET.SubElement(root, "StateAssignment", variable=_SPIKES, value=f"({_SPIKES} + 1)")
        if own == (_ARMED,):
            ET.SubElement(root, "StateAssignment", variable=_ARMED, value="0")
            over = self.writer.condition(str(model.refractory), negated=True)
            again = ET.Element("OnCondition", test=f"({_ARMED} .lt. 0.5) .and. ({over})")
            ET.SubElement(again, "StateAssignment", variable=_ARMED, value="1")
            found.append(again)
        elif own:
            if isinstance(model.refractory, str):
                wait = self.writer.value(model.refractory)
            else:
                seconds = float(quantities.si(model.refractory, "ms", name="refractory"))  # type: ignore[arg-type]
                wait = self._constant(seconds, _of_unit("second"))
            ET.SubElement(root, "StateAssignment", variable=_READY, value=f"(t + {wait})")
        ET.SubElement(root, "EventOut", port="spike")
        return [root, *found]


def _derived(root: ET.Element, one: Derived) -> None:
    about = {"name": one.name, "dimension": _dimension(one.dimension)}
    if not one.cases:
        ET.SubElement(root, "DerivedVariable", about | {"value": one.value})
        return
    made = ET.SubElement(root, "ConditionalDerivedVariable", about)
    for condition, value in one.cases:
        ET.SubElement(made, "Case", condition=condition, value=value)


def _of_unit(name: str) -> Dimension:
    return get_dimensions(quantities.unit(name))


def _dimension(dimension: Dimension) -> str:
    """Return the name of a dimension: NeuroML's where it has one."""
    if dimension is DIMENSIONLESS:
        return "none"
    return next(
        (said for unit, said in _PLAIN.items() if _of_unit(unit) is dimension),
        f"d_{_symbol(quantities.base_units(dimension))}",
    )


def _symbol(unit: str) -> str:
    """Return a unit as a symbol of LEMS, which holds letters, digits and underscores."""
    plain = unit.replace("**", "").replace("/", "_per_").replace("*", "_").replace("µ", "u")
    return re.sub(r"\W", "_", plain.removeprefix("1_"))
