"""What was not observed is NaN, with a word: never 0 spikes, in any read-out or figure."""

import dataclasses
import json

import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

import nmdasim as nm
from nmdasim.command.printing import windup as printing
from nmdasim.model.port import Summary
from nmdasim.readout import measures
from nmdasim.readout.measures import dose_response, hyperalgesia_index, interaction, pain_score
from nmdasim.receptors import bench


@dataclasses.dataclass(frozen=True)
class Windows(nm.protocols.Protocol):
    """Windows of one length, in which nothing is done."""

    period: float = 0.2
    count: int = 4

    @property
    def windows(self):
        return tuple(self.period * k for k in range(self.count + 1))

    @property
    def duration(self):
        return self.period * self.count


#: Fires every 14.1 ms; x blows up where ``boost`` is 1.
CELL = nm.Model(
    "clock",
    "dv/dt = (drive - v)/tau : volt\ndx/dt = boost*(x**2 - x)/ms : 1",
    parameters=dict(drive=20 * nm.mV, tau=10 * nm.ms, boost=0),
    initial=dict(x=2),
    threshold="v > 15*mV",
    reset="v = 0*mV",
    summaries={"v_peak": Summary("v", "soma", "max", "mV"), "v_begin": Summary("v", "soma", "start", "mV")},
    dt="0.1 ms",
)


def run(protocol=None, boost=(0, 0), **options):
    return nm.simulate(CELL, protocol or Windows(), parameters=dict(boost=list(boost)), **options)


@pytest.fixture(scope="module")
def whole():
    return run()


@pytest.fixture(scope="module")
def broken():
    with pytest.warns(RuntimeWarning, match="1 of 2 lanes overflowed"):
        return run(boost=(0, 1))


@pytest.fixture(scope="module")
def cut():
    """Return a run that ends in the third of four windows, as duration= may cut a train."""
    return run(duration="450 ms")


def test_a_whole_run_is_measured_and_nothing_said(whole):
    measured = measures.windup(whole)
    assert np.all(measured.late.isin([7, 8]))
    assert np.all(np.isfinite(measured.to_dataarray()))
    assert "warnings" not in measured.attrs
    assert float(whole.run_end) == 800


def test_a_lane_that_overflowed_has_no_input_and_no_index_and_its_neighbour_does(broken, whole):
    measured = measures.windup(broken)
    for name in measured.data_vars:
        assert np.isnan(measured[name].values[1]).all(), name
        assert measured[name].values[0].tolist() == measures.windup(whole)[name].values[0].tolist()
    assert "1 of 2 lanes overflowed" in measured.attrs["warnings"]


def test_windows_that_the_run_did_not_reach_the_end_of_are_not_0_spikes(cut, whole):
    with pytest.warns(UserWarning, match="2 of 4 windows were not over when the run ended"):
        measured = measures.windup(cut)
    assert np.isfinite(measured.late).values.tolist() == [[True, True, False, False]] * 2
    assert np.isfinite(measured.early).values.tolist() == [[True, True, False, False]] * 2
    for name in ("index", "area", "ratio", "slope"):
        assert np.isnan(measured[name]).all(), name
    assert measured["input"].values.tolist() == measures.windup(whole)["input"].values.tolist()


def test_summaries_of_a_cut_window_are_not_those_of_its_beginning(cut, whole):
    assert np.isfinite(cut.v_peak).values.tolist() == [[True, True, False, False]] * 2
    assert np.isfinite(cut.v_begin).values.tolist() == [[True, True, True, False]] * 2
    assert cut.v_peak.values[:, :2].tolist() == whole.v_peak.values[:, :2].tolist()


def test_the_early_part_of_a_cut_window_stands_where_the_run_reached_its_end():
    with pytest.warns(UserWarning, match="were not over"):
        measured = measures.windup(run(duration="520 ms"))
    assert np.isfinite(measured.early).values.tolist() == [[True, True, True, False]] * 2


@pytest.mark.parametrize("period", [0.1, 0.05])
def test_at_10_hz_and_above_there_is_no_late_window_and_no_wind_up(period):
    with pytest.warns(UserWarning, match=rf"Windows of {period * 1e3:g} ms have no part after the first 100 ms"):
        measured = measures.windup(run(Windows(period)))
    assert np.all(measured.early > 0)
    for name in ("late", "input", "index", "ratio", "slope", "area"):
        assert np.isnan(measured[name]).all(), name


def test_late_windows_shorter_than_the_early_one_are_warned_of_and_measured():
    with pytest.warns(UserWarning, match=r"Late windows of 80 ms are shorter than 100 ms"):
        measured = measures.windup(run(Windows(0.18)))
    assert np.all(np.isfinite(measured.late))


