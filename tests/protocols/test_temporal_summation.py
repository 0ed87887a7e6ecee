"""Threshold for one stimulus, strength of a volley, and a train at a multiple of the threshold."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.command import names
from nmdasim.errors import InputError, ModelError, NmdasimError
from nmdasim.model.port import Fibres
from nmdasim.protocols import TemporalSummation, graded
from nmdasim.studies import reflex

#: Three jumps, and what is lost of them in the step between arrival and test.
ALONE = 3 * np.exp(1 / 20)


@pytest.fixture(scope="module")
def jumping():
    """Return a neuron that one synapse lifts by 5 mV, less under ketamine, and that fires 15 mV above rest."""
    return nm.Model(
        "jumping",
        "dv/dt = (E_l - v)/tau_m : volt",
        {"E_l": "-65 mV", "tau_m": "20 ms", "jump": "5 mV", "ketamine": "0 uM", "K": "1 uM"},
        initial={"v": "E_l"},
        threshold="v > -50*mV",
        reset="v = E_l",
        ports={"exc": "v += jump/(1 + ketamine/K)"},
        fibres={"c": Fibres("exc", 1, "150 ms", "5 ms")},
        dt="1 ms",
        dt_max="1 ms",
    )


@pytest.fixture(scope="module")
def found(jumping):
    return reflex.threshold(jumping, ketamine=["0 uM", "0.2 uM"], seeds=[0, 1])


def test_the_threshold_is_the_strength_that_just_fires(found):
    expected = np.outer([ALONE, ALONE * 1.2], [1, 1])
    assert found.threshold.dims == ("ketamine", "seed")
    assert np.all(found.threshold >= expected)
    assert found.threshold.values == pytest.approx(expected, rel=1.1e-3)


def test_the_recruitment_curve_is_silent_below_the_threshold_and_fires_above(found):
    fires = found.spikes > 0
    assert np.array_equal(*np.broadcast_arrays(fires, (found.strength > found.threshold).transpose(*fires.dims)))


def test_a_train_comes_at_its_multiple_of_the_threshold_without_drug(jumping):
    run = reflex.temporal_summation(
        jumping, TemporalSummation(1.1, "2 Hz", 6), ketamine=["0.05 uM", "0.2 uM"], seeds=[0, 1]
    )
    assert run.strength.values == pytest.approx(1.1 * ALONE, rel=1.1e-3)
    assert run.late.sel(seed=0).transpose("ketamine", "pulse").values.tolist() == [[1] * 6, [0] * 6]
    assert run.threshold.sel(seed=1).values == pytest.approx([ALONE * 1.05, ALONE * 1.2], rel=1.1e-3)
    assert run["index"].dims == ("ketamine", "seed")


def test_a_threshold_beyond_the_largest_strength_is_refused_in_one_line(jumping):
    with pytest.raises(
        InputError, match=r"at 0.6 µM ketamine has no threshold up to strength 4 in 2 of 2 draws"
    ) as told:
        reflex.threshold(jumping, ketamine=["0 uM", "0.6 uM"], seeds=[0, 1])
    assert "\n" not in str(told.value)


def test_strength_scales_what_the_volley_brings_and_nothing_else():
    circuit = graded(nm.neurons.aguiar2010())
    scaled = {(name, port) for name, cell in circuit.cells.items() for port, p in cell.ports.items()
              if "strength*(" in p.effect}  # fmt: skip
    fibres = {(c.population, c.port) for a in circuit.fibres.values() for c in a.contacts}
    assert scaled == fibres
    relayed = {contact.port for contact in circuit.projections[0].contacts}
    assert not relayed & {port for name, port in scaled if name == "wdr"}
    assert graded(circuit).cells["wdr"].digest == circuit.cells["wdr"].digest


def test_the_published_volley_has_strength_1(jumping):
    strong = graded(jumping.replace(jump="16 mV"))
    counts = nm.simulate(strong, nm.WindUp(pulses=2), parameters={"strength": [0, 0.9, 1]}, dt="1 ms").spike_count
    assert counts.values.tolist() == [0, 0, 2]


def test_the_command_gives_threshold_and_recruitment(jumping, capsys, monkeypatch):
    monkeypatch.setattr(names, "neuron", lambda _: jumping)
    monkeypatch.setattr(
        "sys.argv", ["nmdasim", "threshold", "--ketamine", "0 uM,0.2 uM", "--repeats", "2", "--json"]
    )  # fmt: skip
    cli.main()
    answer = json.loads(capsys.readouterr().out)
    assert set(answer) == {"model", "runs", "disclaimer"}
    assert [run["ketamine_um"] for run in answer["runs"]] == [0.0, 0.2]
    assert [run["strength"] for run in answer["runs"]] == pytest.approx([ALONE, ALONE * 1.2], rel=1.1e-3)
    assert all(len(run["recruitment"]["strength"]) == len(run["recruitment"]["spikes"]) for run in answer["runs"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda cell: TemporalSummation(pulses=4), "5 to 20 stimuli"),
        (lambda cell: TemporalSummation(frequency="5 Hz"), "0.2 to 3 Hz"),
        (lambda cell: TemporalSummation(times_threshold=0), "one number above 0"),
        (lambda cell: nm.simulate(cell, TemporalSummation()), "needs the threshold of jumping"),
        (lambda cell: reflex.threshold(cell, criterion=0), "criterion = 0"),
        (lambda cell: reflex.threshold(cell, fibres=["adelta"]), "no fibres"),
        (lambda cell: graded(nm.circuits.dorsal_horn()), "it has none"),
    ],
)
def test_what_cannot_be_is_said(jumping, given, said):
    with pytest.raises(NmdasimError, match=said):
        given(jumping)


def test_a_threshold_says_what_it_stands_on_as_other_results_do():
    found = reflex.threshold(nm.neurons.wdr(), ketamine=["0 uM", "1 uM"], seeds=[0])
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), ketamine="1 uM")
    for key in ("unverified_parameters", "references", "drugs_given", "block", "disclaimer", "model"):
        assert found.attrs[key] == run.attrs[key], key
    assert "K_ketamine" in found.attrs["unverified_parameters"]


@pytest.mark.parametrize("slide", [False, True])
def test_the_command_leaves_a_figure_with_its_caption_and_tables(jumping, capsys, monkeypatch, tmp_path, slide):
    monkeypatch.setattr(names, "neuron", lambda _: jumping)
    drawn = []
    monkeypatch.setattr("nmdasim.command.threshold.opened", lambda figure, *_: drawn.append(figure))
    words = ["nmdasim", "threshold", "--ketamine", "0 uM,0.2 uM", "--repeats", "2", "--show", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words + ["--slide"] * slide)
    cli.main()
    assert "Saved threshold.png, .svg, .csv, .nc and recruitment.csv" in capsys.readouterr().out
    assert {path.name for path in tmp_path.iterdir()} == {
        "recruitment.csv",
        *(f"threshold.{kind}" for kind in ("png", "svg", "csv", "nc")),
    }
    rows = [len(pd.read_csv(tmp_path / f"{name}.csv", comment="#")) for name in ("threshold", "recruitment")]
    assert rows == [4, 100]
    (figure,) = drawn
    assert len(figure.axes) == (1 if slide else 2)
    assert nm.DISCLAIMER in figure.get_supxlabel()
    title = figure.axes[0].get_title(loc="left") if slide else figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ")
    assert title == "At 0.2 µM free ketamine the threshold is 1.20 × that at 0 µM"


def test_without_a_dose_the_figure_is_recruitment_alone(found):
    (ax,) = nm.plot.reflex.threshold(found.isel(ketamine=0, drop=True))
    assert (
        ax.figure.get_suptitle().replace("\N{NO-BREAK SPACE}", " ") == "One volley is answered from strength 3.155 on"
    )
    plt.close("all")


def test_a_model_without_fibres_has_no_threshold(jumping):
    with pytest.raises(ModelError, match="no fibres"):
        graded(jumping, ["adelta"])
