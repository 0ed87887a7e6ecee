"""What figures show, on small results made up here: nothing is hidden, cut, or claimed that was not measured."""

import shutil
import subprocess
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from PIL import Image

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim.errors import InputError
from nmdasim.plot import receptor, schemes, sensitization
from nmdasim.plot.animation import _Film, animate
from nmdasim.plot.memory import remembered
from nmdasim.plot.windup import counts, raster, says
from nmdasim.receptors import bench, inhibition
from nmdasim.receptors.blockers import block, blocker
from nmdasim.receptors.schemes import names, scheme
from nmdasim.studies import reflex as reflex_study
from nmdasim.treatment import states


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def responses(spikes):
    grid = {"kind": ["touch"], "intensity": [0.2, 0.6, 1.0], "seed": [0, 1]}
    values = np.broadcast_to(np.asarray(spikes, dtype=float)[None, :, None], (1, 3, 2)).copy()
    values[0, :, 1] += 0.2
    return xr.Dataset({"spikes": (tuple(grid), values)}, grid)


def test_curves_that_coincide_are_both_seen_and_none_is_cut_by_the_axis():
    (ax,) = sensitization.stimulus_response({"before": responses([0, 0, 0]), "after": responses([0, 0, 0])})
    first, second = (line.get_xydata() for line in ax.lines)
    assert np.abs(first[:, 0] - second[:, 0]).min() > 0.005
    assert ax.get_ylim()[0] < 0
    assert ax.get_ylim()[1] >= 1
    assert all(not line.get_clip_on() for line in ax.lines)
    assert len({(str(line.get_linestyle()), line.get_marker()) for line in ax.lines}) == 2


def test_a_figure_of_responses_has_its_message_and_says_what_the_bars_hold():
    figure = sensitization.stimulus_response({"naive": responses([0, 1, 2])}, message="Touch hurts")[0].figure
    assert figure.legends[0].get_title().get_text() == "Touch hurts"
    assert "Mean of 2 seeds" in figure.get_supxlabel()
    assert "the lowest to the highest of 2 seeds" in figure.get_supxlabel()
    one = sensitization.stimulus_response({"naive": responses([0, 1, 2]).isel(seed=[0])})[0].figure
    assert "95 %" not in one.get_supxlabel()


