"""What a sweep is, and what is refused before any work."""

import contextlib
import dataclasses
import pickle

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim.sweep import reading
from nmdasim.sweep.identity import neighbours

AXES = dict(ketamine=[0, 1] * nm.uM)


def read(tmp_path, text):
    path = tmp_path / "spec.toml"
    path.write_text(text)
    return reading.read(path)


def test_the_printed_example_is_read(tmp_path):
    sweep = read(tmp_path, reading.EXAMPLE)
    assert sweep.sizes == {"frequency": 2, "ketamine": 8, "seed": 20}
    assert sweep.lanes == 320
    doses = next(axis for axis in sweep.varied if axis.name == "ketamine").values
    assert doses == pytest.approx(np.geomspace(0.1e-3, 10e-3, 8), rel=1e-12)  # mol/m³


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axes = {ketamin = ['1 uM']}", r"no parameter or gain 'ketamin'; did you mean 'ketamine'\?"),
        ("readout = ['index']\naxes = {seed = [0]}", r"unknown key 'readout' in .*; did you mean 'readouts'"),
        ("[protocol]\nfrequence = '1 Hz'", r"unknown key 'frequence' in \[protocol\]; did you mean 'frequency'"),
        ("readouts = ['indx']\naxes = {seed = [0]}", r"unknown read-out 'indx'; did you mean 'index'"),
        ("model = 'wrd'\naxes = {seed = [0]}", r"unknown model 'wrd'; did you mean 'wdr'"),
        ("axes = {ketamine = ['1 mV']}", "ketamine = .* has the wrong dimension"),
        ("axes = {ketamine = [1, 2]}", r"ketamine = .* has the wrong dimension; .* mean \['1 uM', '2 uM'\]\?"),
        ("axes = {ketamine = ['0', '1 uM', '2']}", r"axis ketamine: .* did you mean \['0 uM', '1 uM', '2 uM'\]\?"),
        ("axes = {ketamine = []}", "axis 'ketamine' is empty"),
        ("axes = {ketamine = '1 uM'}", r"an axis is a list, .* did you mean \['1 uM'\]"),
        ("axes = {ketamine = '0 uM,1 uM'}", r"did you mean \['0 uM', '1 uM'\]"),
        ("axes = {ketamine = '0,1,10'}", r"did you mean \['0 uM', '1 uM', '10 uM'\]"),
        ("axes = {ketamine = {from = 0.1, to = '1 uM', points = 3}}", r"did you mean \['0.1 uM', '1 uM'\]"),
        ("axes = {ketamine = ['1 uM', '1 uM']}", "repeats a value"),
        ("axes = {ketamine = {from = '1 uM', to = '2 uM'}}", "points missing"),
        ("axes = {ketamine = {from = '0 uM', to = '2 uM', points = 3, scale = 'log'}}", "above 0"),
        ("axes = {ketamine = {from = '1 uM', to = '2 uM', points = 3, scale = 'lgo'}}", "did you mean 'log'"),
        ("axes = {seed = {count = 1000000000000}}", "count = 1,000,000,000,000; give from 1 to 10,000,000"),
        ("axes = {seed = [1.5]}", "1.5 is no whole number"),
        ("axes = {seed = {cuont = 3}}", "unknown key 'cuont' in axis seed; did you mean 'count'"),
        ("axes = {frequency = ['0 Hz']}", "a rate is above 0"),
        ("axes = {ketamine = ['__import__(\"os\").abort()']}", "cannot read"),
        ("block = 'equilibrium'\naxes = {seed = [0]}\nmodel = 3", "model = 3; it is a table"),
        ("model = {name = 'wdr', scale = {nmda = 'half'}}\naxes = {seed = [0]}", "a factor is a number"),
        ("", "there are no axes"),
        ("axes = 3", r"axes = 3; it is a table, \[axes\]"),
        ("axes = {", "is no TOML"),
        ("chunk = 0\naxes = {seed = [0]}", "a chunk has from 1"),
        ("samples = {points = 100, method = 'sobol', ranges = {K_mg = ['1 mM', '2 mM']}}", "power of 2"),
        ("samples = {points = 4, ranges = {K_mg = ['2 mM', '1 mM']}}", "a range rises"),
        ("samples = {points = 4, method = 'sobl', ranges = {K_mg = ['1 mM', '2 mM']}}", "did you mean 'sobol'"),
        ("samples = {points = 4, ranges = {frequency = ['10 Hz', '20 Hz']}}", "samples of frequency; those are axes"),
        ("samples = {points = 4, ranges = {pulses = [1, 5]}}", "samples of pulses; those are axes"),
        ("samples = {points = 4, method = 5, ranges = {K_mg = ['1 mM', '2 mM']}}", "method = 5; it is a text"),
        ("samples = {points = 4, seed = -1, ranges = {K_mg = ['1 mM', '2 mM']}}", "seed = -1; a seed is"),
        ("samples = {points = 4, seed = true, ranges = {K_mg = ['1 mM', '2 mM']}}", "seed = True; it is a whole"),
        ("model = {set = {K_mg = ['1 mM', '2 mM']}}\naxes = {seed = [0]}", "set K_mg = .* a value is a number or text"),
        ("model = {set = {self = '1 mM'}}\naxes = {seed = [0]}", "no parameter 'self'"),
        ("model = {scale = {self = 1}}\naxes = {seed = [0]}", "no gain 'self'"),
        ("model = {name = ['wdr']}\naxes = {seed = [0]}", r"unknown model \['wdr'\]"),
        (f"axes = {{nmda = [{'9' * 400}]}}", "too large"),
        (f"model = {{scale = {{nmda = {'9' * 400}}}}}\naxes = {{seed = [0]}}", "too large"),
        ("axes = {nmda = {from = true, to = 2, points = 3}}", "from = True is no number or text"),
        ("axes = {nmda = {from = 0.0, to = inf, points = 3}}", "give finite numbers"),
        ("axes = {K_mg = ['1 mM']}\nsamples = {points = 4, ranges = {K_mg = ['1 mM', '2 mM']}}", "both an axis and"),
    ],
)  # fmt: skip
def test_a_bad_specification_is_refused_with_its_reason(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, text)


