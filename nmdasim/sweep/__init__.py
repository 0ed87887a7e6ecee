"""Sweeps: thousands to millions of lanes, stored as they finish, resumed where they stopped."""

from nmdasim.sweep.execute import Outlook, sweep
from nmdasim.sweep.export import export
from nmdasim.sweep.fit import Fit, fit
from nmdasim.sweep.specification import Samples, Sweep
from nmdasim.sweep.store import failures

__all__ = ["Fit", "Outlook", "Samples", "Sweep", "export", "failures", "fit", "sweep"]
