"""Neurons leave as LEMS: PyLEMS runs the file and fires the same spikes; what LEMS cannot say is refused by name."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import ms, mV
from nmdasim.exchange.lems.expression import Writer

HH = """
dv/dt = (I + g_l*(E_l - v) - g_na*m**3*h*(v - E_na) - g_kd*n**4*(v - E_k))/C : volt
dm/dt = 0.32/mV*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms*(1 - m) - 0.28/mV*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms*m : 1
dn/dt = clip(0.16/exprel((15*mV - v + VT)/(5*mV))/ms, 0/ms, 100/ms)*(1 - n) - 0.5*exp((10*mV - v + VT)/(40*mV))/ms*n : 1
dh/dt = 0.128*exp((17*mV - v + VT)/(18*mV))/ms*(1 - h) - 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms*h : 1
I = step*int(t > 2*ms and not t > 12*ms) : amp
"""


@pytest.fixture(scope="module")
def hodgkin_huxley():
    """Return the neuron of Traub & Miles with a step of current; its spike rule waits until the spike is over."""
    return nm.Model(
        name="hodgkin huxley",
        equations=HH,
        parameters=dict(
            C="200 pF", g_l="10 nS", E_l="-60 mV", E_k="-90 mV", E_na="50 mV", g_na="20 uS", g_kd="6 uS", VT="-63 mV",
            step="0.5 nA",
        ),
        initial=dict(v=-65 * mV, h="1/(1 + exp((v + 60*mV)/(5*mV)))", n=0.1),
        threshold="v > -20*mV",
        refractory="v > -20*mV",
    )  # fmt: skip


def pylems(file):
    """Run a simulation file in PyLEMS and return its table by column."""
    run = pytest.importorskip("lems.run", reason="PyLEMS is not installed")
    here = Path.cwd()
    os.chdir(file.parent)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            run.run(file.name, nogui=True)
    finally:
        os.chdir(here)
    table = np.loadtxt(file.parent / f"{file.stem.removeprefix('LEMS_')}.dat")
    columns = [c.get("id") for c in ET.parse(file).iter("Component") if c.get("type") == "OutputColumn"]
    return dict(zip(["t", *columns], table.T, strict=True))


def fired(table):
    """Return the times in ms at which the number of spikes grew."""
    return table["t"][1:][np.diff(table["spikes"]) > 0] * 1e3


def test_an_integrate_and_fire_neuron_fires_the_same_spikes_in_pylems(adex, tmp_path):
    model = adex.replace(tau_e=40 * ms)
    events = (nm.Events("exc", times=[5, 10] * ms), nm.Events("graded", times=[7] * ms, weight="30 nS"))
    file = nm.to_neuroml(model, tmp_path, events=events, duration="40 ms", step="0.005 ms", weights={"graded": "30 nS"})
    theirs = pylems(file)
    ours = nm.simulate(model, list(events), duration="40 ms", engine="reference", record=["v", "w", "g_e"])
    assert len(fired(theirs)) == int(ours.spike_count) >= 4
    assert fired(theirs) == pytest.approx(ours.spike_time.values, abs=0.2)
    away = np.min(np.abs(np.subtract.outer(ours.time.values, [5, 7, 10])), axis=1) > 0.15  # of the jumps
    before = away & (ours.time.values < ours.spike_time.values[0] - 0.5)
    for name, unit in (("v", 1e3), ("g_e", 1e9), ("w", 1e9)):
        values = np.interp(ours.time.values, theirs["t"] * 1e3, theirs[name] * unit)[before]
        assert values == pytest.approx(ours[name].values[before], rel=5e-3, abs=0.3 if name == "g_e" else 0.05)


def test_channels_and_conditions_run_in_pylems(hodgkin_huxley, tmp_path):
    """PyLEMS steps by forward Euler: what differs from the reference halves with its step."""
    ours = nm.simulate(hodgkin_huxley, duration="12 ms", engine="reference", record=["v"])
    assert int(ours.spike_count) > 0
    error = []
    for step in (0.02, 0.01):
        theirs = pylems(nm.to_neuroml(hodgkin_huxley, tmp_path, duration="12 ms", step=step * ms))
        assert fired(theirs) == pytest.approx(ours.spike_time.values, abs=5 * step)
        values = np.interp(ours.time.values, theirs["t"] * 1e3 + step, theirs["v"] * 1e3)
        error.append(np.median(np.abs(values - ours.v.values)))
    assert error[1] < 0.25
    assert error[1] / error[0] == pytest.approx(0.5, abs=0.1)


def test_the_two_compartments_of_wdr_run_in_pylems(tmp_path):
    wdr = nm.neurons.wdr()
    times = 3 + 0.2 * np.arange(12)
    events = (nm.Events("ampa_c", times=times * ms), nm.Events("nmda_c", times=(times + 0.1) * ms))
    theirs = pylems(nm.to_neuroml(wdr, tmp_path, events=events, duration="12 ms", step="0.02 ms"))
    ours = nm.simulate(wdr, list(events), duration="12 ms", engine="reference", record=["v"])
    assert int(ours.spike_count) > 0
    assert fired(theirs) == pytest.approx(ours.spike_time.values, abs=0.1)
    early = ours.time.values < 5
    for region in ("soma", "dendrite"):
        values = np.interp(ours.time.values, theirs["t"] * 1e3, theirs[f"v_{region}"] * 1e3)
        assert values[early] == pytest.approx(ours[f"v_{region}"].values[early], abs=0.3)


def test_every_number_carries_its_unit(adex, tmp_path):
    nm.to_neuroml(adex, tmp_path, weights={"graded": "2 nS"})
    root = ET.parse(tmp_path / "adex.lems.xml").getroot()
    component = root.find("Component")
    assert component.get("C") == "281pF"
    assert component.get("E_l") == "-70.6mV"
    assert component.get("weight_graded") == "2nS"
    dimensions = {p.get("name"): p.get("dimension") for p in root.iter("Parameter")}
    assert (dimensions["C"], dimensions["E_l"], dimensions["g_l"]) == ("capacitance", "voltage", "conductance")
    units = {unit.get("symbol") for unit in root.iter("Unit")}
    assert {"pF", "mV", "nS", "ms"} <= units


LEAKY = "dv/dt = -v/(10*ms) : volt"


@pytest.mark.parametrize(
    ("fields", "options", "message"),
    [
        (dict(equations="dv/dt = -v/(10*ms) + 1*mV*xi/ms**0.5 : volt"), {}, r"LEMS cannot say white noise \(xi\)"),
        (dict(threshold="v > 1*mV", reset="v = rand()*mV"), {}, r"LEMS cannot say rand\(\) in its reset"),
        (dict(initial=dict(v="rand()*mV")), {}, "LEMS cannot say the random initial value of v"),
        (dict(equations="dv/dt = -v/(10*ms)*arctan(v/mV) : volt"), {}, r"LEMS cannot say arctan\(…\)"),
        (dict(equations="dv/dt = -v/(10*ms)*(t/ms % 2) : volt"), {}, "LEMS cannot say '%'"),
        (dict(equations="dv/dt = -v/(10*ms)*int(t/ms) : volt"), {}, r"LEMS cannot say int\(…\)"),
        (dict(ports=dict(a="v += weight")), {}, "port 'a' takes a weight.* give weights="),
        (dict(ports=dict(a="v += weight")), dict(weights={"a": "1 nS"}), "does not fit port 'a'"),
        (dict(), dict(events=nm.Events("b", times=[1] * ms)), "has no port 'b'"),
        (dict(ports=dict(b="v += 1*mV")), dict(events=nm.Events("b", rate=5 * nm.Hz)), "come at a rate"),
        (dict(), dict(duration="1 mV"), "wrong dimension"),
        (dict(), dict(step="0 ms"), "a step is above 0"),
        (
            dict(equations="darmed/dt = -armed/(10*ms) : volt", threshold="armed > 1*mV", reset=""),
            {},
            "is a name of the",
        ),
    ],
)
def test_what_lems_cannot_say_is_refused_by_name(fields, options, message, tmp_path):
    model = nm.Model(**(dict(name="leaky", equations=LEAKY) | fields))
    with pytest.raises(nm.NmdasimError, match=message) as caught:
        nm.to_neuroml(model, tmp_path / "out", **options)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_command_writes_the_files_and_refuses_another_format(tmp_path):
    call = [sys.executable, "-m", "nmdasim", "export", "wdr", str(tmp_path / "out"), "--to"]
    done = subprocess.run([*call, "neuroml"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(tmp_path / "out" / "LEMS_wdr.xml")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["LEMS_wdr.xml", "wdr.lems.xml"]
    refused = subprocess.run([*call, "neuronml"], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "did you mean 'neuroml'" in refused.stderr


def test_a_circuit_is_refused(tmp_path):
    with pytest.raises(nm.NmdasimError, match="aguiar2010 is a Circuit; NeuroML is written of a single cell"):
        nm.to_neuroml(nm.neurons.aguiar2010(), tmp_path)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("not (a > 1 and b < 2)", "(1 .geq. a) .or. (b .geq. 2)"),
        ("1 < a <= 2", "(1 .lt. a) .and. (2 .geq. a)"),
        ("a == 1 or not b != 2", "(a .eq. 1) .or. (b .eq. 2)"),
    ],
)
def test_conditions_are_turned_round_where_lems_has_no_not(text, written):
    assert Writer("m", frozenset("ab"), lambda text: None).condition(text) == written
