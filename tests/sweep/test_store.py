"""A store holds what the runs gave, is finished without running anything twice, and never keeps what is wrong."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from short import TRAIN, WDR, bits, sweep_of

import nmdasim as nm
from nmdasim.sweep import chunks, execute, failures, outlook, specification, store


@pytest.fixture
def counted(monkeypatch):
    """Return the list of chunks that are run."""
    ran, original = [], chunks.run
    monkeypatch.setattr(execute.chunks, "run", lambda sweep, k, threads=0: ran.append(k) or original(sweep, k, threads))
    return ran


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return a finished store of the small sweep."""
    path = tmp_path_factory.mktemp("done") / "s.zarr"
    nm.sweep(sweep_of(), path)
    return path


@pytest.fixture
def path(done, tmp_path):
    """Return the path of a copy of it, which a test may damage."""
    return Path(shutil.copytree(done, tmp_path / "s.zarr"))


def finished(path):
    return [json.loads(line)["chunk"] for line in (path / ".sweep" / "journal.jsonl").read_text().splitlines()]


def test_a_store_opens_with_xarray_alone_and_says_what_made_it(small, tmp_path):
    sweep = small(title="a test")
    nm.sweep(sweep, tmp_path / "s.zarr")
    data = xr.open_zarr(tmp_path / "s.zarr")
    assert dict(data.sizes) == {"ketamine": 6, "seed": 4, "pulse": 2}
    assert data.ketamine.units == "µM"
    assert data.ketamine.values == pytest.approx(np.geomspace(0.1, 10, 6), rel=1e-12)
    assert np.all(data.status == 1)
    assert data.blocked.dims == ("ketamine", "seed", "pulse")
    assert data.attrs["title"] == "a test"
    assert data.attrs["model_digest"] == sweep.model.digest
    assert json.loads(data.attrs["parameter_sources"])["K_mg"] == "jahr1990 (verified)"
    assert "llvmlite" in data.attrs["versions"]
    assert data.attrs["disclaimer"] == nm.DISCLAIMER


@pytest.mark.filterwarnings("ignore:Windows of")
@pytest.mark.parametrize("chunk", [1, 5, 24])
def test_numbers_are_those_of_one_run_however_they_are_cut(small, tmp_path, chunk):
    doses = np.geomspace(0.1, 10, 6) * nm.uM
    one = nm.simulate(WDR, TRAIN, ketamine=doses, seed=range(4))
    data = nm.sweep(small(chunk=chunk), tmp_path / "s.zarr")
    assert np.array_equal(data.spike_count, one.spike_count)
    assert data.blocked.values.tobytes() == one.blocked.values.tobytes()
    assert np.array_equal(data.early, nm.measures.windup(one).early)


def test_rates_pulses_gains_and_samples_are_axes(tmp_path):
    samples = nm.Samples(dict(K_mg=("2 mM", "5 mM"), E_ampa=("-5 mV", "5 mV")), 3)
    axes = dict(frequency=[10, 20] * nm.Hz, nmda=[0, 1], seed=[7, 3])
    sweep = nm.Sweep(WDR, TRAIN, axes, samples, readouts=("spike_count", "early"), chunk=5)
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    assert dict(data.sizes) == {"sample": 3, "frequency": 2, "nmda": 2, "seed": 2, "pulse": 2}
    drawn = samples.columns()
    for s, f, g, k in [(0, 0, 1, 0), (1, 1, 1, 1), (2, 0, 0, 1), (2, 1, 1, 0)]:
        model = nm.neurons.wdr().scaled(nmda=axes["nmda"][g])
        model = model.replace(**{name: values[s] for name, values in drawn.items()})
        train = nm.WindUp(frequency=axes["frequency"][f], pulses=2, start=5 * nm.ms)
        alone = nm.simulate(model, train, seed=axes["seed"][k])
        assert data.spike_count[s, f, g, k] == alone.spike_count
    assert data.K_mg.dims == ("sample",)
    assert data.K_mg.values == pytest.approx(np.asarray(drawn["K_mg"] / nm.mM), rel=1e-12)


