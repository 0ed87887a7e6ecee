"""A subtype, or a mixture, carries the charge of the synapse that it replaces."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.circuits.inhibitory import inhibitory_cell
from nmdasim.errors import ModelError
from nmdasim.receptors import nmda
from nmdasim.receptors.charge import factor
from nmdasim.receptors.subtypes import NAMES, SCENARIOS, mixture, subtype

#: The membrane held at a voltage, and the charge that has come in.
CLAMP = "dv/dt = 0*v/second : volt\ndq/dt = I_nmda : coulomb\n"
VOLLEY = np.random.default_rng(0).normal(200, 20, 20) * nm.ms
SHARES = [*np.eye(4), [0, 0.5, 0, 0.5], [0.1, 0.2, 0.3, 0.4]]


def clamped(**kind):
    part = nmda({"nmda_c": "w_nmda_c"}, **kind)
    own = {"w_nmda_c": "4 nS", "g_ref_nmda": "80 nS"}
    return nm.Model(
        "clamp",
        part.equations + CLAMP,
        part.parameters | own,
        initial=dict(part.initial) | {"v": "-60*mV"},
        ports=part.ports,
        starts=part.starts,
        dt="0.1 ms",
    )


def charge(cell, seconds, **parameters):
    events = nm.Events(port="nmda_c", times=VOLLEY)
    run = nm.simulate(cell, events, duration=f"{seconds} s", dt="1 ms", parameters=parameters, record=["q"])
    return run.q.isel(time=-1).values


@pytest.fixture(scope="module")
def mixed():
    return clamped(subtype=dict.fromkeys(NAMES, 0.25))


def test_a_volley_on_any_subtype_or_mixture_carries_the_charge_of_the_published_synapse(mixed):
    lanes = {f"share_{name}": xr.DataArray(column, dims="kind", attrs={"units": "1"})
             for name, column in zip(NAMES, np.transpose(SHARES), strict=True)}  # fmt: skip
    published = charge(clamped(), 2)
    found = charge(mixed, 60, **lanes)
    assert len(found) == len(SHARES)
    assert found / published == pytest.approx(np.ones(len(SHARES)), rel=0.02)


def test_shares_count_relative_to_their_sum(mixed):
    once = mixed.replace(share_2A=0.5, share_2B=0.5, share_2C=0, share_2D=0)
    twice = mixed.replace(share_2A=2, share_2B=2, share_2C=0, share_2D=0)
    assert charge(once, 1) == pytest.approx(charge(twice, 1), rel=1e-12)


def test_a_mixture_of_one_subtype_is_that_subtype_exactly():
    one, other = nm.neurons.wdr(subtype={"2A": 1}), nm.neurons.wdr(subtype="2A")
    assert one.digest == other.digest


def test_with_a_kinetic_scheme_only_magnesium_is_left_of_the_factor():
    assert float(factor(subtype("2A"), "lester_jahr1992").si) == 1
    relief = (1 + np.exp(3.72) / 24.8) / (1 + np.exp(3.72) / 3.57)
    assert float(factor(subtype("2D"), "lester_jahr1992").si) == pytest.approx(relief)


def test_the_named_mixtures_are_mixtures_with_a_source_and_nothing_of_them_is_called_measured():
    for name in SCENARIOS:
        assert sum(share for _, share in mixture(name)) == pytest.approx(1)
        assert nm.neurons.wdr(subtype=name).digest == nm.neurons.wdr(
            subtype={kind.name: share for kind, share in mixture(name)}
        ).digest  # fmt: skip
    with pytest.raises(ModelError, match="unknown subtype"):
        mixture("lamina_i")


def test_nmda_receptors_of_inhibitory_cells_take_their_share_of_the_charge_of_an_event_of_excitation():
    cell = inhibitory_cell("inhibitory_2c2d")
    assert float(cell.parameters["Cm"].si) * cell.morphology.areas[0] == pytest.approx(50e-12)
    p = {name: float(each.si) for name, each in cell.parameters.items() if each.si.ndim == 0}
    ports = dict(cell.ports["exc"].increments())
    assert ports["g_e"] == "weight*(1 - nmda_share)"
    carried = 0.0
    for kind in ("2C", "2D"):
        rise, decay = p["tau_r_nmda"], p[f"tau_d_nmda_{kind}"]
        peak = decay / (decay - rise) * np.log(decay / rise) * rise
        free = 1 / (1 + p["mg"] / p[f"K_mg_{kind}"] * np.exp(60e-3 * p["slope_mg"]))
        gated = (decay - rise) / (np.exp(-peak / decay) - np.exp(-peak / rise)) * free
        carried += p[f"share_{kind}"] * p["nmda_per_exc"] * p[f"charge_nmda_{kind}"] * gated
    assert carried == pytest.approx(p["tau_e"], rel=1e-4)
    assert set(nm.circuits.dorsal_horn("inhibitory_2c2d").cells) == set(nm.circuits.dorsal_horn().cells)
