"""Some 200 models as the field publishes them, drawn by Hypothesis: the same spikes on kernel and reference.

A structure is compiled once; what is drawn are its parameters, which turn one structure into several published models,
and every draw is a lane.

A spike is found at the end of its step, and half a step later by a state that lives between steps. A reset then comes
late by up to a step, the kth by up to k. What else there is, is the error of the step, which halves with it at least:
twice the difference between the steps dt and 2·dt bounds it. A wrong term would not become smaller with the step.
"""

import numpy as np
import pytest
import xarray as xr
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import nmdasim as nm

DT, END, LANES = 0.01, 50.0, 20  # ms, ms, models of one draw


# --- integrate and fire: leaky, quadratic, Izhikevich 2003, exponential with adaptation -------------------------------

FIRE = nm.Model(
    name="fire",
    equations="""
    dv/dt = (a2*v**2 + a1*v + a0 + k*exp((v - vt)/slope) - w + I)/tau : 1 (unless refractory)
    dw/dt = (b*(v - rest) - w)/tau_w : 1
    """,
    parameters=dict(
        a2=0.0, a1=-1.0, a0=0.0, k=0.0, vt=0.0, slope=1.0, I=2.0, tau=10 * nm.ms, b=0.0, rest=0.0, tau_w=100 * nm.ms,
        peak=1.0, reset=0.0, jump=0.0, tref=1 * nm.ms, start=0.0,
    ),
    initial=dict(v="start"),
    threshold="v > peak",
    reset="v = reset; w += jump",
    refractory="tref",
)  # fmt: skip

#: Ranges of what is drawn; where there are two, one of them: below the current that fires, or above it.
LEAKY = dict(I=[(-1, 0.8), (1.3, 5)], tau=(5, 30), jump=(0, 0.3), tau_w=(20, 200), tref=(0, 8), reset=(-1, 0.5))
QUADRATIC = dict(
    a2=(0.5, 2), a1=0, I=[(-2, -0.3), (0.3, 4)], tau=(3, 10), peak=(5, 15), reset=(-10, -2), start=-2, tref=(0, 3)
)
IZHIKEVICH = dict(
    a2=0.04, a1=5, a0=140, tau=1, b=(0.15, 0.25), tau_w=(10, 50), peak=30, reset=(-65, -50), jump=(2, 8), start=-65,
    I=[(-5, 1), (15, 40)], tref=(0, 2),
)  # fmt: skip
EXPONENTIAL = dict(
    a1=-1, a0=-70, k=(1, 3), vt=(-52, -48), slope=(1.5, 3), tau=(8, 15), b=(0, 0.3), rest=-70, tau_w=(50, 200),
    peak=(-20, 0), reset=(-65, -56), jump=(0, 4), start=-70, I=[(0, 10), (30, 60)], tref=(0, 3),
)  # fmt: skip
#: Reset above threshold, with no refractory period or one below 0; a slope of 0; a time constant of 0.
ABSURD = [
    LEAKY | dict(reset=(1, 3), tref=0),
    EXPONENTIAL | dict(slope=0, start=-50),
    LEAKY | dict(tau=0),
    LEAKY | dict(reset=1, tref=(-3, 0)),
]

# --- FitzHugh–Nagumo: the membrane is x ------------------------------------------------------------------------------

NAGUMO = nm.Model(
    name="nagumo",
    equations="dx/dt = (x - x**3/3 - y + I)/tau : 1\ndy/dt = eps*(x + a - b*y)/tau : 1",
    parameters=dict(I=0.5, tau=1 * nm.ms, eps=0.08, a=0.7, b=0.8),
    initial=dict(x=-1.2, y=-0.6),
    threshold="x > 1",
    refractory="x > 0",
)
NAGUMOS = dict(I=[(-0.5, 0.2), (0.5, 1)], tau=(0.3, 1), eps=(0.06, 0.12), a=(0.6, 0.8), b=(0.7, 0.9))

# --- Morris–Lecar: the membrane is V, in volts -----------------------------------------------------------------------

LECAR = nm.Model(
    name="lecar",
    equations="""
    m = (1 + tanh((V - V1)/V2))/2 : 1
    n_inf = (1 + tanh((V - V3)/V4))/2 : 1
    dV/dt = (I - g_l*(V + 60*mV) - g_ca*m*(V - 120*mV) - g_k*n*(V + 84*mV))/C : volt
    dn/dt = phi*(n_inf - n)*cosh((V - V3)/(2*V4))/ms : 1
    """,
    parameters=dict(
        I="100 pA", g_l=2 * nm.nS, g_ca=4 * nm.nS, g_k=8 * nm.nS, C=5 * nm.pF, phi=0.2,
        V1=-1.2 * nm.mV, V2=18 * nm.mV, V3=12 * nm.mV, V4=17.4 * nm.mV,
    ),
    initial=dict(V=-40 * nm.mV, n=0.05),
    threshold="V > 0*mV and n < 0.4",
    refractory="V > -15*mV",
)  # fmt: skip
LECARS = dict(I=[(0, 20), (60, 120)], g_ca=(3.8, 4.4), g_l=(1.8, 2.2), phi=(0.15, 0.3), C=(4, 6))

