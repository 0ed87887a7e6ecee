"""Removable singularities are read away, however they are printed; what stays 0/0 is refused by name."""

import dataclasses

import numpy as np
import pytest
import sympy as sp

import nmdasim as nm
from nmdasim.language.evaluation import evaluate
from nmdasim.language.functions import exprel
from nmdasim.language.reader import read
from nmdasim.language.regular import regular
from nmdasim.model.circuit import cells_of

#: Rate functions as their papers print them (v in mV), the voltage at which they are 0/0, and their value there.
PUBLISHED = {
    "Hodgkin & Huxley 1952, alpha_m": ("0.1*(25 - v)/(exp((25 - v)/10) - 1)", 25, 1),
    "Hodgkin & Huxley 1952, alpha_n": ("0.01*(10 - v)/(exp((10 - v)/10) - 1)", 10, 0.1),
    "at today's potentials": ("0.1*(v + 40)/(1 - exp(-(v + 40)/10))", -40, 1),
    "Traub 1991, alpha_m": ("0.32*(13.1 - v)/(exp((13.1 - v)/4) - 1)", 13.1, 1.28),
    "Traub 1991, beta_m": ("0.28*(v - 40.1)/(exp((v - 40.1)/5) - 1)", 40.1, 1.4),
    "Traub & Miles 1991, alpha_n": ("-0.032*(v - V_t - 15)/(exp(-(v - V_t - 15)/5) - 1)", -40, 0.16),
    "Wang & Buzsaki 1996, alpha_m": ("-0.1*(v + 35)/(exp(-0.1*(v + 35)) - 1)", -35, 1),
    "with its terms written out": ("(0.1*v + 3.5)/(1 - exp(-0.1*v - 3.5))", -35, 1),
    "scaled above and below": ("k*(v + 35)/(k - k*exp(-(v + 35)/10))", -35, 10),
    "by expm1": ("-0.1*(v + 35)/expm1(-(v + 35)/10)", -35, 1),
    "by sinh": ("(v + 35)/sinh((v + 35)/10)", -35, 10),
    "by tanh": ("(v + 35)/tanh((v + 35)/10)", -35, 10),
    "by a power": ("(v + 35)/(1 - e**(-(v + 35)/10))", -35, 10),
    "by two exponentials": ("(v + 35)/(exp((v + 35)/20) - exp(-(v + 35)/20))", -35, 10),
    "squared": ("(v + 35)**2/(1 - exp(-(v + 35)/10))**2", -35, 100),
    "the other way up": ("(1 - exp(-(v + 35)/10))/(v + 35)", -35, 0.1),
    "a constant-field current": ("k*v*(2 - 3*exp(-v/k))/(1 - exp(-v/k))", 0, -900),
    "in a gate at its steady state": (
        "(v + 35)/(1 - exp(-(v + 35)/10))/((v + 35)/(1 - exp(-(v + 35)/10)) + 40*exp(-(v + 35)/18))", -35, 0.2,
    ),
}  # fmt: skip


def of(text):
    return regular(read(text, ["v", "V_t", "k"]))


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_rate_has_its_limit_at_the_singular_voltage_and_its_value_elsewhere(name):
    text, voltage, limit = PUBLISHED[name]
    near = np.concatenate([[0.0], *((10.0**-k * np.array([-1, 1])) for k in range(1, 15))])
    held = dict(V_t=np.array(-55.0), k=np.array(30.0))
    found = evaluate(of(text), {**held, "v": voltage + near})
    assert found[np.abs(near) < 1e-9] == pytest.approx(limit, rel=1e-8)
    away = np.array([-95.0, -61.3, -20.7, 7.7, 55.5])
    assert evaluate(of(text), {**held, "v": away}) == pytest.approx(
        evaluate(read(text, ["v", "V_t", "k"]), {**held, "v": away}), rel=1e-12
    )


def test_units_do_not_hide_a_singularity():
    assert of("(v + 35*mV)/(1 - exp(-(v + 35*mV)/(10*mV)))").has(exprel)
    assert of("(v - V_t)/k/(exp((v - V_t)/k) - 1)") == 1 / exprel(sp.sympify((of("v") - of("V_t")) / of("k")))


@pytest.mark.parametrize(
    "text", ["(v + 35)/(1 - exp(-(v + 36)/10))", "1/(1 - exp(-v/k))", "v/(1 + exp(-v/k))", "v/(1 - V_t*exp(-v/k))"]
)
def test_what_is_no_removable_singularity_stays_as_it_is(text):
    assert of(text) == read(text, ["v", "V_t", "k"])


def cell(rate, **parameters):
    return nm.Model(
        name="odd",
        equations=f"dv/dt = -v/(10*ms) : volt\ndn/dt = a_n*(1 - n) : 1\na_n = {rate}/ms : Hz",
        parameters=parameters,
    )


@pytest.mark.parametrize(
    ("rate", "where"),
    [
        ("(v/mV)/sin(v/mV)", "0 mV"),
        ("(v + 35*mV)/abs(v + 35*mV)", "-35 mV"),
        ("(cosh((v + 20*mV)/mV) - 1)/((v + 20*mV)/mV)**2", "-20 mV"),
        ("(v + 35*mV)/mV/(1 - exp(-(v + V_h)/(10*mV)))", "-35 mV"),
    ],
)
def test_what_stays_0_by_0_is_refused_by_name_with_what_to_write(rate, where):
    parameters = dict(V_h=35 * nm.mV) if "V_h" in rate else {}
    with pytest.raises(nm.ModelError, match=rf"odd: a_n is 0/0 at v = {where}, .*write .* through exprel\(x\)"):
        cell(rate, **parameters)


def test_poles_saturation_and_denominators_that_were_kept_from_0_are_no_0_by_0():
    for rate in ("v/(v - 30*mV)", "1/(1 + (n + 1e-3)**-2)", "v/mV/(1 - exp(-v/mV) + 1e-9)", "n/(n + 0.1)"):
        cell(rate)


@pytest.mark.parametrize("name", nm.neurons.CATALOGUE)
def test_no_equation_of_a_library_neuron_is_rewritten(name):
    assert all(not cell.system.rewritten for cell in cells_of(nm.neurons.CATALOGUE[name]()).values())


def test_what_a_gain_of_0_takes_away_is_no_0_by_0():
    """The magnesium plug of the projection cell has a pole at a potentiation that no synapse has."""
    circuit = nm.circuits.dorsal_horn().scaled(nmda=0)
    for cell in circuit.cells.values():
        assert dataclasses.replace(cell, description="checked again").parameters == cell.parameters


def test_two_rates_that_saturate_alike_are_not_taken_for_proportional():
    rate = "3**((c - 36)/10)*{}/(exp((1000*v + {})/{}) + 1)"
    a, b = rate.format("A", "B", "C"), rate.format("D", "E", "F")
    names = ["v", *"ABCDEFc"]
    values = dict(zip(names, map(np.array, (-0.065, 0.3, 53.0, -5.0, 0.03, 90.0, -1.0, 6.3)), strict=True))
    whole = evaluate(regular(read(f"{a}/({a} + {b})", names)), values)
    parts = [evaluate(read(part, names), values) for part in (a, b)]
    np.testing.assert_allclose(whole, parts[0] / sum(parts), rtol=1e-12)
