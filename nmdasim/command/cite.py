"""The command ``nmdasim cite``."""

from __future__ import annotations

from nmdasim.command import names


def cite(model: names.ModelName) -> None:
    """Print the BibTeX of a model and its parameters.

    Example: `nmdasim cite wdr > references.bib`
    """
    from nmdasim.readout.citations import citations

    print(citations(names.model(model)))
