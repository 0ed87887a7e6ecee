"""One identity for whatever moves a number: a digest of nested values, exact to the last bit.

Models, circuits, plans, results and sweeps all use this one.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions


def digest(value: Any) -> str:
    """Return 16 hexadecimal digits that change with any number, name or text in `value`.

    Parameters
    ----------
    value
        Numbers, texts, quantities, arrays, and mappings, sequences and dataclasses of them. The order of a mapping
        does not matter; what has a ``digest`` of its own stands for itself by it.
    """
    h = hashlib.sha256()
    _feed(h.update, value)
    return h.hexdigest()[:16]


def _feed(put: Callable[[bytes], object], value: Any) -> None:
    """Hand on bytes from which the value could be told: its kind, its size, its content."""
    if isinstance(own := getattr(value, "digest", None), str):
        put(b"digest " + own.encode())
    elif isinstance(value, np.ndarray | np.generic | Quantity | float):  # a plain Quantity is pickled as a float
        array = np.ascontiguousarray(value)
        put(f"array {array.dtype.str if array.dtype != object else array.tolist()} {array.shape} ".encode())
        put(f"{get_dimensions(value)!r} ".encode() + (array.tobytes() if array.dtype != object else b""))
    elif isinstance(value, Mapping):
        put(f"mapping {len(value)} ".encode())
        for key in sorted(value, key=str):
            _feed(put, str(key))
            _feed(put, value[key])
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        put(f"{type(value).__name__} ".encode())
        _feed(put, {one.name: getattr(value, one.name) for one in dataclasses.fields(value)})
    elif isinstance(value, str | bytes):
        content = value.encode() if isinstance(value, str) else value
        put(f"text {len(content)} ".encode() + content)
    elif isinstance(value, frozenset | set):
        _feed(put, sorted(value, key=str))
    elif isinstance(value, Iterable):
        parts = list(value)
        put(f"sequence {len(parts)} ".encode())
        for part in parts:
            _feed(put, part)
    else:
        put(f"{type(value).__name__} {value!r} ".encode())


@cache
def versions() -> dict[str, str]:
    """Return what else moves a number: versions of the libraries that run a plan, and a hash of this one's source."""
    found = {name: _version(name) for name in ("nmdasim", "numpy", "llvmlite", "scipy", "sympy", "brian2")}
    return found | {"source": _source()}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _source() -> str:
    """Return a digest of the package's own files."""
    h = hashlib.sha256()
    root = files("nmdasim")
    stack = [("", root)]
    found: dict[str, bytes] = {}
    while stack:
        prefix, folder = stack.pop()
        for entry in folder.iterdir():
            if entry.is_dir() and entry.name != "__pycache__":
                stack.append((f"{prefix}{entry.name}/", entry))
            elif entry.name.endswith((".py", ".toml", ".bib")):
                found[prefix + entry.name] = entry.read_bytes()
    for name in sorted(found):
        h.update(name.encode() + found[name])
    return h.hexdigest()[:16]
