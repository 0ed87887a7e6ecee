"""What a Model checks when it is made: units by Brian2, symbols defined once, ports and values that refer to states."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import brian2
import numpy as np
from brian2.core.functions import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.parsing.expressions import is_boolean_expression, parse_expression_dimensions
from brian2.units import meter, second, siemens, volt
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from nmdasim import quantities
from nmdasim.errors import ExpressionError, ModelError, UnitError, nearest
from nmdasim.language.functions import CONSTANTS, FUNCTIONS
from nmdasim.language.noise import is_noise
from nmdasim.model import kept, refused, regular, unread
from nmdasim.model.structure import by_structure

if TYPE_CHECKING:
    from nmdasim.model.model import Model

#: What the potential is called that a membrane current ``Im`` moves, as in Brian2.
POTENTIAL = "v"
IDENTIFIER = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
ASSIGNMENT = re.compile(r"\s*([A-Za-z]\w*)\s*([-+*/]?)=\s*([^=].*?)\s*")
_Gains = tuple[tuple[str, tuple[str, ...]], ...]
_DRAWS = {"rand", "randn"}
_WORDS = {"True", "False", "and", "or", "not"}
_BUILT_IN = {"v", "t", "area", "weight", *_WORDS}


def model(given: Model) -> None:
    """Check a model.

    Raises
    ------
    ModelError
        With the model's name and what is wrong.
    """
    try:
        _structure(given, tuple((gain, tuple(names)) for gain, names in given.gains.items()))
        _numbers(given, _parse(given.equations))
        _summaries(given, _variables(_parse(given.equations)))
        _fibres(given)
        regular.check(given)
    except ModelError as error:
        raise ModelError(f"{given.name}: {error}") from None


@by_structure(maxsize=256)
def _structure(given: Model, gains: _Gains) -> None:
    """Check all that does not depend on numbers, once for every structure: that it passed is kept on disk."""

    def passed() -> str:
        _check_structure(given, gains)
        return ""

    kept.text("checked", [given.structure, gains], passed)


def _check_structure(given: Model, gains: _Gains) -> None:
    text = _parse(given.equations)
    declared = tuple((base, _dimension(given, base)) for base in given.parameters.bases)
    refused.equations(text, given.parameters.bases)
    _symbols(given, text)
    _units(given.equations, declared, "Im" in text)
    _noise(given, text)
    _values(given, text)
    _gains(given, gains)
    _membrane(given, text)


def _dimension(given: Model, base: str) -> str:
    texts = {given.parameters[key].unit for key in given.parameters.entries(base)}
    first = next(iter(texts))
    if not all(quantities.same_dimension(first, other) for other in texts):
        raise ModelError(f"parameter {base} has different dimensions in different regions: {', '.join(sorted(texts))}")
    return first


@lru_cache(256)
def _parse(equations: str) -> Equations:
    return unread.equations(equations)


@lru_cache(4096)
def display_unit(equations: str, name: str) -> str:
    """Return a conventional unit for a variable of the equations: mV, nS, uM, nA, Hz…, SI where there is none."""
    return conventional(_variables(_parse(equations))[name])


def conventional(dimension: Dimension) -> str:
    """Return the conventional unit of a dimension: mV, nS, uM, nA, Hz…, SI where there is none."""
    for text in ("mV", "nS", "uM", "nA", "uA/cm**2", "mS/cm**2", "Hz", "ms", "mM/second"):
        if get_dimensions(quantities.parse_unit(text)) is dimension:
            return text
    return quantities.base_units(dimension)


def _symbols(given: Model, text: Equations) -> None:
    bases = set(given.parameters.bases)
    twice = sorted(bases & set(text.names))
    if twice:
        raise ModelError(f"{', '.join(twice)} defined twice: as a parameter and in the equations")
    for key in given.parameters:
        region = key.partition(".")[2]
        if region and region not in given.morphology.regions:
            raise ModelError(f"parameter {key}: no region {region!r}; there are {', '.join(given.morphology.regions)}")
    if "Im" in text and "Cm" not in bases:
        raise ModelError("a membrane given by Im needs the parameter Cm (capacitance per area)")
    known = bases | set(text.names) | _BUILT_IN | set(FUNCTIONS) | set(CONSTANTS)
    for equation in text.values():
        for name in IDENTIFIER.findall(equation.expr.code if equation.expr else ""):
            if not is_noise(name) and (why := unread.name(name, known)):
                raise ModelError(f"{name!r} in the equation of {equation.varname} {why}")
    if not any(eq.type == DIFFERENTIAL_EQUATION for eq in text.values()) and "Im" not in text:
        raise ModelError("there is no differential equation")


def _noise(given: Model, text: Equations) -> None:
    """Refuse white noise that does not simply add to a rate, or that stands where no engine takes it."""
    if any(eq.type == DIFFERENTIAL_EQUATION and eq.stochastic_variables for eq in text.values()):
        try:
            _ = given.system
        except ExpressionError as error:
            raise ModelError(str(error)) from None


def declarations(parameters: tuple[tuple[str, str], ...]) -> str:
    """Return Brian2 parameter declarations for (name, unit text) pairs."""
    return "\n".join(f"{name} : {_base_units(unit)} (constant)" for name, unit in parameters)


def _base_units(unit_text: str) -> str:
    return quantities.base_units(get_dimensions(quantities.parse_unit(unit_text)))


@lru_cache(256)
def _units(equations: str, parameters: tuple[tuple[str, str], ...], membrane: bool) -> None:
    declared = declarations(parameters)
    if membrane:
        declared += "\nv : volt"
    if "area" not in dict(parameters):
        declared += "\narea : metre**2 (constant)"
    try:
        text = Equations(equations) + Equations(declared)
        group = brian2.NeuronGroup(
            1, text, threshold="False", refractory="False", namespace={}, method="euler", name="nmdasim_check*"
        )
        text.check_units(group, run_namespace={})
    except Exception as error:
        raise ModelError(refused.unitless(" ".join(str(error).split()), parameters)) from None


def _states(text: Equations) -> dict[str, Dimension]:
    states = {name: eq.dim for name, eq in text.items() if eq.type == DIFFERENTIAL_EQUATION}
    return states | _implied(text)


def _implied(text: Equations) -> dict[str, Dimension]:
    """Return the potential that a membrane current implies; elsewhere ``v`` is what its equation says."""
    return {POTENTIAL: volt.dim} if "Im" in text else {}


def _variables(text: Equations) -> dict[str, Dimension]:
    """Return the dimension of every state and subexpression, as the equations give it."""
    return {name: eq.dim for name, eq in text.items()} | _implied(text)


def _numbers(given: Model, text: Equations) -> None:
    """Check the dimension of initial values that are numbers."""
    states = _states(text)
    for start in (given.initial, *given.starts.values()):
        for name, value in start.items():
            if not isinstance(value, str):
                quantities.si(value, conventional(states[name]), name=f"initial {name}")


def _summaries(given: Model, known: Mapping[str, Dimension]) -> None:
    """Check that a summary is of something that there is, in a unit of it."""
    for name, one in given.summaries.items():
        for what, word, there in (("variable", one.variable, known), ("region", one.region, given.morphology.regions)):
            if word not in there:
                raise ModelError(f"summary {name}: no {what} {word!r}{nearest(word, there)}")
        found = known[one.variable]
        if one.unit and get_dimensions(quantities.parse_unit(one.unit)) is not found:
            raise ModelError(f"summary {name} is to be in {one.unit}; {one.variable} is in {conventional(found)}")


def _values(given: Model, text: Equations) -> None:
    states = _states(text)
    variables = Dimensions(dimensions(given))
    for start in (given.initial, *given.starts.values()):
        for name, value in start.items():
            if name not in states:
                raise ModelError(f"initial value of {name!r}: there is no such state; there are {', '.join(states)}")
            if isinstance(value, str):
                refused.expression(value, variables.known, f"the initial value of {name}", drawn=True)
                variables.expect(value, states[name], f"initial value {name} = {value}")
    for port, entry in given.ports.items():
        if not 0 <= entry.compartment < len(given.morphology):
            raise ModelError(f"port {port} is in compartment {entry.compartment}; there are {len(given.morphology)}")
        for state, expression in entry.increments():
            if state not in states:
                raise ModelError(f"port {port} adds to {state!r}, which is no state; there are {', '.join(states)}")
            refused.expression(expression, {*variables.known, "weight"}, f"what port {port} adds")
            if "weight" not in IDENTIFIER.findall(expression):
                variables.expect(expression, states[state], f"port {port}: {state} += {expression}")
    _spike_rule(given, states, variables)


def _fibres(given: Model) -> None:
    for name, bundle in given.fibres.items():
        if not hasattr(bundle, "contacts"):
            raise ModelError(
                f"fibres {name} = {bundle!r}; give nm.Fibres(port={str(bundle)!r}, synapses=20, latency='200 ms')"
            )
        if unknown := [contact.port for contact in bundle.contacts if contact.port not in given.ports]:
            raise ModelError(f"fibres {name} open {unknown[0]!r}, which is no port{nearest(unknown[0], given.ports)}")


def _gains(given: Model, gains: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    for gain, names in gains:
        missing = sorted({name for name in names if not given.parameters.entries(name)})
        if missing:
            raise ModelError(f"gain {gain} scales {', '.join(missing)}, which is no parameter")


def _spike_rule(given: Model, states: Mapping[str, Dimension], variables: Dimensions) -> None:
    if given.threshold is not None:
        refused.expression(given.threshold, variables.known, "the threshold")
        variables.condition(given.threshold, f"threshold {given.threshold}")
    if isinstance(given.refractory, str):
        refused.expression(given.refractory, variables.known, "refractory")
        variables.condition(given.refractory, f"refractory {given.refractory}", or_duration=True)
    elif given.refractory is not None and np.any(quantities.si(given.refractory, "ms", name="refractory") < 0):
        raise ModelError(f"refractory = {given.refractory}; a refractory period is 0 or longer")
    if not 0 <= given.spike_site < len(given.morphology):
        raise ModelError(f"spike_site = {given.spike_site}; compartments are 0 to {len(given.morphology) - 1}")
    for statement in filter(str.strip, re.split(r"[;\n]", given.reset or "")):
        match = ASSIGNMENT.fullmatch(statement)
        if match is None or match[1] not in states:
            raise ModelError(
                f"reset {statement.strip()!r}; a reset sets states ({', '.join(states)}), as in 'v = -60*mV'"
            )
        refused.expression(match[3], variables.known, f"the reset of {match[1]}", drawn=True)
        variables.expect(
            match[3], states[match[1]] if match[2] in "+-" else DIMENSIONLESS, f"reset {statement.strip()}"
        )


def _membrane(given: Model, text: Equations) -> None:
    states = _states(text)
    if given.membrane and given.membrane not in states:
        raise ModelError(f"membrane = {given.membrane!r} is no state{nearest(given.membrane, states)}")
    if "Im" in text and given.membrane not in ("", POTENTIAL):
        raise ModelError(
            f"membrane = {given.membrane!r}, but Im moves {POTENTIAL}; leave membrane= out, or give "
            f"d{given.membrane}/dt in place of Im"
        )


def membrane(given: Model) -> str:
    """Return the state that moves as the membrane; see :class:`~nmdasim.model.model.Model`."""
    if given.membrane or "Im" in given.system.subexpressions:
        return given.membrane or POTENTIAL
    states, names = given.system.states, (*given.parameters.bases, "t", "area")
    watched = given.system.substitute(given.threshold, names).free_symbols if given.threshold else set()
    read = [state for state in states if state in {s.name for s in watched}]
    dimensions = _states(_parse(given.equations))
    volts = [state for state in states if dimensions[state] is volt.dim]
    return (read or volts or list(states))[0]


def duration_or_condition(refractory: Any) -> Any:
    """Return a refractory rule with text such as ``"2 ms"`` read as the duration that it is."""
    if not isinstance(refractory, str):
        return refractory
    try:
        return quantities.quantity(refractory)
    except UnitError:
        return refractory


def conductance(given: Model, port: str) -> bool:
    """Whether a port adds to a conductance."""
    found = _variables(_parse(given.equations))
    return any(found[state] is siemens.dim for state, _ in given.ports[port].increments())


def uses_weight(given: Model, port: str) -> bool:
    """Whether what an event on a port adds depends on its weight."""
    return any("weight" in IDENTIFIER.findall(expression) for _, expression in given.ports[port].increments())


def weight_matches(given: Model, port: str, weight: Any, what: str) -> None:
    """Refuse a weight that a port does not use, one that is missing, not finite, of another dimension or sign."""
    if uses_weight(given, port) != (weight is not None):
        raise ModelError(
            f"{what}: port {port!r} of {given.name} adds {given.ports[port].effect!r}; give "
            + ("no weight" if weight is not None else "a weight")
        )
    if weight is None:
        return
    if not quantities.is_bare_zero(quantities.quantity(weight)):
        _weight_fits(given, port, weight, what)
    weight_in_range(given, port, weight, what)


def weight_in_range(given: Model, port: str, weight: Any, what: str) -> None:
    """Refuse a weight that is not finite, or negative on a port that takes none below 0."""
    number = np.asarray(quantities.quantity(weight))
    if not np.all(np.isfinite(number)):
        raise ModelError(f"{what}: weight = {weight} is not finite; give finite numbers")
    signed = given.ports[port].signed
    if not (not conductance(given, port) if signed is None else signed) and np.any(number < 0):
        raise ModelError(f"{what}: weight = {weight} is negative; port {port!r} takes weights from 0 upward")


def _weight_fits(given: Model, port: str, weight: Any, what: str) -> None:
    found = _variables(_parse(given.equations))
    variables = Dimensions(dimensions(given))
    variables.known["weight"] = get_dimensions(quantities.quantity(weight))
    for state, expression in given.ports[port].increments():
        try:
            variables.expect(expression, found[state], "")
        except ModelError:
            raise ModelError(
                f"{what}: weight = {weight} does not fit port {port!r}, which adds {given.ports[port].effect!r}"
            ) from None


def check_dimensions(given: Model, expression: str, state: str) -> None:
    """Refuse an expression that cannot be added to a state."""
    Dimensions(dimensions(given)).expect(expression, _variables(_parse(given.equations))[state], expression)


def dimensions(given: Model) -> dict[str, Dimension]:
    """Return the dimension of every name that a model's expressions may use."""
    known = _variables(_parse(given.equations))
    known |= {b: get_dimensions(quantities.parse_unit(_dimension(given, b))) for b in given.parameters.bases}
    return {"t": second.dim, "area": (meter**2).dim} | known


