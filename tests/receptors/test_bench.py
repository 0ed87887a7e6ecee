from __future__ import annotations

import numpy as np
import pytest

from nmdasim import mM, mV
from nmdasim.receptors import bench
from nmdasim.receptors.antagonists import competitive, glycine_site
from nmdasim.receptors.exact import Step, respond
from nmdasim.receptors.schemes import names, scheme
from nmdasim.receptors.subtypes import NAMES, mixture, subtype


@pytest.mark.parametrize(
    ("name", "peak", "when", "decay"),
    [("clements1992", 0.1831, 24.8, 168.9), ("edmonds_colquhoun1992", 0.2627, 21.6, 147.4)],
)
def test_a_pulse_of_1_mM_for_1_ms_gives_the_published_response(name, peak, when, decay):
    result = bench.pulse(scheme(name), mg="0 mM")
    assert float(result.peak_open) == pytest.approx(peak, rel=0.003)
    assert float(result.time_to_peak) == pytest.approx(when, rel=0.003)
    assert float(result.decay_1e) == pytest.approx(decay, rel=0.003)


def test_the_two_state_scheme_is_open_0692_after_the_pulse_and_decays_with_one_time_constant():
    result = bench.pulse(scheme("destexhe1994"), mg="0 mM")
    assert float(result.peak_open) == pytest.approx(0.0692, abs=5e-5)
    assert float(result.time_to_peak) == pytest.approx(1, abs=1e-6)
    assert float(result.decay_1e) == pytest.approx(1 / 0.0066, rel=1e-6)


@pytest.mark.parametrize("name", names())
def test_peak_and_decay_do_not_depend_on_the_sampling(name):
    coarse, fine = (bench.pulse(scheme(name), mg="0 mM", sample=s) for s in ("2 ms", "0.05 ms"))
    for key in ("peak_open", "time_to_peak", "decay_1e"):
        assert float(coarse[key]) == pytest.approx(float(fine[key]), rel=1e-4)


def test_a_pulse_without_glutamate_opens_nothing():
    result = bench.pulse(scheme("clements1992"), glutamate="0 mM")
    assert float(result.peak_open) == 0
    assert np.isnan(float(result.decay_1e))


def test_a_second_pulse_finds_receptors_desensitised_and_recovers_with_time():
    ratio = bench.paired_pulses(scheme("clements1992"), ["20 ms", "200 ms", "2 second"], mg="0 mM").ratio.values
    assert np.all(np.diff(ratio) > 0)
    assert ratio[0] < 0.5
    assert ratio[-1] == pytest.approx(1, abs=0.01)


def test_the_iv_curve_has_a_negative_slope_only_with_magnesium():
    curve = bench.iv_curve(scheme("clements1992"), np.linspace(-100, 40, 57) * mV, [0, 1] * mM)
    without, with_mg = curve.current.values
    assert np.all(np.diff(without) > 0)
    assert np.any(np.diff(with_mg) < 0)
    assert curve.current.units == "pA"
    reversal = float(np.interp(0, without, curve.v.values))
    assert reversal == pytest.approx(0, abs=1e-9)


def test_magnesium_in_the_pore_relaxes_after_a_voltage_step_and_the_fast_block_jumps():
    slow = bench.voltage_step(scheme("vargas_caballero_robinson2004"), "-65 mV", "40 mV", duration="200 ms")
    fast = bench.voltage_step(scheme("lester_jahr1992"), "-65 mV", "40 mV")
    after = (slow.time.values > 10.05) & (slow.time.values < 209)
    rise = slow.open.values[after]
    assert rise[-1] > 1.3 * rise[0]
    jumped = fast.open.values[(fast.time.values > 10.05) & (fast.time.values < 59)]
    assert jumped.max() == pytest.approx(jumped.min(), rel=1e-9)


def test_a_slow_ramp_traces_the_steady_iv_curve():
    ramp = bench.voltage_ramp(scheme("clements1992"), duration="10 second", points=81)
    v = np.unique(ramp.v.values)
    steady = bench.iv_curve(scheme("clements1992"), v * mV)
    found = np.interp(v, ramp.v.values, ramp.current.values)
    assert np.abs(found - steady.current.values[0]).max() < 0.05 * np.abs(steady.current.values).max()


# --- subtypes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "tau"), [("2A", 87), ("2B", 548), ("2C", 319), ("2D", 5714)])
def test_a_subtype_deactivates_with_its_time_constant(name, tau):
    result = bench.pulse(subtype(name).scheme(), mg="0 mM")
    assert float(result.decay_1e) == pytest.approx(tau, rel=1e-6)


