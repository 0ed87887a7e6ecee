"""Of few draws no share is told: their bars go from the lowest to the highest, and say so."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import uM
from nmdasim.plan.spread import bounds, held, inside


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_few_draws_span_all_of_them_and_many_the_middle():
    few, many = np.arange(19.0), np.arange(101.0)
    assert bounds(few).tolist() == [0, 18]
    assert bounds(many).tolist() == pytest.approx([2.5, 97.5])
    assert bounds(np.array([[1.0, np.nan], [3.0, 5.0]])).tolist() == [[1, 5], [3, 5]]


def test_words_say_which():
    assert (inside(19, "19 draws"), inside(20, "20 draws")) == ("lowest to highest of 19 draws", "95 % of 20 draws")
    assert held(3) == "go from the lowest to the highest of 3 draws"
    assert held(20, "seeds") == "hold 95 % of 20 seeds"


@pytest.mark.parametrize("draws", [3, 20])
def test_bars_of_wind_up_are_what_its_title_says(draws):
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=3), ketamine=3 * uM, seed=range(draws))
    late = nm.measures.windup(result).late.transpose("pulse", "seed").values
    ax = nm.plot.windup(result)[0]
    (bars,) = (one for one in ax.collections if isinstance(one, LineCollection))
    drawn = np.array([segment[:, 1] for segment in bars.get_segments()])
    everything = np.array([late.min(axis=1), late.max(axis=1)]).T
    assert np.array_equal(drawn, everything) is (draws == 3)
    assert f"bars {held(draws)}" in ax.get_title(loc="left")


def test_a_cohort_of_a_few_people_claims_no_share_of_them():
    regimen = ph.schedule("infusion_40_minutes")
    people = ph.spread(regimen, ph.every("30 min", "2 h"), ph.Cohort(3))
    course = ph.time_course(regimen, every="30 min", until="2 h")
    ax = nm.plot.pharmacokinetics.concentration(course, spread=people)
    words = [ax.figure.get_supxlabel(), *(text.get_text() for text in ax.get_legend().get_texts())]
    assert people.attrs["interval"] == "lowest to highest of people"
    assert "lowest to highest of 3 people" in words
    assert not any("95 %" in said for said in words)
