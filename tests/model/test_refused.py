"""What Brian2's language has and a model does not is refused when the model is made, with what to write instead."""

import pytest

import nmdasim as nm
from nmdasim import ms
from nmdasim.errors import ModelError

LEAKY = dict(equations="dv/dt = (2-v)/tau : 1", parameters=dict(tau=10 * ms), threshold="v > 1", reset="v = 0")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (dict(equations="dv/dt = (I-v)/tau : 1\nI : 1"), "give I in parameters="),
        (dict(equations="dv/dt = (I-v)/tau : 1\nI : 1 (shared)"), "give I in parameters="),
        (dict(equations="dv/dt = (2-v)/tau : 1\nB : boolean"), "give B in parameters="),
        (dict(equations="dv/dt = (2-v*int(B))/tau : 1\nB = v > 0.5 : boolean"), "write int(v > 0.5) : 1"),
        (dict(equations="dv/dt = (I-v)/tau : 1\nI : 1 (linked)"), "goes through a Projection"),
        (dict(equations="dv/dt = (2-v)/tau : 1 (event-driven)"), "belongs to a nm.Synapse"),
        (dict(equations="dv/dt = (rand()-v)/tau : 1"), "white noise is xi"),
        (dict(equations="dv/dt = (i-v)/tau : 1"), "Population"),
        (dict(equations="dv/dt = (N-v)/tau : 1"), "as a parameter"),
        (dict(equations="dv/dt = (2-v)/dt : 1"), "rates are per second"),
        (dict(equations="dv/dt = (poisson(3)-v)/tau : 1"), "nm.Poisson"),
        (dict(equations="dv/dt = (2-v)/tau*int(t > lastspike) : 1"), "dage/dt = 1 : second"),
        (dict(equations="dv/dt = (stim(t)-v)/tau : 1"), "a course over time is a parameter; write stim"),
        (
            dict(equations="dv/dt = (bessel(v)-v)/tau : 1"),
            "'bessel' in the equation of v is not defined; there are the functions exp",
        ),
        (dict(equations="dv/dt = (2-v)/tau + v*xi/tau**0.5 : 1"), "the factor of xi changes with v"),
        (dict(equations="dv/dt = s/tau : 1\ns = 2 - v + xi*tau**0.5 : 1"), "xi"),
        (dict(threshold="v > 1 and rand() < 0.5"), "'rand' in the threshold"),
        (dict(threshold="v > xi*second**0.5"), "'xi' in the threshold"),
        (dict(refractory="timestep(t, dt) < 3"), "'timestep' in refractory"),
        (dict(reset="v = i*0.1"), "'i' in the reset of v"),
        (dict(initial=dict(v="i*0.1")), "'i' in the initial value of v"),
        (dict(ports=dict(exc="v += rand()")), "'rand' in what port exc adds"),
    ],
)
def test_what_a_model_does_not_have_is_refused_by_name(changed, said):
    with pytest.raises(ModelError, match="m: ") as refused:
        nm.Model(name="m", **(LEAKY | changed))
    assert said in str(refused.value)
