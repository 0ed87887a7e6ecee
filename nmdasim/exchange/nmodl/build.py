"""Parse tree → the nodes of a file."""

from __future__ import annotations

import dataclasses
from typing import Any

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.refusal import NmodlError, Place

_ONE = nodes.Number(1.0)
_ZERO = nodes.Number(0.0)
#: Statements that change nothing here: they speed up or check NEURON's own C.
_UNITS = ("units_on", "units_off", "conductance", "string")

_LISTS = tuple(f.name for f in dataclasses.fields(nodes.File) if f.type.startswith("tuple"))  # type: ignore[union-attr]


def place(tree: Any) -> Place:
    """Return where a tree or a token begins."""
    meta = getattr(tree, "meta", tree)
    return Place(getattr(meta, "line", 0) or 0, getattr(meta, "column", 0) or 0)


def unit(token: Any) -> str:
    """Return what stands between the brackets of a unit."""
    return "" if token is None else " ".join(str(token)[1:-1].split())


def number(parts: list[Any]) -> float:
    """Return a number from its sign, if it has one, and its digits."""
    value = float(parts[-1])
    return -value if str(parts[0]) == "-" else value


class Builder:
    """Builds a :class:`~nmdasim.exchange.nmodl.nodes.File` from a tree."""

    def __init__(self, name: str):
        self.name = name
        self.lists: dict[str, list[Any]] = {key: [] for key in _LISTS}
        self.kind, self.suffix, self.title, self.where = "", "", "", Place()
        self.routines: dict[str, nodes.Routine] = {}

    def file(self, tree: Any) -> nodes.File:
        """Return the file that a tree stands for.

        Raises
        ------
        NmodlError
            For a block that is not read, or a file that names no mechanism.
        """
        for block in tree.children:
            getattr(self, f"_{block.data}", self._other)(block)
        if not self.kind:
            raise NmodlError("there is no block NEURON with SUFFIX or POINT_PROCESS; is this a .mod file?")
        lists = {key: tuple(values) for key, values in self.lists.items()}
        return nodes.File(
            kind=self.kind, name=self.suffix, name_place=self.where, title=self.title, routines=self.routines, **lists
        )

    # --- blocks ------------------------------------------------------------------------------------------------------

    def _other(self, block: Any) -> None:
        if block.data not in _UNITS:
            raise NmodlError(f"{block.data.upper()} is not read", place(block))

    def _unknown(self, block: Any) -> None:
        raise NmodlError(f"{block.children[0]} is not read", place(block))

    def _include(self, block: Any) -> None:
        raise NmodlError(
            "INCLUDE is not read; a file stands for itself: put its text in place of this line", place(block)
        )

    def _verbatim(self, block: Any) -> None:
        raise refused_verbatim(block)

    def _title(self, block: Any) -> None:
        self.title = str(block.children[0])[5:].strip()

    def _define(self, block: Any) -> None:
        self.lists["defined"].append((str(block.children[0]), float(block.children[1])))

    def _independent(self, block: Any) -> None:
        if str(block.children[0]) != "t":
            raise NmodlError(f"INDEPENDENT {block.children[0]}: time is called t", place(block))

    def _local(self, block: Any) -> None:
        self.lists["locals"] += local(block).names

    def _neuron(self, block: Any) -> None:
        for line in block.children:
            names = [str(t) for t in line.children if t is not None and not hasattr(t, "data")]
            listed = [
                str(t) for one in line.children if hasattr(one, "data") and one.data == "names" for t in one.children
            ]
            match line.data:
                case "suffix" | "point_process" | "artificial_cell":
                    self.kind, self.suffix, self.where = str(line.data).upper(), names[0], place(line.children[0])
                case "use_ion":
                    self.lists["ions"].append(ion(line))
                case "nonspecific" | "electrode":
                    self.lists[str(line.data)] += listed
                case "range_names":
                    self.lists["ranges"] += listed
                case "pointer":
                    self.lists["pointers"] += [(name, place(line)) for name in listed]

    def _units(self, block: Any) -> None:
        for line in block.children:
            name, *rest = line.children
            if line.data == "unit_alias":
                self.lists["units"].append((unit(name), unit(rest[0]), place(name)))
            elif line.data == "unit_constant":
                self.lists["unit_constants"].append((str(name), unit(rest[0]), unit(rest[1]), place(name)))
            else:
                written = [t for t in rest if t.type != "UNIT"]
                said = unit(next((t for t in rest if t.type == "UNIT"), None))
                self.lists["parameters"].append(nodes.Declared(str(name), number(written), said, place(name), "UNITS"))

    def _parameter(self, block: Any) -> None:
        for line in block.children:
            name, length, value, said, _ = line.children
            given = None if value is None else number(value.children)
            size = "" if length is None else str(length.children[0])
            self.lists["parameters"].append(nodes.Declared(str(name), given, unit(said), place(name), size))

    def _constant(self, block: Any) -> None:
        for line in block.children:
            name, _, value, said, _ = line.children
            given = 0.0 if value is None else number(value.children)
            self.lists["parameters"].append(nodes.Declared(str(name), given, unit(said), place(name), "UNITS"))

    def _assigned(self, block: Any, kind: str = "assigned") -> None:
        for line in block.children:
            name = line.children[0]
            size = next((str(t.children[0]) for t in line.children[1:] if getattr(t, "data", "") == "index"), "")
            said = unit(next((t for t in line.children if getattr(t, "type", "") == "UNIT"), None))
            self.lists[kind].append(nodes.Declared(str(name), None, said, place(name), size))

    def _state(self, block: Any) -> None:
        self._assigned(block, "states")

    def _routine(self, block: Any) -> None:
        kind = str(block.data).upper()
        head = [t for t in block.children if t is not None]
        name = str(head[0]) if getattr(head[0], "type", "") == "NAME" else kind
        arguments = next((t for t in head if getattr(t, "data", "") == "arguments"), None)
        listed_ = [] if arguments is None else [a for a in arguments.children if a is not None]
        given, said = tuple(str(a.children[0]) for a in listed_), tuple(unit(a.children[1]) for a in listed_)
        if name in self.routines:
            raise NmodlError(f"{name} is defined twice", place(block))
        self.routines[name] = nodes.Routine(kind, name, given, self.body(head[-1]), place(block), said)

    _breakpoint = _initial = _derivative = _kinetic = _function = _procedure = _net_receive = _routine

    # --- statements --------------------------------------------------------------------------------------------------

    def body(self, tree: Any) -> nodes.Body:
        """Return the statements between two braces."""
        made: list[nodes.Statement] = []
        for one in tree.children:
            if one.data == "body":
                made += self.body(one)
            elif one.data not in _UNITS:
                made.append(self._statement(one))
        return tuple(made)

    def _statement(self, tree: Any) -> nodes.Statement:
        parts, where = tree.children, place(tree)
        match tree.data:
            case "local":
                return local(tree)
            case "assignment":
                name, index, prime, value = parts
                target = nodes.Name(str(name), None if index is None else expression(index), place(name))
                return nodes.Assign(target, expression(value), len(prime or ""))
            case "condition":
                return nodes.If(expression(parts[0]), self.body(parts[1]), self._otherwise(parts[2]), where)
            case "loop":
                name, first, last, step, body = parts
                by = _ONE if step is None else expression(step)
                return nodes.Loop(str(name), expression(first), expression(last), by, self.body(body), where)
            case "call_statement":
                return nodes.CallStatement(expression(parts[0]))  # type: ignore[arg-type]
            case "solve":
                how = parts[1]
                steady = how is not None and any(str(t) == "STEADYSTATE" for t in how.scan_values(lambda t: True))
                method = "" if how is None else str(how.children[-1])
                return nodes.Solve(str(parts[0]), method, steady, where)
            case "inner_initial":
                return nodes.Starting(self.body(parts[0]))
            case "table":
                self.lists["ignored"].append(nodes.Ignored("TABLE", where))
                return self.lists["ignored"][-1]
            case "unknown":
                return nodes.Unread(str(parts[0]), where)
            case "verbatim":
                raise refused_verbatim(tree)
        return chemistry(tree)

    def _otherwise(self, tree: Any) -> nodes.Body:
        if tree is None:
            return ()
        if tree.data == "otherwise":
            return self.body(tree.children[0])
        condition, then, more = tree.children
        return (nodes.If(expression(condition), self.body(then), self._otherwise(more), place(tree)),)


