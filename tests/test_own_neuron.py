"""The tutorial of an own neuron: every block of the page runs, in its order, and what the page says is so."""

import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

PAGE = (Path(__file__).parents[1] / "docs" / "own_neuron.md").read_text("utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What the blocks of the page leave behind."""
    names = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("page"))
        for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
            exec(compile(block, "own_neuron.md", "exec"), names)
        names["files"] = {path.name for path in Path().iterdir()}
    yield names
    plt.close("all")


def test_an_own_neuron_winds_up_and_has_a_panel_for_what_exists(page):
    late = page["measured"].late.mean("seed").values
    assert (round(late[0]), round(late[-3:].mean())) == (3, 9)
    figure = page["result"]
    assert {"slow", "late"} <= {*figure.data_vars, *page["measured"].data_vars}
    assert page["result"].slow.units == "nS"


def test_any_train_is_swept_over_its_rate(page):
    count = page["answer"].spike_count
    assert (count.rate.values.tolist(), count.rate.units) == ([1, 5, 20], "Hz")
    assert count.values[0] < count.values[-1]


def test_doses_are_in_the_unit_given_and_half_the_spikes_go_below_the_ic50_of_the_channel(page):
    doses, curve = page["doses"], page["curve"]
    assert (doses.ketamine.units, doses.ketamine.sel(ketamine=0.3).item()) == ("µM", 0.3)
    area = page["area"].mean("seed")
    assert np.all(np.diff(area) <= 0)
    assert bool(curve.sigmoid)
    assert 0.1 < float(curve.ic50) < 1
    assert curve.ic50.units == "µM"


def test_what_is_taken_along_is_there(page):
    assert page["files"] == {"mine.csv", "mine_pulse.csv", "mine_spike.csv", "mine.nc"}
