"""What a pain state sets is assumed, and figures say so."""

import nmdasim as nm
from nmdasim.treatment import states


def test_what_a_state_sets_is_named_as_assumed_and_as_changed():
    crps = states("crps")
    run = nm.simulate(crps.neuron(), nm.WindUp(pulses=1))
    assert {"E_gaba", "gain_nmda"} <= set(run.attrs["unverified_parameters"].split())
    assert "gain_nmda" in run.attrs["changed"]
    assert "state" not in run.attrs["references"].split()
    assert "E_gaba" in nm.simulate(crps.circuit(), duration="1 ms").attrs["unverified_parameters"].split()
    own = nm.neurons.wdr().replace(E_gaba="-70 mV")
    assert "E_gaba" not in nm.simulate(own, duration="1 ms").attrs["unverified_parameters"].split()
