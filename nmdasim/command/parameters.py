"""The command ``nmdasim parameters``."""

from __future__ import annotations

from nmdasim.command import names
from nmdasim.command.options import Json


def parameters(model: names.ModelName, json: Json = False) -> None:
    """List the parameters of a model with unit, source and standing.

    Examples
    --------
    - `nmdasim parameters wdr`
    - `nmdasim parameters delrocq2023 --json`
    """
    from nmdasim.command.printing import parameters as printing

    chosen = names.model(model)
    print(printing.as_json(chosen)) if json else printing.show(chosen)
