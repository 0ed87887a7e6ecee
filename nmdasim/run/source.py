"""What an engine makes of a model, as text."""

from __future__ import annotations

from nmdasim import engines
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model


def source(model: Model | Circuit, engine: str = engines.DEFAULT) -> str:
    """Return what `engine` makes of a model, or of every cell of a circuit, as text.

    Raises
    ------
    ModelError
        If there is no such engine.
    """
    cells = {cell.digest: cell for cell in cells_of(model).values()}
    return "\n".join(engines.source(cell, engine) for cell in cells.values())
