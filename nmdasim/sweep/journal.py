"""The journal of a store: one line a finished chunk, with size and checksum of every file. It alone is believed."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmdasim.sweep.specification import Sweep

#: Where the journal, the lock, the specification and drafts are, out of the way of readers.
OWN = ".sweep"
JOURNAL = "journal.jsonl"
#: So much of what went wrong is kept for each chunk.
_MOST_ERRORS, _LONGEST_ERROR = 20, 400


def sums_of(content: bytes) -> tuple[int, int]:
    """Return the size and checksum of a file's content."""
    return len(content), zlib.crc32(content)


def line(number: int, lanes: int, failed: int, errors: Sequence[str], files: Mapping[str, tuple[int, int]]) -> str:
    """Return the entry of a finished chunk: its lanes, what went wrong, size and checksum of every file."""
    told = [text[:_LONGEST_ERROR] for text in errors[:_MOST_ERRORS]]
    return json.dumps({"chunk": number, "lanes": lanes, "failed": failed, "errors": told, "files": files})


def append(store: Path, entry: str) -> None:
    """Append one line and have it on the disk before going on."""
    with (store / OWN / JOURNAL).open("ab") as stream:
        stream.write(entry.encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())


def is_sound(entry: Mapping[str, Any], sweep: Sweep) -> bool:
    """Whether an entry speaks of a chunk of this sweep, of all its lanes and all its files."""
    number, files = entry["chunk"], entry.get("files")
    if type(number) is not int or not 0 <= number < sweep.chunks or not isinstance(files, dict):
        return False
    lanes = math.prod(part.stop - part.start for part in sweep.region(number).values())
    whole = isinstance(entry.get("failed"), int) and isinstance(entry.get("errors"), list)
    pairs = all(isinstance(sums, list) and len(sums) == len(("size", "crc")) for sums in files.values())
    return whole and pairs and entry.get("lanes") == lanes and set(files) == {*sweep.readouts, "status"}


def entries_of(store: Path, *, mend: bool = False) -> dict[int, Any]:
    """Read the journal, the last entry of each chunk; cut off a last line that was torn."""
    path = store / OWN / JOURNAL
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if mend and len(whole) < len(content):
        os.truncate(path, len(whole))
    entries = {}
    for line in whole.splitlines():
        try:
            entry = json.loads(line)
            entries[int(entry["chunk"])] = entry
        except (ValueError, KeyError, TypeError):  # a damaged line vouches for nothing
            continue
    return entries


def stands(path: Path, size: int, crc: int) -> bool:
    """Whether a file is as it was when it was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return sums_of(content) == (size, crc)


def failures(store: str | Path) -> dict[int, list[str]]:
    """Return what went wrong, by number of the chunk.

    Parameters
    ----------
    store
        Path of a sweep's store.
    """
    entries: Mapping[int, Any] = entries_of(Path(store))
    return {number: list(entry["errors"]) for number, entry in sorted(entries.items()) if entry.get("errors")}
