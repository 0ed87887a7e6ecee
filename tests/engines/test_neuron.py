"""The engine neuron beside the reference and the kernel; every run of it here shares five compiled models."""

import importlib.util
import shutil
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import engines, ms, mV, nA, nS
from nmdasim.command.export import export
from nmdasim.engines import neuron
from nmdasim.engines.neuron import build
from nmdasim.errors import InputError
from nmdasim.run.export import to_nmodl
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question

needs_neuron = pytest.mark.skipif(
    importlib.util.find_spec("neuron") is None or not any(map(shutil.which, ("g++", "clang++", "c++"))),
    reason="NEURON, or the C++ compiler that it needs, is not installed: pip install 'nmdasim[neuron]'",
)
ADEX = """
dv/dt = (g_l*(E_l - v) + g_l*d_t*exp((v - v_t)/d_t) - w + g_e*(E_e - v) + I)/C : volt (unless refractory)
dw/dt = (a*(v - E_l) - w)/tau_w : amp
dg_e/dt = -g_e/tau_e : siemens
"""
NUMBERS = {
    "g_l": 30 * nS, "E_l": "-70.6 mV", "d_t": 2 * mV, "v_t": "-50.4 mV", "E_e": "0 mV", "I": 0.8 * nA, "C": "281 pF",
    "a": 4 * nS, "tau_w": 144 * ms, "tau_e": 5 * ms, "v_r": "-70.6 mV", "b": "0.0805 nA",
}  # fmt: skip


@pytest.fixture(scope="module")
def adex():
    return nm.Model(
        "adex",
        ADEX,
        NUMBERS,
        initial={"v": -70 * mV},
        threshold="v > -20*mV",
        reset="v = v_r; w += b",
        refractory=2 * ms,
        ports={"exc": "g_e += weight"},
    )


@pytest.fixture(scope="module")
def pair(adex):
    """Two cells that excite each other, each also driven from outside."""
    return nm.Circuit(
        "pair",
        populations={"a": nm.Population(adex, 2), "b": nm.Population(adex, 1)},
        projections=[
            nm.Projection("a", "b", port="exc", weight=20 * nS, indices=([0, 1], [0, 0]), delay=1.5 * ms),
            nm.Projection("b", "a", port="exc", weight=10 * nS, indices=([0], [1]), delay=3 * ms),
            nm.Projection("touch", "a", port="exc", weight=8 * nS, indices=([0, 1], [0, 1]), delay=1 * ms),
        ],
        inputs={"touch": nm.Poisson(rate=100 * nm.Hz, size=2)},
    )


@pytest.fixture(scope="module")
def burst():
    return [nm.Events(port="exc", times=[10, 30, 30, 31.3] * ms, weight=10 * nS)]


def times(result):
    return np.sort(nm.spikes(result).time_ms.values)


@needs_neuron
def test_a_neuron_with_a_reset_fires_where_the_reference_does(adex, burst):
    varied = {"duration": 100 * ms, "parameters": {"tau_w": [50, 200] * ms}, "tolerance": 1e-8}
    reference, *found = [
        nm.simulate(adex, burst, engine=engine, method=method, dt=dt * ms, **varied)
        for engine, method, dt in (
            ("reference", "", 0.1), ("neuron", "fixed", 0.05), ("neuron", "fixed", 0.0125), ("neuron", "cvode", 0.1)
        )
    ]  # fmt: skip
    assert reference.spike_count.values.min() >= 3
    assert all(np.array_equal(one.spike_count, reference.spike_count) for one in found)
    coarse, fine, adaptive = (np.abs(times(one) - times(reference)).max() for one in found)
    assert fine < coarse / 2 < 0.5
    assert adaptive < 2e-3


@needs_neuron
def test_wdr_below_threshold_follows_the_reference_at_first_order_in_the_step():
    cell = nm.neurons.wdr()
    volley = [nm.Events(port=port, times=[5, 6, 8] * ms) for port in ("nmda_c", "nk1")]
    options = {"duration": 40 * ms, "record": ["v_soma", "v_dendrite"], "sample": 0.1 * ms, "tolerance": 1e-9}
    options |= {"ketamine": [0, 3] * nm.uM}
    reference, *found = [
        nm.simulate(cell, volley, engine=engine, method=method, dt=dt * ms, **options)
        for engine, method, dt in (
            ("reference", "", 0.1), ("neuron", "fixed", 0.05), ("neuron", "fixed", 0.025),
            ("neuron", "crank_nicolson", 0.025), ("neuron", "cvode", 0.1),
        )
    ]  # fmt: skip
    error = [float(np.abs(one.v_dendrite - reference.v_dendrite).max()) for one in found]
    assert error[1] == pytest.approx(error[0] / 2, rel=0.15)
    assert error[1] < 0.03
    assert error[2] < error[1]
    assert error[3] < 1e-4


