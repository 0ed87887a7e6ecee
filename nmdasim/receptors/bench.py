"""The receptor bench: what an electrophysiologist does to a patch of NMDA receptors, done exactly to a scheme.

Every protocol takes a :class:`Scheme` and returns an ``xarray.Dataset`` with units. Conditions (voltage, magnesium,
drugs, any parameter of the scheme) are keywords: ``pulse(scheme("clements1992"), v="-40 mV", mg="0 mM")``.
Currents are those of one conductance `conductance`, negative inward, as they are drawn in an electrophysiology paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy.linalg import expm
from scipy.optimize import brentq, minimize_scalar

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.coordinates import coordinate
from nmdasim.receptors.exact import Step, provenance, respond
from nmdasim.receptors.perfusion import GLUTAMATE, WIDTH, equilibrated, recovery, train, wash
from nmdasim.receptors.scheme import Scheme

__all__ = [
    "equilibrated",
    "iv_curve",
    "paired_pulses",
    "pulse",
    "recovery",
    "steady",
    "train",
    "voltage_ramp",
    "voltage_step",
    "wash",
]


@plainly
def pulse(
    scheme: Scheme,
    *,
    glutamate: QuantityLike = GLUTAMATE,
    duration: QuantityLike = WIDTH,
    tail: QuantityLike = "2 second",
    sample: QuantityLike = "0.1 ms",
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Give one square pulse of glutamate at time 0.

    Parameters
    ----------
    scheme
        The receptor.
    glutamate, duration
        The pulse.
    tail
        Time recorded after it.
    sample
        Sampling interval of the trace; peak and decay do not depend on it.
    conditions
        Voltage, magnesium, drugs and parameters.

    Returns
    -------
    xarray.Dataset
        The trace, with ``peak_open``, ``time_to_peak`` and ``decay_1e`` (ms from the peak until 1/e of it is left; NaN
        where nothing opens).
    """
    steps = [Step(duration, {"glutamate": glutamate}), Step(tail)]
    result = respond(scheme, steps, start=None, sample=sample, **conditions)
    peak, when, decay = _measure(scheme, steps, result, conditions)
    result["peak_open"] = ((), peak, {"units": "1", "long_name": "peak open probability"})
    result["time_to_peak"] = (
        (),
        when * 1e3,
        {"units": "ms", "long_name": "time from the start of the pulse to the peak"},
    )
    result["decay_1e"] = ((), decay * 1e3, {"units": "ms", "long_name": "time from the peak to 1/e of it"})
    return result


def _measure(
    scheme: Scheme, steps: Sequence[Step], trace: xr.Dataset, conditions: dict[str, Any]
) -> tuple[float, float, float]:
    """Return the peak, its time and the time from there to 1/e (seconds), by root finding on the exact response."""
    width = steps[0].seconds
    course = _continuous(scheme, steps, trace.occupancy.values[0], conditions)
    times = trace.time.values / 1e3
    k = int(np.argmax(trace.open.values))
    if trace.open.values[k] <= 0:
        return 0.0, np.nan, np.nan
    low, high = times[max(k - 1, 0)], times[min(k + 1, len(times) - 1)]
    found = minimize_scalar(lambda t: -course(t), bounds=(low, high), method="bounded", options={"xatol": 1e-9})
    when = max((float(found.x), float(times[k]), width), key=course)
    peak = course(when)
    end = times[-1]
    while course(end) > peak / math.e:
        end *= 2
        if end > 1e5:
            return peak, when, np.nan
    return peak, when, float(brentq(lambda t: course(t) - peak / math.e, when, end, xtol=1e-9)) - when


def _continuous(
    scheme: Scheme, steps: Sequence[Step], start: np.ndarray, conditions: dict[str, Any]
) -> Callable[[float], float]:
    """Return the open probability as a function of time, for a pulse and what follows."""
    settings = [{**conditions, **step.conditions} for step in steps]
    generators = [scheme.generator(**each) for each in settings]
    width = steps[0].seconds
    after = start @ expm(generators[0] * width)

    def course(t: float) -> float:
        if t < width:
            return float(scheme.open(start @ expm(generators[0] * t), **settings[0]))
        return float(scheme.open(after @ expm(generators[1] * (t - width)), **settings[1]))

    return course


