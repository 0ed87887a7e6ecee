"""The engine javascript: it agrees with the kernel on every neuron of the library and on the dorsal-horn circuit."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import engines, mV, nS, uM
from nmdasim.engines.javascript.card import card
from nmdasim.engines.javascript.writer import RUNTIME
from nmdasim.errors import NodeError
from nmdasim.protocols.sensory import Conditioning, Stimulus
from nmdasim.run.source import source

PAGE = Path(__file__).parent / "page.mjs"
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
BOTH = ("kernel", "javascript")


def plan_of(model, protocol=None, **options):
    """Return the plan behind a run, as the kernel receives it."""
    caught = []

    class CaughtError(Exception):
        pass

    def run(plan, report):
        caught.append(plan)
        raise CaughtError

    own = engines.engine("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own, "run", run)
        with pytest.raises(CaughtError):
            nm.simulate(model, protocol, **options)
    return caught[0]


def page(folder, made, what, *more):
    """Return what a page finds with a card."""
    file = folder / "card.json"
    file.write_text(json.dumps(made))
    program = [shutil.which("node"), PAGE, RUNTIME / "run.js", file, what, *more]
    done = subprocess.run(list(map(str, program)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# --- the neurons of the library --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wdr_trains():
    return {e: nm.simulate(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 3] * uM, engine=e) for e in BOTH}


@needs_node
def test_spikes_per_pulse_of_wdr_equal_the_kernels(wdr_trains):
    """Rounding apart, they are the same: what differs in the last bit grows a hundredfold a pulse, to a few ms."""
    counts = [nm.measures.windup(wdr_trains[e]) for e in BOTH]
    assert np.array_equal(*(c.early + c.late for c in counts))
    assert int(np.abs(counts[0].early - counts[1].early).max()) <= 1  # a spike may cross the edge at 100 ms
    times = [wdr_trains[e].spike_time.values for e in BOTH]
    assert np.nanmax(np.abs(times[0] - times[1])) < 5
    assert np.nanmax(np.abs(times[0] - times[1])[:, :40]) < 1e-9
    for name in ("ca_peak", "blocked"):
        one, other = (wdr_trains[e][name].values for e in BOTH)
        assert one == pytest.approx(other, rel=0.02)
        assert one[:, 0] == pytest.approx(other[:, 0], rel=1e-7)  # before anything has grown


@needs_node
@pytest.mark.parametrize(("name", "pulses", "dt"), [("delrocq2023", 15, None), ("aguiar2010", 4, "0.05 ms")])
def test_spikes_per_pulse_of_published_neurons_equal_the_kernels(name, pulses, dt):
    cell, train = getattr(nm.neurons, name)(), nm.WindUp(pulses=pulses)
    runs = [nm.simulate(cell, train, ketamine=[0, 3] * uM, dt=dt, engine=e) for e in BOTH]
    assert np.array_equal(*(run.spike_count for run in runs))
    early, late = ([nm.measures.windup(run)[part] for run in runs] for part in ("early", "late"))
    assert np.array_equal(*early)
    assert np.array_equal(*late)


@needs_node
def test_a_run_below_threshold_is_the_kernels_to_a_billionth():
    volley = nm.Events(port="ampa_a", times=[20, 30] * nm.ms)
    asked = dict(duration="200 ms", record=["v_soma", "ca_dendrite", "m_na_soma"])
    runs = [nm.simulate(nm.neurons.wdr(), volley, engine=e, **asked) for e in BOTH]
    assert not runs[0].spike_count.any()
    for name in ("v_soma", "ca_dendrite", "m_na_soma"):
        one, other = (run[name].values for run in runs)
        assert other == pytest.approx(one, rel=1e-9)
        assert np.ptp(one) > 0


@needs_node
def test_a_neuron_with_reset_and_refractory_period_goes_on_from_its_end(adex):
    """Weighted events, resets, a refractory period that a segment ends within: as one long run on the kernel."""
    events = nm.Events(port="graded", times=[5, 6, 8, 12, 13, 20, 21, 22, 30] * nm.ms, weight=60 * nS)
    first = nm.simulate(adex, events, duration="22.3 ms", engine="javascript")
    rest = nm.Events(port="graded", times=[30 - 22.3] * nm.ms, weight=60 * nS)
    second = nm.simulate(adex, rest, duration="27.7 ms", engine="javascript", start=first)
    whole = nm.simulate(adex, events, duration="50 ms", engine="kernel")
    found = np.concatenate([run.spike_time.values.ravel() for run in (first, second)])
    assert len(found) > 2
    assert found == pytest.approx(whole.spike_time.values.ravel(), abs=1e-9)


# --- the circuit -----------------------------------------------------------------------------------------------------


@needs_node
def test_touch_and_a_conditioning_train_of_the_dorsal_horn_are_the_kernels():
    """Delays, weights, synapses with a ρ of their own, and a test that goes on from the train."""
    circuit, found = nm.circuits.dorsal_horn(), {}
    for e in BOTH:
        train = nm.simulate(circuit, Conditioning(pulses=2, frequency="2 Hz"), initial={"rho": 0.4}, engine=e)
        touch = nm.simulate(circuit, Stimulus("touch", 0.8, time="20 ms"), start=train, engine=e)
        found[e] = train, touch
    for one, other in zip(*found.values(), strict=True):
        assert np.array_equal(one.spike_count, other.spike_count)
        assert one.spike_count.sum() > 0
        assert other.spike_time.values == pytest.approx(one.spike_time.values, abs=1e-9, nan_ok=True)
    train, same = (runs[0] for runs in found.values())
    for name in ("final_c_projection.rho", "final_touch_projection.rho"):
        assert same[name].values == pytest.approx(train[name].values, rel=1e-9)
        assert np.ptp(train[name].values) > 0


# --- what a page does with it ----------------------------------------------------------------------------------------


@needs_node
def test_slices_of_a_run_change_nothing_and_a_slider_is_the_value_of_python(tmp_path, wdr_trains):
    """One module serves every value: 3 µM set in the page, and the block it begins with, are those of Python."""
    naive = card(plan_of(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 0] * uM))
    found = page(tmp_path, naive, "slider")
    python = nm.measures.windup(wdr_trains["javascript"])
    assert found["counts"] == (python.early + python.late).astype(int).values[::-1].tolist()
    assert found["block"] == pytest.approx(wdr_trains["javascript"].blocked.values[::-1, 0], rel=1e-9)
    short = card(plan_of(nm.circuits.dorsal_horn(), Stimulus("noxious", time="10 ms"), duration="200 ms"))
    whole, sliced = page(tmp_path, short, "slices")
    assert whole == sliced
    assert whole


@needs_node
def test_what_a_start_computes_sees_a_state_that_is_set_in_a_page(tmp_path):
    """The block in balance depends on ρ: set in the page, it is what Python begins with, in neurons and synapses."""
    circuit, slow = nm.circuits.dorsal_horn(), {"rho": 0.7, "loss": 0.3}
    asked = dict(ketamine=2 * uM, duration="1 ms")
    plain, given = (card(plan_of(circuit, initial=own, **asked)) for own in ({}, slow))
    (found, learning), (wanted, same), (naive, _) = (
        page(tmp_path, one, "start", json.dumps(own)) for one, own in ((plain, slow), (given, {}), (plain, {}))
    )
    for one, other in zip(found, wanted, strict=True):
        assert one == pytest.approx(other, rel=1e-12)
    assert learning == same == [[0.7], [0.7]]
    assert found[-1] != pytest.approx(naive[-1], rel=1e-3)


@needs_node
def test_a_run_goes_on_twice_from_where_it_was_held(tmp_path):
    """Spikes under way and synapses included: both times as if it had not stopped."""
    touch = Stimulus("touch", 1.0, time="10 ms")
    short = card(plan_of(nm.circuits.dorsal_horn(), touch, initial={"rho": 0.4}, duration="120 ms"))
    (pending, noted), whole, once, twice = page(tmp_path, short, "held", "195")
    assert min(pending, noted) > 0
    assert len(whole[0]) > 5
    assert 0 < whole[1][0][0][0] < 0.4
    assert once == whole
    assert twice == whole


@needs_node
def test_events_set_in_a_page_arrive_on_time(tmp_path, adex):
    made = card(plan_of(adex, duration="20 ms", parameters={"E_l": [-70, -71] * mV}))
    assert page(tmp_path, made, "events", "0.0123") == pytest.approx([-1e-4, 0.0123])


# --- without Node ----------------------------------------------------------------------------------------------------


def test_a_module_is_text_that_no_value_changes():
    cell = nm.neurons.wdr()
    text = source(cell, "javascript")
    assert text == source(cell.replace(ketamine=2 * uM, g_na=0.1 * nm.siemens / nm.cm**2), "javascript")
    for part in ("export function step(", "export function constants(", "export const starts"):
        assert part in text


def test_the_runtime_runs_in_a_page_as_in_node():
    """No module of Node, none of its globals, and nothing that makes code of text but the import of a module."""
    for file in sorted(RUNTIME.glob("*.js")):
        text = re.sub(r"//[^\n]*", "", file.read_text(encoding="utf-8"))
        assert not re.search(r"node:|\bprocess\b|\brequire\(|\bBuffer\b|\beval\(|new Function", text), file.name
        assert all(one.startswith("./") for one in re.findall(r'from "(.*?)"', text))


def test_without_node_there_is_one_line_that_names_it(monkeypatch, adex):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NodeError, match=r"^engine='javascript' runs through Node.*install Node.js") as error:
        nm.simulate(adex, duration="1 ms", engine="javascript")
    assert "\n" not in str(error.value)


def test_what_it_does_not_render_is_refused_by_name(adex):
    noisy = nm.Model(
        name="noisy", equations="dv/dt = -v/tau + sigma*xi/tau**0.5 : 1", parameters=dict(tau=10 * nm.ms, sigma=1.0)
    )
    with pytest.raises(nm.ModelError, match="noisy draws noise in each step, which the engine javascript does not"):
        nm.simulate(noisy, duration="1 ms", engine="javascript")
    with pytest.raises(nm.ModelError, match="method 'staggered/float32'; the engine javascript has staggered, fixed"):
        nm.simulate(adex, duration="1 ms", method="staggered/float32", engine="javascript")


def test_a_name_that_would_end_a_comment_does_not():
    cell = nm.Model(name="a\nb", equations="dv/dt = -v/tau : 1", parameters=dict(tau=10 * nm.ms))
    assert source(cell, "javascript").startswith("// a b: one step")
