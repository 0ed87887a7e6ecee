"""The current of a file that was read, and NEURON's own, under the same voltage clamp."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from nmdasim import quantities
from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.assemble import Assembled, Assembly
from nmdasim.exchange.nmodl.equations import Equations
from nmdasim.exchange.nmodl.events import synapse
from nmdasim.exchange.nmodl.names import CELSIUS, DIAMETER, ion_variables, units_of
from nmdasim.exchange.nmodl.simulator import NeuronError, Question, answers
from nmdasim.exchange.nmodl.units import Unit
from nmdasim.language.evaluation import evaluator
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model

#: Largest difference from NEURON, relative to the largest current, at which the two agree.
AGREES = 1e-6
#: Potentials in mV, one after the other, each for so many ms.
_POTENTIALS = (-65.0, -90.0, -50.0, -30.0, 0.0, 40.0, -70.0)
_LENGTH, _SAMPLES = 20.0, (1.0, 5.0, 20.0)
#: When events arrive, in ms, and their weight in the file's unit.
_EVENTS, _WEIGHT = (2.5, 22.5, 27.5, 62.5), 0.25
#: Calcium current that a probe carries where a mechanism reads one, in mA/cm².
PROBE = -0.01


@dataclass(frozen=True)
class Difference:
    """How far a mechanism is from NEURON's.

    Parameters
    ----------
    relative
        Largest difference, relative to NEURON's largest value of the same variable.
    compared
        What was compared: currents, or states where there is none.
    """

    relative: float
    compared: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether it is as close as two exact solutions are."""
        return self.relative <= AGREES


@dataclass(frozen=True)
class Loaded:
    """A file that was read."""

    path: Path
    file: nodes.File
    made: Equations
    read: Assembled

    @property
    def compared(self) -> tuple[str, ...]:
        """What is compared: its currents, or what else it moves."""
        return tuple(self.made.currents) or tuple(self.made.concentrations) or tuple(self.made.rates)


def differences(loaded: Sequence[Loaded]) -> list[Difference | NeuronError]:
    """Run mechanisms in NEURON and here, and compare; a file that cannot be compared has a reason in its place."""
    questions = [_question(one) for one in loaded]
    found: list[Difference | NeuronError] = []
    for one, asked, answer in zip(loaded, questions, answers(questions), strict=True):
        try:
            if isinstance(answer, NeuronError):
                raise answer
            found.append(_difference(one, asked, answer))
        except NeuronError as fault:
            found.append(fault)
    return found


def _difference(one: Loaded, asked: Question, answer: Mapping[str, Any]) -> Difference:
    if not one.compared:
        raise NeuronError("there is no current and no state to compare")
    mine = _Here(one, answer["ions"], asked.clamp).rows(one.compared)
    worst = 0.0
    for name in one.compared:
        theirs = np.array([row[name] for row in answer["rows"]], dtype=float)
        size, far = float(np.max(np.abs(theirs))), float(np.max(np.abs(mine[name] - theirs)))
        if not math.isfinite(size) or not math.isfinite(far):
            raise NeuronError(f"{name} is no finite number")
        worst = max(worst, far / size if size else (0.0 if far == 0 else math.inf))
    return Difference(worst, one.compared)


def _steps() -> list[tuple[float, float, list[float]]]:
    return [(k * _LENGTH, v, [k * _LENGTH + s for s in _SAMPLES]) for k, v in enumerate(_POTENTIALS)]