def test_rows_of_a_table_with_gains_run_as_each_row_alone(tmp_path):
    rows = dict(ketamine=[0.3, 1, 3], nmda=[1.0, 0.5, 0.2], seed=[4, 2, 9])
    axes = {name: xr.DataArray(values, dims="row") for name, values in rows.items()}
    axes["ketamine"].attrs["units"] = "uM"
    sweep = nm.Sweep(WDR, TRAIN, axes, readouts=("spike_count", "blocked"), chunk=2)
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    assert dict(data.sizes) == {"row": 3, "pulse": 2}
    for k, (dose, gain, seed) in enumerate(zip(*rows.values(), strict=True)):
        alone = nm.simulate(nm.neurons.wdr().scaled(nmda=gain), TRAIN, ketamine=dose * nm.uM, seed=seed)
        assert data.spike_count[k] == alone.spike_count
        assert data.blocked[k].values.tobytes() == alone.blocked.values.tobytes()


def test_a_train_of_fewer_pulses_leaves_the_rest_missing(tmp_path):
    sweep = nm.Sweep(WDR, TRAIN, dict(pulses=[1, 3], ketamine=[0, 1] * nm.uM), readouts=("early",))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    assert np.isnan(data.early.values[0, :, 1:]).all()
    assert np.isfinite(data.early.values[1]).all()


def test_a_chain_of_two_cells_and_plain_events_are_swept(tmp_path, adex):
    chain = nm.Sweep(nm.neurons.aguiar2010(), TRAIN, dict(seed=range(3)), readouts=("spike_count", "late"))
    one = nm.simulate(nm.neurons.aguiar2010(), TRAIN, seed=range(3))
    got = nm.sweep(chain, tmp_path / "chain.zarr").spike_count
    assert np.array_equal(got, one.spike_count.sel(population=one.attrs["output"]))
    events = nm.Events("exc", [10, 20, 30] * nm.ms)
    plain = nm.Sweep(adex, events, dict(tau_w=[50, 100] * nm.ms), readouts=("spike_count",), duration=60 * nm.ms)
    one = nm.simulate(adex, events, duration=60 * nm.ms, parameters=dict(tau_w=[50, 100] * nm.ms))
    assert np.array_equal(nm.sweep(plain, tmp_path / "plain.zarr").spike_count, one.spike_count)


def test_a_drug_that_the_model_does_not_know_is_an_axis(tmp_path):
    doses = [0, 5] * nm.uM
    sweep = nm.Sweep(WDR, TRAIN, dict(memantine=doses, seed=[0, 1]), readouts=("spike_count", "blocked_memantine"))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    one = nm.simulate(WDR, TRAIN, drugs={"memantine": doses}, seed=[0, 1])
    assert data.memantine.units == "µM"
    assert np.array_equal(data.spike_count, one.spike_count)
    assert data.blocked_memantine.values.tobytes() == one.blocked_memantine.values.tobytes()
    assert data.blocked_memantine.values[1].min() > 0
    assert data.attrs["drugs"] == one.attrs["drugs"]


# --- resuming --------------------------------------------------------------------------------------------------------


def test_resuming_runs_what_is_missing_and_nothing_else(small, tmp_path, counted):
    whole = bits(nm.sweep(small(), tmp_path / "whole.zarr"))
    counted.clear()
    path = tmp_path / "s.zarr"

    def stop(done, lanes):
        if done == 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nm.sweep(small(), path, progress=stop)
    assert counted == finished(path) == [0, 1]
    assert np.isnan(xr.open_zarr(path).status.values).sum() == 8
    assert bits(nm.sweep(small(), path, resume=True)) == whole
    assert counted == finished(path) == [0, 1, 2]
    nm.sweep(small(), path, resume=True)
    assert counted == [0, 1, 2]


@pytest.mark.parametrize("damage", ["truncate", "delete", "flip"])
def test_a_damaged_chunk_is_found_said_and_run_again(small, path, counted, damage):
    whole = bits(xr.open_zarr(path))
    victim = path / "early" / "1.0.0"
    content = victim.read_bytes()
    if damage == "delete":
        victim.unlink()
    else:
        victim.write_bytes(content[:-3] if damage == "truncate" else content[:-1] + bytes([content[-1] ^ 1]))
    counted.clear()
    summary = execute.run(small(), path, resume=True)
    assert counted == [1]
    assert summary.notes == ("chunk 1: early missing or damaged; it is run again",)
    assert (summary.resumed, summary.done) == (16, 24)
    assert bits(xr.open_zarr(path)) == whole


