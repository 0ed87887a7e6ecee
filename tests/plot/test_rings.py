"""Lines that lie on one another: each is seen, by a ring around the markers beneath."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import uM
from nmdasim.plot import reflex, rings


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def drawn(*lines):
    _, ax = plt.subplots()
    for values in lines:
        ax.plot(np.arange(len(values)), values, "o")
    ax.set_ylim(0, 30)
    return rings(ax).lines


def filled(line):
    return line.get_markerfacecolor() != "none"


def test_lines_that_coincide_have_rings_around_the_markers_beneath():
    first, second, third, apart = drawn([10, 20, 25], [10, 20, 24], [10, 20.1, 25], [1, 2, 3])
    assert [filled(line) for line in (first, second, third, apart)] == [True, False, False, True]
    assert first.get_markersize() < second.get_markersize() < third.get_markersize()
    assert apart.get_markersize() == first.get_markersize()


def test_lines_that_cross_keep_their_markers():
    assert all(map(filled, drawn([10, 15, 20], [20, 15, 10])))


def test_rings_of_many_lines_stay_small():
    lines = drawn(*[[5, 5, 5]] * 20)
    sizes = [line.get_markersize() for line in lines]
    assert sizes == sorted(set(sizes))
    assert sizes[-1] < 4 * sizes[0]


def test_a_line_that_has_no_points_hides_none():
    assert all(map(filled, drawn([np.nan, np.nan], [1, 2])))


def test_doses_of_which_wind_up_takes_no_notice_are_all_seen():
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=3), ketamine=[0, 0.001, 10] * uM)
    none, least, most = nm.plot.windup(result)[0].lines
    assert [filled(line) for line in (none, least, most)] == [True, False, True]
    assert least.get_markersize() > none.get_markersize()


def test_doses_that_recruit_alike_are_all_seen():
    spikes = xr.DataArray([[[0.0, 3.0]], [[0.0, 3.0]]], dims=("ketamine", "seed", "strength"))
    found = xr.Dataset(
        {"spikes": spikes, "threshold": (("ketamine", "seed"), [[1.0], [1.0]])},
        {"ketamine": ("ketamine", [0.0, 1.0], {"units": "µM"}), "strength": [0.5, 2.0], "seed": [0]},
        {"criterion": 1, "model": "wdr"},
    )
    none, some = (line for line in reflex.recruitment(found).lines if line.get_marker() not in ("None", None))
    assert [filled(none), filled(some)] == [True, False]
