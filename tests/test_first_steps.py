"""What a new user meets first: names mistyped, arguments of another kind, and where help is found."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.command.printing import threshold as printing
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.receptors.subtypes import mixture
from nmdasim.studies import reflex
from nmdasim.studies.populations import reading


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["receptor", "pulse", "--sceme", "kampa2004"], "nmdasim receptor pulse --help"),
        (["windup", "--ket", "1"], "nmdasim windup --help"),
        (["widnup"], "nmdasim --help"),
    ],
)
def test_words_that_cannot_be_parsed_lead_to_the_help_of_their_own_command(words, where, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["nmdasim", *words])
    with pytest.raises(SystemExit):
        cli.main()
    assert capsys.readouterr().err.strip().endswith(f"See '{where}'.")


def test_a_name_that_differs_in_case_alone_is_the_nearest():
    assert nearest("WDR", ["aguiar2010", "wdr"]) == "; did you mean 'wdr'?"
    assert nearest("nobody", ["wdr"]) == "; there are wdr"


def test_a_mixture_misspelled_is_answered_by_the_nearest_mixture():
    with pytest.raises(ModelError, match=r"unknown subtype 'lamina_i_2b2'; did you mean 'lamina_i_2b2d'\?"):
        mixture("lamina_i_2b2")
    assert mixture("NR2B")[0][0].name == "2B"


@pytest.mark.parametrize("seeds", [range(3), 0, 2.5, True])
def test_a_time_course_takes_a_number_of_draws_and_nothing_else(seeds):
    levels = xr.DataArray([0.1], dims="time", coords={"time": ("time", [0.0], {"units": "h"})}, attrs={"units": "uM"})
    with pytest.raises(InputError, match="give the number of draws"):
        nm.windup_time_course(levels, nm.neurons.wdr(), seeds=seeds)


def test_fibres_given_as_the_name_of_a_port_are_refused_with_what_to_write():
    with pytest.raises(ModelError, match=r"fibres c = 'exc'; give nm.Fibres\(port='exc'"):
        dataclasses.replace(nm.neurons.wdr(), fibres={"c": "exc"})


def test_studies_are_found_beside_one_another():
    assert {"reflex", "population_of_models"} <= set(dir(nm.studies))
    assert callable(nm.studies.reflex.threshold)


def test_the_table_of_thresholds_fits_eighty_columns_with_one_line_a_row(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    grid = np.geomspace(0.01, 4, 9)
    found = xr.Dataset(
        {
            "threshold": (("ketamine", "seed"), [[0.1, 0.2, 0.1]]),
            "spikes": (("ketamine", "seed", "strength"), np.ones((1, 3, 9))),
        },
        coords={"ketamine": ("ketamine", [0.3], {"units": "µM"}), "seed": [0, 1, 2], "strength": grid},
        attrs={"model": "wdr"},
    )
    printing.show(found)
    said = capsys.readouterr().out
    assert "free ketamine (strength) (spikes) (spikes) (spikes) (spikes)" in " ".join(said.split())
    assert "3 latency draws" in " ".join(said.split())
    printing.show(found.isel(seed=[0]))
    assert "Median threshold of 1 latency draw, and" in " ".join(capsys.readouterr().out.split())
    assert "Not medical advice" in said


def test_the_example_of_a_population_names_a_dissociation_constant_as_one(tmp_path):
    path = tmp_path / "models.toml"
    path.write_text(reading.EXAMPLE)
    assert reading.read(path).factors.scales["dissociation"] == ("K_ketamine",)
    assert CliRunner().invoke(cli.app, ["population", "--example"]).output == reading.EXAMPLE


def test_a_threshold_reads_concentrations_as_every_command_does():
    found = reflex._doses(["0 uM", "100 ng/ml total", 300 * nm.nM])
    assert found == pytest.approx([0, 0.2313549, 0.3], rel=1e-5)
    with pytest.raises(InputError, match="total or free"):
        reflex._doses("100 ng/ml")
