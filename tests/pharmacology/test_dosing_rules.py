"""What the columns of a dosing table mean, and what linearity demands."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmdasim import pharmacology as ph
from nmdasim import quantities
from nmdasim.pharmacology.compartments import build
from nmdasim.pharmacology.presets import choose
from nmdasim.pharmacology.solve import Solution
from nmdasim.pharmacology.subjects import Cohort, typical
from nmdasim.pharmacology.timeline import inputs

TIMES = ph.every("20 min", "60 h")


def table(text):
    header, *rows = [line.split() for line in text.strip().splitlines()]
    return ph.Regimen.from_table(pd.DataFrame(rows, columns=header))


def levels(regimen, **options):
    return ph.time_course(regimen, options.pop("times", TIMES), **options).plasma.values


def test_rate_and_duration_say_the_same():
    rate = table("TIME AMT RATE II ADDL\n0 35 52.5 8 3\n40 20 5 0 0")
    duration = table("TIME AMT DUR II ADDL\n0 35 0.6666666666666666 8 3\n40 20 4 0 0")
    assert levels(rate) == pytest.approx(levels(duration), rel=1e-9)


@pytest.mark.parametrize("route", ["iv", "im", "nasal", "oral"])
def test_additional_doses_are_written_out_rows(route):
    short = table(f"TIME AMT II ADDL ROUTE\n1 56 9 5 {route}")
    rows = "".join(f"\n{1 + 9 * k} 56 {route}" for k in range(6))
    assert levels(short) == pytest.approx(levels(table("TIME AMT ROUTE" + rows)), rel=1e-9)
    assert len(short.written_out().events) == 6


@pytest.mark.parametrize(
    ("route", "dur", "ii"),
    [("iv", 0, 8), ("iv", 1, 8), ("iv", 8, 8), ("iv", 19, 8), ("im", 0, 6), ("nasal", 0, 12), ("oral", 0, 5)],
)
def test_steady_state_is_many_doses(route, dur, ii):
    many = 60
    steady = table(f"TIME AMT DUR II SS ADDL ROUTE\n{many * ii} 28 {dur} {ii} 1 2 {route}")
    written = table(f"TIME AMT DUR II ADDL ROUTE\n0 28 {dur} {ii} {many + 2} {route}")
    times = (many * ii + np.linspace(0, 5 * ii, 200)) * ph.every("1 h", "1 h")[1]
    assert levels(steady, times=times) == pytest.approx(levels(written, times=times), rel=1e-6)


def test_a_second_steady_state_is_added_to_what_is_there():
    first = table("TIME AMT\n0 30")
    added = table("TIME AMT II SS\n5 20 12 2")
    both = table("TIME AMT II SS\n0 30 0 0\n5 20 12 2")
    replaced = table("TIME AMT II SS\n0 30 0 0\n5 20 12 1")
    assert levels(both) == pytest.approx(levels(first) + levels(added), rel=1e-9)
    late = ph.every("1 h", "60 h")[5:]
    assert levels(replaced, times=late) == pytest.approx(levels(added, times=late), rel=1e-12)


def test_a_reset_empties_the_body_stops_infusions_and_cancels_repeats():
    cleared = table("TIME AMT DUR II ADDL EVID\n0 50 10 12 6 1\n6 0 0 0 0 3")
    after = ph.time_course(cleared, TIMES)
    assert not after.plasma.sel(time=slice(6, None)).any()
    assert not after.effect_site.sel(time=slice(6, None)).any()
    assert after.plasma.sel(time=slice(0.3, 5.9)).all()
    fresh = table("TIME AMT EVID\n0 50 1\n6 30 4")
    alone = table("TIME AMT EVID\n6 30 1")
    late = ph.every("1 h", "60 h")[6:]
    assert np.array_equal(levels(fresh, times=late), levels(alone, times=late))


def test_a_reset_and_dose_repeats_its_dose_not_its_reset():
    repeated = table("TIME AMT II ADDL EVID\n0 30 4 3 4")
    plain = table("TIME AMT II ADDL EVID\n0 30 4 3 1")
    assert levels(repeated) == pytest.approx(levels(plain), rel=1e-12)


def test_nasal_devices_minutes_apart_count_as_one_session():
    spaced = table("TIME AMT ROUTE\n0 28 nasal\n0.0833333333 28 nasal\n0.1666666667 28 nasal")
    at_once = table("TIME AMT ROUTE\n0 84 nasal")
    days = table("TIME AMT ROUTE\n0 28 nasal\n24 28 nasal\n48 28 nasal")
    areas = [float(ph.time_course(r, TIMES).auc_inf) for r in (spaced, at_once, days)]
    assert areas[0] == pytest.approx(areas[1], rel=1e-12)
    assert areas[2] > 1.2 * areas[1]
    assert levels(spaced)[1] < levels(at_once)[1]


def test_nasal_exposure_grows_less_than_the_number_of_devices():
    one, three = (levels(table(f"TIME AMT ROUTE\n0 {mg} nasal")) for mg in (28, 84))
    assert np.all(three[1:] < 3 * one[1:])
    assert np.all(three[1:] > one[1:])


def test_mg_per_kg_follows_each_weight():
    regimen = ph.Regimen((ph.dose("0.5 mg/kg", over="40 min"),))
    heavy = ph.Regimen((ph.dose("50 mg", over="40 min"),))
    assert levels(regimen, weight="100 kg") == pytest.approx(levels(heavy, weight="100 kg"), rel=1e-12)
    people = ph.time_course(regimen, TIMES, cohort=Cohort(2, 0, 0, 0, weight=[50, 100] * quantities.unit("kg")))
    assert people.plasma.values[1] == pytest.approx(levels(regimen, weight="100 kg"), rel=1e-12)


def test_allometry_scales_clearance_and_volume():
    small, large = (build(ph.preset("leiden3"), typical(w)) for w in (35.0, 70.0))
    assert large.readout[0, 0, 0] / small.readout[0, 0, 0] == pytest.approx(0.5)
    doses = ph.Regimen((ph.dose("10 mg"),), "s-ketamine")
    areas = [float(ph.time_course(doses, TIMES, preset="leiden3", weight=w).auc_inf) for w in ("35 kg", "70 kg")]
    assert areas[0] / areas[1] == pytest.approx(2**0.75, rel=1e-12)


# --- properties ------------------------------------------------------------------------------------------------------

hours = st.floats(0, 40).map(lambda x: round(x, 3))
events = st.builds(
    ph.Event,
    time_h=hours,
    amount=st.floats(0.1, 200),
    duration_h=st.sampled_from([0, 0.25, 3.0]),
    interval_h=st.sampled_from([1.5, 8.0]),
    additional=st.integers(0, 4),
)
absorbed = st.builds(ph.Event, time_h=hours, amount=st.floats(0.1, 200), route=st.sampled_from(["im", "oral"]))
nasal = st.builds(ph.Event, time_h=hours, amount=st.sampled_from([28.0, 56.0, 84.0]), route=st.just("nasal"))
mammillary = st.lists(st.one_of(events, absorbed), min_size=1, max_size=4)
anything = st.one_of(
    st.tuples(mammillary, st.sampled_from(["clements2", "domino3"])),
    st.tuples(st.lists(st.one_of(events, nasal), min_size=1, max_size=4), st.just("janssen")),
)
quick = settings(max_examples=40, deadline=None)


@quick
@given(anything)
def test_concentrations_are_never_negative(case):
    rows, preset = case
    regimen = ph.Regimen.of(*rows)
    system = build(choose(regimen, preset), typical())
    solution = Solution(system.matrix, inputs(regimen, system))
    ends = np.append(solution.inputs.times[1:], 60)
    raw = [
        solution.flow(state, rate, np.linspace(0, max(end - start, 0), 100), system.readout)
        for state, rate, start, end in zip(
            solution.starts, solution.inputs.rates, solution.inputs.times, ends, strict=True
        )
    ]
    assert min(part.min() for part in raw) >= -1e-13 * max(part.max() for part in raw)
    course = ph.time_course(regimen, TIMES, preset=preset)
    for name in ("plasma", "effect_site", "metabolite"):
        assert (course[name] >= 0).all()
        assert np.isfinite(course[name]).all()


@quick
@given(anything, st.floats(0.5, 60))
def test_mass_is_conserved(case, end):
    """What went in is what is in the body and what has left it, the latter integrated numerically."""
    rows, preset = case
    regimen = ph.Regimen.of(*rows)
    system = build(choose(regimen, preset), typical())
    solution = Solution(system.matrix, inputs(regimen, system))
    edges = np.unique([*solution.inputs.times[solution.inputs.times < end], end])
    dense = np.unique(np.concatenate([a + (b - a) * np.linspace(0, 1, 13) ** 3 for a, b in itertools.pairwise(edges)]))
    nodes, weights = np.polynomial.legendre.leggauss(30)
    middle, half = (dense[1:] + dense[:-1]) / 2, np.diff(dense) / 2
    lost = solution.at((middle[:, None] + half[:, None] * nodes).ravel(), system.elimination[:, None])[0, :, 0]
    left = (lost.reshape(len(half), -1) @ weights * half).sum()
    body = solution.at(np.array([end]), system.parent[None, None].astype(float))[0, 0, 0]
    times = np.append(solution.inputs.times, np.inf)
    parts = [
        jump[0, system.parent].sum() + rate[0].sum() * (min(b, end) - a if rate.any() else 0)
        for a, b, jump, rate in zip(times[:-1], times[1:], solution.inputs.jumps, solution.inputs.rates, strict=True)
        if a <= end
    ]
    assert left + body == pytest.approx(sum(parts), rel=1e-9)


@quick
@given(mammillary, mammillary)
def test_superposition(first, second):
    a, b = ph.Regimen.of(*first), ph.Regimen.of(*second)
    total = levels(a + b, preset="clements2")
    parts = levels(a, preset="clements2") + levels(b, preset="clements2")
    assert total == pytest.approx(parts, rel=1e-9, abs=1e-12 * max(1, total.max()))


@quick
@given(anything, st.sampled_from([1, 7, 30]))
def test_a_later_start_is_only_later(case, shift):
    rows, preset = case
    regimen = ph.Regimen.of(*rows)
    later = ph.every("1 h", "90 h")[shift : shift + 50]
    now = ph.every("1 h", "90 h")[:50]
    found = levels(regimen.shifted(f"{shift} h"), times=later, preset=preset)
    expected = levels(regimen, times=now, preset=preset)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-9 * max(1, expected.max()))


@quick
@given(mammillary, st.sampled_from(["clements2", "domino3"]))
def test_twice_the_dose_is_twice_the_concentration(rows, preset):
    regimen = ph.Regimen.of(*rows)
    one, two = (ph.time_course(r, TIMES, preset=preset) for r in (regimen, regimen.scaled(2)))
    for name in ("plasma", "effect_site", "metabolite", "cmax", "auc_inf"):
        assert two[name].values == pytest.approx(2 * one[name].values, rel=1e-12)


def test_the_cohort_is_the_same_for_the_same_seed_and_starts_alike():
    small, large, other = (Cohort(n, seed=s).draw() for n, s in ((10, 3), (50, 3), (10, 4)))
    assert np.array_equal(small.clearance, large.clearance[:10])
    assert not np.array_equal(small.clearance, other.clearance)
    many = Cohort(20000, seed=1).draw()
    for name, cv in Cohort().variation().items():
        factor = getattr(many, name)
        assert np.std(factor) / np.mean(factor) == pytest.approx(cv, rel=0.05)
        assert np.median(factor) == pytest.approx(1, rel=0.03)
    still = dataclasses.replace(Cohort(3), cv_clearance=0, cv_volume=0, cv_absorption=0).draw()
    assert np.array_equal(still.volume, np.ones(3))
