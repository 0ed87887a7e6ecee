"""Benchmarks: the same work, in one run, on this library's kernel and on what else is installed."""

from nmdasim.command.bench.compare import compare

__all__ = ["compare"]
