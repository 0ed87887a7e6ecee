"""Every figure that a function makes says what it is and what it stands on; a new function cannot be forgotten."""

import inspect
import pkgutil
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.text import Text

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import plot
from nmdasim.plot import (
    animation,
    bands,
    broken,
    conditions,
    needed,
    pharmacokinetics,
    populations,
    receptor,
    reflex,
    schemes,
    sensitization,
    sweep,
)
from nmdasim.plot import treatment as weeks
from nmdasim.receptors import bench, inhibition
from nmdasim.receptors.blockers import block, blocker
from nmdasim.receptors.schemes import scheme
from nmdasim.receptors.subtypes import subtype

# The package has functions under these names.
windup, memory, look, rings = (import_module(f"nmdasim.plot.{name}") for name in ("windup", "memory", "look", "rings"))


@pytest.fixture(scope="module")
def made():
    """Return one small result of every kind that figures are drawn of."""
    train = nm.simulate(
        nm.neurons.wdr(), nm.WindUp(pulses=2), ketamine=[0, 1] * nm.uM, seed=[0, 1], record="v_soma", sample="10 ms"
    )
    regimen = ph.schedule("infusion_40_minutes")
    levels = ph.free_levels(regimen, every="3 h", until="6 h")
    seeds = {"seed": [0, 1], "time": ("time", [0.0, 1e3, 2e3])}
    grid = {"kind": ["touch", "noxious"], "intensity": [0.5, 1.0], "seed": [0, 1]}
    course = (("seed", "neuron", "time"), np.ones((2, 3, 3)))
    spread = xr.DataArray(
        np.arange(40.0).reshape(5, 8), dims=("frequency", "ketamine"), name="index", attrs=told(train)
    )
    doses = xr.DataArray(
        1 / (1 + np.geomspace(0.01, 100, 8)),
        dims="ketamine",
        coords={"ketamine": np.geomspace(0.01, 100, 8)},
        name="index",
        attrs=told(train),
    )
    names = ("first", "first_low", "first_high", "total", "total_low", "total_high")
    return SimpleNamespace(
        train=train,
        regimen=regimen,
        course=ph.time_course(regimen, every="10 min"),
        people=ph.spread(regimen, ph.every("10 min", "6 h"), ph.Cohort(5)),
        tests=nm.windup_time_course(levels, nm.neurons.wdr(), nm.WindUp(pulses=2), seeds=2),
        response=xr.Dataset({"spikes": (tuple(grid), np.ones((2, 2, 2)))}, grid, train.attrs),
        conditioned=xr.Dataset(
            {"rho_time": course, "E_anion": course, "nmda_gain": course}, seeds, train.attrs | {"train_end_s": 2.0}
        ),
        pressed=xr.Dataset(
            {"rate": (("population", "seed"), np.ones((1, 2)))}, {"population": ["projection"]}, train.attrs
        ),
        table=spread.assign_coords(frequency=np.arange(5), ketamine=np.arange(8)),
        doses=doses,
        sobol=xr.Dataset(
            {name: ("parameter", [0.1, 0.2]) for name in names},
            {"parameter": ["a", "b"]},
            train.attrs | {"readout": "index"},
        ),
        scheme=block(scheme("destexhe1996"), blocker("ketamine")),
        treated=nm.treatment.simulate(until="2 weeks", every="6 h", patients=3),
        tried=nm.treatment.compare(["pickering2020", "sigtermans2009"], ["dahan2011"], patients=3),
        opposed=xr.Dataset(
            {name: (("release_opioid", "ketamine", "seed"), np.ones((2, 2, 2))) for name in ("input", "slope")},
            {"release_opioid": [1.0, 0.5], "ketamine": [0.0, 1.0], "seed": [0, 1]},
            train.attrs,
        ),
        curve=inhibition.curve("ketamine", "2C", mg="1 mM"),
        recruited=xr.Dataset(
            {
                "threshold": (("ketamine", "seed"), [[0.06, 0.07], [0.08, 0.09]]),
                "spikes": (("ketamine", "seed", "strength"), np.ones((2, 2, 3))),
            },
            {"ketamine": ("ketamine", [0.0, 1.0], {"units": "µM"}), "strength": [0.1, 1.0, 4.0], "seed": [0, 1]},
            train.attrs | {"criterion": 1},
        ),
    )


@pytest.fixture(scope="module")
def drawn(made):
    """Return the figure of a function, made and laid out once for all that is asked of it."""

    @cache
    def figure(function):
        one = FIGURES[function](made).figure
        one.draw_without_rendering()
        return one

    return figure


def told(result):
    return nm.measures.windup(result)["index"].attrs


def onset(made):
    run = bench.train(made.scheme, "ketamine", pulses=2, ketamine="10 uM")
    return receptor.onset({"10 µM ketamine": run})[0]


def recovery(made):
    gone = bench.recovery(made.scheme, "ketamine", "10 uM", agonist=False, pulses=2)
    return receptor.recovery({"ketamine, without agonist": gone})


