"""A format whose package is not installed is one line that names the extra."""

import sys

import pytest

import nmdasim as nm

FILE = """NEURON { SUFFIX leak  NONSPECIFIC_CURRENT i }
PARAMETER { g = 0.001 (S/cm2)  e = -65 (mV) }
ASSIGNED { v (mV)  i (mA/cm2) }
BREAKPOINT { i = g*(v - e) }
"""


@pytest.fixture(scope="module")
def run():
    cell = nm.Model(name="decay", equations="dx/dt = -x/tau : 1", parameters={"tau": 10 * nm.ms}, initial={"x": 1})
    return nm.simulate(cell, duration="1 ms", record=["x"])


@pytest.mark.parametrize(
    ("package", "extra", "ask"),
    [
        ("lark", "nmodl", lambda run, folder: nm.read_nmodl(folder / "leak.mod")),
        ("neo", "neo", lambda run, folder: nm.to_neo(run)),
        ("pynwb", "nwb", lambda run, folder: nm.to_nwb(run, folder / "run.nwb")),
        ("libsbml", "sbml", lambda run, folder: nm.to_sbml("clements2", folder / "model.xml")),
        ("anywidget", "notebook", lambda run, folder: nm.explore().widget),
    ],
)
def test_a_missing_package_names_its_extra(run, tmp_path, monkeypatch, package, extra, ask):
    (tmp_path / "leak.mod").write_text(FILE)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(nm.errors.InputError, match=rf"{package} is not installed.*pip install 'nmdasim\[{extra}\]'"):
        ask(run, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"leak.mod"}