def test_every_arrow_of_a_circuit_ends_at_its_boxes_and_inhibition_differs_in_shape():
    ax = sensitization.circuit(nm.circuits.dorsal_horn())
    ax.figure.draw_without_rendering()
    arrows = [patch for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    boxes = [text.get_bbox_patch() for text in ax.texts]
    edges = [box.get_window_extent() for box in boxes]
    for arrow in arrows:
        corners = ax.transData.transform(arrow.get_path().vertices)
        gaps = [min(max(b.x0 - x, x - b.x1, b.y0 - y, y - b.y1, 0) for x, y in corners) for b in edges]
        assert len([gap for gap in gaps if gap < 6]) >= 2  # in dots, of which the stroke of a head takes five
        assert arrow.get_joinstyle() == "miter"
    shapes = {(type(arrow.get_arrowstyle()).__name__, str(arrow.get_linestyle())) for arrow in arrows}
    assert len(shapes) == 2


@pytest.mark.parametrize("drug", ["", "ketamine", "memantine"])
def test_a_scheme_spells_every_state_out_and_writes_every_rate(drug):
    given = block(scheme("clements1992"), blocker(drug)) if drug else scheme("clements1992")
    texts = [text.get_text() for text in schemes.scheme(given).texts]
    states = [text for text in texts if "closed" in text or "open" in text or "desensitised" in text]
    assert len([text for text in states if "\n(" in text]) == len(given.states)
    arrows = [text for text in texts if any(arrow in text for arrow in "→←↑↓")]
    assert len(arrows) == len(given.transitions)


def touching(boxes, room=1.0):
    """Return the first two boxes that overlap by more than `room` dots."""
    for k, (name, one) in enumerate(boxes):
        for other_name, other in boxes[:k]:
            wide = min(one.x1, other.x1) - max(one.x0, other.x0)
            high = min(one.y1, other.y1) - max(one.y0, other.y0)
            if wide > room and high > room:
                return other_name, name
    return None


@pytest.mark.parametrize("drug", ["", "ketamine"])
@pytest.mark.parametrize("name", names())
def test_no_word_of_a_scheme_lies_on_another_or_beyond_its_edge(name, drug):
    given = block(scheme(name), blocker(drug)) if drug else scheme(name)
    ax = schemes.scheme(given)
    ax.figure.draw_without_rendering()
    words = [(t.get_text(), (t.get_bbox_patch() or t).get_window_extent()) for t in [*ax.texts, ax._left_title]]
    assert touching(words) is None
    for _, box in words:
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= ax.figure.bbox.x1
        assert box.y1 <= ax.figure.bbox.y1


def test_words_of_a_scheme_are_in_proportion_to_the_type_of_the_style_and_lie_on_nothing():
    sizes = []
    for look in ("paper", "slide"):
        with nm.plot.style(look):
            ax = schemes.scheme(block(scheme("clements1992"), blocker("ketamine")))
            ax.figure.draw_without_rendering()
            sizes.append(min(text.get_fontsize() for text in ax.texts) / nm.plot.look().font)
            words = [(t.get_text(), (t.get_bbox_patch() or t).get_window_extent()) for t in [*ax.texts, ax._left_title]]
            assert touching(words) is None
            assert max(box.x1 for _, box in words) <= ax.figure.bbox.x1
    assert sizes[0] == pytest.approx(sizes[1])
    assert sizes[0] > 0.8


def test_bands_have_a_strip_of_their_own_below_all_curves_and_their_words_are_whole():
    ax = receptor.inhibition([inhibition.curve("ketamine", kind, mg="1 mM") for kind in ("2A", "2C")])
    ax.figure.draw_without_rendering()
    foot = [text.get_window_extent() for text in ax.texts]
    curves = [line for line in ax.lines if line.get_transform() == ax.transData and len(line.get_xdata())]
    lowest = min(ax.transData.transform((1, line.get_ydata().min()))[1] for line in curves)
    assert len(foot) > 4
    assert max(box.y1 for box in foot) <= lowest
    assert min(box.x0 for box in foot) >= ax.bbox.x0
    assert max(box.x1 for box in foot) <= ax.bbox.x1
    assert touching([(text.get_text(), box) for text, box in zip(ax.texts, foot, strict=True)]) is None
    assert min(ax.get_yticks()) >= 0


def test_a_sweep_says_where_it_is_highest_and_which_dose_halves_it():
    dose = xr.DataArray(
        np.geomspace(0.01, 100, 9), dims="ketamine", attrs={"units": "µM", "long_name": "free ketamine"}
    )
    table = xr.DataArray(
        [1 / (1 + dose.values), 3 / (1 + dose.values)],
        {"frequency": [0.5, 1.0], "ketamine": dose},
        ("frequency", "ketamine"),
    )
    table.frequency.attrs["units"] = "Hz"
    assert nm.plot.heatmap(table, "ketamine", "frequency").get_title(loc="left") == (
        "Highest at free ketamine 0.01 µM, frequency 1 Hz"
    )
    curve = table.isel(frequency=1, drop=True).rename("index")
    ax = nm.plot.dose_response(curve, nm.measures.dose_response(curve))
    assert ax.get_title(loc="left") == "Half of the effect at 1 µM"
    ax.figure.draw_without_rendering()
    (legend,) = ax.figure.legends
    assert legend.get_window_extent().y0 >= ax.bbox.y1


def test_no_slope_is_drawn_where_there_is_no_wind_up():
    grid = {"release_opioid": [1, 0.5], "ketamine": [0.0, 1.0], "seed": [0]}
    first = np.full((2, 2, 1), 10.0)
    for slope, lines in ((1.0, 2), (0.01, 1)):
        found = xr.Dataset({"input": (tuple(grid), first), "slope": (tuple(grid), slope * first / 10)}, grid)
        axes = nm.plot.treatment.contrast(found)
        assert [len(ax.lines) for ax in axes] == [lines, lines]
        assert ("no slope is drawn" in axes[0].figure.get_supxlabel()) is (lines == 1)


def opposed(first, slope):
    """Return a contrast of three doses of either drug; what both leave does not matter here."""
    grid = {"release_opioid": [1, 0.6, 0.2], "ketamine": [0.0, 1.0, 9.0], "seed": [0]}
    larger = np.maximum.outer(np.arange(3), np.arange(3))[..., None]  # the place of the larger dose
    shares = {"input": first, "slope": slope}
    return xr.Dataset({name: (tuple(grid), 10 * np.array(share)[larger]) for name, share in shares.items()}, grid)


@pytest.mark.parametrize(
    ("first", "slope", "says"),
    [
        ((1, 0.9, 0.8), (1, 0.5, -0.1), "takes wind-up first"),
        ((1, 0.6, 0.7), (1, 1.1, 0.1), "takes the first response,\nthen wind-up"),
        ((1, 0.9, 0.1), (1, 0.5, 0.4), "takes wind-up,\nthen the first response"),
    ],
)
def test_the_contrast_says_what_goes_first_and_what_overtakes_it_and_cuts_no_marker(first, slope, says):
    axes = nm.plot.treatment.contrast(opposed(first, slope))
    for ax, drug in zip(axes, ("An opioid", "Ketamine"), strict=True):
        assert ax.get_title(loc="left") == f"{drug} {says}"
        low, high = ax.get_ylim()
        assert low <= min(*slope, *first, 0) - 0.05
        assert high >= max(*slope, *first) + 0.05


@pytest.mark.parametrize(
    ("slope", "says"),
    [(0.2, "takes wind-up first"), (0.9, "takes the first response first"), (0.52, "takes both alike")],
)
def test_the_contrast_says_what_each_drug_takes_first(slope, says):
    grid = {"release_opioid": [1, 0.5], "ketamine": [0.0, 1.0], "seed": [0]}
    given = np.array([[1, 0], [0, 0]])[..., None]  # neither drug
    first, slopes = (np.where(given, 1, share) * 10.0 for share in (0.5, slope))
    found = xr.Dataset({"input": (tuple(grid), first), "slope": (tuple(grid), slopes)}, grid)
    titles = [ax.get_title(loc="left") or ax.get_title() for ax in nm.plot.treatment.contrast(found)]
    assert titles == [f"An opioid {says}", f"Ketamine {says}"]


def test_a_decade_is_written_as_a_number():
    ax = receptor.inhibition([inhibition.curve("ketamine", "2A", mg="1 mM")])
    ax.figure.draw_without_rendering()
    assert {"0.1", "1", "10"} <= {text.get_text() for text in ax.get_xticklabels()}


def test_a_pulse_says_under_what_it_was_given():
    kampa = bench.pulse(scheme("kampa2004"), mg="0.5 mM", v="-40 mV")
    drugged = bench.pulse(block(scheme("clements1992"), blocker("ketamine")), ketamine="3 uM")
    title = "A pulse of glutamate at time 0 opens NMDA receptors"
    alone, other, both = (receptor.pulse(r).get_title(loc="left") for r in ([kampa], [drugged], [kampa, drugged]))
    assert alone == f"{title}\n(1 mM glutamate, −40 mV, 0.5 mM Mg)"
    assert other == f"{title}\n(1 mM glutamate, −60 mV, 1 mM Mg, 3 µM ketamine)"
    assert both == title


def test_subtypes_whose_curves_coincide_are_named_together():
    curves = [inhibition.curve("ketamine", kind, mg="1 mM") for kind in ("2A", "2B", "2C")]
    groups = receptor.coinciding(curves)
    assert [len(group) for group in groups] == [2, 1]
    labels = [text.get_text() for text in receptor.inhibition(curves).figure.legends[0].get_texts()]
    assert labels[0].startswith("GluN2A, GluN2B (coincide)")
    assert len(labels) == 2


def test_of_curves_that_coincide_the_legend_shows_every_mark():
    curves = [inhibition.curve("ketamine", kind, mg="1 mM") for kind in ("2A", "2B", "2C")]
    key = receptor.inhibition(curves).figure.legends[0]
    marks = {line.get_marker() for line in key.findobj(Line2D) if line.get_marker() not in ("None", "")}
    assert len(marks) == 3


def test_an_inhibition_curve_says_its_ic50_the_voltage_and_the_magnesium():
    one = inhibition.curve("ketamine", "2A", v="-66 mV", mg="1 mM")
    title = receptor.inhibition([one]).get_title(loc="left")
    told = f"Ketamine: {float(one.ic50):.2g}_µM leaves half of the NMDA current (−66_mV, 1_mM Mg)"
    assert title == told.replace("_", "\N{NO-BREAK SPACE}")  # no row ends between a number and its unit
    other = inhibition.curve("ketamine", "2A", v="-66 mV", mg="0 mM")
    title = " ".join(receptor.inhibition([one, other]).get_title(loc="left").split())
    assert f" {float(other.ic50):.2g} to {float(one.ic50):.2g} µM leaves half" in title
    assert title.endswith("(−66 mV, 1 mM or 0 mM Mg)")
    none = receptor.inhibition([one.assign(ic50=np.nan)])
    assert " ".join(none.get_title(loc="left").split()) == "Ketamine on NMDA receptors (−66 mV, 1 mM Mg)"


def test_on_a_slide_what_is_reported_stands_beside_its_bar():
    with nm.plot.style("slide"):
        ax = receptor.inhibition([inhibition.curve("ketamine", "2A")])
    ax.figure.draw_without_rendering()
    bars = [line.get_window_extent() for line in ax.lines if line.get_marker() == "|"]
    words = [text.get_window_extent() for text in ax.texts if "(" in text.get_text()]
    assert len(bars) == len(words) > 3
    assert all(box.y0 < (bar.y0 + bar.y1) / 2 < box.y1 for bar, box in zip(bars, words, strict=True))


@pytest.mark.parametrize(
    "drawing",
    [lambda: schemes.scheme(scheme("clements1992")), lambda: sensitization.circuit(nm.circuits.dorsal_horn())],
)
def test_arrows_end_at_the_boxes_of_the_drawing_that_is_saved(drawing):
    """A saved picture has other margins than the one before it; arrows that come first would end where boxes were."""
    ax = drawing()
    arrows = [patch.get_zorder() for patch in ax.patches if isinstance(patch, FancyArrowPatch)]
    boxes = [text.get_zorder() for text in ax.texts if text.get_bbox_patch() and text.get_bbox_patch().get_linewidth()]
    assert min(arrows) > max(boxes)


def test_the_drawing_of_a_circuit_keeps_what_ends_at_one_box_apart():
    ax = sensitization.circuit(nm.circuits.dorsal_horn())
    ax.figure.draw_without_rendering()
    heads = [ax.transData.transform(p.get_path().vertices) for p in ax.patches if isinstance(p, FancyArrowPatch)]
    box = next(t for t in ax.texts if "projection" in t.get_text()).get_bbox_patch().get_window_extent().padded(25)
    ends = [near for head in heads if len(near := head[[box.contains(*p) for p in head]])]
    assert len(ends) == 5
    for k, one in enumerate(ends):
        for other in ends[:k]:
            assert np.hypot(*(one[:, None] - other[None]).T).min() > 5


def test_the_relief_that_is_told_is_the_slow_one_and_no_interval_is_claimed_where_none_is_drawn():
    treated = nm.treatment.simulate(until="2 weeks", every="6 h", patients=3)
    sheet, lines = nm.plot.treatment.year(treated), nm.plot.treatment.rivals({"dahan2011": treated})
    assert sheet[1].get_title(loc="left").startswith("Slow relief of the typical patient")
    assert "Interval: lowest to highest of patients, 3 people drawn, seed 0." in sheet[0].figure.get_supxlabel()
    assert "95 %" not in lines.figure.get_supxlabel()
    assert "Mean of 3 virtual patients, seed 0." in lines.figure.get_supxlabel()


def test_a_caption_names_a_source_of_a_spread_as_a_reader_knows_it():
    figure, told = plt.figure(), {"interval": "95 % of people", "subjects": 3, "seed": 0}
    nm.plot.caption(figure, xr.Dataset(attrs=told | {"spread": "as published by perezruixo2021"}))
    assert "their spread: as published by Perez-Ruixo 2021." in figure.get_supxlabel().replace("\n", " ")
    nm.plot.caption(figure, xr.Dataset(attrs=told | {"spread": 0.5}))
    assert "their differences × 0.5." in figure.get_supxlabel()


def test_pulses_are_numbered_from_the_first_and_spikes_in_whole_numbers():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(frequency="3 Hz", pulses=25))
    ax = nm.plot.windup(run)[0]
    assert ax.get_xticks().tolist() == [1, 5, 10, 15, 20, 25]
    assert all(float(tick).is_integer() for tick in ax.get_yticks())