def refused_verbatim(tree: Any) -> NmodlError:
    """Return the refusal of C inside a file."""
    return NmodlError("VERBATIM holds C, which is not read; write what it does in NMODL, or take it out", place(tree))


def chemistry(tree: Any) -> nodes.Statement:
    """Return a statement of a kinetic scheme; any other is kept as one that is not read."""
    parts, where = tree.children, place(tree)
    match tree.data:
        case "reaction":
            _, left, right, forward, backward = parts
            return nodes.Reaction(
                reactants(left), reactants(right), expression(forward), expression(backward), "<->", where
            )
        case "flux":
            return nodes.Reaction((), reactants(parts[1]), expression(parts[2]), _ZERO, "<<", where)
        case "leaves":
            return nodes.Reaction(reactants(parts[1]), (), expression(parts[3]), _ZERO, "->", where)
        case "conserve":
            return nodes.Conserve(expression(parts[0]), expression(parts[1]), where)
        case "compartment":
            index, volume, states = parts
            return nodes.Compartment("" if index is None else str(index), expression(volume), listed(states), where)
    words = {"while_loop": "WHILE", "diffusion": "LONGITUDINAL_DIFFUSION", "watch": "WATCH", "equation": "~ … = …"}
    return nodes.Unread(words.get(str(tree.data), str(tree.data)), where)


