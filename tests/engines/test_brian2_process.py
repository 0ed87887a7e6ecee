"""What a run in Brian2 changes of the process is as it was before, afterwards."""

import gc

import pytest
from brian2.core import network

import nmdasim as nm

LEAK = nm.Model("leak", "dv/dt = -v/(10*ms) : volt", initial={"v": "10*mV"})


def run():
    return nm.simulate(LEAK, duration="1 ms", dt="0.1 ms", engine="brian2", record="v")


@pytest.fixture
def frozen(monkeypatch):
    """Return how many objects were frozen at each of Brian2's searches for garbage."""
    found, collect = [], gc.collect

    def counted(*generation):
        found.append(gc.get_freeze_count())
        return collect(*generation)

    monkeypatch.setattr(network.gc, "collect", counted)
    return found


def test_what_lived_before_is_not_searched_for_garbage_and_is_again_afterwards(frozen):
    run()
    assert frozen
    assert min(frozen) > 10_000
    assert gc.get_freeze_count() == 0


def test_what_the_user_has_frozen_stays_so():
    gc.freeze()
    try:
        before = gc.get_freeze_count()
        run()
        assert gc.get_freeze_count() == pytest.approx(before, rel=0.01)  # what was deleted since is not counted
    finally:
        gc.unfreeze()
