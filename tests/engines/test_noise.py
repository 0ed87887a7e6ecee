"""White noise in equations, and random numbers in a reset: the right statistics, whatever the batches and segments."""

import numpy as np
import pytest
from scipy import stats

import nmdasim as nm
from nmdasim import ms, mV
from nmdasim.engines.kernel import machine
from nmdasim.errors import ModelError

TAU, SIGMA, STEP = 10.0, 2.0, 0.5  # ms, mV, ms


@pytest.fixture(scope="module")
def noisy():
    """Return an Ornstein-Uhlenbeck process, a current that filters the same noise, and a reset that is drawn."""
    return nm.Model(
        name="noisy",
        equations="dv/dt = -v/tau + sigma*(2/tau)**0.5*xi_same : volt\n"
        "dw/dt = -w/tau + sigma*(2/tau)**0.5*xi_same : volt\n"
        "du/dt = -u/tau + sigma*(2/tau)**0.5*xi_other : volt",
        parameters=dict(tau=TAU * ms, sigma=SIGMA * mV),
        threshold="v > 5*mV",
        reset="v = 2*mV*rand() - 4*mV",
    )


def _run(model, seeds=200, **options):
    options = dict(duration="1 s", seed=range(seeds), dt=STEP * ms, record=["v", "w", "u"]) | options
    return nm.simulate(model, **options)


@pytest.fixture(scope="module")
def result(noisy):
    return _run(noisy)


def _stationary(trace):
    return trace.values[:, int(10 * TAU / STEP) :]


@pytest.mark.parametrize("state", ["w", "u"])
def test_an_ornstein_uhlenbeck_process_has_its_variance_and_autocorrelation(result, state):
    x = _stationary(result[state])
    independent = x.size * STEP / (2 * TAU)
    assert x.mean() == pytest.approx(0, abs=4 * SIGMA / np.sqrt(independent))
    assert x.var() == pytest.approx(SIGMA**2, rel=4 * np.sqrt(2 / independent))
    for lag in (5.0, 10.0, 20.0):
        k = round(lag / STEP)
        found = np.mean(x[:, :-k] * x[:, k:]) / x.var()
        assert found == pytest.approx(np.exp(-lag / TAU), abs=4 / np.sqrt(independent))


def test_one_noise_is_shared_and_two_are_independent(result):
    w, u = (_stationary(result[name]) for name in ("w", "u"))
    assert abs(np.corrcoef(w.ravel(), u.ravel())[0, 1]) < 4 / np.sqrt(w.size * STEP / (2 * TAU))
    before = result.isel(time=slice(0, int(2 * TAU / STEP)))  # until a reset parts them, v and w are one process
    silent = np.array([times[~np.isnan(times)].min(initial=np.inf) > 2 * TAU for times in result.spike_time.values])
    both = before.v.values[silent, 1:-1], before.w.values[silent, 1:-1]
    assert silent.sum() > 20
    assert np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1] > 0.9


def test_brian2_draws_the_same_process(noisy):
    np.random.seed(3)  # noqa: NPY002 (the user's own numbers)
    expected = np.random.random()  # noqa: NPY002
    np.random.seed(3)  # noqa: NPY002
    other = _run(noisy, engine="brian2", record=["w"], duration="200 ms", seeds=2000)
    assert np.random.random() == expected  # noqa: NPY002
    x = _stationary(other.w)
    independent = x.size * STEP / (2 * TAU)
    assert x.var() == pytest.approx(SIGMA**2, rel=4 * np.sqrt(2 / independent))
    again = _run(noisy, engine="brian2", record=["w"], duration="10 ms", seeds=2000)
    np.testing.assert_array_equal(other.w[:, : again.w.shape[1]], again.w)


