"""The dorsal horn in a sweep: dose × rate of conditioning × seed, the same to the bit however it is cut or stopped."""

import dataclasses
import pickle
import signal
from typing import ClassVar

import numpy as np
import pytest
import xarray as xr
from short import bits
from test_faults import at_once, journal, stopped_midway

import nmdasim as nm
from nmdasim.protocols import sensory
from nmdasim.sweep import chunks, execute, gains, outlook, reading
from nmdasim.sweep.identity import neighbours

#: One value for all: its equations are derived once.
HORN = nm.circuits.dorsal_horn()
TRAIN = sensory.Conditioning(pulses=2, start=10 * nm.ms)
AXES = dict(frequency=[5, 10] * nm.Hz, ketamine=[0, 10] * nm.uM, seed=[0, 1])
READOUTS = ("spike_count", "rate", "early", "late", "input", "final.ca")
SPECIFICATION = """\
readouts = ["spike_count", "early", "final.ca"]
chunk = 1
model = "dorsal_horn"
[protocol]
kind = "conditioning"
pulses = 2
start = "10 ms"
[axes]
ketamine = {{from = "0.1 uM", to = "10 uM", points = {doses}, scale = "log"}}
frequency = ["5 Hz", "10 Hz"]
seed = {{count = 2}}
"""


