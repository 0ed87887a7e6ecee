from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, inhibition
from nmdasim.receptors.blockers import block, blocker
from nmdasim.receptors.schemes import names, scheme


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("drug", ["", "ketamine", "memantine"])
def test_a_scheme_is_drawn_with_every_state_in_a_place_of_its_own(name, drug):
    given = block(scheme(name), blocker(drug)) if drug else scheme(name)
    places = np.array(list(plot_receptor.layout(given).values()))
    assert len(places) == len(given.states)
    apart = np.linalg.norm(places[:, None] - places[None], axis=-1) + 10 * np.eye(len(places))
    assert apart.min() > 1
    assert plot_receptor.scheme(given).get_title(loc="left").startswith(f"{given.name}: ")


def test_plot_scheme_is_the_drawing_of_the_bench():
    assert nm.plot.scheme(scheme("clements1992")).get_title(loc="left").startswith("clements1992: ")


def test_the_caption_names_what_is_not_verified():
    ax = plot_receptor.inhibition([inhibition.curve("ketamine", "2C", mg="1 mM")])
    text = ax.figure.get_supxlabel()
    assert "Not medical advice" in text
    assert "K_ketamine" in text
    assert "K_mg" in text


def test_a_pulse_marks_its_peak():
    ax = plot_receptor.pulse([bench.pulse(scheme("clements1992"), mg="0 mM")])
    marks = [line for line in ax.lines if line.get_marker() == "o"]
    assert marks[0].get_ydata()[0] == pytest.approx(0.1831, abs=1e-4)


def test_the_answer_to_every_pulse_is_marked_however_much_is_blocked():
    s = block(scheme("clements1992"), blocker("ketamine"))
    run = bench.train(s, "ketamine", pulses=15, ketamine="10 uM", v="-40 mV", mg="0 mM")
    upper, _ = plot_receptor.onset({"10 µM ketamine": run})
    marks = upper.lines[1].get_ydata()
    assert len(marks) == 15
    assert marks[-1] < 0.1 * marks[0]


def test_every_protocol_has_a_figure_with_labelled_axes_and_the_disclaimer():
    s = block(scheme("destexhe1996"), blocker("ketamine"))
    run = bench.train(s, "ketamine", pulses=3, ketamine="10 uM")
    gone = bench.recovery(s, "ketamine", "10 uM", agonist=False, pulses=2)
    drawn = [
        *plot_receptor.onset({"10 µM ketamine": run}),
        plot_receptor.recovery({"ketamine, without agonist": gone}),
        plot_receptor.iv(bench.iv_curve(scheme("kampa2004"), ["-80 mV", "0 mV", "40 mV"], ["0 mM", "1 mM"])),
        plot_receptor.block_voltage(inhibition.against_voltage("ketamine", "1 uM", ["-80 mV", "0 mV"])),
        plot_receptor.pulse([bench.pulse(scheme("destexhe1994"))], relative=True),
    ]
    for ax in drawn:
        assert ax.get_ylabel()
        assert ax.get_title(loc="left")
        assert "Not medical advice" in ax.figure.get_supxlabel()