class Dimensions:
    """Dimensions of names, for the expressions outside a model's equations."""

    def __init__(self, known: Mapping[str, Dimension]):
        self.known = dict(known)

    def expect(self, expression: str, dimension: Dimension | None, what: str) -> None:
        """Refuse an expression of another dimension; `what` is how the message names it."""
        found, _ = self._read(expression, what)
        if dimension is not None and found is not dimension:
            raise ModelError(f"{what}: the units do not match; {refused.differs(dimension, found)}")

    def of(self, expression: str) -> Dimension:
        """Return the dimension of an expression."""
        return self._read(expression, expression)[0]

    def condition(self, expression: str, what: str, or_duration: bool = False) -> None:
        """Refuse an expression that is no condition, nor (`or_duration`) a time."""
        found, boolean = self._read(expression, what)
        if not boolean and not (or_duration and found is second.dim):
            raise ModelError(f"{what}: it is no condition, such as 'v > -20*mV'")

    def _read(self, expression: str, what: str) -> tuple[Dimension, bool]:
        scope: dict[str, Any] = {name: _Variable(dim) for name, dim in self.known.items()}
        for name in {*IDENTIFIER.findall(expression)} - {*scope, *FUNCTIONS, *CONSTANTS, *_DRAWS, *_WORDS}:
            if why := unread.name(name, self.known):
                raise ModelError(f"{what}: {name!r} {why}")
            scope[name] = quantities.unit(name)
        named = {*FUNCTIONS, *CONSTANTS, *_DRAWS}
        scope |= {name: DEFAULT_FUNCTIONS[name] for name in named if name in DEFAULT_FUNCTIONS}
        scope |= {name: DEFAULT_CONSTANTS[name] for name in named if name in DEFAULT_CONSTANTS}
        try:
            return parse_expression_dimensions(expression, scope), is_boolean_expression(expression, scope)
        except Exception as error:
            raise ModelError(f"{what}: {' '.join(str(error).split())}") from None


class _Variable:
    """What Brian2's dimension parser asks of a variable."""

    def __init__(self, dim: Dimension):
        self.dim, self.dimensions = dim, dim
        self.is_boolean = False
