"""A gallery shows a figure after the block that made it: what a later block adds to it would be seen nowhere.

What an example says to change draws, too.
"""

import ast
import contextlib
import io
import re
import warnings
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from nmdasim import plot

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("[0-9]*.py"))


def blocks(text):
    """Return the lines at which the blocks of a gallery's script begin."""
    return [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("# %%")]


def makes(call):
    """Whether a call returns a figure or Axes."""
    called = ast.unparse(call.func)
    return called in ("plt.figure", "plt.subplots") or ".plot." in called


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_no_figure_is_drawn_across_two_blocks(path):
    text = path.read_text("utf-8")
    starts = blocks(text)

    def block(node):
        return sum(start <= node.lineno for start in starts)

    made: dict[str, int] = {}
    strays = []
    nodes = (node for node in ast.walk(ast.parse(text)) if hasattr(node, "lineno"))
    for node in sorted(nodes, key=lambda n: (n.lineno, n.col_offset)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and makes(node.value):
            names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            made |= dict.fromkeys(names, block(node))
        if isinstance(node, ast.Name) and made.get(node.id, block(node)) != block(node):
            strays.append(f"{node.id} in line {node.lineno}")
    assert strays == []


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_says_what_to_change_and_captions_what_it_draws(path):
    text = path.read_text("utf-8")
    assert re.search(r"Change (one thing, )?and predict", text)
    assert "caption(" in text or not re.search(r"plt\.(subplots|figure)\(", text)


#: Of an example: what stands in it, what it says to write instead, and the words that then say so.
CHANGES = {
    "02_magnesium_block": ("baths = (0, 0.1, 1)", "baths = (0, 0.1, 4)", "free at 4 mM Mg"),
    "03_ketamine_and_windup": ("seed=range(20)", "seed=range(3)", "mean of 3 draws"),
    "04_iv_curve": ("baths = [0, 0.1, 1] * mM", "baths = [0, 0.1, 4] * mM", "free of magnesium, at 4 mM"),
    "06_subtypes": ('"-66 mV"', '"-20 mV"', "NMDA current (−20 mV"),
    "07_other_blockers": ("\nneuron = nm.neurons.wdr()", "\nneuron = nm.neurons.wdr().scaled(nmda=0)", ""),
    "08_own_protocol": ("\nneuron = nm.neurons.wdr()", '\nneuron = nm.neurons.wdr().without("can")', ""),
    "09_subtypes_in_a_neuron": (
        '    "half 2A',
        '    "2A, 0.1 mM Mg": nm.neurons.wdr(subtype="2A").replace(mg="0.1 mM"),\n    "half 2A',
        "2A, 0.1 mM Mg",
    ),
    "10_infusion_40_minutes": ('over = "0.5 mg/kg", "40 min"', 'over = "0.5 mg/kg", "5 min"', "0.5 mg/kg over 5 min"),
    "13_temporal_summation": ('"1 Hz", 15', '"0.2 Hz", 15', "5 spikes at a threshold of 8"),
    "43_ketamine_beside_an_opioid": (
        "opioid_contrast(nm.neurons.wdr(),",
        "opioid_contrast(nm.neurons.wdr().scaled(nmda=0),",
        "no slope is drawn",
    ),
    "50_fit_recorded_spikes": ("truth = 0.63", "truth = 0.1", "at an end of its range: ('gain_nmda',)"),
    "51_from_brian2": ("144 * ms, 4 * nS, 0.0805 * nA", "144 * ms, 4 * nS, 0.02 * nA", ""),
    "42_a_monthly_course": ('times = "4 weeks", 12', 'times = "8 weeks", 6', "4 h every 8 weeks"),
}

#: Of an example: draws, people and rounds of a fit, and as many as show the same.
FEWER = {
    "08_own_protocol": ("seed=range(10)", "seed=range(3)"),
    "09_subtypes_in_a_neuron": ("seed=range(10)", "seed=range(2)"),
    "13_temporal_summation": ("seeds=range(10)", "seeds=range(3)"),
    "42_a_monthly_course": ('until="1 year")', 'until="1 year", patients=20)'),
    "43_ketamine_beside_an_opioid": ("seed=range(5)", "seed=range(2)"),
    "50_fit_recorded_spikes": ("generations=6, population=12", "generations=3, population=8"),
}


@pytest.fixture
def _laid_out(monkeypatch):
    """Lay out what an example saves, without the pixels, at which nobody looks here."""
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figure.draw_without_rendering())


