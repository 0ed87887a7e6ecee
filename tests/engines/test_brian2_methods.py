"""Brian2's own methods by name, for point neurons and for the states of a chain."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import ms, mV


@pytest.fixture(scope="module")
def chain():
    """Return two compartments at rest whose gate decays by a law that is not linear."""
    return nm.Model(
        name="chain",
        equations="Im = g_l*(E_l - v) : amp/meter**2\ndn/dt = -n**2/tau : 1",
        parameters={"g_l": "1 mS/cm**2", "E_l": -60 * mV, "Cm": "1 uF/cm**2", "tau": 10 * ms},
        initial=dict(v=-60 * mV, n=1.0),
        morphology=nm.Morphology(
            areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0.0, 1e-8), regions={"soma": (0,), "dendrite": (1,)}
        ),
    )


@pytest.mark.parametrize(
    ("method", "smallest", "largest"), [("rk4", 0, 1e-6), ("rk2", 1e-5, 1e-2), ("euler", 1e-2, 0.2)]
)
def test_the_states_of_a_chain_take_the_methods_that_brian2_has(chain, method, smallest, largest):
    run = nm.simulate(
        chain, duration=20 * ms, dt=1 * ms, method=method, engine="brian2", record="n_soma", sample=1 * ms
    )
    exact = 1 / (1 + run.time.values / 10)
    assert smallest <= np.abs(run.n_soma.values.ravel() - exact).max() <= largest


def test_a_method_that_brian2_cannot_take_for_a_model_is_refused_with_its_reason():
    model = nm.Model(name="cubic", equations="dx/dt = -x**3/tau : 1", parameters=dict(tau=10 * ms))
    with pytest.raises(nm.ModelError, match=r"method 'exact' on cubic: Brian2 says .*linear.*; take 'rk4'"):
        nm.simulate(model, duration=1 * ms, engine="brian2", method="exact")