def listed(tree: Any) -> tuple[str, ...]:
    """Return the names of a list that may hold indices."""
    return tuple(str(one.children[0]) for one in tree.children)


def local(tree: Any) -> nodes.Local:
    """Return what LOCAL names."""
    names = []
    for one in tree.children:
        index = one.children[1]
        names.append((str(one.children[0]), "" if index is None else str(index.children[0])))
    return nodes.Local(tuple(names))


def ion(line: Any) -> nodes.Ion:
    """Return a line USEION."""
    name, reads, writes, valence, _ = line.children
    lists = [() if one is None else tuple(str(t) for t in one.children) for one in (reads, writes)]
    charge = None if valence is None else number([t for t in valence.children if t is not None and t.type != "UNIT"])
    return nodes.Ion(str(name), lists[0], lists[1], charge, place(line))


def reactants(tree: Any) -> tuple[tuple[float, nodes.Name], ...]:
    """Return one side of a reaction: how many of each."""
    sides = []
    for one in tree.children:
        count, name, index = one.children
        at = None if index is None else expression(index)
        sides.append((1.0 if count is None else float(count), nodes.Name(str(name), at, place(name))))
    return tuple(sides)


# --- expressions -----------------------------------------------------------------------------------------------------


def expression(tree: Any) -> nodes.Expression:
    """Return the expression that a tree stands for."""
    parts = tree.children
    match tree.data:
        case "number":
            return nodes.Number(float(parts[0]), unit(parts[1]) if len(parts) > 1 else "")
        case "parenthesis":
            return expression(parts[0])
        case "named":
            name, index, prime = parts
            if prime is not None:
                raise NmodlError(f"{name}' on the right of an equation is not read", place(tree))
            return nodes.Name(str(name), None if index is None else expression(index), place(name))
        case "call":
            name, *arguments = parts
            return nodes.Call(str(name), tuple(expression(a) for a in arguments if a is not None), place(tree))
        case "binary":
            return _binary(tree)
        case "unary":
            return nodes.Operation(str(parts[0]), (expression(parts[1]),))
    raise NmodlError(f"{tree.data} is not read in an expression", place(tree))


def _binary(tree: Any) -> nodes.Expression:
    """Return a chain of operators from left to right without descending into it, however long it is."""
    chain = []
    while getattr(tree, "data", "") == "binary":
        left, operator, right = tree.children
        chain.append((str(operator), right))
        tree = left
    made = expression(tree)
    for operator, right in reversed(chain):
        made = nodes.Operation(operator, (made, expression(right)))
    return made
