"""Sphinx extension: one page per model, written from the model itself (equations, parameters, sources)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nmdasim.command.printing import parameters
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model
from nmdasim.neurons import CATALOGUE
from nmdasim.readout.citations import citations

FOLDER = Path(__file__).parent / "generated"


def page(name: str, model: Model | Circuit) -> str:
    """Return the page of one model as MyST text."""
    parts = [
        f"# {name}: equations and parameters",
        f"{model.description[0].upper()}{model.description[1:]}. Default step {model.dt}. "
        "This page is written by the code from the model that runs.",
    ]
    for population, cell in cells_of(model).items():
        heading = f"## Equations of the {population} cell" if population else "## Equations"
        parts += [
            heading,
            "In Brian2's language, per compartment. `Im` is the membrane current density, positive inward; `area` is "
            "the membrane of the compartment.",
            f"```text\n{cell.equations.strip()}\n```",
        ]
    parts += ["## Parameters", _table(model), "## References", f"```bibtex\n{citations(model)}\n```"]
    return "\n\n".join(parts) + "\n"


def _table(model: Model | Circuit) -> str:
    rows = parameters.rows(model)
    columns = ["name", "value", "unit", "source", "kind", "status", "description"]
    columns = ["population", *columns] if any(row["population"] for row in rows) else columns
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(_cell(column, row[column]) for column in columns) for row in rows]
    return "\n".join(f"| {line} |" for line in lines)


def _cell(column: str, value: Any) -> str:
    if column == "value":
        return f"{value:.6g}"
    if column == "status" and value == "recalled":
        return "**recalled**"
    return f"`{value}`" if column == "name" else str(value)


def write(*_: object) -> None:
    """Write every page whose text has changed."""
    FOLDER.mkdir(exist_ok=True)
    for name, build in CATALOGUE.items():
        path, text = FOLDER / f"{name}.md", page(name, build())
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def setup(app: Any) -> dict[str, Any]:
    """Register with Sphinx."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
