"""What Numba lacks: views of memory by address, atomics, a barrier, calls by address, and the shape of a kernel.

Every kernel is a C function of its own, called by address: nothing is inlined into the loop over the tape, so a family
compiles by itself, once, into the cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numba as nb
from llvmlite import ir
from numba import cfunc, njit, types
from numba.extending import intrinsic

from engine.backends.tape import opcodes as o

I32, I64, F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
#: reassociation and contraction only: flags that assume away NaN or infinity would hide what people want to see
FAST = {"reassoc", "contract", "arcp", "nsz"}
#: frame, row, first sample, last sample, thread, step
SIGNATURE = types.void(*[types.int64] * 6)


def loop(function: Callable[..., Any]) -> Any:
    """A helper in machine code whose loops may be vectorised."""
    return njit(nogil=True, error_model="numpy", fastmath=FAST)(function)


def exact(function: Callable[..., Any]) -> Any:
    """A helper in machine code without any licence to reorder."""
    return njit(nogil=True, error_model="numpy")(function)


def small(function: Callable[..., Any]) -> Any:
    """A helper that is put into the loop which calls it, so that the loop can be vectorised."""
    return njit(nogil=True, error_model="numpy", fastmath=FAST, forceinline=True)(function)


def kernel(function: Callable[..., Any]) -> Any:
    """The entry of a family: a C function of (frame, row, first, last, thread, step), kept in the cache."""
    return cfunc(SIGNATURE, cache=True, error_model="numpy")(function)


@intrinsic
def _float_pointer(_context: Any, address: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.PointerType(F32))

    return types.CPointer(types.float32)(types.int64), generate


@intrinsic
def _double_pointer(_context: Any, address: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.PointerType(ir.DoubleType()))

    return types.CPointer(types.float64)(types.int64), generate


@intrinsic
def _int_pointer(_context: Any, address: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ir.PointerType(I64))

    return types.CPointer(types.int64)(types.int64), generate


@exact
def floats(address: int, count: int) -> Any:
    """float32 memory at an address."""
    return nb.carray(_float_pointer(address), (count,), nb.float32)


@exact
def doubles(address: int, count: int) -> Any:
    """float64 memory at an address."""
    return nb.carray(_double_pointer(address), (count,), nb.float64)


@exact
def integers(address: int, count: int) -> Any:
    """int64 memory at an address."""
    return nb.carray(_int_pointer(address), (count,), nb.int64)


@exact
def arena_of(frame: Any) -> Any:
    """The arena."""
    return floats(frame[o.ARENA], frame[o.ARENA_SIZE])


@exact
def own_doubles(frame: Any, thread: int) -> Any:
    """The float64 sums of one thread."""
    return doubles(frame[o.DOUBLES] + 8 * thread * frame[o.DOUBLES_EACH], frame[o.DOUBLES_EACH])


@exact
def constants_of(frame: Any) -> Any:
    """The tape's float64 constants."""
    return doubles(frame[o.CONSTANTS], frame[o.CONSTANT_COUNT])


@intrinsic
def call(_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any, f: Any) -> Any:
    """Call the kernel at an address."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        shape = ir.FunctionType(ir.VoidType(), [I64] * 6)
        builder.call(builder.inttoptr(args[0], shape.as_pointer()), args[1:])
        return _ctx.get_dummy_value()

    return types.void(*[types.int64] * 7), generate


@intrinsic
def _atomic_add(_context: Any, address: Any, value: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(args[0], ir.PointerType(I64)), args[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def _atomic_load(_context: Any, address: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(args[0], ir.PointerType(I64)), "acquire", 8, typ=I64)

    return types.int64(types.int64), generate


@intrinsic
def _atomic_store(_context: Any, address: Any, value: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], builder.inttoptr(args[0], ir.PointerType(I64)), "release", 8)
        return _ctx.get_dummy_value()

    return types.void(types.int64, types.int64), generate


_yield = types.ExternalFunction("SwitchToThread" if os.name == "nt" else "sched_yield", types.int32())
SPINS = 2000


@exact
def barrier(sync: int, threads: int) -> None:
    """Wait until all threads are here: a count and a generation, each on its own cache line; yields when it lasts."""
    if threads == 1:
        return
    generation = _atomic_load(sync + 64)
    if _atomic_add(sync, 1) == threads - 1:
        _atomic_store(sync, 0)
        _atomic_store(sync + 64, generation + 1)
        return
    spins = 0
    while _atomic_load(sync + 64) == generation:
        spins += 1
        if spins > SPINS:
            _yield()
