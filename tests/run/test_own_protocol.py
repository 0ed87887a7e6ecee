"""A protocol of the user's own, a class that derives from nothing: the same road as those of the package."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import matplotlib.pyplot as plt
import numpy as np
import pytest

import nmdasim as nm
from nmdasim import ms, quantities
from nmdasim.protocols import Arrival

WEIGHTED = nm.Model(
    "leaky",
    "dv/dt = (-70*mV - v)/(20*ms) : volt",
    {},
    initial={"v": "-70*mV"},
    threshold="v > -60*mV",
    reset="v = -70*mV",
    ports={"push": "v += weight*mV"},
)
GAPS = [5, 300]


@dataclass(frozen=True)
class PairedPulses:
    """Two events on a port, `gap` apart, the first after 100 ms; each opens a window of its own."""

    varies: ClassVar = {"gap": "ms"}
    windows_end: ClassVar = 1.0

    port: str
    gap: Any = "100 ms"
    weight: float = 0.0

    @property
    def times(self):
        return 0.1 + np.array([0.0, float(quantities.si(self.gap, "ms", name="gap"))])

    @property
    def axes(self):
        gaps = quantities.si(self.gap, "ms", name="gap")
        return {"gap": gaps} if gaps.ndim else {}

    def at(self, gap):
        return replace(self, gap=gap * 1e3 * ms)

    @property
    def duration(self):
        return self.windows_end

    @property
    def windows(self):
        return (*self.times.tolist(), self.windows_end)

    def arrivals(self, circuit, rng):
        return [Arrival(circuit.output, self.port, self.times, self.weight)]

    def sources(self, circuit):
        return {}


@pytest.fixture(scope="module")
def paired():
    """Return pairs of different gaps, in two seeds: neither of two pushes alone fires the cell, two together do."""
    return nm.simulate(WEIGHTED, PairedPulses("push", GAPS * ms, weight=7.0), seed=[0, 1])


def test_its_lists_become_dimensions_and_its_windows_pulses(paired):
    assert paired.spike_count.dims == ("gap", "seed")
    np.testing.assert_allclose(paired.gap, GAPS)
    assert paired.gap.attrs["units"] == "ms"
    np.testing.assert_allclose(paired.pulse_time, [[100, 105], [100, 400]])
    np.testing.assert_array_equal(paired.spike_count, [[1, 1], [0, 0]])
    assert "PairedPulses" in paired.attrs["protocol"]


def test_each_of_its_values_runs_as_it_does_alone(paired):
    for gap in GAPS:
        alone = nm.simulate(WEIGHTED, PairedPulses("push", gap * ms, weight=7.0), seed=[0, 1])
        np.testing.assert_array_equal(alone.spike_count, paired.spike_count.sel(gap=gap))


def test_measures_count_the_spikes_of_its_windows(paired):
    with pytest.warns(UserWarning, match="Windows of 5 ms have no part after the first 100 ms"):
        measured = nm.measures.windup(paired)
    assert measured.early.dims == ("gap", "seed", "pulse")
    np.testing.assert_array_equal(measured.early.isel(seed=0), [[0, 1], [0, 0]])
    np.testing.assert_array_equal(measured.late.isel(seed=0), [[np.nan, 0], [0, 0]])


def test_the_figure_of_wind_up_draws_it(paired):
    counts, raster = nm.plot.windup(paired)[:2]
    assert [line.get_label() for line in counts.lines] == ["gap 5 ms", "gap 300 ms"]
    assert [len(c.get_positions()) for c in raster.collections] == [1, 0]
    assert "rows: gap" in raster.get_title(loc="left") + raster.get_title()
    assert raster.get_yticklabels()[0].get_text() == "5 ms"
    plt.close("all")


def test_it_reaches_a_published_neuron_beside_a_drug_and_other_protocols():
    doses = dict(ketamine=["0 uM", "30 uM"], seed=[0])
    pair = PairedPulses("ampa_c", [20, 400] * ms)
    alone = nm.simulate(nm.neurons.wdr(), pair, **doses)
    assert alone.spike_count.dims == ("gap", "ketamine", "seed")
    assert {"ca_peak", "blocked"} <= set(alone)
    beside = nm.simulate(nm.neurons.wdr(), [pair, nm.Events("ampa_a", [0.6] * nm.second)], **doses)
    assert np.all(beside.spike_count >= alone.spike_count)
    assert beside.ca_peak.dims == ("gap", "ketamine", "seed", "pulse")


def test_a_networks_windows_are_measured_a_neuron_of_its_output():
    """One that is pushed over its threshold at both pulses drives two of its kind, one of them twice as far away."""
    cells = {name: nm.Population(WEIGHTED, size) for name, size in (("first", 1), ("last", 2))}
    link = nm.Projection("first", "last", port="push", weight=11.0, indices=([0], [1]), delay="2 ms")
    circuit = nm.Circuit("pair", populations=cells, projections=(link,))

    @dataclass(frozen=True)
    class OnTheFirst(PairedPulses):
        def arrivals(self, circuit, rng):
            return [Arrival("first", self.port, self.times, self.weight)]

    result = nm.simulate(circuit, OnTheFirst("push", [50, 300] * ms, weight=11.0), seed=[0, 1, 2])
    with pytest.warns(UserWarning, match="Windows of 50 ms"):
        early = nm.measures.windup(result).early
    assert early.dims == ("gap", "seed", "pulse")
    np.testing.assert_array_equal(early, np.full((2, 3, 2), 0.5))  # one of two neurons, once a pulse
    assert len(nm.plot.windup(result)[1].collections) == 4  # two gaps, two neurons
    plt.close("all")


def test_a_class_without_one_of_the_members_is_no_protocol():
    class Nothing:
        duration = 1.0

    with pytest.raises(nm.errors.InputError, match="is no protocol"):
        nm.simulate(WEIGHTED, Nothing())
