"""Generated source to compiled functions, kept on disk.

A source is run from its text, never from a file. What Numba makes of a function that is marked as :func:`cached` lies
in the folder of :mod:`nmdasim.model.disk`, under a name that changes with the source, the types of the arguments,
the processor and the versions. What happened in this process is counted, so that tests can tell that a change of values
compiles nothing.
"""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import llvmlite
import numba
from numba.core import event
from numba.core.caching import NullCache
from numba.core.ccallback import CFunc
from numba.core.compiler import CompileResult
from numba.core.serialize import dumps

from nmdasim.engines.kernel import vmath
from nmdasim.engines.kernel.machine import MADE
from nmdasim.errors import InputError
from nmdasim.model import disk

#: Files of the kernel that generated sources import.
_IMPORTED = ("vmath.py", "loop.py")


@dataclass(frozen=True)
class Tally:
    """What this process has made ready to run so far.

    Parameters
    ----------
    sources
        Generated sources that were loaded, new or from the cache.
    compilations
        Functions that Numba compiled for some types of arguments; those from the cache on disk are not among them.
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


def tally() -> Tally:
    """Return how many sources were loaded and functions compiled since the process began."""
    return Tally(load.cache_info().misses + MADE["sources"], _COMPILATIONS.count + MADE["compilations"])


@cache
def _shared() -> bytes:
    """Return what every generated source stands on: the files that it imports, and the compiler's versions."""
    folder = Path(str(vmath.__file__)).parent
    versions = f"{numba.__version__} {llvmlite.__version__} {sys.version_info[:2]}"
    return b"".join((folder / name).read_bytes() for name in _IMPORTED) + versions.encode()


@lru_cache(256)
def load(text: str) -> ModuleType:
    """Return the module of a generated source; its functions compile on first call, or come from the cache.

    Raises
    ------
    InputError
        If Numba is told not to compile, or the cache is a folder of others.
    """
    if numba.config.DISABLE_JIT:
        raise InputError(
            "NUMBA_DISABLE_JIT is set, and the kernel runs circuits as compiled code only; unset it, or "
            "take engine='brian2'"
        )
    name = f"kernel_{hashlib.sha256(_shared() + text.encode()).hexdigest()[:20]}"
    folder = disk.folder()
    module = ModuleType(name)
    module.__file__ = str(folder / f"{name}.py") if folder else f"<{name}>"
    module.__dict__[_FOLDER] = folder
    if folder:
        disk.write_text(folder / f"{name}.py", text)
    sys.modules[name] = module
    exec(compile(text, module.__file__, "exec"), module.__dict__)
    return module


# --- what generated sources say of their functions -------------------------------------------------------------------


def cached(function: Any) -> Any:
    """Have the compiled forms of a function of a generated source kept on disk."""
    function._cache = _Cache(function.py_func)
    return function


def entry(signature: Any, **options: Any) -> Callable[[Any], Any]:
    """Compile a function of a generated source for calls by address, as ``numba.cfunc`` does, and keep it on disk."""

    def made(function: Any) -> Any:
        found: Any = CFunc(function, (signature.args, signature.return_type), {}, options)
        found._cache = _Cache(function, "_entry")
        found.compile()
        return found

    return made


#: Where a module of a generated source holds the folder in which its compiled forms are kept.
_FOLDER = "_cache_folder"


class _Cache(NullCache):  # type: ignore[misc]
    """The compiled forms of one function on disk, a file for each set of types; what Numba asks for and hands over."""

    def __init__(self, function: Any, kind: str = "") -> None:
        self.folder: Path | None = function.__globals__.get(_FOLDER)
        self.stem = f"{function.__module__}.{function.__name__}{kind}"

    @property
    def cache_path(self) -> str:
        return str(self.folder or "")

    def _file(self, folder: Path, signature: Any, codegen: Any) -> Path:
        key = hashlib.sha256(repr((signature, codegen.magic_tuple())).encode()).hexdigest()[:16]
        return folder / f"{self.stem}.{key}.bin"

    def load_overload(self, signature: Any, target_context: Any) -> CompileResult | None:
        """Return what was kept for some types, or None."""
        if self.folder is None:
            return None
        target_context.refresh()
        file = self._file(self.folder, signature, target_context.codegen())
        content = disk.read(file)
        if content is None:
            return None
        try:
            return CompileResult._rebuild(target_context, *pickle.loads(content))
        except Exception:  # a form that this Numba cannot take
            disk.discard(file)
            return None

    def save_overload(self, signature: Any, found: CompileResult) -> None:
        """Keep what was compiled, where it can be kept."""
        if self.folder is None or found.library.has_dynamic_globals or not all(x.can_cache for x in found.lifted):
            return
        with suppress(pickle.PicklingError):
            disk.write(self._file(self.folder, signature, found.codegen), dumps(found._reduce()))
