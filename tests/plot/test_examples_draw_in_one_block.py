"""A gallery shows a figure after the block that made it: what a later block adds to it would be seen nowhere.

What an example says to change draws, too.
"""

import ast
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.py"))


def blocks(text):
    """Return the lines at which the blocks of a gallery's script begin."""
    return [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]


def makes(call):
    """Whether a call returns a figure or Axes."""
    called = ast.unparse(call.func)
    return called in ("plt.figure", "plt.subplots") or ".plot." in called


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_figure_is_drawn_across_two_blocks(path):
    text = path.read_text("utf-8")
    starts = blocks(text)

    def block(node):
        return sum(start <= node.lineno for start in starts)

    made: dict[str, int] = {}
    strays = []
    nodes = (node for node in ast.walk(ast.parse(text)) if hasattr(node, "lineno"))
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and makes(node.value):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            made |= dict.fromkeys(names, block(node))
        if isinstance(node, ast.Name) and made.get(node.id, block(node)) != block(node):
            strays.append(f"{node.id} in line {node.lineno}")
    assert strays == []


@pytest.mark.parametrize("pulses", ["frequency=0.1 * Hz, pulses=4", "frequency=3 * Hz, pulses=10"])
def test_the_first_example_draws_at_the_rates_that_it_says_to_try(pulses, tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == "01_windup").read_text("utf-8")
    asked = "frequency=1 * Hz, pulses=15"
    assert asked in text
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout")  # of a layout that leaves no room for the axes
        exec(compile(text.replace(asked, pulses), "01_windup.py", "exec"), {"__name__": "example"})
    assert (tmp_path / "out" / "01_windup.png").stat().st_size > 10_000
    plt.close("all")
