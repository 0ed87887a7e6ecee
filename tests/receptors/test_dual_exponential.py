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


def test_a_simulated_event_peaks_at_its_weight_and_decays(engine):
    events = nm.Events(port="in", times=[1] * ms)
    result = nm.simulate(
        synapse(), events, duration="120 ms", dt="0.02 ms", record=["g_syn"], sample="0.02 ms", engine=engine
    )
    g = result.g_syn
    assert g.units == "nS"
    assert float(g.max()) == pytest.approx(3, rel=1e-4)
    assert float(g.idxmax("time")) == pytest.approx(1 + 2 * 100 / 98 * np.log(50), abs=0.05)
    assert float(g.sel(time=110, method="nearest") / g.sel(time=60, method="nearest")) == pytest.approx(
        np.exp(-0.5), rel=1e-3
    )


def test_events_add_up_linearly(engine):
    options = dict(duration="60 ms", dt="0.02 ms", record=["s_syn", "r_syn"], sample="0.02 ms", engine=engine)

    def conductance(*times):
        result = nm.simulate(synapse(), nm.Events(port="in", times=list(times) * ms), **options)
        return (result.s_syn - result.r_syn).values

    both = conductance(1, 7)
    assert both.max() > 1
    assert both == pytest.approx(conductance(1) + conductance(7), abs=1e-12)
    assert conductance(7, 7, 7) == pytest.approx(3 * conductance(7), abs=1e-12)
