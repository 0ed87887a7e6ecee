"""What is made of a model's structure, as text on disk: found there by all that it depends on, or made anew.

Making it takes all of SymPy and Brian2; what the same sources and versions made once they would make again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from typing import Any

from nmdasim.errors import InputError
from nmdasim.model import disk
from nmdasim.model.identity import versions


def text(kind: str, of: Any, make: Callable[[], str]) -> str:
    """Return a text that depends on `of`, on the library's sources and on versions alone: the one kept, or made now.

    Parameters
    ----------
    kind
        What it is; its file is named for it.
    of
        Texts, numbers and collections of them, written before the text in its file and compared with what is there.
    make
        Returns it; what this raises is raised, and nothing kept.
    """
    key = json.dumps([of, versions()], default=_listed).encode() + b"\n"
    folder = _folder()
    file = folder / f"{kind}_{hashlib.sha256(key).hexdigest()[:20]}.txt" if folder else None
    found = disk.read(file) if file else None
    if found is not None and found.startswith(key):
        return found[len(key) :].decode()
    made = make()
    if file:
        disk.write(file, key + made.encode())
    return made


def _folder() -> Any:
    """Return where texts are kept; a folder that cannot be believed is refused where something in it is to be run."""
    try:
        return disk.folder()
    except InputError:
        return None


def _listed(value: Collection[Any]) -> list[Any]:
    """Return a set in an order of its own."""
    return sorted(value)
