"""What a stranger adds (channel, neuron, drug, protocol, engine), in as many files as CONTRIBUTING says."""

import importlib.util
import json
import sys

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.parameters import mechanism, read_table, tables
from nmdasim.receptors import blocker, dosed

CHANNEL = """
[mechanism.km]
equations = \"\"\"
I_km = g_km*n_km*(E_km - v) : amp/meter**2
dn_km/dt = (1/(1 + exp(-(v + 35*mV)/(10*mV))) - n_km)/tau_km : 1
\"\"\"
densities = ["I_km"]
gains = { km = ["g_km"] }
[mechanism.km.parameters]
defaults = { source = "user", kind = "assumed" }
g_km = { value = "0.5 mS/cm**2" }
E_km = { value = "-80 mV" }
tau_km = { value = "60 ms" }
"""
NEURON_NUMBERS = """
[mechanism.leak]
equations = "I_leak = g_leak*(E_leak - v) : amp/meter**2"
densities = ["I_leak"]
initial = { v = "E_leak" }
[mechanism.leak.parameters]
Cm = { value = "1 uF/cm**2", source = "user" }
g_leak = { value = "5e-5 S/cm**2", source = "user" }
E_leak = { value = "-65 mV", source = "user" }

[parameters]
w_ampa_c = { value = "1 nS", source = "user" }
w_nmda_c = { value = "0.5 nS", source = "user" }
g_ref_nmda = { value = "10 nS", source = "user" }
g_na = { value = "0.1 S/cm**2", source = "user" }
g_k = { value = "0.03 S/cm**2", source = "user" }
E_k = { value = "-75 mV", source = "user" }
V_init = { value = "-65 mV", source = "user" }
"""
NEURON = '''
"""A neuron of one compartment."""

from pathlib import Path

from nmdasim import Model, Morphology
from nmdasim.model.port import Fibres, Summary
from nmdasim.parameters import load, mechanism
from nmdasim.receptors import ampa, nmda
from nmdasim.receptors.dosing import blocked

TABLE = Path(__file__).with_suffix(".toml")


def mine():
    """Return it."""
    receptor = nmda({"nmda_c": "w_nmda_c"})
    parts = [mechanism(TABLE, "leak"), mechanism("aguiar2010", "na"), mechanism("aguiar2010", "k"),
             ampa({"ampa_c": "w_ampa_c"}), receptor]
    pool = mechanism("aguiar2010", "pool")
    fibres = Fibres(("ampa_c", "nmda_c"), synapses=20, latency="90 ms", spread="10 ms")
    return Model.assemble(
        "mine", [*parts, pool], parameters=load(TABLE) | {"tau_ca": "10 ms"}, threshold="v > -20*mV",
        refractory="v > -20*mV", morphology=Morphology.point(2e-9), fibres={"c": fibres},
        summaries={"ca_peak": Summary("ca", "soma", "max", "uM", "peak calcium"), **blocked(receptor, "soma")},
        description="one compartment",
    )
'''
DRUG = """
[phencyclidine]
name = "phencyclidine"
aliases = ["PCP"]
molar_mass = { value = "243.39 g/mol", source = "nmdasim", kind = "derived", description = "molar mass of the base" }
[phencyclidine.block]
defaults = { source = "user", kind = "assumed" }
K = { value = "0.1 uM" }
V = { value = "-66 mV" }
slope = { value = "32 mV" }
k_on = { value = "1 1/uM/second" }
"""

