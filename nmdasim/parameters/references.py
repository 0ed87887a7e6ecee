"""The BibTeX entries behind the parameters."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from nmdasim.model import registry

_ENTRY = re.compile(r"@\w+\{(\w+),.*?^\}", re.DOTALL | re.MULTILINE)


@cache
def bibliography() -> dict[str, str]:
    """Return every BibTeX entry by key: those beside the tables of installed plug-ins, and the library's own."""
    folders = [*registry.folders(), files("nmdasim") / "parameters"]
    texts = [file.read_text("utf-8") for folder in folders for file in folder.iterdir() if file.name.endswith(".bib")]
    return {match[1]: match[0] for text in texts for match in _ENTRY.finditer(text)}
