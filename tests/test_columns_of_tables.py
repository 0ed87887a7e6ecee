"""Columns of the tables that commands write: units spelled as in an export, and of every drug whether free or total."""

import re
from pathlib import Path

import pytest
import typer
import xarray as xr
from matplotlib.figure import Figure

from nmdasim import pharmacology as ph
from nmdasim.command.app import app
from nmdasim.parameters import drugs
from nmdasim.sweep.export import tables

#: Every command that writes tables, by the words that make it do so at once.
COMMANDS = {
    "windup": ["--pulses", "2", "--ketamine", "0 uM,1 uM", "--drug", "memantine=1 uM"],
    "receptor pulse": ["--scheme", "clements1992"],
    "receptor steady": [],
    "receptor inhibition": ["--drug", "memantine"],
    "threshold": ["--repeats", "1"],
    "pk": ["--dose", "0.5 mg/kg", "--until", "2 h", "--every", "10 min", "--people", "5"],
    "sensory": ["--ketamine", "1 uM", "--repeats", "1"],
    "compare": ["--ketamine", "1 uM", "--repeats", "1"],
    "treatment": ["--regimen", "crps_100_hours", "--until", "1 week", "--patients", "5"],
    "trials": ["pickering2020", "--patients", "20"],
}
#: Whose --out is a store of runs, not a folder of tables.
STORES = {"sweep", "population"}
NAMES = "|".join(sorted({entry.key for entry in drugs.entries().values()}))
CONCENTRATION = re.compile(
    rf"({NAMES}|concentration|plasma|effect_site|metabolite|cmax)|.*(_u[Mm]|_m[Mm]|_ng_ml|_ng_per_ml)$"
)
#: What no protein of plasma binds: calcium in the cell, transmitter and magnesium about it.
UNBOUND = re.compile(r"ca_peak_uM|(glutamate|mg)_mM")
#: Units of the columns of tables, as `nm.export` writes them.
UNITS = {"ms", "mV", "Hz", "uM", "mM", "ng_per_ml", "h", "d"}
ANY_CASE = re.compile(r"_(u?m?s|mv|hz|u?m?m|ng_(?:per_)?ml|h|d|min|day)$", re.IGNORECASE)


def unsaid(columns):
    """Return the columns that hold a concentration and do not say which."""
    held = [c for c in columns if CONCENTRATION.match(c) and not UNBOUND.fullmatch(c)]
    return [c for c in held if not re.search(r"(^|_)(free|total)(_|$)", c)]


def misspelled(columns):
    """Return the columns whose unit is spelled otherwise than on other paths."""
    return [c for c in columns if (found := ANY_CASE.search(c)) and found[1] not in UNITS]


@pytest.fixture
def _undrawn(monkeypatch):
    """Leave figures empty, at which nobody looks here."""
    monkeypatch.setattr(Figure, "savefig", lambda figure, path, **_: Path(path).touch())


@pytest.mark.usefixtures("_undrawn")
@pytest.mark.parametrize("name", COMMANDS)
def test_every_concentration_in_a_table_says_free_or_total(name, command, tmp_path):
    status, _, told = command(*name.split(), *COMMANDS[name], "--out", tmp_path / "out")
    assert status == 0, told
    written = [path for path in (tmp_path / "out").iterdir() if path.suffix in (".csv", ".tsv")]
    assert written
    for path in written:
        header = next(line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
        assert unsaid(header.split(",")) == [], path.name
        assert misspelled(header.split(",")) == [], path.name


def test_no_command_that_writes_is_left_out():
    found = set()
    for name, one in typer.main.get_command(app).commands.items():
        for inner, leaf in getattr(one, "commands", {"": one}).items():
            if any("--out" in option.opts for option in leaf.params):
                found.add(f"{name} {inner}".strip())
    assert found == set(COMMANDS) | STORES


def test_an_exported_course_says_total():
    course = ph.time_course(ph.Regimen((ph.dose("35 mg"),)), every="30 min", until="2 h")
    columns = [column for table in tables(course).values() for column in table.columns]
    assert {"plasma_total_ng_per_ml", "effect_site_total_ng_per_ml", "cmax_total_ng_per_ml"} <= set(columns)
    assert unsaid(columns) == []


def test_a_column_that_does_not_say_it_would_be_found():
    said = ["time_h", "ketamine_free_uM", "cmax_total_ng_per_ml", "ca_peak_uM"]
    unclear = ["plasma_ng_ml", "ketamine", "concentration"]
    assert unsaid(said + unclear) == unclear


def test_a_unit_that_is_spelled_otherwise_would_be_found():
    wrong = ["ketamine_free_um", "frequency_hz", "plasma_total_ng_ml", "v_mv", "glutamate_mm"]
    assert misspelled(wrong) == wrong


@pytest.mark.usefixtures("_undrawn")
def test_a_command_names_a_column_as_the_export_of_its_result_does(command, tmp_path):
    assert command("windup", *COMMANDS["windup"], "--out", tmp_path)[0] == 0
    header = next(line for line in (tmp_path / "windup.csv").read_text("utf-8").splitlines() if line[0] != "#")
    exported = tables(xr.load_dataset(tmp_path / "windup.nc"))["pulse"]
    shared = ["seed", "pulse", "ketamine_free_uM", "memantine_free_uM", "ca_peak_uM", "blocked"]
    assert [c for c in header.split(",") if c in set(exported)] == shared
