"""Reading and writing inside a store, which is data: whatever lies there, nothing outside is written, nothing is run.

A link is never followed, a file that has another name elsewhere never written into, and what is read is a plain file.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

from nmdasim.errors import InputError

_NOT_A_LINK = getattr(os, "O_NOFOLLOW", 0)
#: The largest table of a store's own, far above any that is written.
_LARGEST = 1 << 28


def content_of(path: Path, size: int | None = None) -> bytes | None:
    """Return what a plain file holds, of the `size` that is said; None of anything else."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _NOT_A_LINK | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError):
        return None
    found = os.fstat(descriptor)
    fits = found.st_size <= _LARGEST if size is None else found.st_size == size
    if not stat.S_ISREG(found.st_mode) or not fits:
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def parsed(text: bytes | str) -> Any:
    """Return what JSON says; numbers are finite.

    Raises
    ------
    InputError
        If it holds what is no JSON number, or is nested deeper than can be read; of other text ``json``'s own error,
        a ValueError too.
    """
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise InputError("nested too deeply") from None


def _refuse(word: str) -> NoReturn:
    raise InputError(f"{word} is no number")


def put(folder: Path, name: str, content: bytes, to: Path | None = None) -> None:
    """Write a file anew and have it on the disk; by way of a draft beside it, or of one in `folder` that moves `to`.

    Raises
    ------
    OSError
        If it cannot be written, or a folder is a link.
    """
    with _opened(folder) as here:
        draft = f"{name}.draft"
        with suppress(FileNotFoundError):
            os.unlink(draft, dir_fd=here)
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOT_A_LINK, 0o666, dir_fd=here)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            with _opened(to.parent if to else folder) as there:
                os.replace(draft, to.name if to else name, src_dir_fd=here, dst_dir_fd=there)
        except BaseException:
            with suppress(OSError):
                os.unlink(draft, dir_fd=here)
            raise


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NOT_A_LINK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def grown(path: Path) -> Iterator[int]:
    """Open a plain file that has no other name, to be appended to or cut off.

    Raises
    ------
    OSError
        If it is something else.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NOT_A_LINK, 0o666)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
            raise OSError(0, "it has another name elsewhere, or is no file")
        yield descriptor
    finally:
        os.close(descriptor)


def leads_out(path: Path) -> bool:
    """Whether a name is a link, or a file that has another name too: writing to it would write elsewhere."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISLNK(found.st_mode) or (not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1)
