"""Total and free: one parser for commands, files and Python; bands on the axis of the figure at hand."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.patches import Polygon

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import uM
from nmdasim.command import app as cli
from nmdasim.errors import InputError
from nmdasim.parameters import concentrations
from nmdasim.plot import bands as plot_bands
from nmdasim.quantities import parse_unit
from nmdasim.receptors import inhibition
from nmdasim.sweep import reading, tables

NG_ML = parse_unit("ng/ml")
#: 100 ng/ml of a drug of 237.73 g/mol, of which 0.55 is free, in µM.
FREE = 100 / 237.73 * 0.55


def um(given, *options, **named):
    return np.asarray(concentrations.free(given, *options, **named) / uM)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("100 ng/ml total", FREE),
        ("100ng/ml total", FREE),
        ("0.1 ug/ml total", FREE),
        ("100 ng/ml free", FREE / 0.55),
        ("1 uM total", 0.55),
        ("1 uM free", 1),
        ("1000 nM total racemate", 0.55),
        ("100 ng/ml total S", FREE * 0.4941176 / 0.3),
        ("1 uM S-ketamine", 0.4941176 / 0.3),
        ("1 uM total R", 0.55 * 0.4941176 / 1.4),
    ],
)
def test_a_concentration_is_read_whatever_way_it_is_written(text, expected):
    assert um(text) == pytest.approx(expected, rel=1e-6)


def test_what_is_molar_and_says_nothing_is_free_and_stays_as_it_was_given():
    for given in ("1 uM", "0", 3 * uM, [0, 1] * uM, ["0 uM", "1 uM"], 0.5):
        assert concentrations.free(given) is given


def test_one_of_the_enantiomers_has_its_own_constants():
    assert um("100 ng/ml total", "S-ketamine") == pytest.approx(FREE, rel=1e-12)
    assert um("1 uM racemate", "s_ketamine") == pytest.approx(0.3 / 0.4941176, rel=1e-6)


def test_free_and_total_are_inverse_and_convert_by_the_bound_fraction():
    assert float(ph.free("100 ng/ml") / uM) == pytest.approx(FREE, rel=1e-12)
    assert float(ph.total(FREE * uM, unit="ng/ml") / NG_ML) == pytest.approx(100, rel=1e-12)
    assert float(ph.total("0.55 uM") / uM) == pytest.approx(1, rel=1e-12)
    assert np.asarray(ph.free([50, 100] * NG_ML) / uM) == pytest.approx([FREE / 2, FREE], rel=1e-12)
    course = ph.time_course(ph.schedule("infusion_40_minutes"), every="1 h", until="3 h")
    levels = ph.free(course.plasma)
    assert levels.attrs["units"] == "uM"
    assert levels.attrs["long_name"] == "free ketamine"
    assert levels.values == pytest.approx(course.plasma.values / 237.73 * 0.55, rel=1e-12)
    back = ph.total(levels, unit="ng/ml")
    assert back.values == pytest.approx(course.plasma.values, rel=1e-12)
    assert (back.attrs["units"], back.attrs["long_name"]) == ("ng/ml", "total ketamine")


REFUSED = [
    ("100 ng/ml", "ketamine", "100 ng/ml: a concentration by mass is total or free; write which"),
    ("1 uM total", "memantine", "1 uM total: no bound fraction of memantine is known; give its free concentration"),
    ("1 ng/ml free", "MK-801", "no molar mass of MK-801 is known; give its concentration in uM"),
    ("100 ng/ml total norketamine", "ketamine", "no bound fraction of norketamine is known"),
    ("1 uM S", "memantine", "no K_i of memantine is known by which to compare"),
    ("5 mV total", "ketamine", "ketamine = 5 mV has the wrong dimension"),
    ("5 total", "ketamine", "ketamine = 5 has the wrong dimension"),
    ("1 uM totl", "ketamine", "cannot read the unit 'uM totl'"),
    (100 * NG_ML, "ketamine", "a concentration by mass is total or free"),
]


@pytest.mark.parametrize(("given", "drug", "says"), REFUSED)
def test_what_cannot_be_converted_is_one_line(given, drug, says):
    with pytest.raises(nm.NmdasimError) as refusal:
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), drugs={drug: given})
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_total_without_a_bound_fraction_is_refused_by_the_functions_too():
    for convert in (ph.free, ph.total):
        with pytest.raises(nm.NmdasimError, match="no bound fraction of memantine is known"):
            convert("1 uM", "memantine")
    with pytest.raises(nm.UnitError, match="ketamine = 1 mV has the wrong dimension"):
        ph.free("1 mV")


@pytest.mark.parametrize("convert", [ph.free, ph.total])
@pytest.mark.parametrize("given", ["-1 uM", "-100 ng/ml total", [1, -1] * uM])
def test_a_concentration_below_zero_is_refused_as_in_a_run(convert, given):
    with pytest.raises(InputError, match="ketamine = .*; a concentration cannot be negative"):
        convert(given)


def test_python_files_and_receptors_take_it_and_the_axis_says_free():
    run = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), ketamine=["0 uM", "100 ng/ml total", "100 ng/ml total S"])
    assert run.ketamine.values == pytest.approx([0, FREE, FREE * 0.4941176 / 0.3], rel=1e-6)
    assert run.ketamine.attrs == {"units": "µM", "long_name": "free ketamine at the receptor"}
    legend = nm.plot.windup(run)[0].get_legend()
    assert legend.get_title().get_text() == "free ketamine"
    assert legend.get_texts()[0].get_text() == "0 µM"
    same = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), parameters={"ketamine": "100 ng/ml total"})
    assert float(same.ketamine) == pytest.approx(FREE)
    assert int(same.spike_count) == int(run.spike_count[1])
    by_hand, written = (
        inhibition.against_voltage("ketamine", given, ["-40 mV"]).blocked.item()
        for given in (FREE * uM, "100 ng/ml total")
    )
    assert written == pytest.approx(by_hand, rel=1e-12)
    assert np.asarray(tables.axis("ketamine", ["0 uM", "100 ng/ml total"]) / uM) == pytest.approx([0, FREE])
    grid = tables.axis("ketamine", {"from": "10 ng/ml total", "to": "100 ng/ml total", "points": 2})
    assert np.asarray(grid / uM) == pytest.approx([FREE / 10, FREE])
    assert nm.Sweep(nm.neurons.wdr(), nm.WindUp(pulses=1), {"ketamine": ["0 uM", "100 ng/ml total"]}).lanes == 2
    ranges = {"ketamine": ["10 ng/ml total", "100 ng/ml total"]}
    drawn = np.asarray(nm.Samples(ranges, points=4).columns()["ketamine"] / uM)
    assert FREE / 10 <= drawn.min() < drawn.max() <= FREE
    assert "free drug" in reading.EXAMPLE


def test_the_commands_take_it_and_refuse_in_one_line(monkeypatch, capsys):
    def command(*words):
        monkeypatch.setattr("sys.argv", ["nmdasim", *words])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code
        return (status, *capsys.readouterr())

    status, out, _ = command("windup", "--pulses", "1", "--ketamine", "0 uM,100 ng/ml total", "--json")
    assert status == 0
    assert [run["ketamine_um"] for run in json.loads(out)["runs"]] == pytest.approx([0, FREE])
    for words in (("windup", "--pulses", "1"), ("sensory",)):
        status, out, told = command(*words, "--ketamine", "100 ng/ml")
        assert (status, out, told.count("\n")) == (2, "", 1)
        assert "write which, as in '100 ng/ml total'" in told


def test_the_link_from_the_effect_site_uses_free_drug_and_says_so():
    regimen = ph.schedule("infusion_40_minutes")
    course = ph.time_course(regimen, every="1 h", until="2 h")
    levels = ph.free_levels(regimen, every="1 h", until="2 h")
    found = nm.windup_time_course(levels, nm.neurons.wdr(), nm.WindUp(pulses=1), seeds=1)
    assert found.free.values == pytest.approx(course.effect_site.values / 237.73 * 0.55, rel=1e-12)
    assert "free ketamine" in found.free.attrs["long_name"]
    assert "0.55 of the total concentration is unbound" in found.free.attrs["long_name"]
    drawn = nm.plot.pharmacokinetics.chain(regimen, course, found)[0].figure
    assert "0.55 of the total concentration is unbound" in " ".join(drawn.get_supxlabel().split())
    plt.close("all")
    for given, says in ((course.effect_site, "they are free drug in uM"), (levels, "")):
        if says:
            with pytest.raises(nm.NmdasimError, match=says):
                nm.windup_time_course(given, nm.neurons.wdr(), nm.WindUp(pulses=1), seeds=1)
    with pytest.raises(nm.NmdasimError, match="is a course in ng/ml, total or free"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), ketamine=course.plasma)


def test_a_band_stands_where_its_axis_has_it():
    (analgesia,) = (band for band in ph.bands() if band.text == "analgesia")
    assert analgesia.on() == (70, 160)
    assert analgesia.on("free", "uM") == pytest.approx((0.16, 0.37), abs=0.005)
    assert analgesia.on("total", "uM") == pytest.approx((0.29, 0.67), abs=0.005)
    assert analgesia.on("free", "ng/ml") == pytest.approx((38.5, 88))
    assert analgesia.range == "70–160 ng/ml total"
    with pytest.raises(nm.NmdasimError, match="an axis shows 'total' or 'free'"):
        analgesia.on("plasma")


def test_bands_are_drawn_on_the_axis_of_the_figure():
    dose = xr.DataArray(np.geomspace(0.01, 10, 7), dims="ketamine", attrs={"units": "µM"})
    curve = xr.DataArray(1 / (1 + dose.values), dims="ketamine", coords={"ketamine": dose}, name="index")
    drawn = nm.plot.sweep.dose_response(curve, nm.measures.dose_response(curve))
    spans = [line.get_xdata() for line in drawn.lines if line.get_color() == plot_bands.COLOUR]
    assert min(np.abs(span[0] - 0.1619) + np.abs(span[1] - 0.3702) for span in map(np.asarray, spans)) < 1e-3
    axis = nm.plot.pharmacokinetics.reported(basis="free", unit="uM")
    assert axis.get_ylabel() == "free ketamine in plasma, µM"
    assert min(patch.get_y() for patch in axis.patches) == pytest.approx(50 / 237.73 * 0.55)
    assert nm.plot.pharmacokinetics.reported().get_ylabel() == "total ketamine in plasma, ng/ml"
    course = ph.time_course(ph.schedule("infusion_40_minutes"), every="1 h", until="3 h")
    assert nm.plot.pharmacokinetics.concentration(course).get_ylabel() == "total ketamine, ng/ml"
    assert all("total" in course[name].attrs["long_name"] for name in ("plasma", "effect_site", "metabolite", "cmax"))
    plt.close("all")


def test_what_was_reported_beyond_the_axis_goes_on_above_it_with_a_mark():
    _, axis = plt.subplots()
    axis.set_ylim(0, 200)
    nm.plot.pharmacokinetics.reported(axis)
    beyond = [band for band in ph.bands() if band.on("total", "ng/ml")[0] < 200 < band.on("total", "ng/ml")[1]]
    arrows = [patch for patch in axis.patches if isinstance(patch, Polygon)]
    assert beyond
    assert [float(arrow.get_xy()[:, 1].max()) for arrow in arrows] == [200.0] * len(beyond)
