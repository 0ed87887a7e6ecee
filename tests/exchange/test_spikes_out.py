"""Results leave as Neo and NWB: the readers of those formats find the same spikes, traces and units."""

import json
from datetime import UTC, datetime

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.exchange import lanes

SESSION = datetime(2020, 1, 1, tzinfo=UTC)


def spikes_of(result, lane, neuron=0, population=None):
    table = nm.spikes(result, population)
    return table.time_ms[(table.lane == lane) & (table.neuron == neuron)].to_numpy()


# --- Neo -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def block(result):
    pytest.importorskip("neo", reason="Neo is not installed")
    return nm.to_neo(result)


def test_a_lane_is_a_segment_with_its_values_and_units(block, result):
    assert [segment.annotations["tau_e"] for segment in block.segments] == [20.0, 40.0, 80.0]
    assert {segment.annotations["unit_of_tau_e"] for segment in block.segments} == {"ms"}
    assert block.annotations["model"] == "adex"
    assert block.annotations["identity"] == result.attrs["identity"]
    assert "Not medical advice" in block.annotations["disclaimer"]


def test_neo_has_the_same_spikes(block, result):
    for k, segment in enumerate(block.segments):
        (train,) = segment.spiketrains
        assert train.units.dimensionality.string == "ms"
        assert np.array_equal(train.magnitude, spikes_of(result, k))
        assert len(train)


def test_neo_has_the_same_traces_in_their_units(block, result):
    found = {signal.name: signal for signal in block.segments[1].analogsignals}
    assert set(found) == {"v", "w", "g_e"}
    for name, signal in found.items():
        assert np.allclose(signal.magnitude[:, 0], result[name].values[1], rtol=1e-12)
        assert signal.dimensionality.string == result[name].attrs["units"]
        assert np.allclose(signal.times.rescale("ms").magnitude, result.time.values)


def test_the_pulses_are_an_epoch(block, result):
    (pulses,) = block.segments[0].epochs
    assert np.allclose(pulses.times.rescale("ms").magnitude, result.pulse_time.values)
    assert np.allclose((pulses.times + pulses.durations).rescale("ms").magnitude, result.window_end.values)


def test_elephant_reads_the_trains(block, result):
    statistics = pytest.importorskip("elephant.statistics", reason="Elephant is not installed")
    (train,) = block.segments[2].spiketrains
    rate = statistics.mean_firing_rate(train).rescale("Hz").magnitude
    assert rate == pytest.approx(len(spikes_of(result, 2)) / (float(result.run_end) / 1e3))


def test_a_silent_neuron_of_a_network_has_an_empty_train(network):
    pytest.importorskip("neo", reason="Neo is not installed")
    segment = nm.to_neo(network).segments[1]
    assert [(t.annotations["population"], t.annotations["neuron"]) for t in segment.spiketrains] == [
        ("e", 0), ("e", 1), ("e", 2), ("i", 0), ("i", 1),
    ]  # fmt: skip
    assert np.array_equal(segment.spiketrains[1].magnitude, spikes_of(network, 1, 1, "e"))
    assert len(segment.spiketrains[3]) > 0
    assert len(segment.spiketrains[4]) == 0
    assert {signal.name: signal.shape[1] for signal in segment.analogsignals} == {"e_v": 3, "i_v": 2}


# --- NWB -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(result, tmp_path_factory):
    pytest.importorskip("pynwb", reason="pynwb is not installed")
    return nm.to_nwb(result, tmp_path_factory.mktemp("nwb") / "adex.nwb", session_start=SESSION)


def test_the_file_passes_the_validator_of_pynwb(written):
    pynwb = pytest.importorskip("pynwb")
    assert pynwb.validate(path=str(written)) == []


def test_nwb_has_the_same_spikes_traces_and_pulses(written, result):
    pynwb = pytest.importorskip("pynwb")
    with pynwb.NWBHDF5IO(str(written), "r") as io:
        held = io.read()
        assert held.session_description.startswith("SIMULATED")
        assert held.session_start_time == SESSION
        units = held.units.to_dataframe()
        assert units.varied_tau_e.tolist() == [20.0, 40.0, 80.0]
        assert held.units["varied_tau_e"].description == "tau_e of this lane, in ms"
        for k, times in enumerate(units.spike_times):
            assert np.allclose(times * 1e3, spikes_of(result, k), rtol=1e-12)
        series = held.acquisition["g_e"]
        assert (series.unit, series.conversion) == ("siemens", 1e-9)
        assert np.allclose(series.data[:, 2], result["g_e"].values[2])
        assert series.rate == pytest.approx(1e4)
        assert np.allclose(held.intervals["pulses"]["start_time"][:] * 1e3, result.pulse_time.values)
        parameters = json.loads(json.loads(held.notes)["parameters"])
        assert parameters["C"] == "281 pF"


def test_a_network_validates_too(network, tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed")
    file = nm.to_nwb(network, tmp_path / "net.nwb", session_start=SESSION)
    assert pynwb.validate(path=str(file)) == []
    with pynwb.NWBHDF5IO(str(file), "r") as io:
        units = io.read().units.to_dataframe()
    assert len(units) == 10
    silent = units[(units.population == "i") & (units.neuron == 1)]
    assert [len(times) for times in silent.spike_times] == [0, 0]


# --- what is refused -------------------------------------------------------------------------------------------------


def test_what_is_no_result_is_refused(tmp_path, result):
    with pytest.raises(nm.NmdasimError, match=r"a Dataset is no result; give what nm.simulate"):
        nm.to_neo(result.drop_vars("spike_count"))
    with pytest.raises(nm.NmdasimError, match=r"a list is no result"):
        nm.to_nwb([1], tmp_path / "x.nwb")


def test_a_date_without_time_zone_and_another_name_are_refused(result, tmp_path):
    pytest.importorskip("pynwb", reason="pynwb is not installed")
    with pytest.raises(nm.NmdasimError, match="give its time zone"):
        nm.to_nwb(result, tmp_path / "x.nwb", session_start=datetime(2020, 1, 1))
    with pytest.raises(nm.NmdasimError, match=r"ends in \.nwb"):
        nm.to_nwb(result, tmp_path / "x.h5")
    assert list(tmp_path.iterdir()) == []


def test_more_trains_than_are_written_are_refused(result, monkeypatch):
    monkeypatch.setattr(lanes, "_MOST_TRAINS", 2)
    with pytest.raises(nm.NmdasimError, match=r"3 lanes of 1 neurons are more than 2 trains; take a part"):
        list(lanes.lanes(result))


@pytest.mark.parametrize(("package", "extra", "call"), [("neo", "neo", nm.to_neo), ("pynwb", "nwb", nm.to_nwb)])
def test_a_missing_package_is_one_line_that_names_the_extra(package, extra, call, result, monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, package, None)
    given = (result,) if call is nm.to_neo else (result, tmp_path / "x.nwb")
    with pytest.raises(nm.NmdasimError, match=rf"{package} is not installed.*nmdasim\[{extra}\]"):
        call(*given)
