"""What Numba lacks: views of memory by address, atomics, calls by address, and the shape of a kernel.

Every kernel is a C function of its own, called by address: nothing is inlined into the loop over the tape, so a family
compiles by itself, once, into the cache. What is loaded from there runs in processes that never load Numba, so kernels
may use nothing of its runtime: no arrays of their own (``borrow``), no exceptions.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from engine.backends.tape import opcodes as o

I32, I64, F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
#: reassociation and contraction only: flags that assume away NaN or infinity would hide what people want to see
FAST = {"reassoc", "contract", "arcp", "nsz"}
#: frame, row, first sample, last sample, thread, step
SIGNATURE = types.void(*[types.int64] * 6)


#: helpers are called from machine code alone, and own no memory: no wrappers for Python, no counts of references
PLAIN = {
    "nogil": True, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True, "_nrt": False,
}  # fmt: skip


#: names of the helpers whose sums may be reordered
REORDERED: set[str] = set()


def loop(function: Callable[..., Any]) -> Any:
    """A helper in machine code whose loops may be vectorised."""
    REORDERED.add(function.__qualname__)
    return njit(**PLAIN, fastmath=FAST)(function)


def exact(function: Callable[..., Any]) -> Any:
    """A helper in machine code without any licence to reorder."""
    return njit(**PLAIN)(function)


def small(function: Callable[..., Any]) -> Any:
    """A helper that is put into the loop which calls it, so that the loop can be vectorised."""
    REORDERED.add(function.__qualname__)
    return njit(**PLAIN, fastmath=FAST, forceinline=True)(function)


def part(function: Callable[..., Any]) -> Any:
    """A view that is written out where it is called."""
    return njit(**PLAIN, inline="always")(function)


@dataclass(frozen=True)
class Entry:
    """What is called by address: a C function of this signature, compiled by ``objects``."""

    function: Callable[..., Any]
    signature: Any


def entry(signature: Any) -> Callable[[Callable[..., Any]], Entry]:
    """A C function of integers."""
    return lambda function: Entry(function, signature)


def kernel(function: Callable[..., Any]) -> Entry:
    """The entry of a family: a C function of (frame, row, first, last, thread, step)."""
    return Entry(function, SIGNATURE)


def _view(element: Any) -> Any:
    """A view of memory: (address, count) to a contiguous array of ``element``, which owns nothing."""
    kind = types.Array(element, 1, "C")

    @intrinsic
    def view(_context: Any, address: Any, count: Any) -> Any:
        """See ``_view``."""

        def generate(ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
            """LLVM of the array's header."""
            made, size = ctx.make_array(kind)(ctx, builder), ctx.get_abi_sizeof(ctx.get_data_type(element))
            width = ir.Constant(I64, size)
            data = builder.inttoptr(args[0], ctx.get_data_type(element).as_pointer())
            populate_array(
                made, data=data, shape=cgutils.pack_array(builder, [args[1]]),
                strides=cgutils.pack_array(builder, [width]), itemsize=width, meminfo=None,
            )  # fmt: skip
            return made._getvalue()

        return kind(types.int64, types.int64), generate

    return view


floats, doubles, integers = _view(types.float32), _view(types.float64), _view(types.int64)


@part
def arena_of(frame: Any) -> Any:
    """The arena."""
    return floats(frame[o.ARENA], frame[o.ARENA_SIZE])


@part
def own_doubles(frame: Any, thread: int) -> Any:
    """The float64 sums of one thread."""
    return doubles(frame[o.DOUBLES] + 8 * thread * frame[o.DOUBLES_EACH], frame[o.DOUBLES_EACH])


@part
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
def atomic_swap(_context: Any, address: Any, old: Any, new: Any) -> Any:
    """Put ``new`` where ``old`` is; whether it was."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], ir.PointerType(I64))
        found = builder.cmpxchg(place, args[1], args[2], "seq_cst", "acquire")
        return builder.extract_value(found, 1)

    return types.boolean(types.int64, types.int64, types.int64), generate


@intrinsic
def relax(_context: Any) -> Any:
    """Tell the core that this is a loop that waits."""

    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        if platform.machine().lower() in ("x86_64", "amd64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return _ctx.get_dummy_value()

    return types.void(), generate


@intrinsic
def atomic_add(_context: Any, address: Any, value: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(args[0], ir.PointerType(I64)), args[1], "seq_cst")

    return types.int64(types.int64, types.int64), generate


@intrinsic
def atomic_load(_context: Any, address: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(args[0], ir.PointerType(I64)), "acquire", 8, typ=I64)

    return types.int64(types.int64), generate


@intrinsic
def atomic_store(_context: Any, address: Any, value: Any) -> Any:
    def generate(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        builder.store_atomic(args[1], builder.inttoptr(args[0], ir.PointerType(I64)), "release", 8)
        return _ctx.get_dummy_value()

    return types.void(types.int64, types.int64), generate


#: memory of the C library, for what only one call needs: NumPy's own arrays would want Numba's runtime
borrow = types.ExternalFunction("malloc", types.int64(types.int64))
give_back = types.ExternalFunction("free", types.void(types.int64))
