"""Expressions of a file in Brian2's language: numbers in the file's units, names with what they are divided by."""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.exchange.nmodl.algebra import COMPARISONS
from nmdasim.exchange.nmodl.nodes import Call, Choice, Expression, Name, Number, Operation
from nmdasim.exchange.nmodl.refusal import NmodlError

_CALLED = {"fabs": "abs", "atan": "arctan", "acos": "arccos", "asin": "arcsin"}
_TRUTH = (*COMPARISONS, "&&", "||", "!")
#: How tightly each operator binds.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = 1, 2, 3, 4, 5
_BINDS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "^": _POWER}


def spelled(e: Expression, words: Mapping[str, str]) -> str:
    """Return an expression as text; `words` says how each name is written."""
    return _number(e, words)[0]


def _number(e: Expression, words: Mapping[str, str]) -> tuple[str, int]:
    """Return text and how tightly its outermost operator binds."""
    match e:
        case Number(value=value):
            return (_digits(value), _ATOM) if value >= 0 else (_digits(value), _SIGN)
        case Name(name=name, place=place):
            if name not in words:
                raise NmodlError(f"{name} is not known", place)
            word = words[name]
            return word, _ATOM if word.isidentifier() else _PRODUCT
        case Operation(operator=o) if o in _TRUTH:
            return f"int({_condition(e, words)})", _ATOM
        case Operation(operator=o, operands=operands):
            return _operated(o, operands, words)
        case Call(name=name, arguments=arguments):
            inner = ", ".join(_number(x, words)[0] for x in arguments)
            return f"{_CALLED.get(name, name)}({inner})", _ATOM
        case Choice():
            return _chosen(e, words)
    raise NmodlError("an expression is not understood")


def _digits(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def _operated(o: str, operands: tuple[Expression, ...], words: Mapping[str, str]) -> tuple[str, int]:
    if len(operands) == 1:
        return f"-{_within(operands[0], words, _POWER)}", _SIGN
    a, b = operands
    binds = _BINDS[o]
    left = _within(a, words, binds + (o == "^"))
    right = _within(b, words, binds + (o in "-/"))
    if o == "^":
        return f"{left}**{_within(b, words, _ATOM)}", _POWER
    if right.startswith("-"):
        right = f"({right})"
    return (f"{left} {o} {right}" if o in "+-" else f"{left}{o}{right}"), binds


def _within(e: Expression, words: Mapping[str, str], binds: int) -> str:
    text, own = _number(e, words)
    return text if own >= binds else f"({text})"


def _chosen(e: Choice, words: Mapping[str, str]) -> tuple[str, int]:
    """Return one value where a condition holds and another elsewhere; a value of 0 needs no term."""
    condition = _condition(e.condition, words)
    terms = []
    for value, holds in ((e.then, f"int({condition})"), (e.otherwise, f"int(not ({condition}))")):
        if value == Number(1.0):
            terms.append(holds)
        elif value != Number(0.0):
            terms.append(f"{holds}*{_within(value, words, _PRODUCT + 1)}")
    return " + ".join(terms) or "0", _SUM


def _condition(e: Expression, words: Mapping[str, str]) -> str:
    match e:
        case Operation(operator="&&" | "||" as o, operands=(a, b)):
            word = "and" if o == "&&" else "or"
            return f"({_condition(a, words)}) {word} ({_condition(b, words)})"
        case Operation(operator="!", operands=(a,)):
            return f"not ({_condition(a, words)})"
        case Operation(operator=o, operands=(a, b)) if o in COMPARISONS:
            return f"{_within(a, words, _SUM)} {o} {_within(b, words, _SUM)}"
    return f"{_within(e, words, _SUM)} != 0"
