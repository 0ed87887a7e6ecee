"""What a name stands for while the statements of a file are followed: definitions, each made once and never changed."""

from __future__ import annotations

from collections.abc import Iterable

from nmdasim.exchange.nmodl.algebra import ZERO, choice, names, parts, rebuilt
from nmdasim.exchange.nmodl.nodes import Expression, Name, Number
from nmdasim.exchange.nmodl.refusal import NmodlError

#: What is no longer than this is written where it is used, if it is not a name of the file's own.
_SHORT = 8
#: No mechanism comes near; a loop that makes another one may.
_MOST = 4000
#: Behind the name of something that is read before it is given: the value that it ends with.
END = "@end"


class Memory:
    """Values of names, and the definitions that they rest on.

    `taken` are the names of the file's own, `leaves` those of them that stand for themselves: states, parameters. A
    statement that gives a name another value makes another definition: ``a``, then ``a__2``. So order no longer
    matters, and what is left are equations.
    """

    def __init__(self, taken: Iterable[str], leaves: Iterable[str]):
        self.taken, self.leaves = set(taken), set(leaves)
        self.definitions: dict[str, Expression] = {}
        self.own: set[str] = set()  # definitions that bear a name of the file's own
        self.values: dict[str, Expression] = {}
        self.frames: list[dict[str, Expression | None]] = []
        self._known: dict[int, str] = {}
        self._numbers: dict[object, int] = {}

    def identity(self, e: Expression) -> int:
        """Return a number that two expressions share if they are the same once every definition is put in."""
        match e:
            case Name(name=name) if name in self.definitions:
                return self.identity(self.definitions[name])
            case Name(name=name):
                key: object = name
            case Number(value=value):
                key = value
            case _:
                head = getattr(e, "operator", getattr(e, "name", ""))
                key = (type(e), head, *(self.identity(x) for x in parts(e)))
        return self._numbers.setdefault(key, len(self._numbers))

    def defined(self, name: str, value: Expression, own: bool) -> Expression:
        """Return what stands for a value: the value if it is short, or the name of its definition."""
        if isinstance(value, Number | Name):
            return value
        known = self._known.get(self.identity(value))
        if known is not None:
            if own and known not in self.own and name not in self.leaves:
                return self._put(name, Name(known), own)
            return Name(known)
        if not own and _size(value) <= _SHORT:
            return value
        return self._put(name, value, own)

    def _put(self, name: str, value: Expression, own: bool) -> Name:
        free, count = name, 1
        while free in self.definitions or free in self.leaves or (free in self.taken and not (own and free == name)):
            count += 1
            free = f"{name}__{count}"
        if len(self.definitions) >= _MOST:
            raise NmodlError(f"comes to more than {_MOST} equations; a loop may be longer than it was meant")
        self.definitions[free] = value
        self._known.setdefault(self.identity(value), free)
        self.own |= {free} if own else set()
        return Name(free)

    # --- names -------------------------------------------------------------------------------------------------------

    def frame_of(self, name: str) -> dict[str, Expression | None] | None:
        """Return the frame in which a name is local, or None."""
        return next((frame for frame in reversed(self.frames) if name in frame), None)

    def snapshot(self) -> tuple[dict[str, Expression], list[dict[str, Expression | None]]]:
        """Return what every name stands for now."""
        return dict(self.values), [dict(frame) for frame in self.frames]

    def restore(self, kept: tuple[dict[str, Expression], list[dict[str, Expression | None]]]) -> None:
        """Go back to what names stood for."""
        self.values, self.frames = dict(kept[0]), [dict(frame) for frame in kept[1]]

    def merge(
        self, condition: Expression, other: tuple[dict[str, Expression], list[dict[str, Expression | None]]]
    ) -> None:
        """Join the values after two branches: those of now where a condition holds, the others elsewhere."""
        values, frames = other
        for name in {**self.values, **values}:
            before = Name(name if name in self.leaves else name + END)
            a, b = self.values.get(name, before), values.get(name, before)
            self.values[name] = a if a == b else self.defined(name, choice(condition, a, b), own=True)
        for mine, theirs in zip(self.frames, frames, strict=True):
            for name in mine:
                x, y = mine[name], theirs.get(name)
                if x is None or y is None:
                    mine[name] = x if y is None else y
                elif x != y:
                    mine[name] = self.defined(name, choice(condition, x, y), own=False)


def _size(e: Expression) -> int:
    return 1 + sum(map(_size, parts(e)))


def resolved(definitions: dict[str, Expression], ends: dict[str, Expression]) -> dict[str, Expression]:
    """Return definitions in which what was read before it was given is the value that it ends with."""

    def put(e: Expression) -> Expression:
        if isinstance(e, Name):
            return ends.get(e.name, e)
        inner = parts(e)
        return rebuilt(e, [put(x) for x in inner]) if inner else e

    return {name: put(e) for name, e in definitions.items()}


def used(definitions: dict[str, Expression], roots: Iterable[Expression]) -> dict[str, int]:
    """Return how often each definition is used, by what the roots need.

    Raises
    ------
    NmodlError
        If something needs itself: it is then no equation but a memory from step to step.
    """
    counts: dict[str, int] = {}
    open_: set[str] = set()

    def visit(e: Expression) -> None:
        for name in names(e):
            if name not in definitions:
                continue
            if name in open_:
                shown = name.partition("__")[0]
                raise NmodlError(
                    f"{shown} depends on its own value at the step before; only a STATE may, through its rate"
                )
            counts[name] = counts.get(name, 0) + 1
            if counts[name] == 1:
                open_.add(name)
                visit(definitions[name])
                open_.discard(name)

    for root in roots:
        visit(root)
    return counts


def expanded(e: Expression, definitions: dict[str, Expression], about: set[str]) -> Expression:
    """Return an expression in which definitions that rest on some names are put in."""
    depends: dict[str, bool] = {}

    def rests(name: str) -> bool:
        if name not in depends:
            depends[name] = False
            depends[name] = name in about or any(rests(n) for n in names(definitions.get(name, ZERO)))
        return depends[name]

    def put(x: Expression) -> Expression:
        if isinstance(x, Name):
            return put(definitions[x.name]) if x.name in definitions and rests(x.name) else x
        inner = parts(x)
        return rebuilt(x, [put(i) for i in inner]) if inner else x

    return put(e)
