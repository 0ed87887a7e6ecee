"""A file's equations as a :class:`~nmdasim.model.mechanism.Mechanism`: named, in units, each number with its line."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

from nmdasim.errors import ModelError
from nmdasim.exchange.nmodl import events, nodes
from nmdasim.exchange.nmodl.algebra import names, operation, parts, rebuilt
from nmdasim.exchange.nmodl.dimensions import Powers, powers
from nmdasim.exchange.nmodl.equations import Equations
from nmdasim.exchange.nmodl.memory import expanded
from nmdasim.exchange.nmodl.names import (
    CELSIUS,
    DIAMETER,
    Called,
    equation_unit,
    in_brian,
    ion_variables,
    per,
    units_of,
)
from nmdasim.exchange.nmodl.nodes import Expression, Name, Number, Operation
from nmdasim.exchange.nmodl.refusal import NmodlError, Place, warn
from nmdasim.exchange.nmodl.spelling import spelled
from nmdasim.model.compose import placed
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter

_DENSITY, _CURRENT = "mA/cm**2", "nA"


@dataclass(frozen=True)
class Assembled:
    """A mechanism, and what is called how in it.

    Parameters
    ----------
    mechanism
        The mechanism.
    words
        How every name of the file is written in its equations.
    currents
        Current of the file, and what carries it inward in the mechanism.
    states
        States of the file, and what they are called.
    """

    mechanism: Mechanism
    words: dict[str, str]
    currents: dict[str, str]
    states: dict[str, str]
    ions: dict[str, str]


def assembled(file: nodes.File, made: Equations, source: str) -> Assembled:
    """Return the mechanism of a file.

    Raises
    ------
    NmodlError
        For a unit that is none, or that does not fit what it is given to.
    """
    return Assembly(file, made, source).assembled()


class Assembly:
    """Names, units and lines of one mechanism."""

    def __init__(self, file: nodes.File, made: Equations, source: str):
        self.file, self.made, self.source = file, made, source
        self.called = Called(file)
        self.units = units_of(file)
        self.shared = ion_variables(file)
        self.is_point = file.kind == "POINT_PROCESS"
        self.definitions, self.inlined = self._inlined()
        self.parameters: dict[str, Parameter] = {}
        self.constants = self._constants()
        self.words: dict[str, str] = {"weight": "weight", "pi": "pi"}

    # --- definitions -------------------------------------------------------------------------------------------------

    def _inlined(self) -> tuple[dict[str, Expression], dict[str, Expression]]:
        """Return the definitions that stay, and those that are written where they are used, once."""
        made, counts = self.made, self.made.counted()
        once = {n for n in made.definitions if "__" in n or n not in self._declared()}
        leading = list(made.currents.values())
        while leading:  # what leads to a current alone is written into it, so that its parameter can scale it
            here = {n for n in names(leading.pop()) if counts.get(n) == 1 and n not in once}
            once |= here
            leading += [made.definitions[n] for n in here]
        written = {e.name for e in made.concentrations.values() if isinstance(e, Name)}
        hidden = {n: made.definitions[n] for n, c in counts.items() if (c == 1 and n in once) and n not in written}
        aliases = {n: made.definitions[n] for n in counts if isinstance(made.definitions[n], Name | Number)}
        gone = hidden | aliases
        return {n: made.definitions[n] for n in counts if n not in gone}, gone

    def _declared(self) -> set[str]:
        return {d.name for group in (self.file.assigned, self.file.parameters, self.file.states) for d in group}

    def put(self, e: Expression) -> Expression:
        """Return an expression with what is used once put in."""
        if isinstance(e, Name):
            return self.put(self.inlined[e.name]) if e.name in self.inlined else e
        inner = parts(e)
        return rebuilt(e, [self.put(x) for x in inner]) if inner else e

    # --- words -------------------------------------------------------------------------------------------------------

    def text(self, e: Expression) -> str:
        """Return an expression as text, every name of it found."""
        e = self.put(e)
        for name in names(e):
            self._word(name)
        return spelled(e, self.words)

    def _word(self, name: str) -> None:
        if name in self.words:
            return
        if name in ("v", "t"):
            self.words[name] = per(name, "mV" if name == "v" else "ms")
        elif name in self.made.rates or name in self.definitions:
            share = self.shared.get(name)
            concentration = share is not None and name in self.made.concentrations and share.kind == "concentration"
            self.words[name] = per(name, "mM") if concentration else self.called(name)
        elif name in self.shared:
            self._ion(name)
        elif name == "area":
            self.words[name] = per("area", "um**2")
        else:
            self._parameter(name)

    def _ion(self, name: str) -> None:
        share = self.shared[name]
        if share.kind == "current":
            self.words[name] = f"(-i_{share.ion}/({_DENSITY}))"
            if self.is_point:
                raise NmodlError(f"{name} is read by a POINT_PROCESS; a current through the membrane is a density here")
            return
        self.words[name] = per(name, share.unit)
        declared = next((d for d in self.file.parameters if d.name == name and d.value is not None), None)
        if declared is not None and declared.value is not None:
            value, where, said = declared.value, self._at(declared.place), "NEURON's own value stands for it there"
        else:
            value, where, said = share.default, "NEURON", "what NEURON has unless it is told otherwise"
        kind = "reversal potential" if share.kind == "reversal" else "concentration"
        self.parameters[name] = Parameter(
            f"{value!r} {share.unit}", source=where, description=f"{kind} of {share.ion}: {said}"
        )

    def _at(self, place: Place) -> str:
        return f"{self.source}, line {place.line}" if place.line else self.source

    def _parameter(self, name: str) -> None:
        groups = (*self.file.parameters, *self.file.assigned)
        declared = next(
            (
                d
                for d in groups
                if d.name == name or (d.length and d.length != "UNITS" and name.startswith(f"{d.name}_"))
            ),
            None,
        )
        if name in self.constants:
            value, unit, place = self.constants[name]
        elif declared is not None:
            default = {"celsius": CELSIUS, "diam": DIAMETER}.get(name, 0.0)
            value = default if declared.value is None else declared.value
            unit, place = declared.unit, declared.place
        elif name in ("celsius", "diam"):
            value, unit, place = (CELSIUS, "", Place()) if name == "celsius" else (DIAMETER, "um", Place())
        else:
            raise NmodlError(f"{name} is used and nowhere given a value")
        found = self.units.read(unit, place)
        own = name if name in ("celsius", "diam") else self.called(name)
        text = "1" if name == "celsius" or _is_celsius(unit) else in_brian(found)
        if not text or not math.isfinite(value):
            raise NmodlError(f"{name} = {value:g} ({unit}) cannot be written as a quantity", place)
        self.words[name] = per(own, equation_unit(text)) if text != "1" else own
        known = "" if text == "1" else text
        description = f"{name} of {self.file.kind} {self.file.name}" + (f", in {unit}" if unit and not known else "")
        self.parameters[own] = Parameter(
            f"{value!r} {known}".strip(), source=self._at(place), description=description, kind="assumed"
        )

    def _constants(self) -> dict[str, tuple[float, str, Place]]:
        """Return the constants of UNITS that are a unit in terms of another: number, unit and place."""
        found = {}
        for name, one, other, place in self.file.unit_constants:
            a, b = self.units.read(one, place), self.units.read(other, place)
            if other and a.powers != b.powers and not b.is_number:
                raise NmodlError(f"{name} = ({one}) ({other}): ({one}) is not measured in ({other})", place)
            found[name] = (a.factor / b.factor, other, place)
        return found

    # --- the mechanism -----------------------------------------------------------------------------------------------

    def assembled(self) -> Assembled:
        """Return the mechanism."""
        made = self.made
        self._checked()
        lines: list[str] = []
        densities: list[str] = []
        currents: list[str] = []
        calcium: list[str] = []
        carried: dict[str, str] = {}
        for name, e in made.currents.items():
            share = self.shared.get(name)
            own = self.called(f"I_{share.ion if share else name}")
            unit, dimension = (_CURRENT, "amp") if self.is_point else (_DENSITY, "amp/meter**2")
            lines.append(f"{own} = {self._inward(e)}*{unit} : {dimension}")
            (currents if self.is_point else densities).append(own)
            calcium += [f"{own}/area" if self.is_point else own] if share and share.ion == "ca" else []
            carried[name] = own
        lines += self._rates() + self._definitions()
        initial = {self.state(n): self._begins(n, e) for n, e in made.initial.items()}
        ports = events.ports(self)
        if made.jumps is not None and made.jumps.connection:
            leaves = {f"{name}@connection" for name in made.jumps.connection}
            self.words |= dict.fromkeys(leaves, "held")
            for e in (*made.jumps.states.values(), *made.jumps.connection.values(), *made.jumps.begins.values()):
                self.text(expanded(e, made.definitions, leaves))
        lines += self._definitions(len(lines))  # what the beginning and events need
        if made.unset or self.file.pointers:
            self._pointers()
        mechanism = Mechanism(
            self.file.name,
            "\n".join(dict.fromkeys(lines)) + "\n",
            parameters=self.parameters,  # type: ignore[arg-type]
            densities=tuple(densities),
            currents=tuple(currents),
            calcium=tuple(calcium),
            initial=initial,
            ports=ports,
            implicit=tuple(self.state(n) for n in made.implicit),
        )
        states = {n: self.state(n) for n in made.rates}
        ions = {n: n for n in made.concentrations}
        return Assembled(self._scaled(mechanism), dict(self.words), carried, states, ions)

    def _inward(self, e: Expression) -> str:
        """Return the negative of a current as a factor."""
        e = self.put(e)
        match e:
            case Operation(operator="*", operands=(a, Operation(operator="-", operands=(b, c)))):
                return f"({self.text(Operation('*', (a, Operation('-', (c, b)))))})"  # g*(e - v), as one writes it
        return f"({self.text(operation('-', e))})"

    def state(self, name: str) -> str:
        """Return what a state is called; a concentration that every mechanism sees keeps its name."""
        return (
            name
            if name in self.made.concentrations and self.made.concentrations[name] == Name(name)
            else self.called(name)
        )

    def _rates(self) -> list[str]:
        lines = []
        for name, e in self.made.rates.items():
            own = self.state(name)
            unit = "mM" if own == name and name in self.shared else "1"
            rate = self.text(e)
            scale = "/ms" if unit == "1" else "*mM/ms"
            lines.append(f"d{own}/dt = ({rate}){scale} : {unit}")
        return lines

    def _definitions(self, known: int = 0) -> list[str]:
        """Return the lines of the definitions that are called by name so far, and those that they call."""
        lines: dict[str, str] = {}
        for name, e in self.made.concentrations.items():
            if e != Name(name):
                self.words[name] = per(name, "mM")
                lines[name] = f"{name} = ({self.text(e)})*mM : mM"
        waiting = True
        while waiting:
            waiting = False
            for name in [
                n for n in self.words if n in self.definitions and n not in lines and n not in self.made.concentrations
            ]:
                lines[name] = f"{self.called(name)} = {self.text(self.definitions[name])} : 1"
                waiting = True
        return list(lines.values())

    def _begins(self, name: str, e: Expression) -> str:
        text = self.text(e)
        return f"({text})*mM" if self.state(name) == name and name in self.shared else text

    def _pointers(self) -> None:
        pointers = {name for name, _ in self.file.pointers}
        for name in self.words:
            if name in pointers:
                raise NmodlError(f"{name} is a POINTER to a variable elsewhere, which is not read")

    def _scaled(self, part: Mechanism) -> Mechanism:
        """Return a mechanism that can sit in a region alone: one of its parameters scales its current."""
        if not (part.densities or part.currents):
            return part
        point = Morphology.point()
        try:
            placed(part, next(iter(point.regions)), point)
        except ModelError:
            return self._with_share(part)
        return part

    def _with_share(self, part: Mechanism) -> Mechanism:
        share = self.called("present")
        lines = []
        for line in part.equations.splitlines():
            name, equals, rest = line.partition(" = ")
            lines.append(f"{name}{equals}{share}*{rest}" if name in (*part.densities, *part.currents) else line)
        said = Parameter(
            "1", source="nmdasim", description="1 where the mechanism is: what scales its current in a region"
        )
        equations = "\n".join(lines) + "\n"
        return dataclasses.replace(part, equations=equations, parameters=part.parameters | {share: said})

    # --- units -------------------------------------------------------------------------------------------------------

    def _checked(self) -> None:
        """Refuse units of what passes between a file and the cell that measure something else."""
        wanted = {"v": "mV", "t": "ms", "dt": "ms", "celsius": "degC", "diam": "um", "area": "um2"}
        density = "nA" if self.is_point else "mA/cm2"
        wanted |= dict.fromkeys(self.made.currents, density)
        for name, share in self.shared.items():
            wanted[name] = {"reversal": "mV", "concentration": "mM"}.get(share.kind, density)
        for d in (*self.file.parameters, *self.file.assigned, *self.file.states):
            found = self.units.read(d.unit, d.place)
            if d.name not in wanted or not d.unit:
                continue
            right = self.units.read(wanted[d.name], d.place)
            if found.powers != right.powers and not (found.is_number and d.unit == "1"):
                raise NmodlError(f"{d.name} is in ({wanted[d.name]}), not in ({d.unit})", d.place)
            if not math.isclose(found.factor, right.factor, rel_tol=1e-6) and d.name in (*self.shared, "v", "t"):
                warn(
                    f"{self.file.name}, line {d.place.line}: {d.name} is said to be in ({d.unit}); "
                    f"NEURON has it in ({wanted[d.name]}), and so it is read",
                    6,
                )
        self._fits()

    def _fits(self) -> None:
        """Say so where a current comes out in other units than those of a current."""
        right = self.units.read("nA" if self.is_point else "mA/cm2", Place()).powers
        declared = {d.name: d for d in (*self.file.parameters, *self.file.assigned, *self.file.states)}

        def of_name(name: str) -> Powers:
            if name in ("v", "t"):
                return self.units.read("mV" if name == "v" else "ms", Place()).powers
            if name in self.made.definitions and not (name in declared and declared[name].unit):
                return powers(self.made.definitions[name], of_name)
            if name in self.constants:
                return self.units.read(self.constants[name][1], Place()).powers
            one = declared.get(name)
            return self.units.read(one.unit, one.place).powers if one else None

        for name, e in self.made.currents.items():
            whole = self.made.definitions.get(e.name, e) if isinstance(e, Name) else e
            found = powers(whole, of_name)
            if found is not None and found != right:
                warn(
                    f"{self.file.name}: the units of the file do not make {name} a current; "
                    "its numbers are taken as they are, as NEURON takes them",
                    7,
                )


def _is_celsius(unit: str) -> bool:
    return unit in ("degC", "celsius", "degree C")
