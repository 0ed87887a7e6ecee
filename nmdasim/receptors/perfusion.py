"""A drug in the bath of a patch: use-dependent onset, wash-in and wash-out, recovery with and without agonist."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.exact import Step, blocked, respond
from nmdasim.receptors.scheme import Scheme

GLUTAMATE, WIDTH = "1 mM", "1 ms"


@plainly
def train(
    scheme: Scheme,
    drug: str,
    *,
    pulses: int = 15,
    frequency: QuantityLike = "1 Hz",
    before: QuantityLike = "1 second",
    start: np.ndarray | None = None,
    sample: QuantityLike = "1 ms",
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Give a train of pulses of 1 mM × 1 ms in the presence of a drug, as C fibres do in a wind-up train.

    Parameters
    ----------
    scheme
        A scheme with the drug's blocked states.
    drug
        Key of the drug, whose concentration is a condition.
    pulses, frequency
        The train.
    before
        Time with the drug but without glutamate.
    start
        State probabilities at time 0; by default nothing is bound yet (wash-in).
    sample
        Sampling interval.
    conditions
        Voltage, magnesium, the drug and parameters.

    Returns
    -------
    xarray.Dataset
        ``open``, ``blocked`` (time); ``peak_open`` and ``blocked_before`` (pulse).
    """
    period = _period(frequency, pulses)
    hit = Step(WIDTH, {"glutamate": GLUTAMATE})
    cycle = [hit, Step(f"{period - hit.seconds} second")]
    steps = [Step(before), *(cycle * pulses)]
    result = respond(scheme, steps, start=start, sample=sample, **conditions)
    result["blocked"] = blocked(result, scheme, drug)
    onset = (steps[0].seconds + period * np.arange(pulses)) * 1e3
    result["pulse"] = ("pulse", np.arange(1, pulses + 1))
    result["pulse_time"] = ("pulse", onset, {"units": "ms", "long_name": "time of the pulse"})
    edges = np.searchsorted(result.time.values, np.append(onset, np.inf) - 1e-6)
    peaks = [result.open.values[a:b].max() for a, b in pairwise(edges)]
    result["peak_open"] = ("pulse", peaks, {"units": "1", "long_name": "peak open probability"})
    result["blocked_before"] = (
        "pulse",
        result.blocked.values[edges[:-1]],
        {"units": "1", "long_name": "share blocked just before the pulse"},
    )
    return result


def _period(frequency: QuantityLike, pulses: int) -> float:
    """Return the time from pulse to pulse in seconds."""
    rate = quantities.number(frequency, "Hz", name="frequency")
    if pulses < 1:
        raise InputError(f"pulses = {pulses}; a train has 1 or more")
    if not 0 < rate * Step(WIDTH).seconds < 1:
        raise InputError(f"frequency = {frequency}; it is above 0 Hz, and pulses of {WIDTH} do not overlap")
    return 1 / rate


@plainly
def wash(
    scheme: Scheme,
    drug: str,
    concentration: QuantityLike,
    *,
    on: QuantityLike = "20 second",
    off: QuantityLike = "40 second",
    glutamate: QuantityLike = GLUTAMATE,
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Wash a drug in and out again while glutamate stays on.

    Returns
    -------
    xarray.Dataset
        ``open``, ``blocked`` (time): 5 s without the drug, `on` with it, `off` without.
    """
    steady = scheme.steady(glutamate=glutamate, **conditions)
    steps = [Step("5 second"), Step(on, {drug: concentration}), Step(off)]
    result = respond(scheme, steps, start=steady, sample="20 ms", glutamate=glutamate, **conditions)
    result["blocked"] = blocked(result, scheme, drug)
    return result


@plainly
def equilibrated(scheme: Scheme, drug: str, concentration: QuantityLike, **conditions: QuantityLike) -> np.ndarray:
    """Return state probabilities after long exposure to a drug with hardly any glutamate (1 nM) around."""
    return scheme.steady(glutamate="1 nM", **{drug: concentration}, **conditions)


@plainly
def recovery(
    scheme: Scheme,
    drug: str,
    concentration: QuantityLike,
    *,
    agonist: bool,
    pulses: int = 60,
    frequency: QuantityLike = "1 Hz",
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Remove a drug after it has blocked in glutamate for a long time, and follow what stays.

    Parameters
    ----------
    scheme
        A scheme with the drug's blocked states.
    drug, concentration
        What was applied.
    agonist
        Whether pulses of glutamate go on after the drug is gone; without them a trapped drug stays.
    pulses, frequency
        Their number and rate; without agonist, the time they would have taken.
    conditions
        Voltage, magnesium and parameters.

    Returns
    -------
    xarray.Dataset
        ``open``, ``blocked`` (time), time from removal.
    """
    steady = scheme.steady(glutamate=GLUTAMATE, **{drug: concentration}, **conditions)
    if agonist:
        return train(
            scheme, drug, pulses=pulses, frequency=frequency, before="1 ms", start=steady, sample="5 ms", **conditions
        )
    length = pulses * _period(frequency, pulses)
    result = respond(scheme, [Step(f"{length} second")], start=steady, sample="5 ms", **conditions)
    result["blocked"] = blocked(result, scheme, drug)
    return result