@pytest.mark.filterwarnings("ignore:Late windows of")
def test_a_raster_of_a_part_of_a_network_has_the_spikes_of_that_part():
    train = nm.protocols.Conditioning(frequency="8 Hz", pulses=2, start="10 ms")
    whole = nm.simulate(nm.circuits.dorsal_horn(), train, seed=[0, 1])
    for seed in (0, 1):
        part = whole.isel(seed=[seed])
        _, ax = plt.subplots()
        raster(part, ax)
        drawn = np.concatenate([one.get_positions() for one in ax.collections])
        assert sorted(drawn) == pytest.approx(sorted(nm.spikes(part).time_ms / 1e3))
        assert len(drawn)


def test_doses_of_a_threshold_are_named_in_order():
    found = reflex_study.threshold(nm.neurons.wdr(), ketamine=["1 uM", "0 uM"], seeds=[0])
    ax = nm.plot.reflex.recruitment(found)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["0 µM", "1 µM"]


def test_a_raster_of_many_draws_says_that_it_shows_one():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), seed=[0, 1])
    titles = [nm.plot.windup(one)[1].get_title(loc="left") for one in (run, run.isel(seed=[0]))]
    assert titles == ["Spikes of one draw (grey lines: pulses)", "Spikes (grey lines: pulses)"]


