from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim.parameters import bibliography, read_table
from nmdasim.parameters import parameters_of as rows
from nmdasim.parameters.drugs import affinity
from nmdasim.receptors import bench, hill, inhibition, reduction
from nmdasim.receptors.blockers import block, blocker, ic50
from nmdasim.receptors.exact import Step, blocked, respond
from nmdasim.receptors.schemes import names, scheme
from nmdasim.receptors.subtypes import subtype

KETAMINE = block(scheme("clements1992"), blocker("ketamine"))
MEMANTINE = block(scheme("clements1992"), blocker("memantine"))


def um(value):
    return float(value) * 1e3


def test_the_ic50_follows_from_competition_with_magnesium():
    assert um(ic50("ketamine", v="-40 mV", mg="0 mM")) == pytest.approx(0.74, rel=0.03)
    assert um(ic50("ketamine", v="-40 mV", mg="1 mM")) == pytest.approx(3.2, rel=0.03)
    for name, value in {"2A": 0.33, "2B": 0.31, "2C": 0.51, "2D": 0.83}.items():
        assert um(ic50("ketamine", name, "-66 mV", "0 mM")) == pytest.approx(value, rel=1e-9)
    for name, value in {"2A": 0.80, "2B": 0.57, "2C": 0.52, "2D": 0.54}.items():
        assert um(ic50("memantine", name, "-66 mV", "0 mM")) == pytest.approx(value, rel=1e-9)


def test_competition_alone_predicts_the_ic50s_at_1_mM_mg_within_a_sixth():
    for drug in ("ketamine", "memantine"):
        for unit, p in rows(read_table("drugs")[drug]["at_1_mM_mg"]).items():
            predicted = um(ic50(drug, unit, "-66 mV", "1 mM"))
            assert predicted == pytest.approx(float(p.number), rel=0.17), (drug, unit)


def test_the_full_scheme_in_steady_glutamate_has_the_ic50_of_the_algebra():
    for mg, expected in (("0 mM", 0.7437), ("1 mM", 3.2312)):
        curve = inhibition.curve("ketamine", v="-40 mV", mg=mg)
        assert float(curve.ic50) == pytest.approx(expected, rel=1e-3)
        assert float(curve.hill) == pytest.approx(1, abs=1e-6)


def test_s_ketamine_binds_4_7_times_as_tightly_as_r_and_equal_parts_act_as_the_racemate():
    s, r, both = (um(ic50(d, v="-66 mV", mg="0 mM")) for d in ("S-ketamine", "R-ketamine", "ketamine"))
    assert r / s == pytest.approx(4.7, rel=0.01)
    assert 2 / (1 / s + 1 / r) == pytest.approx(both, rel=1e-12)
    assert um(ic50("norketamine", v="-66 mV", mg="0 mM")) > 4 * both


def test_two_enantiomers_in_one_scheme_compete_and_act_as_the_racemate():
    pair = block(block(scheme("lester_jahr1992"), blocker("S-ketamine")), blocker("R-ketamine"))
    bath = {"v": "-50 mV", "mg": "1 mM", "glutamate": "1 mM"}
    half = bath | {"s_ketamine": "1 uM", "r_ketamine": "1 uM"}
    racemate = block(scheme("lester_jahr1992"), blocker("ketamine"))
    whole = bath | {"ketamine": "2 uM"}
    assert float(pair.open(pair.steady(**half), **half)) == pytest.approx(
        float(racemate.open(racemate.steady(**whole), **whole)), rel=1e-9
    )


def test_the_other_laboratorys_ketamine_keeps_its_k_off():
    drug = blocker("ketamine-gilling2009")
    assert um(drug.dissociation("-70 mV")) == pytest.approx(0.71)
    k_off = um(drug.dissociation("-70 mV")) * float(drug.parameters["k_on_ketamine"].number)
    assert k_off == pytest.approx(0.22, rel=0.01)


def test_memantines_unbinding_is_the_measured_one():
    drug = blocker("memantine")
    k_off = um(drug.dissociation("-70 mV")) * float(drug.parameters["k_on_memantine"].number)
    assert k_off == pytest.approx(0.53, rel=0.01)


# --- dependence on use, trapping -------------------------------------------------------------------------------------


def test_without_agonist_the_drug_does_not_enter():
    bath = {"v": "-40 mV", "ketamine": "10 uM"}
    waited = respond(KETAMINE, [Step("60 second")], sample="1 second", **bath)
    assert float(blocked(waited, KETAMINE, "ketamine").max()) == 0
    first = bench.pulse(KETAMINE, **bath)
    control = bench.pulse(KETAMINE, v="-40 mV")
    assert float(first.peak_open) == pytest.approx(float(control.peak_open), rel=0.03)


def test_block_rises_pulse_by_pulse():
    run = bench.train(KETAMINE, "ketamine", v="-40 mV", ketamine="10 uM", before="60 second")
    assert float(run.blocked_before[0]) == 0
    assert np.all(np.diff(run.blocked_before.values) > 0)
    assert np.all(np.diff(run.peak_open.values) < 0)


