"""What the dorsal-horn circuit shows: touch that comes to hurt, what prevents it, and what inhibition holds back."""

import json

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.command.sensory import computed
from nmdasim.plot import sensitization as plot_sensory
from nmdasim.protocols import sensory as stimuli
from nmdasim.readout import measures
from nmdasim.studies import sensitization as sensory

SEEDS = range(8)
SLOW = "slow"
LEVELS = [0.6, 0.8, 1.0]


@pytest.fixture(scope="module")
def circuit():
    return nm.circuits.dorsal_horn()


@pytest.fixture(scope="module")
def naive(circuit):
    return sensory.stimulus_response(circuit, seed=SEEDS)


@pytest.fixture(scope="module")
def conditioned(circuit):
    """Return the train at 1 Hz by concentration of ketamine in µM, and one at a tenth of the rate."""
    doses = {dose: sensory.condition(circuit, ketamine=f"{dose} uM", seed=SEEDS) for dose in (0, 1, 3, 10)}
    return doses | {SLOW: sensory.condition(circuit, frequency="0.1 Hz", pulses=3, seed=SEEDS)}


@pytest.fixture(scope="module")
def rested(circuit, conditioned):
    """Return the same five seconds after the train, without input and without drug."""
    return {key: sensory.wait(circuit, "5 s", after=train) for key, train in conditioned.items()}


@pytest.fixture(scope="module")
def after(circuit, rested):
    return sensory.stimulus_response(circuit, after=rested[0])


def slow(train):
    """Return the slow states that a train leaves behind; every other one starts anew."""
    return dict(rho=train.rho, loss=train.loss)


@pytest.fixture(scope="module")
def pressed(circuit):
    """Return rates under sustained pressure: control, half the inhibition, that and half the tonic, no NMDA."""
    half = circuit.weighted(inhibitory=0.5)
    cells = {"control": circuit, "half": half, "both": half.replace(g_tonic="1e-5 S/cm**2"),
             "no NMDA": circuit.scaled(nmda=0)}  # fmt: skip
    return {name: sensory.sustained(cell, seed=SEEDS).rate for name, cell in cells.items()}


def late(train, pulses=15, period=1000, seeds=SEEDS):
    """Return spikes of a projection neuron 100 ms after each pulse to the next, (seed, pulse)."""
    times = nm.spikes(train)
    start = 1000 + period * np.arange(pulses)
    own = [times.time_ms.values[times.lane == lane, None] for lane in range(len(seeds))]
    return np.array([((t >= start + 100) & (t < start + period)).sum(0) for t in own]) / 10


def interval(values):
    """Return the 95 % interval over seeds."""
    return np.quantile(values, [0.025, 0.975])


def test_touch_does_not_fire_a_naive_circuit_where_noxious_stimuli_do(naive):
    assert np.all(naive.spikes.sel(kind="touch") < 0.5)
    assert np.all(naive.spikes.sel(kind="noxious") > 1)


def test_after_a_train_at_1_hz_touch_fires_and_noxious_stimuli_fire_more(naive, after):
    assert np.all(measures.threshold(after, "touch") <= 1.0)
    assert interval(measures.hyperalgesia_index(naive, after))[0] >= 0.3


def test_a_train_at_a_tenth_of_the_rate_changes_neither(circuit, naive, rested):
    test = sensory.stimulus_response(circuit, after=rested[SLOW], intensities=LEVELS)
    assert np.all(measures.threshold(test, "touch").isnull())
    assert np.all(np.abs(measures.hyperalgesia_index(naive.sel(intensity=LEVELS), test)) < 0.05)


@pytest.fixture(scope="module")
def of_slow_states(circuit, naive, conditioned):
    """Return the tests after trains without and with 3 µM, from the slow states alone."""
    return {dose: sensory.stimulus_response(circuit, **slow(conditioned[dose]), seed=SEEDS) for dose in (0, 3)}


def test_the_slow_states_alone_carry_allodynia_and_hyperalgesia(naive, of_slow_states):
    assert np.all(measures.threshold(of_slow_states[0], "touch") <= 1.0)
    assert interval(measures.hyperalgesia_index(naive, of_slow_states[0]))[0] >= 0.3