def test_pressure_has_a_message():
    rate = (("population", "seed"), [[3.0, 5.0]])
    rates = {"control": xr.Dataset({"rate": rate}, {"population": ["projection"], "seed": [0, 1]})}
    assert sensitization.pressure(rates, message="It hurts").get_title(loc="left") == "It hurts"


def test_an_infusion_is_drawn_as_a_rate_and_a_bolus_as_an_amount_on_its_own_axis():
    regimen = ph.Regimen((ph.dose("40 mg", over="40 min"), ph.dose("10 mg", at="1 h")), "ketamine")
    ax = nm.plot.pharmacokinetics.dosing(regimen, until_h=2)
    assert ax.get_ylabel() == "rate,\nmg/min"
    assert ax.collections[0].get_paths()[0].get_extents().y1 == pytest.approx(1.0)
    stems = next(other for other in ax.figure.axes if other is not ax)
    assert stems.get_ylabel() == "dose,\nmg"
    assert stems.lines[0].get_ydata()[0] == 10


def test_a_dose_at_the_very_start_is_drawn_whole():
    regimen = ph.Regimen((ph.dose("84 mg", route="nasal"),), "s-ketamine")
    ax = nm.plot.pharmacokinetics.dosing(regimen, until_h=4)
    assert not any(artist.get_clip_on() for artist in (*ax.lines, *ax.collections))


def treated(days=84.0):
    """Return a treatment as it is drawn: pain that is hardly less than before, in nobody below 6."""
    time = np.linspace(0, days, 50)
    flat = {"plasma": 80.0, "slow_relief": 0.95, "acute_relief": 0.05, "pain": 9.5, "pain_low": 8.0, "pain_high": 9.9}
    named = {"model": "dahan2011", "regimen": "two rates", "drug": "s-ketamine", "site": "arterial", "state": "crps"}
    values = {name: ("time_d", np.full(50, level)) for name, level in flat.items()}
    return xr.Dataset(values, {"time_d": time}, named | {"subjects": 200})


@pytest.mark.parametrize("look", ["paper", "slide"])
def test_a_treatment_shows_every_infusion_at_its_rate_and_no_legend_lies_on_a_line(look):
    slow, fast = ph.dose("20 mg", over="4 h"), ph.dose("80 mg", over="4 h", at="1 day")
    with nm.plot.style(look):
        axes = nm.plot.treatment.year(treated(), ph.Regimen((slow, fast), "s-ketamine"))
        figure = axes[0].figure
        figure.draw_without_rendering()
    doses = figure.axes[0]
    assert [shown.get_paths()[0].get_extents().y1 for shown in doses.collections] == pytest.approx([5, 20])
    weeks = [shown.get_paths()[0].get_extents().x0 for shown in doses.collections]
    assert weeks == pytest.approx([0, 1 / 7])
    assert doses.transData.transform((weeks[0], 0))[0] > doses.bbox.x0 + 4  # dots: not on the axis line
    assert doses.get_ylabel() == "rate,\nmg/h"
    assert doses.get_title(loc="left") == "two rates"
    for ax in axes:
        highest = max(ax.transData.transform(line.get_xydata())[:, 1].max() for line in ax.lines)
        assert highest < ax.get_legend().get_window_extent().y0
    assert max(axes[2].get_yticks()) == 10


@pytest.mark.parametrize("look", ["paper", "slide"])
@pytest.mark.parametrize(("dose", "drug"), [("0.5 mg/kg", "ketamine"), ("20 mg", "s-ketamine")])
def test_what_is_reported_beside_a_course_keeps_within_its_panel(look, dose, drug):
    regimen = ph.Regimen((ph.dose(dose, over="40 min"),), drug)
    with nm.plot.style(look):
        doses, _, side = nm.plot.pharmacokinetics.pk(ph.time_course(regimen, every="10 min"), None, regimen)
        figure = doses.figure
        figure.draw_without_rendering()
    *words, foot = (text.get_window_extent() for text in side.texts)
    assert max(box.y1 for box in words) <= side.bbox.y1
    assert min(box.y0 for box in words) >= foot.y1
    assert foot.x1 <= figure.bbox.x1
    bars = [bar.get_window_extent() for bars in side.containers for bar in bars]
    assert touching([("word", box) for box in (*words, *bars)]) is None
    assert max(side.dataLim.y1, 0) <= side.get_ylim()[1]
    assert doses.yaxis.label.get_window_extent().height <= doses.bbox.height


