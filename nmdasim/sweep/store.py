"""The store of a sweep: a Zarr group that xarray opens, a journal of what is finished, and a lock.

The layout, with coordinates and provenance, is written once, under another name, and then given its own. Each chunk is
one file per read-out, written under another name, synced and renamed; then one line of the journal, with the size and
checksum of every file. What the journal does not vouch for is run again.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import xarray as xr
from filelock import FileLock, Timeout

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import NmdasimError, need
from nmdasim.model.identity import versions
from nmdasim.run.axes import labelled, shown
from nmdasim.sweep import inside
from nmdasim.sweep.chunks import FAILED, MISSING, Chunk
from nmdasim.sweep.identity import VERSION, neighbours
from nmdasim.sweep.journal import JOURNAL, OWN, append, entries_of, is_sound, is_sums, line, stands, sums_of
from nmdasim.sweep.specification import Sweep

_STATUS = {
    "long_name": "1 done, 0 failed; missing where it has not been run",
    "flag_values": [0, 1],
    "flag_meanings": "failed done",
}


class StoreError(NmdasimError):
    """A store that cannot be used as asked; the message says what to do."""


@dataclass(eq=False)
class Store:
    """An opened store: its folder, the sweep it belongs to, and what is finished (the one piece of shared state)."""

    path: Path
    sweep: Sweep
    done: dict[int, int] = field(default_factory=dict)
    failed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[int]:
        """Chunks that are still to be run."""
        return [k for k in range(self.sweep.chunks) if k not in self.done]

    @property
    def lanes(self) -> int:
        """Lanes that are finished."""
        return sum(self.done.values())

    @property
    def kept(self) -> str:
        """What the journal vouches for, read anew: an interruption may have come between its line and our count."""
        return f"{len(entries_of(self.path)):,} of {self.sweep.chunks:,} chunks"

    def write(self, number: int, chunk: Chunk) -> None:
        """Put a finished chunk into the store, whole or not at all.

        Raises
        ------
        StoreError
            If it cannot be written, as on a full disk; what was finished before stands.
        """
        try:
            sums = {name: self._put(name, number, table) for name, table in chunk.values.items()}
            sums["status"] = self._put("status", number, chunk.status)
            failed = int(np.sum(chunk.status == FAILED))
            append(self.path, line(number, chunk.status.size, failed, chunk.errors, sums))
        except OSError as error:
            raise StoreError(
                f"{self.path}: chunk {number} cannot be written ({error.strerror}); {len(self.done):,} of "
                f"{self.sweep.chunks:,} chunks are finished and kept: make room, then resume"
            ) from None
        self.done[number] = chunk.status.size
        self.failed += failed

    def file(self, name: str, number: int) -> Path:
        """Return the file of one chunk of one array."""
        last = [0] if name != "status" and self.sweep.per_pulse(name) else []
        return self.path / name / ".".join(map(str, [*self.sweep.place(number), *last]))

    def _put(self, name: str, number: int, table: np.ndarray) -> tuple[int, int]:
        """Write one chunk of one array; return its size and checksum."""
        shape, dtype, fill = _layout(self.sweep, name)
        full = np.full(shape, fill, dtype)
        full[tuple(slice(0, size) for size in table.shape)] = table
        content = bytes(_codec().encode(full))
        inside.put(self.path / OWN, name, content, self.file(name, number))
        return sums_of(content)


def _codec() -> Any:
    return need("numcodecs", "sweep").Blosc(cname="zstd", clevel=3, shuffle=1)


def _layout(sweep: Sweep, name: str) -> tuple[tuple[int, ...], str, float]:
    """Return the shape of a chunk of an array, its type, and what stands for a missing value."""
    shape = tuple(sweep.piece.values())
    if name == "status":
        return shape, "|u1", MISSING
    return (*shape, sweep.pulses) if sweep.per_pulse(name) else shape, "<f8", np.nan


# --- opening ---------------------------------------------------------------------------------------------------------


@contextmanager
def open_store(path: Path, sweep: Sweep, pilot: xr.Dataset | None, *, resume: bool) -> Iterator[Store]:
    """Make or resume the store of a sweep, and hold it alone until the end.

    Parameters
    ----------
    path
        Folder of the store.
    sweep
        What it is for.
    pilot
        Read-outs of a few lanes, for units and provenance; needed to make a store.
    resume
        Whether the store may be there already.

    Raises
    ------
    StoreError
        If it is there and was not to be resumed, belongs to another sweep, is no store, or is in use.
    """
    check(path, sweep, resume=resume)
    if not path.exists():
        assert pilot is not None
        _make(path, sweep, pilot)
    _check_links(path, sweep)
    with _locked(path):
        check(path, sweep, resume=True)  # another process may have made it in the meantime, for another sweep
        _check_layout(path)
        store = Store(path, sweep)
        _read_journal(store)
        yield store


def check(path: Path, sweep: Sweep, *, resume: bool) -> None:
    """Refuse a path that is not free for a new store, or whose store is not to be resumed by this sweep."""
    need("zarr", "sweep")
    try:
        if not path.exists():
            return
    except OSError as error:
        raise StoreError(f"{path}: is no path of a store ({error.strerror})") from None
    identity = path / OWN / "identity.json"
    if not identity.is_file() or inside.leads_out(path / OWN):
        raise StoreError(f"{path} exists and is no store of a sweep; give a path that is free")
    if not resume:
        raise StoreError(f"{path} exists; --resume (resume=True) finishes it, or give a path that is free")
    made_by = _table_of(identity)
    if not all(isinstance(text, str) for text in made_by.values()):
        raise StoreError(f"{identity} is damaged: it holds texts only; put it back from a copy, or give a free path")
    if differences := neighbours(made_by, sweep.identity):
        more = f"; and {len(differences) - 3} more" if len(differences) > 3 else ""
        only = all(line.startswith(VERSION) for line in differences)
        maker, own = ("other versions", "those") if only else ("another specification", "the specification")
        raise StoreError(
            f"{path} was made by {maker} ({'; '.join(differences[:3])}{more}); "
            f"give a path that is free, or {own} that it was made by"
        )


def _table_of(path: Path) -> dict[str, Any]:
    """Read one of the store's own tables."""
    try:
        table = inside.parsed(inside.content_of(path) or b"")
    except ValueError:
        table = None
    if not isinstance(table, dict):
        raise StoreError(f"{path} is missing or damaged; put it back from a copy, or give a path that is free")
    return table


