"""Windows of a protocol of one's own: those that do not follow one another are refused, not filled with the rest."""

from dataclasses import dataclass

import pytest

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.model.port import Summary
from nmdasim.protocols import Protocol


@dataclass(frozen=True)
class _Watch(Protocol):
    windows: tuple[float, ...] = ()
    duration: float = 0.02


@pytest.mark.parametrize("edges", [(0.001, 0.001, 0.01), (0.001, 0.00101, 0.00102, 0.01), (0.005, 0.001, 0.01)])
def test_windows_shorter_than_a_step_or_turned_round_are_refused(edges):
    ramp = nm.Model(name="ramp", equations="dx/dt = 1/ms : 1", summaries={"top": Summary("x", "soma", "max")})
    with pytest.raises(InputError, match="edges increase"):
        nm.simulate(ramp, _Watch(edges), dt="0.1 ms")
