"""Where input enters a model: ports, and the afferent fibres that address them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, answering
from nmdasim.model.typed import shown, typed
from nmdasim.quantities import QuantityLike

_ADDS = re.compile(r"\s*([A-Za-z]\w*)\s*\+=\s*(.+?)\s*")


@answering
@dataclass(frozen=True)
class Port:
    """A named synaptic input.

    Parameters
    ----------
    effect
        What one event adds, ``"state += expression"``, several joined by ``;``. A projection's or an event's own
        strength is the name ``weight``.
    compartment
        The compartment where it arrives.
    signed
        Whether a projection's weight may be negative; by default it may unless the port adds to a conductance.

    Raises
    ------
    InputError
        If `effect` does anything but add to states.
    """

    effect: str
    compartment: int = 0
    signed: bool | None = None

    def __post_init__(self) -> None:
        self.increments()

    def increments(self) -> tuple[tuple[str, str], ...]:
        """Return the (state, expression) pairs that `effect` adds."""
        parts = [part for part in re.split(r"[;\n]", self.effect) if part.strip()]
        matches = [_ADDS.fullmatch(part) for part in parts]
        if not parts or None in matches:
            raise InputError(f"a port adds to states, as in 'g_e += 2*nS; x += 1'; given {self.effect!r}")
        return tuple((match[1], match[2]) for match in matches if match)


@dataclass(frozen=True, repr=False)
class Latency:
    """Arrival delays of a bundle of synapses, normally distributed and never negative.

    Parameters
    ----------
    mean, sd
        Quantities.
    synapses
        Number of synapses, each with a delay of its own.
    redrawn
        Whether every stimulus draws anew; otherwise each synapse keeps its delay.
    table
        Name of the latency table of a protocol that replaces the draw.
    """

    mean: QuantityLike
    sd: QuantityLike
    synapses: int
    redrawn: bool = True
    table: str = ""

    def __repr__(self) -> str:
        return typed(self)

    def draw(self, stimuli: int, rng: np.random.Generator) -> np.ndarray:
        """Return delays in seconds, shape (stimuli, synapses)."""
        mean, sd = (float(quantities.si(x, "ms", name="latency")) for x in (self.mean, self.sd))
        rows = stimuli if self.redrawn else 1
        delays = np.maximum(mean + sd * rng.standard_normal((rows, self.synapses)), 0.0)
        return np.broadcast_to(delays, (stimuli, self.synapses))


@dataclass(frozen=True, repr=False)
class Contact:
    """One kind of receptor under a synapse: the port that it opens, with an extra delay."""

    port: str
    delay: QuantityLike = "0 ms"
    population: str = ""

    def __repr__(self) -> str:
        return typed(self)

    @cached_property
    def seconds(self) -> float:
        """The extra delay in seconds."""
        return float(quantities.si(self.delay, "ms", name="delay"))


@answering
@dataclass(frozen=True, repr=False)
class Fibres:
    """A bundle of afferent fibres of one kind, as a model receives it.

    Parameters
    ----------
    port
        Port that each of its synapses opens, by name, or several; a :class:`Contact` for one with its own delay.
    synapses
        Number of synapses.
    latency, spread
        Mean and standard deviation of the time from a stimulus to the arrival at a synapse.
    redrawn
        Whether every stimulus draws the latencies anew; otherwise each synapse keeps its own.
    table
        Name under which a protocol may give measured latencies in place of the drawn ones: by default that of the
        bundle, ``""`` for none.

    Raises
    ------
    InputError
        For no port, fewer than one synapse, or times that are negative.
    UnitError
        For a latency that is no time.
    """

    port: str | Contact | Sequence[str | Contact]
    synapses: int = 1
    latency: QuantityLike = "0 ms"
    spread: QuantityLike = "0 ms"
    redrawn: bool = True
    table: str | None = None

    def __repr__(self) -> str:
        return typed(self)

    def _repr_html_(self) -> str:
        return shown(self)

    def __post_init__(self) -> None:
        if not self.contacts:
            raise InputError("a bundle of fibres opens a port; give port=, one name or several")
        if isinstance(self.synapses, bool) or int(self.synapses) != self.synapses or self.synapses < 1:
            raise InputError(f"synapses = {self.synapses}; a bundle of fibres has a whole number of them, 1 or more")
        for name, given in (("latency", self.latency), ("spread", self.spread)):
            if float(quantities.si(given, "ms", name=name)) < 0:
                raise InputError(f"{name} = {given}; a time is 0 ms or more")

    @cached_property
    def contacts(self) -> tuple[Contact, ...]:
        """What each synapse opens."""
        ports = (self.port,) if isinstance(self.port, str | Contact) else self.port
        return tuple(port if isinstance(port, Contact) else Contact(port) for port in ports)

    def draw(self, stimuli: int, rng: np.random.Generator) -> np.ndarray:
        """Return latencies in seconds, shape (stimuli, synapses)."""
        return Latency(self.latency, self.spread, self.synapses, self.redrawn).draw(stimuli, rng)


@answering
@dataclass(frozen=True)
class Summary:
    """One number per window of a run, cheap to keep: an extremum of a variable, or its value at the window's start.

    Without a `unit` it is in the conventional one of its variable.

    Engines differ in whether the value at the start holds what an event of that very moment did: on ``kernel`` and
    ``javascript`` it does; on ``brian2`` too, but at the start of the run; on ``reference`` it holds that alone; on
    ``neuron`` it may or may not, as times round. Where fibres have a latency nothing arrives at the start of a window,
    and all engines agree.
    """

    variable: str
    region: str
    kind: str = "max"
    unit: str = ""
    long_name: str = field(default="")

    def __post_init__(self) -> None:
        if self.kind not in ("max", "min", "start"):
            raise InputError(f"summary kind {self.kind!r} is not one of max, min, start")
