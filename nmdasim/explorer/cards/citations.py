"""References in a line each, for the page."""

from __future__ import annotations

import re

from bibtexparser.latexenc import latex_to_unicode

from nmdasim.parameters import bibliography


def references() -> dict[str, str]:
    """Return author, year and title of every entry of the bibliography, by key."""
    return {key: _line(entry) for key, entry in sorted(bibliography().items())}


def _line(entry: str) -> str:
    fields = dict(re.findall(r"^\s*(\w+) = \{(.*)\},?$", entry, flags=re.MULTILINE))
    plain = {name: _plain(text) for name, text in fields.items()}
    authors = plain.get("author", "").split(" and ")
    family = authors[0].partition(",")[0] + (" et al." if len(authors) > 1 else "")
    where = plain.get("journal") or plain.get("publisher") or plain.get("note", "")
    parts = (family, plain.get("year", ""), plain.get("title", ""), where)
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _plain(text: str) -> str:
    """Return LaTeX as plain text."""
    return re.sub(r"[{}\\]", "", latex_to_unicode(text)).replace("--", "–")
