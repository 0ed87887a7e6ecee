"""Stimuli of a dorsal-horn circuit: touch, pinprick, noxious and sustained pressure of graded strength; trains."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.parameters import load
from nmdasim.protocols.sources import Poisson, Volleys
from nmdasim.quantities import QuantityLike

#: Strengths of a test, as shares of the fibres recruited.
INTENSITIES = (0.2, 0.4, 0.6, 0.8, 1.0)
#: The fibres that each stimulus recruits.
FIBRES: Mapping[str, tuple[str, ...]] = {
    "touch": ("touch",),
    "pinprick": ("adelta",),
    "noxious": ("adelta", "c"),
}


def stimulus(kind: str, intensity: float = 1.0, times: QuantityLike = "500 ms") -> dict[str, Volleys]:
    """Return what a stimulus makes the fibres of a dorsal-horn circuit do.

    Parameters
    ----------
    kind
        ``"touch"``, ``"pinprick"`` (Aδ only) or ``"noxious"`` (Aδ and C).
    intensity
        Share of the fibres recruited, 0 to 1.
    times
        When it comes.

    Raises
    ------
    InputError
        If there is no such kind, or the intensity is out of range.
    """
    if kind not in FIBRES:
        raise InputError(f"stimulus {kind!r}; there are {', '.join(FIBRES)}")
    return {fibre: _volleys(fibre, intensity, times) for fibre in FIBRES[kind]}


def pressure(
    intensity: float = 1.0, *, start: QuantityLike = "500 ms", duration: QuantityLike = "5 second"
) -> dict[str, Poisson]:
    """Return sustained pressure: touch, Aδ and C fibres firing at random, at the mean rates of medlock2022 at 100 mN.

    Parameters
    ----------
    intensity
        Share of the fibres recruited, 0 to 1.
    start, duration
        When it begins, and how long it lasts.

    Raises
    ------
    InputError
        If the intensity is out of range or it lasts no time.
    """
    begin, length = (float(quantities.si(x, "second", name=n)) for x, n in ((start, "start"), (duration, "duration")))
    if not 0 <= intensity <= 1 or length <= 0:
        raise InputError(f"pressure of {intensity} for {duration}; give a share from 0 to 1 and a time above 0")
    sizes = {fibre: int(load("dorsal_horn", "sizes")[fibre].si) for fibre in ("touch", "adelta", "c")}
    rates = {fibre: float(rate.si) for fibre, rate in load("dorsal_horn", "pressure").items()}
    second = quantities.unit("second")
    return {
        fibre: Poisson(
            np.where(np.arange(size) < round(intensity * size), rates[fibre], 0.0) * quantities.unit("Hz"),
            size,
            begin * second,
            (begin + length) * second,
        )
        for fibre, size in sizes.items()
    }


def conditioning(frequency: QuantityLike = "1 Hz", pulses: int = 15) -> dict[str, Volleys]:
    """Return a train of C-fibre volleys, the first after one second; no other fibre fires.

    Raises
    ------
    InputError
        If the rate is not above 0 or there is no pulse.
    """
    rate = float(quantities.si(frequency, "Hz", name="frequency"))
    if rate <= 0 or pulses < 1:
        raise InputError(f"conditioning with {pulses} pulses at {frequency}; give one or more at a rate above 0")
    return {"c": _volleys("c", 1.0, (1 + np.arange(pulses) / rate) * quantities.unit("second"))}


def _volleys(fibre: str, intensity: float, times: QuantityLike) -> Volleys:
    latency, size = load("dorsal_horn", "latencies"), load("dorsal_horn", "sizes")
    return Volleys(times, int(size[fibre].si), intensity, latency[fibre].value, latency[f"{fibre}_jitter"].value)