def bars(ax):
    """Return points along the upright lines of Axes, in dots."""
    lines = [one for one in ax.collections if isinstance(one, LineCollection)]
    ends = [end for one in lines if one.get_transform() == ax.transData for end in one.get_segments() if len(end) == 2]
    along = np.linspace(0, 1, 50)[:, None]
    return [ax.transData.transform(low + along * (high - low)) for low, high in ends]


def covered(figure):
    """Return the legends, by their words, that lie on a point or a bar of their Axes."""
    figure.draw_without_rendering()
    found = []
    for ax in figure.axes:
        if (legend := ax.get_legend()) is None:
            continue
        box = legend.get_window_extent()
        points = [
            ax.transData.transform(line.get_xydata()) for line in ax.lines if line.get_transform() == ax.transData
        ]
        if any(box.count_contains(some) for some in [*points, *bars(ax)] if len(some)):
            found.append([text.get_text() for text in legend.get_texts()])
    return found


def hidden(ax):
    """Return the names of lines of which half of the markers lie under those of a later line that is no larger."""
    lines = [line for line in ax.lines if line.get_marker() != "None"]
    found = []
    for k, line in enumerate(lines):
        for other in lines[k + 1 :]:
            mine, theirs = (ax.transData.transform(one.get_xydata()) for one in (line, other))
            apart = np.linalg.norm(mine[:, None] - theirs[None], axis=-1).min(axis=1)
            ring = other.get_markerfacecolor() == "none" and other.get_markersize() > line.get_markersize()
            if np.mean(apart < 2) >= 0.5 and not ring:  # dots
                found.append(line.get_label())
    return found