@needs_neuron
def test_wdr_fires_under_c_pulses_as_in_the_kernel(direct_c):
    train = nm.WindUp(frequency=1 * nm.Hz, pulses=2, start=0.1 * nm.second, latencies=direct_c)
    both = [
        nm.measures.windup(nm.simulate(nm.neurons.wdr(), train, engine=engine, ketamine=[0, 1] * nm.uM))
        for engine in ("kernel", "neuron")
    ]
    assert both[0].late.values.max() >= 3
    assert np.abs(both[0].late - both[1].late).values.max() <= 1
    assert np.abs(both[0].early - both[1].early).values.max() <= 1


def of_the_relay(engine, **options):
    """Return the spikes of one pulse of aguiar2010, early and late together, and when its relay fires, in ms."""
    found = nm.simulate(nm.neurons.aguiar2010(), nm.WindUp(pulses=1, start=50 * ms), engine=engine, **options)
    counts = nm.measures.windup(found)
    return int(counts.early + counts.late), np.sort(nm.spikes(found, population="relay").time_ms)


@pytest.fixture(scope="module")
def aguiar2010():
    """Return what NEURON answers with a step of its own choice."""
    return of_the_relay("neuron", method="cvode", tolerance=1e-6)


@needs_neuron
def test_aguiar2010_fires_in_neuron_as_in_the_kernel_where_each_solves_its_equations(aguiar2010):
    kernel, relay = of_the_relay("kernel", dt=0.025 * ms)
    found, own = aguiar2010
    assert kernel >= 5
    assert abs(found - kernel) <= 1
    assert len(own) == len(relay)
    assert np.abs(own - relay).max() < 0.5


@needs_neuron
def test_the_fixed_step_of_neuron_comes_to_the_answer_of_aguiar2010_at_first_order(aguiar2010):
    _, answer = aguiar2010
    coarse, fine = (of_the_relay("neuron", dt=dt * ms)[1] for dt in (0.025, 0.00625))
    late = [float((one[:5] - answer[:5])[-1]) for one in (coarse, fine)]
    assert late[0] > 1  # ms, at the fifth spike of the relay
    assert late[1] == pytest.approx(late[0] / 4, rel=0.25)


def course(values, times_ms):
    time = ("time", np.asarray(times_ms, dtype=float), {"units": "ms"})
    return xr.DataArray(np.asarray(values, dtype=float), dims="time", coords={"time": time}, attrs={"units": "uM"})


@needs_neuron
def test_two_drugs_whose_levels_move_block_in_neuron_as_in_the_reference():
    options = {
        "drugs": {"ketamine": course([0, 20, 5], [0, 30, 100]), "memantine": course([4, 0], [20, 90])},
        "block": "washin",
        "record": ["v_dendrite", "b_nmda_dendrite", "ketamine_dendrite", "memantine_dendrite"],
    }
    volleys = [nm.Events(port=port, times=[10, 12, 40] * ms) for port in ("nmda_c", "nk1")]
    reference, found, stepped = (
        nm.simulate(nm.neurons.wdr(), volleys, duration=120 * ms, sample=0.5 * ms, engine=engine, method=method,
                    tolerance=1e-9, dt=dt * ms, **options)
        for engine, method, dt in (("reference", "", 0.1), ("neuron", "cvode", 0.1), ("neuron", "fixed", 0.025))
    )  # fmt: skip
    size = {name: float(reference[name].max()) for name in options["record"]}
    assert size["ketamine_dendrite"] == pytest.approx(20)
    assert size["b_nmda_dendrite"] > 0.003
    for name, least in {"v_dendrite": 2e-3, "b_nmda_dendrite": 1e-8}.items():
        assert np.abs(found[name] - reference[name]).max() < least
    for name in ("ketamine_dendrite", "memantine_dendrite"):
        assert np.abs(found[name] - reference[name]).max() < 1e-9
        assert np.abs(stepped[name] - reference[name]).max() < 0.1  # uM, where it rises by 0.67 uM a ms
    assert np.abs(stepped.b_nmda_dendrite - reference.b_nmda_dendrite).max() < 1e-5


