import dataclasses

import numpy as np
import pytest
from brian2 import ms, mV

import nmdasim as nm
from nmdasim.model.port import Latency
from nmdasim.plan.plan import Arrivals, Cells, Outcome, Plan, Probe
from nmdasim.plan.recorded import probe
from nmdasim.plan.values import initial_values, parameter_values


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def plan(model, lanes=2, **changes):
    values = parameter_values(model, {})
    start = initial_values(model, values, {}, np.random.default_rng(0), lanes)
    arrivals = Arrivals.gather([(np.array([0.01]), 0, 0, 0.0)])
    return dataclasses.replace(
        Cells(model, lanes, values, start, arrivals, np.zeros(lanes, int), 0.1, 1e-4), **changes
    )  # fmt: skip


def test_arrivals_are_sorted_within_their_table():
    events = Arrivals.gather([(np.array([3.0, 1.0]), 0, 1, 0.5), (2.0, 1, 0, 0.0), (2.0, 0, 0, 0.0)])
    assert events.time.tolist() == [2.0, 2.0, 1.0, 3.0]
    assert events.port.tolist() == [0, 1, 0, 0]
    assert events.of(1).time.tolist() == [1.0, 3.0]
    assert events.of(1).weight.tolist() == [0.5, 0.5]
    assert len(Arrivals.gather([])) == 0


def test_latencies_are_drawn_once_or_for_every_stimulus(rng):
    fixed = Latency("200 ms", "20 ms", 5, redrawn=False).draw(3, rng)
    fresh = Latency("200 ms", "20 ms", 5).draw(3, rng)
    assert fixed.shape == fresh.shape == (3, 5)
    assert np.ptp(fixed, axis=0).max() == 0
    assert np.ptp(fresh, axis=0).min() > 0


def test_drawn_latencies_have_the_mean_and_spread_given_and_are_never_negative(rng):
    drawn = Latency("200 ms", "20 ms", 1000).draw(20, rng) * 1e3
    assert drawn.mean() == pytest.approx(200, abs=1)
    assert drawn.std() == pytest.approx(20, abs=1)
    assert Latency("1 ms", "20 ms", 1000).draw(5, rng).min() == 0


def test_a_probe_is_a_variable_everywhere_or_in_the_middle_of_a_region():
    model = nm.neurons.delrocq2023()
    assert len(probe(model, "v")) == 16
    assert probe(model, "v_soma") == [Probe("v", 6)]
    assert probe(model, "b_nmda_dendrite") == [Probe("b_nmda", 2)]
    assert probe(model, "g_nmda_dendrite") == [Probe("g_nmda", 2)]
    with pytest.raises(nm.ModelError, match="nothing called 'v_tail' to record"):
        probe(model, "v_tail")


@pytest.mark.parametrize("name", ["ketamine", "mg", "Ca_rest", "K_ketamine", "g_pas", "w_nmda_c", "g_na.soma", "Cm"])
def test_a_concentration_conductance_or_capacitance_is_never_negative(name):
    model = nm.neurons.wdr()
    with pytest.raises(nm.ModelError, match=f"{name.partition('.')[0]} = .*it cannot be negative"):
        parameter_values(model, {name: np.array([1.0, -1.0])})


def test_an_error_gives_the_value_in_the_unit_of_the_parameter():
    with pytest.raises(nm.ModelError, match="ketamine = -3 µM; it cannot be negative"):
        parameter_values(nm.neurons.wdr(), {"ketamine": np.array([-3e-3])})


def test_initial_values_follow_from_parameters_and_other_initial_values():
    model = nm.neurons.wdr()
    values = parameter_values(model, {"ketamine": np.array([0.0, 1e-3])})
    start = initial_values(model, values, model.starts["equilibrated"], np.random.default_rng(0), 2)
    assert start["v"].ravel() == pytest.approx(-0.065)
    free = nm.receptors.magnesium_block(-65 * mV)
    affinity = 0.33e-3 * np.exp(1 / 32)
    assert start["b_nmda"][:, -1] == pytest.approx([0, 1e-3 * free / (1e-3 * free + affinity)])


def test_drawn_initial_values_come_from_the_seed():
    model = nm.Model("m", "dv/dt = -v/tau : volt", dict(tau=10 * ms), initial=dict(v="5*mV*randn() + 1*mV*rand()"))

    def draw(seed):
        return initial_values(model, parameter_values(model, {}), {}, np.random.default_rng(seed), 1000)["v"]

    assert draw(1).shape == (1000, 1)
    assert np.array_equal(draw(1), draw(1))
    assert not np.array_equal(draw(1), draw(2))
    assert draw(1).std() == pytest.approx(5e-3, rel=0.1)


def test_the_digest_of_a_plan_follows_everything_that_changes_its_numbers(adex):
    def identity(cells):
        return Plan(cells.lanes, (cells,)).digest

    first = plan(adex)
    assert identity(first) == identity(plan(adex))
    changed = [
        plan(adex, dt=2e-4),
        plan(adex, duration=0.2),
        plan(adex, method="rk4"),
        plan(adex, arrivals=Arrivals.gather([(np.array([0.02]), 0, 0, 0.0)])),
        plan(adex, lanes=3),
        plan(adex.replace(tau_w=100 * ms)),
    ]
    assert len({identity(first), *map(identity, changed)}) == 7


def test_one_lane_of_a_plan_keeps_its_own_rows(adex):
    values = parameter_values(adex, {"tau_w": np.array([0.1, 0.2])})
    start = initial_values(adex, values, {}, np.random.default_rng(0), 2)
    both = dataclasses.replace(plan(adex), parameters=values, initial=start, table=np.array([0, 1]))
    second = both.lane(1)
    assert second.lanes == 1
    assert second.parameters["tau_w"].tolist() == [[0.2]]
    assert second.table.tolist() == [1]


def test_spikes_of_a_lane():
    outcome = Outcome(np.array([0, 0, 2]), np.array([0.1, 0.2, 0.3]))
    assert [outcome.spikes_of(lane).tolist() for lane in range(3)] == [[0.1, 0.2], [], [0.3]]