def test_spikes_of_a_lane_that_overflowed_are_said_to_be_missing(broken, whole):
    assert set(measures.spikes(broken).lane) == {0}
    assert measures.spikes(broken).attrs["failed"] == [1]
    assert measures.spikes(whole).attrs["failed"] == []


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:All-NaN slice")
@pytest.mark.parametrize("which", ["broken", "cut"])
def test_a_figure_says_what_is_missing_in_it(which, request):
    result = request.getfixturevalue(which)
    figure = nm.plot.windup(result)[0].figure
    shown = " ".join(figure._supxlabel.get_text().split())
    assert ("lanes overflowed" if which == "broken" else "windows were not over") in shown
    lines = nm.plot.counts(result, measures.measured(result), figure.axes[0]).lines
    assert any(np.isnan(line.get_ydata()).any() for line in lines)


def test_a_figure_of_what_has_no_late_window_says_no_number_that_there_is_not():
    fast = run(Windows(0.1)).isel(boost=0)
    for ax in (nm.plot.slide(fast), *nm.plot.windup(fast)):
        assert all("nan" not in text.get_text().lower() for text in ax.figure.findobj(Text))
    shut = bench.pulse(nm.receptors.scheme("destexhe1996"), glutamate="0 mM")
    told = nm.plot.receptor.pulse([shut]).figure.findobj(Text)
    assert all("nan" not in text.get_text().lower() for text in told)


@pytest.mark.parametrize("which", ["broken", "cut"])
def test_the_command_prints_null_for_what_is_missing(which, request):
    result = request.getfixturevalue(which).drop_vars("seed").rename(boost="seed").isel(seed=[1])
    (told,) = json.loads(printing.as_json(result), parse_constant=pytest.fail)["runs"]
    assert told["index"] is None
    assert told["late"][-1] is None


# --- pain and dose ---------------------------------------------------------------------------------------------------


def response(touch, noxious):
    """Return responses of one neuron over (seed, intensity)."""
    spikes = xr.DataArray(np.array([touch, noxious], float), dims=("kind", "seed", "intensity"))
    coords = dict(kind=["touch", "noxious"], intensity=[0.2, 0.4, 0.6])
    return xr.Dataset({"spikes": spikes.assign_coords(coords)}, attrs={"warnings": "1 of 2 instances overflowed."})


def test_pain_indices_of_a_seed_that_overflowed_are_nan_and_of_the_others_theirs():
    nan = np.nan
    before = response([[0, 0, 0], [0, 0, 0]], [[1, 2, 3], [1, 2, 3]])
    after = response([[nan, 0, 1], [0, 0, 1]], [[1, nan, 3], [2, 4, 6]])
    least = measures.threshold(after)
    assert np.isnan(least.values[0])
    assert least.values[1] == pytest.approx(0.6)
    allodynia = measures.allodynia_index(before, after)
    assert np.isnan(allodynia.values[0])
    assert allodynia.values[1] == pytest.approx((0.8 - 0.6) / 0.8)
    hyperalgesia = hyperalgesia_index(before, after)
    assert np.isnan(hyperalgesia.values[0])
    assert hyperalgesia.values[1] == 1
    assert all("overflowed" in index.attrs["warnings"] for index in (least, allodynia, hyperalgesia))


def test_a_pain_score_says_how_many_seeds_it_rests_on():
    score = pain_score(xr.DataArray([1.0, np.nan, 3.0], dims="seed"), 4)
    assert (float(score.score), int(score.seeds)) == (5, 2)


def test_values_left_out_of_a_fit_are_counted_and_said():
    dose = np.array([0.1, 0.3, 1, 3, 10])
    table = np.array([10 / (1 + dose), 10 / (1 + dose), 10 / (1 + dose)])
    table[1, 2] = np.nan
    values = xr.DataArray(table, dims=("seed", "ketamine"), coords={"ketamine": dose})
    fit = dose_response(values)
    assert int(fit.left_out) == 1
    assert float(fit.ic50) == pytest.approx(1, rel=1e-6)
    assert "1 of 15 values" in fit.attrs["warnings"]
    assert "warnings" not in dose_response(values.isel(seed=[0])).attrs


def test_an_interaction_of_lanes_that_are_missing_is_nan():
    values = xr.DataArray(np.ones((2, 2, 3)), dims=("a", "b", "seed"))
    values[0, 1, 2] = np.nan
    table = interaction(values, "a", "b")
    assert np.isnan(table["mean"].values[0, 1])
    assert table["mean"].values[1, 1] == 1
    assert np.isnan(table.interaction).all()
