"""Windows of a protocol of one's own: those that do not follow one another are refused, not filled with the rest."""

import shutil
from dataclasses import dataclass

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.model.port import Summary
from nmdasim.protocols import Protocol


@dataclass(frozen=True)
class _Watch(Protocol):
    windows: tuple[float, ...] = ()
    duration: float = 0.02


@pytest.mark.parametrize("edges", [(0.001, 0.001, 0.01), (0.001, 0.00101, 0.00102, 0.01), (0.005, 0.001, 0.01)])
def test_windows_shorter_than_a_step_or_turned_round_are_refused(edges):
    ramp = nm.Model(name="ramp", equations="dx/dt = 1/ms : 1", summaries={"top": Summary("x", "soma", "max")})
    with pytest.raises(InputError, match="edges increase"):
        nm.simulate(ramp, _Watch(edges), dt="0.1 ms")


@pytest.mark.parametrize("engine", ["kernel", "brian2", "javascript"])
@pytest.mark.parametrize("rate", [3, 6, 7, 12])
def test_what_a_pulse_brings_is_in_its_own_window_where_pulses_lie_between_steps(engine, rate):
    """Each pulse adds 1 to what is left of the earlier ones; the largest value of a window holds no later pulse."""
    if engine == "javascript" and shutil.which("node") is None:
        pytest.skip("Node is not on the path")
    left = nm.Model(
        name="left",
        equations="dx/dt = -x/(200*ms) : 1",
        ports={"exc": "x += 1"},
        summaries={"top": Summary("x", "soma", "max")},
    )
    train = nm.Events("exc", rate=rate * nm.Hz, count=6, start=100 * nm.ms)
    found = nm.simulate(left, train, engine=engine)["top"].values.ravel()
    each = np.exp(-1000 / rate / 200)
    half_a_step = 0.05 / 200  # a pulse acts at the step nearest to it
    assert found == pytest.approx(np.cumsum(each ** np.arange(6)), rel=half_a_step)


def started(engine, train, **fibres):
    """Return the value at the start of each window of a cell that each event brings 1 mV."""
    cell = nm.Model(
        name="left",
        equations="dv/dt = -v/tau : volt",
        parameters={"tau": 10 * nm.ms},
        ports={"exc": "v += 1*mV"},
        summaries={"before": Summary("v", "soma", "start")},
        **fibres,
    )
    return nm.simulate(cell, train, engine=engine)["before"].values.ravel()


def test_the_start_of_a_window_holds_an_event_of_that_moment_on_the_engines_that_say_so():
    """As Summary says; the first pulse decays by e⁻¹⁰ until the second."""
    train = nm.Events("exc", rate=10 * nm.Hz, count=3, start=20 * nm.ms)
    assert started("kernel", train) == pytest.approx(1, rel=1e-3)
    assert started("brian2", train) == pytest.approx(1, rel=1e-3)
    assert started("reference", train) == pytest.approx([0, np.exp(-10), np.exp(-10)], abs=1e-5)


@pytest.mark.parametrize("engine", ["brian2", "reference"])
def test_where_fibres_have_a_latency_engines_agree_on_the_start_of_a_window(engine):
    fibres = {"fibres": {"c": nm.Fibres(port="exc", synapses=1, latency="5 ms")}}
    train = nm.WindUp(frequency=10 * nm.Hz, pulses=3)
    assert started(engine, train, **fibres) == pytest.approx(started("kernel", train, **fibres), rel=1e-2, abs=1e-9)
