"""Slips of the first day: each is told by the name of what was typed, with what was likely meant."""

import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import Hz, ms, quantities, uM
from nmdasim.studies import reflex


def cell(equations="dv/dt = -v/tau : volt", **changed):
    options = dict(parameters=dict(tau=10 * ms, ketamine=0 * uM), ports=dict(exc="v += 1*mV"))
    return nm.Model("m", equations, **(options | changed))


def over_time(unit, time="ms"):
    return xr.DataArray(
        [0.0, 1], dims="time", coords={"time": ("time", [0, 5], {"units": time})}, attrs={"units": unit}
    )


@pytest.mark.parametrize(
    ("equations", "said"),
    [
        ("dv/dt = -v/tau : volt\nx = tau*2^3 : second", "'x = tau*2^3 : second': a power is written **"),
        ("dv/dt = -v/tau : mv", "the unit of v is 'mv' … did you mean 'volt'?"),
        ("dv/dt = -v/tau : mV", "did you mean 'volt'?"),
        ("dv/dt = -v/tau : volts", "did you mean 'volt'?"),
        ("dv/dt = -v/tau : V", "did you mean 'volt'?"),
        ("dv/dt = -v/tau : uM", "the unit of v is 'uM' … did you mean 'mM'?"),
        ("dv/dt = -v/tau : Siemens", "did you mean 'siemens'?"),
        ("dv/dt = -v/tau : banana", "the unit of v is 'banana' … there are volt, amp"),
        ("dv/dt = -v/tau : volt\ndw/dt = (w\n  - v)/tau", "'dw/dt = (w - v)/tau' says no unit; … as in ': volt'"),
        ("dv/dt = -v/tau  # : volt\ndw/dt = -w/tau : 1", "'dv/dt = -v/tau' says no unit"),
        ("dv/dt = (5*uV - v)/tau : volt", "'uV' in the equation of v is no unit of equations; write uvolt"),
        ("dv/dt = -v/min : volt", "'min' in the equation of v is no unit of equations; write 60*second"),
        ("dv/dt = (5*Mv - v)/tau : volt", "'Mv' in the equation of v is not defined; did you mean 'mV'?"),
        ("dv/dt = -v/Tau : volt", "'Tau' in the equation of v is not defined; did you mean 'tau'?"),
    ],
)
def test_a_slip_in_an_equation_is_told_with_its_line(equations, said):
    with pytest.raises(nm.ModelError, match="^m: ") as told:
        cell(equations)
    assert all(part in str(told.value) for part in said.split(" … "))


