"""A short wind-up test on the smallest neuron, as a sweep and as a specification file."""

import pytest
from short import sweep_of

SPECIFICATION = """\
readouts = ["spike_count", "early", "blocked"]
chunk = {chunk}
[model]
name = "wdr"
set = {{K_mg = "{K_mg}"}}
[protocol]
pulses = 2
frequency = "20 Hz"
start = "5 ms"
[axes]
ketamine = {{from = "0.1 uM", to = "10 uM", points = {points}, scale = "log"}}
seed = {{count = 4}}
"""


@pytest.fixture
def specification(tmp_path):
    """Write a specification file and return its path."""

    def write(points=6, chunk=8, K_mg="3 mmolar"):
        path = tmp_path / "spec.toml"
        path.write_text(SPECIFICATION.format(points=points, chunk=chunk, K_mg=K_mg))
        return path

    return write


@pytest.fixture
def small():
    """Return a sweep of 6 doses and 4 seeds in 3 chunks; keywords change it."""
    return sweep_of
