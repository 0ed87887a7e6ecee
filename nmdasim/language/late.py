"""Brian2 as a package whose own code runs only once something of it is asked for.

Equations and quantities need its subpackages ``units``, ``equations`` and ``parsing``. Its own ``__init__`` imports all
the others, Matplotlib and setuptools, which takes longer than all else in a short run. So ``brian2`` is put among the
loaded modules without it: ``import brian2.units`` finds its way, and the first other name, as in
``brian2.NeuronGroup`` or ``from brian2 import *``, runs ``__init__``, to the same end as ever.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from functools import cached_property
from types import ModuleType
from typing import Any

_NAME = "brian2"
_LOCK = threading.RLock()
#: Names with underscores that stand for the whole package; of any other one Python asks every module.
_OWN = ("__all__", "__version__", "__version_tuple__")


class _Late(ModuleType):
    """A package whose own code has not run."""

    @cached_property
    def __path__(self) -> list[str]:  # type: ignore[override]
        """Folders of its parts; the first look for one loads ``utils``, for among these the order matters."""
        assert self.__spec__ is not None
        found = self.__dict__["__path__"] = list(self.__spec__.submodule_search_locations or ())
        importlib.import_module(f"{_NAME}.utils")
        return found

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _OWN:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        with _LOCK:
            if type(self) is _Late:
                _run(self)
        return getattr(self, name)


def defer() -> None:
    """Have Brian2 loaded at its first use; where it is loaded already, only settle it."""
    if found := sys.modules.get(_NAME):
        if not isinstance(found, _Late):
            _settle(found)
    elif spec := importlib.util.find_spec(_NAME):
        module = _Late(_NAME)
        module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, _NAME
        module.__file__ = spec.origin
        sys.modules[_NAME] = module


def loaded() -> bool:
    """Whether all of Brian2 is loaded; while it is not, nothing can be one of its objects but a quantity."""
    return not isinstance(sys.modules.get(_NAME), _Late)


def _run(module: _Late) -> None:
    """Run the package's own code in the module that stands for it.

    That begins with all names of Pylab, some of which, such as ``core``, are those of parts that were loaded before. So
    all parts are loaded first, with the NumPy that they ask for, and have their names back at the end.
    """
    spec = module.__spec__
    assert spec is not None
    assert spec.loader is not None
    vars(module)["numpy"] = importlib.import_module(f"{_NAME}.numpy_")
    importlib.import_module(f"{_NAME}.only")
    module.__class__ = ModuleType  # from here on, names that are missing are missing
    try:
        spec.loader.exec_module(module)
    except ValueError:  # its last line catches Ctrl-C, which is for the main thread alone
        if threading.current_thread() is threading.main_thread():
            raise
    except BaseException:
        module.__class__ = _Late
        raise
    parts = {name: part for name, part in sys.modules.items() if name.rpartition(".")[0] == _NAME}
    vars(module).update({name.rpartition(".")[2]: part for name, part in parts.items()})
    _settle(module)


def _settle(module: Any) -> None:
    """Have Brian2 leave errors of a user's own script to Python, and say nothing of objects that are checked only."""
    module.prefs["logging.display_brian_error_message"] = False
    module.BrianLogger.suppress_hierarchy("brian2.core.base.unused_brian_object")
