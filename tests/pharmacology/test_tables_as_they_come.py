"""Dosing tables as spreadsheets, R and NONMEM write them; and what is written reads back equal."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from nmdasim import pharmacology as ph
from nmdasim.command.app import app
from nmdasim.errors import InputError
from nmdasim.parameters import separated
from nmdasim.pharmacology import table
from nmdasim.pharmacology.events import Event
from nmdasim.protocols import latencies


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "doses.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return ph.Regimen.from_csv(path)

    return reader


PLAIN = "ID,TIME,AMT,RATE\na,0,35,.\nb,1.5,20,40\n"


@pytest.mark.parametrize(
    "text",
    [
        b"\xef\xbb\xbf" + PLAIN.encode(),
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", "  "),
        PLAIN.replace("ID", "#ID"),
        "# a study\n\n" + PLAIN.replace("ID", "# ID"),
        PLAIN.replace("a,", '"a" ,').replace("35", ' "35"'),
        PLAIN.replace(".\n", "NA\n"),
        PLAIN.replace(".\n", "\n"),
        PLAIN.replace(".\n", ".  # the first\n"),
    ],
)
def test_a_table_is_the_same_in_every_dialect(read, text):
    assert read(text) == read(PLAIN)


def test_a_hash_in_a_cell_is_data_and_keeps_two_subjects_apart(read):
    regimen = read("TIME,AMT,ID\n0,35,S#1\n0,35,S #2\n")
    assert regimen.ids == ("S#1", "S #2")
    course = ph.time_course(regimen, every="1 min", until="2 h")
    assert course.cmax.values == pytest.approx([285.4, 285.4], abs=0.05)


def test_a_cell_may_have_several_lines_and_any_length(read):
    regimen = read(f'ID,TIME,AMT,NOTE\n"a\nb",0,35,"# no comment, ""truly""\n"\nc,0,20,{"x" * 200_000}\n')
    assert regimen.ids == ("a\nb", "c")
    assert dict(regimen.events[0].covariates) == {"NOTE": '# no comment, "truly"\n'}
    assert len(dict(regimen.events[1].covariates)["NOTE"]) == 200_000


def test_race_and_date_are_columns_like_any_other(read):
    regimen = read("ID,DATE,TIME,AMT,RACE\n1,2024-03-01,0,35,2\n")
    assert dict(regimen.events[0].covariates) == {"DATE": "2024-03-01", "RACE": "2"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("TIME,AMT\n0,3_5\n", "row 1 (line 2), column AMT: '3_5' is not a number"),
        ("TIME;AMT\n0;3,5\n", "row 1 (line 2), column AMT: '3,5' has a decimal comma; write 3.5"),
        ('TIME,AMT\n"0,5",35\n', "row 1 (line 2), column TIME: '0,5' has a decimal comma; write 0.5"),
        ("TIME,AMT\n0,3,5\n", "row 1 (line 2) has 3 cells for 2 columns; a decimal comma is written as a point"),
        ('TIME,AMT,ID\n0,35,"a\n', "a quote is left open"),
        ("TIME,AMT,ID\n0,35,\x1b[31mred\n", "holds the control character"),
        ("TIME,AMT\n0,\x0035\n", "zero bytes"),
        ("TIME,AMT,ROUTE\n0,35,nasl\n", "did you mean 'nasal'?"),
        ("TIME,AMT,AMOUNT\n0,35,3\n", "unknown column AMOUNT"),
    ],
)
def test_what_cannot_be_read_is_told_by_row_and_column(read, text, told):
    with pytest.raises(InputError) as refused:
        read(text)
    assert told in str(refused.value)


def test_nullable_columns_are_read(read):
    rows = pd.DataFrame(
        {
            "ID": pd.array([7, 7], dtype="Int64"),
            "TIME": [0.0, 1.0],
            "AMT": pd.array([35, None], dtype="Int64"),
            "EVID": pd.array([1, 0], dtype="Int64"),
            "RATE": pd.array([None, None], dtype="Float64"),
            "SEX": pd.Categorical(["f", None]),
        }
    )
    regimen = ph.Regimen.from_table(rows)
    assert [(e.id, e.amount, e.evid, e.rate) for e in regimen.events] == [("7", 35, 1, 0), ("7", 0, 0, 0)]
    assert [dict(e.covariates) for e in regimen.events] == [{"SEX": "f"}, {}]


words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=6) | st.sampled_from(
    [" 7", "7 ", "na", "NA", "S#1", "#", "=HYPERLINK(1)", "'=1", "-5", "a,b", 'a"b', "a\nb", "a\r\nb", ";", "'", "1.0"]
)
names = words.filter(lambda text: text.strip() and text != ".")
covariates = st.tuples(st.just("SITE"), words.filter(lambda text: text != "."))
doses = st.builds(
    ph.Event,
    time_h=st.just(0.0),
    amount=st.floats(0, 1e6),
    interval_h=st.floats(1e-3, 100),
    additional=st.integers(0, 9),
    steady=st.integers(0, 2),
    weight_kg=st.just(0.0),
    covariates=st.one_of(st.just(()), st.tuples(covariates)),
    id=names,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(doses, min_size=1, max_size=5), words)
def test_what_is_written_reads_back_equal(tmp_path_factory, rows, name):
    regimen = ph.Regimen(tuple(rows), drug="ketamine", name=name)
    path = tmp_path_factory.mktemp("written") / "regimen.csv"
    regimen.to_csv(path)
    assert ph.Regimen.from_csv(path) == regimen
    assert ph.Regimen.from_table(regimen.to_table()).events == regimen.events


def test_nothing_that_is_written_is_computed_by_a_spreadsheet(tmp_path):
    ph.Regimen((ph.dose("35 mg", id='=HYPERLINK("http://x")'),)).to_csv(tmp_path / "r.csv")
    cells = pd.read_csv(tmp_path / "r.csv", comment="#", dtype=str)
    assert cells["ID"][0].startswith("'=")
    assert [separated.guarded(text) for text in ("@x", "+1x", "-5", "x")] == ["'@x", "'+1x", "-5", "x"]


def test_every_row_is_checked_as_an_event_is(tmp_path):
    """Rows that are checked all at once are told from those that are not exactly as one by one."""
    rng = np.random.default_rng(0)
    sizes = {
        "AMT": [0, 20],
        "RATE": [0, 40],
        "DUR": [0, 0.5],
        "II": [0, 6],
        "ADDL": [0, 2],
        "SS": [0, 1],
        "EVID": [0, 1, 3],
    }
    routes, units = ["iv", "oral", "nasal"], ["mg", "mg/kg"]
    for _ in range(400):
        row = {name: rng.choice(values) for name, values in sizes.items()} | {"TIME": 0}
        row |= {"ROUTE": rng.choice(routes), "UNIT": rng.choice(units)}
        frame = pd.DataFrame([row])
        fields = {
            ph.columns.COLUMNS[name]: value.item() if hasattr(value, "item") else value for name, value in row.items()
        }
        try:
            expected = ph.Event(**{k: str(v) if k in ("route", "unit") else v for k, v in fields.items()})
        except ph.EventError:
            expected = None
        try:
            found = ph.Regimen.from_table(frame).events[0]
        except InputError:
            found = None
        assert found == expected, row


def test_of_100_000_rows_each_takes_10_microseconds_or_so_and_too_many_doses_are_refused_before_work(tmp_path):
    """A million rows are then read and refused within 10 s."""
    path = tmp_path / "many.csv"
    path.write_text("ID,TIME,AMT,RATE,WT\n" + "".join(f"{k // 100},{k % 100}.5,35,.,70\n" for k in range(100_001)))
    began = time.process_time()
    regimen = ph.Regimen.from_csv(path)
    assert time.process_time() - began < 3
    with pytest.raises(InputError, match=r"100,001 doses.* more than 100,000"):
        ph.time_course(regimen, every="1 h", until="2 h")


@pytest.mark.parametrize("subjects", [1, 5000])
@pytest.mark.parametrize("command", ["pk", "treatment"])
def test_too_many_doses_are_refused_from_their_count_before_an_event_is_made(tmp_path, monkeypatch, command, subjects):
    rows = "".join(f"{k % subjects},{k // subjects},35,4,1\n" for k in range(20_001))
    (tmp_path / "many.csv").write_text("ID,TIME,AMT,ADDL,II\n" + rows)

    def made(*_, **__):
        raise AssertionError("an event was made")

    monkeypatch.setattr(Event, "__post_init__", made)
    monkeypatch.setattr(table, "_unchecked", made)
    given = ["--events" if command == "pk" else "--regimen", str(tmp_path / "many.csv")]
    result = CliRunner().invoke(app, [command, *given], standalone_mode=False)
    assert isinstance(result.exception, InputError)
    assert str(result.exception).startswith("100,005 doses, repeats")


def test_doses_are_counted_in_the_table_as_in_its_events(tmp_path):
    path = tmp_path / "counted.csv"
    path.write_text(
        "TIME,AMT,RATE,DUR,ADDL,II,SS,EVID\n0,35,.,.,.,.,.,.\n1,.,.,.,.,.,.,0\n2,35,7,.,3,2,1,1\n3,35,.,9,.,2,2,4\n4,.,.,.,.,.,.,3\n"
    )
    doses = ph.Regimen.from_csv(path).doses
    assert doses == 1 + (1 + 3 + 5 // 2) + (1 + 9 // 2)
    assert ph.Regimen.from_csv(path, most_doses=doses).doses == doses
    with pytest.raises(InputError, match=r"^12 doses.* more than 11;"):
        ph.Regimen.from_csv(path, most_doses=11)
    with pytest.raises(InputError, match=r"^12 doses.* more than 11;"):
        ph.Regimen.from_table(ph.Regimen.from_csv(path).to_table(), most_doses=11)


_CELLS = st.sampled_from(
    ["1", "2.5", ".", "", "NA", "-1", "'=1", " 3", "a b", '"q"', "#c", "é", "1\t2", "x\x0cy", "\x0c"]
)


@given(
    st.lists(st.lists(_CELLS, min_size=2, max_size=3), max_size=4),
    st.sampled_from([",", ";", "\t", " "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["TIME AMT", "#TIME AMT", "# a\n\n#b\nTIME AMT", "TIME AMT ID"]),
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_table_read_at_once_is_the_one_read_row_by_row(tmp_path, rows, separator, end, head):
    path = tmp_path / "doses.csv"
    lines = [*head.replace("TIME AMT", f"TIME{separator}AMT").replace(" ID", f"{separator}ID").split("\n")]
    path.write_bytes((end.join([*lines, *map(separator.join, rows)]) + end).encode())
    found = []
    for at_once in (separated._at_once, lambda *_: None):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(separated, "_at_once", at_once)
            try:
                read = separated.read(path, "events file", ("TIME", "AMT"), ("ID",))
                found.append((read.header, [c.tolist() for c in read.columns], list(read.lines), read.comments))
            except InputError as error:
                found.append(str(error))
    assert found[0] == found[1]


def test_a_plain_table_is_read_without_a_look_at_each_row(tmp_path, monkeypatch):
    monkeypatch.setattr(separated, "_cleaner", lambda *_: pytest.fail("rows were looked at"))
    path = tmp_path / "plain.csv"
    path.write_text("# a study\nID,TIME,AMT\na,0,35\na,1,.\n")
    assert [event.amount for event in ph.Regimen.from_csv(path).events] == [35, 0]


@pytest.mark.parametrize(
    ("dose", "told"),
    [
        (dict(amount="1 mg", every="1 h", times=10**6), "1,000,000 doses"),
        (dict(amount="1 mg", every="1 h", over="1e9 h", steady=1), "1,000,000,001 doses"),
        (dict(amount="28e9 mg", route="nasal"), "1,000,000,000 devices"),
    ],
)
def test_work_without_end_is_refused_at_once(dose, told):
    with pytest.raises(InputError, match=told):
        ph.time_course(ph.Regimen((ph.dose(**dose),)), every="1 h", until="2 h")


@pytest.mark.parametrize(
    ("text", "told"), [("1;2,5\n", "'2,5' has a decimal comma; write 2.5"), ("1,3_5\n", "'3_5' is not a number")]
)
def test_a_latency_file_is_read_as_strictly(tmp_path, text, told):
    path = tmp_path / "latencies.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        latencies.read(path)


def test_a_latency_file_may_have_quotes_and_semicolons(tmp_path):
    path = tmp_path / "latencies.csv"
    path.write_text('"1";2 # first\n3;"4"\n')
    assert np.asarray(latencies.read(path)).tolist() == [[0.001, 0.002], [0.003, 0.004]]