def test_after_twenty_seconds_little_more_is_left_than_the_slow_states(circuit, naive, conditioned, after):
    few = range(6)
    naive, after = (test.sel(seed=list(few)) for test in (naive, after))
    rested = sensory.wait(circuit, "20 s", after=conditioned[0].sel(seed=list(few)))
    late, anew = (
        sensory.stimulus_response(circuit, after=rested),
        sensory.stimulus_response(circuit, **slow(rested), seed=few),
    )
    gains = [float(measures.hyperalgesia_index(naive, test).mean()) for test in (after, late, anew)]
    assert gains[0] > gains[1]
    assert gains[1] == pytest.approx(gains[2], abs=0.05)


def test_two_waits_are_one_long_wait(circuit, conditioned):
    once = sensory.wait(circuit, "1 s", after=conditioned[10])
    twice = sensory.wait(circuit, "0.6 s", after=sensory.wait(circuit, "0.4 s", after=conditioned[10]))
    xr.testing.assert_equal(once.final_state, twice.final_state)
    xr.testing.assert_equal(once.rho, twice.rho)


def test_a_segment_and_states_of_its_own_are_not_given_together(circuit, conditioned):
    with pytest.raises(nm.errors.InputError, match="it brings rho and loss of its own"):
        sensory.stimulus_response(circuit, after=conditioned[0], rho=1.0)


def test_ketamine_given_without_input_stays_out_and_what_a_train_let_in_stays_trapped(circuit, conditioned):
    """Both ways lead through open channels."""

    def blocked(**given):
        run = nm.simulate(circuit, duration="5 s", record="b_nmda_dendrite", sample="1 s", **given)
        return run.projection_b_nmda_dendrite

    equilibrated = blocked(ketamine="10 uM", seed=[0])
    assert float(equilibrated.min()) > 0.5
    assert float(blocked(start=conditioned[0], ketamine="10 uM").max()) < 1e-3
    trapped = blocked(start=conditioned[10])
    assert float(trapped.min()) > 0.5
    np.testing.assert_allclose(trapped.isel(time=-1), trapped.isel(time=0), rtol=1e-3)


@pytest.fixture(scope="module")
def gained(circuit, naive, after, rested):
    """Return the hyperalgesia index after the train, by ketamine during it."""
    options = dict(kinds=["noxious"], intensities=LEVELS)
    tests = {dose: sensory.stimulus_response(circuit, after=rested[dose], **options) for dose in (1, 3, 10)}
    tests[0], before = after.sel(intensity=LEVELS), naive.sel(intensity=LEVELS)
    return {dose: measures.hyperalgesia_index(before, test) for dose, test in tests.items()}


def test_ketamine_during_the_train_prevents_in_proportion_to_its_concentration(gained):
    change = {dose: float(index.mean()) for dose, index in gained.items()}
    assert change[0] > change[1] > change[3] > change[10]
    assert change[10] <= change[0] / 3


def test_the_same_drug_after_the_train_takes_less_away_than_before_it_prevented(
    circuit, naive, of_slow_states, conditioned
):
    """Both from the slow states alone: equilibrated at the test, or gone from the receptors by then."""
    drug = dict(ketamine="3 uM", seed=SEEDS, kinds=["noxious"], intensities=LEVELS)
    under = [sensory.stimulus_response(circuit, **start, **drug) for start in ({}, slow(conditioned[0]))]
    before = naive.sel(intensity=LEVELS)
    gained = {d: measures.hyperalgesia_index(before, t.sel(intensity=LEVELS)) for d, t in of_slow_states.items()}
    prevented = gained[0] - gained[3]
    reversed_ = gained[0] - measures.hyperalgesia_index(*under)
    assert interval(prevented - reversed_)[0] > 0


def test_ketamine_at_1_um_spares_the_answer_to_a_single_stimulus(circuit, naive):
    drug = sensory.stimulus_response(circuit, ketamine="1 uM", seed=SEEDS, kinds=["noxious"], intensities=[1.0])
    ratio = float(drug.spikes.mean() / naive.spikes.sel(kind="noxious", intensity=1.0).mean())
    assert 0.85 <= ratio <= 1.0


def test_a_shift_of_the_anion_reversal_alone_lets_touch_through(circuit, naive):
    shifted = sensory.stimulus_response(circuit.replace(E_gaba="-50 mV"), seed=SEEDS, intensities=LEVELS)
    assert np.all(measures.threshold(shifted, "touch") <= 0.8)
    assert interval(measures.hyperalgesia_index(naive.sel(intensity=LEVELS), shifted))[0] >= 0.3


