"""What the dorsal-horn circuit shows: touch that comes to hurt, what prevents it, and what inhibition holds back."""

import json

import brian2 as b2
import numpy as np
import pytest
from typer.testing import CliRunner

import nmdasim as nm
from nmdasim import cli, measures, sensory
from nmdasim.protocols import sensory as stimuli

SEEDS = range(5)


@pytest.fixture(scope="module")
def circuit():
    return nm.circuits.dorsal_horn()


@pytest.fixture(scope="module")
def naive(circuit):
    return sensory.stimulus_response(circuit, seed=SEEDS)


@pytest.fixture(scope="module")
def conditioned(circuit):
    """Return ρ after the train, by concentration in µM and by rate."""
    doses = {dose: sensory.condition(circuit, ketamine=f"{dose} uM", seed=SEEDS) for dose in (0, 1, 3, 10)}
    return doses | {"slow": sensory.condition(circuit, frequency="0.1 Hz", pulses=5, seed=SEEDS)}


@pytest.fixture(scope="module")
def after(circuit, conditioned):
    return {k: sensory.stimulus_response(circuit, rho=run.rho.values, seed=SEEDS) for k, run in conditioned.items()}


def test_touch_does_not_fire_a_naive_circuit_where_noxious_stimuli_do(naive):
    mean = naive.spikes.mean("seed")
    assert np.all(mean.sel(kind="touch") < 0.5)
    assert np.all(mean.sel(kind="noxious") > 1)


def test_after_a_train_at_1_hz_touch_fires_and_noxious_stimuli_fire_more(naive, after):
    assert np.all(measures.threshold(after[0], "touch") <= 1.0)
    assert np.all(measures.hyperalgesia_index(naive, after[0]) >= 0.3)


def test_a_train_at_a_tenth_of_the_rate_changes_neither(naive, after):
    assert np.all(measures.threshold(after["slow"], "touch").isnull())
    assert np.all(np.abs(measures.hyperalgesia_index(naive, after["slow"])) < 0.05)


def test_ketamine_during_the_train_prevents_in_proportion_to_its_concentration(naive, after):
    change = {dose: float(measures.hyperalgesia_index(naive, after[dose]).mean()) for dose in (0, 1, 3, 10)}
    assert change[0] > change[1] > change[3] >= change[10]
    assert change[10] <= change[0] / 3


def test_the_same_drug_after_the_train_takes_less_away_than_before_it_prevented(circuit, naive, after, conditioned):
    under = [
        sensory.stimulus_response(circuit, rho=rho, ketamine="3 uM", seed=SEEDS)
        for rho in (0.0, conditioned[0].rho.values)
    ]
    full = float(measures.hyperalgesia_index(naive, after[0]).mean())
    prevented = full - float(measures.hyperalgesia_index(naive, after[3]).mean())
    reversed_ = full - float(measures.hyperalgesia_index(*under).mean())
    assert reversed_ < prevented


def test_ketamine_at_1_um_spares_the_answer_to_a_single_stimulus(circuit, naive):
    drug = sensory.stimulus_response(circuit, ketamine="1 uM", seed=SEEDS, kinds=["noxious"], intensities=[1.0])
    ratio = float(drug.spikes.mean() / naive.spikes.sel(kind="noxious", intensity=1.0).mean())
    assert 0.85 <= ratio <= 1.0


def test_a_shift_of_the_anion_reversal_alone_lets_touch_through(circuit, naive):
    shifted = sensory.stimulus_response(circuit.replace(E_gaba="-50 mV"), seed=SEEDS)
    assert np.all(measures.threshold(shifted, "touch") <= 0.8)
    assert np.all(measures.hyperalgesia_index(naive, shifted) >= 0.3)


