"""A parameter whose source is not verified says so: in the table, in attrs and in the caption of the figure."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from nmdasim.command import app as cli
from nmdasim.parameters import load
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, inhibition
from nmdasim.receptors.antagonists import competitive, glycine_site
from nmdasim.receptors.blockers import NAMES, block, blocker
from nmdasim.receptors.schemes import names, scheme
from nmdasim.receptors.subtypes import NAMES as SUBTYPES
from nmdasim.receptors.subtypes import subtype

PATCHES = {
    **{name: scheme(name) for name in names()},
    **{f"GluN{name}": subtype(name).scheme() for name in SUBTYPES},
    **{f"clements1992 with {drug}": block(scheme("clements1992"), blocker(drug)) for drug in NAMES},
    "D-AP5": competitive(scheme("clements1992")),
    "glycine": glycine_site(scheme("clements1992")),
}
#: Schemes whose rates, magnesium included, were all read in their sources.
VERIFIED = {"lester_jahr1992", "clements1992", "clements_westbrook1991", "destexhe1996", "edmonds_colquhoun1992",
            "vargas_caballero_robinson2004", "kampa2004"}  # fmt: skip


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def unverified(parameters):
    return {key for key, p in parameters.items() if not p.verified and p.source != "user"}


def written(figure):
    return " ".join(figure.get_supxlabel().split()).replace("- ", "-")


@pytest.mark.parametrize("name", PATCHES)
def test_every_patch_names_what_is_not_verified_in_attrs_and_caption(name):
    patch = PATCHES[name]
    expected = unverified(patch.parameters)
    result = bench.pulse(patch, tail="20 ms")
    assert set(result.attrs["unverified_parameters"].split()) == expected
    assert bool(expected) == (name not in VERIFIED)
    for figure in (plot_receptor.pulse([result]).figure, plot_receptor.scheme(patch).figure):
        text = written(figure)
        assert ("Unverified or assumed parameters:" in text) == bool(expected)
        assert all(key in text for key in expected)


@pytest.mark.parametrize("drug", NAMES)
@pytest.mark.parametrize("kind", SUBTYPES)
def test_every_inhibition_curve_names_what_is_not_verified_in_attrs_and_caption(drug, kind):
    if drug in ("MK-801", "ketamine-gilling2009") and kind != "2A":
        with pytest.raises(ValueError, match=f"affinity of {drug} to GluN{kind} is not known"):
            blocker(drug, kind)
        return
    expected = unverified(blocker(drug, kind).parameters) | unverified({"K_mg": subtype(kind)["K_mg"]})
    result = inhibition.curve(drug, kind)
    assert set(result.attrs["unverified_parameters"].split()) == expected
    text = written(plot_receptor.inhibition([result]).figure)
    assert all(key in text for key in expected)


@pytest.mark.parametrize("command", [("pulse", "--scheme", "destexhe1994"), ("inhibition", "--drug", "ketamine")])
def test_the_printed_table_and_the_csv_name_them(command, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.argv", ["nmdasim", "receptor", *command, "--out", str(tmp_path)])
    cli.main()
    printed = " ".join(capsys.readouterr().out.split())
    table = (tmp_path / f"{command[0]}.csv").read_text("utf-8")
    for key in {"pulse": ("k_bind", "k_unbind"), "inhibition": ("K_ketamine", "slope_ketamine", "k_on_ketamine")}[
        command[0]
    ]:
        assert key in printed.partition("Unverified")[2]
        assert key in table.partition("Unverified")[2].partition("\n")[0]


def test_a_recalled_number_is_never_called_verified():
    tables = [subtype(kind).parameters for kind in SUBTYPES]
    tables += [blocker(drug).parameters for drug in NAMES]
    tables += [scheme(name).parameters for name in names()]
    tables += [load("antagonists", "d_ap5"), load("antagonists", "glycine"), load("receptors", "cleft")]
    rows = [(key, p) for table in tables for key, p in table.items()]
    recalled = [(key, p) for key, p in rows if "recalled" in p.description or p.source == "recalled"]
    assert len({key for key, _ in recalled}) > 10
    assert [key for key, p in recalled if p.verified] == []
