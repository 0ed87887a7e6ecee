"""The command ``nmdasim source``."""

from __future__ import annotations

from nmdasim.command import names


def source(model: names.ModelName, engine: names.EngineName = "") -> None:
    """Print what an engine makes of a model.

    Examples
    --------
    - `nmdasim source wdr`
    - `nmdasim source wdr --engine brian2`
    - `nmdasim source wdr --engine neuron`
    """
    from nmdasim import engines
    from nmdasim.run.source import source as rendered

    print(rendered(names.model(model), engine or engines.DEFAULT))