def test_an_arrow_of_what_goes_on_above_keeps_clear_of_words():
    figure, ax = plt.subplots(figsize=(5, 6))
    ax.set_ylim(0, 107)
    nm.plot.pharmacokinetics.reported(ax)
    figure.draw_without_rendering()
    bars = {bar for bars in ax.containers for bar in bars}
    arrows = [patch.get_window_extent() for patch in ax.patches if patch not in bars]
    assert len(arrows) == 3
    assert touching([("word", box) for box in (*arrows, *(text.get_window_extent() for text in ax.texts[:-1]))]) is None


def test_what_is_reported_is_written_in_proportion_to_the_type_of_the_style():
    sizes = []
    for look in ("paper", "slide"):
        with nm.plot.style(look):
            ax = nm.plot.pharmacokinetics.reported()
            sizes.append(max(text.get_fontsize() for text in ax.texts) / nm.plot.look().font)
    assert sizes == pytest.approx([0.65, 0.65])


def measured(*, draws, doses=(0.0, 1.0)):
    late = np.array([[[10, 12, 20]] * draws, [[10, 10, 12]] * draws])[: len(doses)]
    names = {"units": "µM", "long_name": "free ketamine"}
    coords = {"ketamine": ("ketamine", list(doses), names), "seed": range(draws), "pulse": [1, 2, 3]}
    data = xr.Dataset({"late": (("ketamine", "seed", "pulse"), late)}, coords)
    data["index"] = data.late.sum("pulse") - 3 * data.late.isel(pulse=0)
    return data


def test_95_percent_is_claimed_of_many_draws_only():
    for draws, claimed in ((1, False), (5, False), (20, True)):
        ax = counts(measured(draws=draws), measured(draws=draws), plt.subplots()[1])
        title = ax.get_title(loc="left") or ax.get_title()
        assert ("95 %" in title) is claimed
        assert (len(ax.collections) > 0) is (draws > 1)


def test_the_legend_is_in_order_of_dose():
    data = measured(draws=1, doses=(3.0, 1.0))
    key = counts(data, data, plt.subplots()[1]).get_legend()
    assert key.get_title().get_text() == "free ketamine"
    assert [text.get_text() for text in key.get_texts()] == ["1 µM", "3 µM"]


def read(key):
    """Return the labels of a legend as they are read, row by row."""
    boxes = [(text.get_window_extent(), text.get_text()) for text in key.get_texts()]
    return [text for _, text in sorted(boxes, key=lambda one: (-round(one[0].y0), one[0].x0))]


@pytest.mark.parametrize("doses", [(0.0, 0.1, 1.0, 10.0), (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)])
def test_a_legend_of_several_rows_is_read_in_order_of_dose(doses):
    dosed = xr.DataArray(list(doses), dims="ketamine", attrs={"units": "µM", "long_name": "free ketamine"})
    data = measured(draws=1).isel(ketamine=[0] * len(doses)).assign_coords(ketamine=dosed)
    with plt.rc_context({"font.size": 10}):
        ax = plt.figure(figsize=(3.6, 5), layout="constrained").subplots()
        key = counts(data, data, ax).get_legend()
        ax.figure.draw_without_rendering()
    rows = {round(text.get_window_extent().y0) for text in key.get_texts()}
    assert 1 < len(rows) < len(doses)
    assert read(key) == [f"{dose:g} µM" for dose in doses]


def test_a_slide_says_what_the_run_shows():
    assert says(measured(draws=2)) == "Free ketamine 1 µM: 17 % of wind-up is left"
    assert says(measured(draws=1).isel(ketamine=0, drop=True)) == "The same pulse, a growing answer: 10 → 20 spikes"
    alone = measured(draws=1, doses=(0.0,))
    assert says(alone) == "The same pulse, a growing answer: 10 → 20 spikes"
    flat = measured(draws=1).isel(ketamine=0, drop=True).isel(pulse=[0, 0])
    assert says(flat) == "The same pulse, no wind-up: 10 → 10 spikes"
    assert says(flat.assign(late=flat.late / 10)) == "The same pulse, no wind-up: 1 → 1 spike"
    assert says(measured(draws=1, doses=(1.0, 0.0)).isel(ketamine=[1])) == (
        "The same pulse, hardly any wind-up: 10 → 12 spikes"
    )