def test_a_trillion_lanes_are_refused():
    million = np.arange(1_000_000)
    with pytest.raises(ValueError, match=r"= 1,000,000,000,000 lanes"):
        nm.Sweep(nm.neurons.wdr(), axes=dict(ketamine=(million + 1) * nm.uM, seed=million))


def test_a_gain_and_a_parameter_of_its_group_are_refused_together():
    with pytest.raises(ValueError, match="both set"):
        nm.Sweep(nm.neurons.wdr(), axes=dict(nmda=[0.5, 1], gain_nmda=[1, 2]))


def along(dim, values, unit="1"):
    return xr.DataArray(values, dims=dim, attrs=dict(units=unit))


def test_what_varies_together_keeps_its_labels_and_is_not_paired_against_them(tmp_path):
    doses, gains = (
        along("row", values, unit).assign_coords(row=["a", "b"]) for values, unit in (([0, 1], "uM"), ([1, 0], "1"))
    )
    train = nm.WindUp(pulses=1)
    for found in (
        nm.simulate(WDR, train, ketamine=doses, parameters={"gain_nmda": gains}),
        nm.sweep(nm.Sweep(WDR, train, dict(ketamine=doses, nmda=gains)), tmp_path / "s.zarr"),
    ):
        assert found.ketamine.sel(row="b").values == 1
    other = gains.isel(row=[1, 0])
    with pytest.raises(ValueError, match="other labels along row"):
        nm.simulate(WDR, train, ketamine=doses, parameters={"gain_nmda": other})
    with pytest.raises(ValueError, match="other labels along row"):
        _ = nm.Sweep(WDR, train, dict(ketamine=doses, gain_nmda=other)).sizes


