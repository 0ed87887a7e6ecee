"""Dosing tables: what is read, what is refused and where, and that nothing is lost on the way to CSV and back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmdasim import DISCLAIMER, mM, quantities
from nmdasim import pharmacology as ph


@pytest.fixture
def read(tmp_path):
    def reader(text):
        path = tmp_path / "doses.csv"
        path.write_text(text, "utf-8")
        return ph.Regimen.from_csv(path)

    return reader


def test_columns_are_read_in_any_case_with_comments_and_missing_values(read):
    regimen = read(
        "# a study\nid, Time ,amt,RATE,dur,II,addl,ss,evid,route,wt,Age\n"
        "7,0,35,52.5,.,.,.,.,1,IV,80,41  # the infusion\n\n7,1.5,.,.,.,.,.,.,0,.,80,41\n7,2,30,,,12,3,,1,oral,80,41\n"
    )
    first, observed, last = regimen.events
    assert (first.id, first.amount, first.rate, first.route, first.weight_kg) == ("7", 35, 52.5, "iv", 80)
    assert first.over_h == pytest.approx(2 / 3)
    assert observed.evid == 0
    assert (last.interval_h, last.additional, last.route) == (12, 3, "oral")
    assert dict(first.covariates) == {"AGE": "41"}


def test_the_route_may_stand_in_cmt(read):
    assert read("TIME,AMT,CMT\n0,28,nasal\n").routes == {"nasal"}


def test_without_evid_an_amount_is_a_dose_and_none_an_observation(read):
    assert [event.evid for event in read("TIME,AMT\n0,35\n1,.\n2,0\n").events] == [1, 0, 0]


BAD = {
    "TIME,AMT\n0,35\n1,-5": "row 2 (line 3), column AMT",
    "TIME,AMT\n-1,35": "column TIME",
    "TIME,AMT\n0,nan": "column AMT",
    "TIME,AMT\nnan,35": "column TIME",
    "TIME,AMT\n0,": "column AMT",
    "TIME,AMT\n.,35": "column TIME",
    "TIME,AMT\n0,ten": "column AMT: 'ten' is not a number",
    "TIME,AMT\n0,inf": "column AMT",
    "TIME,AMT,EVID\n0,.,1": "column AMT",
    "TIME,AMT,RATE\n0,35,-1": "column RATE",
    "TIME,AMT,RATE\n0,35,-2": "column RATE",
    "TIME,AMT,RATE\n0,35,-7": "column RATE",
    "TIME,AMT,DUR\n0,35,-1": "column DUR",
    "TIME,AMT,RATE,DUR\n0,35,35,2": "column DUR",
    "TIME,AMT,RATE\n0,0,35\n": "column RATE",
    "TIME,AMT,RATE,EVID\n0,0,35,1\n": "column AMT",
    "TIME,AMT,EVID\n0,35,5": "column EVID",
    "TIME,AMT,EVID\n0,35,6": "column EVID",
    "TIME,AMT,EVID\n0,35,9": "column EVID",
    "TIME,AMT,EVID\n0,35,0": "column AMT",
    "TIME,AMT,EVID\n0,35,3": "column AMT",
    "TIME,AMT,ADDL\n0,35,3": "column ADDL",
    "TIME,AMT,ADDL,II\n0,35,1.5,12": "column ADDL",
    "TIME,AMT,ADDL,II\n0,35,-1,12": "column ADDL",
    "TIME,AMT,II\n0,35,-12": "column II",
    "TIME,AMT,SS\n0,35,1": "column SS",
    "TIME,AMT,SS,II\n0,35,3,12": "column SS",
    "TIME,AMT,ROUTE\n0,35,rectal": "column ROUTE: unknown route 'rectal'",
    "TIME,AMT,CMT\n0,35,2": "column CMT",
    "TIME,AMT,ROUTE,CMT\n0,35,iv,oral": "column CMT",
    "TIME,AMT,ROUTE,RATE\n0,35,oral,10": "column RATE",
    "TIME,AMT,UNIT\n0,35,ug": "column UNIT",
    "TIME,AMT,UNIT,ROUTE\n0,1,mg/kg,nasal": "column UNIT",
    "TIME,AMT,WT\n0,35,0": "column WT",
    "TIME,AMT,WT\n0,35,70\n1,35,80": "row 2, WT",
    "TIME,AMT\n2,35\n1,35": "row 2, TIME",
    "TIME,AMT\n0,35,7": "row 1 (line 2) has 3 cells",
    "TIME,AMT,DRUG\n0,35,ketamine\n1,35,s-ketamine": "column DRUG",
    "TIME,AMT,DRUG\n0,35,aspirin": "unknown drug",
    "TIME,AMT,DURATION\n0,35,1": "unknown column DURATION",
    "TIME,AMT,ADDLL\n0,35,1": "unknown column ADDLL",
    "TIME,AMT,INTERVAL\n0,35,1": "unknown column INTERVAL",
    "TIME,AMT,amt\n0,35,1": "column AMT stands twice",
    "TIME\n0": "no column AMT",
    "TIME,AMT\n": "no rows",
    "": "no rows",
}


@pytest.mark.parametrize("text", BAD)
def test_a_bad_row_is_refused_by_row_and_column(read, text):
    with pytest.raises(ValueError, match=r".") as refusal:
        read(text)
    assert BAD[text] in str(refusal.value)


def test_a_missing_file_is_refused_by_name(tmp_path):
    with pytest.raises(ValueError, match="cannot be read"):
        ph.Regimen.from_csv(tmp_path / "none.csv")


@pytest.mark.parametrize("text", ["TIME,AMT,ROUTE\n0,28,nasal\n1,30,nasal", "TIME,AMT,ROUTE,II,SS\n0,28,nasal,0.5,1"])
def test_nasal_doses_are_whole_devices(read, text):
    with pytest.raises(ValueError, match="row . column"[:4]):
        ph.time_course(read(text))


def test_a_route_that_the_preset_does_not_describe_is_refused(read):
    with pytest.raises(ValueError, match="row 1, column ROUTE: preset clements2"):
        ph.time_course(read("TIME,AMT,ROUTE\n0,28,nasal"), preset="clements2")
    with pytest.raises(ValueError, match="leiden3 describes s-ketamine"):
        ph.time_course(read("TIME,AMT,DRUG\n0,28,ketamine"), preset="leiden3")
    with pytest.raises(ValueError, match="did you mean 'clements2'"):
        ph.time_course(read("TIME,AMT\n0,28"), preset="clements")


def test_a_table_with_several_subjects_keeps_them_apart(read):
    regimen = read("ID,TIME,AMT,WT,ROUTE\nA,0,35,60,iv\nB,0,56,.,nasal\nA,3,35,60,iv\n")
    assert regimen.ids == ("A", "B")
    course = ph.time_course(regimen, every="10 min", until="6 h")
    assert course.preset.values.tolist() == ["clements2", "janssen"]
    assert course.weight.values.tolist() == [60, 70]
    alone = ph.time_course(regimen.subject("B"), every="10 min", until="6 h")
    assert np.array_equal(course.plasma.sel(subject="B"), alone.plasma)


@pytest.mark.parametrize("name", ph.SCHEDULES)
def test_published_schedules_round_trip_and_print(name, tmp_path):
    regimen = ph.schedule(name)
    regimen.to_csv(tmp_path / "regimen.csv")
    assert ph.Regimen.from_csv(tmp_path / "regimen.csv") == regimen
    assert DISCLAIMER in (tmp_path / "regimen.csv").read_text("utf-8")
    assert regimen.name in str(regimen)
    assert DISCLAIMER in str(regimen)
    assert regimen.source in str(regimen)
    assert "TIME (h)" in str(regimen)
    assert "TIME (h)" in regimen._repr_html_()


doses = st.builds(
    ph.Event,
    time_h=st.floats(0, 1e4),
    amount=st.floats(0, 1e4),
    unit=st.sampled_from(["mg", "mg/kg"]),
    duration_h=st.floats(0, 100),
    interval_h=st.floats(0.01, 100),
    additional=st.integers(0, 9),
    steady=st.integers(0, 2),
    evid=st.sampled_from([1, 4]),
    weight_kg=st.sampled_from([0.0, 71.3]),
    covariates=st.just((("AGE", "41"),)),
    id=st.sampled_from(["1", "2", "x"]),
)
others = st.builds(ph.Event, time_h=st.floats(0, 1e4), evid=st.sampled_from([0, 2, 3]))


@given(st.lists(st.one_of(doses, others), min_size=1, max_size=6), st.sampled_from(["", "ketamine"]))
def test_any_regimen_round_trips_through_csv(tmp_path_factory, rows, drug):
    regimen = ph.Regimen.of(*rows, drug=drug, name="a study", source="someone")
    path = tmp_path_factory.mktemp("csv") / "regimen.csv"
    regimen.to_csv(path)
    assert _plain(ph.Regimen.from_csv(path)) == _plain(regimen)
    assert [e.amount for e in ph.Regimen.from_table(regimen.to_table()).events] == [e.amount for e in regimen.events]


def _plain(regimen):
    """Return what a table can tell: a row without covariates has empty ones where another has some."""
    keep = [{k: v for k, v in vars(event).items() if k != "covariates"} for event in regimen.events]
    return keep, [dict(e.covariates).get("AGE") or "." for e in regimen.events], regimen.drug, regimen.name


def test_doses_check_their_own_unit():
    assert ph.dose("0.5 mg/kg").unit == "mg/kg"
    assert ph.dose("500 ug").amount == pytest.approx(0.5)
    assert ph.dose(35 * quantities.unit("mg")).amount == pytest.approx(35)
    assert ph.dose("10 mg/kg", rate="41 ug/kg/min").rate == pytest.approx(2.46)
    for wrong in ("35", "35 mM", "35 mg/l", "mg", "-3 mg", "0.5 mg/kg/h", 3.0, 1 * mM):
        with pytest.raises(ValueError, match="dose ="):
            ph.dose(wrong)
    with pytest.raises(ValueError, match="not both per kg"):
        ph.dose("10 mg/kg", rate="5 mg/h")
    with pytest.raises(ValueError, match="wrong dimension"):
        ph.dose("10 mg", over="3 mV")


def test_times_are_checked():
    regimen = ph.Regimen((ph.dose("35 mg"),))
    for options in ({"every": "0 min"}, {"every": "2 h", "until": "1 h"}, {"times": [2, 1] * quantities.unit("hour")}):
        with pytest.raises(ValueError, match=r"step|later"):
            ph.time_course(regimen, **options)


def test_dataframes_have_rows_counted_from_one():
    rows = pd.DataFrame({"time": [0.0, 1.0], "amt": [35.0, np.nan], "evid": [1, 1]})
    with pytest.raises(ValueError, match="row 2, column AMT"):
        ph.Regimen.from_table(rows)
    rows["amt"] = [35.0, 20.0]
    rows["ii"] = [np.nan, 12.0]
    assert ph.Regimen.from_table(rows).events[0].interval_h == 0


def test_the_name_of_a_regimen_that_is_scaled_says_so():
    given = ph.schedule("infusion_40_minutes")
    assert given.scaled(2).name == "0.5 mg/kg over 40 min, × 2"
    assert given.scaled(1) == given
    assert ph.Regimen(given.events).scaled(2).name == ""
