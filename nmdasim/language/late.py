"""Brian2 as a package whose own code runs only once something of it is asked for.

Equations and quantities need its light parts, such as ``units``. Its own ``__init__`` imports all the others, Pylab and
setuptools, which takes longer than all else in a short run. So ``brian2`` is put among the loaded modules without it:
``import brian2.units`` finds its way, and the first other name or part, as in ``brian2.NeuronGroup`` or ``from
brian2.devices import device``, runs ``__init__``, to the same end as ever.
"""

from __future__ import annotations

import importlib.util
import sys
import threading
from collections.abc import Sequence
from functools import cached_property
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_NAME = "brian2"
#: Parts that can do without the others, and those of theirs that cannot.
_LIGHT = ("units", "utils", "core", "equations", "parsing", "numpy_")
_HEAVY = ("core.clocks", "core.magic", "core.network")
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
        _run(self)
        return getattr(self, name)


class _Parts(MetaPathFinder, Loader):
    """Finds a part that cannot do without the others by loading them all."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        package, _, part = name.partition(".")
        if package != _NAME or not part or loaded() or (part.split(".")[0] in _LIGHT and part not in _HEAVY):
            return None
        return ModuleSpec(name, self)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        _run(sys.modules[_NAME])
        self.own = getattr(found := importlib.import_module(spec.name), "__spec__", None)
        return found

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.own


def defer() -> None:
    """Have Brian2 loaded at its first use; where it is loaded already, only settle it."""
    if _NAME in sys.modules:
        if loaded():
            _settle(sys.modules[_NAME])
    elif spec := importlib.util.find_spec(_NAME):
        module = _Late(_NAME)
        module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, _NAME
        module.__file__ = spec.origin
        sys.modules[_NAME] = module
        sys.meta_path.insert(0, _Parts())


def loaded() -> bool:
    """Whether all of Brian2 is loaded; while it is not, nothing can be one of its objects but a quantity."""
    return not isinstance(sys.modules.get(_NAME), _Late)


def _run(module: ModuleType) -> None:
    """Run the package's own code in the module that stands for it, unless that was done.

    It begins with all names of Pylab, some of which, such as ``core``, are those of parts that were loaded before. So
    all parts are loaded first, with the NumPy that they ask for, and have their names back at the end.
    """
    with _LOCK:
        spec = module.__spec__
        if not isinstance(module, _Late) or spec is None or spec.loader is None:
            return
        vars(module)["numpy"] = importlib.import_module(f"{_NAME}.numpy_")
        object.__setattr__(module, "__class__", ModuleType)  # from here on, names that are missing are missing
        try:
            importlib.import_module(f"{_NAME}.only")
            spec.loader.exec_module(module)
        except ValueError:  # its last line catches Ctrl-C, which is for the main thread alone
            if threading.current_thread() is threading.main_thread():
                raise
        except BaseException:
            object.__setattr__(module, "__class__", _Late)
            raise
        parts = {name: part for name, part in sys.modules.items() if name.rpartition(".")[0] == _NAME}
        vars(module).update({name.rpartition(".")[2]: part for name, part in parts.items()})
        _settle(module)


def _settle(module: Any) -> None:
    """Have Brian2 leave errors of a user's own script to Python, and say nothing of objects that are checked only."""
    module.prefs["logging.display_brian_error_message"] = False
    module.BrianLogger.suppress_hierarchy("brian2.core.base.unused_brian_object")
