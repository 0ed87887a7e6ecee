"""A tree of many compartments is solved in loops, a short one written out: with the same result."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.engines.form import form
from nmdasim.engines.kernel import compiled_model, memory
from nmdasim.engines.kernel.source import write
from nmdasim.engines.layout import layout

EQUATIONS = """
Im = g_na*m**3*h*(E_na - v) + g_k*n**4*(E_k - v) + g_l*(E_l - v) + I : amp/meter**2
dm/dt = 1/exprel(-(v + 40*mV)/(10*mV))/ms*(1 - m) - 4*exp(-(v + 65*mV)/(18*mV))/ms*m : 1
dh/dt = 0.07*exp(-(v + 65*mV)/(20*mV))/ms*(1 - h) - 1/(1 + exp(-(v + 35*mV)/(10*mV)))/ms*h : 1
dn/dt = 0.1/exprel(-(v + 55*mV)/(10*mV))/ms*(1 - n) - 0.125*exp(-(v + 65*mV)/(80*mV))/ms*n : 1
"""


def branched(count):
    """Return a neuron of Hodgkin and Huxley's channels, its current into the soma, its branches of uneven thickness."""
    thickness = 1 + np.arange(count) % 5
    shape = nm.Morphology(
        areas=tuple(1e-9 * thickness),
        parents=(-1, *((i - 1) // 2 if i < 8 else i - 3 - i % 2 for i in range(1, count))),
        conductances=(0.0, *(2e-8 * thickness[1:])),
        regions={"soma": (0,), "dendrite": tuple(range(1, count))},
    )
    given = {"g_na": "120 mS/cm**2", "g_k": "36 mS/cm**2", "g_l": "0.3 mS/cm**2"}
    given |= {"E_na": "50 mV", "E_k": "-77 mV", "E_l": "-54.4 mV", "Cm": "1 uF/cm**2"}
    return nm.Model(
        name="branched",
        equations=EQUATIONS,
        morphology=shape,
        parameters=given | {"I.soma": "40 uA/cm**2", "I.dendrite": "10 uA/cm**2"},
        initial={"v": "-65*mV", "m": "0.05", "h": "0.6", "n": "0.32"},
        threshold="v > 0*mV",
        refractory="v > 0*mV",
    )


def potentials(run):
    """Return the potential of every compartment in mV."""
    return np.stack([run[name].values for name in run if name.startswith("v_")])


@pytest.fixture
def solved(monkeypatch):
    """Run a tree with its solution written out up to so many compartments; nothing of it is kept."""
    monkeypatch.setattr(compiled_model, "kernel", compiled_model.kernel.__wrapped__)
    monkeypatch.setattr(compiled_model.kept, "text", lambda kind, of, make: make())

    def run(longest, **options):
        monkeypatch.setattr(memory, "LONGEST_WRITTEN_OUT", longest)
        return nm.simulate(branched(30), duration="20 ms", dt="0.025 ms", record=["v"], **options)

    return run


@pytest.mark.parametrize("varied", [{"g_na": ["110 mS/cm**2", "120 mS/cm**2"]}, {"Cm": ["0.9 uF/cm**2", "1 uF/cm**2"]}])
@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_loops_agree_with_the_solution_written_out_to_rounding(solved, method, varied):
    loops, written = (solved(longest, method=method, parameters=varied) for longest in (8, 99))
    assert np.isfinite(written.spike_time.values).sum() >= 2
    assert np.array_equal(loops.spike_time.values, written.spike_time.values, equal_nan=True)
    assert potentials(loops) == pytest.approx(potentials(written), abs=1e-7)  # mV


def test_single_precision_loops_agree_as_well_as_its_numbers_do(solved):
    loops, exact = solved(8, method="staggered/float32"), solved(99)
    before = exact.time.values < np.nanmin(exact.spike_time.values)
    assert potentials(loops)[..., before] == pytest.approx(potentials(exact)[..., before], abs=0.05)


def test_a_long_tree_agrees_with_the_reference():
    tree = branched(30)
    runs = [nm.simulate(tree, duration="8 ms", dt="0.0125 ms", engine=engine) for engine in ("kernel", "reference")]
    ours, theirs = (run.spike_time.values[np.isfinite(run.spike_time.values)] for run in runs)
    assert len(ours) == len(theirs) >= 1
    assert ours == pytest.approx(theirs, abs=0.03)


def test_the_text_of_a_tree_no_longer_grows_with_its_compartments():
    """Two lines a compartment name its offset and the row it needs; written out it is more than twenty."""
    texts = {}
    for count in (20, 100, 200):
        tree = branched(count)
        texts[count] = write(tree, layout(tree, tree.system.states), "staggered", ()).text.splitlines()
    assert len(texts[200]) - len(texts[100]) <= 200
    assert len(texts[20]) > len(texts[100])


def test_the_form_of_a_long_tree_is_written_out_only_when_asked_for():
    tree = branched(40)
    made = form(tree, layout(tree, tree.system.states), "staggered", ())
    assert "code" not in vars(made.membrane)
    assert len(made.membrane.code.statements) > 40 * 10
