"""Expressions of the equations' language as JavaScript: the page computes what Python does, from the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sympy as sp
from sympy.printing.jscode import JavascriptCodePrinter

from nmdasim.language.system import system

#: Functions of the language that are no members of JavaScript's Math; the page has them under these names.
_OWN = {name: name for name in ("clip", "truth", "exprel", "magnitude", "remainder")}
_OWN |= {"floor": "Math.floor", "ceil": "Math.ceil", "sign": "Math.sign"}


def function(expressions: Sequence[sp.Expr]) -> str:
    """Return a function of one object, whose members are the names, that gives the values of some expressions.

    Examples
    --------
    >>> import sympy as sp
    >>> x = sp.Symbol("x", real=True)
    >>> print(function([sp.exp(-x)]))
    p => [Math.exp(-p.x)]
    """
    printer = JavascriptCodePrinter({"user_functions": _OWN})
    names = sorted({s for one in expressions for s in one.free_symbols}, key=lambda s: s.name)
    members = {s: sp.Symbol(f"p.{s.name}", real=True) for s in names}
    return f"p => [{', '.join(printer.doprint(one.xreplace(members)) for one in expressions)}]"


def read(definitions: str, texts: Iterable[str], names: Iterable[str]) -> list[sp.Expr]:
    """Return expressions over some names, with what `definitions` say of others substituted."""
    known = tuple(names)
    found = system(definitions, known)
    return [found.substitute(text, known) for text in texts]
