"""The exact solution against SciPy, written out by hand, and what must hold of any dosing table."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nmdasim import pharmacology as ph
from nmdasim.pharmacology.compartments import build
from nmdasim.pharmacology.solve import Inputs, Solution
from nmdasim.pharmacology.subjects import typical
from nmdasim.pharmacology.timeline import inputs

KE0 = np.log(2) / (6.1 / 60)
RATIO = 223.70 / 237.73
HOURS = np.array([0.05, 0.3, 0.5, 0.9, 1.4, 2, 3.5, 6, 9, 14, 20])


def mammillary(v, k10, exchanges):
    """Return dx/dt of a mammillary model: central, peripherals, metabolite, its peripheral, muscle, effect site."""

    def rhs(t, x, infusion):
        *_, met, far, muscle, site = x
        central, peripheral = x[0], x[1 : 1 + len(exchanges)]
        out = [infusion - k10 * central + 4.5 * muscle]
        for amount, (k_out, k_back) in zip(peripheral, exchanges, strict=True):
            flow = k_out * central - k_back * amount
            out[0] -= flow
            out.append(flow)
        out.append(0.714 * RATIO * k10 * central - (38 + 26.1) / 70 * met + 26.1 / 115 * far)
        out.append(26.1 / 70 * met - 26.1 / 115 * far)
        out += [-4.5 * muscle, KE0 * (central / v - site)]
        return out

    return rhs


REFERENCES = {
    "clements2": (1.7522 * 70, 0.0109 * 60, [(0.0186 * 60, 0.0137 * 60)]),
    "domino3": (0.063 * 70, 0.4381 * 60, [(0.5921 * 60, 0.2470 * 60), (0.5900 * 60, 0.0146 * 60)]),
    "leiden3": (17.0, 93.5 / 17, [(127 / 17, 127 / 28.3), (91.9 / 17, 91.9 / 147)]),
}


def integrate(rhs, stages, times):
    """Integrate piecewise: stages are (start, jump, infusion)."""
    state, found = np.zeros_like(stages[0][1]), []
    ends = [start for start, _, _ in stages[1:]] + [times[-1]]
    for (start, jump, infusion), end in zip(stages, ends, strict=True):
        state = state + jump
        inside = times[(times > start) & (times <= end)]
        done = solve_ivp(
            rhs, (start, end), state, "DOP853", inside, args=(infusion,), rtol=1e-13, atol=1e-16, max_step=0.1
        )
        last = solve_ivp(rhs, (start, end), state, "DOP853", args=(infusion,), rtol=1e-13, atol=1e-16, max_step=0.1)
        found.append(done.y)
        state = last.y[:, -1]
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("preset", REFERENCES)
def test_mammillary_presets_agree_with_scipy_to_1e_8(preset):
    v, k10, exchanges = REFERENCES[preset]
    size = 5 + len(exchanges)
    nothing, muscle = np.zeros(size), np.zeros(size)
    muscle[-2] = 0.93 * 20
    bolus = np.zeros(size)
    bolus[0] = 10
    stages = [(0, nothing, 35 / 0.5), (0.5, nothing, 0), (1, bolus, 0), (8, muscle, 0)]
    expected = integrate(mammillary(v, k10, exchanges), stages, HOURS)
    regimen = ph.Regimen.of(
        ph.dose("35 mg", over="30 min"), ph.dose("10 mg", at="1 h"), ph.dose("20 mg", "im", at="8 h")
    )
    course = ph.time_course(regimen, HOURS * ph.every("1 h", "1 h")[1], preset=preset)
    assert course.plasma.values == pytest.approx(expected[0] / v * 1e3, rel=1e-8)
    assert course.effect_site.values == pytest.approx(expected[-1] * 1e3, rel=1e-8)
    assert course.metabolite.values == pytest.approx(expected[1 + len(exchanges)] / 70 * 1e3, rel=1e-8)


def janssen(t, x, swallowed_rate):
    central, near, far, liver, nose, gut, met, met_far, site = x
    return [
        (84.3 / 143) * near + (37.6 / 417) * far + (151 / 101) * liver + 2.93 * nose
        - (84.3 + 37.6 + 151) / 192 * central,
        84.3 / 192 * central - 84.3 / 143 * near,
        37.6 / 192 * central - 37.6 / 417 * far,
        151 / 192 * central - (151 / 101 + 1.11 + 2.77) * liver + 1.45 * gut,
        -2.93 * nose,
        swallowed_rate - 1.45 * gut,
        2.77 * RATIO * liver - (38 + 26.1) / 70 * met + 26.1 / 115 * met_far,
        26.1 / 70 * met - 26.1 / 115 * met_far,
        KE0 * (central / 192 - site),
    ]  # fmt: skip


def test_nasal_devices_with_first_pass_agree_with_scipy_to_1e_8():
    first, later = 0.54, 0.54 * 0.62
    nose, nothing = np.zeros(9), np.zeros(9)
    nose[4] = 28 * (first + later)
    swallowed = 28 * (2 - first - later) * 0.64 / 0.53
    expected = integrate(janssen, [(0, nose, swallowed), (0.53, nothing, 0)], HOURS)
    course = ph.time_course(ph.Regimen((ph.dose("56 mg", "nasal"),)), HOURS * ph.every("1 h", "1 h")[1])
    assert course.plasma.values == pytest.approx(expected[0] / 192 * 1e3, rel=1e-8)
    assert course.effect_site.values == pytest.approx(expected[-1] * 1e3, rel=1e-8)
    assert course.metabolite.values == pytest.approx(expected[6] / 70 * 1e3, rel=1e-8)


def test_coinciding_rates_which_have_no_eigenvectors_are_solved_too():
    k, t = 0.7, np.linspace(0, 10, 21)
    matrix = np.array([[[-k, k], [0, -k]]])  # depot and body, equal rates: x = D·k·t·exp(-k·t)
    given = Inputs(np.zeros(1), np.zeros(1, bool), np.array([[[0.0, 5.0]]]), np.zeros((1, 1, 2)))
    both = Solution(np.concatenate([matrix, np.array([[[-1.0, 2.0], [0, -3.0]]])]), _twice(given))
    for solution in (Solution(matrix, given), both):
        found = solution.at(t, np.eye(2)[None])[0, :, 0]
        assert found == pytest.approx(5 * k * t * np.exp(-k * t), rel=1e-12, abs=1e-14)
    assert both.at(t, np.eye(2)[None])[1, :, 0] == pytest.approx(
        5 * (np.exp(-t) - np.exp(-3 * t)), rel=1e-10, abs=1e-14
    )


def _twice(given):
    return Inputs(given.times, given.resets, np.repeat(given.jumps, 2, 1), np.repeat(given.rates, 2, 1))


@pytest.mark.parametrize("preset", ["clements2", "domino3", "leiden3"])
def test_the_area_to_infinity_is_dose_over_clearance(preset):
    v, k10, _ = REFERENCES[preset]
    regimen = ph.Regimen((ph.dose("35 mg", over="40 min", every="12 h", times=3),))
    course = ph.time_course(regimen, every="10 min", until="13 h", preset=preset)
    assert float(course.auc_inf) == pytest.approx(3 * 35 / (v * k10) * 1e3, rel=1e-12)


def test_partial_areas_are_the_integral():
    regimen = ph.Regimen((ph.dose("56 mg", "nasal"),))
    system = build(ph.preset("janssen"), typical())
    solution = Solution(system.matrix, inputs(regimen, system))
    nodes, weights = np.polynomial.legendre.leggauss(40)
    total = 0.0
    for a, b in ((0, 0.53), (0.53, 4), (4, 9)):
        values = solution.at((b - a) / 2 * nodes + (a + b) / 2, system.readout[:, :1])[0, :, 0]
        total += (b - a) / 2 * (values @ weights)
    assert solution.area(system.readout[:, :1], 9)[0, 0] == pytest.approx(total, rel=1e-10)


def test_the_peak_is_found_between_outputs():
    regimen = ph.Regimen((ph.dose("84 mg", "nasal", at="30 h"),))
    coarse = ph.time_course(regimen, every="12 h", until="48 h")
    fine = ph.time_course(regimen, every="0.1 min", until="32 h")
    assert float(coarse.cmax) == pytest.approx(float(fine.plasma.max()), rel=1e-6)
    assert float(coarse.tmax) == pytest.approx(float(fine.plasma.idxmax()) * 60, abs=0.2)


def test_times_before_the_first_dose_are_empty_and_after_a_bolus_full():
    regimen = ph.Regimen((ph.dose("70 mg", at="2 h"),))
    course = ph.time_course(regimen, every="1 h", until="3 h")
    assert course.plasma.values[:2].tolist() == [0, 0]
    assert course.plasma.values[2] == pytest.approx(70 / (1.7522 * 70) * 1e3, rel=1e-12)
