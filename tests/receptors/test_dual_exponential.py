import numpy as np
import pytest
from brian2 import ms, nS
from hypothesis import given
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim.receptors import dual_exponential


def synapse():
    text = dual_exponential.equations("syn") + "dv/dt = -v/ms : volt"
    parameters = dict(tau_r_syn=2 * ms, tau_d_syn=100 * ms, w=3 * nS)
    return nm.Model("synapse", text, parameters, ports={"in": dual_exponential.port("syn", "w")})


def factor(rise, decay):
    """Return the normalisation that the equations give for a rise and a decay time."""
    model = synapse()
    f = model.system.subexpressions["f_syn"]
    values = {"tau_r_syn": rise, "tau_d_syn": decay}
    return float(f.subs({s: values[s.name] for s in f.free_symbols}))


@given(st.floats(1e-5, 1), st.floats(1.01, 1e4))
def test_the_peak_of_one_event_is_its_weight(rise, ratio):
    decay = rise * ratio
    peak_time = rise * decay / (decay - rise) * np.log(decay / rise)
    peak = factor(rise, decay) * (np.exp(-peak_time / decay) - np.exp(-peak_time / rise))
    assert peak == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize(("rise", "decay"), [(0.1, 5), (2, 100), (0.1, 10), (150, 3000), (200, 3000)])
def test_the_published_time_courses_are_normalised_on_a_fine_grid(rise, decay):
    t = np.linspace(0, 5 * rise + decay, 400_001)
    assert (factor(rise, decay) * (np.exp(-t / decay) - np.exp(-t / rise))).max() == pytest.approx(1, abs=1e-6)


@pytest.fixture(scope="module")
def conductance(engine):
    """Return conductances by the times of their events, lanes of one run."""
    trains = [(1,), (7,), (1, 7), (7, 7, 7)]
    events = [nm.Events(port="in", times=list(times) * ms, lanes=[k]) for k, times in enumerate(trains)]
    result = nm.simulate(
        synapse(), events, duration="120 ms", dt="0.02 ms", sample="0.02 ms", record=["s_syn", "r_syn"],
        engine=engine, seed=range(len(trains)),
    )  # fmt: skip
    assert result.s_syn.units == "nS"
    return dict(zip(trains, result.s_syn - result.r_syn, strict=True))


def test_a_simulated_event_peaks_at_its_weight_and_decays(conductance):
    g = conductance[1,]
    assert float(g.max()) == pytest.approx(3, rel=1e-4)
    assert float(g.idxmax("time")) == pytest.approx(1 + 2 * 100 / 98 * np.log(50), abs=0.1)
    late = g.sel(time=[60, 110], method="nearest").values
    assert late[1] / late[0] == pytest.approx(np.exp(-0.5), rel=1e-3)


def test_events_add_up_linearly(conductance):
    first, second = conductance[1,].values, conductance[7,].values
    assert conductance[1, 7].values == pytest.approx(first + second, abs=1e-4)
    assert conductance[7, 7, 7].values == pytest.approx(3 * second, abs=1e-4)
