"""What ``nmdasim bench`` prints."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.table import Table


def as_json(result: dict[str, Any]) -> str:
    """Return the JSON object."""
    return json.dumps(result)


def show(result: dict[str, Any]) -> None:
    """Print the rows of a benchmark."""
    table = Table(
        "work",
        "engine",
        "CPU s",
        "compile s",
        "M lane-steps / CPU s",
        "kernel is × faster",
        "largest count difference",
        "lanes that differ by more than 1",
    )
    for row in result["rows"]:
        rate = row["lane_steps_per_cpu_second"] / 1e6
        cells = [
            f"{row['cpu_seconds']:.3g}",
            f"{row['compile_seconds']:.3g}",
            f"{rate:.3g}",
            f"{1 / row['ratio_to_kernel']:.3g}",
        ]
        differ = f"{row['lanes_that_differ']} of {row['lanes']}"
        table.add_row(row["work"], row["engine"], *cells, str(row["max_count_difference"]), differ)
    console = Console()
    console.print(table)
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    console.print(f"{result['machine']}; {versions}. One thread.", style="dim")
