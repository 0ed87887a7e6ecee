"""NMODL to a library that NEURON loads: compiled once, by ``nrnivmodl`` and the system's compiler, then cached."""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from nmdasim.errors import InputError
from nmdasim.model import disk

_SUFFIXES = (".so", ".dylib", ".dll")
#: For the compiler, after its own: without what a debugger reads, a quarter faster, and a run is no slower.
_FLAGS = "-O1 -g0"


def need() -> str:
    """Return the version of NEURON.

    Raises
    ------
    InputError
        If it is not installed.
    """
    if find_spec("neuron") is None:
        raise InputError("NEURON is not installed; engine='neuron' needs the extra: pip install 'nmdasim[neuron]'")
    try:
        return version("neuron")
    except PackageNotFoundError:  # installed otherwise than as a wheel
        return "of its own"


@cache
def _compiler() -> str:
    beside = Path(sys.executable).parent
    found = shutil.which("nrnivmodl", path=str(beside)) or shutil.which("nrnivmodl")
    if found is None:
        raise InputError("nrnivmodl, which comes with NEURON, is not on the path; pip install 'nmdasim[neuron]'")
    if not any(map(shutil.which, ("g++", "clang++", "c++"))):
        raise InputError("NEURON compiles its mechanisms, and there is no C++ compiler; install g++ or clang")
    return found


def library(files: Mapping[str, str], folder: Path) -> None:
    """Put the compiled mechanisms into a folder, as ``libnrnmech``.

    Parameters
    ----------
    files
        NMODL by name of the file.
    folder
        Where a run is; the files themselves are put there too where they are compiled.
    """
    key = hashlib.sha256(repr((sorted(files.items()), need(), platform.platform(), sys.version)).encode()).hexdigest()
    where = disk.folder()
    kept = None if where is None else where / f"neuron_{key[:24]}.library"
    content = None if kept is None else disk.read(kept)
    if content is None:
        content = _compiled(files, folder)
        if kept is not None:
            disk.write(kept, content)
    (folder / "libnrnmech.so").write_bytes(content)


def _compiled(files: Mapping[str, str], folder: Path) -> bytes:
    place = folder / "mechanisms"
    place.mkdir()
    for name, text in files.items():
        (place / name).write_text(text)
    command = [_compiler(), "-incflags", _FLAGS, "."]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    found = [path for path in sorted(place.glob("*/libnrnmech*")) if path.suffix in _SUFFIXES]
    if done.returncode or not found:
        said = (done.stdout + done.stderr).strip()
        raise RuntimeError(f"nrnivmodl could not compile {', '.join(files)}:\n{said[-3000:]}")
    content = found[0].read_bytes()
    shutil.rmtree(place)
    return content
