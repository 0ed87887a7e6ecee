from contextlib import nullcontext

import numpy as np
import pytest
import xarray as xr
from brian2 import Hz, uM
from hypothesis import given
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim.sweep.export import tables

#: One value for the whole file: its equations are derived once.
WDR = nm.neurons.wdr()


def made(trains, period=1000.0):
    """Return a result with given spike times (ms) per lane and pulses at 1 s, 2 s, …"""
    width = max(map(len, trains))
    table = np.array([[*train, *[np.nan] * (width - len(train))] for train in trains], dtype=float)
    pulses = 1000.0 + period * np.arange(4)
    return xr.Dataset(
        {
            "spike_time": (("seed", "spike"), table),
            "pulse_time": ("pulse", pulses),
            "window_end": ("pulse", pulses + period),
        },
        coords={"seed": np.arange(len(trains)), "pulse": np.arange(1, 5)},
    )  # fmt: skip


TRAIN = [999, 1000, 1099, 1100, 1500, 2050, 2200, 2300, 2400, 3999, 4100, 4200, 4300, 4400, 4999, 5000]


def test_early_and_late_windows_meet_at_100_ms_and_end_at_the_next_pulse():
    measured = nm.measures.windup(made([TRAIN]))
    assert measured.early.values.tolist() == [[2, 1, 0, 0]]
    assert measured.late.values.tolist() == [[2, 3, 1, 5]]


def test_input_index_ratio_slope_and_area_are_those_defined():
    measured = nm.measures.windup(made([TRAIN])).isel(seed=0)
    assert float(measured["input"]) == 2
    assert float(measured["area"]) == 11
    assert float(measured["index"]) == 11 - 4 * 2
    assert float(measured["ratio"]) == pytest.approx((3 + 1 + 5) / 3 / 2)
    assert float(measured["slope"]) == pytest.approx(np.polyfit([1, 2, 3, 4], [2, 3, 1, 5], 1)[0])


def test_a_first_response_of_zero_has_no_ratio():
    measured = nm.measures.windup(made([[2500.0]]))
    assert np.isnan(float(measured["ratio"]))
    assert float(measured["index"]) == 1


@given(st.lists(st.lists(st.floats(0, 6000), max_size=40), min_size=1, max_size=5), st.randoms())
def test_measures_do_not_depend_on_the_order_of_lanes(trains, random):
    order = list(range(len(trains)))
    random.shuffle(order)
    first = nm.measures.windup(made([sorted(train) or [0.0] for train in trains]))
    second = nm.measures.windup(made([sorted(trains[k]) or [0.0] for k in order]))
    assert np.array_equal(first.late.values[order], second.late.values)
    assert np.array_equal(first["index"].values[order], second["index"].values)


def test_every_measure_has_a_unit_and_a_name():
    measured = nm.measures.windup(made([TRAIN]))
    assert all(one.long_name for one in measured.data_vars.values())
    assert {name: one.units for name, one in measured.data_vars.items() if one.units != "1"} == {
        "late_rate": "Hz",
        "index_rate": "Hz",
    }


HORN = nm.circuits.dorsal_horn()
#: Trains fast enough for a short test, which is warned of.
short = pytest.mark.filterwarnings("ignore:Late windows of")


@short
def test_wind_up_of_a_network_is_counted_per_neuron_of_the_output_as_by_hand():
    train = nm.protocols.sensory.Conditioning(frequency=[4, 8] * Hz, pulses=[1, 3], start="10 ms")
    result = nm.simulate(HORN, train, seed=[0, 1, 2])
    measured = nm.measures.windup(result)
    assert measured.late.dims == ("frequency", "pulses", "seed", "pulse")
    assert float(measured.late.sel(pulses=3).min()) == 0 < float(measured.late.sel(frequency=4).max())
    for i, frequency in enumerate((4, 8)):
        for j, pulses in enumerate((1, 3)):
            for seed in range(3):
                mine = (result.spike_population == 2) & (result.spike_lane == (i * 2 + j) * 3 + seed)
                times, one = result.spike_time.values[mine.values], measured.isel(frequency=i, pulses=j, seed=seed)
                for k in range(pulses):
                    begin, end = 10 + k * 1000 / frequency, 10 + (k + 1) * 1000 / frequency
                    late = sum(begin + 100 <= t < end for t in times)
                    early = sum(begin <= t < min(begin + 100, end) for t in times)
                    assert (float(one.early[k]), float(one.late[k])) == (early / 10, late / 10)
                assert np.isnan(one.late.values[pulses:]).all()
    every = measured.sel(pulses=3)
    total = result.spike_count.sel(population="projection", pulses=3) / 10
    assert np.allclose((every.early + every.late).sum("pulse"), total)  # none fires before the first pulse


