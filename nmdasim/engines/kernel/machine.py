"""Generated functions as machine code, kept on disk: text, by way of LLVM, to addresses.

What is kept is named by a hash of the text, the processor, LLVM's version and all that translates. Loops over lanes
become SIMD. Two things that LLVM could do as well are left off: joining single operations into vectors (SLP), which
makes such code several times slower, and unrolling, after which states no longer fit into registers.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import re
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import llvmlite.binding as llvm
import numpy as np

from nmdasim.model import disk

#: Files that a kept object stands on.
_MAKERS = ("translate.py", "arithmetic.py", "vmath.py", "random.py", "machine.py")
_LOCK = threading.Lock()


class Tally(NamedTuple):
    """What this process has made ready to run so far; a change of values adds nothing.

    Parameters
    ----------
    sources
        Generated sources that were loaded, new or from the folder on disk.
    compilations
        Those of them that were compiled.
    """

    sources: int
    compilations: int


_MADE: Counter[str] = Counter()


def tally() -> Tally:
    """Return how many sources were loaded and compiled since the process began."""
    return Tally(_MADE["sources"], _MADE["compilations"])


@dataclass(frozen=True)
class Processor:
    """What machine code is made for: LLVM's name of a processor and its features."""

    name: str
    features: str

    @classmethod
    def own(cls) -> Processor:
        """Return this machine's.

        On some processors LLVM leaves half of each 512-bit register unused, for the sake of code with few vectors.
        Loops over lanes are all vectors, and become 1.3 times faster with the whole of it.
        """
        features = llvm.get_host_cpu_features().flatten()
        whole = ",-prefer-256-bit" if "+avx512f" in features.split(",") else ""
        return cls(llvm.get_host_cpu_name(), features + whole)

    def machine(self) -> Any:
        """Return LLVM's description of it, code to be run in this process."""
        _ready()
        target = llvm.Target.from_triple(llvm.get_process_triple())
        reloc = "static" if target.name.startswith("x86") else "default"
        return target.create_target_machine(
            cpu=self.name, features=self.features, opt=3, reloc=reloc, codemodel="jitdefault", jit=True
        )


@functools.cache
def _ready() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def optimised(text: str, machine: Any, *, vectorise: bool = True) -> Any:
    """Return LLVM's module of a generated source, optimised for a processor."""
    from nmdasim.engines.kernel.translate import translate  # noqa: PLC0415  (a warm start never translates)

    module = llvm.parse_assembly(translate(text))
    module.triple, module.data_layout = llvm.get_process_triple(), str(machine.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.slp_vectorization, options.loop_unrolling = vectorise, False, False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    return module


@functools.cache
def _makers() -> bytes:
    here, own = Path(__file__).parent, Processor.own()
    parts = [(here / name).read_bytes() for name in _MAKERS]
    return b"".join([*parts, llvmlite.__version__.encode(), own.name.encode(), own.features.encode()])


@functools.lru_cache(256)
def functions(text: str) -> Mapping[str, int]:
    """Return the addresses of a generated source's functions by name: made now, or from what is kept."""
    _MADE["sources"] += 1
    with _LOCK:
        code, engine = _kept(text), llvm.create_mcjit_compiler(llvm.parse_assembly(""), Processor.own().machine())
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        engine.finalize_object()
    _ENGINES.append(engine)  # its memory holds the code
    return {name: engine.get_function_address(name) for name in re.findall(r"^def ([a-z]\w*)\(", text, re.MULTILINE)}


_ENGINES: list[Any] = []


def function(text: str, name: str, real: Any) -> Callable[..., int]:
    """Return a function of a generated source to be called from Python, which it frees of its lock meanwhile.

    Of a row it takes where its numbers begin, see :func:`begins`.
    """
    found = re.search(rf"^def {name}\((.*?)\) -> whole:", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    numbers = {"whole": ctypes.c_int64, "real": np.ctypeslib.as_ctypes_type(real), "double": ctypes.c_double}
    taken = (numbers.get(kind, ctypes.c_void_p) for kind in re.findall(r": (\w+)", found[1]))
    return ctypes.CFUNCTYPE(ctypes.c_int64, *taken)(functions(text)[name])


def begins(row: np.ndarray, kind: Any) -> int:
    """Return the address at which the numbers of a row begin; the array has to outlive its use."""
    assert row.dtype == kind
    assert row.flags.c_contiguous
    return int(row.ctypes.data)


def _kept(text: str) -> bytes:
    """Return the object code of a source, from the folder of generated sources where it lies there."""
    name = f"kernel_{hashlib.sha256(_makers() + text.encode()).hexdigest()[:20]}"
    folder = disk.folder()
    if folder and (kept := disk.read(folder / f"{name}.o")) is not None:
        return kept
    _MADE["compilations"] += 1
    machine = Processor.own().machine()
    code: bytes = machine.emit_object(optimised(text, machine))
    if folder:
        disk.write_text(folder / f"{name}.py", text)
        disk.write(folder / f"{name}.o", code)
    return code
