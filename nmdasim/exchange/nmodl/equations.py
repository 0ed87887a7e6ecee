"""The equations of a file: rates of its states, its currents, what they begin with, and what an event does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.algebra import ZERO, names, operation, slope
from nmdasim.exchange.nmodl.follow import Follower, assigned
from nmdasim.exchange.nmodl.kinetics import Kinetics, steady
from nmdasim.exchange.nmodl.memory import END, expanded, resolved, used
from nmdasim.exchange.nmodl.names import ion_variables
from nmdasim.exchange.nmodl.nodes import Expression, Name, Number
from nmdasim.exchange.nmodl.refusal import NmodlError, warn

_METHODS = ("", "cnexp", "derivimplicit", "sparse", "runge", "euler", "cvode_v", "cvode_t", "cvode_t_v", "implicit")
_BACKWARD = ("derivimplicit", "sparse", "implicit")


@dataclass(frozen=True)
class Jumps:
    """What an event does.

    Parameters
    ----------
    weight, unit
        Name of its weight and the unit that the file gives it; empty for none.
    states
        States of the mechanism: what each is afterwards.
    connection
        What every connection holds: what it is afterwards; what it begins with.
    """

    weight: str
    unit: str
    states: dict[str, Expression]
    connection: dict[str, Expression]
    begins: dict[str, Expression]


@dataclass(frozen=True)
class Equations:
    """The equations of a file, over its parameters, its states, and definitions.

    Parameters
    ----------
    definitions
        Values that others use, by name.
    rates
        d(state)/dt, in the file's units per ms.
    currents, concentrations
        What the mechanism writes: names of the file's, and what they are.
    initial
        What states begin with.
    implicit
        States that the file solves by backward Euler.
    jumps
        What an event does, if one arrives.
    unset
        Names of ASSIGNED that nothing in the file sets.
    """

    definitions: dict[str, Expression]
    rates: dict[str, Expression]
    currents: dict[str, Expression]
    concentrations: dict[str, Expression]
    initial: dict[str, Expression]
    implicit: tuple[str, ...]
    jumps: Jumps | None
    unset: tuple[str, ...]

    def counted(self) -> dict[str, int]:
        """Return how often each definition is used."""
        return used(self.definitions, self.roots())

    def roots(self) -> list[Expression]:
        """Return what the definitions are there for."""
        jumps = self.jumps or Jumps("", "", {}, {}, {})
        groups = (
            self.rates,
            self.currents,
            self.concentrations,
            self.initial,
            jumps.states,
            jumps.connection,
            jumps.begins,
        )
        return [e for group in groups for e in group.values()]


def equations(file: nodes.File) -> Equations:
    """Return the equations of a file.

    Raises
    ------
    NmodlError
        For what is no equation: a memory from step to step, an event that a mechanism sends itself, a pointer.
    """
    if file.kind == "ARTIFICIAL_CELL":
        raise NmodlError("ARTIFICIAL_CELL is no mechanism of a membrane; a source of spikes is nm.Events or nm.Poisson")
    return _Passes(file).equations()


class _Passes:
    """BREAKPOINT, INITIAL and NET_RECEIVE followed, one after the other, from the same beginning."""

    def __init__(self, file: nodes.File):
        self.file = file
        self.follower = Follower(file)
        self.memory = self.follower.memory
        self.implicit: list[str] = []
        self.gone: dict[str, Expression] = {}
        receiving = file.routines.get("NET_RECEIVE")
        self.remembered = self._remembered(receiving) if receiving else []

    def _remembered(self, receiving: nodes.Routine) -> list[str]:
        """Return what an event sets and nothing else does: it lasts, as a state does."""
        moving = [r for r in self.file.routines.values() if r.kind in ("BREAKPOINT", "DERIVATIVE", "KINETIC")]
        elsewhere = {n for r in moving for n in assigned(r.body)}
        here = assigned(receiving.body) - set(receiving.arguments) - elsewhere
        kinds = self.follower.kinds
        found = [n for n in here if kinds.get(n) in ("assigned", "parameter")]
        kinds |= dict.fromkeys(found, "state")
        return sorted(found)

    def equations(self) -> Equations:
        follower, memory = self.follower, self.memory
        main = self._main()
        initial = self._initial()
        jumps = self._jumps()
        memory.definitions |= self.gone
        ends, unset = self._ends(main, initial)
        definitions = resolved(memory.definitions, ends)

        def final(group: dict[str, Expression]) -> dict[str, Expression]:
            return resolved(group, ends)

        rates = {n: follower.rates.get(n, ZERO) for n, kind in follower.kinds.items() if kind == "state"}
        rates = {n: e for n, e in rates.items() if n not in main and n not in self.gone}
        begins = {n: initial.get(n, follower_start(follower, n)) for n in rates}
        currents, concentrations = self._written(main)
        made = Equations(
            definitions,
            final(rates),
            final(currents),
            final(concentrations),
            final(begins),
            tuple(n for n in self.implicit if n in rates),
            jumps
            and Jumps(jumps.weight, jumps.unit, final(jumps.states), final(jumps.connection), final(jumps.begins)),
            tuple(unset),
        )
        self._checked(made, [n for n in main if follower.kinds.get(n) == "state"])
        return made

    def _main(self) -> dict[str, Expression]:
        """Follow BREAKPOINT; return what it leaves behind."""
        follower = self.follower
        follower.on_solve, follower.on_prime = self._solve, self._prime
        if "BREAKPOINT" in self.file.routines:
            follower.run(self.file.routines["BREAKPOINT"])
        follower.on_solve = follower.on_prime = None
        main, self.memory.values = self.memory.values, {}
        return {n: e for n, e in main.items() if n not in ("f_flux", "b_flux")}

    def _initial(self) -> dict[str, Expression]:
        """Follow INITIAL; return what it leaves behind."""
        self.follower.on_solve = self._begin
        if "INITIAL" in self.file.routines:
            self.follower.run(self.file.routines["INITIAL"])
        self.follower.on_solve = None
        initial, self.memory.values = self.memory.values, {}
        return initial

    def _prime(self, one: nodes.Assign, name: str) -> None:
        self.follower.rates[name] = self.follower.value(one.value)

    def _solve(self, one: nodes.Solve) -> None:
        routine = self.follower.routine(one.block, one.place)
        if one.method not in _METHODS or one.steady:
            raise NmodlError(
                f"SOLVE {one.block} {'STEADYSTATE' if one.steady else 'METHOD'} {one.method} is not read", one.place
            )
        before = set(self.follower.rates)
        match routine.kind:
            case "DERIVATIVE":
                self.follower.run(routine)
            case "KINETIC":
                scheme = Kinetics(self.follower)
                scheme.run(routine)
                self.gone |= scheme.eliminated(routine)
                self.follower.rates |= scheme.rates
            case "PROCEDURE":
                self._step(routine)
            case _:
                raise NmodlError(f"SOLVE {one.block}: {routine.kind} is not solved", one.place)
        if one.method in _BACKWARD:
            self.implicit += [n for n in self.follower.rates if n not in before]

    def _step(self, routine: nodes.Routine) -> None:
        """Read a procedure that carries states over a step, ``m = m + (1 - exp(-dt/tau))*(minf - m)``, as rates."""
        follower, memory = self.follower, self.memory
        follower.run(routine)
        for name in [n for n in memory.values if follower.kinds.get(n) == "state"]:
            after = expanded(memory.values[name], memory.definitions, {"dt"})
            if "dt" not in set(names(after)):
                continue
            value, rate = slope(after, "dt")
            if value != Name(name):
                raise NmodlError(f"{routine.name}: {name} after a step of no length is not what it was", routine.place)
            follower.rates[name] = rate
            del memory.values[name]

    def _begin(self, one: nodes.Solve) -> None:
        """Follow SOLVE in INITIAL: a scheme left alone for ever."""
        routine = self.follower.routine(one.block, one.place)
        if routine.kind != "KINETIC" or not one.steady:
            raise NmodlError(f"SOLVE {one.block} in INITIAL is read with STEADYSTATE, of KINETIC", one.place)
        self.memory.values |= steady(self.follower, routine)

    def _ends(
        self, main: dict[str, Expression], initial: dict[str, Expression]
    ) -> tuple[dict[str, Expression], list[str]]:
        """Return what a name that is read before it is given comes to, and the names that nothing gives."""
        ends: dict[str, Expression] = {}
        unset = []
        parameters = {d.name for d in self.file.parameters}
        for name in sorted({n for e in self._everything(main, initial) for n in names(e) if n.endswith(END)}):
            plain = name.removesuffix(END)
            if plain in main:
                ends[name] = main[plain]
            elif plain in initial:
                self._lasting(plain, initial[plain])
                ends[name] = initial[plain]
            else:
                ends[name] = Name(plain)
                if plain not in parameters and self.follower.kinds.get(plain) == "assigned":
                    unset.append(plain)
        return {n: _followed(e, ends) for n, e in ends.items()}, unset

    def _everything(self, *groups: dict[str, Expression]) -> Iterable[Expression]:
        yield from self.memory.definitions.values()
        for group in (*groups, self.follower.rates, self.gone):
            yield from group.values()
        if self.jumps_found is not None:
            for group in (self.jumps_found.states, self.jumps_found.connection, self.jumps_found.begins):
                yield from group.values()

    def _lasting(self, name: str, value: Expression) -> None:
        """Refuse what is set once, at the beginning, and depends on what moves afterwards."""
        moving = {"v", "t", *(n for n, kind in self.follower.kinds.items() if kind == "state")}
        moving |= {n for ion in self.file.ions for n in ion.reads if not n.startswith("e")}
        rests = set(names(expanded(value, self.memory.definitions, moving)))
        if rests & {"v", "t"}:
            raise NmodlError(
                f"{name} is set in INITIAL alone and depends on {sorted(rests & moving)[0]}: it keeps what that was at "
                "the beginning, which is no equation; set it in BREAKPOINT too"
            )

    def _written(self, main: dict[str, Expression]) -> tuple[dict[str, Expression], dict[str, Expression]]:
        """Return the currents and the concentrations that a file writes."""
        currents: dict[str, Expression] = {}
        concentrations: dict[str, Expression] = {}
        for ion in self.file.ions:
            for name in ion.writes:
                if name == f"e{ion.name}":
                    raise NmodlError(f"{name} is written; a reversal potential is a parameter here", ion.place)
                group = currents if name == f"i{ion.name}" else concentrations
                if name in main:
                    group[name] = main[name]
                elif self.follower.kinds.get(name) == "state":
                    group[name] = Name(name)
                else:
                    raise NmodlError(f"{name} is written to the ion and given no value", ion.place)
        for name in (*self.file.nonspecific, *self.file.electrode):
            if name not in main:
                raise NmodlError(f"the current {name} is given no value")
            sign = main[name]
            currents[name] = operation("-", sign) if name in self.file.electrode else sign
        return currents, concentrations

    # --- events ------------------------------------------------------------------------------------------------------

    jumps_found: Jumps | None = None

    def _jumps(self) -> Jumps | None:
        """Follow NET_RECEIVE: what every state is after an event."""
        receiving = self.file.routines.get("NET_RECEIVE")
        if receiving is None:
            return None
        follower, memory = self.follower, self.memory
        begins = self._connection_begins(receiving)
        held = {name: Name(f"{name}@connection") for name in receiving.arguments[1:]}
        given: dict[str, Expression] = dict(held)
        if receiving.arguments:
            given[receiving.arguments[0]] = Name("weight")
        statements = tuple(s for s in receiving.body if not isinstance(s, nodes.Starting))
        frame = follower.run(
            nodes.Routine("NET_RECEIVE", "NET_RECEIVE", (), statements, receiving.place), given | {"flag": ZERO}
        )
        states = {n: e for n, e in memory.values.items() if follower.kinds.get(n) == "state" and e != Name(n)}
        after = {n: frame[n] or ZERO for n in held if frame[n] != held[n]}
        read = {
            n
            for e in [*states.values(), *after.values()]
            for n in names(expanded(e, memory.definitions, {f"{c}@connection" for c in held}))
        }
        lasting = [n for n in held if n in after or f"{n}@connection" in read]
        memory.values = {}
        self.jumps_found = Jumps(
            receiving.arguments[0] if receiving.arguments else "",
            receiving.units[0] if receiving.units else "",
            states,
            {n: after.get(n, held[n]) for n in lasting if f"{n}@connection" in read},
            {n: begins.get(n, ZERO) for n in lasting if f"{n}@connection" in read},
        )
        return self.jumps_found

    def _connection_begins(self, receiving: nodes.Routine) -> dict[str, Expression]:
        begins: dict[str, Expression] = {}
        for one in receiving.body:
            if isinstance(one, nodes.Starting):
                frame = self.follower.run(
                    nodes.Routine("INITIAL", "INITIAL", (), one.body, receiving.place),
                    dict.fromkeys(receiving.arguments, ZERO) | {"t": ZERO},
                )
                begins |= {n: e for n, e in frame.items() if e is not None}
        return begins

    def _checked(self, made: Equations, algebraic: list[str]) -> None:
        """Refuse what depends on the step, or is both a rate and a value."""
        counts = made.counted()
        everything = [*made.roots(), *(made.definitions[n] for n in counts)]
        if any(n == "dt" for e in everything for n in names(e)):
            raise NmodlError("dt is used; equations hold at any step: write the rate of each STATE in DERIVATIVE")
        for name in algebraic:
            if name in self.follower.rates:
                raise NmodlError(f"{name} has a rate and is given a value too; only one of them can hold")
        for name in made.unset:
            warn(f"{self.file.name}: nothing in the file sets {name}; it is a parameter, 0 until it is given", 4)


def follower_start(follower: Follower, name: str) -> Expression:
    """Return what a state begins with that INITIAL does not set: its parameter ``m0``, or 0."""
    if follower.kinds.get(f"{name}0") == "parameter":
        return Name(f"{name}0")
    share = ion_variables(follower.file).get(name)
    return Number(share.default) if share else ZERO  # an ion is there before a mechanism that moves it


def _followed(e: Expression, ends: dict[str, Expression]) -> Expression:
    """Return where a chain of names that are read before they are given leads."""
    seen = set()
    while isinstance(e, Name) and e.name in ends:
        if e.name in seen:
            raise NmodlError(f"{e.name.removesuffix(END)} is given its own value")
        seen.add(e.name)
        e = ends[e.name]
    return e
