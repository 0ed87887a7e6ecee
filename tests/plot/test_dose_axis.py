"""Dose and response: no drug is drawn too, and what the legend says stays on the figure."""

from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.text import Text

import nmdasim as nm
from nmdasim.receptors.hill import hill


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def table(doses, values):
    dose = xr.DataArray(np.asarray(doses, dtype=float), dims="ketamine", attrs={"units": "µM"})
    return xr.DataArray(values, {"ketamine": dose}, ("seed", "ketamine"), name="index")


def drawn(values):
    ax = nm.plot.dose_response(values, nm.measures.dose_response(values))
    ax.figure.canvas.draw()
    return ax


def halved(doses):
    return table(doses, [[20 / (1 + dose) + rise for dose in doses] for rise in (-0.1, 0.1)])


@pytest.mark.parametrize("doses", [[0, 0.1, 0.3, 1, 3, 10], [0, 0.001, 0.1, 1, 10, 1000], [0, 2, 3, 4, 5, 6]])
def test_no_drug_is_drawn_left_of_a_break_and_called_0(doses):
    ax = drawn(halved(doses))
    points = next(line.get_xydata() for line in ax.lines if len(line.get_xydata()) == len(doses))
    np.testing.assert_allclose(points[:, 1], [20 / (1 + dose) for dose in doses])
    np.testing.assert_allclose(points[1:, 0], doses[1:])
    place = points[0, 0]
    written = {tick.get_text(): tick.get_position()[0] for tick in ax.get_xticklabels()}
    assert written["0"] == place
    (mark,) = (text for text in ax.texts if text.get_text() == "//")
    assert ax.get_xlim()[0] < place < mark.get_position()[0] < doses[1]
    assert all(at == place or at > mark.get_position()[0] for at in written.values())


def test_a_dose_without_a_value_is_not_drawn_and_warns_of_nothing(recwarn):
    doses = [0, 0.1, 0.3, 1, 3, 10]
    values = halved(doses).where(lambda table: table.ketamine != 0.3)
    ax = drawn(values)
    points = next(line.get_xydata() for line in ax.lines if len(line.get_xydata()) == len(doses) - 1)
    assert 0.3 not in points[:, 0]
    assert not [one for one in recwarn if issubclass(one.category, RuntimeWarning)]


def test_without_no_drug_the_axis_has_no_break():
    ax = drawn(halved([0.1, 0.3, 1, 3, 10]))
    assert not [text for text in ax.texts if text.get_text() == "//"]
    assert "0" not in [tick.get_text() for tick in ax.get_xticklabels()]


def test_what_is_reported_at_lower_doses_is_not_drawn_beside_no_drug():
    ax = drawn(halved([0, 0.3, 1, 3, 10]))
    (mark,) = (text for text in ax.texts if text.get_text() == "//")
    bands = [line for line in ax.lines if line.get_marker() == "|"]
    assert len(bands) > 2
    assert min(line.get_xdata()[0] for line in bands) >= mark.get_position()[0]
    cut = [line for line in bands if line.get_markevery() == [1]]  # that begin before the break have no end there
    goes_on = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "<"]
    assert [line.get_xdata()[0] for line in cut] == goes_on
    assert len(goes_on) >= 1


@pytest.mark.parametrize("style", ["paper", "slide"])
@pytest.mark.parametrize(
    "doses", [[0, 0.3, 0.4, 0.5, 0.7, 1], [0, 0.3, 1, 3, 10, 30], [0, 2, 3, 4, 5, 6], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]]
)
def test_the_words_of_what_is_reported_stay_between_the_break_and_the_end(doses, style):
    with nm.plot.style(style):
        ax = drawn(halved(doses))
    cut = [ax.transData.transform(text.get_position())[0] for text in ax.texts if text.get_text() == "//"]
    words = [text for text in ax.texts if text.get_text().endswith(")  ")]
    assert words
    boxes = [text.get_window_extent() for text in words]
    assert min(box.x0 for box in boxes) >= max([ax.bbox.x0, *cut]) - 1
    assert max(box.x1 for box in boxes) <= ax.bbox.x1
    heights = sorted((box.y0, box.y1) for box in boxes)
    assert all(above[0] >= below[1] - 1 for below, above in pairwise(heights))


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_why_there_is_no_ic50_is_written_whole(style):
    flat = 10 + np.random.default_rng(0).normal(size=(5, 6))
    with nm.plot.style(style):
        ax = drawn(table([0, 0.1, 0.3, 1, 3, 10], flat))
    (legend,) = ax.figure.legends
    assert "noise" in legend.get_texts()[0].get_text()
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= ax.figure.bbox.x1
    assert box.y0 >= ax.bbox.y1


def test_a_curve_whose_half_lies_between_0_and_the_first_dose_is_not_said_to_have_none():
    ax = drawn(halved([0, 2, 3, 4, 5, 6]))
    assert ax.get_title(loc="left") == "No IC50 can be told"


def test_large_numbers_are_written_out_in_a_figure():
    """As where doses are in nM and rates in mHz: 600 nM, not 6e+02 nM."""
    dose, rate = np.array([0, 30, 100, 300, 1000, 3000, 10000.0]), [500, 2000]
    values = xr.DataArray(
        [hill(dose, 100, 0, 450, 1.2), hill(dose, 200, 0, 612, 1.2)],
        dims=("frequency", "ketamine"),
        coords={"frequency": ("frequency", rate, {"units": "mHz"}), "ketamine": ("ketamine", dose, {"units": "nM"})},
        name="area",
        attrs={"units": "1", "long_name": "spikes"},
    )
    fitted = nm.measures.dose_response(values)
    figures = [nm.plot.dose_response(values, fitted).figure, nm.plot.heatmap(values, "ketamine", "frequency").figure]
    texts = [text.get_text() for figure in figures for text in figure.findobj(Text)]
    assert any("450 to 612 nM" in text for text in texts)
    assert any("2000 mHz" in text for text in texts)
    assert any(text == "10000" for text in texts)
    assert not [text for text in texts if "e+0" in text]


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_the_name_of_an_axis_is_no_longer_than_its_side(style):
    """A long read-out, as of the wind-up index: it lies on no caption and no legend, whatever the type."""
    long = "wind-up index: spikes added, 100 ms to next pulse, in all windows of the train together"
    doses = halved([0, 0.3, 1, 3, 10]).assign_attrs(long_name=long, units="1")
    grid = doses.expand_dims(frequency=[1.0, 2.0])
    grid.frequency.attrs["units"] = "Hz"
    with nm.plot.style(style):
        curve = drawn(doses)
        chart = nm.plot.heatmap(grid, "ketamine", "frequency")
        chart.figure.canvas.draw()
    for ax in (curve, *chart.figure.axes):
        assert ax.yaxis.label.get_window_extent().height <= ax.bbox.height
        assert ax.xaxis.label.get_window_extent().width <= ax.bbox.width
    for ax in (curve, chart.figure.axes[1]):
        assert " ".join(ax.get_ylabel().split()) == long
        assert "100\n" not in ax.get_ylabel()  # a number stays with its unit
