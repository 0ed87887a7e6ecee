"""The page in a notebook: the same file in a frame, its settings and results as traits that go both ways."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from nmdasim.errors import need


def widget(page: str, opening: Mapping[str, Any]) -> Any:
    """Return an anywidget that shows a page.

    Raises
    ------
    InputError
        If anywidget is not installed.
    """
    base: Any = need("anywidget", "notebook").AnyWidget
    traitlets = need("traitlets", "notebook")

    class ExplorerWidget(base):
        """The explorer."""

        _esm = (files("nmdasim.explorer") / "widget.js").read_text("utf-8")
        page = traitlets.Unicode().tag(sync=True)
        panel = traitlets.Unicode().tag(sync=True)
        settings = traitlets.Dict().tag(sync=True)
        results = traitlets.Dict().tag(sync=True)
        height = traitlets.Unicode("52rem").tag(sync=True)

    return ExplorerWidget(page=page, panel=opening["panel"], settings=dict(opening["settings"]))
