"""What ``nmdasim parameters`` prints."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from nmdasim import quantities
from nmdasim.command.printing.tables import NARROW
from nmdasim.model.circuit import Circuit, owners_of
from nmdasim.model.model import Model


def rows(model: Model | Circuit) -> list[dict[str, Any]]:
    """Return one record per parameter: name, value, unit, source, kind, status, description.

    Of a circuit also the numbers that it was built from, their section in place of a population.
    """
    cells = {name: cell.parameters for name, cell in owners_of(model).items()}
    built = model.numbers if isinstance(model, Circuit) else {}
    return [
        {
            "population": population,
            "name": name,
            "value": float(p.number),
            "unit": quantities.pretty(p.unit),
            "bounds": list(p.bounds) if p.bounds else None,
            "source": p.source,
            "kind": p.kind,
            "status": p.status,
            "description": p.description,
        }
        for population, parameters in (*built.items(), *cells.items())
        for name, p in parameters.items()
    ]


def as_json(model: Model | Circuit) -> str:
    """Return the JSON object."""
    return json.dumps({"model": model.name, "parameters": rows(model)})


def show(model: Model | Circuit) -> None:
    """Print the parameters of a model as a table, of a circuit as one for each population."""
    found = rows(model)
    keys = ("name", "value", "unit", "source", "kind", "status", "description")
    for population in dict.fromkeys(row["population"] for row in found):
        columns = (Column(key, overflow="fold", no_wrap=key in ("name", "source")) for key in keys)
        table = Table(*columns, title=population or None, **NARROW)
        for row in found:
            if row["population"] == population:
                cells = [f"{row[key]:.6g}" if key == "value" else row[key] for key in keys]
                table.add_row(*cells, style="yellow" if row["status"] == "unverified" else None)
        Console().print(table)
