"""The BibTeX entries behind the parameters: the library's, and those of files that a user has loaded."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path

from bibtexparser.bibdatabase import BibDatabase
from bibtexparser.bparser import BibTexParser
from bibtexparser.bwriter import BibTexWriter

from nmdasim.errors import InputError
from nmdasim.model import registry

_LOADED: dict[str, str] = {}  # entries of files that this process has read
_NO_ENTRY = ("@comment", "@string", "@preamble")


def bibliography(path: str | PathLike[str] | None = None) -> dict[str, str]:
    """Return BibTeX entries by key.

    Parameters
    ----------
    path
        A BibTeX file of your own: its entries are returned, and :func:`nmdasim.citations` finds them from then on.
        Without it every entry of the library and of the files read so far is returned.

    Raises
    ------
    InputError
        If the file cannot be read or holds no entry, or an entry has a key that stands for another one here.
    """
    if path is None:
        return _library() | _LOADED
    file = Path(fspath(path))
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the bibliography cannot be read ({error})") from None
    found = _entries(text)
    if damaged := [key for key in _announced(text) if key not in found]:
        raise InputError(f"{file}: the entry {damaged[0]!r} cannot be read; check its braces and commas")
    if not found:
        raise InputError(f"{file}: there is no BibTeX entry, such as @article{{key, title = {{…}}}}")
    for key, entry in found.items():
        if bibliography().get(key, entry) != entry:
            raise InputError(f"{file} {key}: this key stands for another entry already; give yours another one")
    _LOADED.update(found)
    return found


@cache
def _library() -> dict[str, str]:
    """Return the entries of the library, and those beside the tables of installed plug-ins."""
    folders = [*registry.folders(), files("nmdasim") / "parameters"]
    texts = [file.read_text("utf-8") for folder in folders for file in folder.iterdir() if file.name.endswith(".bib")]
    return {key: entry for text in texts for key, entry in _entries(text).items()}


def _entries(text: str) -> dict[str, str]:
    parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, interpolate_strings=False)
    return {entry["ID"]: _written(entry) for entry in parser.parse(text).entries}


def _announced(text: str) -> list[str]:
    """Return the key of every entry that a file begins."""
    begun = (line.strip().partition("{") for line in text.splitlines() if line.lstrip().startswith("@"))
    return [key.strip().rstrip(",") for kind, _, key in begun if kind.strip().lower() not in _NO_ENTRY]


def _written(entry: dict[str, str]) -> str:
    writer = BibTexWriter()
    writer.indent = "  "
    database = BibDatabase()
    database.entries = [entry]
    return str(writer.write(database)).strip()
