"""A figure drawn by hand in an example names the parameters on which it stands, as every other does."""

import runpy
from pathlib import Path

import matplotlib.pyplot as plt

EXAMPLE = Path(__file__).parents[2] / "examples" / "44_what_would_have_to_be_true.py"


def test_the_edge_is_drawn_with_the_names_of_its_assumed_parameters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    figure = runpy.run_path(str(EXAMPLE))["fig"]
    said = " ".join(figure.get_supxlabel().split())
    plt.close("all")
    assert "Unverified or assumed parameters: drive, s_0, theta, steepness, tau" in said
