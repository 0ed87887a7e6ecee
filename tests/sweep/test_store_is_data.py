"""A store is data: what lies in it is not followed out of it, not believed unless whole, and refused by file name."""

import json
import logging
import os
import shutil
import signal

import distributed
import numpy as np
import pytest
from short import TRAIN, WDR

import nmdasim as nm
from nmdasim.command import app
from nmdasim.run.stopping import terminable
from nmdasim.sweep import chunks, distant, execute, failures
from nmdasim.sweep.store import StoreError, open_store

SWEEP = nm.Sweep(
    WDR, TRAIN, dict(ketamine=np.geomspace(0.1, 10, 6) * nm.uM, seed=range(4)), chunk=8,
    readouts=("spike_count", "early", "blocked"),
)  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a finished store."""
    path = tmp_path_factory.mktemp("made") / "s.zarr"
    nm.sweep(SWEEP, path)
    return path


@pytest.fixture
def store(made, tmp_path):
    """Return a copy of it for a test to change."""
    shutil.copytree(made, tmp_path / "s.zarr")
    return tmp_path / "s.zarr"


@pytest.fixture
def outside(tmp_path):
    """Return a file of the user's that is no business of a store's."""
    path = tmp_path / "letters"
    path.write_text("dear reader")
    return path


def opened(path):
    with open_store(path, SWEEP, None, resume=True) as store:
        return store


def writes(path):
    """Open a store and write a chunk into it."""
    values = {"spike_count": (2, 4), "early": (2, 4, 2), "blocked": (2, 4, 2)}
    tables = {name: np.zeros(shape) for name, shape in values.items()}
    with open_store(path, SWEEP, None, resume=True) as store:
        store.write(0, chunks.Chunk(tables, np.ones((2, 4), np.uint8)))


@pytest.mark.parametrize("name", ["journal.jsonl", "lock", "holder", "layout.json"])
@pytest.mark.parametrize("make", [os.symlink, os.link])
def test_a_link_in_place_of_a_stores_own_file_is_refused_and_nothing_outside_written(store, outside, name, make):
    (store / ".sweep" / name).unlink(missing_ok=True)
    make(outside, store / ".sweep" / name)
    with pytest.raises(StoreError, match=name):
        writes(store)
    assert outside.read_text() == "dear reader"


@pytest.mark.parametrize("name", ["early", "status", ".sweep"])
def test_a_folder_of_a_store_that_lies_elsewhere_is_refused(store, tmp_path, name):
    shutil.move(store / name, tmp_path / "elsewhere")
    (store / name).symlink_to(tmp_path / "elsewhere")
    before = {path: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()}
    with pytest.raises(StoreError, match=rf"{name} is a link to elsewhere|is no store of a sweep"):
        writes(store)
    assert {path: path.read_bytes() for path in (tmp_path / "elsewhere").iterdir()} == before


def test_a_folder_that_becomes_a_link_meanwhile_is_not_followed(store, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with open_store(store, SWEEP, None, resume=True) as inside:
        shutil.rmtree(store / "early")
        (store / "early").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(StoreError, match="chunk 0 cannot be written"):
            inside.write(0, chunks.Chunk({"early": np.zeros((2, 4, 2))}, np.ones((2, 4), np.uint8)))
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_links_in_place_of_drafts_and_chunks_are_replaced_not_followed(store, outside):
    for link in (".sweep/early.draft", "early/0.0.0"):
        (store / link).unlink(missing_ok=True)
        (store / link).symlink_to(outside)
    writes(store)
    assert outside.read_text() == "dear reader"
    assert not (store / "early/0.0.0").is_symlink()


DEEP = "[" * 100_000 + "]" * 100_000
LAYOUTS = {
    "a number for the sums": '{"early/.zarray": 5}',
    "texts in the sums": '{"early/.zarray": ["a", "b"]}',
    "Infinity": '{"early/.zarray": [Infinity, 3]}',
    "NaN": '{"early/.zarray": [NaN, 3]}',
    "a fraction": '{"early/.zarray": [1.5, 3]}',
    "a file outside": '{"../letters": [1, 2]}',
    "an absolute file": '{"/etc/passwd": [1, 2]}',
    "no name": '{"": [1, 2]}',
    "a list": "[1, 2]",
    "nesting": DEEP,
    "nesting in a value": f'{{"early/.zarray": {DEEP}}}',
    "a long number": f'{{"early/.zarray": [{"9" * 10_000}, 1]}}',
    "no text": b"\xff\xfe",
}


@pytest.mark.parametrize("file", ["layout.json", "identity.json"])
def test_tables_with_malformed_values_are_refused_by_file_name(store, file):
    for name, content in LAYOUTS.items():
        (store / ".sweep" / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(StoreError, match=rf"{file}( is)? (missing or )?damaged|another specification") as refused:
            opened(store)
        assert len(str(refused.value)) < 600, name


def test_malformed_lines_of_the_journal_are_said_by_file_name_and_vouch_for_nothing(store, caplog):
    journal = store / ".sweep" / "journal.jsonl"
    first, *rest = journal.read_text().splitlines()
    entry = json.loads(first)
    bad = [
        first.replace('"chunk": 0', '"chunk": Infinity'),
        first.replace('"chunk": 0', '"chunk": 1e999'),
        first.replace('"chunk": 0', f'"chunk": {DEEP}'),
        DEEP,
        "5",
    ]
    for line in bad:
        journal.write_text("\n".join([line, *rest, ""]))
        with caplog.at_level(logging.WARNING, "nmdasim"):
            assert opened(store).missing == [0]
        assert "journal.jsonl: line 1 is damaged" in caplog.text
        caplog.clear()
    for changed in ({"failed": -1}, {"failed": True}, {"failed": 9}, {"errors": [5]}, {"files": {"early": 5}},
                    {"files": entry["files"] | {"early": [1.0, 2]}}, {"lanes": "8"}):  # fmt: skip
        journal.write_text("\n".join([json.dumps(entry | changed), *rest, ""]))
        found = opened(store)
        assert found.missing == [0]
        assert found.notes == ["chunk 0: its line of the journal is damaged; it is run again"]
    assert failures(store) == {}


def test_what_is_no_plain_file_is_not_read(store):
    victim = store / "early" / "0.0.0"
    victim.unlink()
    os.mkfifo(victim)  # reading it would wait for ever
    assert opened(store).missing == [0]


# --- signals ---------------------------------------------------------------------------------------------------------


def test_a_request_to_end_says_what_ctrl_c_says_and_leaves_no_draft(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "nmdasim"), pytest.raises(KeyboardInterrupt):
        nm.sweep(SWEEP, tmp_path / "s.zarr", progress=lambda done, lanes: os.kill(os.getpid(), signal.SIGTERM))
    assert "stopped: 1 of 3 chunks are finished and kept; again with --resume" in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["s.zarr"]
    assert list((tmp_path / "s.zarr").rglob("*.draft")) == []
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert execute.run(SWEEP, tmp_path / "s.zarr", resume=True).resumed == 8


def test_a_command_that_is_asked_to_end_says_so_in_a_word(monkeypatch):
    monkeypatch.setattr(app, "app", lambda *words, **options: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit, match="interrupted"):
        app.main()


def test_a_programs_own_answer_to_signals_stands():
    def mine(*given):
        pass

    before = signal.signal(signal.SIGTERM, mine)
    try:
        with terminable():
            assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


# --- workers ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address():
    """Return a scheduler with one worker, both in this process."""
    options = dict(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", silence_logs=50)
    with distributed.LocalCluster(**options, dashboard_address=None, scheduler_kwargs={"dashboard": False}) as cluster:
        yield cluster.scheduler_address


def test_workers_of_the_same_source_give_the_same_bits(address, made, tmp_path):
    data = nm.sweep(SWEEP, tmp_path / "s.zarr", scheduler=address)
    for name in ("spike_count", "early", "blocked"):
        assert (tmp_path / "s.zarr" / name / "1.0.0").exists() or name == "spike_count"
    assert np.all(data.status == 1)
    assert (tmp_path / "s.zarr/early/1.0.0").read_bytes() == (made / "early/1.0.0").read_bytes()


def test_a_worker_of_another_version_or_source_is_refused_by_name_before_there_is_a_store(
    address, tmp_path, monkeypatch
):
    own = distant.versions()
    monkeypatch.setattr(distant, "versions", lambda: own | {"llvmlite": "0.1", "source": "0123"})
    message = (
        rf"Dask worker at tcp://.* has llvmlite {own['llvmlite']} in place of 0.1, source {own['source']} in place of"
    )
    with pytest.raises(StoreError, match=message):
        nm.sweep(SWEEP, tmp_path / "s.zarr", scheduler=address)
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_joins_later_with_another_source_is_refused_by_its_first_chunk():
    with pytest.raises(StoreError, match=r"a Dask worker on \S+ has source \w+ in place of 0123; give every worker"):
        distant._work(b"", 0, distant.versions() | {"source": "0123"})


def test_a_worker_that_knows_less_is_refused_too():
    assert distant.differing({"llvmlite": "1", "source": "2"}, {"llvmlite": "1"}) == "source absent in place of 2"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("tls://127.0.0.1:1", r"no Dask scheduler answers at tls://.*; tls:// needs the certificates that"),
        ("node", "no Dask scheduler answers at node .*missing port"),
        ("foo://node:1", "no Dask scheduler answers at foo://node:1 .*unknown address scheme"),
    ],
)
def test_a_scheduler_that_cannot_be_reached_is_found_before_there_is_a_store(tmp_path, where, message):
    with pytest.raises(StoreError, match=message) as refused:
        nm.sweep(SWEEP, tmp_path / "s.zarr", scheduler=where)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
