"""What a result says of its origin in words changes with each argument of simulate, digests apart from identities."""

import inspect
import json

import numpy as np
import pytest
import xarray as xr
from brian2 import ms, mV, nS, uM

import nmdasim as nm
from nmdasim.model.spelling import spell
from nmdasim.run import provenance as own
from nmdasim.run import simulate as module
from nmdasim.run.prepare import prepare
from nmdasim.run.provenance import provenance
from nmdasim.run.question import question

WDR = nm.neurons.wdr()
BASE = dict(
    model=WDR, protocol=nm.WindUp(pulses=1, frequency="2 Hz", start="5 ms"), ketamine=1 * uM, parameters={"g_can": 0},
    initial={"v": -61 * mV}, duration="50 ms", dt="0.1 ms", seed=3, record="v_soma", sample="1 ms",
)  # fmt: skip
LONG = np.linspace(50, 60, 40_000).reshape(2000, 20)
CHANGES = {
    "model": lambda: WDR.replace(E_na="51 mV"),
    "protocol": lambda: nm.WindUp(pulses=1, frequency="2 Hz", start="6 ms"),
    "ketamine": lambda: 2 * uM,
    "mg": lambda: "1.1 mM",
    "drugs": lambda: {"memantine": 1 * uM},
    "block": lambda: "washin",
    "parameters": lambda: {"g_can": 0, "K_mg": "3 mM"},
    "initial": lambda: {"v": -60 * mV},
    "duration": lambda: "51 ms",
    "dt": lambda: "0.05 ms",
    "method": lambda: "fixed",
    "engine": lambda: "reference",
    "seed": lambda: 4,
    "record": lambda: "v_dendrite",
    "sample": lambda: "2 ms",
}
#: Those that move no number, and those that a test of their own is for.
APART = {"threads", "progress", "tolerance", "start"}


def record(**arguments):
    """Return the attributes of a result without running it, but for what is a digest of the whole; with its seeds."""
    asked = question(**(BASE | arguments))
    attrs = provenance(asked, prepare(asked), arguments.get("protocol", BASE["protocol"]))
    seeds = next(axis.values.tolist() for axis in asked.axes if axis.name == "seed")  # a coordinate of the result
    return {key: value for key, value in attrs.items() if key not in ("identity", "model_digest")} | {"seed": seeds}


def test_every_argument_of_simulate_is_tried_here():
    assert set(inspect.signature(module.simulate).parameters) == set(CHANGES) | APART


@pytest.mark.parametrize("argument", CHANGES)
def test_the_record_in_words_changes_with_every_argument(argument):
    first = record()
    assert first == record()
    assert record(**{argument: CHANGES[argument]()}) != first


def test_the_tolerance_stands_in_the_record_of_the_engine_that_has_one():
    loose, tight = (record(engine="reference", tolerance=t) for t in (1e-3, 1e-6))
    assert (loose["tolerance"], tight["tolerance"]) == (1e-3, 1e-6)
    assert record(tolerance=1e-3) == record(tolerance=1e-6)


def test_versions_of_the_libraries_stand_in_the_record(monkeypatch):
    versions = json.loads(record()["versions"])
    assert {"nmdasim", "numpy", "llvmlite", "scipy", "sympy", "brian2", "source"} <= set(versions)
    monkeypatch.setattr(own, "versions", lambda: versions | {"numpy": "0.1"})
    assert json.loads(record()["versions"])["numpy"] == "0.1"


@pytest.mark.parametrize(
    "change",
    [
        lambda: {"protocol": nm.WindUp(pulses=1, frequency="2 Hz", start="5 ms", latencies={"c": LONG * ms})},
        lambda: {"parameters": {"g_can": np.linspace(0, 1, 2000) * nm.quantities.parse_unit("S/cm**2")}},
        lambda: {"initial": {"v": np.linspace(-60, -61, 1) * mV}},
        lambda: {"seed": list(range(2000))},
        lambda: {"protocol": nm.Events("ampa_c", np.linspace(1, 40, 3000) * ms)},
    ],
)
def test_arrays_have_digests_and_no_number_of_them_is_left_out(change):
    told = record(**change())
    assert "..." not in str(told)
    assert "…" not in str(told)


def test_one_number_in_the_middle_of_a_long_array_changes_the_record():
    other = LONG.copy()
    other[1000, 7] = np.nextafter(other[1000, 7], 100)
    trains = [nm.WindUp(pulses=1, frequency="2 Hz", start="5 ms", latencies={"c": t * ms}) for t in (LONG, other)]
    assert record(protocol=trains[0])["protocol"] != record(protocol=trains[1])["protocol"]
    volts = [spell({"v": xr.DataArray([-60.0, 1.0], dims="x", attrs={"units": unit})}) for unit in ("mV", "V")]
    assert volts[0] != volts[1]
    assert spell(1 * nS) != spell(1 * mV)


def test_what_a_run_goes_on_from_stands_in_its_record():
    cell = nm.Model("m", "dv/dt = -v/(10*ms) : volt", initial={"v": 1 * mV})
    first = nm.simulate(cell, duration="1 ms")
    attrs = nm.simulate(cell, duration="1 ms", start=first).attrs
    assert attrs["goes_on_from"] == first.attrs["identity"]
    assert attrs["identity"] != first.attrs["identity"]


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_state_is_recorded_where_nothing_moves_it_too(engine):
    cell, train = nm.neurons.wdr(), nm.WindUp(pulses=1, start="1 ms")
    alone = nm.simulate(cell, train, duration="3 ms", dt="0.05 ms", record="v", engine=engine)
    both = nm.simulate(cell, train, duration="3 ms", dt="0.05 ms", record=["v", "s_ampa"], engine=engine)
    assert np.all(both.s_ampa_soma.values == 0)
    assert np.array_equal(both.v_soma.values, alone.v_soma.values)
