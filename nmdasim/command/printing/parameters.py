"""What ``nmdasim parameters`` prints."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from nmdasim import quantities
from nmdasim.command.printing.tables import NARROW
from nmdasim.model.circuit import Circuit, owners_of
from nmdasim.model.model import Model
from nmdasim.model.parameter import Parameter
from nmdasim.parameters import ledger
from nmdasim.quantities import brief


def rows(model: Model | Circuit) -> list[dict[str, Any]]:
    """Return one record per parameter: name, value, unit, source, kind, status, description.

    Of a circuit also the numbers that it was built from, their section in place of a population.
    """
    cells = {name: cell.parameters for name, cell in owners_of(model).items()}
    built = model.numbers if isinstance(model, Circuit) else {}
    sections = (*built.items(), *cells.items())
    return [_row(population, name, p) for population, parameters in sections for name, p in parameters.items()]


def every() -> list[dict[str, Any]]:
    """Return one record for every number of the library's tables, its table and section in place of a population."""
    return [_row(section, name, p) for section, name, p in ledger.numbers()]


def _row(population: str, name: str, p: Parameter) -> dict[str, Any]:
    return {
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


def as_json(model: str, found: Sequence[Mapping[str, Any]]) -> str:
    """Return the JSON object; `model` is empty for the whole library."""
    return json.dumps({"model": model, "parameters": list(found)})


def show(found: Sequence[Mapping[str, Any]], model: str = "", status: str = "") -> None:
    """Print parameters as a table, one for each population or section."""
    if not found:
        print(f"No parameter{f' of {model}' if model else ''} is {status}.")
    heads = ("name", "value", "unit", "source", "kind, status", "description")
    for population in dict.fromkeys(row["population"] for row in found):
        columns = (Column(head, overflow="fold", no_wrap=head in ("name", "source")) for head in heads)
        table = Table(*columns, title=population or None, **NARROW)
        for row in found:
            if row["population"] == population:
                standing = f"{row['kind']}, {row['status']}"
                cells = row["name"], brief(row["value"], 6), row["unit"], row["source"], standing, row["description"]
                table.add_row(*cells, style="yellow" if row["status"] == "recalled" else None)
        Console().print(table)