PROTOCOL = '''
"""Two volleys of C fibres, the second after an interval."""

from dataclasses import dataclass

from nmdasim.protocols import Arrival, Protocol
from nmdasim.quantities import number


@dataclass(frozen=True)
class Paired(Protocol):
    """A pair of pulses; a list of intervals becomes a dimension."""

    interval: object = "500 ms"
    varies = {"interval": "ms"}

    @property
    def windows(self):
        """From pulse to pulse, and as long after the second."""
        gap = number(self.interval, "ms", name="interval")
        return (0.1, 0.1 + gap, 0.1 + 2 * gap)

    @property
    def duration(self):
        """To the end of the last window."""
        return self.windows[-1]

    def arrivals(self, circuit, rng):
        """Return both volleys, with latencies of their own."""
        fibres, found = circuit.fibres["c"], []
        for time in self.windows[:2]:
            times = time + fibres.draw(1, rng)[0]
            found += [Arrival(c.population, c.port, times + c.seconds) for c in fibres.contacts]
        return found
'''
ENGINE = '''
"""Forward Euler in plain NumPy, for point neurons that do not spike."""

import numpy as np

from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluator
from nmdasim.plan.plan import Outcome


def check(plan):
    """Refuse what this engine cannot render."""
    for cells in plan.cells:
        if plan.wires or not cells.model.is_point or cells.model.threshold:
            raise ModelError(f"{cells.model.name} spikes or has compartments; the euler engine runs graded points")


def run(plan, report):
    """Return one outcome for each population."""
    check(plan)
    return [_run(cells, report) for cells in plan.cells]


def source(model):
    """Return the rates of change as text."""
    return "".join(f"d{name}/dt = {rate}\\n" for name, rate in model.system.derivatives.items())


def _run(cells, report):
    system, rates = cells.model.system, evaluator(list(cells.model.system.derivatives.values()))
    now = {name: np.tile(values, (cells.lanes // len(values), 1)) for name, values in cells.initial.items()}
    traces = {probe: [] for probe in cells.recording.traces}
    due = cells.arrivals.steps(cells.dt)
    for n in range(cells.steps):
        for event in np.flatnonzero(due == n):
            _arrive(cells, event, now)
        if n % cells.sampled_steps == 0:
            for probe, kept in traces.items():
                kept.append(now[probe.variable][:, 0])
        slopes = rates({**cells.parameters, **now})
        now = {name: now[name] + cells.dt * slope for name, slope in zip(system.states, slopes)}
        report((n + 1) / cells.steps)
    finite = np.all([np.isfinite(values[:, 0]) for values in now.values()], axis=0)
    nothing = np.empty(0, dtype=int)
    table = tuple(np.stack(kept, axis=1) for kept in traces.values())
    return Outcome(nothing, np.empty(0), (), table, cells.sampled, np.flatnonzero(~finite))


def _arrive(cells, event, now):
    """Let one event act on the lanes of its table."""
    arrivals, names = cells.arrivals, (*cells.model.parameters.bases, "weight")
    port = list(cells.model.ports.values())[arrivals.port[event]]
    reached = (cells.table == arrivals.table[event])[:, None]
    for state, text in port.increments():
        added = evaluator([cells.model.system.substitute(text, names)])
        scope = {**cells.parameters, **now, "weight": np.array(arrivals.weight[event])}
        now[state] = now[state] + reached * added(scope)[0]
'''
GRADED = {
    "name": "graded",
    "equations": "dv/dt = (g_l*(E_l - v) + g*(E - v))/C : volt\ndg/dt = -g/tau : siemens",
    "parameters": {"g_l": 10 * nm.nS, "E_l": -70 * nm.mV, "E": 0 * nm.mV, "C": 200 * nm.pF, "tau": 5 * nm.ms},
    "initial": {"v": "E_l"},
    "ports": {"exc": "g += 5*nS"},
}


def test_a_channel_is_one_file(tmp_path):
    (tmp_path / "km.toml").write_text(CHANNEL, "utf-8")
    cell = nm.neurons.wdr()
    braked = cell.with_(mechanism(tmp_path / "km.toml", "km"), at="soma")
    counts = [int(nm.simulate(m, nm.WindUp(pulses=3)).spike_count) for m in (cell, braked, braked.scaled(km=0))]
    assert counts[1] < counts[0] == counts[2]


