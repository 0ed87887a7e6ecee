"""Constants of the receptor beside their sources: what holds at which voltage, what is derived, what compares how."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.parameters import drugs, load
from nmdasim.receptors import blocker, inhibition, scheme
from nmdasim.receptors.exact import Step, respond
from nmdasim.receptors.subtypes import subtype


def test_the_slope_of_unblocking_is_the_electrical_distance_at_room_temperature():
    thermal = 8.314462618 * (273.15 + 21) / 96485.33212 * 1e3
    for name in ("ketamine", "memantine", "MK-801", "ketamine-gilling2009"):
        p = blocker(name).parameters
        slope = next(value for key, value in p.items() if key.startswith("slope_"))
        assert float(slope.number) == pytest.approx(thermal / 0.79, rel=0.003)
        assert (slope.source, slope.status) == ("gilling2009", "derived")


def test_mk801_holds_its_constant_at_minus_40_mv():
    drug = blocker("MK-801")
    assert drug.parameters["K_mk801"].source == "dravid2007"
    assert float(drug.dissociation("-40 mV")) * 1e3 == pytest.approx(0.015)
    assert float(drug.dissociation("-66 mV")) * 1e3 == pytest.approx(0.0067, abs=5e-5)


def test_memantine_leaves_shut_channels_at_the_rate_of_its_own_source():
    p = blocker("memantine").parameters
    assert (p["tau_memantine"].source, p["escapable_memantine"].source) == ("kotermanski_wood2009", "blanpied1997")
    assert "Kotermanski" in nm.citations(nm.receptors.dosed(nm.neurons.wdr(), ["memantine"]))


def test_s_ketamine_binds_as_the_racemate_times_0_61():
    ratio = blocker("S-ketamine").dissociation("-66 mV") / blocker("ketamine").dissociation("-66 mV")
    assert float(ratio) == pytest.approx(0.61, abs=0.005)


def test_magnesium_blocks_2d_at_least_four_times_less_than_2a_at_every_voltage():
    least = float(load("subtypes", "order")["weaker_mg_2D"].number)
    assert least == 4
    assert float(subtype("2D")["K_mg"].si) >= least * float(subtype("2A")["K_mg"].si)


def test_kampa_decays_as_published_where_magnesium_was_there_before_the_pulse():
    """56.7 ms equilibrated, 61.8 ms where the receptor starts without magnesium; here to the sampling of the curve."""
    chosen, steps = scheme("kampa2004"), [Step("1 ms", {"glutamate": "1 mM"}), Step("300 ms")]
    bath = {"v": "-60 mV", "mg": "1 mM"}
    empty = chosen.steady(v="-60 mV", mg="0 mM")
    found = {}
    for name, start in (("equilibrated", None), ("without", empty)):
        run = respond(chosen, steps, start=start, sample="0.05 ms", **bath).open
        peak = int(run.values.argmax())
        found[name] = float(run.time[peak:][run.values[peak:] <= float(run[peak]) / np.e][0] - run.time[peak])
    assert found["equilibrated"] == pytest.approx(56.7, abs=0.15)
    assert found["without"] == pytest.approx(61.8, abs=0.15)


def test_norketamine_says_that_it_counteracts_relief_beside_its_block():
    curve = inhibition.curve("norketamine")
    assert "counteracted the pain relief of ketamine" in curve.attrs["warnings"]
    assert "counteracted" in " ".join(nm.plot.receptor.inhibition([curve]).figure.get_supxlabel().split())
    brief = {"duration": "1 ms", "engine": "reference"}
    run = nm.simulate(nm.neurons.wdr(), drugs={"norketamine": "1 uM"}, **brief)
    assert "Olofsen 2012" in run.attrs["warnings"]
    assert "warnings" not in nm.simulate(nm.neurons.wdr(), **brief).attrs
    assert inhibition.curve("ketamine").attrs["warnings"] == drugs.find("ketamine").text("caveat") == ""


def test_what_was_verified_since_is_called_so():
    assert {load("receptors", "cleft")[name].status for name in ("glutamate_peak", "tau_glutamate")} == {"verified"}
    assert {subtype(kind)["P_open"].status for kind in ("2A", "2B")} == {"verified"}
