"""The folder on disk in which generated sources and their compiled forms are kept, and how its files are believed.

What lies there is run. So the folder is the user's own, closed to everybody else; a file in it counts only if it is a
plain file of the same user and its content has the checksum that it begins with. Anything else, such as a file that was
cut off, is taken away and made anew. Where nothing can be written nothing is kept, and every process compiles.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from contextlib import suppress
from functools import cache
from pathlib import Path

import platformdirs

from nmdasim.errors import InputError

_HEAD = b"nmdasim cache 1\n"
#: What another user could do to a folder: write into it.
_OPEN = stat.S_IWGRP | stat.S_IWOTH
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@cache
def folder() -> Path | None:
    """Return the folder: ``$NMDASIM_CACHE``, or ``nmdasim`` in the user's cache folder; None where none can be made.

    Raises
    ------
    InputError
        If it is no folder, belongs to another user, or others may write into it: what lies there is run.
    """
    named = os.environ.get("NMDASIM_CACHE")
    chosen = Path(named or platformdirs.user_cache_dir("nmdasim", appauthor=False))
    try:
        chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = chosen.stat()
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"cache {chosen}: is no folder; set NMDASIM_CACHE to a folder of your own") from None
    except (OSError, ValueError):  # a read-only home
        return None
    if hasattr(os, "geteuid"):
        _check_owner(chosen, found)
        if found.st_mode & 0o077:
            with suppress(OSError):
                chosen.chmod(0o700)
    return chosen if os.access(chosen, os.W_OK | os.X_OK) else None


def _check_owner(chosen: Path, found: os.stat_result) -> None:
    """Refuse a folder into which others may put what this user would run."""
    whose = "belongs to another user" if found.st_uid != os.geteuid() else ""
    if whose or found.st_mode & _OPEN:
        raise InputError(
            f"cache {chosen}: {whose or 'others may write into it'}, and what lies in a cache is run; set "
            "NMDASIM_CACHE to a folder of your own, or close this one (chmod 700)"
        )


def read(path: Path) -> bytes | None:
    """Return what was written to a file, or None; a file that is not as it was written is taken away."""
    if not os.path.lexists(path):
        return None
    content = _content(path)
    checksum, found = content[len(_HEAD) : len(_HEAD) + 32], content[len(_HEAD) + 32 :]
    if content.startswith(_HEAD) and hashlib.sha256(found).digest() == checksum:
        return found
    discard(path)
    return None


def _content(path: Path) -> bytes:
    """Return the content of a plain file that nobody else could have written; of anything else nothing."""
    with suppress(OSError):  # as for a link, or what cannot be opened
        descriptor = os.open(path, _READ)
        if not _is_own(os.fstat(descriptor)):
            os.close(descriptor)
            return b""
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read()
    return b""


def _is_own(found: os.stat_result) -> bool:
    """Whether a file is a plain one that nobody else could have written."""
    mine = not hasattr(os, "geteuid") or (found.st_uid == os.geteuid() and not found.st_mode & _OPEN)
    return stat.S_ISREG(found.st_mode) and mine


def write(path: Path, content: bytes) -> None:
    """Put content under its checksum into a file, whole or, as on a full disk, not at all."""
    _put(path, _HEAD + hashlib.sha256(content).digest() + content)


def write_text(path: Path, text: str) -> None:
    """Put a source into a file, for people and tracebacks to read, where another one lies or none."""
    content = text.encode()
    if _content(path) != content:
        _put(path, content)


def _put(path: Path, content: bytes) -> None:
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
        if path.is_dir() and not path.is_symlink():
            discard(path)
        draft.replace(path)
    except OSError:
        discard(draft)


def discard(path: Path) -> None:
    """Take away whatever has this name."""
    with suppress(OSError):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
