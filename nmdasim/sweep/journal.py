"""The journal of a store: one line a finished chunk, with size and checksum of every file. It alone is believed."""

from __future__ import annotations

import json
import logging
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nmdasim.sweep import inside
from nmdasim.sweep.specification import Sweep

_LOG = logging.getLogger("nmdasim")
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
    with inside.grown(store / OWN / JOURNAL) as journal:
        content = entry.encode() + b"\n"
        while content:  # a disk that is nearly full takes part of a line
            content = content[os.write(journal, content) :]
        os.fsync(journal)


def is_sound(entry: Mapping[str, Any], sweep: Sweep) -> bool:
    """Whether an entry speaks of a chunk of this sweep, of all its lanes and all its files."""
    number, files = entry["chunk"], entry.get("files")
    if type(number) is not int or not 0 <= number < sweep.chunks or not isinstance(files, dict):
        return False
    lanes = math.prod(part.stop - part.start for part in sweep.region(number).values())
    failed, errors = entry.get("failed"), entry.get("errors")
    told = isinstance(errors, list) and all(isinstance(text, str) for text in errors)
    told = told and type(failed) is int and 0 <= failed <= lanes
    pairs = all(is_sums(sums) for sums in files.values())
    return told and pairs and entry.get("lanes") == lanes and set(files) == {*sweep.readouts, "status"}


def is_sums(sums: Any) -> bool:
    """Whether something is the size and checksum of a file."""
    return isinstance(sums, list) and len(sums) == 2 and all(type(number) is int and number >= 0 for number in sums)


def entries_of(store: Path, *, mend: bool = False) -> dict[int, Any]:
    """Read the journal, the last entry of each chunk; cut off a last line that was torn.

    A line that is damaged vouches for nothing, and is said by the logger ``nmdasim`` where the journal is mended.
    """
    path = store / OWN / JOURNAL
    content = inside.content_of(path) or b""
    whole = content[: content.rfind(b"\n") + 1]
    if mend and len(whole) < len(content):
        with inside.grown(path) as journal:
            os.ftruncate(journal, len(whole))
    entries, damaged = {}, []
    for number, line in enumerate(whole.splitlines(), 1):
        try:
            entry = inside.parsed(line)
            entries[int(entry["chunk"])] = entry
        except (ValueError, KeyError, TypeError, OverflowError):
            damaged.append(number)
    if mend and damaged:
        _LOG.warning("%s: line %s is damaged and vouches for nothing", path, ", ".join(map(str, damaged[:5])))
    return entries


def stands(path: Path, size: int, crc: int) -> bool:
    """Whether a file is as it was when it was written."""
    content = inside.content_of(path, size)
    return content is not None and sums_of(content) == (size, crc)


def failures(store: str | Path) -> dict[int, list[str]]:
    """Return what went wrong, by number of the chunk.

    Parameters
    ----------
    store
        Path of a sweep's store.
    """
    entries: Mapping[int, Any] = entries_of(Path(store))
    told = ((number, entry.get("errors")) for number, entry in sorted(entries.items()))
    return {number: [str(text) for text in errors] for number, errors in told if isinstance(errors, list) and errors}
