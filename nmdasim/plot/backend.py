"""Matplotlib can be imported whatever backend the environment names.

Notebooks hand theirs on to every program that they start; where that backend is not installed, matplotlib refuses to be
imported at all. It is then imported with its own default; a backend is neither chosen nor read here.
"""

from __future__ import annotations

import os
import sys


def _load() -> None:
    """Import matplotlib, without the backend that the environment names if that cannot be had."""
    try:
        import matplotlib  # noqa: PLC0415
    except ValueError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
            del sys.modules[name]
        asked = os.environ.pop("MPLBACKEND")
        try:
            import matplotlib  # noqa: PLC0415, F401
        finally:
            os.environ["MPLBACKEND"] = asked


_load()
