"""What decides an answer, on draws whose answer is known; and figures of them."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy.stats import rankdata

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.plot import populations as drawn
from nmdasim.readout import populations
from nmdasim.studies.populations import given_data_indices, in_common, rank_correlations, sobol_indices

NAMES = ("strong", "weak", "idle", "share_a", "share_b")


@pytest.fixture(scope="module")
def found():
    """Return draws of which half are kept, whose loss falls with `strong`, rises with `weak` and with one share."""
    rng = np.random.default_rng(0)
    x = rng.random((4000, 4))
    values = dict(zip(NAMES, [*x.T, 1 - x[:, 3]], strict=True))
    loss = 40 - 20 * values["strong"] ** 3 + 3 * values["weak"] + 4 * values["share_a"] + rng.normal(size=4000)
    dosed = np.stack([loss / 4, loss], axis=1)
    return xr.Dataset(
        {
            "index": ("draw", 100 + 50 * values["strong"]),
            "kept": ("draw", x[:, 2] > 0.5),
            "index_loss": (("draw", "ketamine"), dosed, {"units": "%", "long_name": "loss of index"}),
        },
        coords={name: ("draw", column, {"units": "1"}) for name, column in values.items()}
        | {"ketamine": ("ketamine", [0.1, 1.0], {"units": "µM", "long_name": "free ketamine at the receptor"})},
        attrs={
            "parameters_drawn": " ".join(NAMES),
            "shares": "share_a share_b",
            "ranges": json.dumps({name: [0, 1] for name in NAMES[:3]}),
            "answers": "index",
            "dose": "ketamine",
            "model": "known",
            "disclaimer": nm.DISCLAIMER,
        },
    )


@pytest.fixture
def loss(found):
    return populations.loss(found, "index").sel(ketamine=1.0)


def test_partial_rank_correlations_order_what_decides_and_leave_out_what_does_not(found, loss):
    table = rank_correlations(found, loss)
    value = {name: float(table.correlation.sel(parameter=name)) for name in NAMES}
    assert value["strong"] < -0.9
    assert 0.3 < value["weak"] < value["share_a"]
    assert value["share_b"] == pytest.approx(-value["share_a"])
    low, high = (float(table[name].sel(parameter="idle")) for name in ("low", "high"))
    assert low < 0 < high
    assert high - low == pytest.approx(2 * 1.96 / np.sqrt(table.attrs["draws"] - 7), rel=0.01)


def test_a_partial_rank_correlation_is_that_of_the_inverse_correlation_matrix(found, loss):
    own = populations.kept(found)
    alone = found.assign_attrs(parameters_drawn="strong weak idle", shares="")
    ranks = np.stack([rankdata(own[name]) for name in NAMES[:3]] + [rankdata(loss)])
    inverse = np.linalg.inv(np.corrcoef(ranks))
    expected = -inverse[:3, 3] / np.sqrt(np.diag(inverse)[:3] * inverse[3, 3])
    assert rank_correlations(alone, loss).correlation.values == pytest.approx(expected)


def test_variance_shares_of_given_draws_are_those_of_the_function(found, loss):
    table = given_data_indices(found, loss, resamples=20)
    parts = {"strong": 400 * 9 / 112, "weak": 9 / 12, "share_a": 16 / 12}
    whole = sum(parts.values()) + 1
    for name, part in parts.items():
        assert float(table["first"].sel(parameter=name)) == pytest.approx(part / whole, abs=0.03)
    assert abs(float(table["first"].sel(parameter="idle"))) < 0.03


def test_what_the_chosen_have_in_common_is_where_they_differ_from_the_rest(found, loss):
    table = in_common(found, loss > float(loss.quantile(0.8)))
    assert table.parameter.values[np.argmax(np.abs(table.distance.values))] == "strong"
    assert float(table.chosen.sel(parameter="strong")) < 0.5 < float(table.others.sel(parameter="strong"))
    assert float(table.distance.sel(parameter="strong")) < 0 < float(table.distance.sel(parameter="share_a"))
    with pytest.raises(InputError, match="nothing to compare"):
        in_common(found, loss > 1e9)


def test_shares_of_models_and_quantiles_are_of_the_kept_alone(found):
    own = found.index_loss.values[found.kept.values]
    assert populations.quantiles(found).sel(quantile=0.5).values == pytest.approx(np.median(own, axis=0))
    assert populations.share_losing(found, 26).values == pytest.approx((own >= 26).mean(axis=0))
    with pytest.raises(InputError, match="no loss of 'indx'; did you mean 'index'"):
        populations.quantiles(found, "indx")


def test_the_place_in_a_range_is_on_the_scale_that_was_drawn_from(found):
    tenfold = found.assign_coords(strong=("draw", 10**found.strong.values))
    names, linear = populations.places(found)
    drawn_from = tenfold.assign_attrs(samples=json.dumps({"log": ["strong"]}))
    assert populations.places(drawn_from)[1] == pytest.approx(linear)
    assert populations.places(tenfold)[1][:, names.index("strong")].mean() < 0.4


def test_sobol_indices_over_the_box_are_those_of_the_function(found):
    design = nm.Samples({"a": (0, 1), "b": (0, 1), "c": (0, 1)}, 256, "sensitivity")
    columns = {name: np.asarray(column) for name, column in design.columns().items()}
    told = {"method": "sensitivity", "points": 256, "parameters": list(columns)}
    drawn_so = xr.Dataset(
        {"index": ("draw", 2 * columns["a"] + columns["b"] + columns["c"] / 2)}, attrs={"samples": json.dumps(told)}
    )
    table = sobol_indices(drawn_so, "index")
    assert table["first"].values == pytest.approx(np.array([4, 1, 0.25]) / 5.25, abs=0.02)
    assert table["total"].values == pytest.approx(np.array([4, 1, 0.25]) / 5.25, abs=0.02)


def test_what_says_nothing_is_refused(found, loss):
    with pytest.raises(InputError, match="choose one dose"):
        rank_correlations(found, populations.loss(found, "index"))
    with pytest.raises(InputError, match="12 draws for 5 parameters; draw more"):
        rank_correlations(found.isel(draw=np.flatnonzero(found.kept)[:12]), loss[:12])
    with pytest.raises(InputError, match="nothing decides it"):
        rank_correlations(found, 0 * loss)
    with pytest.raises(InputError, match="'sensitivity'"):
        sobol_indices(found, "index")


def test_a_range_is_written_in_the_units_of_a_figure(found):
    ranged = found.assign_attrs(ranges=json.dumps({"k": ["0.15 1/uM/second", "0.31 1/uM/second"]}))
    assert drawn._reach(ranged, "k") == "(0.15 1/µM/second – 0.31 1/µM/second)"


def test_every_figure_says_what_it_shows_and_carries_the_disclaimer(found, loss):
    chosen = loss > 35
    axes = [
        drawn.accepted_ranges(found, chosen),
        drawn.fan(found, "index", beside={"acute pain in people": 26.0}),
        drawn.parallel(found, loss),
        drawn.deciding({"1 µM": rank_correlations(found, loss)}),
    ]
    for ax in axes:
        assert nm.DISCLAIMER in ax.figure._supxlabel.get_text()
        assert ax.get_xlabel() or ax.get_ylabel()
    assert axes[1].get_xlabel() == "free ketamine at the receptor, µM"
    plt.close("all")


def test_a_fan_says_what_was_given_and_its_key_is_as_dark_as_what_it_names(found):
    ax = drawn.fan(found, "index")
    assert ax.get_title(loc="left").startswith("1 µM free ketamine takes ")
    key = dict(
        zip([text.get_text() for text in ax.get_legend().get_texts()], ax.get_legend().legend_handles, strict=True)
    )
    assert list(key) == ["90 % of the models", "50 % of the models", "median"]
    assert key["90 % of the models"].get_alpha() == pytest.approx(0.25)
    assert key["50 % of the models"].get_alpha() == pytest.approx(1 - 0.75**2)  # it lies on the other
    plt.close("all")


def test_the_data_narrow_what_is_narrower_than_it_was_drawn(found):
    shares = found.share_a / 5, 1 - found.share_a / 5  # drawn in a corner, which is nothing that the data say
    low = found.assign_coords(share_a=shares[0], share_b=shares[1])
    low.share_a.values[:2] = 0, 1
    narrower = populations.narrowing(low)
    assert narrower["idle"] == pytest.approx(0.5, abs=0.02)
    assert all(abs(narrower[name]) < 0.05 for name in NAMES if name != "idle")
    assert drawn.accepted_ranges(low).get_title(loc="left").startswith("The data narrow idle most (50")
    none = found.assign(kept=("draw", np.ones(found.sizes["draw"], dtype=bool)))
    ax = drawn.accepted_ranges(none)
    assert ax.get_title(loc="left") == "The data narrow no range"
    assert "Shares are drawn to sum to 1" in ax.figure.get_supxlabel()
    plt.close("all")


def test_what_is_drawn_beside_the_kept_is_named(found):
    ax = drawn.accepted_ranges(found, populations.losing(found, 26).sel(ketamine=1.0))
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [text.partition(":")[0] for text in named] == ["kept", "lose 26 % of index or more"]
    marks = [line.get_marker() for line in ax.get_legend().get_lines()]
    assert len(set(marks)) == 2  # told apart in grey, too
    solid, _, dashed, _ = (lines.get_linestyle()[0][1] is None for lines in ax.collections)
    assert (solid, dashed) == (True, False)
    plt.close("all")


def test_parallel_lines_say_how_many_of_how_many_and_the_words_of_their_colours_are_whole(found, loss):
    ax = drawn.parallel(found, loss)
    kept = int(found.kept.sum())
    assert ax.get_title(loc="left").startswith(f"{kept:,} sets of parameters meet the same data: 300 of them")
    figure = ax.figure
    figure.canvas.draw()
    words = figure.axes[-1].yaxis.label.get_window_extent()
    assert "1 µM free ketamine" in figure.axes[-1].get_ylabel().replace("\n", " ")
    assert words.y0 >= 0
    assert words.y1 <= figure.bbox.y1
    assert words.x1 <= figure.bbox.x1
    plt.close("all")
