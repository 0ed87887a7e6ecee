"""The house itself: floors, public names, sources."""

import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import nmdasim as nm
from nmdasim.parameters import bibliography, read_table

PACKAGE = Path(str(files("nmdasim")))
TABLES = sorted(path.stem for path in (PACKAGE / "parameters").glob("*.toml"))
KNOWN = {"nmdasim", "user", "", "recalled"}


def test_imports_point_downward():
    root = PACKAGE.parent
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("name", nm.__all__)
def test_every_public_name_resolves(name):
    assert getattr(nm, name) is not None
    assert name in dir(nm)


def test_public_names_are_listed_once_and_unknown_ones_are_refused():
    assert len(set(nm.__all__)) == len(nm.__all__)
    with pytest.raises(AttributeError, match="No nmdasim attribute ketmine"):
        _ = nm.ketmine


def test_the_version_is_that_of_the_installed_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", nm.__version__)


def sources(entries):
    for key, value in entries.items():
        if key == "source":
            yield value
        elif key == "references":
            yield from value
        elif isinstance(value, dict):
            yield from sources(value)


@pytest.mark.parametrize("table", TABLES)
def test_every_source_of_a_parameter_file_is_in_the_bibliography(table):
    found = set(sources(read_table(table)))
    assert found
    assert found - KNOWN <= set(bibliography()), found - KNOWN


@pytest.mark.parametrize("name", nm.neurons.CATALOGUE)
def test_every_reference_and_source_of_a_neuron_is_in_the_bibliography(name):
    made = nm.neurons.CATALOGUE[name]()
    cells = made.cells.values() if isinstance(made, nm.Circuit) else [made]
    for cell in cells:
        found = {*made.references, *cell.references, *(p.source for p in cell.parameters.values())}
        assert found - KNOWN <= set(bibliography())


def test_nothing_in_the_package_evaluates_text():
    engines = PACKAGE / "engines"  # which compile code that they generate themselves
    for path in PACKAGE.rglob("*.py"):
        if engines not in path.parents:
            assert not re.search(r"\b(eval|exec)\(", path.read_text("utf-8").replace("def eval(", "")), path.name


def test_help_answers_without_loading_the_scientific_stack():
    code = "import sys, nmdasim.command.app; print({'brian2', 'xarray', 'numba', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