def answers(late, **varied):
    """Return what was measured of late spikes, of pulses along the last dimension, at one value of each quantity."""
    free = {"memantine", "ketamine", "mk801"}
    named = {d: {"units": "µM", "long_name": f"free {d}"} if d in free else {"units": "Hz"} for d in varied}
    coords = {d: (d, list(values), named[d]) for d, values in varied.items()}
    late = xr.DataArray(np.array(late, dtype=float), coords, [*varied, "pulse"])
    return xr.Dataset({"late": late, "index": late.sum("pulse") - late.sizes["pulse"] * late.isel(pulse=0)})


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (answers([[[8, 18], [8, 14]], [[8, 14], [6, 7]]], memantine=[0, 3], mk801=[0, 0.1]), "10 % of wind-up is left"),
        (answers([[6, 7], [8, 18], [8, 14]], ketamine=[10, 0, 1]), "Free ketamine 10 µM: 10 % of wind-up is left"),
        (answers([[8, 14], [6, 8]], ketamine=[1, 10]), "8 → 14 spikes at free ketamine 1 µM; 6 → 8 spikes at free"),
        (answers([[15, 14], [15, 30]], frequency=[0.1, 1]), "15 → 14 spikes at frequency 0.1 Hz; 15 → 30 spikes at"),
        (answers([[9, 11]], ketamine=[10]), "The same pulse at free ketamine 10 µM, a growing answer: 9 → 11 spikes"),
        (
            answers([[8, 12], [6, 11]], ketamine=[0, 1]),
            "1 µM: wind-up is not reduced, the first answer falls from 8 to",
        ),
        (answers([[8, 12], [8, 12]], ketamine=[0, 1]), "Free ketamine 1 µM: wind-up is not reduced"),
        (answers([[8, 12], [6, 5]], ketamine=[0, 1]), "Free ketamine 1 µM: no wind-up is left"),
        (answers([[8, 8], [6, 5]], ketamine=[0, 1]), "8 → 8 spikes at free ketamine 0 µM; 6 → 5 spikes at"),
        (answers([[14]], ketamine=[0]), "One pulse: 14 spikes"),
        (answers([[14], [9]], ketamine=[0, 10]), "One pulse: 14 spikes at free ketamine 0 µM; 9 spikes at"),
        (answers([[np.nan, 9], [2, 9]], ketamine=[0, 10]), "The same pulse, again and again"),
    ],
)
def test_the_message_is_true_of_what_was_run_and_names_every_dose_that_it_speaks_of(run, message):
    assert message in says(run)


def test_the_message_names_the_highest_combination_of_drugs():
    run = answers([[[8, 18], [8, 14]], [[8, 14], [6, 7]]], memantine=[0, 3], mk801=[0, 0.1])
    assert says(run) == "Free memantine 3 µM, free MK-801 0.1 µM: 10 % of wind-up is left"


def head(figure):
    """Return the title of a figure, in one row."""
    return " ".join((figure.get_suptitle() or figure.axes[0].get_title(loc="left")).split())


def changed_runs():
    wdr, train = nm.neurons.wdr(), nm.WindUp(frequency="2 Hz", pulses=2)
    both = {"memantine": [0, 3] * nm.uM, "ketamine": 1 * nm.uM}
    return {
        "(wdr, nmda × 0, 2 Hz)": nm.simulate(wdr.scaled(nmda=0), train),
        "(wdr, nmda × 0.25, K_mg 3 mM, 2 Hz)": nm.simulate(
            wdr.scaled(nmda=0.5).scaled(nmda=0.5).replace(K_mg="3 mM"), train
        ),
        "(wdr, 0 mM Mg, 2 Hz)": nm.simulate(wdr, train, mg=0 * nm.mM),
        "(wdr, free ketamine 1 µM, 2 Hz)": nm.simulate(wdr, train, drugs=both),
        "(wdr, free ketamine 3 µM, 2 Hz) ": nm.simulate(wdr, train, ketamine=[0, 3] * nm.uM).isel(ketamine=1),
        "(wdr, gain_nmda 1.5, E_gaba −70 mV, 2 Hz)": nm.simulate(states("crps").neuron(), train),
        "(wdr, 2 Hz)": nm.simulate(wdr, train, ketamine=[0] * nm.uM),
    }


def test_a_figure_of_wind_up_says_what_was_changed_and_what_all_lanes_were_given():
    for said, run in changed_runs().items():
        assert said.strip() in head(nm.plot.windup(run)[0].figure)
        assert said.strip() in head(nm.plot.slide(run).figure)


def test_a_trace_says_what_was_changed_with_a_train_and_without():
    cell = nm.neurons.wdr().scaled(nmda=0.5)
    train, plain = (
        nm.simulate(cell, protocol, duration="2 s", record="v_soma", sample="10 ms", ketamine=3 * nm.uM)
        for protocol in (nm.WindUp(frequency="2 Hz", pulses=2), None)
    )
    titles = [head(nm.plot.trace(run, "v_soma").figure) for run in (train, plain)]
    held = "v_soma (wdr, nmda × 0.5, free ketamine 3 µM"
    assert titles == [f"{held}, 2 Hz)", f"{held})"]


def test_where_nobody_asked_for_a_drug_no_row_is_named_after_it():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=2), ketamine=[0] * nm.uM)
    raster = nm.plot.windup(run)[1]
    assert "ketamine" not in raster.get_title(loc="left")
    assert [text.get_text() for text in raster.get_yticklabels()] == []


@pytest.mark.parametrize("chosen", [[1], 1])
def test_memory_and_a_film_of_one_lane_say_its_dose(train, chosen, monkeypatch):
    dosed = train.expand_dims(ketamine=[0.0, 3.0]).isel(ketamine=chosen)
    dosed.ketamine.attrs.update(units="µM", long_name="free ketamine")
    dosed["pulse_time"], dosed["window_end"] = train.pulse_time, train.window_end
    assert "free ketamine 3 µM" in head(nm.plot.memory(dosed)[0].figure)
    if chosen == 1:
        assert "free ketamine 3 µM" in head(_Film(dosed).figure)


def overlaps(boxes):
    """Return whether any two boxes in a row lie on one another."""
    ordered = sorted(boxes, key=lambda box: box.y0)
    return any(above.y0 < below.y1 - 1 for below, above in pairwise(ordered))


@pytest.fixture(
    scope="module",
    params=[
        ([1], {"ketamine": ["0 uM", "0.3 uM", "1 uM", "3 uM", "10 uM"]}),
        ([1], {"memantine": ["0 uM", "3 uM"], "mk801": ["0 uM", "0.1 uM"]}),
        ([0.5, 1, 2], {"ketamine": ["0 uM", "1 uM", "10 uM"]}),
    ],
)
def conditions(request):
    frequencies, drugs = request.param
    protocol = nm.WindUp(frequency=(frequencies if len(frequencies) > 1 else 1) * nm.Hz, pulses=4)
    return nm.simulate(nm.neurons.wdr(), protocol, drugs=drugs, seed=[0, 1])


