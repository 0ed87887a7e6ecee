"""Numbers too small for full precision, taken as zero while compiled code runs.

Between stimuli synapses decay until they are subnormal, below 2.2e-308 or in float32 1.2e-38, and stay so: rounding
keeps the smallest number where a step takes less than half of it away. Many x86 processors then need a hundred cycles
an operation. Their control register MXCSR holds two bits for this, one for results and one for operands, for each
thread; other processors are left as they are.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm

from nmdasim.engines.kernel.machine import Processor

#: Flush to zero (bit 15, of results) and denormals are zeros (bit 6, of operands).
_FLUSH = 1 << 15 | 1 << 6
_TEXT = """
declare void @llvm.x86.sse.stmxcsr(ptr)
declare void @llvm.x86.sse.ldmxcsr(ptr)
define i32 @read() {
  %at = alloca i32
  call void @llvm.x86.sse.stmxcsr(ptr %at)
  %value = load i32, ptr %at
  ret i32 %value
}
define void @write(i32 %value) {
  %at = alloca i32
  store i32 %value, ptr %at
  call void @llvm.x86.sse.ldmxcsr(ptr %at)
  ret void
}
"""


@contextmanager
def as_zero() -> Iterator[None]:
    """Take subnormal numbers as zero in this thread, for as long as the context lasts."""
    if (register := _register()) is None:
        yield
        return
    read, write, _ = register
    before = read()
    try:
        write(before | _FLUSH)  # here, for an interrupt may come as soon as it has been written
        yield
    finally:
        write(before)


@functools.cache
def _register() -> tuple[Callable[[], int], Callable[[int], None], Any] | None:
    """Return what reads and writes the control register, and what holds their code; none where there is no such."""
    if not llvm.get_process_triple().startswith(("x86_64", "i386", "i686")):
        return None
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(_TEXT), Processor.own().machine())
    engine.finalize_object()
    read = ctypes.CFUNCTYPE(ctypes.c_uint32)(engine.get_function_address("read"))
    write = ctypes.CFUNCTYPE(None, ctypes.c_uint32)(engine.get_function_address("write"))
    return read, write, engine
