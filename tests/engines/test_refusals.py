"""What the kernel cannot render is refused by name, before any work, with the engine that can."""

import dataclasses

import pytest
import sympy as sp

import nmdasim as nm
from nmdasim.engines.kernel.printer import Printer
from nmdasim.model.port import Summary


def point(**changes):
    given = dict(
        name="odd", equations="dv/dt = -v/tau : volt", parameters=dict(tau=10 * nm.ms), initial=dict(v=1 * nm.mV)
    )
    return nm.Model(**given | changes)


def test_an_extremum_of_what_is_no_state_is_refused_by_name():
    model = dataclasses.replace(nm.neurons.wdr(), summaries={"peak": Summary("i_ca", "dendrite", "max", "A/m**2")})
    with pytest.raises(nm.ModelError, match="wdr: max of i_ca is no summary; of a variable that is no state"):
        nm.simulate(model, nm.WindUp(pulses=1))


def test_a_function_that_the_kernel_lacks_is_refused_with_the_engines_that_can():
    class bessel(sp.Function):  # noqa: N801
        pass

    with pytest.raises(nm.ModelError, match="the kernel has no bessel.*; use engine='brian2' or engine='reference'"):
        Printer(single=False).doprint(bessel(sp.Symbol("x")))


@pytest.mark.parametrize("engine", ["kernel", "reference", "brian2"])
def test_a_method_that_an_engine_does_not_have_is_refused_with_those_that_it_has(engine):
    with pytest.raises(nm.ModelError, match=f"method 'runge'; the {engine} engine has"):
        nm.simulate(point(), duration=5 * nm.ms, method="runge", engine=engine)


@pytest.mark.parametrize(
    ("engine", "near", "meant"),
    [("kernel", "stagered", "staggered"), ("reference", "lsodda", "lsoda"), ("brian2", "rk5", "rk4")],
)
def test_the_nearest_method_is_offered(engine, near, meant):
    with pytest.raises(nm.ModelError, match=f"method '{near}'.*; did you mean '{meant}'"):
        nm.simulate(point(), duration=5 * nm.ms, method=near, engine=engine)


def test_an_engine_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(nm.ModelError, match="engine 'warp' does not exist; there are kernel, brian2, reference"):
        nm.simulate(point(), duration=5 * nm.ms, engine="warp")


def test_the_kernel_runs_a_branched_tree_that_brian2_refuses_by_name():
    wdr = nm.neurons.wdr()
    shape = nm.Morphology(
        areas=(1e-9, 1e-9, 1e-9), parents=(-1, 0, 0), conductances=(0.0, 1e-8, 1e-8),
        regions={"soma": (0,), "dendrite": (1, 2)},
    )  # fmt: skip
    tree = dataclasses.replace(wdr, morphology=shape, name="tree")
    with pytest.raises(nm.ModelError, match="tree is a branched tree; the brian2 engine runs point neurons and chains"):
        nm.simulate(tree, duration=5 * nm.ms, engine="brian2")


def test_a_tree_with_a_state_that_is_held_is_refused_by_brian2_and_runs_elsewhere():
    cell = nm.Model(
        name="two",
        equations="Im = g_l*(E_l - v) : amp/meter**2\ndx/dt = -x/tau : 1 (unless refractory)",
        parameters=dict(Cm="1 uF/cm**2", g_l="0.1 mS/cm**2", E_l="-60 mV", tau="10 ms"),
        initial=dict(v=-50 * nm.mV, x=1),
        morphology=nm.Morphology((1e-9, 1e-9), (-1, 0), (0.0, 1e-8), {"soma": (0,), "dendrite": (1,)}),
        threshold="v > 0*mV",
        refractory=2 * nm.ms,
    )
    with pytest.raises(nm.ModelError, match=r"two holds x in the refractory period of a tree.*use engine='kernel'"):
        nm.simulate(cell, duration=1 * nm.ms, engine="brian2")
    assert nm.simulate(cell, duration=1 * nm.ms, record=["x"]).x_soma.values.ravel()[-1] < 1
