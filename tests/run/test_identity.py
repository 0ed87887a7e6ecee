"""Provenance identifies a run: each argument of simulate in turn changes the record."""

import dataclasses
import inspect
import json

import numpy as np
import pytest
from brian2 import ms, mV, uM

import nmdasim as nm
from nmdasim.model.identity import digest


@pytest.fixture(scope="module")
def base():
    return dict(
        model=nm.neurons.wdr(), protocol=nm.WindUp(pulses=1, frequency="20 Hz", start="5 ms"), ketamine=1 * uM,
        record=["v_soma"], dt="0.1 ms",
    )  # fmt: skip


CHANGES = {
    "model": lambda: nm.neurons.wdr().replace(g_can="1e-4 S/cm**2"),
    "protocol": lambda: nm.WindUp(pulses=1, frequency="20 Hz", start="6 ms"),
    "ketamine": lambda: 2 * uM,
    "mg": lambda: "1.1 mM",
    "drugs": lambda: {"memantine": 1 * uM},
    "block": lambda: "washin",
    "parameters": lambda: {"K_mg": "3 mM"},
    "initial": lambda: {"v": -60 * mV},
    "duration": lambda: 40 * ms,
    "dt": lambda: 0.05 * ms,
    "method": lambda: "fixed",
    "engine": lambda: "reference",
    "seed": lambda: 1,
    "record": lambda: ["v_dendrite"],
    "sample": lambda: 0.2 * ms,
}
#: They move no number: how many threads, who is told, the tolerance of an engine that has none.
WITHOUT = {"threads", "progress", "tolerance", "start"}


def test_every_argument_of_simulate_is_tried_here():
    assert set(inspect.signature(nm.simulate).parameters) == set(CHANGES) | WITHOUT


@pytest.mark.parametrize("argument", CHANGES)
def test_the_identity_of_a_run_changes_with_every_argument(base, argument):
    first = nm.simulate(**base).attrs["identity"]
    assert first == nm.simulate(**base).attrs["identity"]
    changed = dict(base)
    if argument == "drugs":
        changed.pop("ketamine")
    assert nm.simulate(**(changed | {argument: CHANGES[argument]()})).attrs["identity"] != first


def test_threads_do_not_change_the_identity(base):
    assert nm.simulate(**base, threads=1).attrs["identity"] == nm.simulate(**base, threads=2).attrs["identity"]


def test_the_tolerance_of_the_reference_engine_and_the_start_change_the_identity(base):
    options = base | dict(engine="reference")
    loose, tight = (nm.simulate(**options, tolerance=t).attrs["identity"] for t in (1e-3, 1e-6))
    assert loose != tight
    first = nm.simulate(**base)
    assert nm.simulate(**base, start=first).attrs["identity"] != first.attrs["identity"]


def test_weights_of_a_circuit_change_its_record():
    cell = nm.Model(
        "m", "dv/dt = -v/(10*ms) : volt", threshold="v > 5*mV", reset="v = 0*mV", ports={"kick": "v += weight"}
    )
    link = nm.Projection("e", "e", port="kick", weight=1 * mV, probability=0.5)
    net = nm.Circuit("net", {"e": nm.Population(cell, 4)}, (link,))
    one, three = (nm.simulate(c, duration="2 ms").attrs for c in (net, net.weighted(e=3)))
    assert one["identity"] != three["identity"]
    assert one["model_digest"] != three["model_digest"]
    high = nm.simulate(net, duration="2 ms", initial={"v": 1 * mV}).attrs
    assert high["identity"] != one["identity"]
    other = dataclasses.replace(net, projections=(dataclasses.replace(link, delay=1 * ms),))
    assert nm.simulate(other, duration="2 ms").attrs["identity"] != one["identity"]


def test_the_record_holds_the_values_that_acted(base):
    attrs = nm.simulate(**base, parameters={"K_mg": "3 mM"}, initial={"v": -60 * mV}).attrs
    numbers = json.loads(attrs["parameters"])
    assert numbers["K_mg"].split()[0] == "3"
    assert numbers["ketamine"].split()[0] == "1"
    assert "-60" in json.loads(attrs["initial"])["v"]
    assert attrs["duration_s"] == "0.055"
    assert attrs["sample_ms"] == pytest.approx(0.1)
    assert {"numpy", "llvmlite", "brian2", "source"} <= set(json.loads(attrs["versions"]))


def test_arrays_count_to_the_last_bit():
    values = np.array([1.0, 2.0])
    assert digest({"a": values}) == digest({"a": values.copy()})
    assert digest({"a": values}) != digest({"a": np.nextafter(values, 3)})
    assert digest({"a": values}) != digest({"b": values})
    assert digest([1, [2, 3]]) != digest([[1, 2], 3])
    assert digest({"a": 1 * ms}) != digest({"a": 1 * mV})
