"""Units come from the equations: a state has the one that its equation gives, whatever it is called."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

import nmdasim as nm
from nmdasim.command.printing import windup as printing
from nmdasim.model.port import Summary


def relaxing(unit="1", scale="1"):
    """Return v that goes from 0 to 1 (times a scale) with 10 ms, and is pushed by events of a weight."""
    return nm.Model(
        name="relaxing", equations=f"dv/dt = ({scale} - v)/tau : {unit}\ntwice = 2*v : {unit}",
        parameters=dict(tau=10 * nm.ms), ports=dict(push="v += weight"),
    )  # fmt: skip


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_state_called_v_that_is_no_voltage_is_a_plain_number(engine):
    result = nm.simulate(
        relaxing(), nm.Events("push", [30] * nm.ms, 0.5), duration=41 * nm.ms, dt=0.1 * nm.ms, record=["v", "twice"],
        sample=1 * nm.ms, engine=engine,
    )  # fmt: skip
    assert result.v.units == result.twice.units == "1"
    at_20, at_40 = 1 - np.exp(-2), 1 - np.exp(-4) + 0.5 * np.exp(-1)
    assert float(result.v[20]) == pytest.approx(at_20, abs=1e-6)
    assert float(result.twice[20]) == pytest.approx(2 * at_20, abs=2e-6)
    assert float(result.v[40]) == pytest.approx(at_40, abs=1e-6 if engine == "reference" else 1e-3)


@pytest.mark.parametrize(
    ("unit", "scale", "shown"), [("volt", "mV", "mV"), ("amp", "nA", "nA"), ("second", "ms", "ms")]
)
def test_a_state_called_v_is_shown_in_the_unit_of_its_equation(unit, scale, shown):
    model = relaxing(unit, f"1*{scale}")
    result = nm.simulate(model, duration=21 * nm.ms, record=["v"], sample=1 * nm.ms, engine="reference")
    assert result.v.units == shown
    assert float(result.v[20]) == pytest.approx(1 - np.exp(-2), abs=1e-5)
    assert model.unit_of("v") == shown


def test_izhikevichs_model_as_published_and_in_volts_is_one_model():
    plain = nm.Model(
        name="plain", equations="dv/dt = (0.04*v**2 + 5*v + 140 - u + I)/ms : 1\ndu/dt = 0.02*(0.2*v - u)/ms : 1",
        parameters=dict(I=10.0), initial=dict(v=-65, u=-13), threshold="v > 30", reset="v = -65; u += 8",
    )  # fmt: skip
    volts = nm.Model(
        name="volts",
        equations="dv/dt = (0.04*v**2/mV + 5*v + 140*mV - u + I)/ms : volt\ndu/dt = 0.02*(0.2*v - u)/ms : volt",
        parameters=dict(I=10 * nm.mV), initial=dict(v=-65 * nm.mV, u=-13 * nm.mV),
        threshold="v > 30*mV", reset="v = -65*mV; u += 8*mV",
    )  # fmt: skip
    options = dict(duration=80 * nm.ms, record=["v", "u"], sample=1 * nm.ms, engine="reference", tolerance=1e-9)
    one, other = (nm.simulate(model, **options) for model in (plain, volts))
    assert int(one.spike_count) > 1
    assert one.spike_time.values == pytest.approx(other.spike_time.values, abs=1e-4)
    assert [one.v.units, one.u.units, other.v.units, other.u.units] == ["1", "1", "mV", "mV"]
    assert one.v.values[:4] == pytest.approx(other.v.values[:4], rel=1e-4)


def test_a_weight_has_the_unit_of_the_state_that_it_is_added_to_whatever_that_is_called():
    with pytest.raises(nm.ModelError, match="does not fit port 'push'"):
        nm.simulate(_pair("0.5 mV"), duration=5 * nm.ms)


def _pair(weight):
    link = nm.Projection("cells", "cells", port="push", weight=weight, indices=([0], [1]))
    return nm.Circuit("pair", {"cells": nm.Population(relaxing(), 2)}, (link,))


# --- what is kept of every pulse -------------------------------------------------------------------------------------


def kept(unit, equation="dv/dt = -v/(10*ms) : volt\nca_peak = 2*v : volt"):
    return nm.Model(
        name="kept", equations=equation, initial=dict(v="1*mV"),
        ports=dict(push="v += 0.1*mV"), fibres={"c": nm.Fibres(port="push", synapses=2, latency="5 ms")},
        summaries=dict(ca_peak=Summary("ca_peak", "soma", "start", unit, "twice the potential")),
    )  # fmt: skip


def test_a_summary_in_a_unit_that_its_variable_does_not_have_is_refused():
    with pytest.raises(nm.ModelError, match="kept: summary ca_peak is to be in uM; ca_peak is in mV"):
        kept("uM")


def test_a_summary_is_drawn_and_told_by_its_own_name_and_unit_not_as_calcium():
    result = nm.simulate(kept(""), nm.WindUp(pulses=2, frequency=20 * nm.Hz), engine="reference")
    assert result.ca_peak.units == "mV"
    axes = nm.plot.windup(result)
    assert [ax.get_ylabel() for ax in axes[2:]] == ["twice the potential, mV"]
    assert axes[2].get_title("left") == "Twice the potential after each pulse"
    assert printing.runs(result)[0]["ca_peak_um"] is None
    plt.close("all")
