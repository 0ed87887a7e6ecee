"""Temporal summation as it is tested on a reflex: a short train at a multiple of the threshold for one stimulus.

The design is that of Guirimand et al. 2000 (Anesthesia & Analgesia 90:408): a recruitment curve first, then 15 stimuli
once a second at 1.2 × the threshold of the reflex, before and after a drug.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.model.circuit import Circuit
from nmdasim.protocols.protocol import Arrival, Counts, Protocol
from nmdasim.protocols.strength import STRENGTH
from nmdasim.protocols.windup import WindUp
from nmdasim.quantities import QuantityLike, said

#: What people are tested with.
FEWEST, MOST, SLOWEST, FASTEST = 5, 20, 0.2, 3.0


@dataclass(frozen=True, repr=False)
class TemporalSummation(Protocol):
    """A train of 5 to 20 stimuli at 0.2 to 3 Hz, at a multiple of the threshold for one.

    The threshold is a property of the model: :func:`nmdasim.studies.reflex.temporal_summation` finds it and gives the
    train. The strength of a stimulus is the parameter ``strength`` of a model made with
    :func:`nmdasim.protocols.graded`.

    Parameters
    ----------
    times_threshold
        Strength of the train as a multiple of the threshold.
    frequency, pulses
        Of the train; lists become dimensions.
    start
        Time of the first stimulus.
    fibres
        Fibres that each stimulus drives; those that a model does not have are left out.
    latencies
        As of :class:`nmdasim.protocols.WindUp`.

    Raises
    ------
    InputError
        For a multiple that is not positive, or a train that is not one of 5 to 20 stimuli at 0.2 to 3 Hz.
    UnitError
        For a quantity of the wrong dimension.
    """

    varies: ClassVar[Mapping[str, str]] = WindUp.varies

    times_threshold: float = 1.2
    frequency: QuantityLike = "1 Hz"
    pulses: Counts = 15
    start: QuantityLike = "1 s"
    fibres: tuple[str, ...] = ("adelta", "c")
    latencies: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if np.ndim(self.times_threshold) or not 0 < self.times_threshold < np.inf:
            raise InputError(
                f"times_threshold = {self.times_threshold}; it is one number above 0, as 1.2 of Guirimand et al. 2000"
            )
        rate = quantities.si(self.frequency, "Hz", name="frequency")
        if not np.all((rate >= SLOWEST * (1 - 1e-12)) & (rate <= FASTEST * (1 + 1e-12))):
            raise InputError(
                f"frequency = {said(self.frequency)}; temporal summation is tested at {SLOWEST:g} to {FASTEST:g} Hz; "
                "nm.WindUp takes any rate"
            )
        counts = np.asarray(self.pulses)
        if not np.all((counts >= FEWEST) & (counts <= MOST)):
            raise InputError(
                f"pulses = {self.pulses!r}; temporal summation is tested with {FEWEST} to {MOST} stimuli; "
                "nm.WindUp takes any number"
            )
        WindUp(**self._train())

    def _train(self) -> dict[str, Any]:
        names = ("frequency", "pulses", "start", "fibres", "latencies")
        return {name: getattr(self, name) for name in names}

    @property
    def train(self) -> WindUp:
        """The stimuli."""
        return WindUp(**self._train())

    @property
    def one(self) -> WindUp:
        """One stimulus, followed for a second: with it the threshold is sought."""
        return WindUp(**self._train() | {"frequency": "1 Hz", "pulses": 1})

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.train.duration

    @property
    def windows(self) -> tuple[float, ...]:
        """Each stimulus to the next."""
        return self.train.windows

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> list[Arrival]:
        """Return what the fibres bring.

        Raises
        ------
        InputError
            If the strength of a stimulus is no parameter of the model: the train would come at another strength.
        """
        if not any(STRENGTH in cell.parameters.bases for cell in circuit.cells.values()):
            raise InputError(
                f"a train at {self.times_threshold:g} × threshold needs the threshold of {circuit.name}: give both to "
                "nm.studies.reflex.temporal_summation, which finds it"
            )
        return self.train.arrivals(circuit, rng)