@plainly
def paired_pulses(scheme: Scheme, intervals: QuantityLike, **conditions: QuantityLike) -> xr.Dataset:
    """Give two pulses of 1 mM × 1 ms and compare the second response with the first.

    Parameters
    ----------
    scheme
        The receptor.
    intervals
        Times from pulse to pulse, longer than the pulse, shape (intervals,).
    conditions
        Voltage, magnesium, drugs and parameters.

    Returns
    -------
    xarray.Dataset
        ``ratio`` (interval): what the second pulse adds at its peak over the peak of the first.
    """
    gaps = np.atleast_1d(quantities.si(intervals, "ms", name="intervals"))
    hit = Step(WIDTH, {"glutamate": GLUTAMATE})
    ratios = []
    for gap in gaps:
        rest = float(gap) - hit.seconds
        if rest <= 0:
            raise InputError(f"interval = {gap * 1e3:g} ms; it is longer than the pulse of {WIDTH}")
        between = Step(f"{rest} second")
        both = respond(scheme, [hit, between, hit, Step("1 second")], start=None, sample="0.2 ms", **conditions)
        alone = respond(
            scheme, [hit, between, Step(WIDTH), Step("1 second")], start=None, sample="0.2 ms", **conditions
        )
        late = both.time.values >= gap * 1e3
        ratios.append(float((both.open - alone.open).values[late].max() / alone.open.values.max()))
    data = xr.Dataset(coords={"interval": coordinate("interval", gaps, intervals, "ms", "time from pulse to pulse")})
    data["ratio"] = ("interval", ratios, {"units": "1", "long_name": "second response over the first"})
    return data.assign_attrs(provenance(scheme, conditions))


# --- voltage ---------------------------------------------------------------------------------------------------------