@short
def test_a_part_of_a_networks_result_has_its_own_spikes_in_any_order():
    train = nm.protocols.sensory.Conditioning(frequency=8 * Hz, pulses=[1, 2], start="10 ms")
    result = nm.simulate(HORN, train, seed=[0, 1])
    whole, measured = nm.spikes(result), nm.measures.windup(result)
    for part in (
        result.isel(seed=1), result.isel(seed=[1]), result.isel(seed=[1, 0]), result.isel(pulses=1, seed=0),
        result.sortby("pulses", ascending=False), result.transpose("seed", ...), result.sel(population=["projection"]),
        result.isel(population=[2, 0, 1]), result.sel(population="projection"),
    ):  # fmt: skip
        own, kept = nm.spikes(part), np.isin(whole.lane, part.lane)
        assert sorted(own.lane) == sorted(whole.lane[kept])
        for lane, rows in own.groupby("lane"):
            assert rows.time_ms.tolist() == whole.time_ms[whole.lane == lane].tolist()
            where = {dim: np.unique(rows[dim]).item() for dim in ("pulses", "seed") if dim in part.dims}
            assert part.lane.sel(where).item() == lane
        late, expected = nm.measures.windup(part).late, measured.late.sel(pulses=part.pulses, seed=part.seed)
        assert late.sizes == expected.sizes
        assert bool(((late == expected) | (late.isnull() & expected.isnull())).all())


def test_a_part_keeps_the_values_of_what_was_varied_in_its_table_of_spikes():
    result = nm.simulate(WDR, nm.WindUp(pulses=2), ketamine=[0, 1] * uM, seed=[0, 1])
    for part in (result.isel(ketamine=1), result.isel(ketamine=1, seed=0)):
        assert set(nm.spikes(part).ketamine_free_uM) == {1}
        assert set(tables(part)["spike"].ketamine_free_uM) == {1}


def test_of_joined_results_nothing_is_told_of_what_was_not_run():
    one, two = (
        nm.simulate(WDR, nm.WindUp(pulses=2), ketamine=[f"{dose} uM"], seed=range(n)) for dose, n in ((0, 2), (1, 3))
    )
    area = nm.measures.windup(xr.concat([one, two], "ketamine", join="outer", data_vars="all")).area
    assert area.isnull().values.tolist() == [[False, False, True], [False] * 3]
    assert area.sel(ketamine=0).values[:2].tolist() == nm.measures.windup(one).area.sel(ketamine=0).values.tolist()
    assert np.isnan(nm.measures.windup(one.reindex(seed=[1, 9])).area.values).tolist() == [[False, True]]


def test_averaged_spikes_are_told_where_their_number_is_that_of_every_draw():
    result = nm.simulate(WDR, nm.WindUp(pulses=1), seed=range(12))
    count = result.spike_count.values
    first, second = next((i, j) for i in range(12) for j in range(i) if count[i] == count[j])
    two = result.isel(seed=[first, second])
    for taken in (nm.measures.windup, nm.spikes):
        taken(two.where(two.seed >= 0, drop=True))  # no longer whole numbers, but the spikes that were counted
        with pytest.raises(ValueError, match="are not those that were counted"):
            taken(two.mean("seed", keep_attrs=True))


@pytest.mark.parametrize(
    "spoilt",
    [lambda r: r.mean("seed", keep_attrs=True), lambda r: r.isel(spike=slice(0, 2)), lambda r: r[{"seed": [0]}]],
)
def test_averaged_or_cut_spikes_are_not_measured(spoilt):
    result = nm.simulate(WDR, nm.WindUp(pulses=2), seed=[0, 1])
    whole = spoilt(result).sizes.get("seed") == 1
    for taken in (nm.measures.windup, nm.spikes):
        with nullcontext() if whole else pytest.raises(ValueError, match="are not those that were counted"):
            taken(spoilt(result))