def horn(**changed):
    return nm.Sweep(**(dict(model=HORN, protocol=TRAIN, axes=AXES, readouts=READOUTS) | changed))


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The sweep, run once."""
    return nm.sweep(horn(), tmp_path_factory.mktemp("horn") / "s.zarr")


@pytest.fixture(scope="module")
def direct():
    """The same by one call of simulate."""
    train = dataclasses.replace(TRAIN, frequency=AXES["frequency"])
    return nm.simulate(HORN, train, ketamine=AXES["ketamine"], seed=AXES["seed"])


@pytest.mark.filterwarnings("ignore:Windows of")
def test_a_store_of_a_network_holds_what_simulate_gives(stored, direct):
    assert dict(stored.sizes) == {"frequency": 2, "ketamine": 2, "seed": 2, "pulse": 2}
    assert np.all(stored.status == 1)
    own = direct.sel(population="projection")
    assert np.array_equal(stored.spike_count, own.spike_count)
    assert stored.spike_count.values.min() > 0
    assert stored.rate.values.tobytes() == own.rate.values.tobytes()
    measured = nm.measures.windup(direct)
    for name in ("early", "late", "input"):
        assert stored[name].values.tobytes() == measured[name].transpose(*stored[name].dims).values.tobytes()
    assert np.nanmax(stored.late.values) > 0
    assert stored.rate.units == "Hz"
    assert stored.attrs["model_digest"] == HORN.digest


def test_the_state_at_the_end_is_the_mean_over_the_neurons_of_the_output_and_their_compartments(tmp_path):
    """Calcium to the last sample; ρ where potentiation begins at once."""
    easy = HORN.replace(theta_p="0.01 nM")
    names = {"ca": ("soma", "dendrite"), "rho": ("soma", "dendrite")}
    sweep = horn(model=easy, readouts=[f"final.{name}" for name in names], axes=dict(ketamine=[0, 10] * nm.uM))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    traced = nm.simulate(easy, TRAIN, ketamine=[0, 10] * nm.uM, record=list(names))
    for name, regions in names.items():
        traces = [traced[f"projection_{name}_{region}"].isel(time=-1) for region in regions]
        last = np.mean([trace.mean("neuron_projection").values for trace in traces], axis=0)
        assert data[f"final.{name}"].values == pytest.approx(last, rel=1e-3)
        assert data[f"final.{name}"].units == traces[0].units
    assert data["final.rho"].values.min() > 0.01
    assert [data[f"final.{name}"].long_name for name in ("rho", "ca")] == ["ρ at the end", "ca at the end"]
    assert data["final.ca"].values[0] != data["final.ca"].values[1]


@pytest.mark.parametrize(("chunk", "threads"), [(1, 1), (2, 2), (8, 1)])
def test_numbers_of_a_network_do_not_depend_on_chunks_or_threads(stored, tmp_path, chunk, threads):
    again = nm.sweep(horn(chunk=chunk), tmp_path / "s.zarr", threads=threads)
    assert bits(again) == bits(stored)


def test_a_network_sweep_that_was_stopped_is_finished_to_the_bit(stored, tmp_path):
    path = tmp_path / "s.zarr"

    def stop(done, lanes):
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nm.sweep(horn(chunk=1), path, progress=stop)
    assert np.nansum(xr.open_zarr(path).status) == 3
    assert execute.run(horn(chunk=1), path, resume=True).resumed == 3
    assert bits(xr.open_zarr(path)) == bits(stored)


def test_a_network_sweep_that_was_killed_is_finished_to_the_bit(tmp_path):
    spec = tmp_path / "horn.toml"
    spec.write_text(SPECIFICATION.format(doses=6))
    status, told, before = stopped_midway(spec, tmp_path / "s.zarr", signal.SIGKILL)
    assert status == -signal.SIGKILL, told
    assert 2 <= len(before) < 24
    summary = execute.run(reading.read(spec), tmp_path / "s.zarr", resume=True)
    assert (summary.done, summary.resumed) == (24, len(before))
    assert journal(tmp_path / "s.zarr")[: len(before)] == before
    assert bits(xr.open_zarr(tmp_path / "s.zarr")) == bits(nm.sweep(at_once(spec), tmp_path / "whole.zarr"))


@pytest.mark.parametrize(("gain", "common"), [("nmda", True), ("ampa_c", False)])
def test_a_gain_of_a_network_is_that_of_the_scaled_circuit(tmp_path, gain, common):
    """The weights of C fibres are spread over the neurons: values would undo that, so each factor is a circuit."""
    assert gains.is_common(HORN, gain) is common
    train = dataclasses.replace(TRAIN, frequency=5 * nm.Hz)
    sweep = horn(protocol=train, axes={gain: [1, 0], "seed": [0, 1]}, readouts=("early", "spike_count"))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    for factor in (1, 0):
        alone = nm.simulate(HORN.scaled(**{gain: factor}), train, seed=[0, 1])
        part = data.sel({gain: factor})
        assert np.array_equal(part.spike_count, alone.spike_count.sel(population="projection"))
        assert part.early.values.tobytes() == nm.measures.windup(alone).early.values.tobytes()
    assert not np.array_equal(data.early[0], data.early[1])


def test_a_gain_of_a_chain_whose_cells_differ_is_that_of_the_scaled_chain(tmp_path):
    chain = nm.neurons.aguiar2010()
    train = nm.WindUp(frequency=4 * nm.Hz, pulses=2, start=5 * nm.ms)
    assert not gains.is_common(chain, "ampa_c")
    sweep = nm.Sweep(chain, train, dict(ampa_c=[0.5, 1], seed=[0, 1]), readouts=("spike_count", "final.v"))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    for factor in (0.5, 1):
        alone = nm.simulate(chain.scaled(ampa_c=factor), train, seed=[0, 1])
        assert np.array_equal(data.spike_count.sel(ampa_c=factor), alone.spike_count.sel(population="wdr"))
    assert data.spike_count.values.min() > 0
    assert len(np.unique(data.spike_count)) > 1


def test_kinds_and_strengths_of_stimuli_are_axes(tmp_path):
    axes = dict(kind=["touch", "noxious"], intensity=[0.4, 1.0])
    data = nm.sweep(horn(protocol=sensory.Stimulus(), axes=axes, readouts=("rate",)), tmp_path / "s.zarr")
    alone = nm.simulate(HORN, sensory.Stimulus(**axes))
    assert data.kind.values.tolist() == axes["kind"]
    assert data.rate.values.tobytes() == alone.rate.sel(population="projection").values.tobytes()
    assert float(data.rate.sel(kind="noxious", intensity=1)) > 0


def test_sources_of_inputs_are_a_protocol_that_needs_a_duration():
    sources = {"c": nm.Poisson(rate=5 * nm.Hz, size=HORN.inputs["c"].size)}
    axes = dict(seed=[0])
    with pytest.raises(ValueError, match="give a duration: this protocol brings none"):
        horn(protocol=sources, axes=axes, readouts=("rate",))
    assert horn(protocol=sources, axes=axes, readouts=("rate",), duration="50 ms").pulses == 0


def test_a_chunk_of_a_network_is_as_many_instances_as_are_a_thousand_neurons():
    many = dict(seed=range(100))
    assert horn(axes=many).piece == {"seed": 20}
    assert horn(axes=many, chunk=3).piece == {"seed": 3}
    assert nm.Sweep(nm.neurons.wdr(), axes=dict(seed=range(5000))).piece == {"seed": 1000}


def test_the_pilot_of_a_network_is_small(monkeypatch):
    asked = []
    monkeypatch.setattr(outlook, "simulate", lambda *a, **k: asked.append(k) or nm.simulate(*a, **k))
    long = sensory.Conditioning(frequency=20 * nm.Hz, pulses=500, start=10 * nm.ms)
    _, rate = outlook.pilot(horn(protocol=long, axes=dict(seed=range(3))), threads=1)
    assert {one["seed"].size for one in asked} == {2}
    assert float(asked[0]["duration"]) == pytest.approx(0.01 + 2 / 20)
    assert rate > 0


def test_a_parameter_of_the_synapses_is_an_axis_here_and_on_a_worker(tmp_path):
    """Plain numbers are pickled without their unit; neither the numbers nor the identity depend on it."""
    easy, train = HORN.replace(theta_p="0.01 nM"), dataclasses.replace(TRAIN, frequency=5 * nm.Hz)
    axes = dict(potentiation=[0, 5], memantine=[0, 1] * nm.uM)
    sweep = horn(model=easy, protocol=train, axes=axes, readouts=("spike_count",))
    there = pickle.loads(pickle.dumps(sweep))
    assert there.identity == sweep.identity
    found = [chunks.run(one, 0, threads=1).values["spike_count"] for one in (sweep, there)]
    assert found[0].tobytes() == found[1].tobytes()
    alone = nm.simulate(easy, train, drugs={"memantine": axes["memantine"]}, parameters={"potentiation": [0, 5]})
    counts = alone.spike_count.sel(population="projection").transpose("potentiation", "memantine")
    assert np.array_equal(found[0], counts)
    assert not np.array_equal(found[0][0], found[0][1])


# --- what is said of it ----------------------------------------------------------------------------------------------


def test_a_specification_over_the_dorsal_horn_is_read(tmp_path):
    (tmp_path / "horn.toml").write_text(SPECIFICATION.format(doses=3))
    sweep = reading.read(tmp_path / "horn.toml")
    assert sweep.sizes == {"ketamine": 3, "frequency": 2, "seed": 2}
    assert sweep.protocol == sensory.Conditioning(pulses=2, start="10 ms")
    assert sweep.model.name == "dorsal_horn"
    assert sweep.pulses == 2


def test_what_differs_between_two_sweeps_of_a_network_is_named():
    fewer = dataclasses.replace(HORN.populations["excitatory"], size=20, parameters={})
    links = (dataclasses.replace(HORN.projections[0], weight=1 * nm.nS), *HORN.projections[1:])
    for model, told in [
        (HORN.replace(heterosynaptic=2), ["parameter touch_projection.heterosynaptic: 1.5 → 2.0"]),
        (dataclasses.replace(HORN, projections=links), ["projection 0 touch → inhibitory"]),
        (dataclasses.replace(HORN, populations=HORN.populations | {"excitatory": fewer}), ["population excitatory"]),
        (HORN.driven(touch=nm.Volleys([1] * nm.ms, 20)), ["input touch"]),
    ]:
        found = neighbours(horn().identity, horn(model=model).identity)
        assert len(found) == 1
        assert found[0].startswith(told[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("protocol.kind = 'conditionning'", "unknown kind of protocol 'conditionning'; did you mean 'conditioning'"),
        ("protocol = {kind = 'conditioning', burst = 2}", r"unknown key 'burst' in \[protocol\]"),
        ("protocol = {kind = 'stimulus'}\naxes.kind = ['tuch']", "stimulus 'tuch'"),
        ("protocol = {kind = 'stimulus'}\naxes.kind = [1]", "axis kind: 1 is no name"),
        ("readouts = ['final.roh']", "unknown read-out 'final.roh'; did you mean 'final.rho'"),
        ("readouts = ['ca_peak']", "unknown read-out 'ca_peak'"),
        ("axes.nmdaa = [1]", "no parameter or gain 'nmdaa'; did you mean 'nmda'"),
    ],
)
def test_a_bad_specification_over_the_dorsal_horn_is_refused(tmp_path, text, message):
    lines = ["model = 'dorsal_horn'", text, *([] if "readouts" in text else ["readouts = ['spike_count']"])]
    (tmp_path / "horn.toml").write_text("\n".join([*lines, "axes.seed = [0]", ""]))
    with pytest.raises(ValueError, match=message):
        reading.read(tmp_path / "horn.toml")


def test_a_protocol_of_another_package_has_a_kind(tmp_path, monkeypatch):
    doors = {reading.registry.PROTOCOLS: {"mine": lambda: Mine}}
    monkeypatch.setattr(reading.registry, "entry_points", lambda group: doors.get(group, {}))
    (tmp_path / "mine.toml").write_text(
        "readouts = ['spike_count']\nprotocol = {kind = 'mine', port = 'ampa_c'}\naxes = {delay = ['5 ms', '9 ms']}\n"
    )
    sweep = reading.read(tmp_path / "mine.toml")
    assert sweep.protocol == Mine(port="ampa_c")
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    assert data.delay.values.tolist() == pytest.approx([5, 9])
    alone = [nm.simulate(nm.neurons.wdr(), Mine("ampa_c", delay * nm.ms)).spike_count for delay in (5, 9)]
    assert data.spike_count.values.tolist() == [int(one) for one in alone]


@dataclasses.dataclass(frozen=True)
class Mine(nm.protocols.Protocol):
    """Two events, the second after a delay that varies."""

    varies: ClassVar = {"delay": "ms"}
    port: str
    delay: object = "5 ms"
    duration: ClassVar = 0.03

    def arrivals(self, circuit, rng):
        delay = nm.Events(self.port, self.delay)
        first = nm.Events(self.port, 1 * nm.ms)
        return [*first.arrivals(circuit, rng), *delay.arrivals(circuit, rng)]


def test_overflow_in_an_instance_costs_that_instance_only(tmp_path):
    axes = dict(E_na=[50, 1e302] * nm.mV, seed=[0, 1])
    data = nm.sweep(horn(axes=axes, readouts=("early", "final.rho")), tmp_path / "s.zarr")
    assert data.status.values.tolist() == [[1, 1], [0, 0]]
    assert np.isfinite(data["final.rho"].values[0]).all()
    assert np.isnan(data["final.rho"].values[1]).all()


def test_the_numbers_of_chunks_are_those_of_the_whole(stored):
    """A chunk read by itself, as a worker does."""
    sweep = horn(chunk=2)
    region = sweep.region(3)
    found = chunks.run(sweep, 3, threads=1)
    own = stored.isel(region)
    assert found.values["early"].tobytes() == own.early.values.tobytes()
