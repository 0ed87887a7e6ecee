"""Stimuli of a dorsal-horn circuit: touch, pinprick, noxious and sustained pressure of graded strength; trains.

Each says what some inputs of the circuit fire; its other inputs do what the circuit says, which in
:func:`nmdasim.circuits.dorsal_horn` is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.population import named
from nmdasim.parameters import load
from nmdasim.protocols.protocol import Counts, Protocol, Shares
from nmdasim.protocols.sources import Poisson, Volleys
from nmdasim.quantities import QuantityLike, said

#: Strengths of a test, as shares of the fibres recruited.
INTENSITIES = (0.2, 0.4, 0.6, 0.8, 1.0)
#: The fibres that each stimulus recruits.
FIBRES: Mapping[str, tuple[str, ...]] = {
    "touch": ("touch",),
    "pinprick": ("adelta",),
    "noxious": ("adelta", "c"),
}
#: Seconds that a run goes on after a stimulus.
ANSWER_S = 1.0


@dataclass(frozen=True, repr=False)
class Stimulus(Protocol):
    """A single stimulus: every recruited fibre fires once; the run ends one second after it.

    Both `kind` and `intensity` may be lists: they become dimensions of the result, and as all stimuli last equally
    long, their combinations are lanes of one run.

    Parameters
    ----------
    kind
        ``"touch"``, ``"pinprick"`` (Aδ only) or ``"noxious"`` (Aδ and C).
    intensity
        Share of the fibres recruited, 0 to 1.
    time
        When it comes; several times are a stimulus that is repeated.

    Raises
    ------
    InputError
        If there is no such kind, an intensity is out of range, or a time is negative.
    """

    varies: ClassVar[Mapping[str, str]] = {"kind": "", "intensity": "1"}

    kind: str | Sequence[str] | np.ndarray = "touch"
    intensity: Shares = 1.0
    time: QuantityLike = "500 ms"

    @plainly
    def __post_init__(self) -> None:
        kinds = np.asarray(self.kind)
        if unknown := [kind for kind in kinds.ravel().tolist() if kind not in FIBRES]:
            raise InputError(f"stimulus {unknown[0]!r}; there are {', '.join(FIBRES)}")
        if kinds.ndim > 1 or not kinds.size:
            raise InputError(f"kind = {self.kind!r}; give one of {', '.join(FIBRES)}, or a list of them")
        _check_share(self.intensity, "stimulus")
        times = self._seconds()
        if not times.size or np.any(times < 0):
            raise InputError(f"time = {self.time}; a stimulus does not come before 0 s")

    def _seconds(self) -> np.ndarray:
        return np.ravel(quantities.si(self.time, "ms", name="time"))

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return float(self._seconds().max()) + ANSWER_S

    def sources(self, circuit: Circuit) -> dict[str, Volleys]:
        """Return what its fibres fire."""
        return {fibre: _volleys(circuit, fibre, self.intensity, self.time) for fibre in FIBRES[str(self.kind)]}


@dataclass(frozen=True, repr=False)
class Pressure(Protocol):
    """Sustained pressure: touch, Aδ and C fibres firing at random, at the mean rates of medlock2022 at 100 mN.

    The run ends with it. A list of intensities becomes a dimension of the result.

    Parameters
    ----------
    intensity
        Share of the fibres recruited, 0 to 1.
    start, length
        When it begins, and how long it lasts.

    Raises
    ------
    InputError
        If an intensity is out of range, it lasts no time, or begins before 0 s.
    """

    varies: ClassVar[Mapping[str, str]] = {"intensity": "1"}

    intensity: Shares = 1.0
    start: QuantityLike = "500 ms"
    length: QuantityLike = "5 second"

    @plainly
    def __post_init__(self) -> None:
        _check_share(self.intensity, "pressure")
        if _seconds(self.length, "length") <= 0:
            raise InputError(f"pressure of {self.intensity} for {said(self.length)}; give a time above 0")
        if _seconds(self.start, "start") < 0:
            raise InputError(f"start = {said(self.start)}; pressure does not begin before 0 s")

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return _seconds(self.start, "start") + _seconds(self.length, "length")

    def sources(self, circuit: Circuit) -> dict[str, Poisson]:
        """Return what its fibres fire."""
        second, hertz = quantities.unit("second"), quantities.unit("Hz")
        begin, end = _seconds(self.start, "start") * second, self.duration * second
        found = {}
        for fibre, rate in load("dorsal_horn", "pressure").items():
            size = _size(circuit, fibre)
            recruited = np.arange(size) < round(float(np.asarray(self.intensity)) * size)
            found[fibre] = Poisson(np.where(recruited, float(rate.si), 0.0) * hertz, size, begin, end)
        return found


@dataclass(frozen=True, repr=False)
class Conditioning(Protocol):
    """A train of C-fibre volleys; the run ends one period after the last.

    Parameters
    ----------
    frequency
        Rate of the volleys; a list becomes a dimension of the result, as do several numbers of `pulses`.
    pulses
        Number of volleys.
    start
        Time of the first.

    Raises
    ------
    InputError
        If a rate is not above 0, there is no pulse, or it starts before 0 s.
    """

    varies: ClassVar[Mapping[str, str]] = {"frequency": "Hz", "pulses": "1"}

    frequency: QuantityLike = "1 Hz"
    pulses: Counts = 15
    start: QuantityLike = "1 s"

    @plainly
    def __post_init__(self) -> None:
        rates, counts = quantities.si(self.frequency, "Hz", name="frequency"), np.asarray(self.pulses)
        whole = counts.size and np.issubdtype(counts.dtype, np.integer)
        if rates.ndim > 1 or counts.ndim > 1 or not whole or not rates.size or np.any(rates <= 0) or np.any(counts < 1):
            raise InputError(
                f"pulses = {self.pulses}, frequency = {said(self.frequency)}; give one pulse or more at a rate above 0"
            )
        if _seconds(self.start, "start") < 0:
            raise InputError(f"start = {said(self.start)}; a train does not start before 0 s")

    @property
    def _rate(self) -> float:
        return float(quantities.si(self.frequency, "Hz", name="frequency"))

    @property
    def pulse_times(self) -> np.ndarray:
        """Time of each volley in seconds, shape (pulses,)."""
        return _seconds(self.start, "start") + np.arange(self.pulses) / self._rate

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return _seconds(self.start, "start") + len(self.pulse_times) / self._rate

    @property
    def windows(self) -> tuple[float, ...]:
        """Edges of the windows that per-pulse read-outs refer to: each volley to the next."""
        return (*self.pulse_times.tolist(), self.duration)

    def sources(self, circuit: Circuit) -> dict[str, Volleys]:
        """Return what its fibres fire."""
        return {"c": _volleys(circuit, "c", 1.0, self.pulse_times * quantities.unit("second"))}


def _volleys(circuit: Circuit, fibre: str, intensity: Shares, times: QuantityLike) -> Volleys:
    latency = load("dorsal_horn", "latencies")
    return Volleys(
        times,
        _size(circuit, fibre),
        float(np.asarray(intensity)),
        latency[fibre].value,
        latency[f"{fibre}_jitter"].value,
    )


def _size(circuit: Circuit, fibre: str) -> int:
    """Return the number of fibres behind an input."""
    if not circuit.inputs:
        raise ModelError(f"{circuit.name} has no inputs; a stimulus needs a circuit with {fibre!r} fibres among them")
    return int(named("input", fibre, circuit.inputs, circuit.name).size)


def _seconds(value: QuantityLike, name: str) -> float:
    si = quantities.si(value, "second", name=name)
    if si.ndim:
        raise InputError(f"{name} = {value}; give one value")
    return float(si)


def _check_share(intensity: Shares, what: str) -> None:
    shares = np.asarray(intensity)
    number = np.issubdtype(shares.dtype, np.number) and shares.size and shares.ndim < 2
    if not number or not np.all((shares >= 0) & (shares <= 1)):
        raise InputError(f"{what} of {intensity}; its intensity is a share of the fibres, from 0 to 1, or a list")
