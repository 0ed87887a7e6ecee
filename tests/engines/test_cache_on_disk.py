"""What lies in the cache of compiled code is run: only what this user wrote there, whole, is believed."""

import hashlib
import os
import resource
import shutil
import stat

import numpy as np
import pytest

from nmdasim.engines.kernel import machine
from nmdasim.engines.kernel.machine import Processor, optimised
from nmdasim.errors import InputError
from nmdasim.model import disk as cache

#: The smallest source there is, in the shape of a generated one.
SOURCE = """\
real = float64


def advance(x: reals) -> whole:
    x[0] = 2.0*x[0] + 0.5
    return 0
"""


def fresh():
    """Load the source as another process would; return what it computes and how many sources were compiled."""
    before = machine.tally().compilations
    machine.functions.cache_clear()
    x = np.array([3.0])
    machine.function(SOURCE, "advance", float)(machine.begins(x, float))
    return x[0], machine.tally().compilations - before


def keep_in(folder, monkeypatch):
    monkeypatch.setenv("NMDASIM_CACHE", str(folder))
    cache.folder.cache_clear()
    return folder


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Return a folder in which a source and its compiled form are kept."""
    folder = tmp_path_factory.mktemp("cache") / "filled"
    with pytest.MonkeyPatch.context() as monkeypatch:
        keep_in(folder, monkeypatch)
        assert fresh() == (6.5, 1)
        assert fresh() == (6.5, 0)
    cache.folder.cache_clear()
    return folder


@pytest.fixture
def kept(filled, tmp_path, monkeypatch):
    """Return a copy of it for a test to damage."""
    shutil.copytree(filled, tmp_path / "cache")
    keep_in(tmp_path / "cache", monkeypatch)
    yield tmp_path / "cache"
    cache.folder.cache_clear()


def forms(folder):
    return sorted(folder.glob("*.o"))


def test_the_folder_and_its_files_are_the_users_alone(filled):
    assert stat.S_IMODE(filled.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in filled.iterdir()} == {0o600}
    assert sorted(path.suffix for path in filled.iterdir()) == [".o", ".py"]


def test_what_is_kept_is_taken_up_without_compiling(kept):
    assert fresh() == (6.5, 0)


def _flip(path):
    content = path.read_bytes()
    path.write_bytes(content[:-200] + bytes([content[-200] ^ 1]) + content[-199:])


def _folder(path):
    path.unlink()
    path.mkdir()
    (path / "x").touch()


def _link(path):
    path.replace(path.with_suffix(".elsewhere"))
    path.symlink_to(path.with_suffix(".elsewhere"))


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:100]),
    "cut off at its end": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "other bytes": lambda path: path.write_bytes(os.urandom(2000)),
    "one bit": _flip,
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "text": lambda path: path.write_text("# no machine code\n"),
    "a folder": _folder,
    "a link": _link,
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "open to others": lambda path: path.chmod(0o666),
    "gone": lambda path: path.unlink(),
}


def test_a_damaged_file_of_any_kind_is_discarded_and_made_anew(kept):
    for name, damage in DAMAGES.items():
        for path in forms(kept):
            damage(path)
        before = machine.tally().compilations
        assert fresh()[0] == 6.5, name
        assert machine.tally().compilations > before, name
        assert fresh() == (6.5, 0), name  # and kept again
        assert all(stat.S_ISREG(path.lstat().st_mode) for path in forms(kept)), name


def test_machine_code_of_a_stranger_is_not_run(kept, monkeypatch):
    """Its checksum is right: what gives it away is whose it is."""
    content = Processor.own().machine().emit_object(optimised(SOURCE.replace("0.5", "0.7"), Processor.own().machine()))
    for path in forms(kept):
        path.write_bytes(cache._HEAD + hashlib.sha256(content).digest() + content)
    assert fresh()[0] == 6.7  # the trap is one
    monkeypatch.setattr(cache, "_is_own", lambda found: False)
    assert fresh()[0] == 6.5


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_or_folder_of_another_user_is_not_believed(kept):
    for path in forms(kept):
        os.chown(path, 12345, 12345)
    assert fresh() == (6.5, 1)
    os.chown(kept, 12345, 12345)
    cache.folder.cache_clear()
    with pytest.raises(InputError, match="belongs to another user.*set NMDASIM_CACHE to a folder of your own"):
        fresh()


def test_an_edited_source_is_not_run(kept):
    (source,) = kept.glob("*.py")
    source.write_text(SOURCE.replace("2.0*x", "3.0*x"))
    assert fresh() == (6.5, 0)


def test_sources_that_cannot_be_written_are_run_all_the_same(kept):
    (source,) = kept.glob("*.py")
    source.unlink()
    source.mkdir()
    (source / "x").touch()
    for path in forms(kept):
        path.unlink()
    assert fresh() == (6.5, 1)
    assert source.read_text() == SOURCE


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_folder_that_others_may_write_into_is_refused(tmp_path, monkeypatch, mode):
    keep_in(tmp_path / "shared", monkeypatch).mkdir()
    (tmp_path / "shared").chmod(mode)
    with pytest.raises(InputError, match=r"shared: others may write into it, and what lies in a cache is run; set"):
        fresh()
    (tmp_path / "shared").chmod(0o755)
    assert cache.folder() == tmp_path / "shared"
    assert stat.S_IMODE((tmp_path / "shared").stat().st_mode) == 0o700


def test_a_file_in_place_of_the_folder_is_refused(tmp_path, monkeypatch):
    keep_in(tmp_path / "file", monkeypatch).write_text("")
    with pytest.raises(InputError, match="is no folder; set NMDASIM_CACHE"):
        fresh()


def test_where_no_folder_can_be_made_it_runs_and_leaves_nothing_behind(tmp_path, monkeypatch):
    keep_in("/proc/nmdasim", monkeypatch)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    assert fresh()[0] == 6.5
    assert list(tmp_path.iterdir()) == []
    assert cache.folder() is None


def test_on_a_full_disk_it_runs_and_leaves_nothing_behind(tmp_path, monkeypatch):
    """A limit on the size of files is what a process can set: writing beyond it fails as on a full disk."""
    folder = keep_in(tmp_path / "full", monkeypatch)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        assert fresh()[0] == 6.5
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []


def test_compiled_code_of_other_versions_is_another_file(kept, monkeypatch):
    monkeypatch.setattr(machine.llvmlite, "__version__", "99")
    machine._makers.cache_clear()
    try:
        assert fresh() == (6.5, 1)
    finally:
        machine._makers.cache_clear()
    assert len(forms(kept)) == 2
