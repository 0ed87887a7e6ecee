"""What Brian2's language has and a model here does not: each by its name, with what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable

from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER
from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.functions import FUNCTIONS
from nmdasim.language.names import words
from nmdasim.language.noise import is_noise
from nmdasim.model import unread

_DRAWN = (
    "white noise is xi, as in 'dv/dt = -v/tau + sigma*xi/tau**0.5 : volt'; random initial values stand in initial=, "
    "a random jump at a spike in reset="
)
_LAST = "let a state tell the time since the last spike: 'dage/dt = 1 : second', with 'age = 0*second' in the reset"

#: Names of Brian2's language, and what to write in their place.
INSTEAD = {
    "rand": _DRAWN,
    "randn": _DRAWN,
    "i": "give each neuron its own value, an array of the population's size, in Population(…, parameters=, initial=)",
    "N": "give the number as a parameter",
    "dt": "a model holds at any step; rates are per second",
    "poisson": "random events come from a protocol or an input: nm.Poisson(rate, size)",
    "binomial": "random events come from a protocol or an input: nm.Poisson(rate, size)",
    "lastspike": _LAST,
    "lastupdate": _LAST,
    "not_refractory": "write '(unless refractory)' behind the unit of an equation that is to pause",
    "t_in_timesteps": "time is t, in seconds",
    "timestep": "time is t, in seconds; a time is not counted in steps",
}


def equations(text: Equations, parameters: Iterable[str]) -> None:
    """Refuse equations that hold something of Brian2's language that a model here does not.

    Raises
    ------
    ModelError
        With the name, the equation that uses it, and what to write instead.
    """
    known = {*parameters, *text.names}
    for name, equation in text.items():
        if equation.type == PARAMETER:
            raise ModelError(_declared(name, equation.flags))
        if equation.var_type != "float":  # Brian2 has 'boolean' and 'integer' beside it
            raise ModelError(
                f"{name} is {equation.var_type}; a model's variables are numbers: write int({equation.expr.code}) : 1"
            )
        if "event-driven" in equation.flags:
            raise ModelError(f"{name} is (event-driven), which belongs to a nm.Synapse; in a model every state steps")
        expression(equation.expr.code, known, f"the equation of {name}", noise=equation.type == DIFFERENTIAL_EQUATION)


def expression(text: str, known: Iterable[str], where: str, *, noise: bool = False, drawn: bool = False) -> None:
    """Refuse names of Brian2's language in one expression.

    Parameters
    ----------
    text, where
        The expression, and how the message names it.
    known
        Names of the model's own, which are what they say there.
    noise
        Whether ``xi`` may stand there.
    drawn
        Whether ``rand()`` and ``randn()`` may.
    """
    if "^" in text:
        raise ModelError(f"'^' in {where}: a power is written **, as in 'x**2'")
    if said := unread.unjoined(text):
        raise ModelError(f"{text!r} in {where}: {said}")
    own = set(known)
    used = [word for word in words(text) if word.name not in own]
    for word in used:
        if word.name in INSTEAD and not (drawn and word.name in ("rand", "randn")):
            raise ModelError(f"{word.name!r} in {where}: {INSTEAD[word.name]}")
        if is_noise(word.name) and not noise:
            raise ModelError(f"{word.name!r} in {where}: noise stands in the equation of a state")
    for word in words(text):
        if text[word.end :].lstrip().startswith("(") and word.name not in (*FUNCTIONS, *_OPERATORS, *INSTEAD):
            raise ModelError(
                f"{word.name}(…) in {where}: a course over time is a parameter; write {word.name} and give its values "
                f"to simulate, parameters={{{word.name!r}: a brian2.TimedArray or a DataArray over time}}"
                if text[word.end :].lstrip().startswith("(t)")
                else f"{word.name!r} in {where} is not defined; there are the functions {', '.join(FUNCTIONS)}"
            )


_OPERATORS = ("and", "or", "not")


def _declared(name: str, flags: Iterable[str]) -> str:
    if "linked" in flags:
        return f"{name} is (linked); what one population tells another goes through a Projection"
    return f"{name} has no value; take its line out of the equations and give {name} in parameters="


def unitless(told: str, parameters: Iterable[tuple[str, str]]) -> str:
    """Return what was told of an equation, with those of its parameters, pairs of name and unit, that have no unit."""
    bare = (name for name, unit in parameters if unit in ("", "1"))
    plain = [name for name in bare if re.search(rf"(?<![\w.]){re.escape(name)}\b", told)]
    return f"{told} Without a unit: {', '.join(plain)}." if plain else told


def differs(needed: Dimension, given: Dimension) -> str:
    """Say which unit an expression was to have, and which it has, in the customary units of both."""
    words = [
        "no unit" if one is DIMENSIONLESS else (*quantities.customary(one), quantities.describe_dimension(one))[0]
        for one in (needed, given)
    ]
    return f"{words[0]} is needed, and this has {words[1]}"
