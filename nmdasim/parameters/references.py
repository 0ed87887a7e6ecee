"""The BibTeX entries behind the parameters."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_ENTRY = re.compile(r"@\w+\{(\w+),.*?^\}", re.DOTALL | re.MULTILINE)


@cache
def bibliography() -> dict[str, str]:
    """Return every BibTeX entry of the library by key."""
    folder = files("nmdasim") / "parameters"
    texts = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".bib")]
    return {match[1]: match[0] for text in sorted(texts) for match in _ENTRY.finditer(text)}