@pytest.mark.parametrize("look", ["paper", "slide"])
def test_of_many_conditions_every_line_and_every_row_is_named_and_nothing_lies_on_another(conditions, look):
    with nm.plot.style(look):
        upper, lower = nm.plot.windup(conditions)
        figure = upper.figure
        figure.draw_without_rendering()
    key = upper.get_legend()
    box = key.get_window_extent()
    highest = max(upper.transData.transform(line.get_xydata())[:, 1].max() for line in upper.lines)
    assert highest < box.y0
    assert box.y1 <= upper.bbox.y1 + 1
    assert box.x1 <= upper.bbox.x1 + 1
    assert upper.bbox.height > 0.2 * figure.bbox.height
    assert upper.bbox.width > 0.7 * figure.bbox.width
    assert len(key.get_texts()) == len(upper.lines)
    assert [label.get_text() for label in lower.get_yticklabels()] == read(key)
    assert not overlaps(label.get_window_extent() for label in lower.get_yticklabels())
    words = [figure._suptitle, upper._left_title, lower._left_title]
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 + 1 for text in words)


@pytest.mark.parametrize("look", ["paper", "slide"])
def test_panels_of_memory_keep_clear_of_one_another_and_the_legend_of_all_lines(train, look):
    doses = xr.DataArray([0.0, 0.3, 1, 3, 10], dims="ketamine", attrs=answers([[1]], ketamine=[0]).ketamine.attrs)
    run = train.assign({name: train[name].expand_dims(ketamine=doses) for name in nm.plot.MEMORY})
    run = run.assign_coords(ketamine=doses)
    with nm.plot.style(look):
        axes = nm.plot.memory(run)
        figure = axes[0].figure
        figure.draw_without_rendering()
    titles = [ax._left_title.get_window_extent() for ax in axes]
    assert all(left.x1 < right.x0 for left, right in pairwise(titles))
    (key,) = figure.legends
    assert key.get_window_extent().x0 >= max(ax.bbox.x1 for ax in axes)
    assert [text.get_text() for text in key.get_texts()] == ["0 µM", "0.3 µM", "1 µM", "3 µM", "10 µM"]
    assert figure._suptitle.get_window_extent().x1 <= figure.bbox.x1
    assert key.get_window_extent().x1 > 0.97 * figure.bbox.x1  # no part of the width is empty


def test_a_marker_at_no_spikes_keeps_clear_of_the_numbers_of_the_pulses():
    data = answers([[8, 12], [0, 0]], ketamine=[0, 3])
    ax = counts(data, data, plt.subplots()[1])
    assert ax.get_ylim()[0] < -0.3
    assert counts(data.isel(ketamine=[0]), data.isel(ketamine=[0]), plt.subplots()[1]).get_ylim()[0] == 0


@pytest.fixture(scope="module")
def train():
    time = np.arange(0.0, 3000.0, 5.0)
    pulses, ends = [1000.0, 2000.0], [2000.0, 3000.0]
    calcium = 0.05 + np.where(time >= 1000, 1.0, 0) * (time < 1100) + np.where(time >= 2000, 2.0, 0) * (time < 2100)
    traces = {
        "m_can_dendrite": ("time", time / 3000, {"units": "1"}),
        "v_dendrite": ("time", -65 + time / 300, {"units": "mV"}),
        "ca_dendrite": ("time", calcium, {"units": "µM"}),
    }
    edges = {"pulse_time": ("pulse", pulses), "window_end": ("pulse", ends)}
    spikes = {"spike_time": ("spike", [1050.0, 2050.0]), "spike_count": ((), 2)}
    return xr.Dataset(traces | edges | spikes, {"time": time, "pulse": [1, 2]}, {"output": "", "model": "made up"})


def test_memory_is_the_gate_and_the_potential_before_a_pulse_beside_all_calcium_after_it(train):
    found = remembered(train)
    assert found.gate.values == pytest.approx([1 / 3, 2 / 3], abs=0.01)
    assert found.dendrite.values == pytest.approx([-61.8, -58.5], abs=0.1)
    assert found.calcium.values == pytest.approx([0.1, 0.2])
    assert found.calcium.units == "µM·s"
    assert nm.plot.memory(train)[0].get_title(loc="left") == "CAN gate\nbefore the pulse"


def test_memory_says_what_to_record(train):
    with pytest.raises(InputError, match="of made up m_can_dendrite was not recorded: .* record=nm.plot.MEMORY"):
        remembered(train.drop_vars("m_can_dendrite"))


