"""Test – condition – test: what a dorsal-horn circuit makes of touch and of noxious stimuli, and what changes it.

Conditioning and test are runs of their own: what passes from one to the other are the slow variables, ρ and the loss of
chloride extrusion. Everything faster (wind-up's currents, calcium) has seconds to settle between them and starts anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from nmdasim import quantities
from nmdasim.circuits import dorsal_horn
from nmdasim.errors import ModelError
from nmdasim.model.circuit import Circuit
from nmdasim.protocols.sensory import INTENSITIES, Conditioning, Pressure, Stimulus
from nmdasim.quantities import QuantityLike
from nmdasim.run.simulate import simulate

#: What conditioning leaves behind, where the synapses are; recorded elsewhere it would make another kernel.
_TRACES = ("rho", "loss", "E_anion", "nmda_gain")
_RECORD = [f"{name}_dendrite" for name in _TRACES]
#: What the command line calls a state: ρ of every projection neuron, and the anion reversal.
STATES = {
    "naive": (0.0, None),
    "potentiated": (1.0, None),
    "disinhibited": (0.0, "-50 mV"),
    "sensitized": (1.0, "-50 mV"),
}


def in_state(state: str, circuit: Circuit | None = None) -> tuple[Circuit, float]:
    """Return the circuit in a named state, and its ρ.

    Raises
    ------
    ModelError
        If there is no such state.
    """
    if state not in STATES:
        raise ModelError(f"state {state!r}; there are {', '.join(STATES)}")
    rho, anion = STATES[state]
    circuit = circuit or dorsal_horn()
    return (circuit if anion is None else circuit.replace(E_gaba=anion)), rho


def condition(
    circuit: Circuit,
    frequency: QuantityLike = "1 Hz",
    pulses: int = 15,
    *,
    ketamine: Any = "0 uM",
    seed: Sequence[int] = (0,),
    rest: QuantityLike = "0 second",
    **options: Any,
) -> xr.Dataset:
    """Give a C-fibre train and follow what it leaves behind.

    Parameters
    ----------
    circuit
        A dorsal-horn circuit.
    frequency, pulses
        Of the train, a :class:`nmdasim.protocols.sensory.Conditioning`.
    ketamine
        One concentration, there from before the train (equilibrated) to the end.
    seed
        Seeds, a dimension of the result.
    rest
        How long to follow the circuit after the train, in the same run.
    options
        Passed to :func:`nmdasim.run.simulate`, such as `dt` or `engine`.

    Returns
    -------
    xarray.Dataset
        The result of the run, with ``rho`` and ``loss`` (seed, neuron) at its end, and ``rho_time``, ``E_anion`` (mV)
        and ``nmda_gain`` (seed, neuron, time).
    """
    train = Conditioning(frequency, pulses)
    length = (train.duration + quantities.number(rest, "second", name="rest")) * quantities.unit("second")
    result = simulate(
        circuit, train, duration=length, ketamine=ketamine, seed=list(seed), record=_RECORD, sample="100 ms", **options
    )
    return _traced(result).assign_attrs(train_end_s=train.duration)


def wait(
    circuit: Circuit,
    duration: QuantityLike,
    *,
    after: xr.Dataset | None = None,
    ketamine: Any = "0 uM",
    **options: Any,
) -> xr.Dataset:
    """Leave the circuit without input for some time, or treat it.

    Parameters
    ----------
    circuit
        A dorsal-horn circuit.
    duration
        How long.
    after
        What it went through before: a result of :func:`condition` or of this function. Every state goes on from there.
    ketamine
        One concentration, or a course over time. After something else it washes in from time 0 of the wait; before
        anything else it is equilibrated.
    options
        Passed to :func:`nmdasim.run.simulate`, such as `seed`, which without `after` is 0.

    Returns
    -------
    xarray.Dataset
        As of :func:`condition`.
    """
    result = simulate(
        circuit, duration=duration, ketamine=ketamine, start=after, record=_RECORD, sample="100 ms", **options
    )
    return _traced(result)


def _traced(result: xr.Dataset) -> xr.Dataset:
    """Add the slow variables under their short names, over time and at the end."""
    for name, course in zip(("rho_time", *_TRACES[1:]), _TRACES, strict=True):
        result[name] = result[f"projection_{course}_dendrite"].rename(neuron_projection="neuron")
    result["rho"], result["loss"] = (result[name].isel(time=-1, drop=True) for name in ("rho_time", "loss"))
    return result


def stimulus_response(
    circuit: Circuit,
    *,
    after: xr.Dataset | None = None,
    carry: str = "slow",
    rho: Any = 0.0,
    ketamine: QuantityLike = "0 uM",
    seed: Sequence[int] = (0,),
    kinds: Sequence[str] = ("touch", "noxious"),
    intensities: Sequence[float] = INTENSITIES,
    **options: Any,
) -> xr.Dataset:
    """Test with single stimuli of rising strength, lanes of one run.

    Parameters
    ----------
    circuit
        A dorsal-horn circuit.
    after
        What the circuit went through before: a result of :func:`condition`, of the same seeds.
    carry
        Which states go on from there: ``"slow"``, ρ and the loss, or ``"all"``.
    rho
        ρ of the projection neurons at the start, if not `after`.
    ketamine
        One concentration, equilibrated.
    seed
        Seeds, a dimension of the result.
    kinds, intensities
        Of :class:`nmdasim.protocols.sensory.Stimulus`.
    options
        Passed to :func:`nmdasim.run.simulate`.

    Returns
    -------
    xarray.Dataset
        ``spikes`` (kind, intensity, seed): spikes of a projection neuron in the second after the stimulus, the mean of
        all. Provenance in ``attrs``.
    """
    run = simulate(
        circuit,
        Stimulus(list(kinds), list(intensities)),
        ketamine=ketamine,
        seed=list(seed),
        **_begin(after, rho, carry),
        **options,
    )
    spikes = (run.spike_count / run["size"]).sel(population="projection", drop=True)
    data = xr.Dataset({"spikes": spikes.assign_attrs(units="1", long_name="spikes of a neuron")}, attrs=run.attrs)
    data["intensity"].attrs = {"units": "1", "long_name": "share of the fibres recruited"}
    return data


def _begin(after: xr.Dataset | None, rho: Any, carry: str) -> dict[str, Any]:
    if after is None:
        return {"initial": {"rho": rho}}
    if carry == "all":
        return {"start": after}
    return {"initial": {name: after[name] for name in ("rho", "loss")}}


def sustained(
    circuit: Circuit,
    intensity: float = 1.0,
    *,
    duration: QuantityLike = "5 second",
    after: xr.Dataset | None = None,
    rho: Any = 0.0,
    ketamine: QuantityLike = "0 uM",
    seed: Sequence[int] = (0,),
    **options: Any,
) -> xr.Dataset:
    """Press for some seconds and count the rate of each population.

    Parameters
    ----------
    circuit, after, rho, ketamine, seed, options
        As for :func:`stimulus_response`.
    intensity, duration
        Of :func:`nmdasim.protocols.sensory.Pressure`.

    Returns
    -------
    xarray.Dataset
        ``rate`` (population, seed): spikes of a neuron per second of pressure, in Hz. Provenance in ``attrs``.
    """
    length = quantities.number(duration, "second", name="duration")
    run = simulate(
        circuit,
        Pressure(intensity, start="500 ms", length=duration),
        duration=(0.5 + length) * quantities.unit("second"),
        ketamine=ketamine,
        seed=list(seed),
        **_begin(after, rho, "slow"),
        **options,
    )
    rate = (run.spike_count / run["size"] / length).transpose("population", "seed")
    return xr.Dataset({"rate": rate.assign_attrs(units="Hz", long_name="rate of a neuron")}, attrs=run.attrs)
