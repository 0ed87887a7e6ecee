"""The page for those who come from other tools: every block of this library's runs, and says what the page says."""

import re
from pathlib import Path

import numpy as np
import pytest

import nmdasim as nm

PAGE = (Path(__file__).parents[2] / "docs" / "coming_from.md").read_text("utf-8")
BLOCKS = re.findall(r"## From (\S+).*?```python\n(.*?)```", PAGE, flags=re.DOTALL)


def left_by(block):
    """Return what a block leaves behind."""
    names = {}
    exec(compile(block, "coming_from.md", "exec"), names)
    return names


def test_every_tool_of_the_title_has_a_task():
    assert [tool for tool, _ in BLOCKS] == ["Brian2", "NEURON", "NEST", "hnn-core", "rxode2"]


def test_the_neuron_from_brian2_fires_every_tau_ln_6():
    spikes = left_by(dict(BLOCKS)["Brian2"])["result"].spike_time.values.ravel()
    assert np.diff(spikes) == pytest.approx(10 * np.log(12 / 2), abs=0.2)  # 12·(1 − e^(−t/τ)) = 10


def test_the_tasks_of_neuron_and_nest_have_their_traces():
    assert left_by(dict(BLOCKS)["NEURON"])["result"].v_soma.units == "mV"
    nest = left_by(dict(BLOCKS)["NEST"])["result"]
    assert -70 < float(nest.v.max()) < -55  # 5 nS for 0.2 ms do not fire it
    assert int(nest.spike_count) == 0


@pytest.mark.slow
def test_the_touch_of_hnn_core_s_task_reaches_the_inhibitory_neurons_only():
    result = left_by(dict(BLOCKS)["hnn-core"])["result"]
    assert len(nm.spikes(result, population="inhibitory"))  # touch reaches them
    assert not len(nm.spikes(result, population="projection"))  # and, in a naive circuit, them not


def test_the_infusion_of_rxode2_s_task_peaks_where_it_ends():
    block = dict(BLOCKS)["rxode2"].rstrip().split("\n")
    block[-1] = "course = " + block[-1]
    course = left_by("\n".join(block))["course"]
    assert float(course.plasma.idxmax("time")) == pytest.approx(40 / 60, abs=0.06)


def test_a_recording_comes_in_by_one_function(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("unit_7.csv").write_text("time_ms,train\n1150,1\n1200,1\n2150,1\n8990,1\n")
    block = re.search(r"```python\n(import nmdasim as nm\nfrom nmdasim import second\n.*?)```", PAGE, re.DOTALL)
    assert block is not None
    recorded = left_by(block[1])["recorded"]
    assert recorded.counts(stimuli=range(1, 9) * nm.second, after="100 ms", train="train 1").values[:3].tolist() == [
        2,
        1,
        0,
    ]
