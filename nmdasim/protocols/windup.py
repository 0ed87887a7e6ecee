"""Wind-up: a train of electrical stimuli that drives Aδ and C fibres, the way it is tested in animals and people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, nearest, plainly
from nmdasim.model.circuit import Circuit, circuit_of
from nmdasim.model.port import Fibres
from nmdasim.protocols.protocol import Arrival, Counts, Protocol
from nmdasim.quantities import QuantityLike, said

_SENTENCE = re.compile(
    r"\s*(?P<pulses>\d+)\s+(?:C-fibre |C-fiber |C )?(?:pulses|stimuli)\s+at\s+(?P<frequency>[\d.]+\s*\w*Hz)"
    r"(?:\s+in\s+bursts\s+of\s+(?P<burst>\d+))?\s*"
)


#: Fibres of a train, of which a model may lack some.
_USUAL = ("adelta", "c")


@dataclass(frozen=True, repr=False)
class WindUp(Protocol):
    """A train of pulses at one rate.

    The first pulse comes at `start`; the run ends one period after the last. Any of `frequency` and `pulses` may be an
    array: it then becomes a dimension of the result.

    Parameters
    ----------
    frequency
        Rate of the pulses.
    pulses
        Number of pulses.
    start
        Time of the first pulse.
    burst, burst_interval
        Stimuli per pulse, and the time between them.
    fibres
        Fibres that each stimulus drives, as the model names them; those that a model does not have are left out.
    latencies
        Arrival delays by fibre (``"adelta"``, ``"c"``) in place of the drawn ones: quantities of shape (pulses or
        more, synapses), or (synapses,) for one fixed delay per synapse.

    Raises
    ------
    InputError
        For a rate that is not positive, fewer than one pulse or stimulus, or latencies that are negative or not finite.
    UnitError
        For a quantity of the wrong dimension.
    """

    varies: ClassVar[Mapping[str, str]] = {"frequency": "Hz", "pulses": "1"}

    frequency: QuantityLike = "1 Hz"
    pulses: Counts = 15
    start: QuantityLike = "1 s"
    burst: int = 1
    burst_interval: QuantityLike = "10 ms"
    fibres: tuple[str, ...] = _USUAL
    latencies: Mapping[str, QuantityLike] = field(default_factory=dict)

    @plainly
    def __post_init__(self) -> None:
        rate = quantities.si(self.frequency, "Hz", name="frequency")
        if rate.ndim > 1 or rate.size == 0 or np.any(rate < _SLOWEST) or np.any(rate > _FASTEST):
            raise InputError(
                f"frequency = {said(self.frequency)}; a rate is above 0 "
                f"({_SLOWEST:g} Hz to {_FASTEST:g} Hz), one or a list"
            )
        counts = np.asarray(self.pulses)
        if counts.ndim > 1 or not _whole(counts) or np.any(counts < 1) or np.any(counts > _MOST):
            raise InputError(
                f"pulses = {self.pulses!r}; a train has a whole number of pulses, 1 or more (up to {_MOST})"
            )
        if np.ndim(self.burst) or not _whole(np.asarray(self.burst)) or not 1 <= self.burst <= _MOST:
            raise InputError(f"burst = {self.burst}; a pulse has a whole number of stimuli, 1 or more")
        if _single(self.start, "second", "start") < 0:
            raise InputError(f"start = {said(self.start)}; the first pulse does not come before 0 s")
        gap = _single(self.burst_interval, "ms", "burst_interval")
        if gap < 0 or gap * (self.burst - 1) >= 1 / rate.max():
            raise InputError(
                f"a burst of {self.burst} at {self.burst_interval} is not within the period; "
                "give a burst_interval of 0 or more, or fewer stimuli"
            )
        for fibre, table in self.latencies.items():
            self._check_latencies(fibre, quantities.si(table, "ms", name=f"latencies of {fibre}"), int(counts.max()))

    def _check_latencies(self, fibre: str, table: np.ndarray, pulses: int) -> None:
        if table.ndim not in (1, 2) or table.size == 0:
            raise InputError(f"latencies of {fibre} have shape {table.shape}; give (pulses, synapses) or (synapses,)")
        if table.ndim == 2 and table.shape[0] < pulses:
            raise InputError(
                f"latencies of {fibre} have {quantities.several(table.shape[0], 'row')} for "
                f"{quantities.several(pulses, 'pulse')}; give one a pulse"
            )
        if np.any(table < 0) or np.any(table > _LONGEST):
            raise InputError(
                f"latencies of {fibre} reach from {table.min() * 1e3:g} to {table.max() * 1e3:g} ms; "
                f"a delay is 0 ms or more and at most {_LONGEST:g} s"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``"16 C-fibre pulses at 1 Hz"`` or ``"10 pulses at 0.5 Hz in bursts of 3"``."""
        match = _SENTENCE.fullmatch(text)
        if match is None:
            raise InputError(f"cannot read {text!r}; write it as in '16 C-fibre pulses at 1 Hz in bursts of 3'")
        return cls(frequency=match["frequency"], pulses=int(match["pulses"]), burst=int(match["burst"] or 1))

    @property
    def period(self) -> float:
        """Seconds between pulses."""
        return 1 / float(quantities.si(self.frequency, "Hz", name="frequency"))

    @property
    def pulse_times(self) -> np.ndarray:
        """Time of each pulse in seconds, shape (pulses,)."""
        return float(quantities.si(self.start, "second", name="start")) + self.period * np.arange(self.pulses)

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return float(self.pulse_times[-1]) + self.period

    @property
    def windows(self) -> tuple[float, ...]:
        """Edges of the windows that summaries refer to: each pulse to the next."""
        return (*self.pulse_times.tolist(), self.duration)

    def stimuli(self) -> np.ndarray:
        """Time of each stimulus in seconds, shape (pulses, burst)."""
        gap = float(quantities.si(self.burst_interval, "ms", name="burst_interval"))
        return self.pulse_times[:, None] + gap * np.arange(self.burst)

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> list[Arrival]:
        """Return what its fibres bring, latencies drawn from `rng` where not given.

        Raises
        ------
        InputError
            If the model has none of the fibres, or a latency table has the wrong number of synapses.
        """
        stimuli = self.stimuli()[:, :, None]
        driven = {fibre: circuit.fibres[fibre] for fibre in self.fibres if fibre in circuit.fibres}
        if not driven and (inputs := circuit_of(circuit).inputs):
            raise InputError(
                f"{circuit.name} takes its stimuli by the inputs {', '.join(inputs)}; a train of C-fibre "
                "volleys for it is nm.protocols.Conditioning()"
            )
        if not driven:
            raise InputError(
                f"{circuit.name} has no fibres {' or '.join(self.fibres)}; a wind-up train drives some: give the model "
                'fibres={"c": nm.Fibres(port="…", synapses=20, latency="200 ms")}'
                + (f", or the train fibres={tuple(circuit.fibres)}" if circuit.fibres else "")
            )
        self._check_names(circuit, driven)
        parts: list[Arrival] = []
        for fibre, bundle in driven.items():
            times = stimuli + self._delays(fibre, bundle, rng)
            parts += [Arrival(c.population, c.port, times + c.seconds) for c in bundle.contacts]
        return parts

    def _check_names(self, circuit: Circuit, driven: Mapping[str, Fibres]) -> None:
        """Refuse fibres and latencies by names that nothing in a model goes by: they would be left out in silence."""
        if unknown := [fibre for fibre in self.fibres if fibre not in {*circuit.fibres, *_USUAL}]:
            raise InputError(f"{circuit.name} has no fibre {unknown[0]!r}{nearest(unknown[0], circuit.fibres)}")
        tables = [fibre if one.table is None else one.table for fibre, one in driven.items()]
        tables += [link.latency.table for link in circuit_of(circuit).projections if link.latency]
        if unknown := [name for name in self.latencies if name not in tables]:
            raise InputError(
                f"latencies of {unknown[0]!r}: this train drives no such fibre in {circuit.name}"
                f"{nearest(unknown[0], filter(None, tables))}"
            )

    def _delays(self, fibre: str, bundle: Fibres, rng: np.random.Generator) -> np.ndarray:
        """Return delays in seconds, shape (pulses, burst or 1, synapses)."""
        pulses = len(self.pulse_times)
        given = self.latencies.get(fibre if bundle.table is None else bundle.table)
        if given is None:
            drawn = bundle.draw(pulses * self.burst, rng)
            return drawn.reshape(pulses, self.burst, -1)
        table = np.atleast_2d(quantities.si(given, "ms", name=f"latencies of {fibre}"))
        if table.shape[1] != bundle.synapses:
            raise InputError(
                f"latencies of {fibre} have {quantities.several(table.shape[1], 'column')}; "
                f"the model has {quantities.several(bundle.synapses, 'synapse')}"
            )
        rows = np.broadcast_to(table, (pulses, table.shape[1])) if len(table) == 1 else table[:pulses]
        return rows[:, None, :]


#: Limits of input, far outside any experiment: a number beyond them is a slip of the unit, and would never end.
_SLOWEST, _FASTEST, _MOST, _LONGEST = 1e-5, 1e3, 1_000_000, 60.0


def _whole(numbers: np.ndarray) -> bool:
    return bool(np.issubdtype(numbers.dtype, np.integer) and numbers.size)


def _single(value: QuantityLike, unit: str, name: str) -> float:
    si = quantities.si(value, unit, name=name)
    if si.ndim:
        raise InputError(f"{name} = {value}; give one value")
    return float(si)


_HERTZ = quantities.unit("Hz")
