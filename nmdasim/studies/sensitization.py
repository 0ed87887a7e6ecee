"""Condition – wait – treat – test: what a dorsal-horn circuit makes of touch and noxious stimuli, and what changes it.

Each step is a run, and each goes on from the end of the one before it (``after=``), with every state: potentials,
synaptic currents, calcium, drug that is trapped in receptors, ρ and the loss of chloride extrusion.

    train = condition(circuit, ketamine="3 uM", seed=range(5))
    rested = wait(circuit, "5 s", after=train)
    test = stimulus_response(circuit, after=rested)

One second after a train wind-up is still there, after five most of it has faded, after twenty all but a rest; then what
is left are the slow states. A test can also start from those alone, ``rho=train.rho, loss=train.loss``: everything
faster starts anew, with the drug of the test equilibrated. Ketamine enters and leaves receptors only while they are
open: what a train lets in stays trapped through a wait without input, and what is given during such a wait stays out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import xarray as xr

from nmdasim import quantities
from nmdasim.circuits import dorsal_horn
from nmdasim.errors import InputError, ModelError, plainly
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


@plainly
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
        One free concentration, there from before the train (equilibrated) to the end.
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


@plainly
def wait(
    circuit: Circuit,
    duration: QuantityLike,
    *,
    after: xr.Dataset | None = None,
    ketamine: Any = "0 uM",
    seed: Sequence[int] | None = None,
    **options: Any,
) -> xr.Dataset:
    """Leave the circuit without input for some time, with or without a drug.

    Parameters
    ----------
    circuit
        A dorsal-horn circuit.
    duration
        How long.
    after
        What it went through before: a result of :func:`condition` or of this function. Every state goes on from there.
    ketamine
        One free concentration, or a course over time. Where something came before, it is new at time 0 of the wait;
        else equilibrated.
    seed
        Seeds, a dimension of the result; those of `after` by default.
    options
        Passed to :func:`nmdasim.run.simulate`.

    Returns
    -------
    xarray.Dataset
        As of :func:`condition`.
    """
    result = simulate(
        circuit,
        duration=duration,
        ketamine=ketamine,
        seed=_seeds(seed, after),
        start=after,
        record=_RECORD,
        sample="100 ms",
        **options,
    )
    return _traced(result)


def _traced(result: xr.Dataset) -> xr.Dataset:
    """Add the slow variables under their short names, over time and at the end."""
    for name, course in zip(("rho_time", *_TRACES[1:]), _TRACES, strict=True):
        result[name] = result[f"projection_{course}_dendrite"].rename(neuron_projection="neuron")
    result["rho"], result["loss"] = (result[name].isel(time=-1, drop=True) for name in ("rho_time", "loss"))
    return result


@plainly
def stimulus_response(
    circuit: Circuit,
    *,
    after: xr.Dataset | None = None,
    rho: Any = None,
    loss: Any = None,
    ketamine: QuantityLike = "0 uM",
    seed: Sequence[int] | None = None,
    kinds: Sequence[str] = ("touch", "noxious"),
    intensities: Sequence[float] = INTENSITIES,
    **options: Any,
) -> xr.Dataset:
    """Test with single stimuli of rising strength, each of them a lane of one run.

    Parameters
    ----------
    circuit
        A dorsal-horn circuit.
    after
        What it went through before: a result of :func:`condition` or :func:`wait`. At the test it is in every state in
        which that left it; a drug of the test is new then. By default it is at rest.
    rho, loss
        Where there is no `after`: ρ and the loss of chloride extrusion at the start, such as the ``rho`` and ``loss``
        of a train; 0 by default. Every other state is at rest, and a drug of the test equilibrated.
    ketamine
        One free concentration.
    seed
        Seeds, a dimension of the result; those of `after` by default, else 0.
    kinds, intensities
        Of :class:`nmdasim.protocols.sensory.Stimulus`.
    options
        Passed to :func:`nmdasim.run.simulate`.

    Returns
    -------
    xarray.Dataset
        ``spikes`` (kind, intensity, seed): spikes of a projection neuron in the second after the stimulus, the mean of
        all. Provenance in ``attrs``.

    Raises
    ------
    InputError
        If both `after` and one of its states are given.
    """
    run = simulate(
        circuit,
        Stimulus(list(kinds), list(intensities)),
        ketamine=ketamine,
        seed=_seeds(seed, after),
        start=after,
        initial=_slow(after, rho, loss),
        **options,
    )
    spikes = (run.spike_count / run["size"]).sel(population="projection", drop=True)
    data = xr.Dataset({"spikes": spikes.assign_attrs(units="1", long_name="spikes of a neuron")}, attrs=run.attrs)
    data["intensity"].attrs = {"units": "1", "long_name": "share of the fibres recruited"}
    return data


def _seeds(seed: Sequence[int] | None, after: xr.Dataset | None) -> list[int] | None:
    """Return the seeds of a run; None for those of the segment before."""
    return list(seed) if seed is not None else [0] if after is None else None


def _slow(after: xr.Dataset | None, rho: Any, loss: Any) -> dict[str, Any]:
    """Return the slow states that a run starts from, where it goes on from nothing."""
    if after is None:
        return {"rho": 0.0 if rho is None else rho, "loss": 0.0 if loss is None else loss}
    if rho is not None or loss is not None:
        raise InputError("after: it brings rho and loss of its own; give it, or rho and loss")
    return {}


@plainly
def sustained(
    circuit: Circuit,
    intensity: float = 1.0,
    *,
    duration: QuantityLike = "5 second",
    after: xr.Dataset | None = None,
    rho: Any = None,
    loss: Any = None,
    ketamine: QuantityLike = "0 uM",
    seed: Sequence[int] | None = None,
    **options: Any,
) -> xr.Dataset:
    """Press for some seconds and count the rate of each population.

    Parameters
    ----------
    circuit, after, rho, loss, ketamine, seed, options
        As for :func:`stimulus_response`.
    intensity, duration
        Of :class:`nmdasim.protocols.sensory.Pressure`.

    Returns
    -------
    xarray.Dataset
        ``rate`` (population, seed): spikes of a neuron per second of pressure, in Hz. Provenance in ``attrs``.
    """
    run = simulate(
        circuit,
        Pressure(intensity, length=duration),
        ketamine=ketamine,
        seed=_seeds(seed, after),
        start=after,
        initial=_slow(after, rho, loss),
        **options,
    )
    rate = run.spike_count / run["size"] / quantities.number(duration, "second", name="duration")
    return xr.Dataset({"rate": rate.assign_attrs(units="Hz", long_name="rate of a neuron")}, attrs=run.attrs)
