"""The reference keeps its tolerance for states whose numbers are tiny in SI units."""

import numpy as np
import pytest

import nmdasim as nm

#: Units and what a neuron or a spine holds of them: 1 µM in 1 µm³ is 1e-21 mol.
HELD = {
    "mole": 1e-21,
    "coulomb": 1e-15,
    "farad": 1e-12,
    "meter": 1e-6,
    "meter**2": 1e-12,
    "meter**3": 1e-18,
    "mole/meter**2": 1e-9,
    "watt": 1e-12,
    "siemens": 1e-9,
    "amp": 1e-10,
    "mmolar": 1e-4,
}


@pytest.mark.parametrize("unit", HELD)
def test_what_decays_is_right_to_a_millionth_in_any_unit(unit):
    parameters = {"tau": 5 * nm.ms, "amount": f"{HELD[unit]} {unit}"}
    cell = nm.Model("decay", f"ds/dt = -s/tau : {unit}", parameters, ports={"add": "s += weight*amount"}, dt="0.1 ms")
    once = nm.Events("add", [0.0] * nm.ms, weight=1)
    done = nm.simulate(cell, once, duration="10 ms", record="s", engine="reference", tolerance=1e-8)
    kernel = nm.simulate(cell, once, duration="10 ms", record="s")
    assert np.allclose(done.s.values.ravel()[1:], kernel.s.values.ravel()[1:], rtol=1e-6, atol=0)


def shaped(unit, x):
    return nm.Model(
        "shaped", f"ds/dt = -s/(5*ms) : {unit}\ny = {x} : 1", parameters={"K": f"{0.01 * HELD[unit]} {unit}"}
    )


@pytest.mark.parametrize("unit", HELD)
@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_hill_function_of_what_is_tiny_is_no_zero_by_zero(unit, n):
    shaped(unit, f"s**{n}/(s**{n} + K**{n})")


@pytest.mark.parametrize("unit", HELD)
def test_zero_by_zero_is_found_among_tiny_numbers(unit):
    with pytest.raises(nm.ModelError, match="0/0 at s = 0"):
        shaped(unit, "sin(s/K)/(s/K)")
