"""Texts on disk: found by all that they depend on, compared, and made anew where anything differs."""

import pytest

from nmdasim.model import disk, kept


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NMDASIM_CACHE", str(tmp_path))
    disk.folder.cache_clear()
    yield tmp_path
    disk.folder.cache_clear()


def never():
    pytest.fail("made again")


def test_what_was_made_once_is_found_again(folder):
    assert kept.text("form", ["wdr", frozenset({"b", "a"})], lambda: "text") == "text"
    assert kept.text("form", ["wdr", frozenset({"a", "b"})], never) == "text"
    assert kept.text("form", ["wdr", frozenset({"a"})], lambda: "other") == "other"
    assert kept.text("seen", ["wdr", frozenset({"a", "b"})], lambda: "another") == "another"


def test_other_sources_or_versions_make_it_anew(folder, monkeypatch):
    assert kept.text("form", "wdr", lambda: "old") == "old"
    monkeypatch.setattr(kept, "versions", lambda: {"source": "edited"})
    assert kept.text("form", "wdr", lambda: "new") == "new"


def test_what_cannot_be_made_leaves_nothing(folder):
    with pytest.raises(ZeroDivisionError):
        kept.text("form", "wdr", lambda: str(1 / 0))
    assert not list(folder.iterdir())


@pytest.mark.parametrize(
    "damage", [lambda path: path.write_bytes(path.read_bytes()[:-1]), lambda path: path.chmod(0o666)]
)
def test_a_damaged_file_is_made_anew(folder, damage):
    kept.text("form", "wdr", lambda: "text")
    (file,) = folder.iterdir()
    damage(file)
    assert kept.text("form", "wdr", lambda: "again") == "again"
    assert kept.text("form", "wdr", never) == "again"


def test_a_file_that_was_made_of_something_else_is_not_believed(folder):
    kept.text("form", "wdr", lambda: "text")
    (file,) = folder.iterdir()
    disk.write(file, b'["aguiar2010"]\nanother text')
    assert kept.text("form", "wdr", lambda: "text") == "text"


def test_a_folder_of_others_keeps_nothing_and_is_refused_where_code_is_run(tmp_path, monkeypatch):
    tmp_path.chmod(0o777)
    monkeypatch.setenv("NMDASIM_CACHE", str(tmp_path))
    disk.folder.cache_clear()
    try:
        assert kept.text("form", "wdr", lambda: "text") == "text"
        assert not list(tmp_path.iterdir())
    finally:
        disk.folder.cache_clear()