def _question(one: Loaded) -> Question:
    file, made, compared = one.file, one.made, one.compared
    shared = ion_variables(file)
    stepped = any(r.kind == "PROCEDURE" and r.name in _solved(file) for r in file.routines.values())
    arrays = {d.name for d in (*file.states, *file.assigned) if d.length}
    elements = {
        n: (n.rpartition("_")[0], int(n.rpartition("_")[2])) for n in compared if n.rpartition("_")[0] in arrays
    }
    ions = [n for n, s in shared.items() if s.kind != "current" and n not in made.concentrations]
    given = {d.name: d.value for d in file.parameters if d.value is not None}
    own = [n for n in compared if n not in shared and n not in elements]
    clamp = {
        "point": file.kind == "POINT_PROCESS",
        "fixed": stepped,
        "dt": 0.025,
        "celsius": given.get("celsius", CELSIUS),
        "diam": given.get("diam", DIAMETER),
        "own": own,
        "elements": elements,
        "ionic": [n for n in compared if n in shared],
        "ions": ions,
        "probe": PROBE if _reads_calcium_current(one) else 0.0,
        "events": list(_EVENTS) if made.jumps else [],
        "weight": _WEIGHT,
        "steps": _steps(),
    }
    return Question(one.path, file, tuple(n for n in own if n not in file.ranges), clamp)


def _reads_calcium_current(one: Loaded) -> bool:
    shared = ion_variables(one.file)
    return any(s.kind == "current" and s.ion == "ca" and n not in one.made.currents for n, s in shared.items())


def _solved(file: nodes.File) -> set[str]:
    body = file.routines["BREAKPOINT"].body if "BREAKPOINT" in file.routines else ()
    return {s.block for s in body if isinstance(s, nodes.Solve)}


# --- here ------------------------------------------------------------------------------------------------------------