def test_ketamine_stays_when_agonist_and_drug_are_gone_and_leaves_with_use():
    alone, used = (bench.recovery(KETAMINE, "ketamine", "10 uM", agonist=a) for a in (False, True))
    settled = alone.blocked.sel(time=slice(2000, None))
    assert float(settled[-1] / settled[0]) > 0.999
    assert float(alone.blocked[-1] / alone.blocked[0]) > 0.97
    assert float(used.blocked[-1] / used.blocked[0]) < 0.5


def test_a_sixth_of_memantine_leaves_shut_channels_with_a_time_constant_of_790_ms():
    start = bench.equilibrated(MEMANTINE, "memantine", "10 uM", v="-60 mV")
    at_equilibrium = MEMANTINE.steady(glutamate="1 mM", memantine="100 uM", v="-60 mV", mg="0 mM")
    held = [k for k, s in enumerate(MEMANTINE.states) if s in MEMANTINE.occupied]
    escapable = [k for k in held if MEMANTINE.states[k].endswith("_escapable")]
    assert at_equilibrium[escapable].sum() / at_equilibrium[held].sum() == pytest.approx(1 / 6, rel=0.15)
    assert start[held].sum() > 0
    shut = np.zeros(len(MEMANTINE.states))
    shut[MEMANTINE.states.index("C0_memantine")] = 5 / 6
    shut[MEMANTINE.states.index("C0_memantine_escapable")] = 1 / 6
    left = blocked(respond(MEMANTINE, [Step("10 second")], start=shut, sample="10 ms"), MEMANTINE, "memantine")
    assert float(left.sel(time=790, method="nearest")) == pytest.approx(5 / 6 + np.exp(-1) / 6, abs=1e-9)
    assert float(left[-1]) == pytest.approx(5 / 6, abs=1e-5)


def test_memantine_leaves_faster_than_ketamine_with_and_without_agonist():
    for agonist in (True, False):
        left = []
        for s, drug in ((MEMANTINE, "memantine"), (KETAMINE, "ketamine")):
            share = bench.recovery(s, drug, "10 uM", agonist=agonist, pulses=20).blocked
            left.append(float(share[-1] / share[0]))
        assert left[0] < 0.9 * left[1]


def test_the_blocked_copy_is_joined_to_the_scheme_at_the_open_state_alone():
    for name in names():
        s = block(scheme(name), blocker("ketamine"))
        held = {x for x in s.occupied if x.endswith("_ketamine")}
        doors = {(t.source, t.target) for t in s.transitions if (t.source in held) != (t.target in held)}
        assert doors == {("O", "O_ketamine"), ("O_ketamine", "O")}
        assert not any(x.endswith("_mg_ketamine") for x in s.states)


@settings(max_examples=25, deadline=None)
@given(doses=st.lists(st.floats(0, 1000), min_size=2, max_size=2), v=st.floats(-100, 40), mg=st.floats(0, 5))
def test_block_is_monotone_in_concentration(doses, v, mg):
    low, high = sorted(doses)
    opened = []
    for dose in (low, high):
        bath = {"v": f"{v} mV", "mg": f"{mg} mM", "glutamate": "0.1 mM", "ketamine": f"{dose} uM"}
        opened.append(float(KETAMINE.open(KETAMINE.steady(**bath), **bath)))
    assert opened[1] <= opened[0] * (1 + 1e-12)


def test_the_equations_of_a_blocked_scheme_run_in_a_clamp():
    clamp = KETAMINE.clamped(v="-40 mV", ketamine="10 uM")
    glutamate = nm.Events("glutamate", ["5 ms"], weight="1 mM")
    run = nm.simulate(clamp, glutamate, duration="0.3 second", dt="0.1 ms", sample="5 ms", engine="brian2",
                      method="rk4", record=["O_ketamine_nmda", "open_nmda"])  # fmt: skip
    exact = respond(KETAMINE, [Step("5 ms"), Step("1 second", {"glutamate": "1 mM"})], v="-40 mV", ketamine="10 uM")
    for mine, theirs in (("O_ketamine_nmda", exact.occupancy.sel(state="O_ketamine")), ("open_nmda", exact.open)):
        expected = np.interp(run.time.values, exact.time.values, theirs.values)
        assert np.abs(run[mine].values - expected).max() < 1e-8 * expected.max()


# --- the reduction ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["clements1992", "lester_jahr1992", "edmonds_colquhoun1992", "destexhe1996"])
@pytest.mark.parametrize(("dose", "limit"), [("1 uM", 0.001), ("10 uM", 0.01)])
def test_one_variable_follows_the_full_ketamine_scheme_through_a_wind_up_train(name, dose, limit):
    both = reduction.follow(scheme(name), blocker("ketamine"), dose)
    assert float(both.full[-1]) > 0
    assert float(abs(both.full - both.reduced).max()) < limit


@pytest.mark.parametrize(("v", "dose", "limit"), [("-60 mV", "10 uM", 0.009), ("-60 mV", "1 uM", 0.0006),
                                                  ("-40 mV", "10 uM", 0.027), ("-40 mV", "1 uM", 0.0025)])  # fmt: skip