def ran(text):
    """Run an example, and return every point of its last figure, and all that it says there and in print.

    A legend lies on none of these points.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, "example.py", "exec"), {"__name__": "example"})
    figure = plt.figure(plt.get_fignums()[-1])
    assert covered(figure) == []
    points = [line.get_xydata().ravel() for ax in figure.axes for line in ax.lines]
    words = [text.get_text() for text in figure.findobj(plt.Text)]
    plt.close("all")
    return np.concatenate(points), "\n".join([said.getvalue(), *words]).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.usefixtures("_laid_out")
@pytest.mark.parametrize("name", CHANGES)
def test_what_an_example_says_to_change_shows_in_its_figure_and_its_words(name, tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == name).read_text("utf-8")
    given, other, told = CHANGES[name]
    many, few = FEWER.get(name, ("", ""))
    assert text.count(given) == 1
    assert many in text
    text = text.replace(many, few)
    monkeypatch.chdir(tmp_path)
    (before, _), (after, words) = ran(text), ran(text.replace(given, other))
    assert len(before) != len(after) or np.abs(before - after).max() > 0
    assert told in words


@pytest.mark.parametrize("name", ["07_other_blockers", "08_own_protocol"])
def test_without_nmda_receptors_no_line_and_no_bar_is_hidden(name, tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == name).read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "close", lambda *_: None)
    ran(text.replace("\nneuron = nm.neurons.wdr()", "\nneuron = nm.neurons.wdr().scaled(nmda=0)"))
    figure = plt.figure(plt.get_fignums()[-1])
    monkeypatch.undo()
    plt.close("all")
    assert [lying for ax in figure.axes for lying in hidden(ax)] == []


@pytest.mark.parametrize("pulses", ["frequency=0.1 * Hz, pulses=4", "frequency=3 * Hz, pulses=10"])
def test_the_first_example_draws_at_the_rates_that_it_says_to_try(pulses, tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == "01_windup").read_text("utf-8")
    asked = "frequency=1 * Hz, pulses=15"
    assert asked in text
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", "constrained_layout")  # of a layout that leaves no room for the axes
        exec(compile(text.replace(asked, pulses), "01_windup.py", "exec"), {"__name__": "example"})
    assert (tmp_path / "out" / "01_windup.png").stat().st_size > 10_000
    plt.close("all")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_leaves_a_figure(path):
    text = path.read_text("utf-8")
    assert "savefig(" in text or "animate(" in text
    sizes = re.findall(r"figsize=(.*)", text)
    assert all(size.startswith("nm.plot.look().scaled((") for size in sizes)  # panels have room in every style


def crossing(figure):
    """Return the words of panels that lie on another panel, or on words of one."""
    figure.draw_without_rendering()
    boxes = []
    for ax in figure.axes:
        low, high = sorted(ax.get_xlim())
        ticks = [one for one in ax.get_xticklabels() if low <= one.get_position()[0] <= high]
        words = [ax.title, ax._left_title, ax.xaxis.label, ax.yaxis.label, *ticks]
        boxes.append([(one.get_text(), one.get_window_extent()) for one in words if one.get_text()])
    found = []
    for k, own in enumerate(boxes):
        others = [box for other in boxes[:k] + boxes[k + 1 :] for _, box in other]
        others += [ax.get_window_extent() for ax in figure.axes if ax is not figure.axes[k]]
        found += [text for text, box in own if any(box.overlaps(other) for other in others)]
    return found


@pytest.mark.usefixtures("_laid_out")
@pytest.mark.parametrize("name", ["01_windup", "02_magnesium_block", "04_iv_curve", "06_subtypes", "07_other_blockers"])
def test_panels_keep_clear_of_one_another_in_large_type(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = next(path for path in EXAMPLES if path.stem == name).read_text("utf-8")
    with plot.style("paper"), contextlib.redirect_stdout(io.StringIO()):  # back to the page in the end
        exec(compile(text.replace('style("paper")', 'style("slide")'), "example.py", "exec"), {"__name__": "example"})
        figure = plt.figure(plt.get_fignums()[-1])
        assert crossing(figure) == []
        assert covered(figure) == []
    plt.close("all")


def test_the_first_example_says_why_it_counts_nothing_where_pulses_outrun_the_fibres(tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == "01_windup").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    with (
        pytest.raises(SystemExit, match="before the C fibres answer: nothing can be counted"),
        pytest.warns(UserWarning, match="below 10 Hz"),
    ):
        ran(text.replace("frequency=1 * Hz, pulses=15", "frequency=10 * Hz, pulses=15"))


@pytest.mark.usefixtures("_laid_out")
def test_an_example_takes_as_many_doses_as_are_asked(tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == "08_own_protocol").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    _, words = ran(text.replace("[0, 3] * uM", "[0, 0.3, 1, 3] * uM"))
    assert words.count("µM free ketamine") >= 2 * 4


@pytest.mark.usefixtures("_laid_out")
def test_the_pulses_of_a_long_train_have_numbers_that_do_not_overlap(tmp_path, monkeypatch):
    text = next(path for path in EXAMPLES if path.stem == "07_other_blockers").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "close", lambda *_: None)
    ran(text.replace("nm.simulate(cell, nm.WindUp())", "nm.simulate(cell, nm.WindUp(pulses=40))"))
    figure = plt.figure(plt.get_fignums()[-1])
    labels = [label.get_window_extent() for label in figure.axes[1].get_xticklabels() if label.get_text()]
    monkeypatch.undo()
    plt.close("all")
    assert len(labels) > 5
    assert all(left.x1 < right.x0 for left, right in pairwise(labels))


def last_figure(name, tmp_path, monkeypatch):
    """Return what an example draws, still open."""
    text = next(path for path in EXAMPLES if path.stem == name).read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text.replace(*FEWER.get(name, ("", ""))), "example.py", "exec"), {"__name__": "example"})
    return plt.figure(plt.get_fignums()[-1])


@pytest.mark.usefixtures("_laid_out")
def test_doses_that_recruit_alike_are_all_seen_in_the_example(tmp_path, monkeypatch):
    recruitment = last_figure("13_temporal_summation", tmp_path, monkeypatch).axes[0]
    none, some = recruitment.lines
    assert some.get_markerfacecolor() == "none"
    assert some.get_markersize() > none.get_markersize()
    plt.close("all")


@pytest.mark.usefixtures("_laid_out")
def test_what_is_left_between_weekly_sessions_is_on_the_axis(tmp_path, monkeypatch):
    weeks = last_figure("11_nasal_schedule", tmp_path, monkeypatch).axes[1]
    (level,) = (line.get_ydata() for line in weeks.lines)
    assert weeks.get_ylim()[0] < level[level > 0].min()
    assert [text.get_text() for text in weeks.get_yticklabels()][:2] == ["0.0001", "0.001"]
    plt.close("all")


@pytest.mark.usefixtures("_laid_out")
def test_a_raster_without_drug_says_so_and_has_no_colour_of_a_dose(tmp_path, monkeypatch):
    above, raster = last_figure("08_own_protocol", tmp_path, monkeypatch).axes
    assert "without ketamine" in raster.get_title(loc="left")
    doses = {to_hex(line.get_color()) for line in above.lines if line.get_marker() != "None"}
    assert len(doses) == 2
    assert not doses & {to_hex(one.get_color()) for one in raster.collections}
    plt.close("all")
