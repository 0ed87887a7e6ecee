"""Random small models, point neurons and trees, against SciPy's ``solve_ivp`` on equations written out by hand here."""

from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

import nmdasim as nm
from nmdasim.model.port import Port

END = 20.0  # ms
ARRIVAL = 5.0


@dataclass(frozen=True)
class Random:
    """A membrane with two states, linear or exponential, that it drives and that add or multiply."""

    leak: float
    rest: float
    gain: float
    exponential: float
    slope: float
    coupling: float
    tau_x: float
    tau_y: float
    weight: float
    product: bool
    bends: bool

    def model(self):
        """Return it in Brian2's language; v in mV, times in ms."""
        term = "- b*mV*exp(v/(slope*mV))" if self.bends else "- b*v"
        names = ("leak", "rest", "gain", "slope", "coupling", "tau_x", "tau_y")
        return nm.Model(
            name="random",
            equations=f"""
            dv/dt = (leak*(rest*mV - v) + gain*{"x*y" if self.product else "(x + y)"}*mV {term})/ms : volt
            dx/dt = (coupling*v/mV - x)/(tau_x*ms) : 1
            dy/dt = (1/(1 + exp(-v/(5*mV))) - y)/(tau_y*ms) : 1
            """,
            parameters={name: getattr(self, name) for name in names} | dict(b=self.exponential),
            initial=dict(v=1 * nm.mV, y=0.5),
            ports=dict(exc="x += weight"),
        )

    def derivatives(self, t, state):
        v, x, y = state
        current = x * y if self.product else x + y
        bend = np.exp(v / self.slope) if self.bends else v
        return [
            self.leak * (self.rest - v) + self.gain * current - self.exponential * bend,
            (self.coupling * v - x) / self.tau_x,
            (1 / (1 + np.exp(-v / 5)) - y) / self.tau_y,
        ]

    def exact(self, times):
        """Return v at `times`, the integration restarted at the event."""
        options = dict(rtol=1e-10, atol=1e-12, method="LSODA")
        before, after = times[times < ARRIVAL - 1e-9], times[times >= ARRIVAL - 1e-9]
        first = solve_ivp(self.derivatives, (0, ARRIVAL), [1.0, 0.0, 0.5], t_eval=[*before, ARRIVAL], **options)
        start = first.y[:, -1] + [0, self.weight, 0]
        second = solve_ivp(self.derivatives, (ARRIVAL, END), start, t_eval=after, **options)
        return np.concatenate([first.y[0, :-1], second.y[0]])


def number(low, high):
    return st.floats(low, high).map(lambda x: round(x, 3))


MODELS = st.builds(
    Random,
    leak=number(0.05, 1),
    rest=number(-20, 20),
    gain=number(-1, 1),
    exponential=number(0, 0.5),
    slope=number(5, 20),
    coupling=number(-0.5, 0.5),
    tau_x=number(1, 20),
    tau_y=number(1, 20),
    weight=number(-5, 5),
    product=st.booleans(),
    bends=st.booleans(),
)


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(MODELS)
def test_a_random_model_agrees_with_scipy(random):
    """At second order, dt 0.01 ms leaves less than 1e-4 of the range; a wrong term would leave far more."""
    options = dict(duration=END * nm.ms, record=["v"], sample=1 * nm.ms)
    result = nm.simulate(random.model(), nm.Events("exc", [ARRIVAL] * nm.ms, random.weight), dt=0.01 * nm.ms, **options)
    exact = random.exact(result.time.values)
    assert np.abs(result.v.values - exact).max() <= 1e-4 * max(1.0, np.ptp(exact))


@dataclass(frozen=True)
class RandomTree:
    """Three passive compartments in a random tree, each with a leak and one gate of its own time constant."""

    parents: tuple
    areas: tuple
    axial: tuple
    leak: tuple
    tau: float
    site: int

    def model(self):
        """Return it with areas in 1e-9 m², axial conductances in 10 nS, leaks in S/m²."""
        regions = {name: (k,) for k, name in enumerate("abc")}
        return nm.Model(
            name="random_tree",
            equations="Im = g_l*(-60*mV - v) + g_x*x*(0*mV - v) : amp/meter**2\n"
            "dx/dt = (1/(1 + exp(-(v + 50*mV)/(8*mV))) - x)/tau : 1\n",
            parameters={f"g_l.{r}": g * nm.siemens / nm.meter**2 for r, g in zip("abc", self.leak, strict=True)}
            | dict(Cm=1 * nm.uF / nm.cm**2, g_x=1 * nm.siemens / nm.meter**2, tau=self.tau * nm.ms),
            initial=dict(v=-40 * nm.mV),
            morphology=nm.Morphology(
                areas=tuple(a * 1e-9 for a in self.areas), parents=self.parents,
                conductances=(0.0, *(g * 1e-8 for g in self.axial)), regions=regions,
            ),
            ports=dict(exc=Port("x += 0.3", self.site)),
        )  # fmt: skip

    def derivatives(self, t, state):
        """In mV and ms: Cm = 0.01 F/m², so a leak of 1 S/m² gives a rate of 0.1/ms."""
        v, x = state[:3], state[3:]
        change = 0.1 * (np.array(self.leak) * (-60 - v) + x * (0 - v))
        for child, g in zip((1, 2), self.axial, strict=True):
            parent = self.parents[child]
            flow = g * (v[parent] - v[child])  # in 1e-8 S·mV; a rate is flow/(area·Cm) = flow/area·1/ms
            change[child] += flow / self.areas[child]
            change[parent] -= flow / self.areas[parent]
        gate = (1 / (1 + np.exp(-(v + 50) / 8)) - x) / self.tau
        return np.concatenate([change, gate])

    def exact(self, times):
        options = dict(rtol=1e-10, atol=1e-12, method="LSODA")
        before, after = times[times < ARRIVAL - 1e-9], times[times >= ARRIVAL - 1e-9]
        start = np.array([-40.0] * 3 + [0.0] * 3)
        first = solve_ivp(self.derivatives, (0, ARRIVAL), start, t_eval=[*before, ARRIVAL], **options)
        start = first.y[:, -1].copy()
        start[3 + self.site] += 0.3
        second = solve_ivp(self.derivatives, (ARRIVAL, END), start, t_eval=after, **options)
        return np.concatenate([first.y[:3, :-1], second.y[:3]], axis=1)


TREES = st.builds(
    RandomTree,
    parents=st.sampled_from([(-1, 0, 1), (-1, 0, 0)]),
    areas=st.tuples(*[number(0.5, 5)] * 3),
    axial=st.tuples(*[number(0.1, 5)] * 2),
    leak=st.tuples(*[number(0.1, 5)] * 3),
    tau=number(0.5, 10),
    site=st.sampled_from([0, 2]),
)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(TREES)
def test_a_random_tree_agrees_with_scipy(random):
    options = dict(duration=END * nm.ms, record=["v"], sample=1 * nm.ms)
    result = nm.simulate(random.model(), nm.Events("exc", [ARRIVAL] * nm.ms), dt=0.01 * nm.ms, **options)
    exact = random.exact(result.time.values)
    found = np.stack([result[f"v_{region}"].values for region in "abc"])
    assert np.abs(found - exact).max() <= 1e-4 * max(1.0, np.ptp(exact))