def test_a_neuron_is_a_table_a_function_and_its_line_in_the_catalogue(tmp_path, monkeypatch, capsys):
    (tmp_path / "mine.toml").write_text(NEURON_NUMBERS, "utf-8")
    (tmp_path / "mine.py").write_text(NEURON, "utf-8")
    spec = importlib.util.spec_from_file_location("mine", tmp_path / "mine.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(nm.neurons.CATALOGUE, "mine", module.mine)  # the line in neurons/__init__.py
    command = ["nmdasim", "windup", "--model", "mine", "--pulses", "3", "--ketamine", "0 uM,10 uM", "--json"]
    monkeypatch.setattr("sys.argv", command)
    cli.main()
    runs = json.loads(capsys.readouterr().out)["runs"]
    assert [run["model"] for run in runs] == ["mine", "mine"]
    assert sum(runs[0]["late"]) + sum(runs[0]["early"]) > 0
    assert runs[1]["blocked"][0] > 0.1
    assert "mk801" in nm.simulate(module.mine(), nm.WindUp(pulses=1), drugs={"MK-801": "1 uM"}).coords


@pytest.fixture
def grown(tmp_path, monkeypatch):
    """The library's table of drugs with one more entry."""
    path = tmp_path / "drugs.toml"
    library = (tables.files("nmdasim") / "parameters" / "drugs.toml").read_text("utf-8")
    path.write_text(library + DRUG, "utf-8")
    own = tables._own
    monkeypatch.setattr(tables, "_own", lambda name: read_table(path) if name == "drugs" else own(name))
    return path


def test_a_drug_is_one_entry_in_the_table(grown):
    cell = nm.neurons.wdr()
    result = nm.simulate(cell, nm.WindUp(pulses=6), drugs={"PCP": ["0 uM", "0.3 uM", "3 uM"]})
    late = nm.measures.windup(result).late.sum("pulse").values
    assert np.all(np.diff(late) < 0)
    assert float(result.blocked_phencyclidine[-1, 0]) > 0.5
    assert nm.pharmacology.drug("pcp").grams_per_mole == pytest.approx(243.39)
    assert float(nm.receptors.ic50("phencyclidine", v="-66 mV", mg="0 mM")) == pytest.approx(1e-4)
    nm.pharmacology.drugs.drug.cache_clear()


def test_a_drug_may_stand_in_a_table_of_ones_own(tmp_path):
    (tmp_path / "mine.toml").write_text(DRUG, "utf-8")
    cell = dosed(nm.neurons.wdr(), [blocker("PCP", table=tmp_path / "mine.toml")])
    result = nm.simulate(cell, nm.WindUp(pulses=2), drugs={"phencyclidine": ["0 uM", "3 uM"]})
    assert result.blocked_phencyclidine.values[1].min() > 0.5
    (tmp_path / "mine.toml").write_text(DRUG.replace("k_on =", "# k_on ="), "utf-8")
    with pytest.raises(nm.NmdasimError, match=r"mine\.toml \[phencyclidine\.block\]: there is no k_on"):
        blocker("PCP", table=tmp_path / "mine.toml")


def test_a_protocol_is_one_file(tmp_path, monkeypatch):
    (tmp_path / "paired.py").write_text(PROTOCOL, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    paired = importlib.import_module("paired").Paired
    result = nm.simulate(nm.neurons.wdr(), paired(interval=["0.5 s", "1 s", "8 s"]), seed=range(5))
    assert dict(result.sizes) | {"interval": 3, "seed": 5, "pulse": 2} == dict(result.sizes)
    assert (list(result.interval.values), result.interval.attrs["units"]) == ([0.5, 1, 8], "s")
    late = nm.measures.windup(result).late.mean("seed")
    gain = (late.sel(pulse=2) - late.sel(pulse=1)).values
    assert gain[1] > gain[2] + 0.5  # what one pulse leaves is gone after eight seconds
    assert nm.plot.windup(result.isel(interval=1))[0].get_xlabel() == "pulse"
    del sys.modules["paired"]


@pytest.fixture
def euler(tmp_path, monkeypatch):
    """An engine of one file, and the line of its package that registers it."""
    (tmp_path / "euler_engine.py").write_text(ENGINE, "utf-8")
    told = tmp_path / "euler_engine-1.0.dist-info"
    told.mkdir()
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: euler-engine\nVersion: 1.0\n", "utf-8")
    (told / "entry_points.txt").write_text("[nmdasim.engines]\neuler = euler_engine\n", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "euler"
    sys.modules.pop("euler_engine", None)


def test_an_engine_is_one_file(euler):
    cell, events = nm.Model(**GRADED), nm.Events(port="exc", times=["5 ms", "6 ms", "20 ms"])
    taus = {"tau": [2, 5, 10] * nm.ms}
    options = {"duration": "50 ms", "dt": "10 us", "parameters": taus, "record": "v"}
    own = nm.simulate(cell, events, engine=euler, **options)
    truth = nm.simulate(cell, events, engine="reference", **options)
    assert own.v.dims == truth.v.dims == ("tau", "time")
    assert float(truth.v.max() - truth.v.min()) > 5  # mV: the events do something
    np.testing.assert_allclose(own.v, truth.v, atol=0.02)
    assert nm.source(cell, engine=euler).startswith("dv/dt = ")
    with pytest.raises(nm.ModelError, match="wdr spikes or has compartments; the euler engine runs graded points"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), engine=euler)
