"""The notebooks that ship: plain, without outputs, and every cell of each runs."""

import ast
import json
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

import nmdasim as nm

NOTEBOOKS = sorted((Path(__file__).parents[1] / "docs" / "notebooks").glob("*.ipynb"))


def cells(path, kind):
    return [
        "".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == kind
    ]


def run(code, names):
    """Run a cell as a notebook does, and return what its last line shows."""
    tree = ast.parse(code)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_there_is_one_for_a_class_one_for_research_and_one_for_an_own_neuron():
    assert [path.stem for path in NOTEBOOKS] == ["class", "own_neuron", "research"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_and_shows_what_a_notebook_can(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {}
    for code in cells(path, "code"):
        shown = run(code, names)
        if shown is not None:
            assert "<" in shown._repr_html_()
    plt.close("all")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_ships_without_outputs_and_says_that_it_is_no_advice(path):
    whole = json.loads(path.read_text("utf-8"))
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in whole["cells"] if "outputs" in cell)
    assert nm.DISCLAIMER in cells(path, "markdown")[0]