@pytest.mark.parametrize("draw", [nm.plot.memory, lambda result: animate(result, "never.gif")])
def test_of_a_cell_without_a_memory_it_says_what_the_figure_needs_and_what_can_be_drawn(draw):
    with pytest.raises(InputError) as told:
        draw(xr.Dataset(attrs={"model": "mine"}))
    said = str(told.value)
    assert "the CAN gate m_can, the potential v and the calcium ca of a compartment 'dendrite'" in said
    assert "of mine m_can_dendrite, v_dendrite, ca_dendrite were not recorded" in said
    assert "nm.plot.trace(result" in said


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda r: nm.plot.trace(r, "v_dendrit"), "no recorded variable 'v_dendrit'; did you mean 'v_dendrite'"),
        (
            lambda r: nm.plot.trace(r, "g"),
            "no recorded variable 'g'; there are m_can_dendrite, v_d",
        ),
        (lambda r: nm.plot.trace(r, "spike_count"), "no recorded variable 'spike_count'"),
        (lambda r: nm.plot.trace(r.drop_dims("time"), "v"), r"nothing was recorded: simulate with record=\[…\]"),
        (lambda r: nm.plot.summary(r, "ca_peak", plt.gca()), "no summary 'ca_peak'; this model keeps none"),
        (lambda r: nm.plot.summary(r, "window_end", plt.gca()), "no summary 'window_end'"),
        (lambda r: nm.plot.heatmap(r.v_dendrite, "time", "dose"), "no dimension 'dose'; there are time"),
        (lambda r: nm.plot.dose_response(r.v_dendrite, r, "dose"), "no dimension 'dose'; there are time"),
        (lambda r: nm.plot.heatmap(r.spike_count, "time", "dose"), "no dimension 'time'; spike_count is one number"),
    ],
)
def test_a_name_that_is_not_there_is_refused_with_those_that_are(train, draw, message):
    with pytest.raises(InputError, match=message):
        draw(train)


def test_a_train_becomes_a_film(train, tmp_path):
    path = animate(train, tmp_path / "train.gif", frames_per_second=1)
    with Image.open(path) as film:
        assert film.n_frames >= 3
        assert film.size[0] / film.size[1] == pytest.approx(16 / 9, rel=0.01)


def test_a_film_begins_with_what_there_was_and_says_over_how_long_it_takes_means(train):
    film = _Film(train)
    assert film.ca[:3] == pytest.approx([0.05, 0.05, 0.05])
    assert film.free[0] == pytest.approx(film.free[1], rel=0.01)
    assert film.ca[202] == pytest.approx(0.05 + 3 / 6)  # at 1010 ms, of six points three in the answer
    film.draw(1000.0)
    assert film.axes["calcium"].get_xlim() == pytest.approx((0, 4))
    film.draw(4500.0)
    assert film.axes["calcium"].get_xlim() == pytest.approx((0.5, 4.5))
    assert "means of the last 30 ms" in film.figure.get_supxlabel()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg, which writes MP4, is not installed here")
def test_a_train_becomes_a_film_that_every_player_plays(train, tmp_path):
    path = animate(train, tmp_path / "train.mp4", frames_per_second=2)
    ask = ["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    shown = subprocess.run(ask, capture_output=True, check=True)
    assert not shown.stderr
    frames = np.frombuffer(shown.stdout, dtype=np.uint8).reshape(-1, 450 * 798)
    assert len(frames) >= 5
    assert np.ptp(frames[-1]) > 200
    assert np.mean(frames[0] != frames[-1]) > 0.01


def test_a_run_at_no_drug_alone_is_captioned_without_drug():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), ketamine=[0] * nm.uM)
    assert "etamine" not in nm.plot.windup(run)[0].figure.get_supxlabel()
    assert run.attrs["drugs_given"] == ""


def test_of_a_run_at_several_doses_what_had_none_is_captioned_without_drug():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), ketamine=[0, 3] * nm.uM)
    said = [nm.plot.windup(run.isel(ketamine=k))[0].figure.get_supxlabel() for k in range(2)]
    assert ["etamine" in words for words in said] == [False, True]


def test_a_film_without_its_writer_is_refused_with_one_that_there_is(train, tmp_path, monkeypatch):
    monkeypatch.setattr("nmdasim.plot.animation.FFMpegWriter.isAvailable", classmethod(lambda cls: False))
    with pytest.raises(InputError, match=r"ffmpeg, which writes MP4, is not installed; give a name that ends in \.gif"):
        animate(train, tmp_path / "train.mp4")
    with pytest.raises(InputError, match=r"ends in \.gif or \.mp4"):
        animate(train, tmp_path / "train.avi")


def test_a_dose_that_reported_levels_stand_beside_says_free_whoever_wrote_the_model():
    dose = xr.DataArray(np.geomspace(0.01, 100, 9), dims="ketamine", attrs={"units": "µM"})  # a parameter of one's own
    table = xr.DataArray(1 / (1 + dose.values), {"ketamine": dose}, ("ketamine",), name="index")
    ax = nm.plot.dose_response(table, nm.measures.dose_response(table))
    assert any("ng/ml total" in text.get_text() for text in ax.texts)
    assert ax.get_xlabel() == "free ketamine, µM"
    plt.close("all")


def test_all_panels_of_a_train_on_a_slide_keep_clear_of_one_another():
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=3), ketamine=[0, 1, 10] * nm.uM)
    with nm.plot.style("slide"):
        ax = nm.plot.windup(result)[0]
    ax.figure.draw_without_rendering()
    drawn = ax.get_window_extent()
    assert ax.yaxis.label.get_window_extent().height <= drawn.height
    key = ax.get_legend()
    assert key.get_title().get_text() == "free ketamine"
    assert [text.get_text() for text in key.get_texts()] == ["0 µM", "1 µM", "10 µM"]
    highest = max(ax.transData.transform(line.get_xydata())[:, 1].max() for line in ax.lines)
    assert highest < key.get_window_extent().y0


@pytest.mark.parametrize(("values", "said"), [([500, 3000], "500 to 3000 nM"), ([0, 2000], "0 to 2000 nM")])
def test_the_title_of_a_run_under_a_course_says_from_where_to_where_it_goes(values, said):
    time = ("time", [0.0, 0.4], {"units": "s"})
    course = xr.DataArray(values, dims="time", coords={"time": time}, attrs={"units": "nM"})
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1, frequency="2 Hz", start="10 ms"), ketamine=course)
    title = nm.plot.slide(run).get_title(loc="left")
    assert f"free ketamine {said}" in title.replace("\N{NO-BREAK SPACE}", " ")
