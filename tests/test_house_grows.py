"""What a stranger touches to add a channel, a neuron and a drug: as many files as CONTRIBUTING says."""

import importlib.util
import json

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
from nmdasim.model.port import Afferent, Contact, Latency, Summary
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
    fibres = Afferent((Contact("ampa_c"), Contact("nmda_c")), Latency("90 ms", "10 ms", synapses=20))
    return Model.assemble(
        "mine", [*parts, pool], parameters=load(TABLE) | {"tau_ca": "10 ms"}, threshold="v > -20*mV",
        refractory="v > -20*mV", morphology=Morphology.point(2e-9), afferents={"c": fibres},
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
