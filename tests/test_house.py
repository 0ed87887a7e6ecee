"""The house itself: floors, sizes, public names, sources."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

import nmdasim as nm
from nmdasim.parameters import bibliography, read_table
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question

PACKAGE = Path(str(files("nmdasim")))
ROOT = PACKAGE.parent
MODULES = {path.relative_to(PACKAGE).as_posix(): path.read_text("utf-8") for path in sorted(PACKAGE.rglob("*.py"))}
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
FLOORS = next(one for one in CONTRACTS if one.get("containers") == ["nmdasim"])
#: Tables that a formatter would stretch to a line an entry, and how many there are of them in a file.
LAID_OUT_BY_HAND = {
    "command/bench/compare.py": 1,  # simulated time that each engine gets of each work
    "engines/kernel/loop.py": 2,  # columns of the tables of populations and of synapses that learn
    "engines/kernel/printer.py": 1,  # functions of the language and their names in the kernel
    "exchange/nmodl/algebra.py": 1,  # functions of NMODL and what they make of numbers
    "exchange/nmodl/units.py": 3,  # units, their prefixes and how they are spelled
    "language/evaluation.py": 1,  # likewise in NumPy
}
TABLES = sorted(path.stem for path in (PACKAGE / "parameters").glob("*.toml"))
KNOWN = {"nmdasim", "user", "", "recalled"}


def test_imports_point_downward():
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_no_import_is_ignored_by_the_floors():
    assert FLOORS["exhaustive"]
    for contract in CONTRACTS:
        assert not {name for name in contract if name.startswith("ignore") or name.startswith("unmatched")}, contract


def test_the_root_holds_five_files_and_all_else_lives_in_folders():
    held = {path.name for path in PACKAGE.iterdir() if path.is_file()}
    assert held == {"__init__.py", "__main__.py", "errors.py", "quantities.py", "disclaimer.py", "py.typed"}


def test_every_folder_has_a_floor():
    floors = {name for layer in FLOORS["layers"] for name in layer.split(" | ")}
    assert floors == {name.partition("/")[0].removesuffix(".py") for name in MODULES} - {"__init__", "__main__"}


def test_every_floor_is_on_the_page_of_the_house_lowest_last_in_the_contract():
    page = (ROOT / "docs" / "house.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)(?:/|\.py)`", page, flags=re.MULTILINE)
    lowest_first = [name for layer in reversed(FLOORS["layers"]) for name in layer.split(" | ")]
    assert rows == lowest_first


def test_the_road_on_the_page_leads_through_functions_that_there_are():
    page = (ROOT / "docs" / "house.md").read_text("utf-8")
    steps = re.findall(r"^\| \d+ \| `(\w+)` \| `([\w/.]+)` \|", page, flags=re.MULTILINE)
    assert len(steps) == 13
    for function, file in steps:
        defined = {node.name for node in ast.parse(MODULES[file]).body if hasattr(node, "name")}
        assert function in defined, (function, file)


def test_the_number_on_the_road_is_what_the_page_says_at_every_step():
    asked = question(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 1] * nm.uM)
    (axis,) = (axis for axis in asked.axes if axis.values.ndim)
    assert (axis.name, axis.unit, list(axis.values)) == ("ketamine", "uM", [0, 0.001])
    (run,) = prepare(asked)
    (cells,) = run.plan.cells
    assert (cells.lanes, cells.parameters["ketamine"][1, 0], cells.steps) == (2, 0.001, 160_000)
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 1] * nm.uM)
    assert list(result.spike_count.values) == [403, 341]
    assert (result.ketamine.values[1], result.ketamine.attrs["units"]) == (1.0, "µM")
    assert round(float(result.blocked[1, -1]), 2) == 0.16
    assert result.attrs["varied"] == "ketamine"


def test_what_contributing_points_to_is_there():
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = page[page.index("## A stranger adds") : page.index("**In the library or beside it:**")]
    files_named = set(re.findall(r"`((?:tests|examples)/[\w/.]+)`", table))
    tests = "".join((ROOT / file).read_text("utf-8") for file in files_named)
    functions = re.findall(r"`(test_\w+)`", table)
    assert len(functions) == 5
    assert all(f"def {function}(" in tests for function in functions)


@pytest.mark.parametrize("name", MODULES)
def test_every_file_is_short_and_says_what_it_is(name):
    text = MODULES[name]
    assert text.count("\n") <= 400
    assert ast.get_docstring(ast.parse(text))


def bodies(text):
    """Yield every function's name and the lines of it that are no docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            said = ast.get_docstring(node, clean=False)
            yield node.name, node.end_lineno - node.lineno + 1 - (said.count("\n") + 1 if said else 0)


@pytest.mark.parametrize("name", MODULES)
def test_every_function_fits_on_a_screen(name):
    assert {function: lines for function, lines in bodies(MODULES[name]) if lines > 60} == {}


def test_only_tables_are_laid_out_by_hand():
    marked = {name: len(re.findall(r"# fmt: (?:skip|off)", text)) for name, text in MODULES.items()}
    assert {name: count for name, count in marked.items() if count} == LAID_OUT_BY_HAND


#: Where LLVM's own words stand: its basic blocks.
LLVM = {"engines/kernel/translate.py"}


@pytest.mark.parametrize(
    ("word", "meant", "rooms"),
    [
        ("block", "what a drug does; a group of lanes is a batch", ("engines", "plan", "language", "model")),
        ("scheme", "kinetic; a way to integrate is a method", ("engines", "plan", "language", "model", "run")),
        ("bench", "the patch bench, and the command", ("engines", "plan", "language", "model", "run", "sweep")),
        ("population", "of neurons; people are subjects, in a cohort", ("pharmacology",)),
    ],
)
def test_a_word_means_one_thing(word, meant, rooms):
    strangers = [name for name in MODULES if name.partition("/")[0] in rooms and name not in LLVM]
    assert strangers
    found = [name for name in strangers if re.search(rf"(?i)(?<![a-z]){word}s?(?![a-z])", MODULES[name])]
    assert not found, f"{word}: {meant}"


def listed():
    """Return what the pages of the interface list: names with pages of their own, and those that are only named."""
    page = (ROOT / "docs" / "api" / "index.md").read_text("utf-8")
    blocks = re.findall(r"```\{eval-rst\}(.*?)```", page, flags=re.DOTALL)
    paged = {line.strip() for block in blocks for line in block.splitlines() if re.fullmatch(r"   [\w.]+", line)}
    return paged, set(re.findall(r"`(\w+)`", page))


def found(name):
    """Return what a name under nmdasim stands for, a module or something in one."""
    parent, _, last = f"nmdasim.{name}".rpartition(".")
    try:
        return importlib.import_module(f"nmdasim.{name}")
    except ModuleNotFoundError:
        return getattr(importlib.import_module(parent), last)


def test_the_interface_pages_list_every_public_name_and_none_that_there_is_not():
    paged, named = listed()
    assert set(nm.__all__) <= paged | named
    assert all(found(name) is not None for name in paged)
    assert len(paged) > 40


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
    heavy = ("brian2.utils", "pylab", "xarray", "numba", "matplotlib")
    code = f"import sys, nmdasim.command.app; print({set(heavy)} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
