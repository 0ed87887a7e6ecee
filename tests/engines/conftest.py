"""What the tests of the engines share: models made from Brian2's public examples, by name."""

import pytest
from brian2_examples import EXAMPLES


@pytest.fixture(scope="session")
def examples():
    return {name: make() for name, make in EXAMPLES.items()}