@plainly
def iv_curve(
    scheme: Scheme,
    v: QuantityLike,
    mg: QuantityLike = "1 mM",
    *,
    conductance: QuantityLike = "1 nS",
    glutamate: QuantityLike = GLUTAMATE,
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Measure the steady current against voltage while glutamate stays on.

    Parameters
    ----------
    scheme
        The receptor.
    v
        Voltages, shape (voltages,).
    mg
        Magnesium, one or several concentrations.
    conductance
        Conductance if every receptor conducted.
    glutamate
        Concentration that stays on.
    conditions
        Drugs and parameters.

    Returns
    -------
    xarray.Dataset
        ``open`` and ``current`` (mg, v).
    """
    volts, baths = (np.atleast_1d(quantities.si(x, u, name=n)) for x, u, n in ((v, "mV", "v"), (mg, "mM", "mg")))
    settings = {
        "v": volts * quantities.unit("volt"),
        "mg": baths[:, None] * quantities.unit("mM"),
        "glutamate": glutamate,
    }
    opened = scheme.open(scheme.steady(**settings, **conditions), **settings, **conditions)
    data = xr.Dataset(
        coords={
            "mg": coordinate("mg", baths, mg, "mM", "magnesium"),
            "v": coordinate("v", volts, v, "mV", "holding potential"),
        }
    )
    data["open"] = (("mg", "v"), opened, {"units": "1", "long_name": "probability that a receptor conducts"})
    data["current"] = (
        ("mg", "v"),
        _current(scheme, opened, volts, conductance),
        {"units": "pA", "long_name": "current"},
    )
    return data.assign_attrs(provenance(scheme, conditions | {"glutamate": glutamate}))


@plainly
def steady(
    scheme: Scheme,
    *,
    v: QuantityLike,
    mg: QuantityLike = "1 mM",
    glutamate: QuantityLike = GLUTAMATE,
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Keep glutamate on for ever at one voltage, with and without magnesium; and at other voltages beside it.

    Returns
    -------
    xarray.Dataset
        At `v`: ``open_with_mg``, ``open_without_mg`` and their ``ratio`` (NaN where nothing opens). From -100 to 60 mV:
        ``open`` and ``current`` (mg, v), as :func:`iv_curve`.
    """
    asked = [{"v": v, "mg": bath, "glutamate": glutamate, **conditions} for bath in (mg, "0 mM")]
    plugged, free = (float(scheme.open(scheme.steady(**one), **one)) for one in asked)
    held, bath = (quantities.number(x, u, name=n) for x, u, n in ((v, "mV", "v"), (mg, "mM", "mg")))
    volts = np.unique(np.append(np.linspace(-0.1, 0.06, 81), held).round(12)) * quantities.unit("volt")
    baths = list(dict.fromkeys((0.0, bath))) * quantities.unit("mM")
    data = iv_curve(scheme, volts, baths, glutamate=glutamate, **conditions)
    left = "probability that a receptor conducts at the voltage that was asked for"
    data["open_with_mg"] = ((), plugged, {"units": "1", "long_name": left})
    data["open_without_mg"] = ((), free, {"units": "1", "long_name": f"{left}, without magnesium"})
    ratio = plugged / free if free > 0 else np.nan
    data["ratio"] = ((), ratio, {"units": "1", "long_name": "share that magnesium leaves"})
    return data.assign_attrs(v=f"{held * 1e3:g} mV", mg=f"{bath:g} mM")


def _current(scheme: Scheme, opened: np.ndarray, volts: np.ndarray, conductance: QuantityLike) -> np.ndarray:
    """Return currents in pA, negative inward."""
    siemens = quantities.number(conductance, "nS", name="conductance")
    if siemens < 0:
        raise InputError(f"conductance = {conductance}; a conductance is not negative")
    return np.asarray(siemens * opened * (volts - float(scheme.parameters["E_nmda"].si)) * 1e12)


@plainly
def voltage_step(
    scheme: Scheme,
    start: QuantityLike,
    to: QuantityLike,
    *,
    duration: QuantityLike = "50 ms",
    conductance: QuantityLike = "1 nS",
    glutamate: QuantityLike = GLUTAMATE,
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Step the voltage from `start` to `to` and back (10 ms before, 50 ms after) while glutamate stays on.

    Returns
    -------
    xarray.Dataset
        ``open``, ``current``, ``v`` (time). A scheme with magnesium inside relaxes; the fast block jumps.
    """
    steady = scheme.steady(v=start, glutamate=glutamate, **conditions)
    steps = [Step("10 ms"), Step(duration, {"v": to}), Step("50 ms")]
    result = respond(scheme, steps, start=steady, sample="0.02 ms", v=start, glutamate=glutamate, **conditions)
    return _with_current(scheme, result, conductance)


@plainly
def voltage_ramp(
    scheme: Scheme,
    start: QuantityLike = "-100 mV",
    stop: QuantityLike = "60 mV",
    *,
    duration: QuantityLike = "1 second",
    conductance: QuantityLike = "1 nS",
    glutamate: QuantityLike = GLUTAMATE,
    points: int = 321,
    **conditions: QuantityLike,
) -> xr.Dataset:
    """Ramp the voltage while glutamate stays on, in `points` small steps.

    Returns
    -------
    xarray.Dataset
        ``open``, ``current``, ``v`` (time).
    """
    if points < 2:
        raise InputError(f"points = {points}; a ramp has 2 or more")
    first, last = (quantities.number(x, "mV", name="v") for x in (start, stop))
    piece = f"{quantities.number(duration, 'ms', name='duration') / points} second"
    steady = scheme.steady(v=start, glutamate=glutamate, **conditions)
    steps = [Step(piece, {"v": f"{x} volt"}) for x in np.linspace(first, last, points)]
    result = respond(scheme, steps, start=steady, sample=piece, glutamate=glutamate, **conditions)
    return _with_current(scheme, result, conductance)


def _with_current(scheme: Scheme, result: xr.Dataset, conductance: QuantityLike) -> xr.Dataset:
    amperes = _current(scheme, result.open.values, result.v.values / 1e3, conductance)
    return result.assign(current=("time", amperes, {"units": "pA", "long_name": "current"}))