def test_a_reset_draws_anew_at_each_spike(noisy, result):
    for found in (result, _run(noisy, engine="brian2", duration="100 ms", seeds=400)):
        after = []
        for lane, times in enumerate(found.spike_time.values):
            at = np.rint(times[~np.isnan(times)] / STEP).astype(int)
            after += list(found.v.values[lane, at[at < found.v.shape[1]]])
        assert len(set(after)) > 0.99 * len(after) > 50
        assert -4 <= min(after) < -3.8
        assert -2.2 < max(after) <= -2


def test_noise_is_the_same_for_any_batch_thread_and_segment(noisy, result):
    alone = _run(noisy, seed=[150], threads=1)
    np.testing.assert_array_equal(alone.w.values.ravel(), result.w.values[150])
    first = _run(noisy, duration="400 ms", seed=[150])
    then = _run(noisy, duration="600 ms", seed=None, start=first)
    whole = np.concatenate([first.w.values.ravel(), then.w.values.ravel()])
    np.testing.assert_array_equal(whole[: result.w.shape[1]], result.w.values[150][: len(whole)])


def test_neurons_of_a_population_draw_their_own_and_what_varies_is_compared_under_one(noisy):
    crowd = nm.Circuit(populations=dict(cells=nm.Population(noisy, 100)), projections=[])
    fired = nm.spikes(nm.simulate(crowd, duration="500 ms", dt=STEP * ms, seed=1), population="cells")
    assert fired.time_ms.nunique() > 50
    twice = _run(noisy, seeds=1, parameters=dict(sigma=[1, 2] * mV), duration="100 ms")
    np.testing.assert_allclose(twice.w.values.ravel()[200:], 2 * twice.w.values.ravel()[:200], rtol=1e-9)


def test_compartments_of_a_tree_draw_their_own():
    tree = nm.Model(
        name="tree",
        equations="Im = g*(E-v) + noise : amp/meter**2\ndnoise/dt = -noise/tau + sigma*(2/tau)**0.5*xi : amp/meter**2",
        parameters=dict(
            Cm=1 * nm.uF / nm.cm**2, g=0.1 * nm.mS / nm.cm**2, E=-70 * mV, tau=TAU * ms, sigma=1 * nm.uA / nm.cm**2
        ),
        initial=dict(v=-70 * mV),
        morphology=nm.Morphology(
            areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0.0, 1e-8), regions={"soma": (0,), "dendrite": (1,)}
        ),
    )
    result = _run(tree, record=["noise"], seeds=64)
    swept = _run(tree, record=["noise_dendrite"], seeds=3, duration="20 ms", parameters=dict(E=[-70, -60] * mV))
    for drawn in swept.noise_dendrite.transpose("E", ...).values:  # of nothing that varies beside it
        np.testing.assert_array_equal(drawn, result.noise_dendrite.values[:3, : drawn.shape[1]])
    x, y = (_stationary(result[name]) for name in ("noise_soma", "noise_dendrite"))
    independent = x.size * STEP / (2 * TAU)
    assert x.var() == pytest.approx(y.var(), rel=8 * np.sqrt(2 / independent))
    assert abs(np.corrcoef(x.ravel(), y.ravel())[0, 1]) < 4 / np.sqrt(independent)


def test_the_reference_engine_refuses_noise(noisy):
    with pytest.raises(ModelError, match="draws at random"):
        _run(noisy, engine="reference")


DRAWS = """
real = float64


def draws(count: whole, uniforms: reals, normals: reals) -> whole:
    for k in range(count):
        uniforms[k] = uniform(7.0, 11.0, k//100, k % 100)
        normals[k] = normal(7.0, 11.0, k//100, k % 100)
    return 0
"""


def test_the_counted_numbers_are_uniform_and_normal():
    uniform, normal = np.empty((2, 200_000))
    draws = machine.function(DRAWS, "draws", float)
    draws(200_000, machine.begins(uniform, float), machine.begins(normal, float))
    assert stats.kstest(uniform, "uniform").pvalue > 0.01
    assert stats.kstest(normal, "norm").pvalue > 0.01
    for x in (uniform, normal):
        assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.01
        assert abs(np.corrcoef(x[:-100], x[100:])[0, 1]) < 0.01