@short
def test_spikes_that_were_not_counted_are_given_to_no_instance():
    train = nm.protocols.sensory.Conditioning(frequency=8 * Hz, pulses=2, start="10 ms")
    result = nm.simulate(HORN, train, seed=[0, 1])
    for other, why in (
        (result.isel(seed=[0, 0]), "are not those that were counted"),
        (result.isel(population=[0]), "no population 'projection' in this result"),
        (result.drop_vars("lane"), "it has no lane"),
        (
            xr.concat([result, result.assign_coords(seed=[2, 3])], "seed", data_vars="minimal"),
            "those that were counted",
        ),
        (result.where(result.seed > 0, drop=True), "those that were counted"),
        (result.expand_dims("row"), "those that were counted"),
    ):
        for taken in (nm.measures.windup, nm.spikes):
            with pytest.raises(ValueError, match=why):
                taken(other)


@short
def test_of_an_instance_that_overflowed_nothing_is_measured():
    train = nm.protocols.sensory.Conditioning(frequency=8 * Hz, pulses=1, start="10 ms")
    with pytest.warns(RuntimeWarning, match="overflowed"):
        result = nm.simulate(HORN, train, parameters={"E_na": [1e302, 50] * nm.mV})
    measured = nm.measures.windup(result)
    assert np.isnan(measured["index"].values[0])
    assert np.isnan(measured.early.values[0]).all()
    assert np.isfinite(measured.early.values[1]).all()


def test_a_result_without_pulses_is_refused(adex):
    with pytest.raises(ValueError, match="no pulses; wind-up is measured on a run under a protocol with windows"):
        nm.measures.windup(nm.simulate(adex, duration="5 ms"))


def test_a_train_of_fewer_pulses_has_the_slope_it_has_alone():
    rate = dict(frequency=2 * Hz, start="5 ms")
    both = nm.measures.windup(nm.simulate(WDR, nm.WindUp(pulses=[1, 3, 5], **rate)))
    assert np.isnan(float(both["slope"].sel(pulses=1)))
    for pulses in (3, 5):
        alone = nm.measures.windup(nm.simulate(WDR, nm.WindUp(pulses=pulses, **rate)))
        assert float(alone["slope"]) > 0
        assert float(both["slope"].sel(pulses=pulses)) == float(alone["slope"])


def test_one_pulse_has_no_slope():
    measured = nm.measures.windup(made([TRAIN]).isel(pulse=[0]))
    assert np.isnan(float(measured["slope"]))
    assert float(measured["index"]) == 0


def test_trains_of_different_length_are_measured_over_their_own_pulses():
    both = nm.measures.windup(nm.simulate(WDR, nm.WindUp(pulses=[2, 4], frequency=[2, 4] * Hz)))
    for pulses in (2, 4):
        for rate in (2, 4):
            alone = nm.measures.windup(nm.simulate(WDR, nm.WindUp(pulses=pulses, frequency=rate * Hz)))
            part = both.sel(pulses=pulses, frequency=rate)
            assert part.late.values[:pulses].tolist() == alone.late.values.tolist()
            assert np.all(np.isnan(part.late.values[pulses:]))
            assert float(part["index"]) == float(alone["index"])
            assert float(part["ratio"]) == pytest.approx(float(alone["ratio"]))


def test_spikes_are_a_table_with_the_value_of_every_dimension():
    train = nm.WindUp(pulses=2, frequency=[1, 2] * Hz)
    result = nm.simulate(WDR, train, ketamine=[0, 10] * uM, seed=[3, 4])
    table = nm.spikes(result)
    varied = ["frequency_Hz", "ketamine_free_uM", "seed"]
    assert list(table.columns) == ["time_ms", "neuron", "lane", *varied]
    assert table.attrs["units"] == {"time_ms": "ms", "frequency_Hz": "Hz", "ketamine_free_uM": "µM", "seed": "1"}
    assert len(table) == int(result.spike_count.sum())
    group = table.groupby(varied).size()
    assert group.loc[(2.0, 10.0, 4)] == int(result.spike_count.sel(frequency=2, ketamine=10, seed=4))
    assert set(table) <= {"neuron", *tables(result)["spike"]}  # one spelling, whoever writes it


def test_spikes_of_a_circuit_are_asked_for_by_population(aguiar_latencies):
    result = nm.simulate(nm.neurons.aguiar2010(), nm.WindUp(pulses=1, frequency=2 * Hz, latencies=aguiar_latencies))
    for population in ("relay", "wdr"):
        count = int(result.spike_count.sel(population=population))
        assert count > 0
        assert len(nm.spikes(result, population=population)) == count
    assert nm.spikes(result).equals(nm.spikes(result, population="wdr"))
