"""Writes a form as one readable Python file: every statement a line, every place its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from nmdasim.engines.form import Form
from nmdasim.engines.form.events import Inlet, summed
from nmdasim.engines.form.passes import Pass
from nmdasim.engines.form.statements import (
    Code,
    Draw,
    EventConstant,
    Fire,
    Flag,
    Here,
    Let,
    Load,
    Place,
    Put,
    Rate,
    Row,
    Shared,
    Statement,
)
from nmdasim.engines.kernel import elimination
from nmdasim.engines.kernel.memory import Memory, shift
from nmdasim.engines.kernel.printer import Printer, spelled
from nmdasim.engines.kernel.templates import ADVANCE, COUNTED, DELIVER, FIRED, HEADER, MOVE, PASS, RECEIVE, STEP


def write(memory: Memory, *, method: str, single: bool, network: str = "") -> str:
    """Return the functions of a kernel: events one by one or, in a `network` as model of that name, all of a step."""
    text = _Text(memory, single)
    if network:
        inflow = RECEIVE.format(receive=_indent(text.receive(summed(network, memory.form.events.inlets)), 1))
    else:
        inflow = DELIVER.format(deliver=_indent(text.deliver(), 2))
    around, steps, levels = (STEP, "1", 2) if network else (ADVANCE, "end - first", 1)
    around = around.format(counted=text.counted(steps, levels))
    parts = (inflow, MOVE.format(body=text.body()), FIRED.format(fired=text.fired()), around)
    return text.head(method) + "".join(parts)


#: Streams of a compartment begin at its number in the morphology times this; what a spike draws, beyond them all.
_OF_COMPARTMENT, _AT_SPIKE = 1 << 20, 1 << 40


@dataclass(frozen=True)
class _Text:
    """The parts of one kernel as text."""

    memory: Memory
    single: bool

    @property
    def form(self) -> Form:
        return self.memory.form

    def head(self, method: str) -> str:
        """Return imports, the names of rows and offsets, and the passes of a tree as functions of their own."""
        memory = self.memory
        width, end = memory.width, memory.recorded * memory.width
        rows = [f"R{k} = {k * width}" for k in range(memory.longest + 1)]
        rows += [f"O{c} = {memory.begins[c] * width}" for c in range(self.form.compartments)]
        rows += [f"WAIT = {end}", f"READY = {end + width}", f"SPIKE = {end + 2 * width}", f"SPARE = {end + width}"]
        real, bits = ("float32", "int32") if self.single else ("float64", "int64")
        numbers = {"width": width, "vector": 1 << shift(self.single), "shift": shift(self.single)}
        head = HEADER.format(real=real, bits=bits, **numbers, method=method, rows="\n".join(rows))
        return head + "\n".join(self._functions() if self.form.membrane else [])

    def body(self) -> str:
        """Return one step without its events."""
        return _indent(self._tree() if self.form.membrane else self._point(), 2)

    @cached_property
    def counts(self) -> bool:
        """Whether ``WAIT`` stands still between spikes and is compared with the step, as a point neuron has it.

        Trees take one from it in every step, and a network after it.
        """
        counted = any(isinstance(s, Put) and s.place is Flag.WAIT for s in self.form.events.rule.watch.statements)
        return counted and not self.form.membrane

    def counted(self, steps: str, levels: int) -> str:
        """Return what counts refractory periods on by some steps."""
        return _indent(COUNTED.format(steps=steps).splitlines(), levels) if self.counts else ""

    # --- passes ------------------------------------------------------------------------------------------------------

    def _point(self) -> list[str]:
        """Return one step of a point neuron, the spike rule in the loop that moves it last."""
        rule, (group,) = self.form.events.rule, self.form.groups
        fires = tuple(s for s in rule.watch.statements if isinstance(s, Fire) or not self.counts)
        admit, watch = self._lines(rule.admit), self._lines(Code(fires, rule.watch.places))
        passes = [one for one in (group.before, group.after) if one]
        loops = [
            self._pass(0, one, "O0", admit if one is passes[0] else [], watch if one is passes[-1] else [])
            for one in passes
        ]
        return ["hits = quiet", *(line for loop in loops for line in loop)]

    def _tree(self) -> list[str]:
        """Return one step of a tree: states and currents by group, the membrane as a whole, then the spike rule."""
        rule = self.form.events.rule
        return [
            *_over_lanes(self._lines(rule.admit)),
            *(_call("before", g) for g, group in enumerate(self.form.groups) if group.before),
            *self._membrane(),
            *(_call("after", g) for g, group in enumerate(self.form.groups) if group.after),
            "hits = quiet",
            *_over_lanes(self._lines(rule.watch)),
        ]

    def _membrane(self) -> list[str]:
        """Return the solution of a tree: written out for each lane or, of a long one, the call of its loops."""
        membrane = self.form.membrane
        assert membrane is not None
        if self.memory.looped:
            return [elimination.CALL]
        return [*self._lines(Code((membrane.step,))), *_over_lanes(self._lines(membrane.code))]

    def _functions(self) -> list[str]:
        """Return the passes as functions of their own: several short ones compile sooner than a long one."""
        lines = []
        for g, group in enumerate(self.form.groups):
            where = f"record_offset[{g}] + c*R{len(group.record.rows)}"
            for which, one in (("before", group.before), ("after", group.after)):
                if one:
                    lines += ["", "", f"def {which}_{g}({PASS}):", "    width = vectors*VECTOR"]
                    lines += ["    " + line for line in self._pass(g, one, where)]
        if self.memory.looped and self.form.membrane:
            (step,) = self._lines(Code((self.form.membrane.step,)))
            lines.append(elimination.functions(self.memory, self.form.membrane, step))
        return lines

    def _pass(self, g: int, one: Pass, where: str, head: Sequence[str] = (), tail: Sequence[str] = ()) -> list[str]:
        """Return the loops of a pass; `head` and `tail` are lines for the lane loop to begin and end with."""
        shared, lines = (self._lines(code, g) for code in (one.shared, one.code))
        if shared:  # one index a record: each that is computed costs compilation
            shared = [f"scalars_at = scalar_offset[{g}] + c*{len(self.form.records[g].scalars)}", *shared]
        return [
            f"for c in range(compartments[{g}]):  # {', '.join(self.form.groups[g].record.group.states)}",
            f"    o = {where}",
            *("    " + line for line in shared),
            "    for l in range(width):",
            *("        " + line for line in (*head, *lines, *tail)),
        ]

    # --- events and spikes -------------------------------------------------------------------------------------------

    def deliver(self) -> list[str]:
        """Return lines that add what one event does, by its port."""
        lines: list[str] = []
        for k, inlet in enumerate(self.form.events.inlets):
            lines.append(f"{'el' if k else ''}if port == {k}:")
            lines += ["    " + line for line in self._lines(inlet.code) or ["pass"]]
        return lines or ["pass"]

    def receive(self, inlets: Sequence[Inlet]) -> list[str]:
        """Return lines that add what has arrived in a step: ``incoming`` holds, per port, summed weights or counts."""
        lines: list[str] = []
        for k, inlet in enumerate(inlets):
            if inlet.puts:
                loop = _over_lanes([f"weight = incoming[{k}*padded + base + l]", *self._lines(inlet.code)])
                lines += [f"if arrived[{k}]:", *("    " + line for line in loop)]
        return lines

    def fired(self) -> str:
        """Return what a spike does to its lane."""
        return _indent(self._lines(self.form.events.rule.fired), 5)

    # --- statements and places ---------------------------------------------------------------------------------------

    def _lines(self, code: Code, group: int = -1) -> list[str]:
        """Return one line or more for each statement; `group` is the one whose compartments take their turn."""
        names = {name: self._place(place, group) for name, place in code.places.items()}
        printer = Printer(self.single, names)
        return [line for statement in code.statements for line in self._statement(statement, group, names, printer)]

    def _statement(self, statement: Statement, group: int, names: dict[str, str], printer: Printer) -> list[str]:
        match statement:
            case Load(name):
                return [f"{spelled(name)} = {names.pop(name)}"]  # from here on it is a local
            case Let(name, value, sign):
                return [f"{spelled(name)} {sign} {printer.doprint(value)}"]
            case Put(Flag.READY) if self.counts:
                return []
            case Put(Flag.WAIT, value) if self.counts:
                return [f"{self._place(Flag.WAIT, group)} = {printer.doprint(value)} + real(n + 1 - since)"]
            case Put(place, value, sign, held):
                gate = f"{self._place(Flag.READY, group)}*" if held else ""
                text = printer.doprint(value)
                return [f"{self._place(place, group)} {sign} {f'{gate}({text})' if gate else text}"]
            case Fire(value):
                spike = f"spike = {printer.doprint(value)}"
                return [spike, f"{self._place(Flag.SPIKE, group)} = spike", "hits |= bits(spike)"]

    def _place(self, place: Place, group: int) -> str:
        """Return the text of a place, as an element of the batch ``a`` or of an argument."""
        match place:
            case Here(name):
                return f"a[o + R{self.form.records[group].rows.index(name)} + l]"
            case Row(name, compartment):
                return f"a[O{compartment} + R{self.memory.row(name, compartment)} + l]"
            case Shared(name):
                scalars = [constant for constant, _ in self.form.records[group].scalars]
                return f"ks[scalars_at + {scalars.index(name)}]"
            case EventConstant():
                return f"a[SPARE + R{self.memory.constants[place]} + l]"
            case Flag.READY if self.counts:
                return "(one if a[WAIT + l] < over else none)"
            case Flag():
                return f"a[{place.name} + l]"
            case Rate(direction, compartment):
                return f"{direction}[{compartment}]"
            case Draw(kind, stream):
                key = ", ".join(f"a[SPARE + R{self.memory.key + k} + l]" for k in (0, 1))
                return f"{kind}({key}, n, {self._stream(stream, group)})"

    def _stream(self, stream: int, group: int) -> str:
        """Return the number of a stream: of nothing that depends on how a batch lies in memory."""
        if group < 0:
            return str(_AT_SPIKE + stream)
        *others, last = (_OF_COMPARTMENT * k + stream for k in self.form.records[group].group.compartments)
        return f"({''.join(f'{one} if c == {k} else ' for k, one in enumerate(others))}{last})"


def _call(which: str, g: int) -> str:
    """Return the call of a pass."""
    return f"{which}_{g}(a, ks, t, n, vectors, compartments, record_offset, scalar_offset)"


def _over_lanes(lines: Sequence[str]) -> list[str]:
    """Return a loop of few instructions over the lanes."""
    return ["for l in range(width):", *("    " + line for line in lines)] if lines else []


def _indent(lines: Sequence[str], levels: int) -> str:
    return "\n".join("    " * levels + line for line in lines)