#: Every function that makes its own figure, and what it is given here.
FIGURES = {
    windup.windup: lambda m: windup.windup(m.train)[0],
    windup.trace: lambda m: windup.trace(m.train, "v_soma"),
    windup.slide: lambda m: windup.slide(m.train),
    memory.memory: lambda m: memory.memory(m.train.assign(dict.fromkeys(memory.RECORD, m.train.v_soma)))[0],
    pharmacokinetics.pk: lambda m: pharmacokinetics.pk(m.course, m.people, m.regimen)[0],
    pharmacokinetics.chain: lambda m: pharmacokinetics.chain(m.regimen, m.course, m.tests)[0],
    pharmacokinetics.concentration: lambda m: pharmacokinetics.concentration(m.course),
    pharmacokinetics.reported: lambda m: pharmacokinetics.reported(),
    pharmacokinetics.dosing: lambda m: pharmacokinetics.dosing(m.regimen),
    receptor.pulse: lambda m: receptor.pulse([bench.pulse(m.scheme)]),
    receptor.iv: lambda m: receptor.iv(bench.iv_curve(m.scheme, ["-80 mV", 0, "40 mV"], ["0 mM", "1 mM"])),
    receptor.steady: lambda m: receptor.steady(bench.steady(m.scheme, v="-40 mV")),
    receptor.block_voltage: lambda m: receptor.block_voltage(
        inhibition.against_voltage("ketamine", "1 uM", ["-80 mV", "0 mV"])
    ),
    receptor.onset: onset,
    receptor.recovery: recovery,
    receptor.inhibition: lambda m: receptor.inhibition([m.curve]),
    reflex.threshold: lambda m: reflex.threshold(m.recruited)[0],
    reflex.recruitment: lambda m: reflex.recruitment(m.recruited),
    schemes.scheme: lambda m: schemes.scheme(m.scheme),
    sensitization.stimulus_response: lambda m: sensitization.stimulus_response({"before": m.response})[0],
    sensitization.conditioning: lambda m: sensitization.conditioning({"train": m.conditioned})[0],
    sensitization.pressure: lambda m: sensitization.pressure({"naive": m.pressed}),
    sensitization.circuit: lambda m: sensitization.circuit(nm.circuits.dorsal_horn()),
    sweep.heatmap: lambda m: sweep.heatmap(m.table, "ketamine", "frequency"),
    sweep.dose_response: lambda m: sweep.dose_response(m.doses, nm.measures.dose_response(m.doses)),
    sweep.sensitivity: lambda m: sweep.sensitivity(m.sobol),
    weeks.trials: lambda m: weeks.trials(m.tried),
    weeks.contrast: lambda m: weeks.contrast(m.opposed)[0],
    weeks.rivals: lambda m: weeks.rivals({"dahan2011": m.treated}),
    weeks.pain: lambda m: weeks.pain(m.treated),
    weeks.year: lambda m: weeks.year(m.treated, ph.schedule("crps_100_hours"))[0],
}
#: Those that draw into Axes that they are given, or draw nothing.
NO_FIGURE = {
    *(windup.counts, windup.raster, windup.summary, windup.says, memory.remembered),
    *(conditions.conditions, conditions.varied, conditions.key, conditions.legend, conditions.beside),
    *(conditions.asked, conditions.alone, conditions.what, conditions.is_drug, weeks.moment),
    *(schemes.layout, schemes.sheets, schemes.spelled, receptor.coinciding, bands.across),
    *(memory.check_recorded, reflex.says, look.style, look.look, look.cues, animation.animate, broken.log_with_zero),
    *(rings.rings, needed.draws),
}
#: Those of populations of models are looked at where such a population is made, in studies/test_deciding.py.
ELSEWHERE = {populations.accepted_ranges, populations.fan, populations.parallel, populations.deciding}
#: Those whose figure stands on no number of a model: doses as given, concentrations as published, a wiring diagram.
ON_NOTHING = {pharmacokinetics.reported, pharmacokinetics.dosing, sensitization.circuit}


def public():
    """Return every public function of the modules of figures."""
    modules = [import_module(f"nmdasim.plot.{found.name}") for found in pkgutil.iter_modules(plot.__path__)]
    return {
        thing
        for module in modules
        if module.__name__ != "nmdasim.plot.style"
        for name, thing in inspect.getmembers(module, inspect.isfunction)
        if thing.__module__ == module.__name__ and not name.startswith("_")
    }


def test_every_function_that_draws_is_known_here():
    assert public() == {*FIGURES, *NO_FIGURE, *ELSEWHERE}