def test_a_subtype_has_its_open_probability_in_saturating_glutamate():
    for name, expected in {"2A": 0.5, "2B": 0.12, "2C": 0.011}.items():
        s = subtype(name).scheme()
        p = s.open(s.steady(mg="0 mM", glutamate="100 mM"), mg="0 mM")
        assert float(p) == pytest.approx(expected, rel=0.005)


def test_magnesium_blocks_2A_as_2B_and_more_than_2C_and_2D():
    k = [float(subtype(n)["K_mg"].si) for n in NAMES]
    assert k[0] == k[1] == pytest.approx(3.57)
    assert min(k[2:]) > 5 * k[0]


def test_names_of_subtypes_are_read_in_the_usual_spellings_and_others_refused():
    assert subtype("GluN2B").name == subtype("nr2b").name == subtype("2b").name == "2B"
    with pytest.raises(ValueError, match="unknown subtype '2E'"):
        subtype("2E")
    with pytest.raises(ValueError, match="sum to 1"):
        mixture({"2A": 0.5, "2B": 0.6})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: bench.pulse(s, duration="1e9 ms"), "make it shorter"),
        (lambda s: bench.pulse(s, sample="0 ms"), "sample = 0 ms"),
        (lambda s: bench.pulse(s, mg="-1 mM"), "mg = -1 mM; a concentration is not negative"),
        (lambda s: bench.iv_curve(s, ["0 mV"], conductance="-1 nS"), "conductance = -1 nS"),
        (lambda s: bench.iv_curve(s, ["0 mV"], mg="-1 mM"), "a concentration is not negative"),
        (lambda s: bench.voltage_ramp(s, duration="0 ms"), "longer than 0 ms"),
        (lambda s: bench.voltage_ramp(s, points=1), "points = 1"),
        (lambda s: bench.paired_pulses(s, ["0.5 ms"]), "interval = 0.5 ms"),
        (lambda s: bench.train(s, "ketamine"), "clements1992 knows no drug 'ketamine'"),
        (lambda s: bench.train(s, "ketamine", frequency="0 Hz"), "frequency = 0 Hz"),
        (lambda s: bench.train(s, "ketamine", frequency="2000 Hz"), "do not overlap"),
        (lambda s: respond(s, [Step("1 ms")], start=[2, 0, 0, 0, 0]), "sum to 1"),
        (lambda s: s.generator(k_open="-1 Hz"), "the rate C2 -> O, k_open = -1 per second; a rate is not negative"),
        (lambda s: mixture({"2A": 0.5, "GluN2A": 0.5}), "named twice"),
    ],
)
def test_bad_input_is_refused_by_name(call, message):
    with pytest.raises(ValueError, match=r".") as refusal:
        call(scheme("clements1992"))
    assert message in str(refusal.value)


# --- antagonists -----------------------------------------------------------------------------------------------------


def test_more_glutamate_overcomes_a_competitive_antagonist_exactly_as_schild_says():
    plain, held = scheme("clements1992"), competitive(scheme("clements1992"))
    bath = {"d_ap5": "14 uM"}  # ten times its K: eleven times the glutamate is needed
    for glutamate in (0.003, 0.03):
        alone = {"glutamate": f"{glutamate} mM"}
        against = {"glutamate": f"{11 * glutamate} mM", **bath}
        assert float(held.open(held.steady(**against), **against)) == pytest.approx(
            float(plain.open(plain.steady(**alone), **alone)), rel=1e-10
        )


def test_a_competitive_antagonist_cares_neither_for_voltage_nor_for_use():
    held = competitive(scheme("clements1992"))
    shares = []
    for v in ("-80 mV", "0 mV"):
        peaks = [float(bench.pulse(held, v=v, d_ap5=d, tail="0.5 second").peak_open) for d in ("50 uM", "0 uM")]
        shares.append(peaks[0] / peaks[1])
    assert shares[0] == pytest.approx(shares[1], rel=1e-9)
    assert shares[0] < 0.2


def test_glutamate_does_not_overcome_an_antagonist_at_the_glycine_site():
    s = glycine_site(scheme("clements1992"))
    for glutamate in ("0.01 mM", "100 mM"):
        bath = {"glutamate": glutamate}
        drug = bath | {"dcka": "1 uM"}
        ratio = s.open(s.steady(**drug), **drug) / s.open(s.steady(**bath), **bath)
        assert float(ratio) == pytest.approx((11 / (10 + 1 + 1 / 0.08)) ** 2, rel=1e-9)
    none = {"glutamate": "1 mM", "glycine": "0 uM"}
    assert float(s.open(s.steady(**none), **none)) == 0


def test_unverified_constants_are_named_in_the_result():
    result = respond(competitive(scheme("destexhe1994")), [Step("1 ms")])
    assert set(result.attrs["unverified_parameters"].split()) == {"k_bind", "k_unbind", "K_d_ap5"}
    assert "Not medical advice" in result.attrs["disclaimer"]
