"""Statements of a file followed with names in place of numbers: what comes out are equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeGuard

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.algebra import FUNCTIONS, ONE, ZERO, called, names, operation, truth
from nmdasim.exchange.nmodl.memory import END, Memory, expanded
from nmdasim.exchange.nmodl.nodes import Body, Call, Choice, Expression, Name, Number, Operation
from nmdasim.exchange.nmodl.refusal import NmodlError, Place, warn

_DEEPEST = 24  # calls within calls
_LONGEST = 1000  # turns of a loop
#: Procedures of NEURON's that print or mark a time.
_SILENT = {"printf", "fprintf", "print", "at_time", "cvode_reinit", "hoc_execerror"}
#: Names of NEURON's own, and what a model calls them.
GIVEN = ("v", "t", "dt", "celsius", "area", "diam", "L")
_GHK = "nrn_ghk"


class Follower:
    """Follows statements.

    Parameters
    ----------
    file
        The file.
    """

    def __init__(self, file: nodes.File):
        self.file = file
        self.counts: dict[str, Expression] = {name: Number(value) for name, value in file.defined}
        self.kinds = self._declared()
        taken = {*self.kinds, *file.routines, *GIVEN}
        self.memory = Memory(taken, {*GIVEN, *(n for n, kind in self.kinds.items() if kind != "assigned")})
        self.rates: dict[str, Expression] = {}
        self.methods: dict[str, str] = {}
        self.depth = 0
        self.on_prime: Callable[[nodes.Assign, str], None] | None = None
        self.on_chemistry: Callable[[nodes.Statement], None] | None = None
        self.on_solve: Callable[[nodes.Solve], None] | None = None
        self.assigned_somewhere = {name for r in file.routines.values() for name in assigned(r.body)}

    def _declared(self) -> dict[str, str]:
        """Return the kind of every name: parameter, constant, assigned or state; arrays element by element."""
        kinds = {name: "assigned" for name, length in self.file.locals for name in self.elements(name, length)}
        for d in self.file.assigned:
            kinds |= dict.fromkeys(self.elements(d.name, d.length), "assigned")
        for d in self.file.parameters:
            size = "" if d.length == "UNITS" else d.length
            kind = "constant" if d.length == "UNITS" else "parameter"
            kinds |= dict.fromkeys(self.elements(d.name, size), kind)
        kinds |= {name: "constant" for name, *_ in self.file.unit_constants}
        for d in self.file.states:
            kinds |= dict.fromkeys(self.elements(d.name, d.length), "state")
        return kinds

    def elements(self, name: str, length: str) -> list[str]:
        """Return the names of the elements of an array, or the name itself."""
        if not length:
            return [name]
        size = self.counts.get(length, Number(float(length) if length[0].isdigit() else -1.0))
        if not isinstance(size, Number) or not 0 <= size.value <= _LONGEST:
            raise NmodlError(f"{name}[{length}]: the length of an array is a number of DEFINE, up to {_LONGEST}")
        return [f"{name}_{k}" for k in range(int(size.value))]

    # --- statements --------------------------------------------------------------------------------------------------

    def run(
        self, routine: nodes.Routine, arguments: Mapping[str, Expression | None] | None = None
    ) -> dict[str, Expression | None]:
        """Follow a block from its first statement to its last; return its frame."""
        if self.depth >= _DEEPEST:
            raise NmodlError(f"{routine.name} calls itself, or calls go {_DEEPEST} deep", routine.place)
        outer, self.memory.frames = self.memory.frames, [dict(arguments or {})]
        self.depth += 1
        try:
            self.body(routine.body)
            return self.memory.frames[0]
        finally:
            self.memory.frames, self.depth = outer, self.depth - 1

    def body(self, body: Body) -> None:
        """Follow statements in order; what is LOCAL among them ends with them."""
        self.memory.frames.append({})
        for statement in body:
            self.statement(statement)
        self.memory.frames.pop()

    def statement(self, one: nodes.Statement) -> None:
        """Follow one statement."""
        match one:
            case nodes.Assign(primes=0):
                self._assign(one.target, self.value(one.value))
            case nodes.Assign():
                self._prime(one)
            case nodes.If():
                self._if(one)
            case nodes.Loop():
                self._loop(one)
            case nodes.Local(names=names):
                for name, length in names:
                    self.memory.frames[-1] |= dict.fromkeys(self.elements(name, length))
            case nodes.CallStatement(call=call):
                self._call(call)
            case nodes.Solve():
                self._solve(one)
            case nodes.Reaction() | nodes.Conserve() | nodes.Compartment():
                if self.on_chemistry is None:
                    raise NmodlError("a reaction stands outside KINETIC", one.place)
                self.on_chemistry(one)
            case nodes.Unread(what=what, place=place):
                raise NmodlError(f"{what} is not read", place)

    def _assign(self, target: Name, value: Expression) -> None:
        name = self.element(target)
        frame = self.memory.frame_of(name)
        if frame is not None:
            frame[name] = self.memory.defined(name, value, own=False)
            return
        kind = self.kinds.get(name)
        if kind is None and name not in (*self.written, "v"):
            raise NmodlError(f"{name} is not declared", target.place)
        if (name in GIVEN and name != "v") or kind == "constant":
            raise NmodlError(f"{name} is given a value, which it cannot be", target.place)
        self.memory.values[name] = self.memory.defined(name, value, own=True)

    @property
    def written(self) -> set[str]:
        """Names that the file writes for the ions."""
        return {name for ion in self.file.ions for name in ion.writes}

    def _prime(self, one: nodes.Assign) -> None:
        name = self.element(one.target)
        if self.kinds.get(name) != "state" or one.primes != 1:
            raise NmodlError(f"{name}{chr(39) * one.primes}: only a STATE has a rate, a first one", one.target.place)
        if self.on_prime is None:
            raise NmodlError(f"{name}' stands outside DERIVATIVE", one.target.place)
        self.on_prime(one, name)

    def _if(self, one: nodes.If) -> None:
        condition = self.value(one.condition)
        if isinstance(condition, Number):
            self.body(one.then if condition.value else one.otherwise)
            return
        if self._at_a_point(condition):
            self.body(one.then if condition.operator == "!=" else one.otherwise)
            return
        if any(isinstance(s, nodes.Reaction | nodes.Solve) for s in (*one.then, *one.otherwise)):
            raise NmodlError("a reaction or SOLVE under a condition is not read", one.place)
        before, rates = self.memory.snapshot(), dict(self.rates)
        self.body(one.otherwise)
        otherwise, slower = self.memory.snapshot(), dict(self.rates)
        self.memory.restore(before)
        self.rates = rates
        self.body(one.then)
        self.memory.merge(condition, otherwise)
        for name in {**self.rates, **slower}:
            a, b = self.rates.get(name, ZERO), slower.get(name, ZERO)
            self.rates[name] = a if a == b else Choice(condition, a, b)

    def _at_a_point(self, condition: Expression) -> TypeGuard[Operation]:
        """Whether a condition singles out one potential, as ``v == -27``: the limit there stands for what is given."""
        if not isinstance(condition, Operation) or condition.operator not in ("==", "!="):
            return False
        return "v" in set(names(expanded(condition, self.memory.definitions, {"v"})))

    def _loop(self, one: nodes.Loop) -> None:
        ends = [self.value(x) for x in (one.first, one.last, one.step)]
        if not all(isinstance(x, Number) for x in ends) or ends[2] == ZERO:
            raise NmodlError("the ends of a loop are numbers", one.place)
        first, last, step = (x.value for x in ends)  # type: ignore[union-attr]
        turns = int((last - first) / step) + 1
        if turns > _LONGEST:
            raise NmodlError(f"a loop of {turns} turns; at most {_LONGEST} are read", one.place)
        for k in range(max(turns, 0)):
            self.memory.frames.append({one.name: Number(first + k * step)})
            self.body(one.body)
            self.memory.frames.pop()

    def _solve(self, one: nodes.Solve) -> None:
        if self.on_solve is None:
            raise NmodlError("SOLVE stands outside BREAKPOINT and INITIAL", one.place)
        self.on_solve(one)

    def routine(self, name: str, place: Place) -> nodes.Routine:
        """Return a block by its name."""
        if name not in self.file.routines:
            raise NmodlError(f"there is no block {name}", place)
        return self.file.routines[name]

    def _call(self, call: Call) -> None:
        if call.name in _SILENT:
            return
        if call.name == "state_discontinuity" and isinstance(call.arguments[0], Name):
            self._assign(call.arguments[0], self.value(call.arguments[1]))
        elif call.name in self.file.routines:
            self._called(call)
        else:
            raise NmodlError(f"{call.name}(…) is not read", call.place)

    # --- expressions -------------------------------------------------------------------------------------------------

    def value(self, e: Expression) -> Expression:
        """Return an expression over states, parameters and definitions."""
        match e:
            case Number():
                return e
            case Name():
                return self._read(e)
            case Operation(operator=o, operands=x):
                return operation(o, *map(self.value, x))
            case Call():
                return self._function(e)
        raise NmodlError("is not read in an expression")

    def element(self, e: Name) -> str:
        """Return the name of a variable, or of the element of an array, ``inf_0``."""
        if e.index is None:
            return e.name
        k = self.value(e.index)
        if not isinstance(k, Number):
            raise NmodlError(f"the index of {e.name}[…] is no number here", e.place)
        return f"{e.name}_{int(k.value)}"

    def _read(self, e: Name) -> Expression:
        name = self.element(e)
        frame = self.memory.frame_of(name)
        if frame is not None:
            return frame[name] or ZERO
        if name in self.counts:
            return self.counts[name]
        if name in self.memory.values:
            return self.memory.values[name]
        kind = self.kinds.get(name)
        if name in GIVEN or self._is_read(name):
            return Name(name)
        if kind is None and name not in self.written:
            pointer = any(name == pointer for pointer, _ in self.file.pointers)
            raise NmodlError(f"{name} is a POINTER" if pointer else f"{name} is not declared", e.place)
        if kind in ("assigned", None) or (kind == "parameter" and name in self.assigned_somewhere):
            return Name(name + END)
        return Name(name)

    def _is_read(self, name: str) -> bool:
        return any(name in ion.reads and name not in ion.writes for ion in self.file.ions)

    def _function(self, call: Call) -> Expression:
        if call.name in self.file.routines:
            return self._called(call)
        arguments = tuple(self.value(x) for x in call.arguments)
        if call.name in FUNCTIONS:
            if len(arguments) != (2 if call.name in ("pow", "fmin", "fmax") else 1):
                raise NmodlError(f"{call.name} has {len(arguments)} arguments", call.place)
            if call.name in ("fmin", "fmax"):
                a, b = arguments
                return _extreme(call.name, a, b)
            return called(Call(call.name, arguments, call.place))
        if call.name == "at_time":
            return truth(False)
        if call.name == "exprelr" and len(arguments) == 1:
            x = arguments[0]
            return operation("/", x, operation("-", called(Call("exp", (x,), call.place)), ONE))
        raise NmodlError(f"the function {call.name} is not known", call.place)

    def _called(self, call: Call) -> Expression:
        routine = self.file.routines[call.name]
        if routine.kind not in ("FUNCTION", "PROCEDURE"):
            raise NmodlError(f"{call.name} is no FUNCTION or PROCEDURE", call.place)
        if len(call.arguments) != len(routine.arguments):
            raise NmodlError(
                f"{call.name} takes {len(routine.arguments)} arguments, not {len(call.arguments)}", call.place
            )
        given = {
            name: self.memory.defined(name, self.value(x), own=False)
            for name, x in zip(routine.arguments, call.arguments, strict=True)
        }
        result: dict[str, Expression | None] = {call.name: None} if routine.kind == "FUNCTION" else {}
        frame = self.run(routine, {**given, **result})
        return frame.get(call.name) or ZERO


def _extreme(name: str, a: Expression, b: Expression) -> Expression:
    condition = operation("<" if name == "fmin" else ">", a, b)
    return Choice(condition, a, b) if not isinstance(condition, Number) else (a if condition.value else b)


def assigned(body: Body) -> set[str]:
    """Return every name to which statements give a value."""
    found: set[str] = set()
    for one in body:
        match one:
            case nodes.Assign(target=target, primes=0):
                found.add(target.name)
            case nodes.If(then=a, otherwise=b):
                found |= assigned(a) | assigned(b)
            case nodes.Loop(body=inner) | nodes.Starting(body=inner):
                found |= assigned(inner)
    return found


def tables(file: nodes.File) -> None:
    """Say that tables are not used."""
    if file.ignored:
        warn(f"{file.name}: TABLE is left out; rates are computed exactly, as in NEURON with usetable_{file.name} = 0")