def test_what_is_offered_in_an_equation_can_be_written_there():
    cell("dv/dt = (5*uvolt - v)/(60*second) : volt")
    cell("dv/dt = -v/tau : mM", ports={})


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (lambda: cell(threshold="v > -50 mV"), r"a number and its unit are joined by \*, as in '50\*mV'"),
        (lambda: cell(threshold="v > 1*mV", reset="v = -60 mV"), r"in the reset of v: .* as in '60\*mV'"),
        (lambda: cell(ports=dict(exc="v += 2 mV")), r"in what port exc adds: .* as in '2\*mV'"),
        (lambda: cell("dv/dt = -v/(20 ms) : volt"), r"'dv/dt = -v/\(20 ms\) : volt': .* as in '20\*ms'"),
        (lambda: cell(initial=dict(v=-65)), "initial v = -65 .* did you mean '-65 mV'"),
        (lambda: cell(initial=dict(v="-65 nS")), "initial v = .* has the wrong dimension; it is given in mV"),
        (
            lambda: nm.simulate(cell(parameters=dict(tau=[5, 10] * ms)), nm.Events("exc", 5 * ms), duration="9 ms"),
            "m: tau has 2 values, and a cell has one; vary it over runs",
        ),
        (lambda: cell(fibres=nm.Fibres("exc", synapses=1)), r"fibres are given by name, as in fibres=\{'c': nm.Fibres"),
        (lambda: nm.measures.dose_response([1, 2, 3]), "dose_response takes one read-out over concentrations"),
        (lambda: nm.spikes(nm.measures.windup), "what was given has no spikes"),
        (lambda: nm.sweep(cell(), "s.zarr"), "nm.sweep runs a nm.Sweep"),
        (lambda: cell(threshold="v > 2^3*mV"), r"'\^' in the threshold: a power is written"),
        (lambda: cell(summaries={"s": nm.Summary("vv", "soma")}), "summary s: no variable 'vv'; did you mean 'v'"),
        (lambda: cell(summaries={"s": nm.Summary("v", "som")}), "summary s: no region 'som'; did you mean 'soma'"),
        (lambda: cell().scaled(nmda=0.5), "m has no gain 'nmda'; there are none"),
        (lambda: nm.simulate(cell(), nm.WindUp), r"WindUp is a kind of protocol; did you mean WindUp\(\)\?"),
        (lambda: nm.simulate(cell(), [nm.Events]), r"did you mean Events\(\)\?"),
        (
            lambda: nm.simulate(cell(), nm.Events("exc", 5 * ms), duration="9 ms", record=["v_som"]),
            "nothing called 'v_som' to record; did you mean 'v_soma'",
        ),
        (lambda: reflex.threshold(nm.neurons.wdr(), seed=3), r"seed = 3; draws are given as seeds, .* seeds=\[0\]"),
        (lambda: reflex.temporal_summation(nm.neurons.wdr(), seed=3), "draws are given as seeds"),
        (lambda: nm.export([1, 2], "r.csv"), "r.csv: list is no result; give what"),
        (lambda: nm.simulate(nm.neurons.wdr(), ketamine="3 um"), "ketamine = .*; did you mean 'uM'"),
        (lambda: nm.simulate(nm.neurons.wdr(), ketamine=["0 uM", "100 ng/ml"]), "ketamine = 100 ng/ml: a conc"),
        (lambda: quantities.quantity("310 K"), "unknown unit 'K'; did you mean 'kelvin'"),
        (lambda: quantities.si("37 C", "kelvin", name="T"), r"T: cannot read '37 C'; did you mean '310.15 kelvin'\?"),
        (lambda: quantities.quantity("−70 mV"), "did you mean '-70 mV', with the minus of the keyboard"),
        (lambda: nm.fit(cell(), nm.WindUp(), [1, 2], {"tau": (1, 2)}), "fit takes data as one xarray.DataArray.* list"),
        (lambda: nm.windup_time_course([0, 1] * uM, cell()), "windup_time_course takes free drug over time.* Quantity"),
        (lambda: nm.measures.interaction([[1, 2]], "a", "b"), "interaction takes one read-out over two axes.* list"),
        (
            lambda: cell(threshold="V > 1*mV"),
            "threshold V > 1.mV: 'V' is not defined; did you mean 'v', or the unit volt",
        ),
        (lambda: cell(threshold="v > 1*mV", refractory="V > 1*mV"), "refractory V > 1.mV: 'V' is not defined"),
        (lambda: cell(threshold="v > 1*mV", reset="v = V"), "reset v = V: 'V' is not defined"),
        (lambda: cell(ports=dict(exc="v += S*ohm")), "'S' is no unit of equations; write siemens"),
        (lambda: nm.simulate(cell(), drugs="ketamine"), "drugs = 'ketamine'; drugs are given by name, as drugs="),
        (lambda: nm.simulate(cell(), parameters=["tau"]), "parameters are given by name, as parameters="),
        (lambda: quantities.quantity(".5,3 ms"), r"did you mean \['0.5 ms', '3 ms'\]"),
        (lambda: nm.citations(5), "citations are of a result, a model or a circuit; a int"),
        (lambda: nm.simulate(nm.WindUp(), cell()), "^a Model is no protocol; give nm.WindUp"),
        (lambda: nm.simulate(nm.neurons.wdr(), parameters={"nmda": 1}), "did you mean 'gain_nmda'"),
        (lambda: nm.simulate(nm.circuits.dorsal_horn(), parameters={"projection.K_mg": "1 mM"}), "did you mean 'K_mg'"),
        (lambda: nm.simulate(cell(), ketamine=over_time("uMM")), "ketamine: unknown unit 'uMM'"),
        (lambda: nm.simulate(cell(), ketamine=over_time("uM", "sec")), "time of ketamine: .* did you mean 'second'"),
        (
            lambda: nm.sweep(
                nm.Sweep(cell(), nm.Events("exc", 5 * ms), {"tau": [5] * ms}, duration="9 ms", readouts="spike_count"),
                nm.WindUp(),
            ),
            "kept in a folder, .* a WindUp names none",
        ),
        (lambda: nm.pharmacology.dose("0,5 mg/kg"), "did you mean '0.5 mg/kg'"),
        (lambda: nm.pharmacology.free_levels("35 mg"), r"a time course is of a Regimen, as Regimen\(\["),
        (lambda: nm.plot.dose_response(cell()), "dose_response: missing a required argument: 'fit'"),
        (lambda: quantities.quantity("-10 °C"), r"did you mean '263.15 kelvin'\?"),
        (lambda: quantities.quantity("36 degC"), r"did you mean '309.15 kelvin'\?"),
        (
            lambda: nm.simulate(nm.circuits.dorsal_horn(), nm.WindUp()),
            r"by the inputs touch, adelta, c; .* is nm.protocols.Conditioning\(\)",
        ),
    ],
)
def test_a_slip_is_told_with_what_was_meant(slip, said):
    with pytest.raises(nm.errors.NmdasimError, match=said):
        slip()


