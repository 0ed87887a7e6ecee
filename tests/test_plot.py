import matplotlib.pyplot as plt
import numpy as np
import pytest
from brian2 import Hz, uM
from matplotlib.axes import Axes

import nmdasim as nm

#: One value for the whole file: its equations are derived once.
WDR = nm.neurons.wdr()


@pytest.fixture(scope="module")
def result():
    return nm.simulate(
        WDR, nm.WindUp(pulses=3), ketamine=[0, 1, 10] * uM, seed=[0, 1], record=["v_soma"], sample="1 ms"
    )


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_windup_has_one_panel_per_idea_each_labelled(result):
    axes = nm.plot.windup(result)
    assert len(axes) == 2
    assert all(isinstance(ax, Axes) and ax.get_title(loc="left") and ax.get_xlabel() for ax in axes)


def test_windup_draws_the_mean_count_of_every_dose(result):
    lines = nm.plot.windup(result)[0].lines
    late = nm.measures.windup(result).late.mean("seed")
    drawn = np.array([line.get_ydata() for line in lines])
    assert drawn == pytest.approx(late.transpose("ketamine", "pulse").values)
    assert [line.get_label() for line in lines] == ["free ketamine 0 µM", "free ketamine 1 µM", "free ketamine 10 µM"]


def test_a_figure_carries_the_disclaimer_the_block_and_what_is_unverified(result):
    figure = nm.plot.windup(result)[0].figure
    words = figure.get_supxlabel()
    assert nm.DISCLAIMER in words
    assert "K_ketamine" in words
    assert "equilibrated" in words


def test_the_raster_shows_every_spike_of_the_first_seed(result):
    ax = plt.subplots()[1]
    nm.plot.raster(result, ax)
    counts = [len(rows.get_positions()) for rows in ax.collections]
    assert counts == result.spike_count.isel(seed=0).values.tolist()


def test_it_draws_into_axes_that_are_given(result):
    axes = plt.subplots(2)[1]
    assert list(nm.plot.windup(result, axes)) == list(axes)
    assert all(ax.has_data() for ax in axes)


def test_a_trace_is_drawn_with_its_unit(result):
    ax = nm.plot.trace(result, "v_soma")
    assert ax.get_ylabel() == "v_soma, mV"
    assert len(ax.lines) == 3


def test_a_single_lane_and_a_rate_that_varies_can_be_drawn():
    axes = nm.plot.windup(nm.simulate(WDR, nm.WindUp(frequency=[2, 4] * Hz, pulses=2)))
    assert [line.get_label() for line in axes[0].lines] == ["frequency 2 Hz", "frequency 4 Hz"]
    axes = nm.plot.windup(nm.simulate(WDR, nm.WindUp(frequency=2 * Hz, pulses=2)))
    assert len(axes[0].lines) == 1
    assert "2 Hz" in axes[0].figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ")


def test_a_circuit_can_be_drawn(aguiar_latencies):
    result = nm.simulate(nm.neurons.aguiar2010(), nm.WindUp(pulses=1, frequency=2 * Hz, latencies=aguiar_latencies))
    axes = nm.plot.windup(result)
    drawn = len(axes[1].collections[0].get_positions())
    assert drawn == int(result.spike_count.sel(population="wdr"))


def test_the_highest_marker_stays_below_the_title(result):
    ax = nm.plot.windup(result)[0]
    late = nm.measures.windup(result).late.mean("seed")
    assert ax.get_ylim()[1] >= 1.05 * float(late.max())
    assert ax.get_ylim()[0] == 0


def test_a_label_has_four_digits_of_a_level(result):
    levels = result.assign_coords(ketamine=("ketamine", [0.0, 0.231355, 12345.0], result.ketamine.attrs))
    lines = nm.plot.windup(levels)[0].lines
    assert [line.get_label() for line in lines] == [f"free ketamine {x} µM" for x in ("0", "0.2314", "12345")]
