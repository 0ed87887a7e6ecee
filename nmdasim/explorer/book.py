"""Everything that the page is told, as one JSON text, the same on every machine."""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.explorer.cards import circuit, equations, kinetics, neurons, receptors, treatment
from nmdasim.explorer.cards.citations import references


def book() -> dict[str, Any]:
    """Return the cards of the library's own page."""
    return {
        "version": version("nmdasim"),
        "disclaimer": DISCLAIMER,
        "references": references(),
        "equations": equations.by_panel(),
        "kinetics": kinetics.card(),
        "receptors": receptors.card(),
        "treatment": treatment.card(),
        "windup": neurons.card(),
        "circuit": circuit.card(),
    }


def as_text(cards: Any) -> str:
    """Return JSON as it may stand inside a script of a page: nothing in it ends the script."""
    return (
        json.dumps(cards, separators=(",", ":"), ensure_ascii=False).replace("</", "<\\/").replace("<!--", "<\\u0021--")
    )
