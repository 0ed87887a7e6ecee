"""Generated Python to LLVM's language, without a compiler of all of Python in between.

Generated functions use little of Python: numbers and rows of numbers, arithmetic, one-line choices, ``for`` over a
range, ``while``, ``if``, calls of one another, of an address and of :mod:`nmdasim.engines.kernel.vmath`. Every type is
known from the annotations of their parameters, so that one walk over the syntax tree does what analysis of all of
Python takes seconds for. Both values of a choice are computed: a loop over lanes stays free of branches. A function
whose name begins with an underscore is of its source alone, and may be written in place of its calls.

Arithmetic is that of :mod:`nmdasim.engines.kernel.vmath`; a source that says ``strict = True`` gets that of IEEE 754 as
it is written, and the functions of the C library.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import FunctionType
from typing import Any

from llvmlite import ir

from nmdasim.engines.kernel import random, vmath
from nmdasim.engines.kernel.arithmetic import BOOL, BYTE, CASTS, COMPARISONS, DOUBLE, FLOAT, INT32, WHOLE, Arithmetic

FLAGS = tuple(sorted(vmath.FASTMATH))
_INTRINSIC = {
    "abs": "llvm.fabs",
    "sqrt": "llvm.sqrt",
    "floor": "llvm.floor",
    "ceil": "llvm.ceil",
    "sin": "llvm.sin",
    "cos": "llvm.cos",
    "power": "llvm.pow",
}


def translate(text: str) -> str:
    """Return LLVM's text of the functions of a generated source; they are named as there."""
    tree = ast.parse(text)
    module = ir.Module(name="kernel")
    bits, strict = 32 if "\nreal = float32\n" in text else 64, "\nstrict = True\n" in text
    scope = _mathematics(bits, strict=strict) | CASTS
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found = eval(compile(ast.Expression(value), "", "eval"), {}, dict(scope))
                scope[name] = _table(module, name, found) if isinstance(found, tuple) else found
            case ast.FunctionDef(name=name):
                scope["f"] = scope["real"]
                scope[name] = _declared(module, node, scope["real"])
                _Body(module, scope, scope[name], () if strict else FLAGS).write(node)
    return str(module)


def _mathematics(bits: int, *, strict: bool) -> dict[str, Any]:
    """Return the functions that a generated source may call, in its precision; others are the C library's."""
    known = vars(vmath) | vars(random)
    return {name: known.get(f"{name}{bits}") or known[name] for name in (*_CALLED, *(() if strict else _FAST))}


_CALLED = (
    *("bern_e", "bern_m", "dbern_e", "bern_bottom", "bern_top", "dexprel_e", "exprel_e"),
    *("bits", "remainder", "sign", "normal", "uniform"),
)
_FAST = ("exp", "log", "power", "tanh")


def _table(module: ir.Module, name: str, numbers: tuple[int, ...]) -> Any:
    """Return where a constant row of whole numbers begins."""
    kind = ir.ArrayType(WHOLE, len(numbers))
    row = ir.GlobalVariable(module, kind, name)
    row.global_constant, row.linkage, row.initializer = True, "internal", kind(list(numbers))
    return row.gep([WHOLE(0), WHOLE(0)])


def _declared(module: ir.Module, node: ast.FunctionDef, real: ir.Type) -> ir.Function:
    """Return an empty function with the types of its annotations; one that returns nothing is called here alone."""
    rows = {"reals": real, "wholes": WHOLE, "marks": BYTE, "ints": INT32, "singles": FLOAT, "doubles": DOUBLE}
    kinds = {"real": real, "whole": WHOLE, "double": DOUBLE}
    kinds |= {name: kind.as_pointer() for name, kind in rows.items()}
    result = kinds[node.returns.id] if isinstance(node.returns, ast.Name) else ir.VoidType()
    taken = [kinds[a.annotation.id] for a in node.args.args if isinstance(a.annotation, ast.Name)]
    function = ir.Function(module, ir.FunctionType(result, taken), name=node.name)
    for argument in function.args:
        if isinstance(argument.type, ir.PointerType):
            argument.add_attribute("noalias")
    function.attributes.add("nounwind")
    if node.name.startswith("_"):
        function.linkage = "internal"
    else:
        function.attributes.add("noinline")
    return function