def _check_layout(path: Path) -> None:
    """Refuse a store whose metadata or coordinates are not as they were written."""
    layout = _table_of(path / OWN / "layout.json")
    for name, sums in layout.items():
        if not is_sums(sums) or not _lies_inside(name):
            raise StoreError(
                f"{path / OWN / 'layout.json'} is damaged: {name[:80]!r} has {str(sums)[:80]}, where the size and "
                "checksum of a file of the store belong; put it back from a copy, or give a path that is free"
            )
    bad = [name for name, sums in layout.items() if not stands(path / name, *sums)]
    if bad:
        raise StoreError(
            f"{path}: {', '.join(bad[:3])} missing or damaged; put it back from a copy, or give a path that is free"
        )


def _lies_inside(name: str) -> bool:
    """Whether a name leads to a file of the store itself."""
    parts = PurePosixPath(name).parts
    return bool(parts) and ".." not in parts and not name.startswith("/") and "\0" not in name


def _check_links(path: Path, sweep: Sweep) -> None:
    """Refuse a store of which a part lies elsewhere: what is written there would be written outside of it."""
    names = [*sweep.readouts, "status", *(f"{OWN}/{own}" for own in (JOURNAL, "lock", "holder", "layout.json"))]
    for name in names:
        if inside.leads_out(path / name):
            raise StoreError(f"{path / name} is a link to elsewhere; a store holds its own files: give a copy of it")


def _make(path: Path, sweep: Sweep, pilot: xr.Dataset) -> None:
    """Write the layout under another name, then give it its own."""
    apart = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        apart = Path(tempfile.mkdtemp(prefix=f".{path.name[:40]}.", dir=path.parent))
        draft = apart / "draft"
        _coordinates(sweep, pilot).to_zarr(draft, mode="w", zarr_format=2, consolidated=False)
        group = need("zarr", "sweep").open_group(str(draft), mode="r+", zarr_format=2)
        for name in (*sweep.readouts, "status"):
            _make_array(group, sweep, name, pilot)
        need("zarr", "sweep").consolidate_metadata(str(draft), zarr_format=2)
        files = [file for file in sorted(draft.rglob("*")) if file.is_file()]
        (draft / OWN).mkdir()
        sums = {file.relative_to(draft).as_posix(): sums_of(file.read_bytes()) for file in files}
        (draft / OWN / "layout.json").write_text(json.dumps(sums, indent=1), "utf-8")
        (draft / OWN / "identity.json").write_text(json.dumps(sweep.identity, indent=1), "utf-8")
        (draft / OWN / JOURNAL).touch()
        draft.rename(path)
    except OSError as error:
        check(path, sweep, resume=False)  # another process may have been first
        raise StoreError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        if apart is not None:
            shutil.rmtree(apart, ignore_errors=True)