def test_what_varies_together_has_one_length_and_a_name_that_is_free():
    doses = along("row", [0.0, 1, 2], "uM")
    assert nm.Sweep(WDR, axes=dict(ketamine=doses, nmda=along("row", [1, 0.5, 0.2]))).sizes == {"row": 3}
    for axes, message in [
        (dict(ketamine=doses, K_mg=along("row", [1.0, 2], "mM")), "along row, another parameter 3"),
        (dict(ketamine=doses, nmda=along("row", [1.0, 2])), "along row, another parameter 3"),
        (dict(ketamine=doses, pulses=along("row", [1, 2, 3])), "pulses varies along 'row'"),
        (dict(ketamine=along("pulse", [0.0, 1], "uM")), "a name that the store uses itself"),
        (dict(ketamine=along("index", [0.0, 1], "uM")), "a name that the store uses itself"),
    ]:
        with pytest.raises(ValueError, match=message):
            nm.Sweep(WDR, axes=axes)


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    chunk=st.integers(1, 60),
    rates=st.integers(1, 3),
)
def test_chunks_cover_every_lane_once_and_share_a_protocol(sizes, chunk, rates):
    names = ["K_mg", "E_ampa", "seed", "g_pas"][: len(sizes)]
    units_ = dict(K_mg=nm.mM, E_ampa=nm.mV, seed=1, g_pas=nm.siemens / nm.meter**2)
    axes = {name: (np.arange(size) + 1) * units_[name] for name, size in zip(names, sizes, strict=True)}
    sweep = nm.Sweep(WDR, axes=axes | dict(frequency=(np.arange(rates) + 1) * nm.Hz), chunk=chunk)
    seen = np.zeros(tuple(sweep.sizes.values()), int)
    for k in range(sweep.chunks):
        region = tuple(sweep.region(k).values())
        seen[region] += 1
        assert seen[region].shape[-1] == 1
        assert 1 <= seen[region].size <= chunk
    assert np.all(seen == 1)


WDR = nm.neurons.wdr()


def test_what_differs_between_two_sweeps_is_named():
    one = nm.Sweep(WDR, axes=AXES)
    assert neighbours(one.identity, nm.Sweep(WDR, nm.WindUp(frequency="1.0 Hz"), axes=AXES).identity) == []
    other = dataclasses.replace(one, model=WDR.replace(K_mg="3 mM"), block="washin")
    told = neighbours(one.identity, other.identity)
    assert told == ["parameter K_mg: 3.57 mM → 3.0 mM", "block: None → washin"]
    assert one.digest != other.digest


def test_the_input_and_the_step_of_a_chain_are_part_of_what_a_sweep_is():
    chain = nm.neurons.aguiar2010()
    slow = {fibre: dataclasses.replace(bundle, latency="77 ms") for fibre, bundle in chain.fibres.items()}
    models = [chain, dataclasses.replace(chain, fibres=slow), dataclasses.replace(chain, dt="0.05 ms")]
    assert len({nm.Sweep(model, axes=dict(seed=[0])).digest for model in models}) == 3


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol", "sensitivity"])
def test_samples_stay_in_their_box_and_are_the_same_for_a_seed(method):
    drawn = nm.Samples(dict(K_mg=("1 mM", "4 mM"), g_nmda=("1 nS", "100 nS")), 64, method, log=("g_nmda",), seed=3)
    columns = drawn.columns()
    assert len(columns["K_mg"]) == len(drawn) == (256 if method == "sensitivity" else 64)
    assert np.all((columns["K_mg"] >= 1 * nm.mM) & (columns["K_mg"] <= 4 * nm.mM))
    logs = np.log10(np.asarray(columns["g_nmda"] / nm.nS))
    assert np.all((logs >= 0) & (logs <= 2))
    assert logs.mean() == pytest.approx(1, abs=0.05)  # uniform in the logarithm
    again = dataclasses.replace(drawn).columns()
    assert all(np.array_equal(columns[name], again[name]) for name in columns)


def test_events_of_a_sweep_address_no_lanes():
    with pytest.raises(ValueError, match="leave out their lanes="):
        nm.Sweep(WDR, nm.Events("ampa_c", [5] * nm.ms, lanes=[0]), AXES, readouts=("spike_count",), duration="20 ms")


def test_a_protocol_that_has_several_values_itself_or_no_length_is_refused():
    with pytest.raises(ValueError, match="several values of frequency; make those axes|several values of frequency"):
        nm.Sweep(WDR, nm.WindUp(frequency=[1, 2] * nm.Hz), AXES)
    with pytest.raises(ValueError, match="give a duration: this protocol brings none of its own"):
        nm.Sweep(WDR, nm.Events("ampa_c", [5] * nm.ms), AXES, readouts=("spike_count",))
    with pytest.raises(ValueError, match="no parameter or gain 'frequency'"):
        nm.Sweep(WDR, nm.Events("ampa_c", [5] * nm.ms), dict(frequency=[1]), readouts=("spike_count",), duration="9 ms")


