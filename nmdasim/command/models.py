"""The command ``nmdasim models``."""

from __future__ import annotations

import sys

from nmdasim.command import names
from nmdasim.errors import PluginError


def models() -> None:
    """List the neurons and circuits there are, those of installed plug-ins included.

    Example: `nmdasim models`
    """
    from rich.console import Console
    from rich.table import Table

    table = Table("model", "what it is", "default dt", "references")
    for name, build in names.catalogue().items():
        try:
            made = build()
        except PluginError as error:
            print(f"nmdasim: {error}", file=sys.stderr)
            continue
        table.add_row(name, made.description, str(made.dt), ", ".join(made.references))
    Console().print(table)