@pytest.mark.parametrize("switch", ["potentiation", "heterosynaptic", "phosphorylation", "mg_relief"])
def test_each_mechanism_has_its_own_switch(circuit, switch):
    gains = ("potentiation", "heterosynaptic", "phosphorylation", "mg_relief")
    only = circuit.replace(**{gain: 0 for gain in gains if gain != switch})
    kind = "touch" if switch == "heterosynaptic" else "noxious"
    options = dict(seed=range(3), kinds=[kind], intensities=[1.0])
    before, potentiated = (float(sensory.stimulus_response(only, rho=rho, **options).spikes.mean()) for rho in (0, 1))
    assert potentiated > before + 0.3
    none = circuit.replace(**dict.fromkeys(gains, 0))
    assert float(sensory.stimulus_response(none, rho=1, **options).spikes.mean()) == before


def test_the_projection_neurons_of_the_circuit_wind_up_by_nmda_at_1_hz(circuit):
    def late(cells):
        train = stimuli.stimulus("noxious", times=np.arange(1, 16) * nm.second)
        times = nm.spikes(nm.simulate(cells, train, duration="16 second", seed=1)).time_ms
        return np.array([((times >= 1000 * k + 100) & (times < 1000 * (k + 1))).sum() / 10 for k in range(1, 16)])

    control, blocked = late(circuit), late(circuit.scaled(nmda=0))
    assert control[-3:].mean() > 1.5 * control[0]
    assert blocked[-3:].mean() < blocked[0] + 1.5


def test_the_responses_hold_at_half_the_step(circuit, naive):
    options = dict(seed=range(5), intensities=[0.6, 1.0])
    fine = sensory.stimulus_response(circuit, dt="0.05 ms", **options).spikes
    coarse = naive.spikes.sel(seed=list(range(5)), intensity=[0.6, 1.0])
    assert np.max(np.abs(fine.mean("seed") - coarse.mean("seed"))) < 0.5


def test_both_engines_fire_the_circuit_alike(circuit, monkeypatch):
    """Interneurons within their steps' error; projection neurons ±1 spike a volley, as their model has it at 0.1 ms."""
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")  # a short run: compiling would take longer
    lost = circuit.replace(E_gaba="-50 mV")
    drive = stimuli.stimulus("touch", times="1 ms") | stimuli.stimulus("pinprick", times="1 ms")
    options = dict(duration="40 ms", initial=dict(rho=0.5))
    runs = [nm.simulate(lost, drive, engine=engine, **options) for engine in ("kernel", "brian2")]
    for population in ("excitatory", "inhibitory"):
        tables = [nm.spikes(run, population=population).sort_values(["neuron", "time_ms"]) for run in runs]
        assert len(tables[0]) == len(tables[1]) >= 20
        assert np.max(np.abs(tables[0].time_ms.values - tables[1].time_ms.values)) < 0.6
    counts = [np.bincount(nm.spikes(run).neuron, minlength=10) for run in runs]
    assert counts[0].min() >= 1
    assert np.max(np.abs(counts[0] - counts[1])) <= 1


def test_the_pain_score_is_a_line_between_its_end_points(naive):
    noxious = naive.spikes.sel(kind="noxious")
    score = measures.pain_score(noxious, most=float(noxious.max()))
    assert np.all(np.diff(score.score) >= 0)
    assert np.all((score.low <= score.score) & (score.score <= score.high) & (score.high <= 10))
    assert float(measures.pain_score(noxious * 0, most=5).score.max()) == 0
    with pytest.raises(ValueError, match="most = 0"):
        measures.pain_score(noxious, most=0)


def test_the_command_answers_in_json_and_refuses_what_it_does_not_know(tmp_path):
    run = CliRunner().invoke(cli.app, ["sensory", "--json", "--repeats", "2", "--out", str(tmp_path)])
    answer = json.loads(run.stdout)
    assert set(answer) == {"state", "touch", "noxious", "allodynia_index", "hyperalgesia_index", "disclaimer"}
    assert answer["allodynia_index"] == answer["hyperalgesia_index"] == 0
    assert answer["touch"]["threshold"] is None
    assert answer["disclaimer"] == nm.DISCLAIMER
    assert {p.name for p in tmp_path.iterdir()} == {"sensory.png", "sensory.svg", "sensory.csv", "sensory.nc"}
    refused = CliRunner().invoke(cli.app, ["sensory", "--state", "angry"])
    assert "there are naive, potentiated, disinhibited, sensitized" in str(refused.exception)
