"""Mechanisms read from the circuit: the table in between, the two rivals, and what they were fitted to."""

from importlib.resources import files

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import treatment
from nmdasim.circuits import dorsal_horn
from nmdasim.treatment import table
from nmdasim.treatment.acute import CONCENTRATIONS
from nmdasim.treatment.fit import ERROR, relief_of
from nmdasim.treatment.supply import Link

RIVALS = ("maintained", "reset")
BOTH = ("rho", "loss")


@pytest.fixture(scope="module")
def rival():
    return {name: treatment.simulate(model=name, until="6 weeks", every="3 days", patients=4) for name in RIVALS}


def test_every_table_is_there_under_the_identity_of_the_circuit_as_it_is():
    grids = [(dorsal_horn(), table.Grid(), BOTH)]
    for name in ("naive", "acute", "neuropathic", "crps", "fibromyalgia", "opioid"):
        state = treatment.states(name)
        grid = table.Grid((state.rho,), CONCENTRATIONS, (state.number("probe", "Hz"),))
        grids.append((state.circuit(), grid, ("rho",)))
    known = {path.name for path in (files("nmdasim.treatment") / "tables").iterdir()}
    assert {f"{table.identity(*one)}.csv" for one in grids} == known
    other = dorsal_horn().replace(E_gaba="-71 mV")
    assert table.identity(other, table.Grid(), BOTH) != table.identity(dorsal_horn(), table.Grid(), BOTH)


def test_the_table_errs_by_less_than_2_percent_of_its_range_where_it_was_not_made():
    between = table.Grid(sensitization=(0.44,), ketamine=(0.75, 1.5), rate=(0.6, 1.75))
    direct, made = table.responses(dorsal_horn(), between, BOTH), table.circuit_table()
    given = np.meshgrid(between.sensitization, between.ketamine, between.rate, indexing="ij")
    for name in table.OUTPUTS:
        span = np.ptp(made.values[name])
        assert np.abs(made.read(name, *given) - direct[name]).max() < 0.02 * span


def test_the_table_is_met_at_its_own_points_and_held_beyond_its_ends():
    made = table.circuit_table()
    at = np.meshgrid(made.grid.sensitization, made.grid.ketamine, made.grid.rate, indexing="ij")
    assert made.read("drive", *at) == pytest.approx(made.values["drive"], rel=1e-9)
    assert made.read("drive", 1.2, 50.0, 9.0) == pytest.approx(made.values["drive"][-1, -1, -1])


@pytest.mark.parametrize(("ketamine", "rate"), [(0.0, 1.0), (0.84, 1.7), (50.0, 9.0)])
def test_the_table_over_sensitization_alone_is_the_table(ketamine, rate):
    made, s = table.circuit_table(), np.linspace(-0.1, 1.1, 40)
    alone = made.over_sensitization("drive", ketamine, rate)
    assert alone(s) == pytest.approx(made.read("drive", s, ketamine, rate), rel=1e-12)


def test_clinical_ketamine_takes_less_than_15_percent_of_the_drive():
    free = float(Link.of("s-ketamine", treatment.states("crps")).free(220e-6))
    assert free / ph.potency("s-ketamine") == pytest.approx(0.51, abs=0.01)  # µM of S-ketamine itself
    made = table.circuit_table()
    fall = 1 - made.read("drive", 1.0, free, 1.0) / made.read("drive", 1.0, 0.0, 1.0)
    assert 0.04 < fall < 0.15


@pytest.mark.parametrize("name", RIVALS)
def test_the_output_grid_and_a_stop_do_not_matter(rival, name):
    whole = rival[name]
    finer = treatment.simulate(model=name, until="6 weeks", every="7.2 h", patients=4)
    first = treatment.simulate(model=name, until="60 h", every="12 h", patients=4)
    rest = treatment.simulate(model=name, until="6 weeks", every="3 days", patients=4, start=first)
    for key in ("slow_relief", "patient_slow_relief", "pain"):
        assert finer[key].isel(time_d=slice(None, None, 10)).values == pytest.approx(whole[key].values, abs=1e-6)
        assert rest[key].isel(time_d=slice(1, None)).values == pytest.approx(whole[key][..., 1:].values, abs=1e-6)


@pytest.mark.parametrize("name", RIVALS)
def test_without_drug_a_rival_stays_where_it_is(name):
    nothing = ph.schedule("crps_100_hours").scaled(0)
    still = treatment.simulate(model=name, regimen=nothing, until="12 weeks", every="4 weeks", patients=3)
    assert float(still.slow_relief.max()) < 1e-6
    assert np.ptp(still.patient_pain.values) < 1e-5


def test_reset_meets_the_curve_and_maintained_is_a_switch_near_it():
    target = relief_of("dahan2011", {})[0]
    found = {name: relief_of(name, {})[0] for name in RIVALS}
    assert np.abs(found["reset"] - target).max() < 0.1 * ERROR
    assert np.abs(found["maintained"] - target).max() < ERROR
    assert found["maintained"][2] > 0.5  # week 4: hardly less than before …
    assert found["maintained"][4] < 0.01  # … and week 12: nothing left


def test_the_fit_of_reset_is_where_its_table_says():
    model = treatment.slow_model("reset")
    best = {name: float(model.parameters[name].si) for name in ("strength", "half_life")}
    factors = np.array([1, 0.93, 1.07])
    target = relief_of("dahan2011", {})[0]
    for name, value in best.items():
        sets = {key: np.full(3, other) for key, other in best.items()} | {name: value * factors}
        chi2 = (((relief_of(model, sets) - target) / ERROR) ** 2).sum(axis=1)
        assert chi2.argmin() == 0


def test_a_patient_of_maintained_stands_within_a_few_percent_of_the_tipping_point():
    theta = float(treatment.slow_model("maintained").parameters["theta"].si)
    week = relief_of("maintained", {"theta": theta * np.array([0.94, 1.0])})
    assert week[0].max() < 0.1  # sensitized a little further from it, nothing happens
    assert week[1, 0] > 0.6


def test_rivals_of_your_own_read_the_circuit_too():
    own = nm.Model(
        "half",
        "ds/dt = (drive/top - s)/tau : 1\nrelief = clip(1 - s/s_0, 0, 1) : 1",
        parameters={"drive": "0.05 uM", "top": "0.5 uM", "tau": "2 day", "s_0": "1"},
    )
    found = treatment.simulate(model=own, until="1 week", every="1 day", patients=1)
    assert 0 < float(found.slow_relief.max()) < 0.15
    assert float(found.slow_relief[0]) == pytest.approx(0, abs=1e-6)
