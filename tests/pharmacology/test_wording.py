"""The disclaimer, preset, sampling site and source are on everything that shows a dose; nothing proposes one."""

from __future__ import annotations

import inspect
import json
import pkgutil
import re
from importlib import import_module

import matplotlib.pyplot as plt
import pytest
import xarray as xr

import nmdasim
from nmdasim import DISCLAIMER, plot
from nmdasim import pharmacology as ph
from nmdasim.command import app as cli
from nmdasim.command import pk as command_pk
from nmdasim.command.printing import pk as printing_pk
from nmdasim.parameters import bibliography
from nmdasim.plot import pharmacokinetics as plot_pk
from nmdasim.plot.style import origin, short
from nmdasim.protocols import course as courses
from nmdasim.studies import after_dose as timecourse

EVENTS = "ID,TIME,AMT,DUR,ROUTE,WT\nA,0,35,0.6666667,iv,70\nB,0,56,,nasal,60\nB,84,56,,nasal,60\n"
COMMANDS = {
    "bolus": ["--dose", "20 mg"],
    "infusion": ["--dose", "0.5 mg/kg", "--over", "40 min"],
    "muscle": ["--dose", "0.5 mg/kg", "--route", "im"],
    "nose": ["--dose", "84 mg", "--route", "nasal"],
    "mouth": ["--dose", "0.5 mg/kg", "--route", "oral", "--preset", "clements2"],
    "arterial": ["--dose", "20 mg", "--preset", "leiden3"],
    "schedule": ["--schedule", "crps_100_hours"],
    "table": ["--events", "doses.csv"],
}


def run(monkeypatch, capsys, *words):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["nmdasim", "pk", *words])
    status = 0
    try:
        cli.main()
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


@pytest.fixture(params=COMMANDS)
def words(request, tmp_path, monkeypatch):
    (tmp_path / "doses.csv").write_text(EVENTS, "utf-8")
    monkeypatch.chdir(tmp_path)
    return [*COMMANDS[request.param], "--people", "20"]


def test_every_json_object_says_what_it_is(words, monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys, *words, "--json")
    assert (status, err) == (0, "")
    answer = json.loads(out)
    assert answer["disclaimer"] == DISCLAIMER
    for one in answer.get("subjects", [answer]):
        keys = {
            "preset",
            "site",
            "time_h",
            "plasma_ng_ml",
            "effect_site_ng_ml",
            "cmax_ng_ml",
            "tmax_min",
            "auc_inf_ng_h_ml",
            "disclaimer",
            "source",
        }
        assert keys <= set(one)
        assert one["disclaimer"] == DISCLAIMER
        assert one["site"]
        assert one["source"] in bibliography()
        assert set(one["population"]["cmax_ng_ml"]) == {"mean", "low", "high"}


def test_every_table_and_file_says_what_it_is(words, monkeypatch, capsys, tmp_path):
    status, out, _ = run(monkeypatch, capsys, *words, "--out", "out")
    assert status == 0
    for said in (DISCLAIMER, "Preset ", "sampling site", "source", "95 %"):
        assert said in out
    for name in ("pk.csv", "regimen.csv"):
        assert (tmp_path / "out" / name).read_text("utf-8").startswith(f"# {DISCLAIMER}")
    assert "sampling site" in (tmp_path / "out" / "pk.csv").read_text("utf-8")
    svg = (tmp_path / "out" / "pk.svg").read_text("utf-8")
    assert DISCLAIMER in re.sub(r"<!--|-->", "", svg)
    with xr.open_dataset(tmp_path / "out" / "pk.nc") as stored:
        assert stored.attrs["disclaimer"] == DISCLAIMER
        assert {"preset", "site", "source", "references", "warnings", "unverified_parameters"} <= set(stored.attrs)
    assert (tmp_path / "out" / "pk.png").stat().st_size > 10_000


def test_the_help_page_says_what_it_is(monkeypatch, capsys):
    status, out, _ = run(monkeypatch, capsys, "--help")
    assert status == 0
    assert DISCLAIMER in " ".join(out.split())
    for said in ("preset", "sampling site", "source"):
        assert said in out


def afternoon(regimen):
    levels = ph.free_levels(regimen, every="3 h", until="6 h")
    return nmdasim.windup_time_course(levels, nmdasim.neurons.wdr(), nmdasim.WindUp(pulses=2), seeds=2)


def during(regimen):
    levels = ph.free_levels(regimen, every="1 min", until="1 h")
    return nmdasim.simulate(nmdasim.neurons.wdr(), nmdasim.WindUp(pulses=2), ketamine=levels)


