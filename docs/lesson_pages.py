"""Sphinx extension: the directive ``run`` of a lesson, the explorer to open and below it the Python that says the same.

A page of a lesson is the lesson: its notebook and the numbers in it are made from it by ``make_lessons.py``.
"""

from __future__ import annotations

from html import escape
from typing import Any

from docutils import nodes
from make_lessons import opening
from sphinx.util.docutils import SphinxDirective

#: The page of the explorer as the documentation carries it, from its root.
EXPLORER = "_static/explorer.html"


class Run(SphinxDirective):
    """``{run} panel=receptor&receptor.voltage=-70`` over some Python; without a hash, the Python alone."""

    has_content = True
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        found: list[nodes.Node] = []
        if self.arguments:
            try:
                panel, _ = opening(self.arguments[0])
            except (ValueError, KeyError) as error:
                raise self.error(f"the explorer would not open {self.arguments[0]}: {error}") from None
            root = "../" * self.env.docname.count("/")
            found.append(_html(frame(panel, f"{root}{EXPLORER}#{self.arguments[0]}")))
        code = nodes.literal_block("\n".join(self.content), "\n".join(self.content), language="python")
        fold = "<details style='margin-bottom:1rem'><summary>Run it in Python</summary>"
        return [*found, _html(fold), code, _html("</details>")]


def frame(panel: str, address: str) -> str:
    """Return the explorer in a fold; it is fetched when the fold is opened."""
    to = escape(address, quote=True)
    style = "width:100%;height:46rem;border:1px solid #8888;border-radius:4px"
    return (
        "<details><summary>Run it in the explorer</summary>"
        f'<p><a href="{to}" target="_blank" rel="noopener">Open it in a page of its own</a></p>'
        f'<iframe title="nmdasim explorer: {panel}" src="{to}" loading="lazy" style="{style}"></iframe></details>'
    )


def _html(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.add_directive("run", Run)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