@pytest.mark.parametrize(
    ("slip", "said"),
    [
        (
            lambda: nm.simulate("wdr", nm.WindUp(), memantine="1 uM"),
            "simulate has no argument 'memantine'; a drug is given as drugs={'memantine': '1 uM'}, a parameter as …",
        ),
        (lambda: nm.simulate("wdr", ketamin="1 uM"), "simulate has no argument 'ketamin'; did you mean 'ketamine'?"),
        (lambda: nm.neurons.wdr(subtyp="2B"), "wdr has no argument 'subtyp'; did you mean 'subtype'?"),
        (
            lambda: nm.circuits.dorsal_horn(inhib="2C"),
            "dorsal_horn has no argument 'inhib'; did you mean 'inhibitory'?",
        ),
        (lambda: nm.WindUp(freqency="1 Hz"), "WindUp has no argument 'freqency'; did you mean 'frequency'?"),
        (lambda: nm.Events("exc", number=3), "Events has no argument 'number'; there are port, times, …"),
        (lambda: nm.sweep(None, "s.zarr", worker=2), "sweep has no argument 'worker'; did you mean 'workers'?"),
        (lambda: cell(treshold="v > 1*mV"), "Model has no argument 'treshold'; did you mean 'threshold'?"),
        (lambda: nm.Fibres("exc", synapse=3), "Fibres has no argument 'synapse'; did you mean 'synapses'?"),
        (lambda: nm.Sweep(cell(), axis={}), "Sweep has no argument 'axis'; did you mean 'axes'?"),
        (lambda: nm.Samples({"g": (1, 2)}, point=3), "Samples has no argument 'point'; did you mean 'points'?"),
    ],
)
def test_an_argument_that_there_is_not_is_told_with_what_was_meant(slip, said):
    with pytest.raises(nm.NmdasimError) as told:
        slip()
    assert isinstance(told.value, TypeError)
    assert str(told.value).startswith(said.removesuffix("…"))
    assert "\n" not in str(told.value)


def test_what_there_is_is_listed_once():
    with pytest.raises(nm.ModelError, match="no parameter or gain 'xyz'; there are") as told:
        nm.Sweep(cell(), nm.Events("exc", rate=5 * Hz), {"xyz": [1, 2]})
    assert str(told.value).split().count("ketamine,") == 1


def test_one_array_of_a_result_is_exported(tmp_path):
    result = nm.simulate(cell(), nm.Events("exc", rate=[5, 50] * Hz, count=2), record=["v"])
    (written,) = nm.export(result.v.max("time", keep_attrs=True), tmp_path / "v.csv")
    assert next(line for line in written.read_text().splitlines() if line[0] != "#").split(",")[0] == "rate_Hz"
    assert "v_mV" in written.read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1 mg/kg", r"^ketamine = 1 mg/kg has the wrong dimension; it is given in uM$"),
        (["1 mg/kg"], r"^ketamine = 1 mg/kg has the wrong dimension; it is given in uM$"),
        ("0.1,1 uM", r"did you mean \['0.1 uM', '1 uM'\]\?"),
        ("0.1,1,5 uM", r"did you mean \['0.1 uM', '1 uM', '5 uM'\]\?"),
        ("0,5 uM", r"did you mean '0.5 uM'\?"),
        (["0", "1", "10 uM"], r"did you mean \['0 uM', '1 uM', '10 uM'\]\?"),
        (["0", "1"], r"did you mean \['0 uM', '1 uM'\]\?"),
        ("1", r"did you mean '1 uM'\?"),
        (["0 nM", "1", "10 uM"], r"as in \['0 uM', '1 uM'\]"),
    ],
)
def test_of_several_numbers_with_one_unit_each_is_offered_with_it(given, said):
    with pytest.raises(nm.UnitError, match=said):
        quantities.si(given, "uM", name="ketamine")