@dataclass
class _Body(Arithmetic):
    """Writes one function; a name that is assigned once is its value, any other a place in memory."""

    module: ir.Module
    scope: Mapping[str, Any]
    function: ir.Function
    flags: tuple[str, ...]
    known: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Any] = field(default_factory=dict)
    several: frozenset[str] = frozenset()

    def write(self, node: ast.FunctionDef) -> None:
        """Write all of it."""
        self.builder = ir.IRBuilder(self.function.append_basic_block("entry"))
        names = [argument.arg for argument in node.args.args]
        times = Counter([*_assigned(node), *names])
        self.several = frozenset(name for name, count in times.items() if count > 1)
        for name, value in zip(names, self.function.args, strict=True):
            self.store(name, value)
        self.lines(node.body)
        if not self.builder.block.is_terminated:
            self.builder.ret_void()

    # --- statements ----------------------------------------------------------------------------------------------

    def lines(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                self.store(name, self.value(value))
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=value):
                whole = self.value(value)
                for k, element in enumerate(names):
                    self.store(ast.unparse(element), self.builder.extract_value(whole, k))
            case ast.Assign(targets=[ast.Subscript() as place], value=value):
                self.put(self.address(place), self.value(value))
            case ast.AugAssign(target=ast.Name(id=name), op=op, value=value):
                self.store(name, self.binary(op, self.name(name), self.value(value)))
            case ast.AugAssign(target=ast.Subscript() as place, op=op, value=value):
                where = self.address(place)
                self.put(where, self.binary(op, self.builder.load(where), self.value(value)))
            case ast.For() | ast.While() | ast.If():
                self.flow(node)
            case ast.Return(value=ast.expr() as value):
                self.builder.ret(self.value(value))
            case ast.Expr(value=ast.Call() as call):
                self.value(call)
            case ast.Expr() | ast.Pass():
                pass
            case _:
                raise NotImplementedError(ast.unparse(node))

    def flow(self, node: ast.For | ast.While | ast.If) -> None:
        match node:
            case ast.For(target=ast.Name(id=name), iter=ast.Call(args=bounds)):
                self.loop(name, [self.cast(self.value(bound), WHOLE) for bound in bounds], node.body)
            case ast.While(test=test, body=body):
                self.repeat(test, body)
            case ast.If(test=test, body=body, orelse=orelse):
                self.choice(self.truth(self.value(test)), body, orelse)
            case _:
                raise NotImplementedError(ast.unparse(node))

    def loop(self, name: str, bounds: list[Any], body: list[ast.stmt]) -> None:
        """Write a loop; its variable is a value."""
        low, high = (WHOLE(0), *bounds)[-2:]
        before = self.builder.block
        head, inside, after = (self.builder.append_basic_block(where) for where in ("head", "inside", "after"))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        index = self.builder.phi(WHOLE)
        index.add_incoming(low, before)
        self.builder.cbranch(self.builder.icmp_signed("<", index, high), inside, after)
        self.builder.position_at_end(inside)
        self.known[name] = index
        self.lines(body)
        index.add_incoming(self.builder.add(index, WHOLE(1), flags=("nsw", "nuw")), self.builder.block)
        self.builder.branch(head)
        self.builder.position_at_end(after)

    def repeat(self, test: ast.expr, body: list[ast.stmt]) -> None:
        head, inside, after = (self.builder.append_basic_block(where) for where in ("head", "inside", "after"))
        self.builder.branch(head)
        self.builder.position_at_end(head)
        self.builder.cbranch(self.truth(self.value(test)), inside, after)
        self.builder.position_at_end(inside)
        self.lines(body)
        self.builder.branch(head)
        self.builder.position_at_end(after)

    def choice(self, test: Any, body: list[ast.stmt], orelse: list[ast.stmt]) -> None:
        parts = [self.builder.append_basic_block(where) for where in ("then", "else", "after")]
        self.builder.cbranch(test, *parts[:2])
        for part, statements in zip(parts, (body, orelse), strict=False):
            self.builder.position_at_end(part)
            self.lines(statements)
            if not self.builder.block.is_terminated:
                self.builder.branch(parts[2])
        self.builder.position_at_end(parts[2])

    # --- names and places ----------------------------------------------------------------------------------------

    def store(self, name: str, value: Any) -> None:
        if name not in self.several:
            self.known[name] = value
            return
        self.known.pop(name, None)  # a loop over it has ended
        if name not in self.places:
            with self.builder.goto_entry_block():
                self.places[name] = self.builder.alloca(value.type)
        self.put(self.places[name], value)

    def put(self, where: Any, value: Any) -> None:
        self.builder.store(self.cast(value, where.type.pointee), where)

    def name(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        return self.builder.load(self.places[name]) if name in self.places else self.constant(self.scope[name])

    def address(self, node: ast.Subscript) -> Any:
        index = self.cast(self.value(node.slice), WHOLE)
        return self.builder.gep(self.value(node.value), [index], inbounds=True)

    # --- values --------------------------------------------------------------------------------------------------

    def value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=number):
                return self.constant(number)
            case ast.Name(id=name):
                return self.name(name)
            case ast.Subscript(value=row, slice=ast.Slice(lower=ast.expr() as begin)):
                return self.builder.gep(self.value(row), [self.cast(self.value(begin), WHOLE)], inbounds=True)
            case ast.Subscript():
                found = self.builder.load(self.address(node))
                return self.truth(found) if found.type == BYTE else found
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(op, self.value(left), self.value(right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=number)):
                return self.constant(-number)  # type: ignore[operator]
            case ast.UnaryOp(op=op, operand=operand):
                return self.unary(op, self.value(operand))
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.compare(COMPARISONS[type(op)], self.value(left), self.value(right))
            case ast.BoolOp(op=ast.And(), values=[*firsts, last]):
                return self.both(firsts, last)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                condition = self.truth(self.value(test))
                return self.builder.select(condition, *self.alike(self.value(body), self.value(orelse)))
            case ast.Tuple(elts=elements):
                return self.several_values([self.value(element) for element in elements])
            case (
                ast.Call(func=ast.Name(id=name), args=arguments)
                | ast.Call(func=ast.Attribute(attr=name), args=arguments)
            ):
                return self.call(name, [self.value(argument) for argument in arguments])
        raise NotImplementedError(ast.unparse(node))

    def both(self, firsts: list[ast.expr], last: ast.expr) -> Any:
        """Look at a condition only where those before it hold."""
        after, ways = self.builder.append_basic_block("after"), []
        for first in firsts:
            holds, following = self.truth(self.value(first)), self.builder.append_basic_block("and")
            ways.append(self.builder.block)
            self.builder.cbranch(holds, following, after)
            self.builder.position_at_end(following)
        found, end = self.truth(self.value(last)), self.builder.block
        self.builder.branch(after)
        self.builder.position_at_end(after)
        whether = self.builder.phi(BOOL)
        for way in ways:
            whether.add_incoming(BOOL(0), way)
        whether.add_incoming(found, end)
        return whether

    # --- calls ---------------------------------------------------------------------------------------------------

    def call(self, name: str, arguments: list[Any]) -> Any:
        chosen: Any = self.scope.get(name)
        if isinstance(chosen, ir.Function):
            return self.builder.call(chosen, arguments)
        if isinstance(chosen, ir.Type):
            return self.cast(arguments[0], chosen)
        if name in CASTS:
            return self.cast(arguments[0], CASTS[name])
        if name in ("min", "max"):
            first, second = self.alike(*arguments)
            return self.builder.select(self.compare("<" if name == "min" else ">", second, first), second, first)
        if name == "called":
            return self.called(*arguments)
        if chosen is None:
            return self.library(name, arguments)
        if chosen in vmath.CASTS:
            return self.builder.bitcast(arguments[0], vmath.CASTS[chosen])
        return self.inlined(chosen, arguments)

    def called(self, address: Any, *arguments: Any) -> Any:
        """Call the generated function at an address, which returns a whole number."""
        kind = ir.FunctionType(WHOLE, [argument.type for argument in arguments])
        return self.builder.call(self.builder.inttoptr(address, kind.as_pointer()), arguments)

    def library(self, name: str, values: list[Any]) -> Any:
        """Call a function of the C library, or LLVM's own of the same name."""
        of = values[0].type
        if name in _INTRINSIC:
            function = self.module.declare_intrinsic(_INTRINSIC[name], [of])
        else:
            symbol = name + ("f" if of == FLOAT else "")
            kind = ir.FunctionType(of, [value.type for value in values])
            function = self.module.globals.get(symbol) or ir.Function(self.module, kind, name=symbol)
        return self.builder.call(function, values, fastmath=self.flags)

    def inlined(self, function: FunctionType, arguments: list[Any]) -> Any:
        """Write a function of the vector maths in place of its call; it is one straight line."""
        node, around = _syntax(function)
        body = _Body(self.module, around, self.function, self.flags)
        body.builder = self.builder
        body.known = dict(zip((a.arg for a in node.args.args), arguments, strict=True))
        *lines, last = node.body
        body.lines(lines)
        assert isinstance(last, ast.Return)
        assert last.value is not None
        return body.value(last.value)


@cache
def _syntax(function: FunctionType) -> tuple[ast.FunctionDef, Mapping[str, Any]]:
    """Return what a function says, and what its names mean around it."""
    node, around = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0], inspect.getclosurevars(function)
    assert isinstance(node, ast.FunctionDef)
    return node, {**around.globals, **around.nonlocals}


def _assigned(node: ast.FunctionDef) -> Iterator[str]:
    """Yield the names that are assigned; one that is read before it is written anew counts twice."""
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id
        elif isinstance(part, ast.AugAssign) and isinstance(part.target, ast.Name):
            yield part.target.id