def test_a_figure_of_windup_under_a_dose_says_what_it_is():
    figure = plot.windup(during(ph.schedule("infusion_40_minutes")))[0].figure
    for said in (DISCLAIMER, "Preset clements2; sampling site: venous", "K_ketamine", "equilibrated"):
        assert said in figure.get_supxlabel()
    plt.close(figure)


def test_every_figure_says_what_it_is():
    regimen = ph.schedule("infusion_40_minutes")
    course = ph.time_course(regimen, every="5 min")
    people = ph.spread(regimen, ph.every("5 min", "6 h"), ph.Cohort(20))
    figures = [
        plot_pk.pk(course, people, regimen)[0].figure,
        plot_pk.concentration(course, spread=people).figure,
        plot_pk.dosing(regimen).figure,
        plot_pk.chain(regimen, course, afternoon(regimen))[0].figure,
    ]
    for figure in figures:
        assert DISCLAIMER in figure.get_supxlabel()
        plt.close(figure)
    for figure in (*figures[:2], figures[3]):
        assert origin(course.attrs) in figure.get_supxlabel()
    for said in ("K_ketamine", "equilibrated", "less from wind-up"):
        assert said in figures[3].get_supxlabel()
    axis = plot_pk.reported()
    assert DISCLAIMER in axis.figure.get_supxlabel()
    texts = " ".join(text.get_text() for text in axis.texts)
    assert all(short(band.source) in texts for band in ph.bands())
    plt.close("all")


def test_every_result_says_what_it_is():
    regimen = ph.schedule("nasal_56")
    results = [
        ph.time_course(regimen),
        ph.free_levels(regimen, every="30 min", until="6 h"),
        ph.spread(regimen, ph.every("30 min", "6 h"), ph.Cohort(20)),
        afternoon(regimen),
        during(regimen),
    ]
    for result in results:
        assert result.attrs["disclaimer"] == DISCLAIMER
        assert result.attrs["preset"] == "janssen"
        assert result.attrs["site"]
        assert "perezruixo2021" in result.attrs["references"]
        assert "Perez-Ruixo" in nmdasim.citations(result)


FORBIDDEN = re.compile(r"recommend|optimi|propose|suggest|advis|titrate|target|ideal|prescri", re.IGNORECASE)


def test_no_function_proposes_a_dose():
    modules = [import_module(f"nmdasim.pharmacology.{found.name}") for found in pkgutil.iter_modules(ph.__path__)]
    for module in (ph, courses, plot_pk, command_pk, printing_pk, timecourse, *modules):
        for name, thing in inspect.getmembers(module, callable):
            signature = str(inspect.signature(thing)) if inspect.isfunction(thing) else ""
            assert not FORBIDDEN.search(f"{name}{signature}"), f"{module.__name__}.{name}"


def test_outside_the_calibrated_range_a_result_warns():
    def warnings(amount, route="iv", **options):
        return ph.time_course(ph.Regimen((ph.dose(amount, route),)), **options).attrs["warnings"]

    assert "calibrated" not in warnings("35 mg")
    assert "calibrated range" in warnings("35 mg", weight="30 kg")
    assert "calibrated range" in warnings("500 mg")
    assert "calibrated" not in warnings("112 mg", "nasal")
    assert "calibrated range" in warnings("140 mg", "nasal")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "in one way"),
        (["--dose", "35 mg", "--schedule", "nasal_56"], "in one way"),
        (["--dose", "35 mM"], "'35 mg' or '0.5 mg/kg'"),
        (["--dose", "35 mg", "--route", "rectal"], "unknown route"),
        (["--dose", "30 mg", "--route", "nasal"], "28 mg devices"),
        (["--dose", "35 mg", "--weight", "0 kg"], "a body weight lies between 0.01 kg and 1000 kg"),
        (["--dose", "35 mg", "--weight", "70 mg"], "weight = 70 mg; a body weight lies between 0.01 kg and 1000 kg"),
        (["--dose", "35 mg", "--preset", "none"], "unknown preset"),
        (["--dose", "35 mg", "--drug", "aspirin"], "unknown drug"),
        (["--dose", "35 mg", "--every", "1 mV"], "wrong dimension"),
        (["--schedule", "none"], "infusion_40_minutes"),
        (["--events", "missing.csv"], "cannot be read"),
        (["--schedule", "nasal_56", "--over", "1 h"], "--over"),
        (["--schedule", "nasal_56", "--drug", "ketamine"], "s-ketamine"),
        (["--dose", "35 mg", "--people", "0"], "whole number"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words, says, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(monkeypatch, capsys, *words, "--out", "out")
    assert (status, out) == (2, "")
    assert says in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()
