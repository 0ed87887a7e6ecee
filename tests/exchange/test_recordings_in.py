"""Recorded spikes come in from the formats of labs, with their unit; what is broken is refused in one line."""

import pickle
from datetime import UTC, datetime

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.exchange import read_spikes, reading

TIMES = [0.0101, 0.0352, 0.06, 0.1104]


def write(folder, name, text):
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def seconds(recording, train=""):
    return np.asarray(recording.times(train))


# --- text ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "scale"),
    [("time_ms", 1e3), ("time_s", 1), ("spike time (s)", 1), ("t [ms]", 1e3), ("Spikes (µs)", 1e6), ("times_us", 1e6)],
)
def test_a_heading_says_the_unit(heading, scale, tmp_path):
    rows = "\n".join(f"{t * scale:.9g}" for t in TIMES)
    assert seconds(read_spikes(write(tmp_path, "a.csv", f"{heading}\n{rows}\n"))) == pytest.approx(TIMES)


def test_a_column_without_heading_takes_the_unit_that_is_given(tmp_path):
    path = write(tmp_path, "unit7.txt", "# exported\n10.1\n35.2\n60\n110.4\n")
    found = read_spikes(path, unit="ms")
    assert list(found.trains) == ["unit7"]
    assert seconds(found) == pytest.approx(TIMES)


def test_a_column_of_names_parts_the_trains(tmp_path):
    path = write(tmp_path, "two.tsv", "neuron\ttime_ms\n3\t35.2\n1\t10.1\n3\t5\n")
    found = read_spikes(path)
    assert list(found.trains) == ["neuron 3", "neuron 1"]
    assert seconds(found, "neuron 3") == pytest.approx([0.005, 0.0352])
    with pytest.raises(nm.NmdasimError, match="did you mean 'neuron 3'"):
        found.times("neuron_3")
    with pytest.raises(nm.NmdasimError, match="name one of neuron 3, neuron 1"):
        found.times()


def test_channels_of_events_are_read_from_a_text_as_spike2_lists_it(tmp_path):
    text = (
        '"INFORMATION"\n"made for this test"\n"SUMMARY"\n"1"\t"Waveform"\n"2"\t"Evt-"\n'
        '"CHANNEL"\t"1"\n"Waveform"\n"none"\n"field"\n"START"\t0.0\t0.001\n0.5\n0.6\n\n'
        '"CHANNEL"\t"2"\n"Evt-"\n"none"\n"unit a"\n\n0.0101\n0.0352\n0.06\n\n'
        '"CHANNEL"\t"3"\n"WaveMark"\n"none"\n"unit b"\n\n0.1104\t1\t0\t0\t0\n'
    )
    found = read_spikes(write(tmp_path, "rat.txt", text))
    assert {name: times.tolist() for name, times in found.trains.items()} == {
        "unit a": [0.0101, 0.0352, 0.06],
        "unit b": [0.1104],
    }


# --- NWB and Neo -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def nwb_file(tmp_path_factory):
    """Return an NWB file as a lab writes it, with trials and two units, by pynwb alone."""
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed")

    held = pynwb.NWBFile("a session", "id", datetime(2020, 1, 1, tzinfo=UTC))
    held.add_unit(spike_times=TIMES, obs_intervals=[[0.0, 0.12]])
    held.add_unit(spike_times=[0.05], obs_intervals=[[0.0, 0.12]])
    for start in (0.0, 0.05, 0.1):
        held.add_trial(start_time=start, stop_time=start + 0.05)
    path = tmp_path_factory.mktemp("lab") / "lab.nwb"
    with pynwb.NWBHDF5IO(str(path), "w") as io:
        io.write(held)
    return path


def test_units_and_trials_are_read_from_nwb(nwb_file):
    found = read_spikes(nwb_file)
    assert seconds(found, "unit 0").tolist() == TIMES
    assert (found.begin_s, found.end_s) == (0.0, 0.12)
    assert found.stimuli_s.tolist() == [0.0, 0.05, 0.1]
    counts = found.counts("unit 0")
    assert counts.values[:2].tolist() == [2, 1]
    assert np.isnan(counts.values[2]), "the last window lasts to 0.15 s, what was observed to 0.12 s"


@pytest.mark.parametrize("kind", ["nix", "mat"])
def test_what_is_written_through_neo_is_read_back(kind, result, tmp_path):
    neo = pytest.importorskip("neo", reason="Neo is not installed")
    path = tmp_path / f"adex.{kind}"
    if kind == "nix":
        pytest.importorskip("nixio", reason="nixio is not installed")
        with neo.NixIO(str(path), "ow") as io:
            io.write_block(nm.to_neo(result))
    else:
        neo.NeoMatlabIO(str(path)).write_block(nm.to_neo(result))
    found = read_spikes(path)
    assert len(found.trains) == 3
    table = nm.spikes(result)
    for lane, times in enumerate(found.trains.values()):
        assert times * 1e3 == pytest.approx(table.time_ms[table.lane == lane].to_numpy(), rel=1e-12)


def test_trains_of_neo_in_any_unit_are_seconds(result):
    neo, pq = pytest.importorskip("neo"), pytest.importorskip("quantities")
    train = neo.SpikeTrain([1.0, 2.0] * pq.min, t_stop=3 * pq.min, name="slow")
    assert seconds(nm.exchange.from_neo(train)).tolist() == [60.0, 120.0]
    with pytest.raises(nm.NmdasimError, match="a dict is nothing of Neo"):
        nm.exchange.from_neo({})