def _make_array(group: Any, sweep: Sweep, name: str, pilot: xr.Dataset) -> None:
    chunks, dtype, fill = _layout(sweep, name)
    shape, dims = tuple(sweep.sizes.values()), list(sweep.sizes)
    if len(chunks) > len(shape):
        shape, dims = (*shape, sweep.pulses), [*dims, "pulse"]
    attrs = _STATUS if name == "status" else {"units": "1", "long_name": name.replace("_", " ")} | pilot[name].attrs
    group.create_array(
        name,
        shape=shape,
        chunks=chunks,
        dtype=dtype,
        fill_value=fill,
        compressors=_codec(),
        filters=None,
        attributes=attrs | {"_ARRAY_DIMENSIONS": dims},
    )


def _coordinates(sweep: Sweep, pilot: xr.Dataset) -> xr.Dataset:
    data = xr.Dataset(attrs=_provenance(sweep, pilot))
    for axis in sweep.varied:
        told = "gain" if sweep.is_gain(axis.name) else axis.text
        attrs = {"units": quantities.pretty(axis.unit)} | ({"long_name": told} if told else {})
        data = data.assign_coords({axis.name: (axis.dimension, shown(axis, axis.values), attrs)})
    data = data.assign_coords(labelled(sweep.varied))
    if "sample" in sweep.sizes:
        data = data.assign_coords(sample=np.arange(sweep.sizes["sample"]))
    if any(map(sweep.per_pulse, sweep.readouts)):
        data = data.assign_coords(pulse=np.arange(1, sweep.pulses + 1))
    return data


#: What a run says of itself that is the pilot's, not the sweep's.
_OF_THE_PILOT = (
    "varied",
    "drugs_given",
    "protocol",
    "overflowed",
    "identity",
    "final_layout",
    "duration_s",
    "begin_s",
    "record",
    "goes_on_from",
)


def _provenance(sweep: Sweep, pilot: xr.Dataset) -> dict[str, Any]:
    """Say what made the numbers: the run's own provenance, sources, versions, machine, and how samples were drawn."""
    found = {key: value for key, value in pilot.attrs.items() if key not in _OF_THE_PILOT}
    sources = {key: f"{p.source or 'user'} ({p.status})" for one in sweep.owners for key, p in one.parameters.items()}
    numbers = json.loads(found["parameters"])
    found |= {
        "title": sweep.title,
        "varied": " ".join(axis.name for axis in sweep.varied),
        "protocol": sweep.identity["protocol"],
        "parameters": json.dumps({k: "varied" if text.startswith("varied") else text for k, text in numbers.items()}),
        "parameter_sources": json.dumps(sources),
        "sweep_digest": sweep.digest,
        "versions": json.dumps(versions() | {name: version(name) for name in ("xarray", "zarr")}),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "disclaimer": DISCLAIMER,
    }
    if sweep.samples:
        s = sweep.samples
        found["samples"] = json.dumps(
            {"method": s.method, "points": s.points, "seed": s.seed, "log": list(s.log), "parameters": list(s.ranges)}
        )
    return found


def _read_journal(store: Store) -> None:
    """Take over what the journal vouches for and the files bear out; say what was found wrong."""
    for number, entry in entries_of(store.path, mend=True).items():
        if not is_sound(entry, store.sweep):
            store.notes.append(f"chunk {number}: its line of the journal is damaged; it is run again")
            continue
        bad = [name for name, (size, crc) in entry["files"].items() if not stands(store.file(name, number), size, crc)]
        if bad:
            store.notes.append(f"chunk {number}: {', '.join(bad)} missing or damaged; it is run again")
            continue
        store.done[number] = int(entry["lanes"])
        store.failed += entry["failed"]


# --- the lock --------------------------------------------------------------------------------------------------------


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the store alone; the system lets go of it however the process ends."""
    lock, holder = FileLock(path / OWN / "lock"), path / OWN / "holder"
    try:
        lock.acquire(blocking=False)
    except Timeout:
        named = (inside.content_of(holder) or b"another process")[:100].decode("utf-8", "replace")
        raise StoreError(f"{path} is in use by {named}; wait until it ends, then resume") from None
    try:
        inside.put(path / OWN, holder.name, f"process {os.getpid()} on {platform.node()}".encode())
        yield
    finally:
        lock.release()
