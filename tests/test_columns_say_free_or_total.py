"""Every column of a table that a command writes, and that holds a concentration of a drug, says free or total."""

import re

import pytest
import typer

from nmdasim import pharmacology as ph
from nmdasim.command.app import app
from nmdasim.parameters import drugs
from nmdasim.sweep.export import tables

#: Every command that writes tables, by the words that make it do so at once.
COMMANDS = {
    "windup": ["--pulses", "2", "--ketamine", "0 uM,1 uM", "--drug", "memantine=1 uM"],
    "receptor pulse": ["--scheme", "clements1992"],
    "receptor inhibition": ["--drug", "memantine"],
    "pk": ["--dose", "0.5 mg/kg", "--until", "2 h", "--every", "10 min", "--people", "5"],
    "sensory": ["--ketamine", "1 uM"],
    "compare": ["--ketamine", "1 uM"],
    "treatment": ["--regimen", "crps_100_hours", "--until", "1 week", "--patients", "5"],
    "trials": ["--patients", "20"],
}
#: Whose --out is a store of runs, not a folder of tables.
STORES = {"sweep", "population"}
NAMES = "|".join(sorted({entry.key for entry in drugs.entries().values()}))
CONCENTRATION = re.compile(
    rf"({NAMES}|concentration|plasma|effect_site|metabolite|cmax)|.*(_u[Mm]|_mm|_ng_ml|_ng_per_ml)$"
)
#: What no protein of plasma binds: calcium in the cell, transmitter and magnesium about it.
UNBOUND = re.compile(r"ca_peak_um|glutamate|mg")


def unsaid(columns):
    """Return the columns that hold a concentration and do not say which."""
    held = [c for c in columns if CONCENTRATION.match(c) and not UNBOUND.fullmatch(c)]
    return [c for c in held if not re.search(r"(^|_)(free|total)(_|$)", c)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_concentration_in_a_table_says_free_or_total(name, command, tmp_path):
    status, _, told = command(*name.split(), *COMMANDS[name], "--out", tmp_path / "out")
    assert status == 0, told
    written = [path for path in (tmp_path / "out").iterdir() if path.suffix in (".csv", ".tsv")]
    assert written
    for path in written:
        header = next(line for line in path.read_text("utf-8").splitlines() if not line.startswith("#"))
        assert unsaid(header.split(",")) == [], path.name


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
    said = ["time_h", "ketamine_free_um", "cmax_total_ng_per_ml", "ca_peak_um"]
    unclear = ["plasma_ng_ml", "ketamine", "concentration"]
    assert unsaid(said + unclear) == unclear