def test_a_train_costs_chloride_extrusion_less_under_ketamine_and_not_at_a_tenth_of_the_rate(circuit, conditioned):
    end = {key: float(train.E_anion.isel(time=-1).mean()) for key, train in conditioned.items()}
    assert end[SLOW] == -70
    assert end[0] - 1 > end[1] > end[3] > end[10] >= -70
    off = sensory.condition(circuit.replace(anion_shift="0 mV"), seed=range(2))
    assert np.all(off.E_anion == -70)
    assert float(off.loss.mean()) > 0.1


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


def test_loss_of_chloride_extrusion_has_its_own_switch(circuit):
    options = dict(seed=range(3), kinds=["noxious"], intensities=[1.0])
    before, after = (float(sensory.stimulus_response(circuit, loss=a, **options).spikes.mean()) for a in (0.0, 1.0))
    off = sensory.stimulus_response(circuit.replace(anion_shift="0 mV"), loss=1.0, **options)
    assert after > before + 1
    assert float(off.spikes.mean()) == before


def test_half_the_inhibition_multiplies_projection_output_under_pressure(pressed):
    """Medlock et al. 2022 report 6.5 and 19.9 Hz, a factor of 3.06."""
    rates = {name: rate.sel(population="projection") for name, rate in pressed.items()}
    factor = rates["half"] / rates["control"]
    assert 2.5 < interval(factor)[0] < interval(factor)[1] < 5
    assert np.all(rates["both"] >= rates["half"])
    assert np.all(rates["no NMDA"] < 0.5 * rates["control"])


def test_half_the_inhibition_lets_touch_through_the_excitatory_interneurons(pressed):
    relay = {name: float(rate.sel(population="excitatory").mean()) for name, rate in pressed.items()}
    assert relay["half"] > 10 * relay["control"]
    assert np.all(pressed["control"].sel(population="inhibitory") > 20)


def test_measures_of_wind_up_count_the_spikes_of_the_circuits_projection_neurons(conditioned):
    for key, counted in ((0, late(conditioned[0])), (SLOW, late(conditioned[SLOW], pulses=3, period=10_000))):
        np.testing.assert_allclose(measures.windup(conditioned[key]).late, counted, rtol=1e-12)


def test_in_the_circuit_projection_neurons_wind_up_at_1_hz_and_rise_with_every_pulse(conditioned):
    counts = late(conditioned[0])
    assert np.all(np.diff(counts.mean(0)) > 0)
    assert interval(counts.sum(1) - 15 * counts[:, 0])[0] > 0


def test_in_the_circuit_they_do_not_wind_up_at_a_tenth_of_the_rate(conditioned):
    counts = late(conditioned[SLOW], pulses=3, period=10_000)
    assert np.max(np.abs(counts.mean(0) - counts[:, 0].mean())) < 0.5


def test_in_the_circuit_without_nmda_there_is_no_windup_and_the_first_response_is_almost_spared(circuit, conditioned):
    control = late(conditioned[0])
    blocked = late(sensory.condition(circuit.scaled(nmda=0), seed=SEEDS))
    assert np.max(np.abs(blocked.mean(0) - blocked[:, 0].mean())) < 0.6
    assert blocked[:, 0].mean() >= 0.85 * control[:, 0].mean()


def test_in_the_circuit_ketamine_lowers_the_late_response_in_proportion_and_almost_spares_the_first(conditioned):
    counts = {dose: late(conditioned[dose]) for dose in (0, 1, 3, 10)}
    summed = np.array([counts[dose].sum(1) for dose in (0, 1, 3, 10)])
    assert np.all(np.diff(summed, axis=0) < 0)
    assert counts[1][:, 0].mean() >= 0.85 * counts[0][:, 0].mean()


