"""A gallery shows a figure after the block that made it: what a later block adds to it would be seen nowhere."""

import ast
from pathlib import Path

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
