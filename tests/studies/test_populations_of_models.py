"""Populations of models: what is kept, what is asked of it, what is refused, and that it goes on where it stopped."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.engines.kernel.machine import tally
from nmdasim.errors import InputError, NmdasimError
from nmdasim.readout import populations
from nmdasim.studies.populations import Check, Multiple, Population, reading, stages
from nmdasim.studies.populations.draws import drawn, rows
from nmdasim.sweep.store import StoreError

CELL = nm.neurons.wdr()
TRAIN = nm.WindUp(frequency="1 Hz", pulses=4, start="0.1 s")
ASKED = dict(
    ranges=dict(nmda=(0.5, 2), can=(0.5, 1.5), mg=("0.7 mM", "1.3 mM"), affinity=(0.5, 2)),
    groups=dict(affinity=("K_ketamine",)),
    log=("affinity",),
    accept=dict(ratio=(1.05, 1.6), input=(8, 30)),
    checks=(Check({"index": (-20, 6)}, set={"nmda": 0}, name="no NMDA"),),
    doses={"ketamine": ["0.3 uM", "10 uM"]},
    draws=64,
    seeds=4,
    dt="0.25 ms",
    chunk=32,
)


def asked(**changed):
    return Population(CELL, TRAIN, **(ASKED | changed))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return tmp_path_factory.mktemp("populations") / "store"


@pytest.fixture(scope="module")
def found(store):
    return stages.run(asked(), store)


def test_those_are_kept_that_meet_every_band_and_no_others(found):
    first = (found.ratio >= 1.05) & (found.ratio <= 1.6) & (found.input >= 8) & (found.input <= 30)
    assert 0 < first.sum() < 64
    assert np.array_equal(found.index_1.notnull(), first)
    assert np.array_equal(found.kept, first & (found.index_1 <= 6) & (found.index_1 >= -20))


def test_draws_that_fail_without_drug_are_not_run_at_the_doses(found):
    tests = json.loads(found.attrs["tests"])
    assert [one["name"] for one in tests] == ["control", "no NMDA"]
    assert tests[0]["tested"] == 64
    assert found.attrs["lanes"] == 64 + tests[1]["tested"] + 2 * int(found.kept.sum())
    assert not found.index_dosed.isel(draw=~found.kept.values).notnull().any()


def test_a_kept_draw_is_the_run_of_its_own_numbers(found):
    draw = int(np.flatnonzero(found.kept)[0])
    own = found.isel(draw=draw)
    cell = CELL.scaled(nmda=float(own.nmda), can=float(own.can)).replace(
        mg=f"{float(own.mg)} mM", K_ketamine=float(own.affinity) * CELL.parameters["K_ketamine"].value
    )
    alone = nm.measures.windup(
        nm.simulate(cell, TRAIN, ketamine=[0, 10] * nm.uM, seed=draw % 4, block="equilibrated", dt="0.25 ms")
    )
    assert alone["index"].values.tolist() == [own["index"], own.index_dosed[1]]
    assert float(own.index_loss[1]) == pytest.approx(100 * (1 - own.index_dosed[1] / own["index"]))


def test_ten_micromolar_takes_more_of_wind_up_than_a_third(found):
    loss = populations.quantiles(found)
    assert float(loss.sel(ketamine=10, quantile=0.5)) > float(loss.sel(ketamine=0.3, quantile=0.5)) + 20
    share = populations.share_losing(found, 26)
    assert float(share[0]) < float(share[1])
    spared = populations.share_losing(found, 26, {"input": 0})
    assert np.all(spared <= share)


def test_all_draws_and_doses_share_one_kernel(found):
    before = tally()
    again = stages.population_of_models(CELL, TRAIN, **(ASKED | dict(seed=1, draws=16, checks=())))
    assert tally() == before
    assert not np.array_equal(again.nmda[:16], found.nmda[:16])


def test_what_is_finished_is_not_run_again_and_the_numbers_are_the_same(found, store, tmp_path):
    again = stages.run(asked(), store, resume=True)
    assert again.attrs["resumed"] == again.attrs["lanes"] == found.attrs["lanes"]

    broken = tmp_path / "broken"  # as it is when the process ends before the doses, and in the middle of a test
    shutil.copytree(store, broken)
    shutil.rmtree(broken / "doses")
    journal = broken / "0-control" / ".sweep" / "journal.jsonl"
    journal.write_text(journal.read_text().splitlines(keepends=True)[0])
    mended = stages.run(asked(), broken, resume=True)
    assert mended.attrs["resumed"] == found.attrs["lanes"] - 32 - 2 * int(found.kept.sum())
    for name in found.variables:
        assert found[name].identical(mended[name]) or np.array_equal(found[name], mended[name], equal_nan=True)


def test_a_store_of_another_population_is_refused(found, store):
    with pytest.raises(StoreError, match="exists; --resume"):
        stages.run(asked(), store)
    with pytest.raises(StoreError, match=r"of another population \(accept: .*→"):
        stages.run(asked(accept={"ratio": (1.1, 1.6)}), store, resume=True)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (dict(accept={"ratio": (50, 60)}), r"none of 64 draws of a pilot meets the bands: ratio in 50 to 60 by 0 %"),
        (dict(accept={"ratio": (1, 9), "input": (900, 1000)}), r"input in 900 to 1000 by 0 % \(from \d+ to \d+\)"),
        (dict(checks=(Check({"index": (500, 600)}, name="late"),)), r"meets the bands of late: index in 500"),
    ],
)
def test_bands_that_no_draw_can_meet_are_said_from_a_pilot(found, tmp_path, changed, told):
    with pytest.raises(InputError, match=told):
        stages.run(asked(**changed), tmp_path / "none")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (dict(ranges={"mg": ("1 ms", "2 ms")}), "range of mg = .* has the wrong dimension; it is given in mM"),
        (dict(ranges={"nmda": ("1 mM", "2 mM")}), "range of nmda .* plain number"),
        (dict(ranges={"nmda": (-1, 2)}), "a factor is 0 or more"),
        (dict(ranges={"mq": (1, 2)}), "ranges: wdr has no parameter or gain 'mq'; "),
        (dict(ranges={"mg": ("2 mM", "1 mM")}), "a range rises from low to high"),
        (
            dict(groups={"affinity": ("K_ketamin",)}),
            "group affinity: wdr has no parameter .* did you mean 'K_ketamine'",
        ),
        (dict(groups={"affinity": ("K_ketamine",), "spare": ("mg",)}), "group spare has no range"),
        (
            dict(
                ranges={
                    "mg": ("1 mM", "2 mM"),
                    "affinity": (1, 2),
                    "g_can": ("1 uS/cm**2", "2 uS/cm**2"),
                    "g_can.dendrite": ("1 uS/cm**2", "2 uS/cm**2"),
                }
            ),
            "both set g_can.dendrite",
        ),
        (dict(accept={"ratios": (1, 2)}), "unknown read-out 'ratios'; did you mean 'ratio'"),
        (dict(accept={"late": (1, 2)}), "late has a number for every pulse"),
        (dict(accept={"ratio": (2, 1)}), "a band rises from low to high"),
        (dict(accept={"ratio": 2}), r"a band is \(low, high\)"),
        (dict(accept={}), "no bands of data"),
        (dict(answers=("indx",)), "unknown read-out 'indx'; did you mean 'index'"),
        (dict(doses={"ketamine": ["1 ms"]}), "ketamine .* wrong dimension"),
        (dict(doses={"ketamine": ["1 uM"], "mg": ["1 mM"]}), "a question has one axis"),
        (dict(doses={"ketamine": "1 uM"}), "an axis is a list of one or more values"),
        (dict(doses={"ketamine": ["100 ng/ml"]}), "total"),
        (dict(draws=0), "draws = 0; give a whole number from 1"),
        (dict(sampling="sobol", draws=100), "a Sobol sequence takes a power of 2"),
        (dict(shares=("nope",)), "of one kind alone"),
        (dict(checks=(Check({"index": (0, 1)}, set={"nmdaa": 0}),)), "set: wdr has no parameter or gain 'nmdaa'"),
    ],
)
def test_what_cannot_be_asked_is_one_line_before_any_work(changed, told):
    if "ranges" in changed and "affinity" not in changed["ranges"]:
        changed = {"groups": {}, "log": (), **changed}
    with pytest.raises(NmdasimError, match=told) as caught:
        asked(**changed)
    assert "\n" not in str(caught.value)


def test_shares_are_uniform_over_all_that_sum_to_one():
    mixed = nm.neurons.wdr(subtype={"2A": 0.5, "2B": 0.3, "2D": 0.2})
    shares = ("share_2A", "share_2B", "share_2D")
    what = Population(mixed, TRAIN, {"mg": ("0.7 mM", "1.3 mM")}, {"ratio": (1, 3)}, draws=4000, shares=shares)
    values = rows(what.factors, drawn(what.samples, what.shares))
    table = np.stack([values[name] for name in shares])
    assert np.allclose(table.sum(axis=0), 1)
    # each of three uniform shares is Beta(1, 2): mean 1/3, variance 1/18, beyond 1/2 in a quarter of the draws
    assert np.allclose(table.mean(axis=1), 1 / 3, atol=0.01)
    assert np.allclose(table.var(axis=1), 1 / 18, atol=0.004)
    assert np.allclose((table > 0.5).mean(axis=1), 0.25, atol=0.02)


def test_factors_multiply_and_values_set():
    what = asked(
        ranges=dict(nmda=(0.5, 2), strength=(0.5, 1), w_nk1=("1 pS", "9 pS")),
        log=(),
        groups={"strength": ("w_ampa_c", "gain_nmda", "w_nk1")},
    )
    values = drawn(what.samples, what.shares)
    table = rows(what.factors, values)
    assert np.allclose(table["gain_nmda"], values["nmda"] * values["strength"])
    assert np.allclose(table["w_nk1"], values["w_nk1"] * values["strength"])
    assert np.allclose(table["w_ampa_c"], 6e-9 * values["strength"])


def test_the_example_file_says_what_the_arguments_say(tmp_path):
    path = tmp_path / "example.toml"
    path.write_text(reading.EXAMPLE)
    read = reading.read(path)
    told = Population(
        CELL,
        nm.WindUp(),
        dict(mg=("0.7 mM", "1.3 mM"), nmda=(0.5, 2), can=(0.5, 1.5), dissociation=(0.5, 2)),
        dict(ratio=(1.5, 4), input=(5, 30)),
        groups=dict(dissociation=("K_ketamine",)),
        log=("dissociation",),
        checks=(Check({"ratio": (0, 1.3)}, set={"nmda": 0}, name="hardly any without NMDA receptors"),),
        dt="0.2 ms",
    )
    assert read.identity == told.identity


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[ranges]\nmg = ['1 mM', '2 mM']\n", "spec.toml: accept missing"),
        ("bogus = 1\n[ranges]\n[accept]\nratio=[1,2]\n", "unknown key 'bogus'"),
        ("[ranges]\nmg = ['1 mM', '2 mM']\n[accept]\nratio = 3\n", r"a band is \(low, high\)"),
        ("[ranges]\nmg = 3\n[accept]\nratio = [1, 3]\n", r"a range is \(low, high\)"),
        (
            "[model]\nname = 'wdr'\noptions = {nmdaa = 'x'}\n[ranges]\nmg = ['1 mM', '2 mM']\n[accept]\nratio = [1, 3]",
            "wdr has no option 'nmdaa'; did you mean 'nmda'",
        ),
        ("[ranges]\nmg = ['1 mM', '2 mM']\n[accept]\nratio = [1, 3]\n[groups]\na = 'mg'\n", "it is a list of names"),
        ("[ranges\n", "is no TOML"),
    ],
)
def test_a_file_that_is_wrong_is_one_line(tmp_path, text, told):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=told) as caught:
        reading.read(path)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def stimulated(tmp_path_factory):
    """Return draws that are stimulated at 1.2 × their own thresholds, and what was asked.

    The gain of the NMDA receptors stands for the strength: with it the kernel is that of the other tests.
    """
    what = Population(
        CELL,
        TRAIN,
        dict(ampa_c=(0.8, 1.2), mg=("0.7 mM", "1.3 mM")),
        {"input": (0, 60)},
        draws=24,
        seeds=4,
        dt="0.25 ms",
        doses={},
        multiple=Multiple(1.2, lowest=0.1, largest=3, points=24, criterion=12, parameter="gain_nmda"),
    )
    return what, stages.run(what, tmp_path_factory.mktemp("threshold") / "store")


def test_every_draw_is_stimulated_at_a_multiple_of_its_own_threshold(stimulated):
    what, found = stimulated
    assert found.threshold.notnull().all()
    assert float(found.threshold.std()) > 0
    assert np.allclose(found.gain_nmda, 1.2 * found.threshold)
    ratio = what.multiple.grid[1] / what.multiple.grid[0]
    columns = {"mg": (found.mg, "mM"), "w_ampa_c": (0.006 * found.ampa_c, "uS")}
    # beyond the step of the grid in which it lies, one stimulus fails below and succeeds above
    for factor, answers in ((ratio**-0.6, False), (ratio**0.6, True)):
        own = columns | {"gain_nmda": (factor * found.threshold, "1")}
        given = {key: xr.DataArray(one.values, dims="draw", attrs={"units": u}) for key, (one, u) in own.items()}
        draw = xr.DataArray(np.arange(24) % 4, dims="draw")
        one = nm.simulate(what.model, what.multiple.stimulus, parameters=given, seed=draw, dt="0.25 ms")
        assert np.mean((one.spike_count >= 12) == answers) > 0.9


def test_a_threshold_that_is_not_there_is_said(stimulated, tmp_path):
    what, _ = stimulated
    none = dataclasses.replace(what, multiple=dataclasses.replace(what.multiple, criterion=1000))
    with pytest.raises(InputError, match=r"none of 24 draws of a pilot has a threshold from strength 0.1 to 3"):
        stages.run(none, tmp_path / "none")
    with pytest.raises(InputError, match="gain_nmda is drawn, and set by the threshold"):
        dataclasses.replace(what, ranges={"gain_nmda": (0.5, 1)})
    with pytest.raises(InputError, match="points = 1"):
        Multiple(points=1)
    with pytest.raises(InputError, match="strengths rise"):
        Multiple(lowest=2, largest=1)


def test_it_is_a_dataset_with_units_and_the_disclaimer(found):
    assert isinstance(found, xr.Dataset)
    assert found.attrs["disclaimer"] == nm.DISCLAIMER == found.index_loss.attrs["disclaimer"]
    assert (found.mg.attrs["units"], found.ketamine.attrs["units"]) == ("mM", "µM")
    assert found.ketamine.attrs["long_name"].startswith("free ketamine")
    assert nm.studies.population_of_models is stages.population_of_models