@pytest.mark.parametrize("function", FIGURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_every_figure_says_what_it_is_and_what_it_stands_on(drawn, function):
    words = drawn(function).get_supxlabel()
    assert nm.DISCLAIMER in words
    assert ("Unverified or assumed parameters:" in words) is (function not in ON_NOTHING)


@pytest.mark.parametrize("function", FIGURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_no_caption_is_written_over_or_under_by_an_axis(drawn, function):
    figure = drawn(function)
    caption = figure._supxlabel.get_window_extent()
    assert caption.y0 >= 0
    for ax in figure.axes:
        labels = [ax.xaxis.label, *ax.get_xticklabels()] if ax.axison else []
        lowest = min([ax.get_window_extent().y0, *(t.get_window_extent().y0 for t in labels if t.get_text())])
        assert caption.y1 <= lowest + 1


@pytest.mark.parametrize("function", FIGURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_no_marker_is_cut_by_the_edge_of_its_axes(drawn, function):
    figure = drawn(function)
    cut = []
    for ax in figure.axes:
        for line in ax.lines:
            if line.get_marker() in ("None", "", " ", None) or not line.get_clip_on():
                continue
            radius = 0.5 * line.get_markersize() * figure.dpi / 72
            at = line.get_transform().transform(line.get_xydata())
            seen, whole = ax.bbox.padded(1), ax.bbox.padded(-0.8 * radius)
            cut += [(line.get_label(), *p) for p in at if seen.contains(*p) and not whole.contains(*p)]
    assert cut == []


def test_what_the_user_sets_is_not_called_unverified(made):
    names = windup.windup(made.train)[0].figure.get_supxlabel().partition("parameters:")[2].split("\n")[0]
    plt.close("all")
    assert "K_ketamine" in names
    assert " ketamine" not in names


def test_a_store_of_a_sweep_has_read_outs_that_name_what_they_stand_on(tmp_path):
    what = nm.Sweep(nm.neurons.wdr(), nm.WindUp(pulses=1), dict(seed=[0, 1]), readouts=("late", "blocked"))
    data = nm.sweep(what, tmp_path / "s.zarr")
    for name in ("late", "blocked"):
        assert data[name].attrs["unverified_parameters"] == data.attrs["unverified_parameters"]
        assert data[name].attrs["disclaimer"] == nm.DISCLAIMER


@pytest.mark.parametrize("function", FIGURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_every_line_and_every_word_is_seen_on_black(made, function):
    with plot.style("dark"):
        figure = FIGURES[function](made).figure
        figure.draw_without_rendering()
        ground = grey(figure.get_facecolor())  # that of a slide stays white
        lines = [line for line in figure.findobj(Line2D) if line.get_visible() and line.get_linestyle() != "None"]
        words = [text for text in figure.findobj(Text) if text.get_text() and not text.get_bbox_patch()]
        dim = [str(one) for one in (*lines, *words) if abs(grey(one.get_color()) - ground) < 0.2]
    plt.close("all")
    assert dim == []


@pytest.mark.parametrize("function", FIGURES, ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_every_slide_has_the_shape_of_a_screen(made, function):
    with plot.style("slide"):
        wide, high = FIGURES[function](made).get_figure(root=True).get_size_inches()
    plt.close("all")
    assert wide / high == pytest.approx(16 / 9, rel=0.002)


@pytest.mark.parametrize("doses", [8, 30])
def test_a_slide_of_many_conditions_has_the_shape_of_a_screen_and_names_each(doses):
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=2), ketamine=np.arange(doses) * nm.uM)
    with plot.style("slide"):
        figure = windup.windup(result)[0].figure
        figure.draw_without_rendering()
        rows = [text.get_window_extent() for text in figure.axes[1].get_yticklabels()]
    plt.close("all")
    wide, high = figure.get_size_inches()
    assert wide / high == pytest.approx(16 / 9, rel=0.002)
    assert len(rows) == doses
    assert all(lower.y1 <= upper.y0 for upper, lower in pairwise(rows))


def test_the_panels_of_the_whole_chain_keep_clear_of_one_another_in_large_type(made):
    with plot.style("slide"):
        axes = pharmacokinetics.chain(made.regimen, made.course, made.tests)
        axes[0].figure.draw_without_rendering()
        sides = [ax.yaxis.label.get_window_extent() for ax in axes]
    plt.close("all")
    assert all(lower.y1 < upper.y0 for upper, lower in pairwise(sides))


@pytest.mark.parametrize("given", [scheme("destexhe1994"), subtype("2C").scheme(), scheme("clements1992")])
def test_a_scheme_names_its_rates_that_are_not_verified(given):
    words = schemes.scheme(given).figure.get_supxlabel().replace("\n", " ")
    plt.close("all")
    names = [name for name, rate in given.parameters.items() if not rate.verified]
    assert ("Unverified or assumed parameters:" in words) is bool(names)
    assert f"{', '.join(names)}." in words


def test_a_slide_names_its_bars(made):
    words = [windup.slide(made.train.isel(seed=seeds)).figure.get_supxlabel() for seeds in ([0, 1], [0])]
    plt.close("all")
    assert ["bars go from the lowest to the highest of 2 draws" in said for said in words] == [True, False]


def grey(colour):
    """Return how light a colour is, from 0 to 1."""
    return float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114)))