def test_a_torn_last_line_of_the_journal_vouches_for_nothing(small, path, counted):
    journal = path / ".sweep" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    counted.clear()
    nm.sweep(small(), path, resume=True)
    assert counted == [2]
    assert finished(path) == [0, 1, 2]


@pytest.mark.parametrize(
    "change",
    [
        lambda line: '{"chunk": 1}',
        lambda line: line.replace('"chunk": 1', '"chunk": 99'),
        lambda line: line.replace('"chunk": 1', '"chunk": 1.5'),
        lambda line: line.replace('"lanes": 8', '"lanes": 9'),
        lambda line: line.replace('"early"', '"late"'),
        lambda line: json.dumps(json.loads(line) | {"files": {}}),
    ],
)
def test_a_damaged_line_of_the_journal_vouches_for_nothing(small, path, counted, change):
    whole = bits(xr.open_zarr(path))
    journal = path / ".sweep" / "journal.jsonl"
    first, second, third = journal.read_text().splitlines()
    journal.write_text("\n".join([first, change(second), third, ""]))
    counted.clear()
    assert execute.run(small(), path, resume=True).done == 24
    assert counted == [1]
    assert bits(xr.open_zarr(path)) == whole


@pytest.mark.parametrize("victim", [".sweep/identity.json", "early/.zarray", "ketamine/0", ".zmetadata"])
@pytest.mark.parametrize("content", [None, b"[]"])
def test_a_store_without_its_layout_is_refused_and_the_file_named(small, path, victim, content):
    (path / victim).unlink() if content is None else (path / victim).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{victim} (is )?missing or damaged|is no store of a sweep"):
        nm.sweep(small(), path, resume=True)


def test_of_two_that_make_a_store_at_once_the_second_is_told_that_it_exists(small, tmp_path, monkeypatch):
    path, make = tmp_path / "s.zarr", store._coordinates

    def meanwhile(sweep, pilot):
        monkeypatch.setattr(store, "_coordinates", make)
        monkeypatch.setattr(store.os, "getpid", lambda: 4711)
        nm.sweep(small(), path)
        return make(sweep, pilot)

    monkeypatch.setattr(store, "_coordinates", meanwhile)
    with pytest.raises(ValueError, match="exists; --resume"):
        nm.sweep(small(), path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["s.zarr"]


def test_another_specification_is_refused_and_the_difference_named(small, path):
    before = bits(xr.open_zarr(path))
    edited = small(model=nm.neurons.wdr().replace(K_mg="3 mM"))
    with pytest.raises(ValueError, match=r"made by another specification \(parameter K_mg: 3.57 mM → 3.0 mM\)"):
        nm.sweep(edited, path, resume=True)
    with pytest.raises(ValueError, match=r"axis seed: 4 values, 0 to 3, \w+ → 5 values, 0 to 4"):
        nm.sweep(small(axes=small().axes | dict(seed=range(5))), path, resume=True)
    assert bits(xr.open_zarr(path)) == before


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            dict(llvmlite="0.1"),
            r"other versions \(version of llvmlite: \S+ → 0.1\); give a path that is free, or those",
        ),
        (dict(source="0123"), r"other versions \(version of source: \w{16} → 0123\)"),
        (dict(scipy="9", numpy="8"), r"version of numpy: \S+ → 8; version of scipy: \S+ → 9"),
    ],
)
def test_a_store_made_by_other_versions_or_another_source_is_refused_and_they_are_named(
    small, path, monkeypatch, changed, message
):
    own = specification.versions()
    monkeypatch.setattr(specification, "versions", lambda: own | changed)
    with pytest.raises(ValueError, match=message):
        nm.sweep(small(), path, resume=True)


