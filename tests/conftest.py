"""What the tests share: the engines, the latency tables of the published runs, and one small model."""

import os
import sys
from pathlib import Path

# Before NumPy is there: its linear algebra would keep threads that wait for work by running, beside the other workers'.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import brian2 as b2
import matplotlib as mpl
import pytest
from hypothesis import settings

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.protocols import latencies

mpl.use("Agg")
# What is compiled of Python is kept, whatever the shell says: the tests start some hundred processes.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Brian2 interprets, since compiling takes longer than a short run; what runs long is marked `compiled`. Of its flags
# optimisation alone is less: compiling and one long run took 158 s together, 180 s with all of it; unoptimised, 236 s.
# Without what a debugger reads, which Python's own flags ask for: 24 s of compiling in place of 35.
b2.prefs["codegen.target"] = "numpy"
b2.prefs["codegen.cpp.extra_compile_args_gcc"] = [
    *("-w", "-O1", "-g0", "-ffast-math", "-fno-finite-math-only", "-march=native", "-std=c++11")
]

# The same examples at every run; `pytest --hypothesis-profile=default` looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.load_profile("same")

#: Every engine that the tests of physics run on; a new engine comes in by its name here.
ENGINES = ["kernel", "brian2", "reference"]
DATA = Path(__file__).parent / "data"


#: Files that take long, the longest first: handed out whole in this order, both workers of ``make test`` end together.
LONGEST = (
    "test_claims", "test_nmda_in_neurons", "test_networks", "test_dorsal_horn", "test_faults", "test_link",
    "test_numbers", "test_neuron", "test_page", "test_lessons", "test_simulate", "test_store",
    "test_javascript", "test_vectorised", "test_engines", "test_agreement", "test_fixed", "test_block",
    "test_scheme", "test_float32", "test_fit", "test_trapping", "test_cli", "test_language", "test_random_models",
    "test_cache", "test_wording", "test_convergence", "test_dose_response", "test_sensitivity",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Put the longest files first, and what shares a file (its fixtures, its compiled models) together."""
    rank = {name: k for k, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (rank.get(item.path.stem, len(rank)), item.path))


@pytest.fixture(params=ENGINES, scope="session")
def engine(request):
    return request.param


@pytest.fixture(autouse=True)
def _compiled(request, monkeypatch):
    """Have Brian2 compile for a test that is marked so."""
    if request.node.get_closest_marker("compiled"):
        monkeypatch.setitem(b2.prefs, "codegen.target", "auto")


@pytest.fixture(autouse=True)
def _closed():
    """Close what a test has drawn: pyplot keeps every figure, and warns of the twenty-first."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


@pytest.fixture
def command(monkeypatch, capsys):
    """Run a command in this process, as the shell would; return its status, standard output and standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["nmdasim", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code or 0
        return (status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def data():
    return DATA


def _tables(name):
    return {
        fibre: latencies.read(DATA / f"{name}_{label}_delays_ms.csv") for fibre, label in (("adelta", "Ad"), ("c", "C"))
    }


@pytest.fixture(scope="session")
def direct_c():
    """Latencies of the published runs of delrocq2023."""
    return _tables("directC")


@pytest.fixture(scope="session")
def aguiar_latencies():
    """Latencies of the published run of aguiar2010; the relay's delays are fixed."""
    return _tables("aguiar2010")


@pytest.fixture(scope="session")
def adex():
    """Return an adaptive exponential neuron (Brette & Gerstner 2005), written as a user would."""
    return nm.Model(
        name="adex",
        equations="dv/dt = (g_l*(E_l-v) + g_l*d_t*exp((v-v_t)/d_t) - w + g_e*(E_e-v))/C : volt (unless refractory)\n"
        "dw/dt = (a*(v-E_l)-w)/tau_w : amp\n"
        "dg_e/dt = -g_e/tau_e : siemens",
        parameters=dict(
            C=281 * nm.pF, g_l=30 * nm.nS, E_l=-70.6 * nm.mV, v_t=-50.4 * nm.mV, d_t=2 * nm.mV, v_r=-70.6 * nm.mV,
            a=4 * nm.nS, tau_w=144 * nm.ms, b=0.0805 * nm.nA, E_e=0 * nm.mV, tau_e=5 * nm.ms,
        ),
        initial=dict(v=-70.6 * nm.mV),
        threshold="v > -20*mV",
        reset="v = v_r; w += b",
        refractory=2 * nm.ms,
        ports=dict(exc="g_e += 40*nS", graded="g_e += weight"),
    )  # fmt: skip


@pytest.fixture(scope="session")
def package():
    """Return the folder of the package."""
    return Path(nm.__file__).parent
