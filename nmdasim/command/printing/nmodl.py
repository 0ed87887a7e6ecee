"""What ``nmdasim check-nmodl`` prints."""

from __future__ import annotations

import json as text

from nmdasim.exchange.nmodl.check import Checked
from nmdasim.exchange.nmodl.compare import Difference
from nmdasim.exchange.nmodl.simulator import compiler
from nmdasim.quantities import brief


def answer(checked: Checked, json: bool) -> None:
    """Print what became of the files of a folder, as JSON or as a table."""
    if json:
        print(text.dumps(_object(checked)))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table("file", "what becomes of it")
    for name in checked.loaded:
        table.add_row(name, _said(checked, name))
    for one in checked.refused:
        table.add_row(one.file, f"refused{f', line {one.line}' if one.line else ''}: {one.reason}")
    console = Console()
    console.print(table, markup=False)
    count, loaded, agree = len(checked.files), len(checked.loaded), len(checked.agree)
    known = f"{agree} of {loaded} agree with NEURON" if compiler() else "NEURON is not installed: nothing is compared"
    console.print(f"{loaded} of {count} files load; {known}.", markup=False)


def _said(checked: Checked, name: str) -> str:
    found = checked.compared.get(name)
    if found is None:
        return "loads"
    if isinstance(found, Difference):
        how = "agrees with NEURON" if found.agrees else "differs from NEURON"
        return f"{how}: {brief(found.relative, 1)} of the largest {', '.join(found.compared)}"
    return f"loads; not compared: {found}"


def _object(checked: Checked) -> dict[str, object]:
    found = checked.compared.items()
    return {
        "files": len(checked.files),
        "loaded": len(checked.loaded),
        "agree": len(checked.agree) if compiler() else None,
        "refused": [{"file": r.file, "line": r.line, "reason": r.reason} for r in checked.refused],
        "differences": {name: d.relative for name, d in found if isinstance(d, Difference)},
        "not_compared": {name: str(d) for name, d in found if not isinstance(d, Difference)},
    }