def test_a_store_is_not_overwritten_and_another_folder_not_touched(small, path, tmp_path):
    with pytest.raises(ValueError, match="exists; --resume"):
        nm.sweep(small(), path)
    (tmp_path / "letters").mkdir()
    with pytest.raises(ValueError, match="is no store of a sweep"):
        nm.sweep(small(), tmp_path / "letters", resume=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["letters", "s.zarr"]


def test_a_second_process_on_a_store_is_refused_by_name(small, path):
    (path / "early" / "0.0.0").unlink()
    code = (
        "import fcntl, pathlib, sys, time\n"
        "s = open(sys.argv[1], 'a+'); fcntl.flock(s, fcntl.LOCK_EX)\n"
        "pathlib.Path(sys.argv[1]).with_name('holder').write_text('process 4711 on node')\n"
        "print('held', flush=True); time.sleep(60)\n"
    )
    lock = str(path / ".sweep" / "lock")
    with subprocess.Popen([sys.executable, "-c", code, lock], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(ValueError, match="in use by process 4711 on node"):
                nm.sweep(small(), path, resume=True)
        finally:
            holder.kill()
    assert np.all(nm.sweep(small(), path, resume=True).status == 1)


# --- lanes that fail -------------------------------------------------------------------------------------------------


def test_a_lane_that_blows_up_is_marked_and_named_and_the_rest_stands(tmp_path):
    sweep = nm.Sweep(WDR, TRAIN, dict(E_na=[50, 1e302, 60] * nm.mV), readouts=("spike_count", "blocked"))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    assert data.status.values.tolist() == [1, 0, 1]
    assert np.isnan(data.blocked.values[1]).all()
    alone = nm.simulate(WDR, TRAIN, parameters=dict(E_na=[50, 60] * nm.mV))
    assert np.array_equal(data.spike_count.values[[0, 2]], alone.spike_count)
    (told,) = failures(tmp_path / "s.zarr")[0]
    assert "1 of 3 lanes overflowed" in told
    assert "E_na = 1e+302 mV" in told


def test_parameters_that_the_model_refuses_cost_their_own_lanes_only(tmp_path, monkeypatch):
    """What is refused at the ends of an axis is refused before any work; here it is one in the middle."""

    def refuse(*args, parameters, **options):
        if np.any(parameters["ketamine"].values == 2e-3):
            raise nm.ModelError("no such dose")
        return nm.simulate(*args, parameters=parameters, **options)

    monkeypatch.setattr(chunks, "simulate", refuse)
    sweep = nm.Sweep(WDR, TRAIN, dict(ketamine=[1, 2, 3, 4] * nm.uM, seed=[0, 1]), readouts=("early",))
    summary = execute.run(sweep, tmp_path / "s.zarr")
    assert summary.failed == 2
    status = xr.open_zarr(tmp_path / "s.zarr").status.values
    assert status.tolist() == [[1, 1], [0, 0], [1, 1], [1, 1]]
    told = failures(tmp_path / "s.zarr")[0]
    assert told == [f"ketamine = 2 µM, seed = {seed}: no such dose" for seed in (0, 1)]


def test_what_cannot_run_at_all_is_refused_before_there_is_a_store(small, tmp_path):
    for changed, message in [
        (dict(block="soaked"), "block = 'soaked'"),
        (dict(dt=5 * nm.ms), "takes a step"),
        (dict(engine="genesis"), "does not exist"),
        (dict(protocol=nm.WindUp(fibres=("b",))), "has no fibres b"),
        (dict(axes=dict(ketamine=[1, -1, 2] * nm.uM)), r"ketamine = -1 µM; it cannot be negative"),
        (dict(axes=dict(seed=[0], mg=[1, -2, 3] * nm.mM, frequency=[20, 10] * nm.Hz)), r"mg = -2 mM; it cannot"),
        (dict(samples=nm.Samples(dict(K_mg=("-1 mM", "1 mM")), 9), axes={}), "K_mg = .*; it cannot be negative"),
        (dict(duration=-1 * nm.ms), "a run is longer than 0"),
        (dict(dt=0 * nm.ms), "step"),
    ]:
        with pytest.raises(ValueError, match=message):
            nm.sweep(small(**changed), tmp_path / "s.zarr")
    assert list(tmp_path.iterdir()) == []


def test_a_sweep_larger_than_the_disk_is_refused_and_what_is_left_of_one_that_fits_is_not(small, tmp_path, monkeypatch):
    nm.sweep(small(), tmp_path / "done.zarr")
    monkeypatch.setattr(outlook.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 100}))
    with pytest.raises(ValueError, match="what is left, 3 chunks, needs up to 49.7 kB and 100 B are free"):
        nm.sweep(small(), tmp_path / "s.zarr")
    assert not (tmp_path / "s.zarr").exists()
    nm.sweep(small(), tmp_path / "done.zarr", resume=True)
