"""Subnormal numbers are zero while compiled code runs: they cost a hundred cycles each, and change nothing."""

import platform

import numpy as np
import pytest
from brian2 import ms

import nmdasim as nm
from nmdasim.engines.kernel import compiled_model, machine, subnormals

X86 = platform.machine().lower() in ("x86_64", "amd64", "i386", "i686")
needs_x86 = pytest.mark.skipif(not X86, reason="only x86 processors are told to take subnormal numbers as zero")
SMALLEST = {"": 2.3e-308, "staggered/float32": 1.2e-38}


def faded():
    """Return a cell whose state decays without end: after 1 s it would be exp(-1000)."""
    return nm.Model("fading", "dx/dt = -x/tau : 1", parameters={"tau": 1 * ms}, initial={"x": 1})


def cell():
    return faded()


def network():
    return nm.Circuit("pair", populations={"one": nm.Population(faded(), 2), "other": nm.Population(faded(), 1)})


@needs_x86
@pytest.mark.parametrize("method", SMALLEST)
@pytest.mark.parametrize("model", [cell, network])
def test_what_decays_ends_at_zero_and_never_in_subnormal_numbers(model, method):
    done = nm.simulate(model(), duration="1 second", dt="0.1 ms", record="x", method=method)
    name = "x" if model is cell else "one_x"
    x = done[name].values
    assert x.flat[0] == 1
    assert np.all(x.take(-1, axis=done[name].dims.index("time")) == 0)
    assert not np.any((x != 0) & (np.abs(x) < SMALLEST[method]))


@needs_x86
def test_only_compiled_code_sees_it():
    tiny = np.array([5e-324])
    with subnormals.as_zero():
        assert not np.any(tiny * 1.0 != 0)
    assert np.all(tiny * 1.0 == 5e-324)


@needs_x86
def test_what_stops_a_run_leaves_numbers_as_they_were():
    def stop(share):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nm.simulate(faded(), duration="1 second", dt="0.1 ms", progress=stop)
    assert np.all(np.array([5e-324]) * 1.0 == 5e-324)


@needs_x86
def test_an_interrupt_that_comes_with_the_bits_leaves_numbers_as_they_were(monkeypatch):
    read, write, code = subnormals._register()
    sent = []

    def interrupted(value):
        write(value)
        if not sent:
            sent.append(value)
            raise KeyboardInterrupt

    monkeypatch.setattr(subnormals, "_register", lambda: (read, interrupted, code))
    before = read()
    try:
        with pytest.raises(KeyboardInterrupt), subnormals.as_zero():
            pass
        assert read() == before
    finally:
        write(before)


@needs_x86
def test_code_is_made_with_numbers_as_they_were(monkeypatch):
    seen, made = [], machine.function

    def watched(*given):
        seen.append(np.array([5e-324])[0] * 1.0)
        return made(*given)

    monkeypatch.setattr(compiled_model, "function", watched)
    nm.simulate(faded().replace(tau=3 * ms), duration="1 ms", dt="0.1 ms", record="x", method="fixed")
    assert seen == [5e-324]


@pytest.mark.parametrize("triple", ["aarch64-unknown-linux-gnu", "arm64-apple-darwin"])
def test_other_processors_are_left_as_they_are(monkeypatch, triple):
    monkeypatch.setattr(subnormals.llvm, "get_process_triple", lambda: triple)
    monkeypatch.setattr(subnormals, "_register", subnormals._register.__wrapped__)
    assert subnormals._register() is None
    with subnormals.as_zero():
        assert np.array([5e-324])[0] * 1.0 == 5e-324
