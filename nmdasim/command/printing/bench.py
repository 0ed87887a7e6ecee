"""What ``nmdasim bench`` prints."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table

from nmdasim.quantities import brief


def as_json(result: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(result)


def show(result: dict[str, Any]) -> None:
    """Print the rows of a benchmark."""
    table = Table(*HEADINGS)
    for row in result["rows"]:
        table.add_row(*cells(row))
    console = Console()
    console.print(table)
    console.print(footnote(result), style="dim")


#: Columns of the table, here and in the documentation.
HEADINGS = (
    "work",
    "engine",
    "CPU s",
    "compile s",
    "M lane-steps / CPU s",
    "kernel is × faster",
    "same, at equal answer",
    "spikes wrong, %",
    "largest count difference",
    "lanes",
)


def cells(row: dict[str, Any]) -> list[str]:
    """Return a row of the table."""
    equal, off = row["kernel_faster_at_equal_answer"], row["distance"]
    return [
        row["work"],
        row["engine"],
        brief(row["cpu_seconds"], 3),
        brief(row["compile_seconds"], 3),
        brief(row["lane_steps_per_cpu_second"] / 1e6, 3),
        brief(row["kernel_faster_at_equal_step"], 3),
        "–" if equal is None else brief(equal, 3),
        "–" if off is None else brief(100 * off, 2),
        str(row["largest_count_difference"]),
        str(row["lanes"]),
    ]


def footnote(result: dict[str, Any]) -> str:
    """Return what measured, and what it charges for an operation."""
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    charged = ", ".join(f"{name} {brief(price, 3)}" for name, price in result["prices"].items())
    return f"{result['machine']}; {versions}. One thread. ns each in a loop of its own: {charged}."
