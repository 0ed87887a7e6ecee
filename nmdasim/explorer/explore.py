"""``nm.explore``: the page for a model, as a small value that is exported, opened, or shown in a notebook."""

from __future__ import annotations

import json
import tempfile
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any

from nmdasim.errors import InputError, ModelError
from nmdasim.explorer import settings as typed
from nmdasim.explorer.page import built, part, with_part
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model

#: Models that the page has panels for.
_HOME = {"wdr": "windup", "dorsal_horn": "touch"}


def explore(
    model: Model | Circuit | None = None,
    *,
    panel: str = "",
    panels: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Explorer:
    """Return the explorer, with a panel for a model of your own: ports as buttons, parameters as sliders.

    Parameters
    ----------
    model
        A :class:`nmdasim.Model`; without one, the page of the library.
    panel
        Which panel opens: receptor, windup, touch, afternoon, year, or own.
    panels
        Those that the page has; all by default.
    settings
        Values by name, of the panel that opens or by a full name, ``{"afternoon.weight": "80 kg"}``.

    Raises
    ------
    InputError, UnitError
        For an unknown panel or setting, or a value that is not allowed.
    ModelError
        If the page cannot run the model.

    Examples
    --------
    >>> import nmdasim as nm
    >>> page = nm.explore(panel="windup", settings={"ketamine": "10 uM"})
    >>> page.opening["settings"]
    {'windup': {'ketamine': 10.0}}
    """
    own = _own(model)
    first = panel or ("own" if own else _HOME.get(getattr(model, "name", ""), "windup"))
    for name in {first, *panels} - {"own"}:
        typed.panel(name)
    if first == "own" and not own:
        raise InputError("panel = 'own' shows a model of yours; give one, as in nm.explore(model)")
    if panels and first not in panels:
        raise InputError(f"panel = {first!r} is not among panels = {list(panels)}; add it")
    given = dict(settings or {})
    if first == "own" and any("." not in name for name in given):
        given = {name if "." in name else f"own.p_{name}": value for name, value in given.items()}
    mine = {name.removeprefix("own."): given.pop(name) for name in list(given) if name.startswith("own.")}
    read = typed.read(given, first) if given else {}
    if mine and own is not None:
        read["own"] = {name: _parameter(own, name, value) for name, value in mine.items()}
    return Explorer(own, {"panel": first, "panels": list(panels), "settings": read})


def _own(model: Model | Circuit | None) -> Model | None:
    if isinstance(model, Circuit) and model.name != "dorsal_horn":
        raise ModelError(f"{model.name} is a circuit; the page runs single neurons, and the dorsal_horn")
    known = model is None or isinstance(model, Circuit) or (model.name == "wdr" and _is_library(model))
    return None if known or isinstance(model, Circuit) else model


def _is_library(model: Model) -> bool:
    from nmdasim.neurons import wdr  # noqa: PLC0415  (read with the model, not with the page)

    return model.digest == wdr().digest


def _parameter(model: Model, name: str, value: Any) -> float:
    """Return a parameter of a user's model as a number in its own unit."""
    key = name.removeprefix("p_")
    changed = model.replace(**{key: value})
    return float(changed.parameters[key].si / model.parameters[key].replace(f"1 {model.parameters[key].unit}").si)


@dataclass(frozen=True, eq=False)
class Explorer:
    """The page for a model.

    Parameters
    ----------
    model
        A model of one's own, or None.
    opening
        How the page opens: ``panel``, ``panels``, ``settings``.
    """

    model: Model | None = None
    opening: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def html(self) -> str:
        """The page, whole: it asks nothing of a network."""
        page = with_part(built(), "opening", dict(self.opening))
        if self.model is None:
            return page
        from nmdasim.explorer.cards import equations, own  # noqa: PLC0415  (the engine is loaded for a model of one's own)

        cards = json.loads(part(page, "cards"))
        cards["own"] = own.card(self.model)
        cards["equations"]["own"] = equations.of_model(self.model)
        return with_part(page, "cards", cards)

    def export(self, path: str | PathLike[str]) -> Path:
        """Write the page as one HTML file that can be e-mailed; return its path.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        file = Path(path)
        text = self.html
        try:
            file.write_text(text, "utf-8", newline="")
        except OSError as error:
            raise InputError(f"{file}: cannot be written ({error.strerror})") from None
        return file

    def open(self) -> Path:
        """Open the page in the browser; return the file that it shows."""
        file = self.export(Path(tempfile.mkdtemp(prefix="nmdasim-")) / "explorer.html")
        webbrowser.open(file.as_uri())
        return file

    @cached_property
    def widget(self) -> Any:
        """The page as a widget for Jupyter, marimo and VS Code, whose traits go both ways.

        ``widget.settings`` (by panel) moves the sliders and follows them; ``widget.results`` holds the numbers of the
        panel that is open.

        Raises
        ------
        InputError
            If anywidget is not installed.
        """
        from nmdasim.explorer.widget import widget  # noqa: PLC0415  (anywidget is an extra)

        return widget(self.html, self.opening)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        try:
            return self.widget._repr_mimebundle_()
        except InputError:
            return {"text/plain": repr(self), "text/html": self._framed()}

    def _framed(self) -> str:
        from html import escape  # noqa: PLC0415

        style = "width:100%;height:52rem;border:0"
        return f'<iframe title="nmdasim explorer" srcdoc="{escape(self.html)}" style="{style}"></iframe>'

    def __repr__(self) -> str:
        about = "" if self.model is None else f" of {self.model.name}"
        return f"Explorer{about}: .export('page.html'), .open(), or the last line of a notebook's cell"