# --- what they are for -----------------------------------------------------------------------------------------------


def test_a_recorded_train_drives_a_model(adex, tmp_path):
    found = read_spikes(write(tmp_path, "a.csv", "time_ms\n10.1\n35.2\n60\n"))
    slow = dict(tau_e=[40] * nm.ms)
    driven = nm.simulate(adex, found.events("exc"), duration="100 ms", parameters=slow)
    typed = nm.simulate(adex, nm.Events("exc", times=[10.1, 35.2, 60] * nm.ms), duration="100 ms", parameters=slow)
    assert int(driven.spike_count) > 0
    assert np.array_equal(driven.spike_time.values, typed.spike_time.values, equal_nan=True)


def test_counts_per_stimulus_are_those_of_the_measures(result, tmp_path):
    times = nm.spikes(result).query("lane == 0").time_ms
    path = write(tmp_path, "a.csv", "time_ms\n" + "\n".join(map(repr, times.tolist())) + "\n")
    at = result.pulse_time.values * nm.ms
    counts = read_spikes(path).counts(stimuli=at, until="20 ms")
    windows = [((times >= t) & (times < t + 20)).sum() for t in result.pulse_time.values]
    assert counts.values[:-1].tolist() == windows[:-1]
    assert counts.dims == ("pulse",)
    assert sum(windows) > 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (dict(), "says no stimuli; give their times"),
        (dict(stimuli=[0.2, 0.1] * nm.second), "each later than the one before"),
        (dict(stimuli=[0.1] * nm.second), "give until="),
        (dict(stimuli=[0.1, 0.2] * nm.second, after="200 ms"), "a window ends after it begins"),
        (dict(stimuli=[1, 2] * nm.mV), "wrong dimension"),
    ],
)
def test_windows_that_make_no_sense_are_refused(asked, message, tmp_path):
    found = read_spikes(write(tmp_path, "a.csv", "time_ms\n10\n"))
    with pytest.raises(nm.NmdasimError, match=message):
        found.counts(**asked)


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "unit", "message"),
    [
        ("a.csv", "10\n20\n", "", "does not say the unit of its times; give unit='ms' or unit='s'"),
        ("a.csv", "time_mV\n10\n", "", "'mV' is no unit of time"),
        ("a.csv", "10\n", "furlong", "'furlong' is no unit of time"),
        ("a.csv", "time_ms\n10\n", "s", "the heading says ms, unit='s' was given"),
        ("a.csv", "time_ms\n10\nx\n", "", "line 3: 'x' is not a number"),
        ("a.csv", "time_ms\n10,5\n", "", "line 2: '10,5' has a decimal comma; write 10.5"),
        ("a.csv", "volts,amps\n10,5\n", "", "no column of times among volts, amps"),
        ("a.csv", "10,5\n", "ms", "2 columns without a heading"),
        ("a.csv", "", "", "is empty"),
        ("a.csv", "# nothing\n", "ms", "there are no rows"),
        ("a.xyz", "1", "", "files that end in .xyz are not read; there are .nwb"),
        ("a.txt", '"CHANNEL"\t"1"\n"Waveform"\n0.1\n', "", "without a channel of events"),
        (
            "a.txt",
            '"CHANNEL"\t"1"\n"Evt-"\n"c"\n"t"\n0.1\n0.2 V\nabc\n',
            "",
            "line 7: 'abc' is not a number of sec",
        ),
        ("a.nwb", "no HDF5", "", "cannot be read as NWB"),
        ("a.nwb", "no HDF5", "ms", "carry their unit"),
        ("a.nix", "no HDF5", "", "cannot be read as Neo's NixIO"),
        ("a.smr", "no recording", "", "cannot be read as Neo's Spike2IO"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(name, text, unit, message, tmp_path):
    for package, suffix in (("pynwb", ".nwb"), ("neo", ".smr"), ("nixio", ".nix")):
        if name.endswith(suffix):
            pytest.importorskip(package, reason=f"{package} is not installed")
    with pytest.raises(nm.NmdasimError, match=message) as caught:
        read_spikes(write(tmp_path, name, text), unit=unit)
    assert "\n" not in str(caught.value)


def test_a_truncated_nwb_file_is_refused(nwb_file, tmp_path):
    path = tmp_path / "half.nwb"
    path.write_bytes(nwb_file.read_bytes()[: nwb_file.stat().st_size // 2])
    with pytest.raises(nm.NmdasimError, match="cannot be read as NWB .* is it whole"):
        read_spikes(path)


def test_a_file_that_would_be_executed_is_not_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the file was executed",))

    path = tmp_path / "trap.pkl"
    path.write_bytes(pickle.dumps(Trap()))
    with pytest.raises(nm.NmdasimError, match="may hold code that is executed"):
        read_spikes(path)


def test_a_huge_or_missing_file_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = write(tmp_path, "a.csv", "time_ms\n" + "1\n" * 100)
    monkeypatch.setattr(reading, "_LARGEST_TEXT", 50)
    with pytest.raises(nm.NmdasimError, match="more than"):
        read_spikes(path)
    with pytest.raises(nm.NmdasimError, match="there is no such file"):
        read_spikes(tmp_path / "b.csv")
    with pytest.raises(nm.NmdasimError, match="there is no such file"):
        read_spikes(tmp_path)