@pytest.mark.slow
def test_single_responses_the_train_and_what_it_leaves_behind_hold_at_half_the_step(circuit, naive, after, conditioned):
    few, fine = range(5), dict(dt="0.05 ms", seed=range(5))
    single = sensory.stimulus_response(circuit, **fine)
    train = sensory.condition(circuit, **fine)
    tested = sensory.stimulus_response(circuit, after=sensory.wait(circuit, "5 s", after=train, dt="0.05 ms"), **fine)
    coarse = {name: data.sel(seed=list(few)) for name, data in (("naive", naive), ("after", after))}
    assert np.max(np.abs(single.spikes.mean("seed") - coarse["naive"].spikes.mean("seed"))) < 0.5
    ends = conditioned[0].sel(seed=list(few))
    assert abs(float(train.rho.mean() - ends.rho.mean())) < 0.02
    assert abs(float(train.E_anion.isel(time=-1).mean() - ends.E_anion.isel(time=-1).mean())) < 0.2
    assert np.max(np.abs(late(train, seeds=few).mean(0) - late(conditioned[0])[:5].mean(0))) < 1
    change = [measures.hyperalgesia_index(*pair).mean() for pair in ((single, tested), tuple(coarse.values()))]
    assert abs(float(change[0] - change[1])) < 0.05
    step = measures.threshold(tested.mean("seed")) - measures.threshold(coarse["after"].mean("seed"))
    assert abs(float(step)) < 0.3


@pytest.mark.slow
def test_both_engines_fire_the_circuit_alike(circuit):
    """Interneurons within their steps' error; projection neurons ±1 spike a volley, as their model has it."""
    lost = circuit.replace(E_gaba="-50 mV")
    drive = [stimuli.Stimulus(kind, time="1 ms") for kind in ("touch", "pinprick")]
    options = dict(duration="40 ms", initial=dict(rho=0.5), dt="0.05 ms")
    runs = [nm.simulate(lost, drive, engine=engine, **options) for engine in ("kernel", "brian2")]
    for population in ("excitatory", "inhibitory"):
        tables = [nm.spikes(run, population=population).sort_values(["neuron", "time_ms"]) for run in runs]
        assert len(tables[0]) == len(tables[1]) >= 20
        assert np.max(np.abs(tables[0].time_ms.values - tables[1].time_ms.values)) < 0.3
    counts = [np.bincount(nm.spikes(run).neuron, minlength=10) for run in runs]
    assert counts[0].min() >= 1
    assert np.max(np.abs(counts[0] - counts[1])) <= 1


@pytest.mark.parametrize(("given", "said"), [((2.0,), "pressure of 2.0"), ((1.0, "0 second"), "for 0 second")])
def test_pressure_out_of_range_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        stimuli.Pressure(given[0], length=given[-1] if len(given) > 1 else "5 second")


def test_figures_of_sensitization_show_every_course_and_carry_the_disclaimer(naive, conditioned):
    times = plot_sensory.conditioning({"no ketamine": conditioned[0], "10 µM": conditioned[10]})
    labels = [ax.get_ylabel() for ax in times]
    named = zip(labels, ("ρ", "anion reversal", "NMDA gain"), strict=True)
    assert all(label.startswith(name) for label, name in named), labels
    assert "mV" in labels[1]
    assert [len(ax.lines) for ax in times] == [2, 2, 2]
    assert times[1].lines[0].get_ydata()[-1] > times[1].lines[1].get_ydata()[-1]
    curves = plot_sensory.stimulus_response({"naive": naive})
    for ax in (times[0], curves[0]):
        assert nm.DISCLAIMER in ax.figure.get_supxlabel()


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
    own = {"state", "touch", "noxious", "allodynia_index", "hyperalgesia_index"}
    assert set(answer) == own | {"naive", "disclaimer"}
    assert answer["naive"] == {key: answer[key] for key in own}
    assert max(answer["noxious"]["spikes"]) > 1
    assert answer["allodynia_index"] == answer["hyperalgesia_index"] == 0
    assert answer["touch"]["threshold"] is None
    assert answer["disclaimer"] == nm.DISCLAIMER
    assert {p.name for p in tmp_path.iterdir()} == {"sensory.png", "sensory.svg", "sensory.csv", "sensory.nc"}
    refused = CliRunner().invoke(cli.app, ["sensory", "--state", "angry"])
    assert "there are naive, potentiated, disinhibited, sensitized" in str(refused.exception)


def test_the_command_says_how_far_both_of_its_runs_are():
    shares = []
    answer, before, after = computed("naive", "0 uM", 0, 1, shares.append)
    assert answer["naive"]["touch"] == answer["touch"]
    xr.testing.assert_equal(before.spikes, after.spikes)
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1] == 1
