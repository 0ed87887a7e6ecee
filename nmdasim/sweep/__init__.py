"""Sweeps: thousands to millions of lanes, stored as they finish, resumed where they stopped."""

import sys
from types import ModuleType
from typing import Any

from nmdasim.sweep.execute import sweep
from nmdasim.sweep.export import export
from nmdasim.sweep.fit import Fit, fit
from nmdasim.sweep.journal import failures
from nmdasim.sweep.outlook import Outlook
from nmdasim.sweep.specification import Samples, Sweep

__all__ = ["Fit", "Outlook", "Samples", "Sweep", "export", "failures", "fit", "sweep"]


class _Verb(ModuleType):
    """``nmdasim.sweep`` is a package and, called, the function of its name."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        return sweep(*args, **options)


sys.modules[__name__].__class__ = _Verb
