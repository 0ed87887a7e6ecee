"""Tables of a result: one for each set of dimensions, units in the names of columns, spikes as a list."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.readout import columns
from nmdasim.sweep.export import tables

MS, ONE = {"units": "ms"}, {"units": "1"}


@pytest.fixture
def result():
    """A result of two doses and three pulses, as of ``simulate``, without running anything."""
    times = np.array([[10.0, 20, 30], [15, np.nan, np.nan]])
    return xr.Dataset(
        {
            "spike_count": ("ketamine", [3, 1], ONE),
            "spike_time": (("ketamine", "spike"), times, MS),
            "pulse_time": ("pulse", [0.0, 10, 20], MS),
            "window_end": ("pulse", [10.0, 20, 30], MS),
            "run_end": ((), 30.0, MS),
            "ca_peak": (("ketamine", "pulse"), [[1.0, 2, 3], [4, 5, 6]], {"units": "µM", "long_name": "peak"}),
            "v": (("ketamine", "time"), np.zeros((2, 4)), {"units": "mV"}),
            "g": (("ketamine",), [1.0, 2], {"units": "mS/cm²"}),
            "final_state": (("ketamine", "slot"), np.zeros((2, 9))),
        },
        coords={
            "ketamine": ("ketamine", [0.0, 1], {"units": "µM", "long_name": "free ketamine"}),
            "time": ("time", np.arange(4.0), MS),
            "pulse": [1, 2, 3],
            "spike": [1, 2, 3],
        },
        attrs={"output": ""},
    )


def test_there_is_one_table_for_each_set_of_dimensions_with_units_in_its_columns(result):
    found = tables(result)
    assert {name: len(table) for name, table in found.items()} == {"": 2, "pulse": 6, "time": 8, "spike": 4}
    assert list(found[""]) == ["ketamine_free_uM", "run_end_ms", "spike_count", "g_mS_per_cm2"]
    assert set(found["pulse"]) == {"ketamine_free_uM", "pulse", "pulse_time_ms", "window_end_ms", "ca_peak_uM"}
    assert set(found["time"]) == {"ketamine_free_uM", "time_ms", "run_end_ms", "v_mV"}
    assert found["spike"].time_ms.tolist() == [10, 20, 30, 15]
    assert found["spike"].ketamine_free_uM.tolist() == [0, 0, 0, 1]
    assert found[""].attrs["notes"]["ketamine_free_uM"] == "free ketamine, µM"


def test_files_stand_beside_each_other_and_are_named(result, tmp_path):
    written = nm.export(result, tmp_path / "r.csv")
    assert {path.name for path in written} == {"r.csv", "r_pulse.csv", "r_time.csv", "r_spike.csv"}
    assert pd.read_csv(tmp_path / "r.csv", comment="#").spike_count.tolist() == [3, 1]


def test_what_has_fewer_dimensions_of_lanes_stands_apart(result):
    more = result.assign(threshold=("seed", [1.0, 2, 3])).assign(mean=(("ketamine", "seed"), np.zeros((2, 3))))
    found = tables(more)
    assert (len(found[""]), len(found["seed"]), len(found["ketamine"])) == (6, 3, 2)


def test_what_is_the_same_in_all_lanes_hides_nothing(result):
    more = result.assign(half=3.2, strength=("pulse", [1.0, 2, 3]))
    found = tables(more)
    assert list(found[""]) == list(tables(result)[""])
    assert "ca_peak_uM" in found["pulse"]
    assert found["all"].half.tolist() == [3.2]
    assert found["all_pulse"].strength.tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("given", "column"),
    [
        (("ketamine", "µM", "free"), "ketamine_free_uM"),
        (("plasma", "ng/ml", "total"), "plasma_total_ng_per_ml"),
        (("g", "mS/cm²"), "g_mS_per_cm2"),
        (("time_d", "day"), "time_d"),
        (("free", "uM", "free"), "free_uM"),
        (("index", "1"), "index"),
    ],
)
def test_a_column_is_spelled_one_way(given, column):
    assert columns.name(*given) == column


def test_spikes_of_a_network_say_the_value_of_every_dimension():
    network = xr.Dataset(
        {
            "spike_count": (("population", "ketamine"), [[1, 1], [0, 1]]),
            "size": ("population", [2, 1]),
            "lane": ("ketamine", [0, 1]),
            "spike_time": ("spike", [5.0, 7, 9], MS),
            "spike_neuron": ("spike", [0, 1, 0]),
            "spike_lane": ("spike", [0, 1, 1]),
            "spike_population": ("spike", [0, 0, 1], {"flag_meanings": "e i"}),
        },
        coords={"population": ["e", "i"], "ketamine": ("ketamine", [0.0, 3], {"units": "µM"})},
    )
    found = tables(network)["spike"]
    assert found.ketamine_uM.tolist() == [0, 3, 3]  # that says nothing of free or total
    assert found.population.tolist() == ["e", "e", "i"]


def test_a_single_run_is_one_row(result):
    alone = result.isel(ketamine=0, drop=True)
    found = tables(alone)
    assert {name: len(table) for name, table in found.items()} == {"": 1, "pulse": 3, "time": 4, "spike": 3}
    assert found[""].spike_count.item() == 3


def test_where_nothing_was_kept_of_a_pulse_its_time_is_a_table_still(result):
    row = {"ketamine": ("row", [0.0, 1], {"units": "µM"}), "tau": ("row", [5.0, 6], MS)}
    of_rows = result.drop_vars(["ca_peak", "ketamine"]).rename_dims(ketamine="row").assign_coords(row)
    table = tables(of_rows)["pulse"]
    assert table.pulse_time_ms.tolist() == [0, 10, 20] * 2
    assert table.ketamine_uM.tolist() == [0.0] * 3 + [1.0] * 3
    assert table.tau_ms.tolist() == [5.0] * 3 + [6.0] * 3
