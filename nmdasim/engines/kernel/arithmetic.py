"""LLVM's arithmetic of generated functions: their types, what becomes of two of them, conversions, comparisons."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np
from llvmlite import ir

BOOL, BYTE, INT32, WHOLE = (ir.IntType(bits) for bits in (1, 8, 32, 64))
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
CASTS = {"float32": FLOAT, "float64": DOUBLE, "int32": INT32, "int64": WHOLE}
_RANK = {kind: k for k, kind in enumerate((BOOL, INT32, WHOLE, FLOAT, DOUBLE))}
_ARITHMETIC = {ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div"}
_ARITHMETIC |= {ast.Mod: "srem", ast.FloorDiv: "sdiv"}  # of whole numbers that are not negative
_BITS = {ast.BitAnd: "and_", ast.BitOr: "or_", ast.BitXor: "xor", ast.LShift: "shl", ast.RShift: "ashr"}
COMPARISONS = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class Arithmetic:
    """Writes arithmetic where its builder stands, with its fast-math flags."""

    builder: Any
    flags: tuple[str, ...]

    @staticmethod
    def constant(value: Any) -> Any:
        """Return a number of Python or NumPy as one of LLVM."""
        if isinstance(value, ir.Constant):
            return value
        if isinstance(value, bool | np.bool_):
            return BOOL(int(value))
        if isinstance(value, int | np.integer):
            return INT32(int(value)) if isinstance(value, np.int32) else WHOLE(int(value))
        return FLOAT(float(value)) if isinstance(value, np.float32) else DOUBLE(float(value))

    def several_values(self, values: list[Any]) -> Any:
        """Return several values as one."""
        whole = ir.Constant(ir.LiteralStructType([value.type for value in values]), ir.Undefined)
        for k, value in enumerate(values):
            whole = self.builder.insert_value(whole, value, k)
        return whole

    def alike(self, left: Any, right: Any) -> tuple[Any, Any]:
        """Return two numbers in the wider of their types; a whole number with a single one is a double, as in NumPy."""
        kind = max(left.type, right.type, key=_RANK.__getitem__)
        if kind == FLOAT and WHOLE in (left.type, right.type):
            kind = DOUBLE
        return self.cast(left, kind), self.cast(right, kind)

    def cast(self, value: Any, kind: ir.Type) -> Any:
        """Return a number in another type."""
        if value.type == kind:
            return value
        if isinstance(value, ir.Constant) and value.type != BOOL:
            return kind((int if kind in (INT32, WHOLE, BYTE) else float)(value.constant))
        old, b = value.type, self.builder
        if old in (FLOAT, DOUBLE):
            if kind not in (FLOAT, DOUBLE):
                return b.fptosi(value, kind)
            return b.fpext(value, kind) if kind == DOUBLE else b.fptrunc(value, kind)
        if kind in (FLOAT, DOUBLE):
            return b.uitofp(value, kind) if old == BOOL else b.sitofp(value, kind)
        if kind.width < old.width:
            return b.trunc(value, kind)
        return b.zext(value, kind) if old == BOOL else b.sext(value, kind)

    def truth(self, value: Any) -> Any:
        """Return whether a number is other than 0."""
        return value if value.type == BOOL else self.builder.icmp_signed("!=", value, value.type(0))

    def unary(self, op: ast.unaryop, value: Any) -> Any:
        """Return a number with the other sign, or what is not so."""
        if isinstance(op, ast.Not):
            return self.builder.not_(self.truth(value))
        return self.builder.fsub(value.type(-0.0), value, flags=self.flags)

    def binary(self, op: ast.operator, left: Any, right: Any) -> Any:
        """Return what an operator of two numbers makes, in the wider of their types."""
        left, right = self.alike(left, right)
        if type(op) in _BITS:
            return getattr(self.builder, _BITS[type(op)])(left, right)
        if left.type in (FLOAT, DOUBLE):
            return getattr(self.builder, "f" + _ARITHMETIC[type(op)])(left, right, flags=self.flags)
        return getattr(self.builder, _ARITHMETIC[type(op)])(left, right)

    def compare(self, sign: str, left: Any, right: Any) -> Any:
        """Return how two numbers compare, in the wider of their types."""
        left, right = self.alike(left, right)
        if left.type in (FLOAT, DOUBLE):
            of = self.builder.fcmp_unordered if sign == "!=" else self.builder.fcmp_ordered
            return of(sign, left, right, flags=self.flags)
        return self.builder.icmp_signed(sign, left, right)