def test_the_reduction_errs_by_no_more_than_the_documentation_says(v, dose, limit):
    both = reduction.follow(scheme("clements1992"), blocker("ketamine"), dose, v=v)
    assert float(abs(both.full - both.reduced).max()) < limit


def test_two_variables_follow_the_full_memantine_scheme():
    both = reduction.follow(scheme("edmonds_colquhoun1992"), blocker("memantine"), "10 uM")
    assert float(abs(both.full - both.reduced).max()) < 0.02


def test_the_reduction_of_ketamine_is_the_one_neurons_use():
    assert blocker("ketamine").equations().strip() in nm.neurons.wdr().equations


def test_the_reduction_refuses_schemes_with_magnesium_as_states():
    with pytest.raises(ValueError, match="kampa2004 has magnesium as states"):
        reduction.follow(scheme("kampa2004"), blocker("ketamine"), "1 uM")


# --- curves ----------------------------------------------------------------------------------------------------------


def test_a_hill_fit_finds_the_truth_inside_its_interval():
    rng = np.random.default_rng(1)
    dose = np.logspace(-2, 2, 12)
    hits = 0
    for _ in range(200):
        found = hill.fit(dose, 1 / (1 + (dose / 0.71) ** 0.84) + 0.03 * rng.standard_normal(12))
        hits += found.ic50_interval[0] < 0.71 < found.ic50_interval[1]
    assert 0.90 < hits / 200 < 0.99


def test_a_mixture_of_subtypes_lies_between_its_parts():
    pure = [float(inhibition.curve("ketamine", n, mg="1 mM").ic50) for n in ("2A", "2C")]
    mixed = inhibition.curve("ketamine", {"2A": 0.2, "2C": 0.8}, mg="1 mM")
    assert min(pure) < float(mixed.ic50) < max(pure)
    assert float(mixed.hill) < 1


def test_magnesium_takes_ketamines_place_below_and_nothing_above():
    found = inhibition.against_voltage("ketamine", "1 uM", ["-80 mV", "0 mV", "60 mV"], ["0 mM", "1 mM"])
    free, magnesium = found.blocked.values
    assert magnesium[0] < 0.15 * free[0]
    assert magnesium[2] == pytest.approx(free[2], rel=0.02)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: blocker("aspirin"), "unknown drug 'aspirin'"),
        (lambda: blocker("ketamin"), "did you mean 'ketamine'"),
        (lambda: blocker("MK-801", "2C"), "affinity of MK-801 to GluN2C is not known"),
        (lambda: ic50("ketamine", "2X"), "unknown subtype '2X'"),
        (lambda: ic50("ketamine", mg="-1 mM"), "a concentration is not negative"),
        (lambda: inhibition.curve("ketamine", concentrations=["0 uM", "1 uM", "2 uM"]), "above 0"),
        (lambda: block(KETAMINE, blocker("ketamine")), "already knows ketamine"),
        (lambda: inhibition.against_voltage("ketamine", "-1 uM", ["0 mV"]), "not negative"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=r".") as refusal:
        call()
    assert message in str(refusal.value)


def test_unverified_constants_are_named_in_every_curve():
    curve = inhibition.curve("memantine", "2C", mg="1 mM")
    assert {"K_memantine", "K_mg"} <= set(curve.attrs["unverified_parameters"].split())
    assert "escapable_memantine" not in curve.attrs["unverified_parameters"]
    assert "Not for dosing" in curve.attrs["disclaimer"]


def test_sources_of_drugs_and_subtypes_are_in_the_bibliography_or_say_recalled():
    known = {*bibliography(), "recalled", "user"}
    for drug in ("ketamine", "S-ketamine", "norketamine", "memantine", "MK-801", "ketamine-gilling2009"):
        assert {p.source.split(" ")[0] for p in blocker(drug).parameters.values()} <= known
    for name in ("2A", "2B", "2C", "2D"):
        assert {p.source for p in subtype(name).parameters.values()} <= known
    assert all(affinity(key).source in known for key in ("S-ketamine", "R-ketamine", "S-norketamine", "R-norketamine"))


def test_washing_a_drug_in_and_out_over_an_open_receptor_comes_and_goes():
    run = bench.wash(KETAMINE, "ketamine", "10 uM", on="60 second", off="120 second", v="-40 mV")
    share = run.blocked
    before, end_of_wash, after = (float(share.sel(time=t, method="nearest")) for t in (5000, 65000, 185000))
    bath = {"v": "-40 mV", "glutamate": "1 mM", "ketamine": "10 uM"}
    held = [k for k, s in enumerate(KETAMINE.states) if s in KETAMINE.occupied]
    assert before == pytest.approx(0, abs=1e-12)
    assert end_of_wash == pytest.approx(KETAMINE.steady(**bath)[held].sum(), rel=0.01)
    assert after < 0.02


def test_a_train_without_pulses_is_refused():
    with pytest.raises(ValueError, match="pulses = 0; a train has 1 or more"):
        bench.train(KETAMINE, "ketamine", pulses=0)