class _Here:
    """The mechanism as the engines read it, solved by SciPy at constant potentials."""

    def __init__(self, one: Loaded, ions: Mapping[str, float], asked: Mapping[str, Any]):
        self.made, self.read, self.asked, self.file = one.made, one.read, asked, one.file
        self.model = model_of(one.read)
        self.states = [n for n in self.model.system.states if n != "v"]
        values = {base: float(self.model.values(base).flat[0]) for base in self.model.parameters.bases}
        scale = {"reversal": 1e-3, "concentration": 1.0}
        for name, share in ion_variables(one.file).items():
            if name in values and name in ions:
                values[name] = ions[name] * scale.get(share.kind, 1.0)
        side = math.pi * asked["diam"] * 1e-6 * 100e-6
        self.values = values | {"area": side, "t": 0.0}
        self.connection: dict[str, float] = {}

    def rows(self, compared: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Return what is compared at every sample, in the file's units and signs."""
        read = {name: self._reading(name) for name in compared}
        rows: dict[str, list[float]] = {name: [] for name in compared}
        self.values["v"] = self.asked["steps"][0][1] * 1e-3
        y = self._begin()
        events = list(self.asked["events"])
        now = 0.0
        for begin, potential, samples in self.asked["steps"]:
            self.values["v"] = potential * 1e-3
            for time in samples:
                for event in [t for t in events if now <= t < time]:
                    y = self._event(self._advance(y, now, event), event)
                    now = event
                    events.remove(event)
                y, now = self._advance(y, now, time), time
                scope = self._scope(y, now)
                for name in compared:
                    function, factor = read[name]
                    rows[name].append(float(function(scope)[0]) * factor)
            del begin
        return {name: np.array(column) for name, column in rows.items()}

    def _reading(self, name: str) -> tuple[Any, float]:
        """Return the function of what is compared, and the factor from SI units to the file's."""
        if name in self.read.currents:
            own, factor = self.read.currents[name], -1e9 if self.asked["point"] else -0.1
        elif name in self.made.concentrations:
            own, factor = name, 1.0
        else:
            own, factor = self.read.states[name], 1.0
        return evaluator([self.model.system.substitute(own, self._names())]), factor

    def _names(self) -> tuple[str, ...]:
        return (*self.values, "t", "area")

    def _scope(self, y: np.ndarray, time: float) -> dict[str, np.ndarray]:
        scope = self.values | dict(zip(self.states, y, strict=True)) | {"t": time * 1e-3}
        return {name: np.asarray(value, dtype=float) for name, value in scope.items()}

    def _begin(self) -> np.ndarray:
        """Return what the states begin with; one may begin with what another does."""
        y = np.zeros(len(self.states))
        for _ in range(3):
            for k, state in enumerate(self.states):
                given = self.read.mechanism.initial.get(state, 0.0)
                expression = self.model.system.substitute(str(given), self._names())
                y[k] = float(evaluator([expression])(self._scope(y, 0.0))[0])
        return y

    def _advance(self, y: np.ndarray, begin: float, end: float) -> np.ndarray:
        if not self.states or end <= begin:
            return y
        if not hasattr(self, "rates"):
            self.rates = evaluator([self.model.system.derivatives[n] for n in self.states])

        def rate(t: float, x: np.ndarray) -> np.ndarray:
            return np.array([float(r) * 1e-3 for r in self.rates(self._scope(x, t))])

        size = np.maximum(np.abs(y), 1e-6)
        done = solve_ivp(rate, (begin, end), y, method="LSODA", rtol=1e-10, atol=1e-13 * size + 1e-18)
        if not done.success:
            raise NeuronError(f"cannot be solved here: {done.message}")
        return done.y[:, -1]

    def _event(self, y: np.ndarray, time: float) -> np.ndarray:
        """Return the states after an event."""
        if self.made.jumps is not None and self.made.jumps.connection:
            return self._through_a_connection(y, time)
        after = y.copy()
        for port in self.model.ports.values():
            for state, text in port.increments():
                scope = self._scope(after, time) | {"weight": np.asarray(self._weight())}
                expression = self.model.system.substitute(text, (*scope, "weight"))
                after[self.states.index(state)] += float(evaluator([expression])(scope)[0])
        return after

    @cached_property
    def _weight_unit(self) -> Unit:
        """The unit in which the file has its weights; of a plain number where it gives none."""
        routine = self.file.routines["NET_RECEIVE"]
        return units_of(self.file).read(routine.units[0] if routine.units else "", routine.place)

    def _weight(self) -> float:
        """Return the weight in SI units."""
        return _WEIGHT * (1.0 if self._weight_unit.is_number else self._weight_unit.factor)

    def _through_a_connection(self, y: np.ndarray, time: float) -> np.ndarray:
        """Return the states after an event that a connection carries; what it holds moves too."""
        rule = synapse(
            Assembly(self.file, self.made, ""), self._weight() * quantities.parse_unit(self._weight_unit.text)
        )
        held = self.connection or dict.fromkeys(rule.variables, 0.0)
        sub = self.model.system.subexpressions
        scope = {name: float(v) for name, v in self._scope(y, time).items()}
        if not self.connection:
            weight = next(n for n, given in rule.initial.items() if not isinstance(given, str))
            held = held | {weight: self._weight()}
            for name, given in rule.initial.items():
                if isinstance(given, str):
                    held[name] = self._number(self.model.system.substitute(given, (*scope, *held)), scope | held)
        after = y.copy()
        for statement in rule.statements("pre"):
            expression = rule.expression(statement.text, [*scope, *sub])
            expression = expression.xreplace({s: sub[s.name] for s in expression.free_symbols if s.name in sub})
            value = self._number(expression, scope | held)
            if statement.name in rule.variables:
                held = held | {statement.name: value}
            else:
                after[self.states.index(rule.sent(statement))] += value
        self.connection = held
        return after

    @staticmethod
    def _number(expression: Any, scope: Mapping[str, float]) -> float:
        return float(evaluator([expression])({n: np.asarray(v) for n, v in scope.items()})[0])


def model_of(read: Assembled) -> Model:
    """Return a membrane that holds nothing but a mechanism.

    Raises
    ------
    ModelError
        If what was read is no model: a unit that does not fit, a name that nothing gives.
    """
    part = read.mechanism
    probe = Mechanism(
        "probe",
        "I_probe = j_probe : amp/meter**2",
        parameters={"j_probe": f"{-PROBE} mA/cm**2"},  # type: ignore[arg-type]
        densities=("I_probe",),
        calcium=() if part.calcium else ("I_probe",),
    )
    return Model.assemble(part.name, [part, probe], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"})
