"""Drugs in a table of a package beside this one join the table of drugs."""

import sys

import pytest

import nmdasim as nm
from nmdasim.parameters import drugs, references, tables
from nmdasim.receptors import blocker, dosed

TABLE = """
[parameters]
g_x = { value = "3 nS", source = "stranger2024", kind = "measured", verified = true }

[phencyclidine]
name = "phencyclidine"
aliases = ["PCP"]
molar_mass = { value = "243.39 g/mol", source = "stranger2024", kind = "derived" }
unbound = { value = "0.35", source = "stranger2024", kind = "measured" }
[phencyclidine.block]
defaults = { source = "stranger2024", kind = "measured" }
K = { value = "0.1 uM" }
V = { value = "-66 mV" }
slope = { value = "32 mV" }
k_on = { value = "1 1/uM/second" }

[deschloro]
name = "deschloroketamine"
like = "S-ketamine"
K_i = { value = "0.5 uM", source = "stranger2024", kind = "measured" }

[ketamine]
name = "ketamine"
K_i = { value = "9 uM", source = "stranger2024", kind = "measured" }
"""
ENTRY_POINTS = """
[nmdasim.parameters]
stranger_drugs = stranger_drugs
gone = stranger_missing
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Lay a package with a table on the path, as an installer would."""
    package, told = tmp_path / "stranger_drugs", tmp_path / "stranger_drugs-1.0.dist-info"
    for folder in (package, told):
        folder.mkdir()
    (package / "__init__.py").write_text("")
    (package / "stranger_drugs.toml").write_text(TABLE)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-drugs\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    caches = (tables._own, tables._load, references._library, nm.pharmacology.drugs.drug)
    for cached in caches:
        cached.cache_clear()
    yield
    for cached in caches:
        cached.cache_clear()
    sys.modules.pop("stranger_drugs", None)


def test_its_drug_is_one_of_the_table_in_models_pharmacology_and_text(installed):
    assert list(drugs.entries())[:2] == ["ketamine", "s_ketamine"]
    cell = dosed(nm.neurons.wdr(), ["PCP", "deschloroketamine"])
    assert float(cell.parameters["K_phencyclidine"].number) == 0.1
    asked = nm.simulate(nm.neurons.wdr(), duration="1 ms", engine="reference", drugs={"PCP": "1 uM total"})
    assert float(asked.phencyclidine) == pytest.approx(0.35)
    assert nm.pharmacology.drug("pcp").grams_per_mole == pytest.approx(243.39)
    assert blocker("PCP").at("2A").key == "phencyclidine"


def test_its_drug_may_be_like_one_of_ours_and_does_not_replace_it(installed):
    ratio = blocker("deschloroketamine").dissociation("-66 mV") / blocker("S-ketamine").dissociation("-66 mV")
    assert float(ratio) == pytest.approx(0.5 / 0.3, rel=1e-6)
    assert drugs.find("ketamine").table == "drugs"
    assert "g_x" not in drugs.entries()
    assert "parameters" not in drugs.entries()


def test_a_table_that_cannot_be_read_stops_nothing_and_is_told_where_a_name_is_not_found(installed):
    with pytest.raises(nm.ModelError, match=r"unknown drug 'aspirin'.*package 'stranger-drugs' offers 'gone'"):
        blocker("aspirin")


def test_without_the_package_its_drug_is_unknown():
    with pytest.raises(nm.ModelError, match="unknown drug 'PCP'"):
        blocker("PCP")
