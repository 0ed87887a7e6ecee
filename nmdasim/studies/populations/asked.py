"""A population of models as a value: model, protocol, ranges, bands and the question, checked on construction."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.model.spelling import spell
from nmdasim.parameters import concentrations
from nmdasim.protocols import WindUp
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.blockers import known as drugs
from nmdasim.receptors.dosing import dosed
from nmdasim.studies.populations.bands import Bands, bands
from nmdasim.studies.populations.draws import Factors, factors, numbers
from nmdasim.studies.populations.multiple import Multiple
from nmdasim.sweep.samples import Samples
from nmdasim.sweep.specification import Sweep

#: Doses that are asked where the model knows ketamine and nothing else is said: free, at the receptor.
DOSES: Mapping[str, Any] = {"ketamine": ["0.1 uM", "0.3 uM", "1 uM"]}
#: More draws, or draws of latencies, than these are a slip of the keyboard.
_MOST, _MOST_SEEDS = 10_000_000, 100_000


@dataclass(frozen=True, eq=False)
class Check:
    """A further test of the draws that passed so far, in which something else is done or something is changed.

    Parameters
    ----------
    accept
        Bands that read-outs have to meet.
    protocol
        What is done in place of the population's own protocol.
    set
        Other values of parameters, ``{"gain_nmda": 0}``; for every draw the same.
    name
        What it tests, for listings.
    """

    accept: Bands
    protocol: Any = None
    set: Mapping[str, Any] = field(default_factory=dict)
    name: str = "check"

    def __post_init__(self) -> None:
        if not self.accept:
            raise InputError(f"{self.name}: no bands; give at least one, as in accept = {{ratio = [0.5, 1.2]}}")
        object.__setattr__(self, "accept", bands(self.accept, self.name))


@dataclass(frozen=True, eq=False)
class Population:
    """A population of models; :func:`nmdasim.studies.population_of_models` describes the arguments."""

    model: Model | Circuit
    protocol: Any = field(default_factory=WindUp)
    ranges: Mapping[str, Any] = field(default_factory=dict)
    accept: Mapping[str, Any] = field(default_factory=dict)
    draws: int = 2000
    seed: int = 0
    checks: tuple[Check, ...] = ()
    doses: Mapping[str, Any] | None = None
    answers: tuple[str, ...] = ("index", "input")
    sampling: str = "latin_hypercube"
    log: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    shares: tuple[str, ...] = ()
    multiple: Multiple | None = None
    seeds: int = 16
    pilot: int = 256
    block: str | None = None
    duration: QuantityLike | None = None
    dt: QuantityLike | None = None
    method: str = ""
    engine: str = "kernel"
    chunk: int | None = None
    title: str = ""

    def __post_init__(self) -> None:
        for name, most in (("draws", _MOST), ("pilot", _MOST), ("seeds", _MOST_SEEDS)):
            value = getattr(self, name)
            if not isinstance(value, int) or not 1 <= value <= most:
                raise InputError(f"{name} = {value!r}; give a whole number from 1 to {most:,}")
        if not self.accept:
            raise InputError("no bands of data; give at least one, as in accept = {ratio = [1.5, 4]}")
        set_ = object.__setattr__
        set_(self, "accept", bands(self.accept))
        if self.doses is None:
            knows = any("ketamine" in cell.parameters.bases for cell in cells_of(self.model).values())
            set_(self, "doses", DOSES if knows else {})
        set_(self, "doses", {name: _read(name, values) for name, values in (self.doses or {}).items()})
        named = [*(self.doses or {}), *self.ranges, *(key for check in self.checks for key in check.set)]
        set_(self, "model", dosed(self.model, [name for name in named if name in drugs()]))
        if self.block is None and any(cell.starts for cell in cells_of(self.model).values()):
            set_(self, "block", "equilibrated")
        if self.doses and len(self.doses) != 1:
            raise InputError(f"doses of {', '.join(self.doses)}; a question has one axis")
        self._check_parts()

    def _check_parts(self) -> None:
        """Ask of every part what would be refused later."""
        _ = self.samples, self.factors, self.settings
        if self.multiple and self.multiple.parameter in self.factors.base:
            raise InputError(f"{self.multiple.parameter} is drawn, and set by the threshold; keep one of them")
        for k in range(len(self.stages)):
            sweep = self.plain(k)
            bad = [name for name in self.stages[k].accept if sweep.per_pulse(name)]
            bad += [name for name in self.answers if k == 0 and sweep.per_pulse(name)]
            if bad:
                raise InputError(f"{bad[0]} has a number for every pulse; a band and an answer want one of a draw")
        if self.doses:
            Sweep(self.model, self.protocol, dict(self.doses), **self.options(0))

    # --- what is varied ----------------------------------------------------------------------------------------------

    @cached_property
    def samples(self) -> Samples:
        """The design: ranges, and one column of the unit interval for each share."""
        unit = dict.fromkeys(self.shares, (0.0, 1.0))
        if twice := set(self.shares) & set(self.ranges):
            raise InputError(
                f"{', '.join(sorted(twice))}: a share has no range; shares are drawn so that they sum to 1"
            )
        if len(self.shares) == 1:
            raise InputError(f"shares = {self.shares[0]}; of one kind alone the share is 1: give two or more, or none")
        return Samples({**self.ranges, **unit}, self.draws, self.sampling, tuple(self.log), self.seed)

    @cached_property
    def factors(self) -> Factors:
        """Which parameters each range sets or scales."""
        return factors(self.bare, self.samples.ranges, self.groups)

    @cached_property
    def settings(self) -> dict[str, float]:
        """SI values, in the model, of what checks and doses change: varied in every stage, so one kernel does all."""
        own = [name for check in self.checks for name in check.set]
        own += [self.multiple.parameter] if self.multiple else []
        own += [name for name in self.doses or {} if name not in self.bare.done_to.varies]
        return {key: value for name in own for key, value in numbers(self.bare, {name: None}).items()}

    def changed(self, stage: int) -> dict[str, float]:
        """Return SI values of what a stage sets."""
        return numbers(self.bare, self.stages[stage].set)

    # --- what is run -------------------------------------------------------------------------------------------------

    @property
    def stages(self) -> tuple[Check, ...]:
        """The tests in order, cheapest first as they are given: the population's own bands, then the checks."""
        return (Check(self.accept, name="control"), *self.checks)

    def readouts(self, stage: int) -> tuple[str, ...]:
        """Return what is kept of the lanes of a stage."""
        return tuple(dict.fromkeys([*self.stages[stage].accept, *(self.answers if stage == 0 else ())]))

    def options(self, stage: int) -> dict[str, Any]:
        """Return what the sweeps of a stage are given besides model, protocol and axes."""
        names = ("block", "duration", "dt", "method", "engine", "chunk", "title")
        return {name: getattr(self, name) for name in names} | {"readouts": self.readouts(stage)}

    def done_in(self, stage: int) -> Any:
        """Return what is done to the model in a stage."""
        own = self.stages[stage].protocol
        return self.protocol if own is None else own

    def plain(self, stage: int) -> Sweep:
        """Return the run of a stage with nothing varied: whether it can be asked at all."""
        return Sweep(self.model, self.done_in(stage), {}, **self.options(stage))

    @cached_property
    def bare(self) -> Sweep:
        """The first stage with nothing varied."""
        return self.plain(0)

    @cached_property
    def identity(self) -> dict[str, str]:
        """Everything that determines the numbers, as flat text."""
        names = [one.name for one in dataclasses.fields(self) if one.name not in ("model", "title", "pilot")]
        found = {name: spell(getattr(self, name)) for name in names if name not in ("checks", "protocol")}
        found |= {"model": self.model.name, "protocol": spell(self.bare.done_to)}
        for check in self.checks:
            parts = {"accept": check.accept, "protocol": check.protocol, "set": check.set}
            found[f"check {check.name}"] = spell(parts)
        return found | self.bare.identity


def _read(name: str, values: Any) -> Any:
    """Return doses given as text as quantities, a drug's as free drug; names of something stay names."""
    try:
        texts = np.ndim(values) > 0 and any(isinstance(one, str) for one in values)
        return quantities.quantity(concentrations.named(name, values)) if texts else values
    except UnitError:
        return values
