"""How far a number can be trusted: five statuses, listed by command, counted in the documentation."""

import csv
import json
from pathlib import Path

import pytest

import nmdasim as nm
from nmdasim.model.parameter import STATUSES
from nmdasim.parameters import ledger, load

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"source": "jahr1990", "kind": "measured", "verified": True}, "verified"),
        ({"source": "jahr1990", "kind": "derived", "verified": True}, "verified"),
        ({"source": "jahr1990", "kind": "measured", "transcribed": True}, "transcribed"),
        ({"source": "jahr1990", "kind": "derived"}, "derived"),
        ({"source": "jahr1990", "kind": "measured"}, "recalled"),
        ({"source": "jahr1990", "kind": "fitted"}, "recalled"),
        ({"source": "nmdasim", "kind": "derived", "verified": True}, "derived"),
        ({"source": "nmdasim", "kind": "assumed"}, "assumed"),
        ({}, "assumed"),
    ],
)
def test_a_status_says_how_a_number_was_read_or_made(given, status):
    assert nm.Parameter("1 mM", **given).status == status


def test_what_is_verified_is_not_transcribed_as_well_and_a_users_value_is_neither():
    with pytest.raises(nm.NmdasimError, match="verified or transcribed, not both"):
        nm.Parameter("1 mM", verified=True, transcribed=True)
    own = nm.Parameter("1 mM", source="x", kind="fitted", transcribed=True).replace("2 mM")
    assert (own.status, own.transcribed) == ("assumed", False)


def test_an_entry_that_says_how_it_was_read_overrides_its_section():
    janssen = load("pharmacokinetics", "janssen")
    assert [janssen[name].status for name in ("V1", "F_nasal", "session")] == ["transcribed", "verified", "assumed"]


def test_recalled_numbers_are_listed_by_model_and_for_the_whole_library(command):
    status, out, _ = command("parameters", "wdr", "--status", "recalled", "--json")
    assert status == 0
    assert {row["name"] for row in json.loads(out)["parameters"]} == {"K_ketamine", "V_ketamine"}
    every = json.loads(command("parameters", "--status", "recalled", "--json")[1])["parameters"]
    assert len(every) == ledger.counts()["recalled"]
    assert {row["status"] for row in every} == {"recalled"}
    assert "drugs.mk801.block" in {row["population"] for row in every}
    assert "No parameter of wdr is transcribed." in command("parameters", "wdr", "--status", "transcribed")[1]
    assert command("parameters", "wdr", "--status", "recalled")[0] == 0


def test_an_unknown_status_is_one_line(command):
    status, out, told = command("parameters", "wdr", "--status", "recaled")
    assert (status, out, told.count("\n")) == (2, "", 1)
    assert "unknown status 'recaled'; did you mean 'recalled'?" in told


def test_the_documentation_counts_what_the_tables_hold():
    rows = list(csv.reader((ROOT / "docs" / "tables" / "statuses.csv").read_text("utf-8").splitlines()))
    assert rows[0][1:-1] == list(STATUSES)
    assert [int(n) for n in rows[-1][1:-1]] == list(ledger.counts().values())
    assert sum(ledger.counts().values()) == sum(1 for _ in ledger.numbers()) == int(rows[-1][-1])


def test_of_every_number_it_is_known_whose_it_is():
    assert [(section, name) for section, name, p in ledger.numbers() if not p.source] == []
