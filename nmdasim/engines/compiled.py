"""Generated source to compiled functions, kept on disk.

Numba caches what lives in a file, not what was passed to ``exec``: each source is written to a file named by its hash,
and its compiled form lies beside it. What happened in this process is counted, so that tests can tell that a change of
values compiles nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType

import numba
import platformdirs
from numba.core import event

from nmdasim.engines.kernel import vmath

#: Files of the kernel that generated sources import.
_IMPORTED = ("vmath.py", "loop.py")


@cache
def folder() -> Path:
    """Return the folder of generated sources: ``$NMDASIM_CACHE``, or ``nmdasim`` in the user's cache folder."""
    chosen = Path(os.environ.get("NMDASIM_CACHE") or platformdirs.user_cache_dir("nmdasim", appauthor=False))
    try:
        chosen.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=chosen):
            return chosen
    except OSError:  # a read-only home: compile anew in every process
        return Path(tempfile.mkdtemp(prefix="nmdasim-"))


@dataclass(frozen=True)
class Tally:
    """What this process has made ready to run so far.

    Parameters
    ----------
    sources
        Generated sources that were loaded, new or from the cache.
    compilations
        Functions that Numba compiled for some types of arguments; those from its cache on disk are not among them.
    """

    sources: int
    compilations: int


class _Compilations(event.Listener):
    """Counts what Numba compiles, of generated code and else."""

    def __init__(self) -> None:
        self.count = 0

    def on_start(self, event: event.Event) -> None:
        self.count += 1

    def on_end(self, event: event.Event) -> None:
        pass


_COMPILATIONS = _Compilations()
event.register("numba:compile", _COMPILATIONS)


#: What was loaded and compiled without Numba.
OTHERWISE: Counter[str] = Counter()


def tally() -> Tally:
    """Return how many sources were loaded and functions compiled since the process began."""
    return Tally(load.cache_info().misses + OTHERWISE["sources"], _COMPILATIONS.count + OTHERWISE["compilations"])


def keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, whoever else writes it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as stream:
        stream.write(content)
    Path(stream.name).replace(path)


@cache
def _shared() -> bytes:
    """Return what every generated source stands on: the files that it imports, and Numba's version."""
    folder = Path(str(vmath.__file__)).parent
    return b"".join((folder / name).read_bytes() for name in _IMPORTED) + numba.__version__.encode()


@lru_cache(256)
def load(text: str) -> ModuleType:
    """Return the module of a generated source; its functions compile on first call, or come from the cache."""
    name = f"kernel_{hashlib.sha256(_shared() + text.encode()).hexdigest()[:20]}"
    path = folder() / f"{name}.py"
    if not path.exists():
        keep(path, text.encode())
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