@needs_neuron
@pytest.mark.parametrize("method", ["fixed", "cvode"])
def test_a_network_with_delays_fires_as_in_the_kernel(pair, method):
    options = {"duration": 60 * ms, "seed": [1, 2], "dt": 0.025 * ms, "tolerance": 1e-7}
    kernel, found = (
        nm.simulate(pair, engine=engine, method=m, **options) for engine, m in (("kernel", ""), ("neuron", method))
    )
    for name in ("a", "b"):
        mine, theirs = (nm.spikes(one, population=name) for one in (kernel, found))
        assert len(mine) == len(theirs) > 4
        assert np.abs(np.sort(mine.time_ms) - np.sort(theirs.time_ms)).max() < 0.3


@needs_neuron
def test_a_run_goes_on_in_neuron_from_where_it_ended(adex, burst):
    options = {"engine": "neuron", "dt": 0.05 * ms}
    whole = nm.simulate(adex, burst, duration=60 * ms, **options)
    spike = times(whole)[times(whole) < 28][-1]
    cut = round((spike + 0.5) / 0.05) * 0.05  # within the refractory period
    first = nm.simulate(adex, [nm.Events(port="exc", times=[10] * ms, weight=10 * nS)], duration=cut * ms, **options)
    left = [nm.Events(port="exc", times=(np.array([30, 30, 31.3]) - cut) * ms, weight=10 * nS)]
    then = nm.simulate(adex, left, duration=(60 - cut) * ms, start=first, **options)
    assert np.allclose(np.concatenate([times(first), times(then)]), times(whole), atol=1e-6)


@needs_neuron
def test_an_exported_folder_runs_with_nrnivmodl_and_python_alone(adex, burst, tmp_path):
    folder = to_nmodl(adex, tmp_path / "adex", burst, duration=60 * ms)
    assert sorted(path.name for path in folder.iterdir()) == ["README.txt", "adex.mod", "plan.json", "run.py"]
    text = (tmp_path / "adex" / "adex.mod").read_text()
    assert "g_l = 3.0000000000000004e-08 : 30 nS" in text
    subprocess.run([build._compiler(), "."], cwd=tmp_path / "adex", check=True, capture_output=True)
    subprocess.run([sys.executable, "-I", "run.py"], cwd=tmp_path / "adex", check=True, capture_output=True)
    lines = (tmp_path / "adex" / "spikes.csv").read_text().splitlines()
    here = nm.simulate(adex, burst, engine="neuron", duration=60 * ms)
    assert [float(line.split(",")[2]) for line in lines[1:]] == pytest.approx(times(here), abs=1e-9)


def test_the_source_holds_values_units_and_sources():
    text = engines.source(nm.neurons.wdr(), "neuron")
    assert "E_k = -0.07 : -70 mV; potassium reversal; aguiar2010; verified" in text
    assert "POINT_PROCESS wdr_soma_0" in text


def test_no_value_of_a_parameter_moves_what_is_compiled():
    texts = []
    for g in (0.42, 0.5):
        cell = nm.neurons.wdr().replace(g_pas=f"{g} S/m**2")
        plan = prepare(question(cell, duration="1 ms", engine="neuron"))[0].plan
        texts.append(neuron.rendered.of_populations(plan)[1])
    assert texts[0] == texts[1]


NOISY = nm.Model("noisy", "dv/dt = -v/tau + xi*mV*tau**-0.5 : volt", {"tau": 10 * ms})


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        (NOISY, {}, "noisy draws at random"),
        (nm.Model("leak", "dv/dt = -v/tau : volt", {"tau": 10 * ms}), {"method": "rk4"}, "method 'rk4'; the neuron"),
        (nm.Model("leak", "dv/dt = -v/tau : volt", {"tau": 10 * ms}),
         {"method": "cvode", "tolerance": 1e-15}, "takes 1e-12"),
    ],
)  # fmt: skip
def test_what_cannot_be_rendered_is_refused_by_name(model, options, said):
    with pytest.raises(nm.ModelError, match=said):
        nm.simulate(model, duration=1 * ms, engine="neuron", **options)


def test_without_neuron_one_line_says_which_extra(monkeypatch):
    monkeypatch.setattr(build, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"NEURON is not installed.*pip install 'nmdasim\[neuron\]'"):
        nm.simulate(nm.neurons.wdr(), duration=1 * ms, engine="neuron")


def test_an_export_is_refused_for_another_format_and_into_a_folder_with_files(tmp_path):
    with pytest.raises(InputError, match="--to 'nmdl'.*'nmodl'"):
        export("wdr", tmp_path / "new", "nmdl")
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="no empty folder"):
        export("wdr", tmp_path, "nmodl")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
