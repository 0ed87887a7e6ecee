"""Formulas as MathML, written when the documentation is built: a page needs no script and no network to show them."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def inline(self, node):
    """Write a formula in a line."""
    self.body.append(convert(node.astext(), display="inline"))
    raise SkipNode


def block(self, node):
    """Write a formula of its own, with its number where it has one."""
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    self.body.append(f'<div class="math">{number}{convert(_one(node.astext()), display="block")}</div>')
    raise SkipNode


def _one(text):
    """Return lines of a display as one formula, in the environment that the converter knows for aligned rows."""
    if r"\\" in text and r"\begin" not in text:
        return rf"\begin{{split}}{text}\end{{split}}"
    return text.replace("{aligned}", "{split}")


def setup(app: Sphinx):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