# --- Hodgkin–Huxley: the membrane is u, a plain number of mV; it fires by a gate --------------------------------------

HUXLEY = nm.Model(
    name="huxley",
    equations="""
    du/dt = (I - g_na*m**3*h*(u - 50) - g_k*n**4*(u + 77) - g_l*(u + 54.4) - z)/(c*ms) : 1
    dm/dt = (1/exprel(-(u + 40)/10)*(1 - m) - 4*exp(-(u + 65)/18)*m)/ms : 1
    dh/dt = (0.07*exp(-(u + 65)/20)*(1 - h) - h/(1 + exp(-(u + 35)/10)))/ms : 1
    dn/dt = (0.1/exprel(-(u + 55)/10)*(1 - n) - 0.125*exp(-(u + 65)/80)*n)/ms : 1
    dz/dt = (g_m/(1 + exp(-(u + 35)/10))*(u + 77) - z)/(50*ms) : 1
    """,
    parameters=dict(I=10.0, g_na=120.0, g_k=36.0, g_l=0.3, c=1.0, g_m=0.0),
    initial=dict(u=-65.0, m=0.05, h=0.6, n=0.32),
    threshold="m > 0.5",
    refractory="m > 0.5",
)
HUXLEYS = dict(I=[(0, 1), (12, 30)], g_na=(110, 130), g_k=(32, 40), g_l=(0.2, 0.4), c=(0.9, 1.1), g_m=(0, 1))

FAMILIES = {
    "leaky or quadratic": (FIRE, [LEAKY, QUADRATIC]),
    "Izhikevich or exponential": (FIRE, [IZHIKEVICH, EXPONENTIAL]),
    "FitzHugh–Nagumo": (NAGUMO, [NAGUMOS]),
    "Morris–Lecar": (LECAR, [LECARS]),
    "Hodgkin–Huxley": (HUXLEY, [HUXLEYS]),
}


def parameters(choices, seed):
    """Return what one seed draws of some ranges."""
    rng = np.random.default_rng(seed)
    chosen = choices[rng.integers(len(choices))]
    return {name: one(rng, given) for name, given in chosen.items()}


def one(rng, given):
    if isinstance(given, list):
        given = given[rng.integers(len(given))]
    return float(rng.uniform(*given)) if isinstance(given, tuple) else float(given)


def run(model, draws, dt, **options):
    """Return the spike times of each draw in ms; what a draw does not say is the model's own."""
    lanes = {}
    for name in {key for draw in draws for key in draw}:
        unit = model.parameters[name].unit or "1"
        own = float(model.parameters[name].si / nm.quantities.parse_unit(unit))
        lanes[name] = xr.DataArray([draw.get(name, own) for draw in draws], dims="draw", attrs={"units": unit})
    times = nm.simulate(model, duration=END * nm.ms, dt=dt * nm.ms, parameters=lanes, **options).spike_time.values
    return [row[np.isfinite(row)] for row in times]


def same(one, other, room):
    """Whether each spike has one beside it, within its room; those so near the end of the run may have none."""
    length = min(len(one), len(other))
    beyond = [*one[length:], *other[length:]]
    return bool(np.all(np.abs(one[:length] - other[:length]) <= room[:length])) and all(
        time > END - room[length] for time in beyond
    )


def room(model, fine, coarse):
    """Return how far the kernel's spikes may be from the right ones: rounding, and twice what the step changes."""
    length = min(len(fine), len(coarse))
    step = np.maximum.accumulate(np.abs(fine[:length] - coarse[:length]))
    step = np.append(step, np.full(len(fine) + 2 - length, step[-1] if length else 0.0))
    resets = np.arange(len(step)) if model.reset else 0
    return (1.5 + resets) * DT + 2 * step


SEEDS = st.lists(st.integers(0, 2**32 - 1), min_size=LANES, max_size=LANES, unique=True)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_published_model_drawn_at_random_fires_as_in_the_reference(family):
    model, choices = FAMILIES[family]
    fired = []

    @settings(max_examples=2, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
    @given(SEEDS)
    def check(seeds):
        draws = [parameters(choices, seed) for seed in seeds]
        exact = run(model, draws, 0.05, engine="reference", tolerance=1e-6)
        fine, coarse = (run(model, draws, dt) for dt in (DT, 2 * DT))
        for draw, right, found, rough in zip(draws, exact, fine, coarse, strict=True):
            assert same(right, found, room(model, found, rough)), (draw, right, found)
            fired.append(len(right) > 0)

    check()
    assert 0.3 < np.mean(fired) < 0.9  # on both sides of the current that fires


@settings(max_examples=10, deadline=None, derandomize=True, database=None)
@given(st.integers(0, 2**32 - 1))
def test_a_model_that_makes_no_sense_is_refused_by_both_with_the_same_class_of_error(seed):
    draws, classes = [parameters(ABSURD, seed)], set()
    for engine in ("kernel", "reference"):
        with pytest.raises(nm.ModelError) as caught:
            run(FIRE, draws, DT, engine=engine)
        classes.add(caught.type)
    assert len(classes) == 1