def test_several_protocols_beside_one_another_have_the_axes_of_each():
    both = [nm.WindUp(pulses=2, start="5 ms"), nm.Events("ampa_c", [5] * nm.ms)]
    sweep = nm.Sweep(WDR, both, dict(frequency=[10, 20] * nm.Hz, seed=[0]), readouts=("early", "spike_count"))
    assert sweep.piece == {"frequency": 1, "seed": 1}
    assert sweep.pulses == 2
    assert sweep.seconds == pytest.approx(0.005 + 2 * (1 / 10 + 1 / 20) / 2)


def test_a_protocol_without_a_text_of_its_own_is_spelt_the_same_in_every_process():
    class Bare(nm.protocols.Protocol):
        def __init__(self, when):
            self.when, self.duration_ = when, 0.01

    told = [nm.Sweep(WDR, Bare(when), AXES, readouts=("spike_count",), duration="9 ms").identity for when in (1, 1, 2)]
    assert told[0] == told[1]
    assert told[1]["protocol"] == "Bare{duration_: 0.01, when: 1}"
    assert neighbours(told[1], told[2]) == ["protocol: Bare{duration_: 0.01, when: 1} → Bare{duration_: 0.01, when: 2}"]


def test_samples_travel_to_a_worker_as_a_recipe():
    sweep = nm.Sweep(WDR, axes=dict(seed=[0]), samples=nm.Samples(dict(K_mg=("1 mM", "4 mM")), 100_000))
    content = pickle.dumps(sweep)
    assert len(content) < 50_000 < sweep.varied[0].values.nbytes
    assert np.array_equal(pickle.loads(content).varied[0].values, sweep.varied[0].values)


def test_the_sensitivity_design_exchanges_one_column_at_a_time():
    drawn = nm.Samples(dict(K_mg=("1 mM", "4 mM"), g_nmda=("1 nS", "100 nS")), 8, "sensitivity")
    blocks = {name: np.asarray(values).reshape(4, 8) for name, values in drawn.columns().items()}
    for k, name in enumerate(blocks):
        a, b, *mixed = blocks[name]
        for j, column in enumerate(mixed):
            assert np.array_equal(column, b if j == k else a)


KEYS = ["title", "model", "protocol", "axes", "samples", "readouts", "dt", "chunk", "model.name", "model.set.K_mg",
        "model.scale.nmda", "protocol.frequency", "protocol.pulses", "axes.ketamine", "axes.seed", "samples.points",
        "samples.method", "samples.log", "samples.ranges.K_mg"]  # fmt: skip
VALUES = ["true", "1.5", "'x'", "[]", "[1]", "{a = 1}", "inf", "1979-05-27", "-1", "{from = 1, to = 2, points = 'x'}"]


@pytest.mark.parametrize("key", KEYS)
def test_whatever_stands_under_a_key_is_taken_or_refused_and_is_no_fault_of_ours(tmp_path, key):
    rest = "" if key.startswith("axes") else "axes.seed = [0]\n"
    rest += "samples.points = 4\n" if key.startswith("samples.") and key != "samples.points" else ""
    for value in VALUES:
        with contextlib.suppress(nm.NmdasimError):
            read(tmp_path, f"{key} = {value}\n{rest}")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("protocol.pulses = 'many'", r"protocol pulses = 'many'; it is a whole number"),
        ("protocol.frequency = [1]", r"protocol frequency = \[1\] is no number or text"),
        ("chunk = true", r"chunk = True; it is a whole number"),
        ("readouts = 'index'", r"readouts = 'index'; it is a list of names"),
        ("model.set = 3", r"set = 3; it is a table"),
        ("samples.ranges = {}", r"samples: points missing"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_by_its_key(tmp_path, text, message):
    with pytest.raises(nm.NmdasimError, match=message):
        read(tmp_path, f"{text}\naxes.seed = [0]\n")
