from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import nmdasim as nm
from nmdasim.errors import ModelError
from nmdasim.parameters import bibliography
from nmdasim.receptors import magnesium_block
from nmdasim.receptors.exact import Step, respond
from nmdasim.receptors.scheme import Scheme, Transition
from nmdasim.receptors.schemes import names, scheme
from nmdasim.receptors.stationary import stationary

PULSE = [Step("1 ms", {"glutamate": "1 mM"}), Step("0.3 second")]


def two_states(**changes):
    fields = {
        "name": "mine",
        "states": ("shut", "up"),
        "transitions": Transition.parse("shut <-> up: on*glutamate, off"),
        "conducting": {"up": "1"},
        "parameters": {"on": "1 1/mM/ms", "off": "10 1/second"},
    }
    return Scheme(**(fields | changes))


@pytest.mark.parametrize("name", names())
def test_probabilities_sum_to_one_and_stay_between_0_and_1(name):
    occupancy = respond(scheme(name), PULSE, mg="1 mM", v="-40 mV").occupancy
    assert float(abs(occupancy.sum("state") - 1).max()) < 1e-11
    assert float(occupancy.min()) >= -1e-15
    assert float(occupancy.max()) <= 1 + 1e-12


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(names()),
    v=st.floats(-120, 80),
    mg=st.floats(0, 10),
    glutamate=st.floats(0, 10),
    width=st.floats(0.01, 1e4),
)
def test_probabilities_are_probabilities_in_any_bath(name, v, mg, glutamate, width):
    bath = {"v": f"{v} mV", "mg": f"{mg} mM"}
    steps = [Step(f"{width} ms", {"glutamate": f"{glutamate} mM"}), Step("100 ms")]
    for p in (
        respond(scheme(name), steps, sample=f"{width / 5} ms" if width < 500 else "100 ms", **bath).occupancy.values,
        scheme(name).steady(glutamate=f"{glutamate} mM", **bath)[None],
    ):
        assert np.all(np.abs(p.sum(axis=1) - 1) < 1e-10)
        assert p.min() > -1e-14
        assert p.max() < 1 + 1e-10


@settings(max_examples=40, deadline=None)
@given(rates=st.lists(st.floats(1e-3, 1e6), min_size=12, max_size=12))
def test_the_steady_state_of_any_connected_scheme_is_stationary(rates):
    q = np.zeros((4, 4))
    q[~np.eye(4, dtype=bool)] = rates
    q -= np.diag(q.sum(axis=1))
    p = stationary(q, 0)
    assert p.sum() == pytest.approx(1, abs=1e-12)
    assert np.all(p > 0)
    assert np.abs(p @ q).max() < 1e-9 * np.abs(q).max()


@pytest.mark.parametrize("name", names())
def test_the_generator_has_no_negative_rates_and_rows_that_sum_to_0(name):
    q = scheme(name).generator(v="-30 mV", glutamate="0.1 mM", mg="1 mM")
    assert np.all(q[~np.eye(len(q), dtype=bool)] >= 0)
    assert np.abs(q.sum(axis=1)).max() < 1e-9


@pytest.mark.parametrize("name", names())
def test_the_matrix_exponential_agrees_with_an_adaptive_integrator(name):
    s = scheme(name)
    exact = respond(s, PULSE, mg="1 mM", v="-40 mV", sample="1 ms")
    on, off = (s.generator(glutamate=g, mg="1 mM", v="-40 mV") for g in ("1 mM", "0 mM"))
    options = {"method": "Radau", "rtol": 1e-10, "atol": 1e-13}
    first = solve_ivp(lambda t, p: p @ on, (0, 1e-3), exact.occupancy.values[0], jac=on.T, **options)
    times = exact.time.values[1:] / 1e3
    times[-1] = 0.301
    later = solve_ivp(lambda t, p: p @ off, (1e-3, 0.301), first.y[:, -1], jac=off.T, t_eval=times, **options)
    assert np.abs(later.y.T - exact.occupancy.values[1:]).max() < 2e-8


def clamp_error(name, method, dt):
    """Largest difference between a clamped run and the exact response, relative to its peak."""
    s = scheme(name)
    glutamate = [nm.Events("glutamate", ["5 ms"], weight="1 mM"), nm.Events("glutamate", ["6 ms"], weight="-1 mM")]
    run = nm.simulate(s.clamped(v="-40 mV"), glutamate, duration="55 ms", dt=dt, sample="1 ms", method=method,
                      engine="brian2", record=["open_nmda"])  # fmt: skip
    exact = respond(s, [Step("5 ms"), *PULSE], v="-40 mV", sample="1 ms")
    expected = np.interp(run.time.values, exact.time.values, exact.open.values)
    return np.abs(run.open_nmda.values - expected).max() / expected.max()


@pytest.mark.parametrize("name", ["clements1992", "kampa2004"])
def test_the_equations_run_in_a_clamp_give_the_exact_response(name):
    assert clamp_error(name, "rk4", "0.05 ms") < 1e-5
    coarse, fine = (clamp_error(name, "", dt) for dt in ("0.02 ms", "0.01 ms"))
    assert fine < 0.02
    assert coarse / fine == pytest.approx(2, rel=0.05)  # the engine's default step is of first order


