"""Arithmetic on the expressions of a file: made with what is known carried out, rewritten, differentiated."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

from nmdasim.exchange.nmodl.nodes import Call, Choice, Expression, Name, Number, Operation
from nmdasim.exchange.nmodl.refusal import NmodlError

ZERO, ONE = Number(0.0), Number(1.0)
#: Below it, exp is less than 1e-17.
_NOTHING = -40.0
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
#: Functions that every file may call: NMODL's name, and how numbers are put in.
FUNCTIONS: dict[str, Callable[..., float]] = {
    "exp": math.exp, "log": math.log, "log10": math.log10, "sqrt": math.sqrt, "sin": math.sin, "cos": math.cos,
    "tan": math.tan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh, "fabs": abs, "abs": abs,
    "pow": math.pow, "atan": math.atan, "acos": math.acos, "asin": math.asin, "floor": math.floor, "ceil": math.ceil,
    "fmin": min, "fmax": max,
}  # fmt: skip


def truth(value: bool) -> Number:
    """Return 1 or 0."""
    return ONE if value else ZERO


def operation(operator: str, *operands: Expression) -> Expression:
    """Return an operation, carried out on numbers, and without terms and factors that do nothing."""
    if all(isinstance(x, Number) for x in operands):
        done = _numbers(operator, [x.value for x in operands])  # type: ignore[union-attr]
        if done is not None:
            return Number(done)
    if len(operands) == 1:
        return operands[0] if operator == "+" else Operation(operator, operands)
    return _simpler(operator, *operands)


def _simpler(operator: str, a: Expression, b: Expression) -> Expression:
    """Return a binary operation without what does nothing."""
    match operator:
        case "+" if a == ZERO:
            return b
        case "+" | "-" if b == ZERO:
            return a
        case "-" if a == ZERO:
            return operation("-", b)
        case "*" if ZERO in (a, b):
            return ZERO
        case "/" if a == ZERO:
            return ZERO
        case "*" if a == ONE:
            return b
        case "*" | "/" | "^" if b == ONE:
            return a
        case "^" if b == ZERO:
            return ONE
        case "&&" if ZERO in (a, b):
            return ZERO
        case "||" if ONE in (a, b):
            return ONE
    return Operation(operator, (a, b))


def _numbers(operator: str, x: list[float]) -> float | None:
    """Return what an operator makes of numbers; None where that is no number."""
    try:
        if len(x) == 1:
            return {"-": -x[0], "+": x[0], "!": float(not x[0])}[operator]
        a, b = x
        made = {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "/": lambda: a / b,
            "^": lambda: math.pow(a, b),
            "<": lambda: float(a < b),
            "<=": lambda: float(a <= b),
            ">": lambda: float(a > b),
            ">=": lambda: float(a >= b),
            "==": lambda: float(a == b),
            "!=": lambda: float(a != b),
            "&&": lambda: float(bool(a and b)),
            "||": lambda: float(bool(a or b)),
        }[operator]()
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    return made if math.isfinite(made) else None


def called(call: Call) -> Expression:
    """Return a call of one of NMODL's own functions, carried out where its arguments are numbers."""
    if call.name == "pow":
        return operation("^", *call.arguments)
    if all(isinstance(x, Number) for x in call.arguments):
        try:
            return Number(float(FUNCTIONS[call.name](*(x.value for x in call.arguments))))  # type: ignore[union-attr]
        except (ValueError, OverflowError, TypeError):
            raise NmodlError(f"{call.name} of {shown(call.arguments)} is no number", call.place) from None
    return call


def shown(arguments: tuple[Expression, ...]) -> str:
    """Return arguments as a message names them."""
    return ", ".join(f"{x.value:g}" if isinstance(x, Number) else "…" for x in arguments)


def choice(condition: Expression, then: Expression, otherwise: Expression) -> Expression:
    """Return what is one value where a condition holds, and another elsewhere."""
    if isinstance(condition, Number):
        return then if condition.value else otherwise
    if then == otherwise or _is_underflow(condition, then, otherwise):
        return otherwise
    return Choice(condition, then, otherwise)


def _is_underflow(condition: Expression, then: Expression, otherwise: Expression) -> bool:
    """Whether a value is exp(x), and 0 only where that is next to nothing, ``if (x < -100) {0} else {exp(x)}``."""
    match condition, then, otherwise:
        case Operation("<" | "<=", (x, Number(limit))), Number(0.0), Call("exp", (y,)):
            return x == y and limit <= _NOTHING
    return False


def parts(e: Expression) -> tuple[Expression, ...]:
    """Return the expressions of which one consists."""
    match e:
        case Operation(operands=inner) | Call(arguments=inner):
            return inner
        case Choice(condition=c, then=a, otherwise=b):
            return (c, a, b)
    return ()


def rebuilt(e: Expression, inner: list[Expression]) -> Expression:
    """Return an expression with other parts."""
    match e:
        case Operation(operator=o):
            return operation(o, *inner)
        case Call(name=n, place=p):
            return called(Call(n, tuple(inner), p))
        case Choice():
            return choice(*inner)
    return e


def names(e: Expression) -> Iterator[str]:
    """Yield the names in an expression, each as often as it stands there."""
    waiting = [e]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Name):
            yield one.name
        waiting += parts(one)


def substituted(e: Expression, values: Mapping[str, Expression]) -> Expression:
    """Return an expression in which names are others' values."""
    if isinstance(e, Name):
        return values.get(e.name, e)
    inner = parts(e)
    return rebuilt(e, [substituted(x, values) for x in inner]) if inner else e


def slope(e: Expression, by: str) -> tuple[Expression, Expression]:
    """Return the value of an expression, and its derivative, where the name `by` is 0.

    Raises
    ------
    NmodlError
        Where a function of it is not smooth.
    """
    if by not in set(names(e)):
        return e, ZERO
    match e:
        case Name():
            return ZERO, ONE
        case Choice(condition=c, then=a, otherwise=b) if by not in set(names(c)):
            (a0, a1), (b0, b1) = slope(a, by), slope(b, by)
            return choice(c, a0, b0), choice(c, a1, b1)
        case Call(name="exp", arguments=(x,), place=p):
            x0, x1 = slope(x, by)
            value = called(Call("exp", (x0,), p))
            return value, operation("*", value, x1)
        case Operation(operator="-", operands=(x,)):
            x0, x1 = slope(x, by)
            return operation("-", x0), operation("-", x1)
        case Operation(operator="+" | "-" | "*" | "/" | "^" as o, operands=(a, b)):
            return _slope(o, slope(a, by), slope(b, by))
    raise NmodlError(f"what depends on {by} here cannot be read as a rate; write the DERIVATIVE")


def _slope(o: str, a: tuple[Expression, Expression], b: tuple[Expression, Expression]) -> tuple[Expression, Expression]:
    (a0, a1), (b0, b1) = a, b
    value = operation(o, a0, b0)
    match o:
        case "+" | "-":
            return value, operation(o, a1, b1)
        case "*":
            return value, operation("+", operation("*", a1, b0), operation("*", a0, b1))
        case "/":
            below = operation("*", b0, b0)
            return value, operation("-", operation("/", a1, b0), operation("/", operation("*", a0, b1), below))
    if b1 == ZERO:
        power = operation("*", b0, operation("^", a0, operation("-", b0, ONE)))
        return value, operation("*", power, a1)
    if a1 == ZERO:
        return value, operation("*", operation("*", value, called(Call("log", (a0,)))), b1)
    raise NmodlError("a power whose base and exponent both depend on dt cannot be read as a rate")
