"""Tables and bibliographies of one's own: by path, as data, and refused in one line that names file and entry."""

import pytest

import nmdasim as nm
from nmdasim.parameters import bibliography, load, mechanism, references

TABLE = """
[parameters]
defaults = { source = "mine2026", kind = "measured", verified = true }
g_h = { value = "0.1 mS/cm**2", bounds = [0.0, 1.0], description = "conductance" }
tau_h.soma = { value = "30 ms" }
E_h = "-30 mV"

[mechanism.h]
equations = \"\"\"
I_h = g_h*n_h*(E_h - v) : amp/meter**2
dn_h/dt = (1/(1 + exp((v + 75*mV)/(6*mV))) - n_h)/tau_h : 1
\"\"\"
densities = ["I_h"]
initial = { n_h = "1/(1 + exp((v + 75*mV)/(6*mV)))" }
gains = { h = ["g_h"] }
references = ["mine2026"]
[mechanism.h.parameters]
defaults = { source = "mine2026" }
g_h = { value = "0.1 mS/cm**2" }
E_h = { value = "-30 mV" }
tau_h = { value = "30 ms" }
"""
BIBTEX = """% a comment
@article{mine2026,
  title = {A channel with {B}races = and, commas},
  year = 2026,
  author = "One, A. and Two, B."
}
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(TABLE, "utf-8")
    return path


@pytest.fixture
def damaged(tmp_path):
    """Return a function that writes a table in which one text stands in another's place."""

    def write(old, new):
        path = tmp_path / "mine.toml"
        assert old in TABLE
        path.write_text(TABLE.replace(old, new), "utf-8")
        return path

    return write


def test_a_table_of_ones_own_loads_by_path_as_those_of_the_library_do_by_name(table):
    for path in (table, str(table)):
        found = load(path)
        assert found["g_h"].source == "mine2026"
        assert found["g_h"].bounds == (0.0, 1.0)
        assert set(found) == {"g_h", "tau_h.soma", "E_h"}
    assert set(load(table, "mechanism.h.parameters")) == {"g_h", "E_h", "tau_h"}


def test_a_table_is_read_anew_when_it_has_changed(table):
    assert float(load(table)["E_h"].number) == -30
    table.write_text(TABLE.replace('E_h = "-30 mV"', 'E_h = "-25 mV"'), "utf-8")
    assert float(load(table)["E_h"].number) == -25


def test_a_mechanism_of_such_a_table_joins_a_neuron_and_its_source_is_cited(table, tmp_path, monkeypatch):
    monkeypatch.setattr(references, "_LOADED", {})
    cell = nm.neurons.wdr().with_(mechanism(table, "h"), at="dendrite")
    result = nm.simulate(cell, duration="1 ms")
    assert "mine2026" not in nm.citations(result)
    (tmp_path / "mine.bib").write_text(BIBTEX, "utf-8")
    assert set(bibliography(tmp_path / "mine.bib")) == {"mine2026"}
    assert "A channel with {B}races" in nm.citations(result)
    assert "aguiar2010" in nm.citations(result)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"0.1 mS/cm**2", bounds', '"0.1 mSS/cm**2", bounds', r"\[parameters\] g_h: unknown unit 'mSS'"),
        ('value = "0.1 mS/cm**2", bounds', "bounds", r"\[parameters\] g_h: there is no value"),
        ("bounds = [0.0, 1.0]", "bound = [0.0, 1.0]", r"g_h: unknown key 'bound'; did you mean 'bounds'"),
        ("bounds = [0.0, 1.0]", "bounds = [0.0]", "g_h: bounds = .* give two numbers"),
        ('kind = "measured"', 'kind = "guessed"', r"\[parameters\] g_h: kind 'guessed'"),
        ("verified = true", 'verified = "yes"', "g_h: verified = 'yes' is of the wrong kind"),
        ('E_h = "-30 mV"', "E_h = true", "E_h: True is no entry"),
        ('E_h = "-30 mV"', 'E_h = "-30 mV', "this is no TOML .*line 6"),
        ("[parameters]", "[numbers]", r"has no section \[parameters\]"),
    ],
)
def test_a_damaged_table_is_one_line_that_names_file_and_entry(damaged, old, new, said):
    path = damaged(old, new)
    with pytest.raises(nm.NmdasimError, match=said) as refusal:
        load(path)
    assert "mine.toml" in str(refusal.value)
    assert "\n" not in str(refusal.value).strip()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[mechanism.h", "[mechanism.k", r"no section \[mechanism.h\]"),
        ('densities = ["I_h"]', 'density = ["I_h"]', "unknown key 'density'; did you mean 'densities'"),
        ('densities = ["I_h"]', 'densities = "I_h"', "densities = 'I_h'; give a list of names"),
        ('gains = { h = ["g_h"] }', "gains = [1]", "gains: give lists"),
        ("equations = \"\"\"", "equation = \"\"\"", "unknown key 'equation'"),
        ('tau_h = { value = "30 ms" }', 'tau_h = { value = "30 mss" }', "parameters tau_h: unknown unit 'mss'"),
    ],
)  # fmt: skip
def test_a_damaged_mechanism_is_one_line_that_names_file_and_entry(damaged, old, new, said):
    with pytest.raises(nm.NmdasimError, match=said) as refusal:
        mechanism(damaged(old, new), "h")
    assert "mine.toml" in str(refusal.value)


def test_a_table_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(nm.NmdasimError, match=r"none\.toml: the table cannot be read"):
        load(tmp_path / "none.toml")
    with pytest.raises(nm.NmdasimError, match="no table 'receptor'; did you mean 'receptors'"):
        load("receptor")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("just words", "there is no BibTeX entry"),
        ("@article{mine2026,\n  title = {open", "the entry 'mine2026' cannot be read"),
        ("@article{jahr1990,\n  title = {Another},\n  year = {2026}\n}", "jahr1990: this key stands for another entry"),
    ],
)
def test_a_damaged_bibliography_is_one_line_that_names_file_and_entry(tmp_path, text, said, monkeypatch):
    monkeypatch.setattr(references, "_LOADED", {})
    (tmp_path / "mine.bib").write_text(text, "utf-8")
    with pytest.raises(nm.NmdasimError, match=said) as refusal:
        bibliography(tmp_path / "mine.bib")
    assert "mine.bib" in str(refusal.value)
    with pytest.raises(nm.NmdasimError, match="none.bib"):
        bibliography(tmp_path / "none.bib")


def test_nothing_in_a_table_is_executed(damaged, tmp_path):
    path = damaged('"0.1 mS/cm**2", bounds', f"\"__import__('os').mkdir('{tmp_path}/x')\", bounds")
    with pytest.raises(nm.NmdasimError):
        load(path)
    assert not (tmp_path / "x").exists()