def test_the_clamp_starts_at_rest_so_nothing_moves_without_glutamate():
    run = nm.simulate(scheme("kampa2004").clamped(v="-60 mV"), duration="100 ms", engine="brian2",
                      record=["U_mg_nmda", "open_nmda"])  # fmt: skip
    assert float(np.ptp(run.U_mg_nmda.values)) < 1e-9
    assert float(run.U_mg_nmda[0]) > 0.9


def test_mg_outside_gives_the_published_block():
    for v, share in {-80: 0.02442, -65: 0.05967, -60: 0.07963, -40: 0.23016, -30: 0.35722, -20: 0.50814,
                     0: 0.78118, 40: 0.97708}.items():  # fmt: skip
        assert float(magnesium_block(f"{v} mV")) == pytest.approx(share, rel=5e-4)
        s = scheme("lester_jahr1992")
        on, off = (
            s.open(s.steady(v=f"{v} mV", mg=mg, glutamate="1 mM"), v=f"{v} mV", mg=mg) for mg in ("1 mM", "0 mM")
        )
        assert float(on / off) == pytest.approx(share, rel=5e-4)


def test_mg_in_the_pore_relieves_with_depolarisation():
    for name in ("kampa2004", "vargas_caballero_robinson2004"):
        s = scheme(name)
        bath = {"v": ["-80 mV", "-60 mV", "-40 mV", "-20 mV", "20 mV"], "glutamate": "1 mM"}
        share = s.open(s.steady(**bath), **bath) / s.open(s.steady(mg="0 mM", **bath), mg="0 mM", **bath)
        assert np.all(np.diff(share) > 0)
        assert np.all((share > 0) & (share < 1))


def test_a_scheme_without_glutamate_stays_shut():
    assert float(respond(scheme("clements1992"), [Step("1 second")]).open.max()) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {"on": "1 1/mM/ms", "off": "-10 1/second"}}, "rate up -> shut, off = -10"),
        ({"states": ("shut", "up", "lost")}, "not connected: no transition joins lost"),
        ({"states": ("shut", "shut")}, "named twice"),
        ({"conducting": {"open": "1"}}, "no state 'open'"),
        ({"conducting": {}}, "no state conducts"),
        ({"rest": "down"}, "no state 'down'"),
        ({"parameters": {"on": "1 1/mM/ms", "off": "10 mV"}}, "mine: "),
        ({"parameters": {"on": "1 1/mM/ms"}}, "'off'"),
    ],
)
def test_a_scheme_that_makes_no_sense_is_refused_by_name(changes, message):
    with pytest.raises(ModelError, match=r"mine") as refusal:
        two_states(**changes)
    assert message in str(refusal.value)


def test_a_transition_that_cannot_be_read_is_refused():
    with pytest.raises(ModelError, match="cannot read 'A <-> B: k'"):
        Transition.parse("A <-> B: k")


def test_a_rate_that_turns_negative_at_some_voltage_is_refused():
    line = Transition.parse("shut <-> up: on*glutamate, off*v/(10*mV)")
    with pytest.raises(ModelError, match="a rate is not negative"):
        two_states(transitions=line)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"mg": "-1 mM"}, "mg = -1 mM; a concentration is not negative"),
        ({"glutamate": "-1 mM"}, "a concentration is not negative"),
        ({"v": "2 volt"}, "between -300 mV and 300 mV"),
        ({"magnesium": "1 mM"}, "no condition 'magnesium'"),
        ({"mg": "1 mV"}, "wrong dimension"),
    ],
)
def test_a_bath_that_makes_no_sense_is_refused_by_name(conditions, message):
    with pytest.raises(ValueError, match=r".") as refusal:
        scheme("clements1992").generator(**conditions)
    assert message in str(refusal.value)


def test_an_unknown_scheme_is_refused_with_the_nearest():
    with pytest.raises(ModelError, match="did you mean 'clements1992'"):
        scheme("clements1993")


def test_two_final_groups_of_states_have_no_unique_steady_state():
    lines = ("mid -> left: off", "mid -> right: off")
    s = two_states(states=("mid", "left", "right"), conducting={"left": "1"}, parameters={"off": "1 Hz"},
                   transitions=tuple(t for line in lines for t in Transition.parse(line)))  # fmt: skip
    with pytest.raises(ModelError, match="no unique steady state"):
        s.steady()


def test_a_step_of_no_length_is_refused():
    with pytest.raises(ValueError, match="a step lasts longer than 0 ms"):
        respond(scheme("clements1992"), [Step("0 ms")])


def test_every_published_rate_has_a_source_in_the_bibliography():
    for name in names():
        for key, p in scheme(name).parameters.items():
            assert p.source in bibliography(), (name, key)


def test_a_scheme_is_a_value_that_can_be_varied():
    slow = dataclasses.replace(scheme("clements1992"), name="slow")
    assert slow.name == "slow"
    assert scheme("clements1992").name == "clements1992"
